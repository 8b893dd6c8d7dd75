"""What TFLM's structs and kernels take: worked by hand from the sources, host and device."""

import pytest

from mcugraph.formats.tflite.model import (
    TfliteModel,
    TfliteOperator,
    TfliteSubgraph,
    TfliteTensor,
)
from mcugraph.ir import DType
from mcugraph.ops.convolution import Conv
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.linear import MatMul
from mcugraph.ops.recurrent import Recurrent, Svdf
from mcugraph.ops.window import SAME_UPPER
from mcugraph.tflm.abi import ABIS, HOST, Abi, align_up
from mcugraph.tflm.allocator import load
from mcugraph.tflm.kernels import RULES, KernelNode, Needs, looked_at, node_of, refusal

DEVICE, ARM = ABIS["int-enums"], ABIS["arm"]
F32, I8, I16, I32, I64 = DType.FLOAT32, DType.INT8, DType.INT16, DType.INT32, DType.INT64
ANY = Elementwise("any")


@pytest.mark.parametrize(
    ("layout", "host", "device"),
    [
        ("3i", 12, 12),
        ("ip", 16, 8),
        ("bi", 8, 8),
        ("iq", 16, 16),
        ("b2h", 6, 6),
        ("(ib)b", 12, 12),
        ("2pi", 24, 12),  # TfLiteEvalTensor
        ("(ip)2p2ip2ib", 64, 40),  # TfLiteTensor
        ("(6pi)p", 64, 32),  # NodeAndRegistration
        ("9i2p3i[2i]", 80, 56),  # OpDataConv: decompression on the host alone
        ("2p5ppi<4p>", 104, 36),  # the arena's allocator: recording on the host alone
        ("5pb3p<24pp>", 272, 36),  # MicroAllocator
    ],
)
def test_sizes_of_structs(layout: str, host: int, device: int) -> None:
    assert (HOST.sizeof(layout), DEVICE.sizeof(layout)) == (host, device)


@pytest.mark.parametrize("layout", ["x", "2", "(ip", "i)"])
def test_a_layout_that_cannot_be_read(layout: str) -> None:
    with pytest.raises(ValueError, match="layout"):
        HOST.sizeof(layout)


def tail(model: TfliteModel, abi: Abi, variables: int = 0) -> int:
    return load(model, {}, {}, variables, 0, 0, abi).tail


def tensor(dtype: DType, *shape: int, scales: int = 0) -> TfliteTensor:
    return TfliteTensor(dtype, shape, scales=scales, zero_points=scales)


def needs(
    native: str,
    inputs: list[TfliteTensor | None],
    output: TfliteTensor,
    op: object = ANY,
    abi: Abi = HOST,
) -> Needs:
    return RULES[native](KernelNode(native, op, tuple(inputs), (output,)), abi)


CONV = Conv((1, 1), (1, 1), SAME_UPPER, channel_axis=-1, weight_out=0, weight_in=-1)
DEPTHWISE = Conv((1, 1), (1, 1), SAME_UPPER, depthwise=True, weight_out=-1, weight_in=0)


def test_a_convolution_keeps_a_multiplier_and_a_shift_a_channel() -> None:
    data, out = tensor(I8, 1, 4, 4, 8), tensor(I8, 1, 4, 4, 16)
    need = needs("CONV_2D", [data, tensor(I8, 16, 3, 3, 8)], out, CONV)
    assert (need.init, need.prepare, need.scratch) == ((80,), (64, 64), ())
    assert needs("CONV_2D", [data, tensor(I8, 16, 3, 3, 8)], out, CONV, DEVICE).init == (56,)
    need = needs("DEPTHWISE_CONV_2D", [data, tensor(I8, 1, 3, 3, 16)], out, DEPTHWISE)
    assert need.prepare == (64, 64)


def test_four_bit_weights_are_unpacked_into_scratch() -> None:
    data, weights = tensor(I8, 1, 4, 4, 8), tensor(DType.INT4, 16, 3, 3, 8)
    assert needs("CONV_2D", [data, weights], tensor(I8, 1, 4, 4, 16), CONV).scratch == (1152,)


def test_a_dense_layer_quantised_by_channel() -> None:
    data, out = tensor(I8, 1, 8), tensor(I8, 1, 16)
    assert needs("FULLY_CONNECTED", [data, tensor(I8, 16, 8, scales=1)], out).prepare == ()
    assert needs("FULLY_CONNECTED", [data, tensor(I8, 16, 8, scales=16)], out).prepare == (64, 64)
    unfinished = TfliteTensor(I8, (16, 8), scales=16, zero_points=0)
    assert needs("FULLY_CONNECTED", [data, unfinished], out).prepare == ()


