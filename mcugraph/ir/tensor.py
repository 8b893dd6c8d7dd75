"""Tensors: the values on the edges of a graph."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import field
from enum import Enum
from math import prod
from typing import NamedTuple, Protocol

from mcugraph.errors import FormatError
from mcugraph.ir.arrays import Array, Shape
from mcugraph.ir.dtype import DType
from mcugraph.ir.quantization import Quantization
from mcugraph.records import dataclass


class TensorType(NamedTuple):
    """Element type and shape of a tensor."""

    dtype: DType
    shape: Shape


class Kind(Enum):
    """What a tensor is to the device that runs the graph."""

    ACTIVATION = "activation"  # in SRAM while it is live; graph inputs and outputs too
    CONSTANT = "constant"  # in flash
    STATE = "state"  # in SRAM for ever: a variable tensor
    OUTER = "outer"  # a value of the graph that calls this one, counted there

    __hash__ = object.__hash__  # Enum's own hashes the name, which takes ten times as long


_CONSTANT = Kind.CONSTANT  # before Python 3.12, asking an Enum for one takes longest here


class Derivation(Protocol):
    """How the value of a constant follows from tensors that a model stores."""

    @property
    def sources(self) -> Mapping[str, Shape]:
        """The stored tensors of floats that it is worked out of: key -> shape."""

    @property
    def part_axes(self) -> tuple[int, ...] | None:
        """Of a part of a stored tensor, the axis there of each of its own.

        None: not all that makes it are calls that say where parts begin and end.
        """

    def value(self, given: Mapping[str, Array]) -> Array:
        """What it would be with other values, or shapes, of some of its sources.

        Raises:
            GraphError: It cannot be worked out of them, or what it is of them cannot be told.
        """


@dataclass(frozen=True, slots=True)
class Constant:
    """The stored value of a constant tensor, decoded only when a rule asks for it.

    ``key`` names the stored bytes: tensors with equal keys share them, and flash counts them once.
    ``packed`` is how many those are where the type and shape do not tell (sparse tensors).
    ``derivation`` is how it is worked out of stored tensors; None: it is stored as it is, or that
    is not known.
    """

    key: Hashable
    load: Callable[[], Array] = field(compare=False, repr=False)
    packed: int | None = None
    derivation: Derivation | None = field(default=None, compare=False, repr=False)

    def array(self) -> Array:
        """The value as a numpy array.

        Raises:
            FormatError: The bytes are not at hand (external data that is absent).
        """
        return self.load()


def _let_go() -> Array:
    raise FormatError("the values of constants are no longer at hand")


@dataclass(frozen=True, slots=True)
class Tensor:
    """A named value. ``shape`` is None where the model does not tell it."""

    name: str
    dtype: DType
    shape: Shape | None
    kind: Kind = Kind.ACTIVATION
    constant: Constant | None = None
    quantization: Quantization | None = None

    @property
    def type(self) -> TensorType | None:
        """Element type and shape; None where the shape is not known."""
        return None if self.shape is None else TensorType(self.dtype, self.shape)

    @property
    def elements(self) -> int:
        """Number of elements; 0 where the shape is not known (see ``has_size``)."""
        return 0 if self.shape is None else prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the value; 0 where its size is not known (see ``has_size``)."""
        return self.dtype.nbytes(self.elements)

    @property
    def stored_bytes(self) -> int:
        """Bytes that a constant takes in flash."""
        if self.constant is not None and self.constant.packed is not None:
            return self.constant.packed
        return self.nbytes

    @property
    def has_size(self) -> bool:
        """Whether ``nbytes`` is exact: the shape and the size of an element are known."""
        return self.shape is not None and self.dtype.has_size

    def without_values(self) -> "Tensor":
        """The tensor, where its value or its scales would have to be read from are let go."""
        constant, known = self.constant, self.quantization
        if constant is not None:
            constant = Constant(constant.key, _let_go, constant.packed)
        elif known is None or known.load is None:
            return self
        if known is not None:
            known = Quantization(known.scales, known.nbytes, known.axis)
        return Tensor(self.name, self.dtype, self.shape, self.kind, constant, known)

    @property
    def key(self) -> Hashable:
        """What names the stored bytes of a constant; the tensor's own name where there are none."""
        return self.name if self.constant is None else self.constant.key

    @property
    def has_scale(self) -> bool:
        """Whether it is quantised, and what its integers stand for is known."""
        return self.quantization is not None and self.quantization.is_known

    @property
    def is_constant(self) -> bool:
        """Whether the tensor lies in flash."""
        return self.kind is _CONSTANT
