"""A model as its file stores it, for twins of runtimes whose figures depend on just that.

A ``Graph`` keeps what a network computes; an interpreter of the file also holds tensors that
nothing reads, in the order of the file, several times where the file says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from mcugraph.ir.dtype import DType
from mcugraph.ir.operator import Op, Operator
from mcugraph.ir.tensor import Shape, Tensor

if TYPE_CHECKING:
    from mcugraph.ir.graph import Graph


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """One tensor of the file.

    Attributes:
        constant: The file holds its value.
        variable: The file marks it as state.
        scales, zero_points: How many quantisation parameters of each kind the file holds.
    """

    dtype: DType
    shape: Shape
    constant: bool = False
    variable: bool = False
    scales: int = 0
    zero_points: int = 0

    @property
    def elements(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the value."""
        return self.dtype.nbytes(self.elements)


@dataclass(frozen=True, slots=True)
class StoredOperator:
    """One operator of the file.

    Attributes:
        native: Its type in the words of TFLite, like ``"CONV_2D"`` or ``"CUSTOM:SignalRfft"``.
        op: The same as an operator of the graph, for its attributes.
        inputs, outputs: Tensors by index, in the file's order; -1: left out.
        bodies: Subgraphs that it calls, by index.
        custom: The options of a custom operator, as they are stored.
    """

    native: str
    op: Op
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    bodies: tuple[int, ...] = ()
    custom: bytes = b""


@dataclass(frozen=True, slots=True)
class StoredGraph:
    """One subgraph of the file; inputs and outputs may name a tensor more than once."""

    tensors: tuple[StoredTensor, ...]
    operators: tuple[StoredOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StoredModel:
    """All subgraphs of a file, in its order; the first one is run.

    Attributes:
        offsets: The memory plan that the file brings along: an offset for each tensor of each
            subgraph, one subgraph after the other; -1: not planned. None: no plan.
    """

    subgraphs: tuple[StoredGraph, ...]
    offsets: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A stored model, tied to the graph that was translated from it.

    Attributes:
        model: What the file holds.
        operators, tensors: The graph's own objects; a rewritten graph has others.
    """

    model: StoredModel
    operators: tuple[Operator, ...]
    tensors: Mapping[str, Tensor]

    def describes(self, graph: "Graph") -> bool:
        """Whether the graph is still the one in the file."""
        return graph.operators is self.operators and graph.tensors is self.tensors
