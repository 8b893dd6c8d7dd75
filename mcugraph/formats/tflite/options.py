"""The options of builtin operators, as far as they are read.

Source: tensorflow/compiler/mlir/lite/schema/schema.fbs. Fields keep their names and numbers.
"""

from mcugraph.formats.tflite.flatbuffer import Flag, Number, Numbers, Table, Text

# ruff: noqa: D101 - the schema documents its tables.


class Conv2DOptions(Table):
    __slots__ = ()
    padding = Number(0, "b")
    stride_w = Number(1, "i")
    stride_h = Number(2, "i")
    fused_activation_function = Number(3, "b")
    dilation_w_factor = Number(4, "i", 1)
    dilation_h_factor = Number(5, "i", 1)


class DepthwiseConv2DOptions(Table):
    __slots__ = ()
    padding = Number(0, "b")
    stride_w = Number(1, "i")
    stride_h = Number(2, "i")
    fused_activation_function = Number(4, "b")
    dilation_w_factor = Number(5, "i", 1)
    dilation_h_factor = Number(6, "i", 1)


class Conv3DOptions(Table):
    __slots__ = ()
    padding = Number(0, "b")
    stride_d = Number(1, "i")
    stride_w = Number(2, "i")
    stride_h = Number(3, "i")
    fused_activation_function = Number(4, "b")
    dilation_d_factor = Number(5, "i", 1)
    dilation_w_factor = Number(6, "i", 1)
    dilation_h_factor = Number(7, "i", 1)


class TransposeConvOptions(Table):
    __slots__ = ()
    padding = Number(0, "b")
    stride_w = Number(1, "i")
    stride_h = Number(2, "i")
    fused_activation_function = Number(3, "b")


class FullyConnectedOptions(Table):
    __slots__ = ()
    fused_activation_function = Number(0, "b")
    keep_num_dims = Flag(2)


class BatchMatMulOptions(Table):
    __slots__ = ()
    adj_x = Flag(0)
    adj_y = Flag(1)


class UnidirectionalSequenceLSTMOptions(Table):
    __slots__ = ()
    time_major = Flag(3)


class BidirectionalSequenceLSTMOptions(Table):
    __slots__ = ()
    time_major = Flag(4, True)


class BidirectionalSequenceRNNOptions(Table):
    __slots__ = ()
    time_major = Flag(0)


class SequenceRNNOptions(Table):
    __slots__ = ()
    time_major = Flag(0)


class LSTMOptions(Table):
    __slots__ = ()
    kernel_type = Number(3, "b")


class SVDFOptions(Table):
    __slots__ = ()
    rank = Number(0, "i")
    fused_activation_function = Number(1, "b")


class Pool2DOptions(Table):
    __slots__ = ()
    padding = Number(0, "b")
    stride_w = Number(1, "i")
    stride_h = Number(2, "i")
    filter_width = Number(3, "i")
    filter_height = Number(4, "i")
    fused_activation_function = Number(5, "b")


class ReducerOptions(Table):
    __slots__ = ()
    keep_dims = Flag(0)


class AddOptions(Table):
    __slots__ = ()
    fused_activation_function = Number(0, "b")


class SubOptions(Table):
    __slots__ = ()
    fused_activation_function = Number(0, "b")


class MulOptions(Table):
    __slots__ = ()
    fused_activation_function = Number(0, "b")


class DivOptions(Table):
    __slots__ = ()
    fused_activation_function = Number(0, "b")


class ConcatenationOptions(Table):
    __slots__ = ()
    axis = Number(0, "i")
    fused_activation_function = Number(1, "b")


class ReshapeOptions(Table):
    __slots__ = ()
    new_shape = Numbers(0)


class SqueezeOptions(Table):
    __slots__ = ()
    squeeze_dims = Numbers(0)


class StridedSliceOptions(Table):
    __slots__ = ()
    begin_mask = Number(0, "i")
    end_mask = Number(1, "i")
    ellipsis_mask = Number(2, "i")
    new_axis_mask = Number(3, "i")
    shrink_axis_mask = Number(4, "i")
    offset = Flag(5)


class MirrorPadOptions(Table):
    __slots__ = ()
    mode = Number(0, "b")


class GatherOptions(Table):
    __slots__ = ()
    axis = Number(0, "i")
    batch_dims = Number(1, "i")


class OneHotOptions(Table):
    __slots__ = ()
    axis = Number(0, "i")


class DepthToSpaceOptions(Table):
    __slots__ = ()
    block_size = Number(0, "i")


class SpaceToDepthOptions(Table):
    __slots__ = ()
    block_size = Number(0, "i")


class PackOptions(Table):
    __slots__ = ()
    axis = Number(1, "i")


class UnpackOptions(Table):
    __slots__ = ()
    axis = Number(1, "i")


class IfOptions(Table):
    __slots__ = ()
    then_subgraph_index = Number(0, "i")
    else_subgraph_index = Number(1, "i")


class WhileOptions(Table):
    __slots__ = ()
    cond_subgraph_index = Number(0, "i")
    body_subgraph_index = Number(1, "i")


class CallOnceOptions(Table):
    __slots__ = ()
    init_subgraph_index = Number(0, "i")


class StableHLOCompositeOptions(Table):
    __slots__ = ()
    decomposition_subgraph_index = Number(1, "i")


class VarHandleOptions(Table):
    __slots__ = ()
    container = Text(0)
    shared_name = Text(1)
