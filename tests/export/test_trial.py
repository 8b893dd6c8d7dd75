"""Files are held against the module before they are accepted: wrong ones are caught."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.loading import ROOT

import mcugraph as mg
from mcugraph.formats.tflite.misfits import misfits
from mcugraph.formats.tflite.tables import read_model

torch = pytest.importorskip("torch")
pytest.importorskip("litert_torch")
pytest.importorskip("ai_edge_quantizer")
schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
flatbuffers = pytest.importorskip("flatbuffers")

from mcugraph.export import to_onnx, to_tflite  # noqa: E402
from mcugraph.export.rounding_error import rounding_errors  # noqa: E402
from mcugraph.export.trial import run_file  # noqa: E402

nn = torch.nn
CORRUPT = ROOT.parent / "shared/cases/tflite/export_convtranspose_bn_corrupt.tflite"


def lively(model: Any) -> Any:
    """In inference mode, with batch norms that do something."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.5)
            module.running_var.uniform_(0.3, 2)
            if module.affine:
                nn.init.uniform_(module.weight, 0.3, 1.5)
                nn.init.normal_(module.bias)
    return model.eval()


# Layer, norm, and the shape of the input.
NORMED: dict[str, tuple[Callable[[], Any], Callable[[], Any], tuple[int, ...]]] = {
    "conv1d": (lambda: nn.Conv1d(4, 6, 3), lambda: nn.BatchNorm1d(6), (4, 8)),
    "conv2d": (
        lambda: nn.Conv2d(4, 6, 3, bias=False),
        lambda: nn.BatchNorm2d(6, affine=False),
        (4, 8, 8),
    ),
    "grouped": (lambda: nn.Conv2d(4, 6, 3, groups=2), lambda: nn.BatchNorm2d(6), (4, 8, 8)),
    "depthwise": (
        lambda: nn.Conv2d(4, 8, 3, groups=4, bias=False),
        lambda: nn.BatchNorm2d(8),
        (4, 8, 8),
    ),
    "transpose1d": (lambda: nn.ConvTranspose1d(4, 6, 2, 2), lambda: nn.BatchNorm1d(6), (4, 8)),
    "transpose2d": (
        lambda: nn.ConvTranspose2d(4, 6, 2, 2),
        lambda: nn.BatchNorm2d(6),
        (4, 8, 8),
    ),
    "transpose2d_plain": (
        lambda: nn.ConvTranspose2d(4, 6, 2, 2, bias=False),
        lambda: nn.BatchNorm2d(6, affine=False),
        (4, 8, 8),
    ),
    "transpose2d_grouped": (
        lambda: nn.ConvTranspose2d(4, 6, 2, 2, groups=2, bias=False),
        lambda: nn.BatchNorm2d(6),
        (4, 8, 8),
    ),
    "transpose2d_depthwise": (
        lambda: nn.ConvTranspose2d(4, 4, 2, 2, groups=4),
        lambda: nn.BatchNorm2d(4),
        (4, 8, 8),
    ),
    "linear": (lambda: nn.Linear(6, 7), lambda: nn.BatchNorm1d(7), (6,)),
}


@pytest.mark.parametrize("name", NORMED)
def test_batch_norms_are_folded_into_whatever_layer(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    layer, norm, shape = NORMED[name]
    model, x = lively(nn.Sequential(layer(), norm(), nn.ReLU())), torch.randn(1, *shape)
    path = tmp_path / "net.tflite"
    before = [value.clone() for value in model.state_dict().values()]
    exported = to_tflite.export_tflite(model, x, path, [torch.randn(32, *shape)])
    assert all(map(torch.equal, before, model.state_dict().values()))
    assert misfits(read_model(path.read_bytes())) == []
    graph = mg.load(path)
    kinds = {operator.native for operator in graph.operators}
    assert "MUL" not in kinds
    assert not exported.unexplained["macs"]
    # The same layer with the norm folded by hand, in floats.
    plain = _results(path, x)
    with torch.no_grad():
        wanted = model(x).numpy()
    assert np.abs(plain - wanted).mean() < 0.05 * np.abs(wanted).max()


def _results(path: Path, x: Any) -> Any:
    from support.running import run_tflite

    (found,) = run_tflite(path, x)
    return found


@pytest.mark.skipif(not CORRUPT.exists(), reason="needs the shared cases")
def test_a_file_that_contradicts_itself() -> None:
    said = misfits(read_model(CORRUPT.read_bytes()))
    assert any("are stored" in sentence for sentence in said)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "fixtures/models").glob("*.tflite")), ids=lambda path: path.stem
)
def test_good_files_do_not_contradict_themselves(path: Path) -> None:
    assert misfits(read_model(path.read_bytes())) == []


