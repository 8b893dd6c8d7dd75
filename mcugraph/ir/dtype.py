"""Element types and the bytes that they take."""

from enum import Enum
from typing import Any

from mcugraph.ir.arrays import Array
from mcugraph.late_numpy import np


class DType(Enum):
    """An element type.

    Attributes:
        label: Its name.
        bits: The width of one element; 0 where it has no fixed size.
        is_float: Whether quantisation to int8 replaces it.
        has_size: Whether one element has a fixed size (strings and unknown types have none).
    """

    FLOAT64 = ("float64", 64)
    FLOAT32 = ("float32", 32)
    FLOAT16 = ("float16", 16)
    BFLOAT16 = ("bfloat16", 16)
    FLOAT8 = ("float8", 8)
    FLOAT4 = ("float4", 4)
    INT64 = ("int64", 64)
    INT32 = ("int32", 32)
    INT16 = ("int16", 16)
    INT8 = ("int8", 8)
    INT4 = ("int4", 4)
    INT2 = ("int2", 2)
    UINT64 = ("uint64", 64)
    UINT32 = ("uint32", 32)
    UINT16 = ("uint16", 16)
    UINT8 = ("uint8", 8)
    UINT4 = ("uint4", 4)
    UINT2 = ("uint2", 2)
    BOOL = ("bool", 8)
    COMPLEX64 = ("complex64", 64)
    COMPLEX128 = ("complex128", 128)
    RESOURCE = ("resource", 32)
    STRING = ("string", 0)
    UNKNOWN = ("unknown", 0)

    __hash__ = object.__hash__  # Enum's own hashes the name, which takes ten times as long

    def __init__(self, label: str, bits: int) -> None:
        self.label = label
        self.bits = bits
        self.is_float = "float" in label
        self.has_size = bits > 0

    @property
    def numpy(self) -> "np.dtype[Any] | None":
        """The type of numpy with the same elements; None where it has none."""
        return np.dtype(self.label) if self in _NUMPY else None

    def array(self, value: Any) -> Array:
        """Numbers, in lists for axes, as an array of this type; of another if numpy lacks it."""
        return np.array(value, self.numpy)

    def nbytes(self, count: int) -> int:
        """Bytes of ``count`` elements; sub-byte types are packed and rounded up per tensor."""
        return (count * self.bits + 7) // 8


_NUMPY = frozenset(
    {DType.FLOAT64, DType.FLOAT32, DType.FLOAT16, DType.BOOL, DType.COMPLEX64, DType.COMPLEX128}
    | {DType.INT64, DType.INT32, DType.INT16, DType.INT8}
    | {DType.UINT64, DType.UINT32, DType.UINT16, DType.UINT8}
)
