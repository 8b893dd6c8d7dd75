"""Windows lie where ONNX Runtime and PyTorch put them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import mcugraph as mg
from mcugraph.formats.dims import Bindings
from mcugraph.formats.onnx.importer import load_onnx
from mcugraph.ir import Graph
from mcugraph.ops.window import SAME_UPPER, Sweep, Windowed

Make = Callable[..., bytes]
Run = Callable[..., list[Any]]
AXES = st.tuples(st.integers(1, 9), st.integers(1, 4), st.integers(1, 3), st.integers(1, 2))
CASES = st.lists(AXES, min_size=1, max_size=2)
MODES = st.sampled_from(["SAME_UPPER", "SAME_LOWER", "VALID"])


def distinct(*shape: int) -> Any:
    """Small numbers, no two alike."""
    return np.arange(1, 1 + np.prod(shape), dtype=np.float32).reshape(shape)


def imported(data: bytes) -> Graph:
    return load_onnx("one.onnx", data, Bindings("one.onnx", None))


def written_out(data: bytes) -> list[int]:
    """The ``pads`` that a window's automatic padding stands for."""
    graph = imported(data)
    (operator,) = graph.operators
    assert isinstance(operator.op, Windowed)
    shapes = [graph.tensors[name or ""].shape for name in operator.inputs]
    sweeps = operator.op.sweeps(shapes).values()
    amounts = [operator.op.padding.amounts(i, sweep) for i, sweep in enumerate(sweeps)]
    return [before for before, _ in amounts] + [after for _, after in amounts]


@settings(max_examples=60)
@given(case=CASES, mode=MODES)
def test_automatic_padding_is_what_the_runtime_computes(
    case: list[tuple[int, int, int, int]], mode: str, one_node: Make, run: Run
) -> None:
    """The results are the same numbers whether the rule is given, or its amounts."""
    size, kernel, strides, dilations = (list(values) for values in zip(*case, strict=True))
    if mode != "VALID":
        dilations = [1] * len(size)  # others the runtime refuses there
    reaches = [d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True)]
    assume(mode != "VALID" or all(r <= n for r, n in zip(reaches, size, strict=True)))
    inputs, constants = {"a": distinct(1, 1, *size)}, {"b": distinct(1, 1, *kernel)}
    window = {"strides": strides, "dilations": dilations}
    by_rule = one_node("Conv", inputs, 1, constants, auto_pad=mode, **window)
    by_amounts = one_node("Conv", inputs, 1, constants, pads=written_out(by_rule), **window)
    (first,), (second,) = run(by_rule, inputs), run(by_amounts, inputs)
    np.testing.assert_array_equal(first, second)
    assert imported(by_rule).tensors["y0"].shape == first.shape


@settings(max_examples=60)
@given(case=CASES, mode=MODES, type_=st.sampled_from(["MaxPool", "AveragePool"]))
def test_automatic_padding_of_poolings(
    case: list[tuple[int, int, int, int]], mode: str, type_: str, one_node: Make, run: Run
) -> None:
    size, kernel, strides, _ = (list(values) for values in zip(*case, strict=True))
    # Windows that do not touch get negative padding there, which the runtime then refuses.
    limits = size if mode == "VALID" else kernel
    lower = kernel if mode == "VALID" else strides
    assume(all(a <= b for a, b in zip(lower, limits, strict=True)))
    inputs, window = {"a": distinct(1, 1, *size)}, {"strides": strides, "kernel_shape": kernel}
    by_rule = one_node(type_, inputs, auto_pad=mode, **window)
    by_amounts = one_node(type_, inputs, pads=written_out(by_rule), **window)
    (first,), (second,) = run(by_rule, inputs), run(by_amounts, inputs)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("mode", ["SAME_UPPER", "SAME_LOWER", "VALID"])
@pytest.mark.parametrize("size", [7, 8])
@pytest.mark.parametrize("kernel", [2, 3])
def test_a_network_costs_the_same_by_rule_and_by_amounts(
    mode: str, size: int, kernel: int, one_node: Make
) -> None:
    inputs, constants = {"a": distinct(1, 4, size, size)}, {"b": distinct(8, 4, kernel, kernel)}
    by_rule = one_node("Conv", inputs, 1, constants, auto_pad=mode, strides=[2, 2])
    pads = written_out(by_rule)
    by_amounts = one_node("Conv", inputs, 1, constants, pads=pads, strides=[2, 2])
    first, second = (mg.profile(imported(data), precision="int8") for data in (by_rule, by_amounts))
    assert first.memory == second.memory
    assert (first.macs, first.elementwise, first.layers) == (
        second.macs,
        second.elementwise,
        second.layers,
    )
    padded = size * size * 4 + (size + pads[0] + pads[2]) * (size + pads[1] + pads[3]) * 4
    assert (first.memory.tflm_arena >= padded) is (pads[0] > pads[2])


@settings(max_examples=60)
@given(
    case=CASES,
    amounts=st.lists(st.integers(0, 2), min_size=2, max_size=2),
    ceil=st.booleans(),
)
def test_poolings_of_pytorch(
    case: list[tuple[int, int, int, int]], amounts: list[int], ceil: bool, one_node: Make
) -> None:
    """PyTorch refuses what does not fit, and so do the rules."""
    torch = pytest.importorskip("torch")
    size, kernel, strides, dilations = (list(values) for values in zip(*case, strict=True))
    pads = [min(amount, k // 2) for amount, k in zip(amounts, kernel, strict=False)]
    inputs = {"a": distinct(1, 1, *size)}
    data = one_node(
        "MaxPool",
        inputs,
        kernel_shape=kernel,
        strides=strides,
        dilations=dilations,
        pads=pads * 2,
        ceil_mode=int(ceil),
    )
    pool = (torch.nn.functional.max_pool1d, torch.nn.functional.max_pool2d)[len(size) - 1]
    try:
        expected = pool(torch.tensor(inputs["a"]), kernel, strides, pads, dilations, ceil)
    except RuntimeError:
        with pytest.raises(mg.FormatError, match="does not fit"):
            imported(data)
        return
    assert imported(data).tensors["y0"].shape == tuple(expected.shape)


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@settings(max_examples=40)
@given(st.lists(st.integers(1, 9), min_size=2, max_size=2), st.integers(1, 4), st.integers(1, 3))
def test_same_of_pytorch(size: list[int], kernel: int, dilation: int) -> None:
    """It shares SAME of TFLite out: the smaller half comes first."""
    torch = pytest.importorskip("torch")
    pairs = [SAME_UPPER.amounts(0, Sweep(length, kernel, 1, dilation)) for length in size]
    data = torch.tensor(distinct(1, 1, *size))
    weight = torch.tensor(distinct(1, 1, kernel, kernel))
    padded = torch.nn.functional.pad(data, [*pairs[1], *pairs[0]])
    torch.testing.assert_close(
        torch.nn.functional.conv2d(data, weight, padding="same", dilation=dilation),
        torch.nn.functional.conv2d(padded, weight, dilation=dilation),
    )
