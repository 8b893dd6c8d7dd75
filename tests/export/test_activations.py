"""Activations in exported files: int8 where TFLM has a kernel, else floats that are named."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.running import check_runs, run_tflite

import mcugraph as mg
from mcugraph.ir import DType

torch = pytest.importorskip("torch")
pytest.importorskip("litert_torch")
pytest.importorskip("ai_edge_quantizer")

from mcugraph.export.to_tflite import export_tflite  # noqa: E402

nn, F = torch.nn, torch.nn.functional


class Function(nn.Module):
    """A function as a module, of what is positive if so asked."""

    def __init__(self, function: Any, positive: bool = False) -> None:
        super().__init__()
        self.function, self.positive = function, positive

    def forward(self, x: Any) -> Any:
        return self.function(torch.sigmoid(x) + 0.5 if self.positive else x)


CONVOLUTIONS = ["CONV_2D", "CONV_2D"]
WITH_KERNELS = [
    (lambda: nn.LeakyReLU(0.2), ["LEAKY_RELU"]),
    (nn.ELU, ["ELU"]),
    (lambda: nn.ELU(inplace=True), ["ELU"]),
    (lambda: nn.ELU(0.5), ["ELU", "LEAKY_RELU"]),
    (lambda: nn.ELU(2.0), ["ELU", "LEAKY_RELU"]),
    (nn.SELU, ["ELU", "LEAKY_RELU"]),  # the scale goes into the layer after it
    (lambda: nn.CELU(0.7), ["ELU"]),  # so do the factors before and after it
    (lambda: Function(torch.abs), ["ABS"]),
    (lambda: Function(torch.neg), []),
    (nn.Softsign, ["ABS", "ADD", "DIV"]),
]
ISLAND = ["DEQUANTIZE", "ABS", "LOGISTIC", "LOG", "RELU", "QUANTIZE", "SUB"]
WITHOUT = [
    (nn.Softplus, ISLAND),
    (lambda: nn.Softplus(3.0), ISLAND),
    (nn.Mish, [*ISLAND, "TANH", "MUL"]),
    (lambda: nn.Mish(inplace=True), [*ISLAND, "TANH", "MUL"]),
]


def exported(model: Any, data: Any, path: Path) -> tuple[Any, mg.Graph]:
    made = export_tflite(model.eval(), data[:1], path, [data])
    return made, mg.load(path)


def check_foreseen(made: Any, model: Any, data: Any) -> None:
    """The module's own profile has the figures of its file."""
    assert not made.added
    assert not made.dropped
    assert not made.differences
    ours = mg.profile(mg.from_torch(model, data[:1]), precision="int8")
    theirs = made.profile
    assert ours.memory.file_order_peak == theirs.memory.file_order_peak
    assert ours.memory.tflm_arena == theirs.memory.tflm_arena
    assert ours.memory.tflm_persistent == theirs.memory.tflm_persistent
    assert ours.elementwise == theirs.elementwise
    assert (ours.flash.weights, ours.flash.biases) == (theirs.flash.weights, theirs.flash.biases)


def between(act: Any) -> Any:
    """An activation between two layers, with values on both sides of 0."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), act(), nn.Conv2d(4, 2, 1))


@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize(("act", "kinds"), WITH_KERNELS)
def test_an_int8_kernel_serves_where_there_is_one(act: Any, kinds: Any, tmp_path: Path) -> None:
    model, path, data = between(act), tmp_path / "net.tflite", torch.randn(32, 3, 8, 8)
    made, graph = exported(model, data, path)
    first, last = CONVOLUTIONS
    assert [op.native for op in graph.operators] == [first, *kinds, last]
    assert all(tensor.dtype in (DType.INT8, DType.INT32) for tensor in graph.tensors.values())
    assert not any("floats" in note or "TFLM has" in note for note in made.notes)
    check_foreseen(made, model, data)
    check_runs(model, data, path)


@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize(("act", "kinds"), WITHOUT)
def test_what_is_computed_with_floats_is_named_with_its_cost(
    act: Any, kinds: Any, tmp_path: Path
) -> None:
    model, path, data = between(act), tmp_path / "net.tflite", torch.randn(32, 3, 8, 8)
    made, graph = exported(model, data, path)
    assert [op.native for op in graph.operators] == ["CONV_2D", *kinds, "CONV_2D"]
    (said,) = (note for note in made.notes if "is computed with floats" in note)
    # Four tensors of 6 x 6 x 4 floats.
    assert "(DEQUANTIZE, ABS, LOGISTIC, LOG, QUANTIZE), 2,304 B of float activations" in said
    assert "720 elementwise operations, 0 MACs" in said
    assert not any("TFLM has no kernel" in note for note in made.notes)
    check_foreseen(made, model, data)
    check_runs(model, data, path)


# Functions that TFLM has float kernels for alone, each by itself and what goes along with it.
ALONE = [
    *((name, False, [name]) for name in ("ceil", "cos", "exp", "floor", "round", "sin")),
    *((name, True, ["LOGISTIC", "ADD", name]) for name in ("log", "sqrt")),
]


@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize(("name", "positive", "kinds"), ALONE)
def test_functions_without_an_int8_kernel(
    name: str, positive: bool, kinds: list[str], tmp_path: Path
) -> None:
    model = between(lambda: Function(getattr(torch, name), positive))
    data, path = torch.randn(32, 3, 8, 8), tmp_path / "net.tflite"
    made, graph = exported(model, data, path)
    *before, last = kinds
    whole = ["CONV_2D", *before, "DEQUANTIZE", last.upper(), "QUANTIZE", "CONV_2D"]
    assert [op.native for op in graph.operators] == whole
    assert not made.profile.tflm_refusals
    check_foreseen(made, model, data)
    if name != "round":  # at the halves the least error makes a whole of difference
        check_runs(model, data, path)


@pytest.mark.parametrize("function", [torch.square, lambda x: x**2])
def test_squares_are_products(function: Any, tmp_path: Path) -> None:
    model, data = between(lambda: Function(function)), torch.randn(32, 3, 8, 8)
    made, graph = exported(model, data, tmp_path / "net.tflite")
    assert [op.native for op in graph.operators] == ["CONV_2D", "MUL", "CONV_2D"]
    check_foreseen(made, model, data)


class Several(nn.Module):
    """Islands that share an operand, meet, follow each other, and are results beside others."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(6, 8), nn.Linear(8, 8)

    def forward(self, x: Any) -> Any:
        x = self.first(x)
        waves = torch.sin(x) * torch.cos(x)
        bell = torch.exp(-torch.abs(x))
        y = self.second(waves + bell)
        steep = torch.exp(y)
        return steep, y + torch.log(steep + 1.0), torch.sin(y)


