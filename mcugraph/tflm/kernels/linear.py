"""Kernels of linear algebra: convolutions, dense layers, matrix products, recurrent cells.

Sources: tensorflow/lite/micro/kernels/conv.h, conv_common.cc, depthwise_conv_common.cc,
fully_connected.h, fully_connected_common.cc, transpose_conv.cc, batch_matmul.cc, svdf_common.cc,
lstm_shared.h, unidirectional_sequence_lstm.cc.
"""

from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.ir import DType
from mcugraph.ops.base import Weighted
from mcugraph.ops.linear import MatMul
from mcugraph.ops.recurrent import Recurrent
from mcugraph.tflm.abi import Abi
from mcugraph.tflm.kernels.needs import KernelNode, Needs, Rule, int_array

_INT4 = DType.INT4
EVAL_TENSOR = "2pe"  # TfLiteEvalTensor: data, dims, type

# TfLiteConvParams and TfLiteDepthwiseConvParams: padding, strides, activation, dilations and a type
# or a multiplier. Their enums stand between numbers, so they take 32 bits however short they are.
_CONV_OPTIONS = "7i"
# OpDataConv: padding, zero points and multiplier, per-channel tables, range, unpacked filter.
CONV = "9i2p3i[2i]"
# OpDataFullyConnected: multiplier, range, indices and zero points, per-channel tables.
FULLY_CONNECTED = "9i2pb[2i]"
# ConvParams, scratch buffers, per-channel tables.
_TRANSPOSE_CONV = "(b8h9i)2i2p[2i]"
# OpDataBatchMatmul: quantisation, transposed operands, flags.
_BATCH_MATMUL = "3p3b"
# OpDataLSTM holds parameters with 64-bit fields, but no pointers.
_LSTM = "86q"


def _per_channel(channels: int) -> tuple[int, ...]:
    """Multipliers and shifts, one of each a channel."""
    return (4 * channels, 4 * channels)


def made_along(node: KernelNode, stored: int) -> int:
    """The axis of the weights that holds the channels made; a user's own rule knows TFLite's."""
    return node.op.weight_out if isinstance(node.op, Weighted) else stored


def _unpacked(weights: TfliteTensor) -> tuple[int, ...]:
    """Four-bit weights are unpacked into a scratch buffer, a byte each."""
    return (weights.elements,) if weights.dtype is _INT4 else ()


def _convolution(channel_axis: int) -> Rule:
    def rule(node: KernelNode, abi: Abi) -> Needs:
        weights = node.input(1)
        axis = made_along(node, channel_axis)
        return Needs(
            _CONV_OPTIONS,
            init=(abi.sizeof(CONV),),
            prepare=_per_channel(weights.shape[axis]),
            scratch=_unpacked(weights),
        )

    return rule


def _fully_connected(node: KernelNode, abi: Abi) -> Needs:
    weights = node.input(1)
    quantized = not node.input(0).dtype.is_float
    per_channel = quantized and weights.scales > 1 and weights.zero_points > 0
    axis = made_along(node, 0)
    return Needs(
        "2e2be{pi}",
        init=(abi.sizeof(FULLY_CONNECTED),),
        prepare=_per_channel(weights.shape[axis]) if per_channel else (),
        scratch=_unpacked(weights),
    )


def _transpose_conv(node: KernelNode, abi: Abi) -> Needs:
    weights, data, bias = node.input(1), node.input(2), node.optional(3)
    axis = made_along(node, 0)
    scratch: tuple[int, ...] = ()
    if data.dtype is DType.INT8:
        scratch = (4 * node.outputs[0].elements,)
    elif data.dtype is DType.INT16:
        scratch = (8 * node.outputs[0].elements,)
        if bias is not None and bias.dtype is DType.INT16:
            scratch = (*scratch, 8 * bias.elements)
    return Needs(
        "e2i2e",
        init=(abi.sizeof(_TRANSPOSE_CONV),),
        prepare=_per_channel(weights.shape[axis]),
        scratch=scratch,
    )


def _batch_matmul(node: KernelNode, abi: Abi) -> Needs:
    """The right operand is kept transposed unless the file stores it so; the left if it asks."""
    left, right = node.input(0), node.input(1)
    prepare: tuple[int, ...] = ()
    if left.dtype in (DType.INT8, DType.INT16):
        prepare += (abi.sizeof("7i"),)
    op = node.op if isinstance(node.op, MatMul) else MatMul()
    if op.transpose_a:
        prepare += _copy(left, abi)
    if not op.transpose_b:
        prepare += _copy(right, abi)
    prepare += (int_array(len(node.outputs[0].shape)),)
    return Needs("3b", init=(abi.sizeof(_BATCH_MATMUL),), prepare=prepare)


def _copy(tensor: TfliteTensor, abi: Abi) -> tuple[int, ...]:
    """A whole tensor of its own: struct, shape and data."""
    return (abi.sizeof(EVAL_TENSOR), int_array(len(tensor.shape)), tensor.nbytes)


def _svdf(node: KernelNode, abi: Abi) -> Needs:
    batch, filters = node.input(0).shape[0], node.input(1).shape[0]
    scratch: tuple[int, ...] = (4 * batch * filters,)
    if not node.input(0).dtype.is_float:
        scratch += (4 * batch * (filters // node.op.rank),)
    return Needs("ieb", init=(abi.sizeof("9i"),), scratch=scratch)


def _lstm(node: KernelNode, abi: Abi) -> Needs:
    """Four gates of one step: a number each for batch and unit, as wide as the cell state."""
    axis = node.op.batch_axis if isinstance(node.op, Recurrent) else 0
    batch = node.input(0).shape[axis]
    units = _units(node)
    width = 4 if node.input(0).dtype.is_float else 2
    return Needs("e2i3b", init=(abi.sizeof(_LSTM),), scratch=(width * batch * units,) * 4)


def _units(node: KernelNode) -> int:
    """Length of the hidden state: of the output state in a TFLite file."""
    state = node.optional(18)
    return int(node.op.hidden) if state is None or not state.shape else state.shape[-1]


RULES: dict[str, Rule] = {
    "BATCH_MATMUL": _batch_matmul,
    "CONV_2D": _convolution(0),
    "DEPTHWISE_CONV_2D": _convolution(-1),
    "FULLY_CONNECTED": _fully_connected,
    "SVDF": _svdf,
    "TRANSPOSE_CONV": _transpose_conv,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
}
