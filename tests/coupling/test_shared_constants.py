"""What it says about channels that two layers read one and the same constant."""

from collections.abc import Hashable

import numpy as np
import pytest

import mcugraph as mg
from mcugraph.ir import Constant, DType, Graph, Kind, Operator, Source, Tensor
from mcugraph.ops.convolution import Conv
from mcugraph.ops.linear import Dense

torch = pytest.importorskip("torch")
TorchTensor = torch.Tensor
nn = torch.nn

ZEROS, ALIKE, DIFFERENT = [0.0] * 5, [0.5] * 5, [0.0, 0.0, 0.0, 0.0, 0.5]


def two_layers(form: str, bias: list[float] | None, key: Hashable = "b") -> Graph:
    """Two layers of 5 units with one bias, each before a layer of its own; None: not known."""
    value = np.asarray(bias, np.float32)
    constant = None if bias is None else Constant(key, lambda: value)
    tensors = [
        Tensor("x", DType.FLOAT32, (1, 4)),
        Tensor("b", DType.FLOAT32, (5,), Kind.CONSTANT, constant),
    ]
    operators = []
    for side in ("left", "right"):
        for layer, read, shape in (
            (f"{side}.a", "x", (5, 4)),
            (f"{side}.z", f"{side}.a", (2, 5)),
        ):
            weight = f"{layer}.weight"
            tensors.append(
                Tensor(weight, DType.FLOAT32, shape, Kind.CONSTANT, Constant(weight, np.empty))
            )
            tensors.append(Tensor(layer, DType.FLOAT32, (1, shape[0])))
            more = ("b",) if layer.endswith("a") else ()
            operators.append(Operator(layer, Dense(), (read, weight, *more), (layer,), "Gemm"))
    named = {tensor.name: tensor for tensor in tensors}
    return Graph("two", tuple(operators), named, ("x",), ("left.z", "right.z"), Source(form))


@pytest.mark.parametrize(
    ("form", "bias", "joined"),
    [
        # Converters store equal constants once; whatever is cut of one value, the rest is alike.
        ("onnx", ZEROS, False),
        ("onnx", ALIKE, False),
        ("tflite", ZEROS, False),
        # Entries that differ belong to certain channels of both.
        ("onnx", DIFFERENT, True),
        ("tflite", DIFFERENT, True),
        # So may those that nobody knows.
        ("tflite", None, True),
        # In PyTorch a parameter that is shared is meant to be, and stays one, also from zeros on.
        ("torch", ZEROS, True),
        ("torch", ALIKE, True),
        ("torch", DIFFERENT, True),
    ],
)
def test_a_bias_of_two_layers(form: str, bias: list[float] | None, joined: bool) -> None:
    space = mg.widths(two_layers(form, bias))
    found = set(space.channel_classes)
    if joined:
        assert found == {frozenset({("left.a", i), ("right.a", i)}) for i in range(5)}
    else:
        assert found == {frozenset({(f"{s}.a", i)}) for s in ("left", "right") for i in range(5)}
    # It is stored once all the same.
    assert space.size(space.full) == 4 * (2 * (20 + 10) + 5)


def test_zeros_that_the_code_of_a_module_makes_are_no_parameter() -> None:
    """Each layer gets as many as it has units."""
    found = mg.widths(two_layers("torch", ZEROS, ("like", "b"))).channel_classes
    assert set(found) == {frozenset({(f"{s}.a", i)}) for s in ("left", "right") for i in range(5)}


def depthwise_twice(value: float | None) -> Graph:
    """Two layers of 4 channels, each before one and the same depthwise layer."""
    kernels = np.arange(36, dtype=np.float32) if value is None else np.full(36, value, np.float32)
    tensors, operators = [Tensor("x", DType.FLOAT32, (1, 3, 8, 8))], []

    def layer(name: str, weights: str, read: str, shape: tuple[int, ...], groups: int) -> None:
        array = kernels if groups > 1 else np.ones(shape, np.float32)
        constant = Constant(weights, lambda: array.reshape(shape))
        tensors.append(Tensor(weights, DType.FLOAT32, shape, Kind.CONSTANT, constant))
        tensors.append(Tensor(name, DType.FLOAT32, (1, shape[0], 8, 8)))
        pads = (shape[2] // 2,) * 2
        op = Conv((1, 1), (1, 1), (pads, pads), groups=groups, depthwise=groups > 1)
        operators.append(Operator(name, op, (read, weights), (name,), "Conv"))

    for side in ("left", "right"):
        layer(f"{side}.a", f"{side}.a.weight", "x", (4, 3, 1, 1), 1)
        layer(f"{side}.blur", "blur.weight", f"{side}.a", (4, 1, 3, 3), 4)
        layer(f"{side}.z", f"{side}.z.weight", f"{side}.blur", (2, 4, 1, 1), 1)
    named = {tensor.name: tensor for tensor in tensors}
    return Graph("two", tuple(operators), named, ("x",), ("left.z", "right.z"), Source("onnx"))


@pytest.mark.parametrize("value", [None, 1 / 9])
def test_a_depthwise_layer_that_is_used_twice(value: float | None) -> None:
    """It has the same channels in both places, as every layer has, whatever its weights are."""
    found = mg.widths(depthwise_twice(value)).channel_classes
    layers = ("left.a", "blur", "right.a")
    assert set(found) == {frozenset((layer, i) for layer in layers) for i in range(4)}


class TwoLayers(nn.Module):
    """The same in PyTorch: all biases are zeros, the two either one parameter or two."""

    def __init__(self, shared: bool) -> None:
        super().__init__()
        self.left = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 2, bias=False))
        self.right = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 2, bias=False))
        nn.init.zeros_(self.left[0].bias)
        nn.init.zeros_(self.right[0].bias)
        if shared:
            self.right[0].bias = self.left[0].bias

    def forward(self, x: TorchTensor) -> tuple[TorchTensor, TorchTensor]:
        return self.left(x), self.right(x)


@pytest.mark.parametrize("shared", [False, True])
def test_zeros_of_pytorch_are_shared_where_the_parameter_is(shared: bool) -> None:
    space = mg.widths(mg.from_torch(TwoLayers(shared), (torch.zeros(1, 4),)))
    if shared:
        wanted = {frozenset({("left.0", i), ("right.0", i)}) for i in range(5)}
    else:
        wanted = {frozenset({(f"{side}.0", i)}) for side in ("left", "right") for i in range(5)}
    assert set(space.channel_classes) == wanted
    assert space.size(space.full) == 4 * (2 * (20 + 10) + (5 if shared else 10))
