"""Single fields of a TFLite file in the words of the graph."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from mcugraph.errors import FormatError
from mcugraph.formats.tflite import reader
from mcugraph.ir import Array, DType

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


@cache
def _builtin_names() -> dict[int, str]:
    from tflite.BuiltinOperator import BuiltinOperator

    return {code: name for name, code in vars(BuiltinOperator).items() if name.isupper()}


def native(code: Any) -> str:
    """The name of an operator code; custom operators by their own name."""
    number = max(code.DeprecatedBuiltinCode(), reader.builtin_code(code))
    name = _builtin_names().get(number, f"BUILTIN_{number}")
    return f"CUSTOM:{reader.text(code.CustomCode())}" if name == "CUSTOM" else name


# Which fields of an operator's options name the subgraphs that it calls.
_CALLS: dict[str, tuple[str, Callable[[Any], tuple[int, ...]]]] = {
    "IF": ("IfOptions", lambda o: (o.ThenSubgraphIndex(), o.ElseSubgraphIndex())),
    "WHILE": ("WhileOptions", lambda o: (o.CondSubgraphIndex(), o.BodySubgraphIndex())),
    "CALL_ONCE": ("CallOnceOptions", lambda o: (o.InitSubgraphIndex(),)),
    "STABLEHLO_COMPOSITE": (
        "StableHLOCompositeOptions",
        lambda o: (o.DecompositionSubgraphIndex(),),
    ),
}


def called(raw: Any, native: str) -> tuple[int, ...]:
    """The subgraphs that an operator calls, by index."""
    if native not in _CALLS:
        return ()
    table, indices = _CALLS[native]
    return indices(reader.options(raw, table, second=native.startswith("STABLEHLO")))


def variable_name(raw: Any, native: str) -> str | None:
    """The variable that a handle stands for; None for other operators."""
    if native != "VAR_HANDLE":
        return None
    o = reader.options(raw, "VarHandleOptions")
    return "/".join(filter(None, (reader.text(o.Container()), reader.text(o.SharedName()))))
