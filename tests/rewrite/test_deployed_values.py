"""The deployed form computes what the model does: it is executed, not only counted."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcugraph as mg
from mcugraph.ir import Graph
from mcugraph.ops.window import SAME_UPPER, VALID
from mcugraph.rewrite.accounting import counted_forms

torch = pytest.importorskip("torch")

Run = Callable[[Graph, dict[str, np.ndarray]], list[np.ndarray]]
MODELS = Path(__file__).resolve().parents[2] / "fixtures" / "models"


def random_inputs(graph: Graph, seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {
        name: random.standard_normal(graph.tensors[name].shape or ()).astype(np.float32)
        for name in graph.inputs
    }


@pytest.mark.parametrize("network", sorted(path.stem for path in MODELS.glob("*.onnx")))
def test_fixtures_compute_what_onnxruntime_computes(network: str, run_graph: Run) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    path = MODELS / f"{network}.onnx"
    graph = mg.load(path)
    inputs = random_inputs(graph)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    deployed = counted_forms(graph, "deployed").runs
    assert deployed is not graph
    for expected, *found in zip(
        session.run(None, inputs),
        run_graph(graph, inputs),
        run_graph(deployed, inputs),
        strict=True,
    ):
        for result in found:
            np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4)


# The steps of a norm by the mean and the spread of its data, before what it multiplies and adds.
CENTRED = ["reduce_mean", "sub", "mul", "reduce_mean", "add", "rsqrt", "mul"]


def norm(channels: int, dims: int = 2, **options: Any) -> Any:
    layer = (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)[dims - 1](channels, **options)
    random = torch.Generator().manual_seed(channels)
    layer.running_mean.copy_(torch.randn(channels, generator=random))
    layer.running_var.copy_(torch.rand(channels, generator=random) + 0.5)
    if layer.affine:
        with torch.no_grad():
            layer.weight.copy_(torch.randn(channels, generator=random))
            layer.bias.copy_(torch.randn(channels, generator=random))
    return layer


NN = torch.nn


class Times(torch.nn.Module):
    """A multiplication by constants."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        random = torch.Generator().manual_seed(1)
        self.register_buffer("by", torch.randn(shape, generator=random))

    def forward(self, x: Any) -> Any:
        return x * self.by


