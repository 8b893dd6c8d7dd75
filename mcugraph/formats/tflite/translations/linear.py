"""TFLite: convolutions, dense layers, matrix products and recurrent cells."""

from mcugraph.formats.tflite.node import PADDINGS, TfliteNode, Translation, Translator, activation
from mcugraph.ir import Op
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.linear import Dense, MatMul
from mcugraph.ops.recurrent import Recurrent, Svdf
from mcugraph.records import replace


def _conv(node: TfliteNode) -> Op:
    o = node.window("Conv2D")
    channels, depth = node.shape(0)[-1], node.shape(1)[-1]
    return Conv(
        strides=(o.stride_h, o.stride_w),
        dilations=(o.dilation_h_factor, o.dilation_w_factor),
        padding=PADDINGS[o.padding],
        groups=max(channels // depth, 1) if depth else 1,
        channel_axis=-1,
        weight_out=0,
        weight_in=-1,
        activation=activation(o),
    )


def _depthwise(node: TfliteNode) -> Op:
    o = node.window("DepthwiseConv2D")
    return Conv(
        strides=(o.stride_h, o.stride_w),
        dilations=(o.dilation_h_factor, o.dilation_w_factor),
        padding=PADDINGS[o.padding],
        groups=node.shape(0)[-1],
        depthwise=True,
        channel_axis=-1,
        weight_out=-1,
        weight_in=0,
        activation=activation(o),
    )


def _conv3d(node: TfliteNode) -> Op:
    o = node.window("Conv3D")
    return Conv(
        strides=(o.stride_d, o.stride_h, o.stride_w),
        dilations=(o.dilation_d_factor, o.dilation_h_factor, o.dilation_w_factor),
        padding=PADDINGS[o.padding],
        channel_axis=-1,
        weight_out=-1,
        weight_in=-2,
        activation=activation(o),
    )


def _dense(node: TfliteNode) -> Op:
    o = node.options("FullyConnected")
    return Dense(flatten=not o.keep_num_dims, activation=activation(o))


def _matmul(node: TfliteNode) -> Op:
    o = node.options("BatchMatMul")
    return MatMul(transpose_a=bool(o.adj_x), transpose_b=bool(o.adj_y))


def _transpose_conv(node: TfliteNode) -> Translation:
    o = node.window("TransposeConv")
    size = node.ints(0) or node.result()
    op = ConvTranspose(
        strides=(o.stride_h, o.stride_w),
        dilations=(1, 1),
        padding=PADDINGS[o.padding],
        channel_axis=-1,
        weight_out=0,
        weight_in=-1,
        activation=activation(o),
        output_shape=tuple(size[1:3]),
    )
    # The file's order is (output shape, weights, data, bias).
    return op, (2, 1, 3, 0)


# Which inputs of an LSTM are matrices and which biases (schema: UnidirectionalSequenceLSTM).
_LSTM_MATRICES: tuple[int, ...] = (*range(1, 9), 16)
_LSTM_BIASES: tuple[int, ...] = (*range(12, 16), 17)


def _lstm(node: TfliteNode) -> Op:
    # The recurrent weights of the output gate are (cells, units); a projection makes them differ.
    o = node.options("UnidirectionalSequenceLSTM")
    time_major = bool(o.time_major)
    cells = _sequence("lstm", _LSTM_MATRICES, _LSTM_BIASES, node.shape(8)[1], time_major)
    return replace(
        cells, gate_activation=activation(o), cell_clip=o.cell_clip, readers=(1, 2, 3, 4)
    )


def _rnn(node: TfliteNode) -> Op:
    time_major = bool(node.options("SequenceRNN").time_major)
    return replace(_sequence("rnn", (1, 2), (3,), node.shape(1)[0], time_major), readers=(1,))


def _sequence(
    cell: str, weights: tuple[int, ...], biases: tuple[int, ...], hidden: int, time_major: bool
) -> Recurrent:
    return Recurrent(
        cell,
        weights=weights,
        biases=biases,
        hidden=hidden,
        batch_axis=1 if time_major else 0,
        time_axis=0 if time_major else 1,
    )


def _rnn_step(node: TfliteNode) -> Op:
    hidden = node.shape(1)[0]
    return Recurrent("rnn", (1, 2), (3,), hidden, batch_axis=0, time_axis=None)


def _bidirectional(
    cell: str, table: str, weights: tuple[int, ...], biases: tuple[int, ...], last: int
) -> Translator:
    """Two cells in opposite directions; the file declares whether results are joined."""

    def translate(node: TfliteNode) -> Op:
        time_major = bool(node.options(table).time_major)
        return Recurrent(
            cell,
            weights=weights,
            biases=biases,
            hidden=node.shape(last)[0],
            directions=2,
            batch_axis=1 if time_major else 0,
            time_axis=0 if time_major else 1,
            outputs=(),
        )

    return translate


def _conv3d_transpose(node: TfliteNode) -> Translation:
    o = node.window("Conv3D")
    op = ConvTranspose(
        strides=(o.stride_d, o.stride_h, o.stride_w),
        dilations=(o.dilation_d_factor, o.dilation_h_factor, o.dilation_w_factor),
        padding=PADDINGS[o.padding],
        channel_axis=-1,
        weight_out=-2,
        weight_in=-1,
        activation=activation(o),
        output_shape=tuple((node.ints(0) or node.result())[1:4]),
    )
    # The file's order is (output shape, weights, data, bias).
    return op, (2, 1, 3, 0)


# Forward and backward cell: gates, recurrent and projection matrices (schema).
_TWO_LSTM_MATRICES = (*range(1, 9), 16, *range(18, 26), 33, *range(40, 48))
_TWO_LSTM_BIASES = (*range(12, 16), 17, *range(29, 33), 34)


def _lstm_step(node: TfliteNode) -> Op:
    if node.options("LSTM").kernel_type == 1:
        # The basic kernel has one matrix, over data and previous output, for all four gates.
        matrices: tuple[int, ...] = (2,)
        biases: tuple[int, ...] = (3,)
        results: tuple[str, ...] = ()
        hidden = node.shape(2)[0] // 4
    else:
        matrices, biases, results = _LSTM_MATRICES, _LSTM_BIASES, ("sequence",)
        hidden = node.shape(8)[1]
    return Recurrent(
        "lstm",
        weights=matrices,
        biases=biases,
        hidden=hidden,
        batch_axis=0,
        time_axis=None,
        outputs=results,
    )


TRANSLATIONS: dict[str, Translator] = {
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "CONV_3D": _conv3d,
    "TRANSPOSE_CONV": _transpose_conv,
    "FULLY_CONNECTED": _dense,
    "BATCH_MATMUL": _matmul,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
    "UNIDIRECTIONAL_SEQUENCE_RNN": _rnn,
    "LSTM": _lstm_step,
    "RNN": _rnn_step,
    "BIDIRECTIONAL_SEQUENCE_LSTM": _bidirectional(
        "lstm", "BidirectionalSequenceLSTM", _TWO_LSTM_MATRICES, _TWO_LSTM_BIASES, 8
    ),
    "BIDIRECTIONAL_SEQUENCE_RNN": _bidirectional(
        "rnn", "BidirectionalSequenceRNN", (1, 2, 5, 6, 10, 11), (3, 7), 1
    ),
    "CONV_3D_TRANSPOSE": _conv3d_transpose,
    "SVDF": lambda node: Svdf(node.options("SVDF").rank, activation(node.options("SVDF"))),
}
