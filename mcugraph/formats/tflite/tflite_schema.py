"""The parts of TFLite's schema that are read: tables, their fields, names of operators.

What flatbuffers generates for Python has an accessor for each field too, in a module for each
table, and takes several times as long to read a file.

Source: tensorflow/compiler/mlir/lite/schema/schema.fbs.
"""

from functools import cache, partial
from typing import Any

from mcugraph.formats.tflite import table_views
from mcugraph.formats.tflite.table_views import Getter, TableView

# Table -> its fields: number, name and type, with the default where that is not 0. In brackets: a
# vector of them.
_TABLES = {
    "Model": "1 operator_codes [OperatorCode], 2 subgraphs [SubGraph], 4 buffers [Buffer], "
    "6 metadata [Metadata], 7 signature_defs [SignatureDef]",
    "OperatorCode": "0 deprecated_builtin_code int8, 1 custom_code string, 3 builtin_code int32",
    "SubGraph": "0 tensors [Tensor], 1 inputs [int32], 2 outputs [int32], 3 operators [Operator], "
    "4 name string",
    "Tensor": "0 shape [int32], 1 type int8, 2 buffer uint32, 3 name string, "
    "4 quantization QuantizationParameters, 5 is_variable bool, 6 sparsity SparsityParameters, "
    "7 shape_signature [int32], 8 has_rank bool",
    "QuantizationParameters": "2 scale [float32], 3 zero_point [int64], "
    "6 quantized_dimension int32",
    "SparsityParameters": "",
    "Buffer": "0 data [uint8], 1 offset uint64, 2 size uint64",
    "Operator": "0 opcode_index uint32, 1 inputs [int32], 2 outputs [int32], "
    "4 builtin_options union, 5 custom_options [uint8], 12 builtin_options_2 union",
    "Metadata": "0 name string, 1 buffer uint32",
    "SignatureDef": "2 signature_key string, 4 subgraph_index uint32",
    "AddOptions": "0 fused_activation_function int8",
    "BatchMatMulOptions": "0 adj_x bool, 1 adj_y bool",
    "BidirectionalSequenceLSTMOptions": "4 time_major bool=1",
    "BidirectionalSequenceRNNOptions": "0 time_major bool",
    "CallOnceOptions": "0 init_subgraph_index int32",
    "ConcatenationOptions": "0 axis int32, 1 fused_activation_function int8",
    "Conv2DOptions": "0 padding int8, 1 stride_w int32, 2 stride_h int32, "
    "3 fused_activation_function int8, 4 dilation_w_factor int32=1, 5 dilation_h_factor int32=1",
    "Conv3DOptions": "0 padding int8, 1 stride_d int32, 2 stride_w int32, 3 stride_h int32, "
    "4 fused_activation_function int8, 5 dilation_d_factor int32=1, "
    "6 dilation_w_factor int32=1, 7 dilation_h_factor int32=1",
    "DepthToSpaceOptions": "0 block_size int32",
    "DepthwiseConv2DOptions": "0 padding int8, 1 stride_w int32, 2 stride_h int32, "
    "4 fused_activation_function int8, 5 dilation_w_factor int32=1, 6 dilation_h_factor int32=1",
    "DivOptions": "0 fused_activation_function int8",
    "FullyConnectedOptions": "0 fused_activation_function int8, 1 weights_format int8, "
    "2 keep_num_dims bool",
    "GatherOptions": "0 axis int32, 1 batch_dims int32",
    "GeluOptions": "0 approximate bool",
    "IfOptions": "0 then_subgraph_index int32, 1 else_subgraph_index int32",
    "LSTMOptions": "3 kernel_type int8",
    "LeakyReluOptions": "0 alpha float32",
    "MirrorPadOptions": "0 mode int8",
    "MulOptions": "0 fused_activation_function int8",
    "OneHotOptions": "0 axis int32",
    "PackOptions": "1 axis int32",
    "Pool2DOptions": "0 padding int8, 1 stride_w int32, 2 stride_h int32, 3 filter_width int32, "
    "4 filter_height int32, 5 fused_activation_function int8",
    "ReducerOptions": "0 keep_dims bool",
    "ReshapeOptions": "0 new_shape [int32]",
    "ResizeBilinearOptions": "2 align_corners bool, 3 half_pixel_centers bool",
    "ResizeNearestNeighborOptions": "0 align_corners bool, 1 half_pixel_centers bool",
    "SVDFOptions": "0 rank int32, 1 fused_activation_function int8",
    "SequenceRNNOptions": "0 time_major bool",
    "SoftmaxOptions": "0 beta float32",
    "SpaceToDepthOptions": "0 block_size int32",
    "SqueezeOptions": "0 squeeze_dims [int32]",
    "StableHLOCompositeOptions": "1 decomposition_subgraph_index int32",
    "StridedSliceOptions": "0 begin_mask int32, 1 end_mask int32, 2 ellipsis_mask int32, "
    "3 new_axis_mask int32, 4 shrink_axis_mask int32, 5 offset bool",
    "SubOptions": "0 fused_activation_function int8",
    "TransposeConvOptions": "0 padding int8, 1 stride_w int32, 2 stride_h int32, "
    "3 fused_activation_function int8",
    "UnidirectionalSequenceLSTMOptions": "0 fused_activation_function int8, 1 cell_clip float32, "
    "3 time_major bool",
    "UnpackOptions": "1 axis int32",
    "VarHandleOptions": "0 container string, 1 shared_name string",
    "WhileOptions": "0 cond_subgraph_index int32, 1 body_subgraph_index int32",
}

