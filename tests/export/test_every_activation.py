"""Every activation of torch.nn between two layers, as an int8 file.

The file has the figures that the module's own profile foresees, and TFLM makes what LiteRT makes
of it, which the exporter holds against the module; or it is refused, and the message names why.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.foreseen import exported_as_foreseen
from support.running import check_kernels_agree

import mcugraph as mg

torch = pytest.importorskip("torch")
pytest.importorskip("litert_torch")
pytest.importorskip("ai_edge_quantizer")

from mcugraph.export.to_tflite import export_tflite  # noqa: E402

nn = torch.nn
Build = Callable[[int], Any]  # of so many channels

# What modules are built with that take more than nothing, of so many channels.
GIVEN: dict[str, list[Build]] = {
    "CELU": [lambda n: nn.CELU(0.7)],
    "ELU": [lambda n: nn.ELU(), lambda n: nn.ELU(0.5)],
    "GELU": [lambda n: nn.GELU(), lambda n: nn.GELU("tanh")],
    "GLU": [lambda n: nn.GLU(1)],
    "Hardtanh": [
        lambda n: nn.Hardtanh(),
        lambda n: nn.Hardtanh(-2, 3),
        lambda n: nn.Hardtanh(0, 4),
    ],
    "LogSoftmax": [lambda n: nn.LogSoftmax(1)],
    "PReLU": [lambda n: nn.PReLU(), lambda n: nn.PReLU(n)],
    "Softmax": [lambda n: nn.Softmax(1)],
    "Softmin": [lambda n: nn.Softmin(1)],
    "Threshold": [lambda n: nn.Threshold(0.1, -0.5), lambda n: nn.Threshold(0.2, 0.2)],
}
# Modules that take something else than one tensor of images or rows, or are none themselves.
OTHERS = {"MultiheadAttention", "Softmax2d"}
ACTIVATIONS = sorted(set(nn.modules.activation.__all__) - OTHERS)
CASES = [
    pytest.param(build, layer, id=f"{name}-{i}-{layer}")
    for name in ACTIVATIONS
    for i, build in enumerate(GIVEN.get(name, [lambda n, name=name: getattr(nn, name)()]))
    for layer in ("conv", "linear")
]
# Some of each kind: folded away, one kernel of its own, several, what jumps, floats between.
FAST = [
    (lambda n: nn.Hardsigmoid(), "conv"),
    (lambda n: nn.Hardtanh(-2, 3), "linear"),
    (lambda n: nn.PReLU(n), "conv"),
    (lambda n: nn.GELU(), "linear"),
    (lambda n: nn.Hardshrink(), "conv"),
    (lambda n: nn.LogSigmoid(), "linear"),
    (lambda n: nn.LogSoftmax(1), "conv"),
]


def between(build: Build, layer: str) -> tuple[Any, Any]:
    """A module between two layers, and data for them."""
    torch.manual_seed(0)
    act = build(4)
    left = 2 if isinstance(act, nn.GLU) else 4
    if layer == "conv":
        return nn.Sequential(nn.Conv2d(3, 4, 3), act, nn.Conv2d(left, 2, 1)).eval(), torch.randn(
            32, 3, 8, 8
        )
    return nn.Sequential(nn.Linear(6, 4), act, nn.Linear(left, 3)).eval(), torch.randn(32, 6)


def check_foreseen(build: Build, layer: str, path: Path) -> None:
    model, data = between(build, layer)
    made = exported_as_foreseen(model, data, path)
    floats = {op.native for op in mg.load(path).operators} & {"DEQUANTIZE"}
    assert bool(floats) == any("is computed with floats" in note for note in made.notes)


@pytest.mark.parametrize(("build", "layer"), FAST)
def test_a_file_costs_what_its_module_foresees(build: Build, layer: str, tmp_path: Path) -> None:
    check_foreseen(build, layer, tmp_path / "net.tflite")


@pytest.mark.slow
@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize(("build", "layer"), CASES)
def test_every_activation(build: Build, layer: str, tmp_path: Path) -> None:
    path = tmp_path / "net.tflite"
    check_foreseen(build, layer, path)
    check_kernels_agree(path)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x: nn.LocalResponseNorm(3)(x[:, :, None])[:, :, 0], "no kernel for POW"),
        (lambda x: torch.atan2(x, x + 3), "no kernel for ATAN2"),
        (torch.sign, "no kernel for SIGN"),
    ],
)
def test_what_tflm_cannot_run_is_not_written(function: Any, said: str, tmp_path: Path) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(6, 4), nn.Linear(4, 3)

        def forward(self, x: Any) -> Any:
            return self.second(function(self.first(x)))

    torch.manual_seed(0)
    path, data = tmp_path / "net.tflite", torch.randn(32, 6)
    with pytest.raises(mg.McuGraphError, match=said):
        export_tflite(Net().eval(), data[:1], path, [data])
    assert not path.exists()
