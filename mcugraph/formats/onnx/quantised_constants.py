"""Quantised constants of ONNX: their scales and zero points, and what is folded out of them."""

from collections.abc import Callable, Sequence
from functools import partial

from mcugraph.formats.onnx.values import NoValue, evaluate
from mcugraph.ir import Array, Op, Quantization, Shape, Tensor
from mcugraph.late_numpy import np
from mcugraph.ops.elementwise import Convert
from mcugraph.ops.movement import Flatten, Reshape, Squeeze, Transpose, Unsqueeze

# What makes of integers the same integers, so that they go on standing for what they did.
MOVING = (Flatten, Reshape, Squeeze, Transpose, Unsqueeze)


def quantization_of(parameters: Sequence[Tensor], axis: int | None) -> Quantization:
    """The scale and, if there is one, the zero point that an operator reads.

    Args:
        parameters: These tensors.
        axis: Of the data, the axis that several scales lie along.
    """
    scale = parameters[0]
    constant = all(tensor.constant is not None for tensor in parameters)
    in_a_row = scale.elements == 1 or len(scale.shape or ()) == 1  # others are a scale a block
    return Quantization(
        scale.elements,
        sum(tensor.nbytes for tensor in parameters),
        axis if scale.elements > 1 else None,
        partial(_loaded, tuple(parameters)) if constant and in_a_row else None,
    )


def _loaded(parameters: Sequence[Tensor]) -> tuple[Array, Array]:
    scale, *zero = (tensor.constant.array() for tensor in parameters if tensor.constant is not None)
    return scale, zero[0] if zero else np.zeros(0, np.int64)


def folded(op: Op, read: Sequence[Tensor | None]) -> Callable[[], tuple[Array, ...]]:
    """What works out the integers of a constant that is made of quantised ones.

    Raises, when it is called:
        NoValue: Others stand for its numbers.
    """
    moves = isinstance(op, MOVING) or (isinstance(op, Convert) and op.function == "dequantize")
    if not moves:
        return partial(_not_at_hand, op)
    if isinstance(op, Convert):
        data = read[0]
        assert data is not None
        assert data.constant is not None
        constant = data.constant
        return lambda: (constant.array(),)
    return partial(evaluate, op, list(read))


def _not_at_hand(op: Op) -> tuple[Array, ...]:
    raise NoValue(f"{op.kind} of quantised constants has no rule for its value")


def moved(op: Op, data: Tensor, shape: Shape) -> Quantization | None:
    """How the result of an operator is quantised that reads a quantised constant.

    Args:
        op: The operator.
        data: What it reads.
        shape: Of what it makes.
    """
    known, before = data.quantization, data.shape or ()
    if known is None or not isinstance(op, MOVING):
        return known
    if not isinstance(op, Transpose):
        return known.arranged(before, shape, range(len(shape)))
    order = op.permutation or range(len(before))[::-1]
    return known.arranged(before, before, [axis % len(before) for axis in order])
