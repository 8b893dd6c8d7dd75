"""Declared types of an ONNX file, and values that its operators make of constants."""

from collections.abc import Callable
from typing import Any

from mcugraph.errors import FormatError
from mcugraph.formats.onnx.types import DTYPES
from mcugraph.ir import Array, DType, Op, Shape, Tensor, TensorType
from mcugraph.late_numpy import np
from mcugraph.ops.creation import Generate, ShapeOf
from mcugraph.ops.opaque import Opaque


def declared_dims(
    proto: Any,
) -> tuple[DType, tuple[int | None, ...] | None, tuple[str | None, ...]]:
    """Element type, dimensions (None: dynamic) and their symbols of a declared type."""
    kind = proto.WhichOneof("value")
    while kind in ("sequence_type", "optional_type"):
        proto = getattr(proto, kind).elem_type
        kind = proto.WhichOneof("value")
        if kind == "tensor_type":
            return DTYPES.get(proto.tensor_type.elem_type, DType.UNKNOWN), None, ()
    if kind != "tensor_type":
        return DType.UNKNOWN, None, ()
    dtype = DTYPES.get(proto.tensor_type.elem_type, DType.UNKNOWN)
    if not proto.tensor_type.HasField("shape"):
        return dtype, None, ()
    dims = proto.tensor_type.shape.dim
    return (
        dtype,
        tuple(d.dim_value if d.HasField("dim_value") and d.dim_value >= 0 else None for d in dims),
        tuple(d.dim_param or None for d in dims),
    )


def full_type(proto: Any) -> TensorType | None:
    """Element type and shape of a declared type, where it has both."""
    tensor = proto.tensor_type
    dims = tensor.shape.dim[:]
    lengths = [dim.dim_value for dim in dims if dim.HasField("dim_value")]
    if not tensor.HasField("shape") or len(lengths) < len(dims):
        return None
    return TensorType(DTYPES.get(tensor.elem_type, DType.UNKNOWN), tuple(lengths))


class NoValue(FormatError):
    """A constant whose value is not worked out: no rule says what it is."""


def filled(shape: Shape, value: Callable[[], Array]) -> Array:
    """A tensor that has the first element of another everywhere."""
    return np.full(shape, value().ravel()[0])


def absent_value(name: str) -> Array:
    """The value of a sparse constant: never decoded."""
    raise NoValue(f"the value of {name!r} is sparse and is not decoded")


def foldable(op: Op, constant: bool) -> bool:
    """Whether the value is the same in every inference, so that a deployment stores it.

    Args:
        op: What makes it.
        constant: Whether it is made of constants alone.
    """
    if not constant:
        return type(op) is ShapeOf
    return not (isinstance(op, Opaque) or (isinstance(op, Generate) and op.function == "random"))


def evaluate(op: Op, inputs: list[Tensor | None]) -> tuple[Array, ...]:
    """What an operator makes of constants.

    Raises:
        NoValue: It has no rule for values.
        FormatError: One of the constants cannot be read.
    """
    values = [None if t is None or t.constant is None else t.constant.array() for t in inputs]
    result = op.evaluate(values)
    if result is None:
        raise NoValue(f"{op.kind} has no rule for the value of its result")
    return result