_ARRAYS = {"[float32]": "<f4", "[int64]": "<i8"}  # type of a vector -> that of numpy


@cache
def table_class(name: str) -> Any:
    """The class of a table of the schema, which has a property for each field that is read.

    Vectors of 32-bit integers are tuples, or None where they are left out; those of other numbers
    arrays, or None; those of bytes where these start and end; those of tables lists. A union is
    where its table starts, or None.
    """
    members: dict[str, Any] = {"__slots__": ()}
    for entry in filter(None, _TABLES[name].split(", ")):
        place, field, kind = entry.split()
        members[field] = property(_getter(int(place), field, *kind.split("=")))
    return type(name, (TableView,), members)


def _getter(place: int, field: str, kind: str, default: str = "0") -> Getter:
    if kind in table_views.NUMBERS:
        return table_views.number(place, kind, int(default))
    if kind in _ARRAYS:
        return table_views.array(place, _ARRAYS[kind])
    plain = {
        "[int32]": table_views.integers,
        "[uint8]": table_views.span,
        "string": table_views.text,
        "union": table_views.union,
    }.get(kind)
    if plain is not None:
        return plain(place)
    cls = partial(table_class, kind.strip("[]"))
    return (
        table_views.children(place, field, cls) if kind[0] == "[" else table_views.child(place, cls)
    )


_NAMES = (
    "ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE "
    "EMBEDDING_LOOKUP FLOOR FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D "
    "LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 "
    "RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS "
    "SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER "
    "BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE "
    "UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT "
    "LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM ARG_MAX MINIMUM LESS NEG "
    "PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV SPARSE_TO_DENSE TILE "
    "EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD "
    "REDUCE_MAX PACK LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV "
    "REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU "
    "SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS WHERE "
    "RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE "
    "NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM "
    "BATCH_MATMUL PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D "
    "IMAG REAL COMPLEX_ABS HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL "
    "CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS "
    "RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE "
    "RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2 "
    "UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR RIGHT_SHIFT STABLEHLO_LOGISTIC STABLEHLO_ADD "
    "STABLEHLO_DIVIDE STABLEHLO_MULTIPLY STABLEHLO_MAXIMUM STABLEHLO_RESHAPE STABLEHLO_CLAMP "
    "STABLEHLO_CONCATENATE STABLEHLO_BROADCAST_IN_DIM STABLEHLO_CONVOLUTION STABLEHLO_SLICE "
    "STABLEHLO_CUSTOM_CALL STABLEHLO_REDUCE STABLEHLO_ABS STABLEHLO_AND STABLEHLO_COSINE "
    "STABLEHLO_EXPONENTIAL STABLEHLO_FLOOR STABLEHLO_LOG STABLEHLO_MINIMUM STABLEHLO_NEGATE "
    "STABLEHLO_OR STABLEHLO_POWER STABLEHLO_REMAINDER STABLEHLO_RSQRT STABLEHLO_SELECT "
    "STABLEHLO_SUBTRACT STABLEHLO_TANH STABLEHLO_SCATTER STABLEHLO_COMPARE STABLEHLO_CONVERT "
    "STABLEHLO_DYNAMIC_SLICE STABLEHLO_DYNAMIC_UPDATE_SLICE STABLEHLO_PAD STABLEHLO_IOTA "
    "STABLEHLO_DOT_GENERAL STABLEHLO_REDUCE_WINDOW STABLEHLO_SORT STABLEHLO_WHILE "
    "STABLEHLO_GATHER STABLEHLO_TRANSPOSE DILATE STABLEHLO_RNG_BIT_GENERATOR REDUCE_WINDOW "
    "STABLEHLO_COMPOSITE STABLEHLO_SHIFT_LEFT STABLEHLO_CBRT"
)

# Of the operators, by their number.
OPERATOR_NAMES = tuple(_NAMES.split())
