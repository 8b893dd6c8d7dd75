"""A TFLite file as plain data: what its tables hold, by index, and the names of it in a graph.

A ``Graph`` keeps what a network computes; an interpreter of the file also holds tensors that
nothing reads, in the order of the file, several times where the file says so. Whoever answers for
such an interpreter, or writes the file back, works on this.
"""

from collections.abc import Mapping
from dataclasses import field
from itertools import chain
from math import prod
from typing import Any

from mcugraph.formats.tflite import reader
from mcugraph.ir import Array, DType, Shape
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class TfliteTensor:
    """One tensor of the file.

    Attributes:
        dtype: Type of its elements; ``UNKNOWN`` where the schema has no such number.
        shape: As the file declares it; empty where it declares none.
        name: In the graph: unique in its subgraph.
        constant: The file holds its value.
        variable: The file marks it as state.
        scales, zero_points: How many quantisation parameters of each kind the file holds.
        axis: The axis that several scales lie along.
        signature: The shape with -1 for what is dynamic; empty where the file has none.
        declared: Whether the file declares a shape at all.
        ranked: Whether the file says that the rank is known, which tells a scalar.
        sparse: Only the values that are not zero are stored.
        buffer: Number of the buffer that holds its value.
        behind: Its value is stored behind the tables of the file, as in files of over 2 GiB.
        place: Where in the file the bytes of that buffer begin; 0: it has none. Buffers may share
            them.
        data: The bytes of that buffer, where they lie in the file; None: none, or not at hand.
        scale_values, zero_point_values: The quantisation parameters, where they lie in the file.
    """

    dtype: DType
    shape: Shape
    name: str = ""
    constant: bool = False
    variable: bool = False
    scales: int = 0
    zero_points: int = 0
    axis: int = 0
    signature: Shape = ()
    declared: bool = True
    ranked: bool = False
    sparse: bool = False
    buffer: int = 0
    behind: bool = False
    place: int = 0
    data: memoryview | None = field(default=None, repr=False, compare=False)
    scale_values: Array | None = field(default=None, repr=False, compare=False)
    zero_point_values: Array | None = field(default=None, repr=False, compare=False)

    @property
    def elements(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the value."""
        return self.dtype.nbytes(self.elements)


@dataclass(frozen=True, slots=True)
class TfliteOperator:
    """One operator of the file.

    Attributes:
        native: Its type in the words of TFLite, like ``"CONV_2D"`` or ``"CUSTOM:SignalRfft"``.
        inputs, outputs: Tensors by index, in the file's order; -1: left out.
        name: In the graph: unique in its subgraph.
        results: Names of what it writes, in the graph: a tensor that is written twice has two.
        bodies: Subgraphs that it calls, by index.
        custom: The options of a custom operator, as they are stored.
        variable: The resource variable that a ``VAR_HANDLE`` stands for.
        table: Where the file keeps it, for ``options``; None: in no file yet.
    """

    native: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    name: str = ""
    results: tuple[str, ...] = ()
    bodies: tuple[int, ...] = ()
    custom: bytes = b""
    variable: str | None = None
    table: Any = field(default=None, repr=False, compare=False)

    def options(self, name: str) -> Any:
        """The builtin options, read as table ``name``; defaults where the file leaves them out."""
        return reader.options(self.table, name)


@dataclass(frozen=True, slots=True)
class TfliteSubgraph:
    """One subgraph of the file; inputs and outputs may name a tensor more than once.

    Attributes:
        index: Name of a value in the graph -> number of the tensor that holds it.
    """

    tensors: tuple[TfliteTensor, ...]
    operators: tuple[TfliteOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    name: str = ""
    index: Mapping[str, int] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class TfliteModel:
    """All of a file, in its order; the first subgraph is run.

    Attributes:
        offsets: The memory plan that the file brings along: an offset for each tensor of each
            subgraph, one subgraph after the other; -1: not planned. None: no plan.
        misfit: How many offsets its plan has, where that is not one a tensor; ``offsets`` is
            None then.
        signatures: Name -> the subgraph that it enters, by index.
        metadata: Names of the metadata, in order.
        nbytes: Bytes of the file; 0: it is in no file yet.
        planned_for: The kernels that its memory plan holds for, where outputs lie over inputs;
            empty: no more is said about it.
    """

    subgraphs: tuple[TfliteSubgraph, ...]
    offsets: tuple[int, ...] | None = None
    misfit: int | None = None
    signatures: Mapping[str, int] = field(default_factory=dict)
    metadata: tuple[str, ...] = ()
    nbytes: int = 0
    planned_for: str = ""

    @property
    def tensors(self) -> tuple[TfliteTensor, ...]:
        """The tensors of all subgraphs, one subgraph after the other, as a plan counts them."""
        return tuple(chain.from_iterable(graph.tensors for graph in self.subgraphs))