def edited(data: bytes, edit: Callable[[Any, Any], None]) -> bytes:
    """A file with something changed: of its tables, and its first subgraph."""
    file = schema.ModelT.InitFromPackedBuf(data, 0)
    edit(file, file.subgraphs[0])
    builder = flatbuffers.Builder(len(data))
    builder.Finish(file.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _operand(graph: Any, place: int, which: int = 1) -> Any:
    """Of the operators with weights, one's operand."""
    layers = [op for op in graph.operators if len(op.inputs) == 3]
    return graph.tensors[layers[place].inputs[which]]


def turned(file: Any, graph: Any) -> None:
    """The channels of the first layer in reverse."""
    tensor = _operand(graph, 0)
    values = file.buffers[tensor.buffer].data.view(np.int8).reshape(tensor.shape)
    file.buffers[tensor.buffer].data = values[::-1].copy().ravel().view(np.uint8)


def one_turned(file: Any, graph: Any) -> None:
    """One of the last layer's rows is another."""
    tensor = _operand(graph, -1)
    values = file.buffers[tensor.buffer].data.view(np.int8).reshape(tensor.shape).copy()
    values[0] = -values[0]
    file.buffers[tensor.buffer].data = values.ravel().view(np.uint8)


def no_bias(file: Any, graph: Any) -> None:
    """Biases of zeros."""
    for place in range(2):
        tensor = _operand(graph, place, 2)
        file.buffers[tensor.buffer].data = np.zeros_like(file.buffers[tensor.buffer].data)


def long_bias(file: Any, graph: Any) -> None:
    """A bias of another shape than is stored."""
    tensor = _operand(graph, 0, 2)
    tensor.shape = np.array([1, 1, 1, *tensor.shape], np.int32)
    held = file.buffers[tensor.buffer].data
    file.buffers[tensor.buffer].data = np.concatenate([held] * 3)


def few_scales(file: Any, graph: Any) -> None:
    tensor = _operand(graph, 0)
    tensor.quantization.scale = tensor.quantization.scale[:3]
    tensor.quantization.zeroPoint = tensor.quantization.zeroPoint[:3]


def network() -> Any:
    torch.manual_seed(0)
    return lively(
        nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 12, 3), nn.BatchNorm2d(12), nn.ReLU(), nn.Flatten(), nn.Linear(48, 10),
        )
    )  # fmt: skip