class TwiceScaled(torch.nn.Module):
    """One layer whose results are scaled by two factors."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(4, 4)

    def forward(self, x: Any) -> Any:
        x = self.layer(x) * 3.0
        return self.layer(torch.relu(x)) * 0.5 + x


IN_GROUPS = ["slice", "conv_transpose2d", "slice", "conv_transpose2d", "concat"]
CASES: dict[str, tuple[Callable[[], Any], tuple[int, ...], list[str]]] = {
    "conv": (
        lambda: NN.Sequential(NN.Conv2d(3, 6, 3, stride=2, padding=1), norm(6)),
        (1, 3, 9, 9),
        ["conv2d"],
    ),
    "conv_without_bias": (
        lambda: NN.Sequential(NN.Conv2d(3, 6, 3, bias=False), norm(6, eps=0.25), NN.ReLU()),
        (1, 3, 8, 8),
        ["conv2d"],
    ),
    "strided_padding": (
        lambda: NN.Sequential(NN.Conv2d(3, 6, 3, stride=2, padding=1), NN.ReLU6()),
        (1, 3, 8, 8),
        ["pad", "conv2d"],
    ),
    "max_pool_with_padding": (lambda: NN.MaxPool2d(3, 2, 1), (1, 3, 8, 8), ["pad", "max_pool2d"]),
    "average_pool": (lambda: NN.AvgPool2d(2, 2), (1, 3, 8, 8), ["average_pool2d"]),
    "average_pool_that_counts_zeros": (
        lambda: NN.AvgPool2d(3, 1, 1),
        (1, 3, 8, 8),
        ["pad", "average_pool2d"],
    ),
    "average_pool_strided": (
        lambda: NN.Sequential(NN.AvgPool2d(3, 2, 1, count_include_pad=False), NN.ReLU()),
        (1, 3, 8, 8),
        ["pad", "average_pool2d", "mul"],
    ),
    "average_pool_without_zeros": (
        lambda: NN.AvgPool2d(3, 1, 1, count_include_pad=False),
        (1, 3, 8, 8),
        ["average_pool2d"],
    ),
    "average_pool_with_a_divisor": (
        lambda: NN.AvgPool2d(2, 2, divisor_override=3),
        (1, 3, 8, 8),
        ["average_pool2d", "mul"],
    ),
    "average_pool_divided_by_its_area": (
        lambda: NN.AvgPool2d(2, 2, divisor_override=4),
        (1, 3, 8, 8),
        ["average_pool2d"],
    ),
    "average_pool_padded_with_a_divisor": (
        lambda: NN.Sequential(
            NN.AvgPool2d(3, 1, 1, count_include_pad=False, divisor_override=9), NN.ReLU()
        ),
        (1, 3, 8, 8),
        ["pad", "average_pool2d"],
    ),
    "zeros_around": (lambda: NN.ConstantPad2d((1, 2, 0, 1), 0.0), (1, 3, 4, 5), ["pad"]),
    "ones_around": (
        lambda: NN.Sequential(NN.ConstantPad2d((1, 2, 0, 1), 1.5), NN.Conv2d(3, 4, 3)),
        (1, 3, 4, 5),
        ["pad", "conv2d"],
    ),
    "partial_windows": (
        lambda: NN.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False),
        (1, 3, 6, 7),
        ["pad", "average_pool2d", "mul"],
    ),
    "partial_windows_that_count_zeros": (
        lambda: NN.AvgPool2d(3, 2, 1, ceil_mode=True),
        (1, 3, 6, 7),
        ["pad", "average_pool2d", "mul"],
    ),
    "partial_windows_of_max": (
        lambda: NN.MaxPool2d(3, 2, 1, ceil_mode=True),
        (1, 3, 6, 7),
        ["pad", "max_pool2d"],
    ),
    "not_affine": (
        lambda: NN.Sequential(NN.Conv2d(3, 6, 1), norm(6, affine=False)),
        (1, 3, 4, 4),
        ["conv2d"],
    ),
    "grouped": (
        lambda: NN.Sequential(NN.Conv2d(4, 6, 3, groups=2, bias=False), norm(6)),
        (1, 4, 6, 6),
        ["conv2d"],
    ),
    "depthwise": (
        lambda: NN.Sequential(NN.Conv2d(4, 8, 3, groups=4), norm(8)),
        (1, 4, 6, 6),
        ["depthwise_conv2d"],
    ),
    "one_channel": (
        lambda: NN.Sequential(NN.Conv2d(1, 4, 3), norm(4)),
        (1, 1, 6, 6),
        ["depthwise_conv2d"],
    ),
    "conv1d": (
        lambda: NN.Sequential(NN.Conv1d(3, 5, 3), norm(5, 1)),
        (1, 3, 9),
        ["conv1d"],
    ),
    "transposed": (
        lambda: NN.Sequential(NN.ConvTranspose2d(3, 4, 2, 2, bias=False), norm(4)),
        (1, 3, 5, 5),
        ["conv_transpose2d"],
    ),
    "transposed_same": (
        lambda: NN.Sequential(NN.ConvTranspose2d(3, 4, 4, 2, 1), NN.ReLU()),
        (1, 3, 5, 6),
        ["conv_transpose2d"],
    ),
    "transposed_and_cut": (
        lambda: NN.Sequential(NN.ConvTranspose2d(3, 4, 3, 2, 1, 1), norm(4), NN.ReLU()),
        (1, 3, 5, 6),
        ["conv_transpose2d", "slice"],
    ),
    "transposed_odd": (
        lambda: NN.ConvTranspose2d(3, 4, (3, 5), 2, (1, 0)),
        (1, 3, 5, 6),
        ["conv_transpose2d", "slice"],
    ),
    "transposed_beyond": (
        lambda: NN.ConvTranspose2d(3, 4, 2, 2, 0, 1),
        (1, 3, 5, 6),
        ["conv_transpose2d"],
    ),
    "transposed_unstrided": (
        lambda: NN.Sequential(NN.ConvTranspose2d(3, 4, (3, 5), 1, (1, 2)), norm(4), NN.ReLU()),
        (1, 3, 5, 6),
        ["conv2d"],
    ),
    "transposed_unstrided_dilated": (
        lambda: NN.ConvTranspose2d(3, 4, 3, 1, 1, dilation=2),
        (1, 3, 5, 6),
        ["pad", "conv2d"],
    ),
    "transposed_of_one_channel": (
        lambda: NN.ConvTranspose2d(1, 4, 3, 1, 1),
        (1, 1, 5, 6),
        ["depthwise_conv2d"],
    ),
    "transposed_in_groups": (
        lambda: NN.Sequential(NN.ConvTranspose2d(4, 6, 3, 2, groups=2), norm(6), NN.ReLU()),
        (1, 4, 5, 5),
        IN_GROUPS,
    ),
    "transposed_in_groups_and_cut": (
        lambda: NN.ConvTranspose2d(4, 6, 3, 2, 1, 1, groups=2, bias=False),
        (1, 4, 5, 6),
        [*IN_GROUPS, "slice"],
    ),
    "transposed_in_groups_unstrided": (
        lambda: NN.Sequential(NN.ConvTranspose2d(4, 6, 3, 1, 1, groups=2), norm(6)),
        (1, 4, 5, 6),
        ["conv2d"],
    ),
    "transposed_beyond_and_cut": (
        lambda: NN.ConvTranspose2d(3, 4, (4, 2), 3, (1, 0), (2, 1)),
        (1, 3, 5, 6),
        ["conv_transpose2d", "slice"],
    ),
    "dense": (lambda: NN.Sequential(NN.Linear(7, 5), norm(5, 1)), (2, 7), ["dense"]),
    "channel_shuffle": (
        lambda: NN.Sequential(NN.ChannelShuffle(2), NN.Conv2d(6, 4, 1)),
        (1, 6, 3, 3),
        ["reshape", "transpose", "reshape", "conv2d"],
    ),
    "norm_of_rows": (
        lambda: NN.Sequential(NN.Linear(7, 5), norm(5, 1)),
        (2, 5, 7),
        ["dense", "mul", "add"],
    ),
    "alone": (
        lambda: NN.Sequential(norm(3), NN.ReLU(), NN.Conv2d(3, 4, 1, bias=False)),
        (1, 3, 4, 4),
        ["mul", "add", "conv2d"],
    ),
    "clip": (
        lambda: NN.Sequential(NN.Conv2d(3, 4, 1), NN.Hardtanh(-2.0, 3.0)),
        (1, 3, 4, 4),
        ["conv2d", "mul", "add"],
    ),
    "clip_without_bounds": (
        lambda: NN.Sequential(NN.Conv2d(3, 4, 1), NN.Hardtanh(-math.inf, math.inf)),
        (1, 3, 4, 4),
        ["conv2d"],
    ),
    "clip_with_one_bound": (
        lambda: NN.Sequential(NN.Conv2d(3, 4, 1), NN.Hardtanh(-math.inf, 0.5)),
        (1, 3, 4, 4),
        ["conv2d", "sub"],
    ),
    **{
        name: (lambda act=act: NN.Sequential(act, NN.Flatten()), (1, 3, 4, 4), [*kinds, "flatten"])
        for name, act, kinds in [
            ("clip_alone", NN.Hardtanh(-2.0, 3.0), ["add", "mul", "mul", "add"]),
            ("clip_from_below", NN.Threshold(0.25, 0.25), ["add", "add"]),
            ("gelu_by_a_sigmoid", NN.GELU("tanh"), ["mul", "mul", "add", "mul", "sigmoid", "mul"]),
            ("hard_shrink", NN.Hardshrink(0.3), ["abs", "add", "mul", "mul", "mul"]),
            ("hard_sigmoid", NN.Hardsigmoid(), ["add", "mul"]),
            ("log_sigmoid", NN.LogSigmoid(), ["abs", "sigmoid", "log", "mul", "sub"]),
            ("soft_shrink", NN.Softshrink(0.3), ["add", "mul", "mul", "add", "sub"]),
            ("threshold", NN.Threshold(0.1, -0.5), ["add", "mul", "add", "mul", "mul", "add"]),
        ]
    },
    "hard_sigmoid_between_layers": (
        lambda: NN.Sequential(NN.Conv2d(3, 4, 1), NN.Hardsigmoid(), NN.Conv2d(4, 2, 1)),
        (1, 3, 4, 4),
        ["conv2d", "conv2d"],
    ),
    "clip_between_dense_layers": (
        lambda: NN.Sequential(NN.Linear(7, 5), NN.Hardtanh(-2.0, 3.0), NN.Linear(5, 2, bias=False)),
        (2, 7),
        ["dense", "dense"],
    ),
    "clip_before_a_pad": (
        lambda: NN.Sequential(NN.Hardtanh(-2.0, 3.0), NN.Conv2d(3, 4, 3, padding=1)),
        (1, 3, 4, 4),
        ["add", "mul", "mul", "add", "conv2d"],
    ),
    "softplus": (
        lambda: NN.Sequential(NN.Conv2d(3, 4, 1), NN.Softplus(), NN.Flatten()),
        (1, 3, 4, 4),
        ["conv2d", "abs", "sigmoid", "log", "relu", "sub", "flatten"],
    ),
    "softplus_between_layers": (
        lambda: NN.Sequential(NN.Conv2d(3, 4, 1), NN.Softplus(3.0), NN.Conv2d(4, 2, 3, padding=1)),
        (1, 3, 4, 4),
        ["conv2d", "abs", "sigmoid", "log", "relu", "sub", "conv2d"],
    ),
    "mish": (
        NN.Mish,
        (1, 3, 4, 4),
        ["abs", "sigmoid", "log", "relu", "sub", "tanh", "mul"],
    ),
    "celu": (
        lambda: NN.Sequential(NN.Linear(7, 5, bias=False), NN.CELU(0.7), NN.Linear(5, 2)),
        (2, 7),
        ["dense", "elu", "dense"],
    ),
    "celu_before_a_pad": (
        lambda: NN.Sequential(NN.CELU(0.7), NN.Conv2d(3, 4, 3, 2, 1)),
        (1, 3, 8, 8),
        ["mul", "elu", "mul", "pad", "conv2d"],
    ),
    "factor_a_channel": (
        lambda: NN.Sequential(NN.Conv2d(3, 4, 3), Times((4, 1, 1)), NN.ReLU(), Times((1,))),
        (1, 3, 6, 6),
        ["conv2d", "mul"],
    ),
    "factor_in_groups": (
        lambda: NN.Sequential(NN.ConvTranspose2d(4, 6, 3, 2, groups=2), Times((6, 1, 1))),
        (1, 4, 5, 5),
        IN_GROUPS,
    ),
    "factor_of_rows": (
        lambda: NN.Sequential(NN.Linear(7, 5), Times((3, 1))),
        (2, 3, 7),
        ["dense", "mul"],
    ),
    "factor_before": (
        lambda: NN.Sequential(NN.ReLU(), Times((1,)), NN.Conv2d(3, 4, 3)),
        (1, 3, 6, 6),
        ["relu", "conv2d"],
    ),
    "factors_of_channels_before": (
        lambda: NN.Sequential(NN.ReLU(), Times((3, 1, 1)), NN.Conv2d(3, 4, 3)),
        (1, 3, 6, 6),
        ["relu", "mul", "conv2d"],
    ),
    "group_norm": (
        lambda: NN.Sequential(NN.Conv2d(3, 6, 1), NN.GroupNorm(3, 6)),
        (2, 3, 4, 4),
        ["conv2d", "reshape", *CENTRED, "reshape", "mul", "add"],
    ),
    "group_norm_of_rows": (
        lambda: NN.Sequential(NN.GroupNorm(2, 6, eps=0.3), NN.Linear(6, 2)),
        (3, 6),
        ["reshape", *CENTRED, "reshape", "mul", "dense"],
    ),
    "group_norm_that_ends_in_a_relu": (
        lambda: NN.Sequential(NN.GroupNorm(3, 6, affine=False), NN.ReLU6()),
        (2, 6, 4, 4),
        ["reshape", *CENTRED, "reshape"],
    ),
    "relu_after_a_reshape": (
        lambda: NN.Sequential(NN.Conv2d(3, 4, 3), NN.Flatten(), NN.ReLU(), NN.Linear(16, 3)),
        (2, 3, 4, 4),
        ["conv2d", "flatten", "dense"],
    ),
    "instance_norm": (
        lambda: NN.InstanceNorm2d(3, affine=True),
        (2, 3, 4, 4),
        [*CENTRED, "mul", "add"],
    ),
    "batch_norm_of_its_data": (
        lambda: NN.BatchNorm2d(3, track_running_stats=False),
        (2, 3, 4, 4),
        [*CENTRED, "mul", "add"],
    ),
    "layer_norm": (
        lambda: NN.Sequential(NN.LayerNorm([4, 5]), NN.ReLU()),
        (2, 3, 4, 5),
        [*CENTRED, "mul", "add"],
    ),
    "rms_norm": (lambda: NN.RMSNorm(6), (2, 5, 6), [*CENTRED[2:], "mul"]),
    "softmax_of_columns": (
        lambda: NN.Sequential(NN.Conv2d(3, 4, 1), NN.Softmax(2)),
        (2, 3, 4, 5),
        ["conv2d", "transpose", "softmax", "transpose"],
    ),
    "softmax_of_channels": (
        lambda: NN.Sequential(NN.Conv2d(3, 4, 1), NN.Softmax(1)),
        (2, 3, 4, 5),
        ["conv2d", "softmax"],
    ),
    "softmax_of_tokens": (
        lambda: NN.Sequential(NN.Linear(4, 3), NN.Softmax(1)),
        (2, 5, 4),
        ["dense", "transpose", "softmax", "transpose"],
    ),
    "mean": (
        lambda: NN.Sequential(NN.AdaptiveAvgPool2d(1), NN.Flatten(), NN.Linear(3, 2)),
        (1, 3, 4, 4),
        ["reduce_mean", "dense"],
    ),
}


NORMS = ("group_norm", "instance_norm", "batch_norm_of", "layer_norm", "rms_norm")


@pytest.mark.parametrize("case", CASES)
def test_layers_compute_the_same_once_they_are_deployed(case: str, run_graph: Run) -> None:
    build, shape, kinds = CASES[case]
    torch.manual_seed(0)
    model = build().eval()
    for layer in model.modules():
        if isinstance(layer, NN.GroupNorm | NN.InstanceNorm2d | NN.LayerNorm | NN.RMSNorm):
            for value in layer.parameters():
                NN.init.normal_(value)
    x = torch.randn(*shape)
    graph = mg.from_torch(model, (x,))
    deployed = counted_forms(graph, "deployed").runs
    assert [operator.op.kind for operator in deployed.operators] == kinds
    with torch.no_grad():
        expected = model(x).numpy()
    only = case.startswith(("partial", *NORMS))  # what has no rule in the oracle as it was
    for form in (deployed,) if only else (graph, deployed):
        (found,) = run_graph(form, {form.inputs[0]: x.numpy()})
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


class Attends(torch.nn.Module):
    """Each of three heads attends to itself, with a mask."""

    def __init__(self) -> None:
        super().__init__()
        self.mask = NN.Parameter(torch.randn(5, 5))

    def forward(self, x: Any) -> Any:
        attend = NN.functional.scaled_dot_product_attention
        return attend(x, x * 2, x + 1, self.mask, scale=1.0)


def test_attention_is_products_and_a_softmax(run_graph: Run) -> None:
    model, x = Attends().eval(), torch.randn(1, 3, 5, 4)
    deployed = counted_forms(mg.from_torch(model, (x,)), "deployed").runs
    kinds = [operator.op.kind for operator in deployed.operators]
    assert kinds[-4:] == ["matmul", "add", "softmax", "matmul"]
    with torch.no_grad():
        (found,) = run_graph(deployed, {deployed.inputs[0]: x.numpy()})
        np.testing.assert_allclose(found, model(x).numpy(), rtol=1e-4, atol=1e-5)


class Shared(torch.nn.Module):
    """One convolution, once with each of two batch norms, once as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = NN.Conv2d(3, 3, 1)
        self.first, self.second = norm(3), norm(3, eps=0.5)

    def forward(self, x: Any) -> Any:
        y = self.second(self.conv(self.first(self.conv(x))))
        return self.conv(y)


