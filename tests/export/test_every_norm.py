"""Every normalisation of torch.nn between two layers, as an int8 file and as an ONNX file.

The files have the figures that the module's own profile foresees, and TFLM makes what LiteRT makes
of the int8 one, which the exporter holds against the module; or the message names why not.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.foreseen import exported_as_foreseen, figures
from support.running import check_kernels_agree

import mcugraph as mg
from mcugraph.export.to_onnx import export_onnx

torch = pytest.importorskip("torch")
pytest.importorskip("litert_torch")
pytest.importorskip("ai_edge_quantizer")
nn = torch.nn
Build = Callable[[int], Any]  # of so many channels

# After a convolution to images of 6 x 6, after a dense layer, after one over five tokens.
IMAGES: dict[str, Build] = {
    "BatchNorm2d": nn.BatchNorm2d,
    "BatchNorm2d of its data": lambda n: nn.BatchNorm2d(n, track_running_stats=False),
    "BatchNorm2d of its data, plain": lambda n: nn.BatchNorm2d(n, 0.1, None, False, False),
    "GroupNorm": lambda n: nn.GroupNorm(2, n),
    "GroupNorm of one": lambda n: nn.GroupNorm(1, n),
    "GroupNorm, plain": lambda n: nn.GroupNorm(2, n, affine=False),
    "GroupNorm of each": lambda n: nn.GroupNorm(n, n, affine=False),
    "InstanceNorm2d": nn.InstanceNorm2d,
    "InstanceNorm2d, affine": lambda n: nn.InstanceNorm2d(n, affine=True),
    "InstanceNorm2d with statistics": lambda n: nn.InstanceNorm2d(n, track_running_stats=True),
    "LayerNorm": lambda n: nn.LayerNorm([n, 6, 6]),
    "LayerNorm of rows": lambda n: nn.LayerNorm(6, bias=False),
    "LayerNorm, plain": lambda n: nn.LayerNorm([n, 6, 6], elementwise_affine=False),
    "RMSNorm": lambda n: nn.RMSNorm([n, 6, 6]),
}
ROWS: dict[str, Build] = {
    "BatchNorm1d": nn.BatchNorm1d,
    "GroupNorm": lambda n: nn.GroupNorm(2, n),
    "LayerNorm": nn.LayerNorm,
    "LayerNorm, plain": lambda n: nn.LayerNorm(n, eps=0.1, elementwise_affine=False),
    "RMSNorm": nn.RMSNorm,
}
TOKENS = {"LayerNorm": nn.LayerNorm, "RMSNorm": nn.RMSNorm}
KINDS = {"images": IMAGES, "rows": ROWS, "tokens": TOKENS}
CASES = [(kind, name) for kind, norms in KINDS.items() for name in norms]
FAST = [
    ("images", "GroupNorm"),
    ("images", "InstanceNorm2d with statistics"),
    ("rows", "LayerNorm"),
    ("tokens", "RMSNorm"),
]
# PyTorch writes no RMS norm as ONNX.
ONNX = [(*case, True) for case in CASES if case[1] != "RMSNorm"]
# Parameters count before they are trained; what ONNX alone demands does not.
ONNX += [
    *[("images", f"GroupNorm{which}", False) for which in ("", ", plain", " of each")],
    *[("images", f"LayerNorm{which}", False) for which in ("", " of rows", ", plain")],
    ("images", "BatchNorm2d of its data", False),
    ("rows", "LayerNorm", False),
]


def around(norm: Any, kind: str) -> tuple[Any, Any]:
    """A norm between two layers, trained a little, and data for them."""
    data = torch.randn({"images": (32, 3, 8, 8), "rows": (32, 6), "tokens": (32, 5, 6)}[kind])
    if kind == "images":
        layers = nn.Conv2d(3, 4, 3), norm, nn.ReLU(), nn.Conv2d(4, 2, 1)
    elif isinstance(norm, nn.BatchNorm1d):
        layers = nn.Linear(6, 4), norm, nn.ReLU(), nn.Linear(4, 3)
    else:
        layers = nn.Linear(6, 4), norm, nn.Linear(4, 3)
    model = nn.Sequential(*layers)
    model.train()(data)
    return model.eval(), data


def built(kind: str, name: str, trained: bool) -> tuple[Any, Any]:
    torch.manual_seed(0)
    norm = KINDS[kind][name](4)
    for value in norm.parameters() if trained else ():
        nn.init.uniform_(value, 0.5, 1.5)
    return around(norm, kind)


@pytest.mark.parametrize(("kind", "name"), FAST)
def test_a_file_costs_what_its_module_foresees(kind: str, name: str, tmp_path: Path) -> None:
    exported_as_foreseen(*built(kind, name, True), tmp_path / "net.tflite")


@pytest.mark.slow
@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize("trained", [False, True])
@pytest.mark.parametrize(("kind", "name"), CASES)
def test_every_norm(kind: str, name: str, trained: bool, tmp_path: Path) -> None:
    path = tmp_path / "net.tflite"
    exported_as_foreseen(*built(kind, name, trained), path)
    check_kernels_agree(path)


@pytest.mark.parametrize(("kind", "name", "trained"), ONNX)
def test_onnx_files_cost_the_same(kind: str, name: str, trained: bool, tmp_path: Path) -> None:
    model, data = built(kind, name, trained)
    export_onnx(model, data[:1], tmp_path / "net.onnx")
    module, file = mg.from_torch(model, data[:1]), mg.load(tmp_path / "net.onnx")
    for precision in (None, "int8"):
        profiles = [mg.profile(graph, precision=precision) for graph in (module, file)]
        assert figures(profiles[0]) == figures(profiles[1])
        assert all(not found.tflm_refusals for found in profiles)


class Mixing(nn.Module):
    """A block of a transformer without its attention."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.up, self.down = nn.LayerNorm(8), nn.Linear(8, 16), nn.Linear(16, 8)

    def forward(self, x: Any) -> Any:
        return x + self.down(nn.functional.gelu(self.up(self.norm(x))))


def test_norms_of_a_network_share_their_numbers(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), Mixing(), Mixing(), nn.LayerNorm(8), nn.Linear(8, 3))
    exported_as_foreseen(model.eval(), torch.randn(32, 5, 6), tmp_path / "net.tflite")


@pytest.mark.parametrize(
    ("dims", "norm", "said"),
    [
        (2, nn.LocalResponseNorm(2), r"REDUCE_WINDOW.* the pool of 1 \(LocalResponseNorm\)"),
        (3, nn.BatchNorm3d(4), "no kernel for CONV_3D"),
    ],
)
def test_what_cannot_be_an_int8_file_is_named(
    dims: int, norm: Any, said: str, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    conv = (nn.Conv2d, nn.Conv3d)[dims - 2]
    model, data = nn.Sequential(conv(3, 4, 1), norm, nn.ReLU()), torch.randn(32, 3, *[4] * dims)
    with pytest.raises(mg.FormatError, match=said):
        exported_as_foreseen(model.eval(), data, tmp_path / "net.tflite")
    assert not list(tmp_path.iterdir())
