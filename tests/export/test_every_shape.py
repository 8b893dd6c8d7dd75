"""Series, rows that become images, images that become rows: files cost what modules foresee."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.foreseen import exported_as_foreseen
from support.running import check_kernels_agree, run_tflite

import mcugraph as mg
from mcugraph.export.to_tflite import export_tflite

torch = pytest.importorskip("torch")
pytest.importorskip("litert_torch")
pytest.importorskip("ai_edge_quantizer")
nn = torch.nn

from support.layers import Apply  # noqa: E402


class Residual(nn.Module):
    """Series that are added, and averaged over time."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv1d(3, 8, 3, padding=1), nn.Conv1d(8, 8, 3, padding=1)
        self.out = nn.Linear(8, 4)

    def forward(self, x: Any) -> Any:
        x = torch.relu(self.first(x))
        return self.out(torch.relu(x + self.second(x)).mean(2))


def series(*layers: Any) -> Any:
    return nn.Sequential(nn.Conv1d(3, 8, 5), nn.BatchNorm1d(8), *layers)


def twice(x: Any) -> Any:
    gate = torch.sigmoid(x)
    return torch.relu(gate) * torch.tanh(gate)


def images(*layers: Any) -> Any:
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), *layers)


CASES: dict[str, tuple[Callable[[], Any], tuple[int, ...]]] = {
    "series": (
        lambda: series(nn.ReLU(), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(48, 4)),
        (3, 16),
    ),
    "series, averaged": (
        lambda: series(nn.Tanh(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 4)),
        (3, 16),
    ),
    "series, added": (Residual, (3, 16)),
    "series, padded": (
        lambda: nn.Sequential(
            nn.ConstantPad1d((2, 0), 0.0), nn.Conv1d(3, 8, 3), nn.ReLU(), nn.Flatten(),
            nn.Linear(128, 4),
        ),
        (3, 16),
    ),
    "decoder": (
        lambda: nn.Sequential(
            nn.Linear(6, 72), nn.ReLU(), nn.Unflatten(1, (8, 3, 3)), nn.ConvTranspose2d(8, 2, 2, 2)
        ),
        (6,),
    ),
    "variances": (lambda: images(Apply(lambda x: x.var((2, 3))), nn.Linear(8, 4)), (3, 8, 8)),
    "deviations": (lambda: images(Apply(lambda x: x.std((2, 3))), nn.Linear(8, 4)), (3, 8, 8)),
    "reflected series": (
        lambda: nn.Sequential(
            nn.Conv1d(3, 8, 3, padding=2, padding_mode="reflect"), nn.GELU(approximate="tanh"),
            nn.Flatten(), nn.Linear(144, 4),
        ),
        (3, 16),
    ),
    "maxima": (lambda: images(Apply(lambda x: x.amax((2, 3))), nn.Linear(8, 4)), (3, 8, 8)),
    "means of rows": (
        lambda: images(Apply(lambda x: x.mean(2)), nn.Flatten(), nn.Linear(48, 4)),
        (3, 8, 8),
    ),
    "never negative": (
        lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.Sigmoid(), nn.ReLU(), nn.Conv2d(8, 2, 3)),
        (3, 8, 8),
    ),
    "never negative, read twice": (
        lambda: nn.Sequential(nn.Conv2d(3, 8, 3), Apply(twice), nn.Conv2d(8, 2, 3)),
        (3, 8, 8),
    ),
    "map of one element": (
        lambda: images(nn.AvgPool2d(6), nn.Flatten(), nn.Linear(8, 4)),
        (3, 8, 8),
    ),
    "chain of reshapes": (
        lambda: nn.Sequential(
            nn.Linear(6, 32), Apply(lambda x: x.view(-1, 4, 8)), nn.Tanh(), nn.Flatten(),
            nn.Linear(32, 4),
        ),
        (6,),
    ),
}  # fmt: skip
FAST = ("series", "decoder")


def export(name: str, path: Path) -> None:
    torch.manual_seed(0)
    build, shape = CASES[name]
    model, data = build(), torch.randn(32, *shape)
    model.train()(data)
    exported_as_foreseen(model.eval(), data, path)


@pytest.mark.parametrize("name", FAST)
def test_a_file_costs_what_its_module_foresees(name: str, tmp_path: Path) -> None:
    export(name, tmp_path / "net.tflite")


@pytest.mark.parametrize("channels_last", [True, False])
def test_series_go_in_as_images_of_one_row_or_as_they_are(
    channels_last: bool, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    model, data = nn.Sequential(nn.Conv1d(8, 4, 3), nn.ReLU()).eval(), torch.randn(32, 8, 8)
    path = tmp_path / "net.tflite"
    made = export_tflite(model, data[:1], path, [data], channels_last=channels_last)
    assert mg.load(path).tensors["input"].shape == ((1, 1, 8, 8) if channels_last else (1, 8, 8))
    said = "input is (1, 1, 8, 8): a series (1, 8, 8) as an image of one row, channels last"
    assert (said in made.notes) is channels_last
    # What makes an image of the series holds it twice.
    assert (made.profile.memory.peak == 64 + 24) is channels_last
    assert {change.kind for change in made.added} == {"TRANSPOSE", "RESHAPE"}
    with torch.no_grad():
        wanted = model(data[:1]).numpy()
    (found,) = run_tflite(path, data[:1])
    assert np.abs(found - wanted).max() < 0.03 * np.abs(wanted).max()


@pytest.mark.slow
@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize("name", CASES)
def test_every_shape(name: str, tmp_path: Path) -> None:
    path = tmp_path / "net.tflite"
    export(name, path)
    check_kernels_agree(path)
