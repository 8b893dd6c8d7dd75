"""Leads with CMSIS-NN against the loops of its kernels, for every kind of core."""

from collections.abc import Iterable
from math import prod
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from support import kernel_nodes as nodes
from support.kernel_traces import cmsis_nn, windows
from support.kernel_traces.steps import Step, spoils, unclipped_lead

import mcugraph as mg
from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.ir import DType
from mcugraph.ops.convolution import ConvTranspose
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.linear import Dense
from mcugraph.ops.movement import Transpose
from mcugraph.ops.pooling import Pool
from mcugraph.ops.selection import Pad
from mcugraph.ops.window import SAME_UPPER, VALID
from mcugraph.tflm.kernels import node_of

PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))
SIDES = st.tuples(st.integers(1, 6), st.integers(1, 6))
BATCHES = st.integers(1, 2)

Pair = tuple[int, int]
Shape = tuple[int, ...]


def check(kernel: nodes.KernelNode, *traces: Iterable[Step], spare: int = 0) -> None:
    """Hold the lead against a trace for each kind of core: safe for all, and exact for one.

    Args:
        kernel: With one input.
        traces: Of its loops.
        spare: Bytes that the lead may be too large.
    """
    ways = [list(steps) for steps in traces]
    data, result = kernel.inputs[0], kernel.outputs[0]
    assert data is not None
    sizes = data.dtype.bits // 8, result.dtype.bits // 8
    exact = [lead for steps in ways if (lead := unclipped_lead(steps, 0, *sizes)) is not None]
    lead = nodes.leads(kernel, "cmsis-nn").get(0, result.nbytes)
    assert not any(spoils(steps, 0, *sizes, lead) for steps in ways)
    wanted = max(0, *exact, 0)
    assert min(wanted, result.nbytes) <= lead <= min(wanted + spare, result.nbytes)


@given(BATCHES, SIDES, PAIRS, PAIRS, PAIRS, st.booleans(), PAIRS)
@example(1, (5, 5), (1, 1), (1, 1), (2, 2), True, (3, 3))
@example(1, (2, 3), (3, 3), (1, 1), (1, 1), True, (1, 3))
def test_a_convolution(
    batch: int,
    sides: Pair,
    kernel: Pair,
    stride: Pair,
    dilation: Pair,
    same: bool,
    depths: Pair,
) -> None:
    made, pad = nodes.placed(sides, kernel, stride, dilation, same)
    shape, filters = (batch, *sides, depths[0]), (depths[1], *kernel, depths[0])
    result = (batch, *made, depths[1])
    found = nodes.convolution(shape, filters, result, stride, dilation, same)
    if kernel == (1, 1) and dilation == (1, 1):
        ways = [cmsis_nn.one_by_one(shape, result, stride, vectors) for vectors in (False, True)]
        if stride == (1, 1):
            assert nodes.leads(found, "cmsis-nn") == {}
        else:
            # A row of the output may be written in any order.
            check(found, *ways, spare=prod(result[2:]))
    elif sides[0] == kernel[0] == dilation[1] == 1:
        assert nodes.leads(found, "cmsis-nn") == {}
    else:
        fixed = (shape, kernel, result, stride, dilation, pad)
        check(found, *(cmsis_nn.convolution(*fixed, vectors) for vectors in (False, True)))


def test_a_convolution_of_one_by_one_goes_pair_by_pair_of_channels() -> None:
    shape, result = (1, 6, 6, 8), (1, 6, 6, 8)
    found = nodes.convolution(shape, (8, 1, 1, 8), result, (1, 1), (1, 1), True)
    steps = list(cmsis_nn.one_by_one(shape, result, (1, 1), False))
    lead = nodes.leads(found, "reference")[0]
    assert spoils(steps, 0, 1, 1, lead)
    # Nearly the whole output is written when the last pair begins.
    assert unclipped_lead(steps, 0, 1, 1) == prod(result) - 2


@pytest.mark.parametrize("dtype", [DType.INT8, DType.INT16])
def test_groups_and_sixteen_bits_are_not_modelled(dtype: DType) -> None:
    grouped = nodes.convolution(
        (1, 6, 6, 8), (8, 3, 3, 4), (1, 6, 6, 8), (1, 1), (1, 1), True, dtype
    )
    assert nodes.leads(grouped, "cmsis-nn") == {}
    whole = nodes.convolution(
        (1, 6, 6, 8), (8, 3, 3, 8), (1, 6, 6, 8), (1, 1), (1, 1), True, DType.INT16
    )
    assert nodes.leads(whole, "cmsis-nn") == {}


