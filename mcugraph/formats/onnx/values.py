"""Declared types and constant values of an ONNX file."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from mcugraph.errors import FormatError
from mcugraph.formats.onnx.types import DTYPES
from mcugraph.ir import Array, DType, Op, Shape, Tensor


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


_EXTERNAL = 1  # TensorProto.EXTERNAL

# TensorProto.DataType -> how numpy reads its raw bytes.
_PLAIN: dict[int, np.dtype[Any]] = {
    1: np.dtype("<f4"),
    2: np.dtype("u1"),
    3: np.dtype("i1"),
    5: np.dtype("<i2"),
    6: np.dtype("<i4"),
    7: np.dtype("<i8"),
    9: np.dtype("?"),
    11: np.dtype("<f8"),
}


def stored_value(proto: Any) -> Array:
    """The value of a stored tensor.

    Raises:
        FormatError: It lies in another file, or has a type that numpy lacks.
    """
    if proto.data_location == _EXTERNAL:
        raise FormatError(f"the value of {proto.name!r} lies in another file")
    plain = _PLAIN.get(proto.data_type)
    if plain is not None and len(proto.raw_data) == plain.itemsize * math.prod(proto.dims):
        # Most constants of a file come this way; the general one takes ten times as long.
        return np.frombuffer(proto.raw_data, plain).reshape(proto.dims)
    from onnx import numpy_helper

    try:
        return np.asarray(numpy_helper.to_array(proto))
    except (ValueError, TypeError, KeyError) as error:
        raise FormatError(f"the value of {proto.name!r} cannot be decoded: {error}") from error


def filled(shape: Shape, proto: Any) -> Array:
    """A tensor that has the one value of a stored tensor everywhere; 0 where there is none."""
    value = np.zeros(1, np.float32) if proto is None else stored_value(proto)
    return np.full(shape, value.ravel()[0])


def absent_value(name: str) -> Array:
    """The value of a sparse constant: never decoded."""
    raise FormatError(f"the value of {name!r} is sparse and is not decoded")


def evaluate(op: Op, inputs: list[Tensor | None]) -> tuple[Array, ...]:
    """What an operator makes of constants.

    Raises:
        FormatError: It has no rule for values, or one of the constants is absent.
    """
    values = [None if t is None or t.constant is None else t.constant.array() for t in inputs]
    result = op.evaluate(values)
    if result is None:
        raise FormatError(f"{op.kind} has no rule for the value of its result")
    return result


def pick(values: Callable[[], tuple[Array, ...]], index: int) -> Array:
    """One of the results, made when it is asked for."""
    return values()[index]