@pytest.mark.parametrize("edit", [turned, one_turned, no_bias, long_bias, few_scales])
def test_a_wrong_file_is_not_written(
    edit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quantized = to_tflite._quantized
    monkeypatch.setattr(to_tflite, "_quantized", lambda *args: edited(quantized(*args), edit))
    path = tmp_path / "net.tflite"
    if edit is turned:
        path.write_bytes(b"before")
    with pytest.raises(mg.FormatError, match=r"Sequential: (the quantised file|LiteRT)"):
        to_tflite.export_tflite(
            network(), torch.zeros(1, 3, 8, 8), path, [torch.randn(32, 3, 8, 8)]
        )
    left = {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()}
    assert left == ({"net.tflite": b"before"} if edit is turned else {})


def test_a_wrong_conversion_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(file: Any, graph: Any) -> None:
        tensor = _operand(graph, 0)
        held = file.buffers[tensor.buffer].data.view(np.float32).reshape(tensor.shape)
        file.buffers[tensor.buffer].data = held[::-1].copy().ravel().view(np.uint8)

    shorten = to_tflite.shorten_names
    monkeypatch.setattr(to_tflite, "shorten_names", lambda *args: edited(shorten(*args), wrong))
    with pytest.raises(mg.FormatError, match="the converted file computes something else"):
        to_tflite.export_tflite(
            network(), torch.zeros(1, 3, 8, 8), tmp_path / "x.tflite", [torch.randn(8, 3, 8, 8)]
        )
    assert not list(tmp_path.iterdir())


def test_a_wrong_onnx_file_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    export = torch.onnx.export

    def wrong(model: Any, inputs: Any, path: str, **options: Any) -> None:
        export(model, inputs, path, **options)
        held = onnx.load(path)
        weight = next(entry for entry in held.graph.initializer if len(entry.dims) == 4)
        value = onnx.numpy_helper.to_array(weight)[::-1].copy()
        weight.CopyFrom(onnx.numpy_helper.from_array(value, weight.name))
        onnx.save(held, path)

    monkeypatch.setattr(torch.onnx, "export", wrong)
    path = tmp_path / "x.onnx"
    with pytest.raises(mg.FormatError, match="the file computes something else"):
        to_onnx.export_onnx(network(), torch.randn(1, 3, 8, 8), path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("size", [1e-4, 1, 1e4])
def test_a_right_file_is_not_refused_for_what_its_numbers_are(size: float, tmp_path: Path) -> None:
    """Results that are tiny, huge or hardly differ; one sample alone; ranges that outliers make."""
    torch.manual_seed(1)
    model = network()
    with torch.no_grad():
        model[-1].weight *= size
        model[-1].bias.fill_(3 * size)
    data = torch.randn(16, 3, 8, 8)
    data[5] *= 20
    to_tflite.export_tflite(model, data[:1], tmp_path / "a.tflite", [data])
    to_tflite.export_tflite(model, data[:1], tmp_path / "b.tflite", [data[:1]])


def test_what_xnnpack_does_not_take_is_run_by_litert_alone(tmp_path: Path) -> None:
    """It takes a file down where a pooling has windows of one element."""
    layers = [nn.Conv2d(2, 4, 3), nn.AvgPool2d(1), nn.Flatten(), nn.Linear(36, 3)]
    model, x = nn.Sequential(*layers).eval(), torch.rand(40, 2, 5, 5)
    exported = to_tflite.export_tflite(model, x[:1], tmp_path / "model.tflite", [x])
    assert exported.profile.memory.peak == exported.predicted.memory.peak


class Units(nn.Module):
    """A recurrent layer over a series, and a dense one; its states are small, or large."""

    def __init__(self, layer: type[Any], size: float) -> None:
        super().__init__()
        self.layer = layer(6, 8, batch_first=True, bidirectional=True)
        self.dense = nn.Linear(16, 4)
        for weight in self.layer.parameters():
            weight.data *= size

    def forward(self, x: Any) -> Any:
        return self.dense(self.layer(x)[0])


@pytest.mark.parametrize("size", [0.3, 3.0])
@pytest.mark.parametrize("layer", [nn.LSTM, nn.GRU, nn.RNN])
def test_recurrent_layers_round_at_each_step(
    layer: type[Any], size: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What rounding is said to move a result by is about what it moves that of the file by."""
    torch.manual_seed(0)
    model, batch = Units(layer, size).eval(), torch.randn(16, 12, 6)
    said: list[float] = []

    def watched(*given: Any) -> list[float]:
        said.extend(found := rounding_errors(*given))
        return found

    monkeypatch.setattr(to_tflite, "rounding_errors", watched)
    path = tmp_path / "units.tflite"
    to_tflite.export_tflite(model, batch[:1], path, [batch])
    samples = [(sample[None],) for sample in batch]
    with torch.no_grad():
        wanted = model(batch).numpy()
    found = np.concatenate([result for (result,) in run_file("", path.read_bytes(), samples)])
    error = float(np.sqrt(np.square(found - wanted).mean()))
    assert error / 2 < said[0] < 3 * error