@given(SIDES, PAIRS, PAIRS, st.booleans(), st.integers(1, 9))
@example((4, 5), (3, 3), (1, 1), True, 6)
@example((3, 2), (3, 3), (2, 2), True, 126)
@example((3, 2), (2, 3), (1, 1), True, 126)
def test_a_depthwise_convolution_of_one_channel_each(
    sides: Pair, kernel: Pair, stride: Pair, same: bool, depth: int
) -> None:
    made, pad = nodes.placed(sides, kernel, stride, (1, 1), same)
    shape, result = (1, *sides, depth), (1, *made, depth)
    found = nodes.depthwise(shape, kernel, result, stride, (1, 1), same)
    if depth > 124:
        assert nodes.leads(found, "cmsis-nn") == {}
        return
    fixed = (shape, kernel, result, stride, pad)
    ways = [
        cmsis_nn.depthwise_columns(*fixed, vectors=True),
        windows.depthwise(shape, (1, *kernel, depth), result, stride, (1, 1), pad),
    ]
    if kernel == (3, 3) and max(pad) <= 1:
        ways.append(cmsis_nn.depthwise_three(shape, result, stride, pad))
    else:
        ways.append(cmsis_nn.depthwise_columns(*fixed, vectors=False))
    check(found, *ways)


@given(BATCHES, SIDES, PAIRS, PAIRS, PAIRS, st.booleans(), PAIRS, st.integers(1, 4))
@example(1, (4, 4), (3, 3), (1, 1), (1, 1), True, (2, 4), 4)
def test_other_depthwise_convolutions(
    batch: int,
    sides: Pair,
    kernel: Pair,
    stride: Pair,
    dilation: Pair,
    same: bool,
    depths: Pair,
    multiplier: int,
) -> None:
    assume(batch > 1 or dilation != (1, 1) or multiplier > 1)
    depth = depths[0]
    made, pad = nodes.placed(sides, kernel, stride, dilation, same)
    shape, result = (batch, *sides, depth), (batch, *made, depth * multiplier)
    found = nodes.depthwise(shape, kernel, result, stride, dilation, same)
    if depth == 1 and multiplier > 1:
        assert nodes.leads(found, "cmsis-nn") == {}
        return
    if multiplier % 4 == 0 and batch == 1 and dilation == (1, 1):
        # Four at once: three bytes less would do.
        check(found, cmsis_nn.depthwise_fours(shape, kernel, result, stride, pad), spare=3)
    else:
        filters = (1, *kernel, result[3])
        check(found, windows.depthwise(shape, filters, result, stride, dilation, pad))


@given(BATCHES, SIDES, PAIRS, PAIRS, st.booleans(), st.integers(1, 5))
def test_pooling(
    batch: int, sides: Pair, window: Pair, stride: Pair, same: bool, depth: int
) -> None:
    made, pad = nodes.placed(sides, window, stride, (1, 1), same)
    shape, result = (batch, *sides, depth), (batch, *made, depth)
    padding = SAME_UPPER if same else VALID
    fixed = (shape, window, result, stride, pad)
    for dtype in (DType.INT8, DType.INT16):
        a, b = nodes.tensor("a", shape, dtype), nodes.tensor("b", result, dtype)
        op = Pool("average", window, stride, padding, channel_axis=-1)
        found = nodes.node("AVERAGE_POOL_2D", op, [a], b)
        check(found, cmsis_nn.average_pool(*fixed), windows.pool(*fixed))
        op = Pool("max", window, stride, padding, channel_axis=-1)
        check(nodes.node("MAX_POOL_2D", op, [a], b), cmsis_nn.max_pool(*fixed))


