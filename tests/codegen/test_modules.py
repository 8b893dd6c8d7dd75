"""PyTorch modules in C: of floats, and of 8-bit integers by way of the exporter."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.deployed import compiled, needs_compiler, outputs

import mcugraph as mg
from mcugraph.codegen.building import build
from mcugraph.deployment.sources import graph_to_deploy

torch = pytest.importorskip("torch")


def network() -> Any:
    """Layers that keep an image, and a dense one that reads its rows and columns too."""
    torch.manual_seed(0)
    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, padding=1),
        torch.nn.BatchNorm2d(8),
        torch.nn.LeakyReLU(0.2),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False),
        torch.nn.Hardswish(),
        torch.nn.Flatten(),
        torch.nn.Linear(8 * 4 * 4, 5),
        torch.nn.Softmax(1),
    )
    module[1].running_mean.uniform_(-1, 1)
    module[1].running_var.uniform_(0.5, 2)
    return module.eval()


@needs_compiler
def test_a_module_of_floats(tmp_path: Path) -> None:
    module, image = network(), torch.randn(1, 3, 8, 8)
    program = build(graph_to_deploy(module, image), "tflm", 2.0)
    assert program.values[program.inputs[0]].shape == (1, 8, 8, 3)
    host = compiled([program], tmp_path)
    made = outputs(host, image.permute(0, 2, 3, 1).contiguous().numpy().tobytes())
    with torch.no_grad():
        wanted = module(image).numpy().ravel()
    np.testing.assert_allclose(np.frombuffer(made, np.float32), wanted, rtol=1e-5, atol=1e-5)


def check_module(module: Any, data: Any, folder: Path) -> None:
    """Program and module make the same of the data, but for the last bits."""
    program = build(graph_to_deploy(module.eval(), data), "tflm", 2.0)
    host = compiled([program], folder)
    with torch.no_grad():
        wanted = module(data).numpy().ravel()
    for _ in range(2):  # what it remembers does not last
        made = np.frombuffer(outputs(host, data.numpy().tobytes() * 2), np.float32)
        np.testing.assert_allclose(made, np.tile(wanted, 2), rtol=1e-5, atol=1e-5)


class Sequence(torch.nn.Module):  # type: ignore[misc]
    """What a recurrent layer makes of a sequence."""

    def __init__(self, cell: str, batch_first: bool) -> None:
        super().__init__()
        self.layer = getattr(torch.nn, cell)(4, 6, num_layers=2, batch_first=batch_first)

    def forward(self, data: Any) -> Any:
        return self.layer(data)[0]


@needs_compiler
@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
@pytest.mark.parametrize("batch_first", [False, True])
def test_recurrent_layers(cell: str, batch_first: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    check_module(Sequence(cell, batch_first), torch.randn(3, 5, 4), tmp_path)


class Attention(torch.nn.Module):  # type: ignore[misc]
    """Heads of queries against keys, as products of activations."""

    def __init__(self) -> None:
        super().__init__()
        self.make = torch.nn.Linear(8, 24)

    def forward(self, data: Any) -> Any:
        parts = self.make(data).chunk(3, -1)
        query, key, value = (part.unflatten(-1, (2, 4)).transpose(1, 2) for part in parts)
        scores = torch.softmax(query @ key.transpose(-1, -2) / 2, -1)
        return (scores @ value).transpose(1, 2).flatten(2)


class FusedAttention(Attention):
    """The same, as one operator."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.options = options

    def forward(self, data: Any) -> Any:
        parts = self.make(data).chunk(3, -1)
        parts = [part.unflatten(-1, (2, 4)).transpose(1, 2) for part in parts]
        made = torch.nn.functional.scaled_dot_product_attention(*parts, **self.options)
        return made.transpose(1, 2).flatten(2)


@needs_compiler
@pytest.mark.parametrize("module", [Attention, FusedAttention])
def test_attention(module: Any, tmp_path: Path) -> None:
    torch.manual_seed(0)
    check_module(module(), torch.randn(1, 5, 8), tmp_path)


def test_masks_of_attention_are_refused() -> None:
    """They would be added to scores that nothing has scaled."""
    for options in ({"is_causal": True}, {"attn_mask": torch.zeros(5, 5)}):
        graph = graph_to_deploy(FusedAttention(**options), torch.randn(1, 5, 8))
        with pytest.raises(mg.GraphError, match="its scores have a mask"):
            build(graph, "tflm", 2.0)


