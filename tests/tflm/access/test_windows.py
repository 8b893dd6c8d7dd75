"""Leads of convolutions and poolings against their loops."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import kernel_nodes as nodes
from support.kernel_traces import windows

from mcugraph.ir import DType
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.pooling import Pool
from mcugraph.ops.window import SAME_UPPER, VALID, Sweep
from mcugraph.tflm.kernels.access.by_window import along, first_places
from mcugraph.tflm.kernels.access.raster import picked

DTYPES = st.sampled_from([DType.INT8, DType.INT16, DType.FLOAT32])
PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))
SIDES = st.tuples(st.integers(1, 6), st.integers(1, 6))
BATCHES = st.integers(1, 2)

Pair = tuple[int, int]


@given(BATCHES, SIDES, PAIRS, PAIRS, PAIRS, st.booleans(), DTYPES, st.integers(1, 3), st.data())
def test_a_convolution(
    batch: int,
    sides: Pair,
    kernel: Pair,
    stride: Pair,
    dilation: Pair,
    same: bool,
    dtype: DType,
    groups: int,
    data: st.DataObject,
) -> None:
    depth, each = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
    made, pad = nodes.placed(sides, kernel, stride, dilation, same)
    shape, result = (batch, *sides, groups * depth), (batch, *made, groups * each)
    filters = (groups * each, *kernel, depth)
    kernel_node = nodes.convolution(shape, filters, result, stride, dilation, same, dtype)
    steps = windows.convolution(shape, filters, result, stride, dilation, pad)
    nodes.check_lead(kernel_node, 0, steps)


@given(
    BATCHES, SIDES, PAIRS, PAIRS, PAIRS, st.booleans(), DTYPES, st.integers(1, 4), st.integers(1, 3)
)
def test_a_depthwise_convolution(
    batch: int,
    sides: Pair,
    kernel: Pair,
    stride: Pair,
    dilation: Pair,
    same: bool,
    dtype: DType,
    channels: int,
    multiplier: int,
) -> None:
    made, pad = nodes.placed(sides, kernel, stride, dilation, same)
    shape, result = (batch, *sides, channels), (batch, *made, channels * multiplier)
    filters = (1, *kernel, channels * multiplier)
    kernel_node = nodes.depthwise(shape, kernel, result, stride, dilation, same, dtype)
    steps = windows.depthwise(shape, filters, result, stride, dilation, pad)
    nodes.check_lead(kernel_node, 0, steps)


@given(
    st.sampled_from(["average", "max", "lp"]),
    BATCHES,
    SIDES,
    PAIRS,
    PAIRS,
    st.booleans(),
    DTYPES,
    st.integers(1, 4),
)
def test_a_pooling(
    function: str,
    batch: int,
    sides: Pair,
    window: Pair,
    stride: Pair,
    same: bool,
    dtype: DType,
    channels: int,
) -> None:
    made, pad = nodes.placed(sides, window, stride, (1, 1), same)
    shape, result = (batch, *sides, channels), (batch, *made, channels)
    op = Pool(function, window, stride, SAME_UPPER if same else VALID, channel_axis=-1)
    native = {"average": "AVERAGE_POOL_2D", "max": "MAX_POOL_2D", "lp": "L2_POOL_2D"}[function]
    a, b = nodes.tensor("a", shape, dtype), nodes.tensor("b", result, dtype)
    steps = windows.pool(shape, window, result, stride, pad)
    nodes.check_lead(nodes.node(native, op, [a], b), 0, steps)


@pytest.mark.parametrize("dtype", [DType.INT8, DType.INT16])
def test_a_transposed_convolution_of_integers_reads_all_before_it_writes(dtype: DType) -> None:
    op = ConvTranspose((2, 2), (1, 1), SAME_UPPER, channel_axis=-1, weight_out=0, weight_in=-1)
    shape = nodes.tensor("shape", (4,), DType.INT32, constant=True)
    a, b = nodes.tensor("a", (1, 2, 2, 3), dtype), nodes.tensor("b", (1, 4, 4, 2), dtype)
    kernel_node = nodes.node("TRANSPOSE_CONV", op, [shape, nodes.weights((2, 3, 3, 3)), a], b)
    nodes.check_lead(kernel_node, 2, windows.transposed_in_scratch(a.shape, b.shape, 2))


def test_a_transposed_convolution_of_floats_clears_its_output_first() -> None:
    op = ConvTranspose((2, 2), (1, 1), SAME_UPPER, channel_axis=-1, weight_out=0, weight_in=-1)
    shape = nodes.tensor("shape", (4,), DType.INT32, constant=True)
    a = nodes.tensor("a", (1, 2, 2, 3), DType.FLOAT32)
    b = nodes.tensor("b", (1, 4, 4, 2), DType.FLOAT32)
    weights = nodes.weights((2, 3, 3, 3), DType.FLOAT32)
    assert nodes.leads(nodes.node("TRANSPOSE_CONV", op, [shape, weights, a], b)) == {}


def test_data_with_channels_first_is_not_what_the_kernels_see() -> None:
    op = Conv((1, 1), (1, 1), VALID)
    a, b = nodes.tensor("a", (1, 3, 5, 5)), nodes.tensor("b", (1, 3, 3, 3))
    assert nodes.leads(nodes.node("CONV_2D", op, [a, nodes.weights((3, 3, 3, 3))], b)) == {}


few, bytes_apart = st.integers(1, 4), st.integers(0, 9)
sweeps = st.builds(Sweep, st.integers(1, 12), few, few, few)


@given(sweeps, st.integers(0, 9), few, st.tuples(bytes_apart, bytes_apart))
def test_few_windows_along_an_axis_decide(
    sweep: Sweep, before: int, more: int, apart: tuple[int, int]
) -> None:
    """Those that are looked at say what all of them do."""
    count = (before + sweep.size) // sweep.stride + more
    places = first_places(sweep, before, count)
    assert along(sweep, before, count, *apart) == picked(places, *apart)