def test_shared_weights_are_folded_with_each_batch_norm(run_graph: Run) -> None:
    model, x = Shared().eval(), torch.randn(1, 3, 4, 4)
    graph = mg.from_torch(model, (x,))
    deployed = counted_forms(graph, "deployed").runs
    with torch.no_grad():
        expected = model(x).numpy()
    (found,) = run_graph(deployed, {deployed.inputs[0]: x.numpy()})
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    # Three convolutions with different weights, so three times as many lie in flash.
    assert mg.profile(graph).flash.weights == 3 * 9 * 4
    space = mg.widths(graph)
    assert space.size(space.full) == 3 * (9 + 3) * 4


def test_every_operator_of_the_source_is_stood_for() -> None:
    """Each deployed operator knows what it does the work of; only reshapes may vanish untold."""
    for path in sorted(MODELS.glob("*.onnx")):
        graph = mg.load(path)
        deployed = counted_forms(graph, "deployed").runs
        told = {name for operator in deployed.operators for name in operator.stands_for}
        assert told == {operator.name for operator in graph.operators}, path.name


class Shown(torch.nn.Module):
    """A network that gives its weights away, and reads the same sum twice."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = NN.Conv2d(3, 4, 1), norm(4)
        self.plain, self.more = (
            NN.Conv2d(4, 4, 1, bias=False),
            NN.Parameter(torch.randn(1, 4, 1, 1)),
        )

    def forward(self, x: Any) -> Any:
        y = self.norm(self.conv(x))
        return self.plain(y) + self.more, self.conv.weight, self.more * 2 + y


def test_what_else_needs_a_constant_gets_it_as_it_was(run_graph: Run) -> None:
    model, x = Shown().eval(), torch.randn(1, 3, 4, 4)
    deployed = counted_forms(mg.from_torch(model, (x,)), "deployed").runs
    assert [operator.op.kind for operator in deployed.operators][:2] == ["conv2d", "conv2d"]
    with torch.no_grad():
        expected = [value.numpy() for value in model(x)]
    found = run_graph(deployed, {deployed.inputs[0]: x.numpy()})
    for result, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(result, wanted, rtol=1e-4, atol=1e-5)


def test_layers_that_share_weights_get_factors_each(run_graph: Run) -> None:
    model, x = TwiceScaled().eval(), torch.randn(2, 4)
    deployed = counted_forms(mg.from_torch(model, (x,)), "deployed").runs
    assert [operator.op.kind for operator in deployed.operators] == [
        "dense",
        "relu",
        "dense",
        "add",
    ]
    with torch.no_grad():
        (found,) = run_graph(deployed, {deployed.inputs[0]: x.numpy()})
        np.testing.assert_allclose(found, model(x).numpy(), rtol=1e-4, atol=1e-5)


def test_norms_that_differ_in_epsilon_alone_are_two(run_graph: Run) -> None:
    first, second = norm(3), norm(3, eps=0.5)
    second.load_state_dict(first.state_dict())
    for name in ("weight", "bias", "running_mean", "running_var"):
        setattr(second, name, getattr(first, name))
    model, x = NN.Sequential(first, NN.ReLU(), second).eval(), torch.randn(1, 3, 4, 4)
    graph = mg.from_torch(model, (x,))
    assert mg.profile(graph).flash.weights == 4 * 3 * 4
    deployed = counted_forms(graph, "deployed").runs
    with torch.no_grad():
        (found,) = run_graph(deployed, {deployed.inputs[0]: x.numpy()})
        np.testing.assert_allclose(found, model(x).numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("opset", [10, 18])
@pytest.mark.parametrize("value", [0.0, 2.5, None])
def test_what_is_put_around_in_onnx(
    opset: int, value: float | None, run_graph: Run, tmp_path: Path
) -> None:
    """An attribute once, an input now; None: zeros, left out."""
    onnx, onnxruntime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    helper, amounts = onnx.helper, [0, 0, 1, 0, 0, 0, 0, 2]
    stored = []
    if opset < 11:
        given = {} if value is None else {"value": value}
        node = helper.make_node("Pad", ["x"], ["y"], pads=amounts, **given)
    else:
        node = helper.make_node("Pad", ["x", "pads", *(["v"] if value is not None else [])], ["y"])
        stored = [helper.make_tensor("pads", onnx.TensorProto.INT64, [8], amounts)]
        if value is not None:
            stored.append(helper.make_tensor("v", onnx.TensorProto.FLOAT, [], [value]))
    ends = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name, shape in (("x", (1, 2, 3, 4)), ("y", None))
    ]
    graph = helper.make_graph([node], "g", ends[:1], ends[1:], stored)
    opsets = [helper.make_opsetid("", opset)]
    path = tmp_path / "net.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    x = np.random.default_rng(0).standard_normal((1, 2, 3, 4)).astype(np.float32)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    deployed = counted_forms(mg.load(path), "deployed").runs
    (found,) = run_graph(deployed, {"x": x})
    np.testing.assert_array_equal(found, session.run(None, {"x": x})[0])
    (operator,) = deployed.operators
    assert len(operator.inputs) == (3 if value else 2)  # PADV2 or PAD


@pytest.mark.oracle("onnxruntime")
@pytest.mark.parametrize("auto_pad", ["SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_transposed_convolutions(
    auto_pad: str, kernel: int, stride: int, run_graph: Run, tmp_path: Path
) -> None:
    """Whatever ONNX pads: the deployed form has SAME, VALID, or a part of VALID."""
    onnx, onnxruntime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    if auto_pad.startswith("SAME") and kernel < stride:
        pytest.skip("onnxruntime leaves out what lies behind all windows; ONNX does not")
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    random = np.random.default_rng(0)
    choices = (
        [{}]
        if auto_pad != "NOTSET"
        else [
            {"pads": [0, a, 0, b], "output_padding": [0, extra]}
            for a in range(min(3, kernel))
            for b in range(min(3, kernel))
            for extra in range(stride)
        ]
    )
    for more in choices:
        node = helper.make_node(
            "ConvTranspose", ["x", "w", "b"], ["y"], auto_pad=auto_pad, strides=[1, stride], **more
        )
        values = {
            "w": random.standard_normal((2, 3, 1, kernel)).astype(np.float32),
            "b": random.standard_normal(3).astype(np.float32),
        }
        ends = [
            helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
            for name, shape in (("x", (1, 2, 1, 6)), ("y", None))
        ]
        stored = [numpy_helper.from_array(value, name) for name, value in values.items()]
        graph = helper.make_graph([node], "g", ends[:1], ends[1:], stored)
        opset = [helper.make_opsetid("", 18)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=8)
        path = tmp_path / "net.onnx"
        onnx.save(model, path)
        x = random.standard_normal((1, 2, 1, 6)).astype(np.float32)
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        (expected,) = session.run(None, {"x": x})
        deployed = counted_forms(mg.load(path), "deployed").runs
        (found,) = run_graph(deployed, {"x": x})
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5, err_msg=str(more))
        for operator in deployed.operators:
            assert (
                operator.op.kind != "conv_transpose2d"
                or operator.op.padding
                in (
                    VALID,
                    SAME_UPPER,
                )
                or any(operator.op.output_padding)
            )