class Resized(torch.nn.Module):  # type: ignore[misc]
    """Images in other sizes, by sizes and by factors that sizes do not have, and blocks."""

    def forward(self, data: Any) -> Any:
        resize = torch.nn.functional.interpolate
        factors = (1.5, 0.7)
        found = [resize(data, scale_factor=factors, mode=mode) for mode in ("bilinear", "nearest")]
        corners = resize(data, size=(7, 4), mode="bilinear", align_corners=True)
        exact = resize(data, size=(7, 4), mode="nearest-exact")
        blocks = torch.nn.functional.pixel_shuffle(torch.cat([*found, corners, exact], 1), 2)
        apart = torch.nn.functional.pixel_unshuffle(blocks[:, :, :, :6], 2).flatten()
        return torch.rsub(torch.cat([blocks.flatten(), apart]), 1.0, alpha=0.5)


@needs_compiler
def test_images_in_other_sizes(tmp_path: Path) -> None:
    module, image = Resized(), torch.randn(1, 2, 5, 6)
    program = build(graph_to_deploy(module, image), "tflm", 2.0)
    host = compiled([program], tmp_path)
    given = image.permute(0, 2, 3, 1) if program.values[program.inputs[0]].channels_last else image
    made = np.frombuffer(outputs(host, given.contiguous().numpy().tobytes()), np.float32)
    np.testing.assert_allclose(made, module(image).numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda data: torch.round(data, decimals=1), r"ROUND_DECIMALS \(round_1\)"),
        (
            lambda data: torch.nn.functional.interpolate(
                data, size=(2, 2), mode="bilinear", antialias=True
            ),
            "places are counted in a way that is not known",
        ),
    ],
)
def test_functions_with_unknown_options_are_refused(function: Any, said: str) -> None:
    class Module(torch.nn.Module):  # type: ignore[misc]
        def forward(self, data: Any) -> Any:
            return function(data)

    with pytest.raises(mg.GraphError, match=said):
        build(graph_to_deploy(Module(), torch.randn(1, 2, 4, 4)), "tflm", 2.0)


@needs_compiler
def test_norms_of_their_data(tmp_path: Path) -> None:
    torch.manual_seed(0)
    nn = torch.nn
    module = nn.Sequential(
        *(nn.Conv2d(3, 8, 3), nn.GroupNorm(1, 8), nn.ReLU(), nn.Conv2d(8, 4, 1)),
        *(nn.InstanceNorm2d(4, affine=True), nn.LayerNorm([4, 6, 6]), nn.Softmax(2)),
        *(nn.Flatten(), nn.Linear(144, 10), nn.RMSNorm(10), nn.Linear(10, 3)),
    ).eval()
    image = torch.randn(1, 3, 8, 8)
    program = build(graph_to_deploy(module, image), "tflm", 2.0)
    host = compiled([program], tmp_path)
    made = outputs(host, image.permute(0, 2, 3, 1).contiguous().numpy().tobytes())
    with torch.no_grad():
        wanted = module(image).numpy().ravel()
    np.testing.assert_allclose(np.frombuffer(made, np.float32), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.oracle("litert_torch")
def test_a_module_with_calibration_is_of_8_bit_integers(tmp_path: Path) -> None:
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(2))
    data = torch.randn(8, 3, 8, 8)
    project = mg.deploy(module, tmp_path / "c", example_inputs=data[:1], calibration=[data])
    assert "runtime/mg_conv_s8.c" in project.files
    assert "int8_t *const model_input_0" in (tmp_path / "c" / "model.c").read_text()


def test_what_only_modules_take(tmp_path: Path) -> None:
    with pytest.raises(mg.UsageError, match="example_inputs with a module only"):
        mg.deploy("model.onnx", tmp_path / "c", example_inputs=1)
    with pytest.raises(mg.UsageError, match="calibration with a module"):
        mg.deploy("model.onnx", tmp_path / "c", calibration=[])
    with pytest.raises(mg.UsageError, match="or a module with example_inputs"):
        mg.deploy(network(), tmp_path / "c")