def test_islands_beside_each_other_are_foreseen(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model, data = Several().eval(), torch.randn(32, 6)
    made, graph = exported(model, data, tmp_path / "net.tflite")
    assert [op.native for op in graph.operators].count("DEQUANTIZE") > 1
    check_foreseen(made, model, data)


def test_a_softplus_does_not_overflow(tmp_path: Path) -> None:
    model, path = nn.Sequential(nn.Linear(4, 4), nn.Softplus()), tmp_path / "net.tflite"
    with torch.no_grad():
        model[0].weight.copy_(500 * torch.eye(4))
        model[0].bias.zero_()
    data = torch.linspace(-1, 1, 64).view(16, 4)
    exported(model, data, path)
    (found,) = run_tflite(path, data[:1])
    assert np.abs(found - model(data[:1]).detach().numpy()).max() < 4


@pytest.mark.parametrize(
    ("model", "kinds"),
    [
        # What TFLM has kernels for in a row, at the end and at the beginning.
        (
            lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.LeakyReLU(0.1), nn.LeakyReLU(0.3)),
            ["CONV_2D", "LEAKY_RELU", "LEAKY_RELU"],
        ),
        (
            lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.SELU()),
            ["CONV_2D", "ELU", "LEAKY_RELU", "MUL"],
        ),
        # Beside what has none.
        (
            lambda: nn.Sequential(nn.Linear(8, 8), nn.ELU(), nn.Softplus(), nn.Linear(8, 4)),
            ["FULLY_CONNECTED", "ELU", *ISLAND, "FULLY_CONNECTED"],
        ),
    ],
)
def test_in_a_row(model: Any, kinds: list[str], tmp_path: Path) -> None:
    torch.manual_seed(0)
    made = model()
    flat = isinstance(made[0], nn.Linear)
    data = torch.randn(32, 8) if flat else torch.randn(32, 3, 8, 8)
    _, graph = exported(made, data, tmp_path / "net.tflite")
    assert [op.native for op in graph.operators] == kinds
    assert {graph.tensors[name].dtype for name in graph.inputs} == {DType.INT8}
    assert {graph.tensors[name].dtype for name in graph.outputs} == {DType.INT8}
    assert graph.outputs == ("output",)


class Residual(nn.Module):
    """An activation that is used twice, whose operand another operator reads."""

    def __init__(self, act: Any) -> None:
        super().__init__()
        self.first, self.second, self.act = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 1), act

    def forward(self, x: Any) -> Any:
        x = self.act(self.first(x))
        y = self.second(x)
        return self.act(y) + y + x


@pytest.mark.parametrize("act", [nn.ELU(), nn.SELU(), nn.Mish()])
def test_what_others_read_too(act: Any, tmp_path: Path) -> None:
    torch.manual_seed(0)
    _, graph = exported(Residual(act), torch.randn(32, 3, 8, 8), tmp_path / "net.tflite")
    natives = [op.native for op in graph.operators]
    assert natives.count("CONV_2D") == 2  # none is run once more for what is fused into it
    assert "TRANSPOSE" not in natives