def test_a_transposed_convolution_sums_up_in_scratch() -> None:
    shape, out = tensor(I32, 4), (1, 8, 8, 16)
    weights = tensor(I8, 16, 3, 3, 8)

    def scratch(dtype: DType, bias: TfliteTensor | None) -> tuple[int, ...]:
        data = tensor(dtype, 1, 4, 4, 8)
        return needs("TRANSPOSE_CONV", [shape, weights, data, bias], tensor(dtype, *out)).scratch

    assert scratch(F32, None) == ()
    assert scratch(I8, tensor(I32, 16)) == (1024 * 4,)
    assert scratch(I16, tensor(I64, 16)) == (1024 * 8,)
    assert scratch(I16, tensor(I16, 16)) == (1024 * 8, 16 * 8)


def test_a_mean_of_integers_keeps_its_sums() -> None:
    axes, out = tensor(I32, 2), (1, 1, 1, 8)
    assert needs("MEAN", [tensor(F32, 1, 4, 4, 8), axes], tensor(F32, *out)).scratch == (16, 8)
    assert needs("MEAN", [tensor(I8, 1, 4, 4, 8), axes], tensor(I8, *out)).scratch == (32, 16, 8)
    assert needs("REDUCE_MAX", [tensor(I8, 1, 4, 4, 8), axes], tensor(I8, *out)).scratch == (16, 8)


def test_softmax_of_int16_keeps_two_tables() -> None:
    assert needs("SOFTMAX", [tensor(I16, 1, 10)], tensor(I16, 1, 10)).prepare == (1026, 1026)
    assert needs("SOFTMAX", [tensor(I8, 1, 10)], tensor(I8, 1, 10)).prepare == ()
    assert needs("SOFTMAX", [tensor(I8, 1, 10)], tensor(I8, 1, 10), abi=DEVICE).init == (56,)


def test_a_matrix_product_keeps_transposed_operands() -> None:
    a, b, out = tensor(I8, 2, 3, 5), tensor(I8, 2, 5, 4), tensor(I8, 2, 3, 4)
    # Quantisation; struct, shape and data of the right operand; shape of the result.
    assert needs("BATCH_MATMUL", [a, b], out, MatMul()).prepare == (28, 24, 16, 40, 16)
    assert needs("BATCH_MATMUL", [a, b], out, MatMul(), DEVICE).prepare == (28, 12, 16, 40, 16)
    both = MatMul(transpose_a=True, transpose_b=True)
    left = tensor(I8, 2, 5, 3)
    assert needs("BATCH_MATMUL", [left, b], out, both).prepare == (28, 24, 16, 30, 16)


def test_svdf_keeps_activations_and_for_integers_sums() -> None:
    weights = [tensor(F32, 12, 8), tensor(F32, 12, 5), None, tensor(F32, 2, 60)]
    svdf = Svdf(rank=2)
    need = needs("SVDF", [tensor(F32, 2, 8), *weights], tensor(F32, 2, 6), svdf)
    assert need.scratch == (2 * 12 * 4,)
    need = needs("SVDF", [tensor(I8, 2, 8), *weights], tensor(I8, 2, 6), svdf)
    assert need.scratch == (2 * 12 * 4, 2 * 6 * 4)


