"""Single fields of a TFLite file in the words of the graph."""

from collections.abc import Callable, Sequence
from typing import Any

from mcugraph.errors import FormatError
from mcugraph.formats.tflite import reader
from mcugraph.formats.tflite.tflite_schema import OPERATOR_NAMES
from mcugraph.ir import Array, DType
from mcugraph.late_numpy import np

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


def encode(values: Sequence[int], dtype: DType) -> bytes:
    """Integers as they are stored.

    Raises:
        FormatError: numpy has no such type.
    """
    if dtype not in _NUMPY:
        raise FormatError(f"values of type {dtype.label} cannot be encoded")
    return np.asarray(values, _NUMPY[dtype]).tobytes()


def native(code: Any) -> str:
    """The name of an operator code; custom operators by their own name."""
    number = max(code.deprecated_builtin_code, code.builtin_code)
    if not 0 <= number < len(OPERATOR_NAMES):
        return f"BUILTIN_{number}"
    name = OPERATOR_NAMES[number]
    return f"CUSTOM:{code.custom_code}" if name == "CUSTOM" else name


# Which fields of an operator's options name the subgraphs that it calls.
_CALLS: dict[str, tuple[str, Callable[[Any], tuple[int, ...]]]] = {
    "IF": ("IfOptions", lambda o: (o.then_subgraph_index, o.else_subgraph_index)),
    "WHILE": ("WhileOptions", lambda o: (o.cond_subgraph_index, o.body_subgraph_index)),
    "CALL_ONCE": ("CallOnceOptions", lambda o: (o.init_subgraph_index,)),
    "STABLEHLO_COMPOSITE": (
        "StableHLOCompositeOptions",
        lambda o: (o.decomposition_subgraph_index,),
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
    return "/".join(filter(None, (o.container, o.shared_name)))
