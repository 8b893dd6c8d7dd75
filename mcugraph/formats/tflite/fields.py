"""Single fields of a TFLite file in the words of the graph."""

from typing import Any

import numpy as np

from mcugraph.errors import FormatError
from mcugraph.formats.tflite import options
from mcugraph.formats.tflite.codes import BUILTINS, CUSTOM
from mcugraph.formats.tflite.flatbuffer import EMPTY, T
from mcugraph.formats.tflite.schema import Operator, OperatorCode, Tensor
from mcugraph.ir import Array, DType, Quantization

# TensorType of the schema -> element type.
DTYPES = (
    DType.FLOAT32,
    DType.FLOAT16,
    DType.INT32,
    DType.UINT8,
    DType.INT64,
    DType.STRING,
    DType.BOOL,
    DType.INT16,
    DType.COMPLEX64,
    DType.INT8,
    DType.FLOAT64,
    DType.COMPLEX128,
    DType.UINT64,
    DType.RESOURCE,
    DType.UNKNOWN,  # variant
    DType.UINT32,
    DType.UINT16,
    DType.INT4,
    DType.BFLOAT16,
    DType.INT2,
)

_NUMPY = {
    DType.FLOAT32: "<f4",
    DType.FLOAT16: "<f2",
    DType.FLOAT64: "<f8",
    DType.INT64: "<i8",
    DType.INT32: "<i4",
    DType.INT16: "<i2",
    DType.INT8: "<i1",
    DType.UINT64: "<u8",
    DType.UINT32: "<u4",
    DType.UINT16: "<u2",
    DType.UINT8: "<u1",
    DType.BOOL: "?",
}


def decode(data: Any, dtype: DType) -> Array:
    """Stored bytes as a flat array.

    Raises:
        FormatError: numpy has no such type.
    """
    if dtype not in _NUMPY:
        raise FormatError(f"values of type {dtype.label} cannot be decoded")
    return np.frombuffer(data, _NUMPY[dtype])


def native(code: OperatorCode) -> str:
    """The name of an operator code; custom operators by their own name.

    Codes below 127 are in the older field, the newer one, or both.
    """
    number = max(code.deprecated_builtin_code, code.builtin_code)
    if number == CUSTOM:
        return f"CUSTOM:{code.custom_code}"
    return BUILTINS[number] if 0 <= number < len(BUILTINS) else f"BUILTIN_{number}"


def element_type(raw: Tensor) -> DType:
    """The type of a tensor's elements."""
    number = raw.type
    return DTYPES[number] if 0 <= number < len(DTYPES) else DType.UNKNOWN


def quantization(raw: Tensor) -> tuple[Quantization | None, int, int]:
    """Scales and zero points of a tensor, if it has any, and how many of each the file holds."""
    table = raw.quantization
    if table is None:
        return None, 0, 0
    scales, zeros = table.scale[1], table.zero_point[1]
    if not scales:
        return None, 0, zeros
    axis = table.quantized_dimension if scales > 1 else None
    return Quantization(scales, 4 * scales + 8 * zeros, axis), scales, zeros


def options_of(raw: Operator, kind: type[T]) -> T:
    """The builtin options of an operator; defaults where the file leaves them out."""
    table = raw.builtin_options
    return kind(*EMPTY) if table is None else kind(table.file, table.at)


def called(raw: Operator, native: str) -> tuple[int, ...]:
    """The subgraphs that an operator calls, by index."""
    if native == "IF":
        branches = options_of(raw, options.IfOptions)
        return branches.then_subgraph_index, branches.else_subgraph_index
    if native == "WHILE":
        loop = options_of(raw, options.WhileOptions)
        return loop.cond_subgraph_index, loop.body_subgraph_index
    if native == "CALL_ONCE":
        return (options_of(raw, options.CallOnceOptions).init_subgraph_index,)
    if native == "STABLEHLO_COMPOSITE":  # newer operators have a second union of options
        table = raw.builtin_options_2
        kind = options.StableHLOCompositeOptions
        composite = kind(*EMPTY) if table is None else kind(table.file, table.at)
        return (composite.decomposition_subgraph_index,)
    return ()


def variable_name(raw: Operator, native: str) -> str | None:
    """The variable that a handle stands for; None for other operators."""
    if native != "VAR_HANDLE":
        return None
    o = options_of(raw, options.VarHandleOptions)
    return "/".join(filter(None, (o.container, o.shared_name)))
