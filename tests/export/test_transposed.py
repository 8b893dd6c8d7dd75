"""Transposed convolutions in exported files: the same results, at the cost that was foreseen."""

from pathlib import Path
from typing import Any

import pytest
from support.running import check_runs

import mcugraph as mg

torch = pytest.importorskip("torch")
pytest.importorskip("litert_torch")
pytest.importorskip("ai_edge_quantizer")

from mcugraph.export.to_tflite import export_tflite  # noqa: E402

nn = torch.nn

# Kernel, stride, padding, output padding, and what becomes of it.
WHOLE, CUT, PLAIN = ["TRANSPOSE_CONV"], ["TRANSPOSE_CONV", "SLICE"], ["CONV_2D"]
GROUPS = ["SLICE", "TRANSPOSE_CONV", "SLICE", "TRANSPOSE_CONV", "CONCATENATION"]
CASES: list[tuple[tuple[Any, ...], list[str]]] = [
    ((2, 2, 0), WHOLE),
    ((4, 4, 0), WHOLE),
    ((3, 2, 0), WHOLE),
    ((4, 2, 1), WHOLE),
    ((1, 2, 0), WHOLE),
    ((3, 2, 1), CUT),
    ((3, 2, 1, 1), CUT),
    ((5, 2, 2, 1), CUT),
    ((4, (2, 1), (1, 0), (1, 0)), CUT),
    (((1, 3), (1, 2), (0, 1)), CUT),
    ((3, 1, 1), PLAIN),
    ((3, 1, 2, 0, 1, True, 2), PLAIN),
    ((3, 1, 0), ["PAD", "CONV_2D"]),
    ((3, 1, 1, 0, 2), PLAIN),
    # What lies behind all windows is zeros and the bias.
    ((2, 2, 0, 1), WHOLE),
    ((4, 3, 1, 2), CUT),
    ((2, 2, 0, 0, 2), [*GROUPS]),
    ((3, 2, 1, 1, 2), [*GROUPS, "SLICE"]),
    ((2, 2, 0, 1, 2, False), [*GROUPS]),
]


def decoder(layer: Any) -> Any:
    """A transposed convolution, a batch norm that it takes in, and a ReLU that it ends with."""
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(layer.out_channels)
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.5, 2)
    last = nn.Conv2d(layer.out_channels, 2, 1)
    return nn.Sequential(nn.Conv2d(3, 4, 3), layer, norm, nn.ReLU(), last).eval()


@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize(("settings", "kinds"), CASES, ids=str)
def test_the_file_costs_what_the_module_does(
    settings: tuple[Any, ...], kinds: list[str], tmp_path: Path
) -> None:
    names = ("kernel_size", "stride", "padding", "output_padding", "groups", "bias", "dilation")
    model = decoder(nn.ConvTranspose2d(4, 6, **dict(zip(names, settings, strict=False))))
    data, path = torch.randn(32, 3, 8, 10), tmp_path / "net.tflite"
    made = export_tflite(model, data[:1], path, [data])
    graph = mg.load(path)
    assert [op.native for op in graph.operators] == ["CONV_2D", *kinds, "CONV_2D"]
    assert not made.differences
    assert not made.added
    assert not made.dropped
    ours = mg.profile(mg.from_torch(model, data[:1]), precision="int8")
    theirs = mg.profile(graph)
    assert ours.memory.tflm_arena == theirs.memory.tflm_arena
    assert ours.elementwise == theirs.elementwise
    check_runs(model, data, path)


def test_what_tflite_has_none_of_is_refused(tmp_path: Path) -> None:
    model, path = decoder(nn.ConvTranspose2d(4, 6, 3, 2, dilation=2)), tmp_path / "net.tflite"
    with pytest.raises(mg.FormatError, match=r"none that is both strided .* and dilated") as error:
        export_tflite(model, torch.randn(1, 3, 8, 8), path, [torch.randn(2, 3, 8, 8)])
    assert "\n" not in str(error.value)
    assert not path.exists()
