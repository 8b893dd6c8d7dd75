"""Files with weights of 8 and 4 bits, with one scale a channel or a layer, and with floats."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcugraph as mg
from mcugraph.errors import UsageError

torch = pytest.importorskip("torch")
pytest.importorskip("litert_torch")
pytest.importorskip("ai_edge_quantizer")

from support.kinds_of_layers import INPUT, kinds_of_layers  # noqa: E402

from mcugraph.export.qat import prepare_qat  # noqa: E402
from mcugraph.export.running import has_tflm, run_litert, run_tflm  # noqa: E402
from mcugraph.export.to_tflite import export_tflite  # noqa: E402
from mcugraph.ir import DType  # noqa: E402


def network() -> Any:
    torch.manual_seed(0)
    model = kinds_of_layers(5)
    model(torch.randn(64, 2, 8, 8))
    with torch.no_grad():
        model[1].weight.copy_(torch.linspace(0.2, 3, 8))
    return model.eval()


# Of the first convolution, the depthwise one and the dense layer: bits, and how many scales.
@pytest.mark.parametrize(
    ("scheme", "bits", "scales", "integers"),
    [
        ("int8-per-tensor", (8, 8, 8), (1, 1, 1), True),
        ("int4", (4, 8, 4), (8, 8, 1), True),
        ("weights-int8", (8, 8, 8), (1, 1, 1), False),
        ("weights-int4", (4, 32, 4), (8, 0, 5), False),
    ],
)
def test_the_file_holds_what_the_scheme_says_and_is_as_far_off_as_training_saw(
    scheme: str,
    bits: tuple[int, ...],
    scales: tuple[int, ...],
    integers: bool,
    tmp_path: Path,
) -> None:
    model, path = network(), tmp_path / "model.tflite"
    samples = torch.rand(32, 2, 8, 8) * 2 - 1  # bounded, so that ranges are
    exported = export_tflite(model, INPUT, path, [samples], scheme=scheme)
    graph = mg.load(path)
    widths = {DType.INT4: 4, DType.INT8: 8, DType.FLOAT32: 32}
    made = {name: op for op in graph.operators for name in op.outputs}
    layers = [op for op in graph.operators if op.op.kind in ("conv2d", "depthwise_conv2d", "dense")]
    found = []
    for layer in (layers[0], layers[1], layers[-1]):
        name = layer.inputs[1]
        if name in made:  # of a file that computes with floats
            assert made[name].native == "DEQUANTIZE"
            name = made[name].inputs[0]
        tensor = graph.tensors[name]
        count = 0 if tensor.quantization is None else tensor.quantization.scales
        found.append((widths[tensor.dtype], count))
    assert found == list(zip(bits, scales, strict=True))
    assert (graph.tensors[graph.inputs[0]].dtype is DType.INT8) is integers
    assert bool(exported.profile.tflm_refusals) == (scheme == "weights-int4")

    rows = [(sample[None],) for sample in samples]
    ours = np.concatenate([results[0] for results in run_litert(path, rows)])
    prepared = prepare_qat(model, INPUT, scheme)
    with torch.no_grad():
        for _ in range(20):
            prepared(samples)
        trained = prepared(samples).numpy()
        plain = model(samples).numpy()
    # Roundings differ one by one; by how much all of them move a result does not. With activations
    # of 8 bits it is their ranges that count, which the file takes sample by sample.
    if scheme != "int8-per-tensor":
        moved, seen = (np.sqrt(np.mean((found - plain) ** 2)) for found in (ours, trained))
        assert 0.4 < moved / seen < 2.5
    if has_tflm() and scheme != "weights-int4":
        theirs = np.concatenate([results[0] for results in run_tflm(path, rows).results])
        assert np.abs(ours - theirs).max() <= 0.03 * np.abs(ours).max()


def test_what_is_unknown_is_refused_in_a_line(tmp_path: Path) -> None:
    said = "unknown scheme 'int2'; expected one of int8, int8-per-tensor, int4, weights-int8"
    with pytest.raises(UsageError, match=said):
        export_tflite(network(), INPUT, tmp_path / "a.tflite", [INPUT], scheme="int2")
    with pytest.raises(UsageError, match=said):
        prepare_qat(network(), INPUT, "int2")


def test_ranges_are_of_all_samples_or_smoothed(tmp_path: Path) -> None:
    model, samples = network(), torch.randn(32, 2, 8, 8)
    covered = {}
    for ranges in ("smoothed", "whole"):
        path = tmp_path / f"{ranges}.tflite"
        export_tflite(model, INPUT, path, [samples], ranges=ranges)
        stored = {tensor.name: tensor for tensor in mg.load(path).source.file.tensors}["input"]
        scale, zero = float(stored.scale_values[0]), int(stored.zero_point_values[0])
        covered[ranges] = scale * (-128 - zero), scale * (127 - zero)
    least, largest, step = float(samples.min()), float(samples.max()), 0.05
    assert abs(covered["whole"][0] - least) < step
    assert abs(covered["whole"][1] - largest) < step
    assert covered["smoothed"][0] > least + step
    assert covered["smoothed"][1] < largest - step
    with pytest.raises(UsageError, match="unknown ranges 'all'; expected smoothed or whole"):
        export_tflite(model, INPUT, tmp_path / "none.tflite", [samples], ranges="all")