@given(st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple), st.data())
def test_padding(shape: Shape, data: st.DataObject) -> None:
    pairs = st.tuples(st.integers(0, 2), st.integers(0, 2))
    pads = tuple(data.draw(pairs) for _ in shape)
    made = tuple(n + sum(pair) for n, pair in zip(shape, pads, strict=True))
    constant = nodes.tensor("pads", (len(shape), 2), DType.INT32, constant=True)
    a, b = nodes.tensor("a", shape), nodes.tensor("b", made)
    # Axes that are not there are the first ones.
    more = 4 - len(shape)
    steps = cmsis_nn.padded((*(1,) * more, *shape), (*((0, 0),) * more, *pads))
    check(nodes.node("PAD", Pad(pads), [a, constant], b), steps)


@given(st.integers(1, 9), st.sampled_from(["ADD", "MUL", "MAXIMUM", "MINIMUM"]))
def test_operands_of_one_shape(count: int, native: str) -> None:
    tensors = [nodes.tensor(name, (count,)) for name in "ab"]
    op = Elementwise(native.lower())
    found = nodes.node(native, op, tensors, nodes.tensor("c", (count,)))
    assert nodes.leads(found, "cmsis-nn") == {0: 0, 1: 0}
    for which in range(2):
        assert not spoils(cmsis_nn.by_fours(count, 2), which, 1, 1, 0)


def test_what_is_not_modelled_of_the_library_does_not_overlap() -> None:
    row, full = nodes.tensor("a", (1, 4)), nodes.tensor("b", (3, 4))
    maximum = nodes.node("MAXIMUM", Elementwise("maximum"), [full, row], full)
    assert nodes.leads(maximum, "cmsis-nn") == {}
    dense = nodes.node("FULLY_CONNECTED", Dense(), [full, nodes.weights((4, 4)), None], full)
    assert nodes.leads(dense, "cmsis-nn") == {}
    turned = nodes.node("TRANSPOSE", Transpose((1, 0)), [full], nodes.tensor("c", (4, 3)))
    assert nodes.leads(turned, "cmsis-nn") == {}
    op = ConvTranspose((2, 2), (1, 1), SAME_UPPER, channel_axis=-1, weight_out=0, weight_in=-1)
    a, b = nodes.tensor("a", (1, 2, 2, 3)), nodes.tensor("b", (1, 4, 4, 2))
    shape = nodes.tensor("shape", (4,), DType.INT32, constant=True)
    wide = nodes.node("TRANSPOSE_CONV", op, [shape, nodes.weights((2, 3, 3, 3)), a], b)
    assert nodes.leads(wide, "cmsis-nn") == {}


@pytest.mark.parametrize("stride", [(1, 1), (2, 2)])
def test_floats_are_run_by_the_reference_kernels(stride: Pair) -> None:
    made = 4 // stride[0]
    shape, result = (1, 4, 4, 3), (1, made, made, 5)
    found = nodes.convolution(shape, (5, 1, 1, 3), result, stride, (1, 1), True, DType.FLOAT32)
    assert nodes.leads(found, "cmsis-nn") == nodes.leads(found, "reference") != {}
    a, b = nodes.tensor("a", shape, DType.FLOAT32), nodes.tensor("b", shape, DType.FLOAT32)
    op = Pool("max", (3, 3), (1, 1), SAME_UPPER, channel_axis=-1)
    pool = nodes.node("MAX_POOL_2D", op, [a], b)
    assert nodes.leads(pool, "cmsis-nn") == nodes.leads(pool, "reference")


SHARED = Path(__file__).resolve().parents[4] / "shared" / "models" / "tflite"


@pytest.mark.parametrize(
    "file",
    ["tflm_person_detect", "mlperftiny_vww_96_int8", "mlperftiny_kws_ref_model"],
)
def test_a_pointwise_convolution_of_a_model_by_other_people_has_no_lead(file: str) -> None:
    """Plans that overlap there as the reference kernels allow compute something else."""
    path = SHARED / f"{file}.tflite"
    if not path.is_file():
        pytest.skip("there are no shared models")
    graph = mg.load(path)
    model = graph.source.file
    assert isinstance(model, TfliteModel)
    main = model.subgraphs[0]
    ops = {operator.name: operator.op for operator in graph.operators}
    pointwise = 0
    for operator in main.operators:
        kernel = node_of(main, operator, ops[operator.name])
        if operator.native == "CONV_2D" and set(kernel.input(1).shape[1:3]) == {1}:
            pointwise += 1
            assert nodes.leads(kernel, "cmsis-nn") == {}
            assert nodes.leads(kernel, "reference") != {}
    assert pointwise