@pytest.mark.parametrize(("dtype", "each"), [(F32, 4), (I8, 2), (I16, 2)])
def test_an_lstm_keeps_four_gates_of_one_step(dtype: DType, each: int) -> None:
    lstm = Recurrent("lstm", (1,), (), hidden=5, batch_axis=0, time_axis=1)
    inputs = [tensor(dtype, 2, 3, 7), *[None] * 17, tensor(dtype, 2, 5)]
    need = needs("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, tensor(dtype, 2, 3, 5), lstm)
    assert need.init == (688,)
    assert need.scratch == (2 * 5 * each,) * 4


def test_pointers_in_scratch_depend_on_the_machine() -> None:
    operands: list[TfliteTensor | None] = [tensor(F32, 8)] * 3
    assert needs("ADD_N", operands, tensor(F32, 8)).scratch == (24,)
    assert needs("ADD_N", operands, tensor(F32, 8), abi=DEVICE).scratch == (12,)


def test_gather_copies_the_shape_of_its_result() -> None:
    inputs: list[TfliteTensor | None] = [tensor(F32, 4, 8, 3), tensor(I32, 3, 2)]
    assert needs("GATHER", inputs, tensor(F32, 3, 2, 8, 3)).prepare == (20,)


def test_an_input_that_is_missing_is_no_zero() -> None:
    with pytest.raises(LookupError, match="input 1 is missing"):
        needs("CONV_2D", [tensor(F32, 1, 4, 4, 8), None], tensor(F32, 1, 4, 4, 16), CONV)


def test_types_that_kernels_refuse() -> None:
    def reason(native: str, *inputs: TfliteTensor) -> str | None:
        return refusal(KernelNode(native, ANY, inputs, (inputs[0],)))

    data, weights = tensor(DType.UINT8, 1, 4, 4, 8), tensor(I8, 16, 3, 3, 8)
    assert reason("CONV_2D", data, weights) == "its CONV_2D takes no uint8 data"
    hybrid = reason("FULLY_CONNECTED", tensor(F32, 1, 8), tensor(I8, 16, 8))
    assert hybrid == "its FULLY_CONNECTED takes no int8 weights for float data"
    assert reason("CONV_2D", tensor(I16, 1, 4, 4, 8), weights) is None


@pytest.mark.parametrize(
    ("layout", "short", "whole"),
    [
        ("2e2be", 5, 16),  # TfLiteFullyConnectedParams
        ("eb", 2, 8),  # TfLiteAddParams
        ("(ep)2i3p2eb", 32, 40),  # TfLiteTensor
        ("e4ie4i", 40, 40),  # TfLitePoolParams: aligned by what stands between
    ],
)
def test_short_enums(layout: str, short: int, whole: int) -> None:
    assert (ARM.sizeof(layout), DEVICE.sizeof(layout)) == (short, whole)


def test_loading_takes_more_than_what_stays() -> None:
    """Worked by hand for a device: temporary memory lies between head and tail."""
    tensors = tuple(TfliteTensor(I8, (1, 8), scales=1, zero_points=1) for _ in range(3))
    add = TfliteOperator("ADD", (0, 1), (2,), "add")
    model = TfliteModel((TfliteSubgraph(tensors, (add,), (0,), (2,)),))
    node = node_of(model.subgraphs[0], add, Elementwise("add"))
    needs, looks = {(0, 0): RULES["ADD"](node, ARM)}, {(0, 0): looked_at(node)}
    found = load(model, needs, looks, 0, 48, 1, ARM)
    # Allocators and planner, subgraph, three tensors, one node, two bytes of options. They end at
    # 194 in an arena whose end lies 8 bytes behind an aligned address, and OpData behind them.
    fixed = 36 + 44 + 36 + 8 + 8 + 3 * 12 + 32 + 2 - 8
    tail = align_up(fixed + 60, 16)
    # Requests of twelve scratch buffers; a tensor, its quantisation and one zero point, thrice.
    assert found.total == align_up(12 * 12 + 3 * (32 + 12 + 8) + tail, 16) + 8
    assert found.total > found.tail + 48
    # The planner has tables: for each tensor, and for each buffer that it is given.
    planned = load(model, needs, looks, 0, 48, 3, ARM).total
    assert planned == align_up(align_up(12 * 12 + 4 + 3 * 24, 16) + tail + 3 * 40, 16) + 8


def test_the_tail_of_a_model_without_operators() -> None:
    tensors = (TfliteTensor(I8, (1, 8), scales=1, zero_points=1), TfliteTensor(F32, (1, 8)))
    model = TfliteModel((TfliteSubgraph(tensors, (), (0,), (1,)),))
    fixed = 104 + 72 + 272 + 16 + 24 + 2 * 24  # allocators, planner, subgraph, tensors
    inputs = 8 + 64 + 24 + 8  # pointer, tensor, quantisation, zero points
    assert fixed == 536
    # The table of inputs starts at a multiple of 16, and so does that of outputs.
    assert tail(model, HOST) == 544 + inputs + 8 + 64


def test_scales_without_zero_points_take_nothing() -> None:
    """TFLM keeps quantisation parameters only where the file holds both kinds."""

    def of(scales: int, zero_points: int) -> int:
        tensors = (TfliteTensor(I8, (1, 8), scales=scales, zero_points=zero_points),)
        return tail(TfliteModel((TfliteSubgraph(tensors, (), (0,), ()),)), DEVICE)

    assert of(1, 0) == of(0, 1) == of(0, 0)
    assert of(1, 1) > of(0, 0)
    assert of(9, 9) == of(9, 1) > of(1, 1)  # as many zero points as scales, whatever the file has


def test_temporary_tensors_without_zero_points_take_nothing_more() -> None:
    def of(scales: int, zero_points: int) -> int:
        given = TfliteTensor(I8, (1, 8), scales=scales, zero_points=zero_points)
        model = TfliteModel((TfliteSubgraph((given,), (), (), ()),))
        looks = {(0, 0): [given] * 64}
        return load(model, {(0, 0): Needs()}, looks, 0, 0, 0, DEVICE).total

    assert of(1, 0) == of(0, 1) == of(0, 0) < of(1, 1)
    assert of(1, 1) - of(1, 0) == 64 * (12 + 8)  # TfLiteAffineQuantization, and one zero point
    assert of(3, 3) - of(1, 1) == 64 * 2 * 4


def test_variables_lie_in_the_tail() -> None:
    plain = TfliteModel((TfliteSubgraph((TfliteTensor(F32, (1, 8)),), (), (), ()),))
    state = TfliteModel((TfliteSubgraph((TfliteTensor(F32, (1, 8), variable=True),), (), (), ()),))
    assert tail(state, DEVICE) == tail(plain, DEVICE) + 32
    # A table of variables: 16 and 40 bytes on the host, each from a multiple of 16.
    assert tail(plain, HOST, 1) - tail(plain, HOST) in range(16 + 40, 16 + 40 + 32)
