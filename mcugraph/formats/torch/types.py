"""Element types of PyTorch."""

from typing import Any

from mcugraph.ir import DType

# torch.dtype by the last part of its name -> element type.
DTYPES = {
    "float64": DType.FLOAT64, "float32": DType.FLOAT32, "float16": DType.FLOAT16,
    "bfloat16": DType.BFLOAT16, "int64": DType.INT64, "int32": DType.INT32,
    "int16": DType.INT16, "int8": DType.INT8, "uint64": DType.UINT64, "uint32": DType.UINT32,
    "uint16": DType.UINT16, "uint8": DType.UINT8, "bool": DType.BOOL,
    "complex64": DType.COMPLEX64, "complex128": DType.COMPLEX128, "qint8": DType.INT8,
    "quint8": DType.UINT8, "qint32": DType.INT32,
}  # fmt: skip


def dtype_of(dtype: Any) -> DType:
    """The element type of a ``torch.dtype``."""
    name = str(dtype).rpartition(".")[2]
    if name.startswith("float8"):
        return DType.FLOAT8
    return DTYPES.get(name, DType.UNKNOWN)
