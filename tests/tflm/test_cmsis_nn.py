"""Scratch and data of CMSIS-NN's kernels: worked by hand from their sources."""

from dataclasses import replace
from pathlib import Path

import pytest

import mcugraph as mg
from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.ir import DType
from mcugraph.ops.convolution import Conv
from mcugraph.ops.linear import Dense
from mcugraph.ops.pooling import Pool
from mcugraph.ops.window import SAME_UPPER, VALID
from mcugraph.tflm.abi import ABIS
from mcugraph.tflm.kernels import LIBRARIES, KernelNode, Needs
from mcugraph.tflm.loaded import needs_of

ARM = ABIS["arm"]
F32, I4, I8, I16 = DType.FLOAT32, DType.INT4, DType.INT8, DType.INT16
CONV = Conv((1, 1), (1, 1), SAME_UPPER, channel_axis=-1, weight_out=0, weight_in=-1)
DEPTHWISE = replace(CONV, depthwise=True, weight_out=-1, weight_in=0)


def needs(native: str, op: object, result: TfliteTensor, *inputs: TfliteTensor) -> Needs:
    node = KernelNode(native, op, inputs, (result,))
    return LIBRARIES["cmsis-nn"][native](node, ARM)


def tensor(dtype: DType, *shape: int, scales: int = 1) -> TfliteTensor:
    return TfliteTensor(dtype, shape, scales=scales, zero_points=scales)


@pytest.mark.parametrize(
    ("op", "dtype", "window", "depth", "scratch"),
    [
        (CONV, I8, 3, 8, (2 * 2 * 72,)),  # two columns of 16 bits
        (CONV, I8, 3, 3, (2 * 2 * 28,)),  # 27, rounded up to a multiple of 4
        (CONV, I8, 1, 8, ()),  # a plain product
        (replace(CONV, strides=(2, 2)), I8, 1, 8, ()),
        (replace(CONV, dilations=(2, 2)), I8, 1, 8, (2 * 2 * 8,)),
        (CONV, I16, 3, 3, (2 * 2 * 27,)),
        (CONV, I16, 1, 8, (2 * 2 * 8,)),
        (CONV, F32, 3, 8, ()),
    ],
)
def test_a_convolution(
    op: Conv, dtype: DType, window: int, depth: int, scratch: tuple[int, ...]
) -> None:
    data, out = tensor(dtype, 1, 8, 8, depth), tensor(dtype, 1, 8, 8, 16)
    weights = tensor(F32 if dtype is F32 else I8, 16, window, window, depth)
    found = needs("CONV_2D", op, out, data, weights)
    assert found.scratch == scratch
    assert found.init == (56 + 4,)
    assert found.prepare == (() if dtype is F32 else (64, 64))
    # Channels first, as in a graph that was no file yet.
    turned = replace(op, channel_axis=1, weight_in=1)
    first = [tensor(t.dtype, t.shape[0], t.shape[3], *t.shape[1:3]) for t in (out, data, weights)]
    assert needs("CONV_2D", turned, *first).scratch == scratch


def test_groups_read_columns_of_all_channels() -> None:
    data, out = tensor(I8, 1, 8, 8, 8), tensor(I8, 1, 8, 8, 16)
    found = needs("CONV_2D", replace(CONV, groups=2), out, data, tensor(I8, 16, 1, 1, 4))
    assert found.scratch == (2 * 2 * 8,)


@pytest.mark.parametrize(
    ("op", "weights", "window", "batch", "made", "scratch"),
    [
        (DEPTHWISE, I8, 3, 1, 8, ()),  # a kernel of its own
        (DEPTHWISE, I4, 3, 1, 8, (2 * 8 * 9,)),
        (DEPTHWISE, I8, 5, 1, 8, (2 * 8 * 25,)),
        (DEPTHWISE, I8, 5, 2, 8, ()),
        (DEPTHWISE, I8, 5, 1, 16, ()),  # two results a channel
        (replace(DEPTHWISE, dilations=(2, 2)), I8, 5, 1, 8, ()),
        (replace(DEPTHWISE, padding=VALID), I8, 5, 1, 8, (2 * 8 * 25,)),
    ],
)
def test_a_depthwise_convolution(
    op: Conv, weights: DType, window: int, batch: int, made: int, scratch: tuple[int, ...]
) -> None:
    data, out = tensor(I8, batch, 9, 9, 8), tensor(I8, batch, 9, 9, made)
    found = needs("DEPTHWISE_CONV_2D", op, out, data, tensor(weights, 1, window, window, made))
    assert found.scratch == scratch


@pytest.mark.parametrize(
    ("result", "depth", "scales", "scratch"),
    [
        ((4, 16), 8, 1, ()),
        ((1, 4, 16), 8, 1, (8 * 16,)),  # as a convolution, which wants multipliers by channel
        ((1, 4, 16), 8, 16, ()),  # which are there
        ((1, 4, 16), 6, 1, ()),
    ],
)
def test_a_dense_layer(
    result: tuple[int, ...], depth: int, scales: int, scratch: tuple[int, ...]
) -> None:
    data, weights = tensor(I8, *result[:-1], depth), tensor(I8, 16, depth, scales=scales)
    found = needs("FULLY_CONNECTED", Dense(), tensor(I8, *result), data, weights)
    assert found.scratch == scratch
    assert found.init == (48 + 24,)


def test_pooling_sums_up_by_channel() -> None:
    pool = Pool("average", (2, 2), (2, 2), VALID, channel_axis=-1)
    for dtype, scratch in ((I8, (32,)), (I16, (32,)), (F32, ())):
        data, out = tensor(dtype, 1, 8, 8, 8), tensor(dtype, 1, 4, 4, 8)
        assert needs("AVERAGE_POOL_2D", pool, out, data).scratch == scratch
        assert needs("MAX_POOL_2D", replace(pool, function="max"), out, data).scratch == ()


def test_softmax_remembers_rows() -> None:
    assert needs("SOFTMAX", object(), tensor(I8, 1, 10), tensor(I8, 1, 10)).init == (56 + 8,)


def test_kernels_that_are_counted_as_the_reference_ones_are_named(models: Path) -> None:
    said = "TFLM's figures count the reference kernel for TRANSPOSE_CONV, not cmsis-nn's"
    for name, kernels, named in (
        ("unet", "cmsis-nn", True),
        ("unet", "reference", False),
        ("ds_cnn", "cmsis-nn", False),
    ):
        found = mg.profile(models / f"{name}_int8.tflite", kernels=kernels)
        assert (said in found.assumptions) is named


def test_shapes_that_contradict_each_other_are_said_not_to_be_known() -> None:
    inputs = (tensor(I8, 4, 12), tensor(I8, 8, 3, 3, 3))
    node = KernelNode("CONV_2D", CONV, inputs, (tensor(I8, 1, 8, 8, 8),))
    needs, problems = needs_of({(0, 0): node}, ARM, LIBRARIES["cmsis-nn"])
    assert needs == {}
    (said,) = problems
    assert said.startswith(
        "what TFLM's kernel of CONV_2D allocates is not known: a 2-d convolution"
    )
