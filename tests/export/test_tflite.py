"""Int8 files: what they cost, what they compute, and which operators the converter adds."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcugraph as mg

pytestmark = pytest.mark.oracle("litert_torch", "ai_edge_quantizer")

QUICK = ["ds_cnn", "resnet", "mobilenet_v2", "efficientnet", "densenet", "groups/vgg_flatten"]
REST = [
    *("inception", "unet", "shufflenet", "autoencoder", "detector", "branching", "siamese"),
    *("groups/resnet18", "groups/mobilenetv2", "groups/efficientnet_se", "groups/densenet"),
    *("groups/shufflenetv2", "groups/ds_cnn", "groups/res15_kws", "groups/two_inputs"),
    *("groups/cat_add_offset", "groups/split_add", "groups/pad_shortcut"),
]
ALL = [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in REST)]


def kinds(exported: Any) -> dict[str, int]:
    return dict(Counter(change.kind for change in exported.added))


@pytest.mark.parametrize("name", ALL)
def test_differences_from_the_prediction_have_names(kit: Any, name: str) -> None:
    exported = kit.export(name)
    assert dict(exported.unexplained) == {"peak": 0, "size": 0, "macs": 0}
    assert exported.figures["macs"] == exported.predicted.macs
    if exported.differences:
        assert exported.added
    assert exported.profile.complete


@pytest.mark.parametrize("name", ["ds_cnn", "resnet", "efficientnet", "groups/vgg_flatten"])
def test_figures_are_those_predicted(kit: Any, name: str) -> None:
    assert kit.export(name).differences == {}


@pytest.mark.parametrize("name", ALL)
def test_everything_is_an_integer_and_nothing_only_moves_data(kit: Any, name: str) -> None:
    exported = kit.export(name)
    graph = mg.load(exported.path)
    types = {str(tensor.dtype) for tensor in graph.tensors.values()}
    assert types <= {"DType.INT8", "DType.INT32"}
    found = {operator.native for operator in graph.operators}
    assert "DEQUANTIZE" not in found
    assert "TRANSPOSE" not in kinds(exported)
    if name in QUICK:
        assert set(kinds(exported)) <= {"PAD", "QUANTIZE", "ADD", "bias"}


@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize("name", ALL)
def test_tflm_takes_the_arena_of_the_profile(kit: Any, name: str) -> None:
    exported = kit.export(name)
    assert exported.arena == exported.profile.memory.tflm_arena == kit.head(exported.path)


@pytest.mark.parametrize("name", ALL)
def test_results_are_those_of_the_module(kit: Any, name: str) -> None:
    import torch

    exported = kit.export(name)
    model, inputs = kit.network(name)
    errors, sizes = [], []
    for batch in kit.batches(inputs):
        for sample in zip(*batch[: len(inputs)], strict=True):
            sample = tuple(x.unsqueeze(0) for x in sample)
            with torch.no_grad():
                wanted = model(*sample)
            wanted = wanted if isinstance(wanted, tuple) else (wanted,)
            for got, want in zip(kit.run(exported.path, *sample), wanted, strict=True):
                assert got.shape == tuple(want.shape)
                errors.append(np.sum((got - want.numpy()) ** 2))
                sizes.append(np.sum(want.numpy() ** 2))
    # Untrained networks: a relative error is a few steps of 1/256 for each layer.
    assert np.sqrt(sum(errors) / sum(sizes)) < 0.15


def test_tensors_bear_the_paths_of_modules(kit: Any) -> None:
    graph = mg.load(kit.export("densenet").path)
    names = set(graph.tensors)
    assert {"stem", "stem/weight", "dense1/layers/0/2", "transition/0/0/bias", "input"} <= names
    assert all(len(name) < 60 for name in names)
    assert {"convs/0", "bns/0/mul"} <= set(mg.load(kit.export("groups/res15_kws").path).tensors)
    pads = {op.name for op in mg.load(kit.export("ds_cnn").path).operators if op.native == "PAD"}
    assert pads == {"stem/0/pad"}


def test_what_the_converter_makes_is_predicted(kit: Any) -> None:
    """Paddings, batch norms as MUL and ADD, and biases of zeros are no additions of the file."""
    for name in ("ds_cnn", "mobilenet_v2"):
        assert kit.export(name).added == kit.export(name).dropped == ()
        assert kit.export(name).differences == {}
    # The quantiser rescales what meets in a concatenation.
    assert kinds(kit.export("densenet")) == {"QUANTIZE": 3}
    assert kit.export("densenet").differences == {}


def test_without_channels_last_the_file_transposes(kit: Any, tmp_path: Path) -> None:
    import torch

    from mcugraph.export.to_tflite import export_tflite

    model, inputs = torch_conv(3, 4), (torch.randn(1, 3, 49, 10),)
    exported = export_tflite(
        model, inputs, tmp_path / "m.tflite", kit.batches(inputs), channels_last=False
    )
    graph = mg.load(exported.path)
    assert graph.tensors[graph.inputs[0]].shape == (1, 3, 49, 10)
    assert "TRANSPOSE" in kinds(exported)


def torch_conv(inputs: int, outputs: int) -> Any:
    from torch import nn

    return nn.Sequential(nn.Conv2d(inputs, outputs, 3), nn.ReLU(), nn.Conv2d(outputs, outputs, 3))


def test_budgets_and_summary(kit: Any) -> None:
    exported = kit.export("mobilenet_v2")
    assert exported.exceeded({"peak": 18_560, "size": 11_968, "macs": 585_088}) == {}
    assert exported.exceeded({"peak": 18_432, "size": 11_000}) == {"peak": 128, "size": 968}
    with pytest.raises(mg.UsageError, match="unknown budget 'flash'"):
        exported.exceeded({"flash": 1})
    said = str(exported)
    assert "peak       18,560 B\n" in said
    assert "predicted" not in said
    assert "added: 3 QUANTIZE" in str(kit.export("densenet"))
    resnet = kit.export("resnet")
    assert any(note.startswith("TFLM's arena takes 6,688 B, 544 B more") for note in resnet.notes)


def test_the_model_comes_back_as_it_was_and_output_is_quiet(
    kit: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    import torch

    from mcugraph.export.to_tflite import export_tflite

    model = torch_conv(3, 4).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    x = torch.randn(5, 3, 8, 8)
    target = tmp_path / "model.tflite"
    exported = export_tflite(model, x, target, torch.utils.data.TensorDataset(x, torch.arange(5)))
    assert model.training
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert [path.name for path in tmp_path.iterdir()] == ["model.tflite"]
    assert mg.load(target).tensors["input"].shape == (1, 8, 8, 3)
    assert exported.path == target
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
