"""ONNX element types in the words of the graph."""

from mcugraph.ir import DType

# TensorProto.DataType -> element type.
DTYPES = {
    0: DType.UNKNOWN,
    1: DType.FLOAT32,
    2: DType.UINT8,
    3: DType.INT8,
    4: DType.UINT16,
    5: DType.INT16,
    6: DType.INT32,
    7: DType.INT64,
    8: DType.STRING,
    9: DType.BOOL,
    10: DType.FLOAT16,
    11: DType.FLOAT64,
    12: DType.UINT32,
    13: DType.UINT64,
    14: DType.COMPLEX64,
    15: DType.COMPLEX128,
    16: DType.BFLOAT16,
    17: DType.FLOAT8,  # e4m3fn
    18: DType.FLOAT8,  # e4m3fnuz
    19: DType.FLOAT8,  # e5m2
    20: DType.FLOAT8,  # e5m2fnuz
    21: DType.UINT4,
    22: DType.INT4,
    23: DType.FLOAT4,  # e2m1
    24: DType.FLOAT8,  # e8m0
    25: DType.UINT2,
    26: DType.INT2,
}

# Names of those types that opsets before 6 spell out.
NUMBERS = {
    "FLOAT": 1, "UINT8": 2, "INT8": 3, "UINT16": 4, "INT16": 5, "INT32": 6, "INT64": 7,
    "STRING": 8, "BOOL": 9, "FLOAT16": 10, "DOUBLE": 11, "UINT32": 12, "UINT64": 13,
    "COMPLEX64": 14, "COMPLEX128": 15,
}  # fmt: skip
