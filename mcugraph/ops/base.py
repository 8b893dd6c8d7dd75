"""What the operator classes share: default rules and the arithmetic of shapes."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import prod
from typing import ClassVar, Self

from mcugraph.errors import GraphError
from mcugraph.ir import Dim, Dims, Op, Role, Shape, Signature, TensorType
from mcugraph.records import replace

# Activations that a deployment computes inside the kernel that makes their input.
FUSABLE_ACTIVATIONS = frozenset({"relu", "relu6", "relu_n1_to_1"})

_WEIGHT, _PARAMETER = Role.WEIGHT, Role.PARAMETER
_ROLES = (Role.WEIGHT, Role.WEIGHT, Role.BIAS)  # of data, weights and a bias


class Rules(Op):
    """Default rules: no linear algebra, one elementwise operation an output element."""

    __slots__ = ()

    def macs(self, s: Signature) -> Dim | None:
        return 0

    def elementwise(self, s: Signature) -> Dim | None:
        return sum(count(shape) for shape in s.outputs)

    def role(self, index: int) -> Role:
        return _PARAMETER if index else _WEIGHT


class KeepsZero(Rules):
    """Mixin of operators that make 0 of zeros: sums, means, extrema and selections."""

    __slots__ = ()

    def keeps_zero(self, zero: Sequence[bool | None]) -> bool:
        return zero[0] is True


class LinearAlgebra(Rules):
    """Rules of operators that multiply by a weight tensor: data, weight and an optional bias."""

    __slots__ = ()

    def elementwise(self, s: Signature) -> Dim | None:
        return 0

    def role(self, index: int) -> Role:
        return _ROLES[index] if index < 3 else _PARAMETER


class Weighted(LinearAlgebra):
    """Mixin of layers: each channel they make is a sum of channels they read, by weights.

    The one place that says where the weights are and how they lie. Products, recurrent cells and
    attention have weights too, but none whose axes are one of channels read and one of channels
    made; they are no layers in this sense.

    Attributes:
        weights, bias: Which inputs these are; the bias may be left out.
        weight_out: Axis of the weights along which the channels lie that are made.
        weight_in: Axis of the weights along which the channels lie that one group reads.
    """

    __slots__ = ()
    weights: ClassVar[int] = 1
    bias: ClassVar[int] = 2
    weight_out: int
    weight_in: int

    @property
    def result_axis(self) -> int:
        """Axis of the result along which the channels lie that are made."""
        return -1

    @property
    def mixes(self) -> bool:
        """Whether a channel is made of more than one."""
        return True


class Fusable(Rules):
    """Mixin of operators whose kernels can apply an activation to their result."""

    __slots__ = ()
    activation: str | None

    @property
    def fuses(self) -> bool:
        """Whether a converter fuses a following activation into this operator."""
        return True

    def with_activation(self, activation: str) -> Self:
        """The same operator, ending in the given activation."""
        return replace(self, activation=activation)  # type: ignore[type-var]


def count(shape: Iterable[Dim]) -> Dim:
    """Number of elements of a shape, over ints or anything that multiplies."""
    return prod(shape)


def without(shape: Dims, axis: int) -> Dims:
    """The shape with one axis removed."""
    axis %= len(shape)
    return shape[:axis] + shape[axis + 1 :]


@lru_cache(maxsize=256)
def other_axes(rank: int, *axes: int) -> tuple[int, ...]:
    """The axes of a tensor but for some, which may be counted from the end."""
    gone = {axis % rank for axis in axes} if rank else ()
    return tuple([axis for axis in range(rank) if axis not in gone])


def given(inputs: Sequence[TensorType | None], index: int) -> TensorType:
    """An input that the operator cannot do without.

    Raises:
        GraphError: It is left out.
    """
    value = inputs[index] if index < len(inputs) else None
    if value is None:
        raise GraphError(f"input {index} is missing")
    return value


def normal_axis(axis: int, rank: int) -> int:
    """An axis counted from the front.

    Raises:
        GraphError: There is no such axis.
    """
    if not -rank <= axis < max(rank, 1):
        raise GraphError(f"axis {axis} does not exist in {rank} dimensions")
    return axis % rank if rank else 0


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """The numpy broadcast of shapes.

    Raises:
        GraphError: They do not broadcast.
    """
    if shapes and shapes.count(shapes[0]) == len(shapes):  # as most are
        return shapes[0]
    rank = max((len(shape) for shape in shapes), default=0)
    result = [1] * rank
    for shape in shapes:
        for axis, dim in enumerate(shape, rank - len(shape)):
            if result[axis] == 1:
                result[axis] = dim
            elif dim not in (1, result[axis]):
                raise GraphError(f"shapes {' and '.join(map(str, shapes))} do not broadcast")
    return tuple(result)
