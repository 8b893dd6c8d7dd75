"""What weights take by their zeros: in files, modules and the code that is made of them."""

from pathlib import Path
from typing import Any

import pytest
from measured.made_sparse import made_sparse
from support.one_operator import one_operator, values
from support.tflite_writer import T

import mcugraph as mg
from mcugraph.cost.layer_storage import LayerStorage
from mcugraph.records import replace
from mcugraph.storage import SPARSE, Bitmap, Blocks, Crs, NofM

TURNS = (0.95, NofM(2, 4), Blocks(2, 4), 0.6, 0.1)


def stored(model: object, precision: str | None = None) -> list[LayerStorage]:
    found = mg.profile(model, precision=precision, time_limit=0.1, storage=True).storage
    assert found is not None
    return list(found)


@pytest.mark.parametrize("name", ["ds_cnn_int8", "resnet_int8", "resnet_float"])
def test_deployed_layers_are_stored_so(name: str, models: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(made_sparse((models / f"{name}.tflite").read_bytes(), TURNS))
    report = mg.deploy(path, tmp_path / "out").report["storage"]
    deployed = {each["operator"]: each for each in report}
    found = stored(path)
    assert {each.operator for each in found} == deployed.keys()
    for said in found:
        made = deployed[said.operator]
        if said.cheapest == made["form"] != "dense":
            assert said.bytes == made["bytes"]
        else:  # the kernel of int8 fills rows of dense weights up
            assert said.cheapest == "dense" or said.kind == "conv2d"
            assert said.bytes <= made["bytes"] <= said.dense + 3 * said.rows
    assert len({each.cheapest for each in found}) > 3


def test_zeros_of_modules_and_of_onnx_files(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(
        torch.nn.Conv2d(4, 8, 3, bias=False),
        torch.nn.BatchNorm2d(8),
        torch.nn.Flatten(),
        torch.nn.Linear(8 * 4 * 4, 10),
    ).eval()
    with torch.no_grad():
        # Of each four input channels of a place, one: that is how a device reads them.
        model[0].weight.zero_()[:, ::4] = 1
        model[3].weight[:, 6:] = 0
    example = torch.zeros(1, 4, 6, 6)
    torch.onnx.export(model, (example,), tmp_path / "model.onnx", dynamo=False)
    for given in (mg.from_torch(model, example), tmp_path / "model.onnx"):
        for precision, bits in ((None, 32), ("int8", 8)):
            conv, dense = stored(given, precision)
            assert (conv.rows, conv.columns, conv.bits, conv.nonzero) == (8, 36, bits, 72)
            assert conv.crs == Crs().bytes(8, 36, 72, bits)
            assert conv.pattern is not None
            assert conv.n_of_m == NofM(1, 4).bytes(8, 36, 72, bits)
            assert (dense.rows, dense.columns, dense.nonzero) == (10, 128, 60)
            assert dense.bitmap == Bitmap().bytes(10, 128, 60, bits)
            # Six columns of ten rows: two blocks.
            assert dense.block == "5x6"
            assert dense.blocks == 2 * 2 + 2 * (5 * 6 * bits // 8 + 1)
            assert dense.bytes == dense.blocks < min(dense.crs or 0, dense.bitmap)


def test_weights_of_cells_are_told_as_dense_ones(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")

    class Spotter(torch.nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.cell = torch.nn.LSTM(8, 16, batch_first=True)
            self.head = torch.nn.Linear(16, 4)

        def forward(self, x: Any) -> Any:
            return self.head(self.cell(x)[0][:, -1])

    graph = mg.from_torch(Spotter().eval(), torch.zeros(1, 6, 8))
    found = stored(graph)
    made = mg.deploy(graph, tmp_path).report["storage"]
    assert sum(each.bytes for each in found) == sum(each["bytes"] for each in made)
    cells = [each for each in found if each.kind == "lstm"]
    assert sum(each.dense for each in cells) == 4 * 64 * (8 + 16)
    assert {each.cheapest for each in cells} == {"dense"}


def test_depthwise_weights_stay_dense(models: Path) -> None:
    path = models / "ds_cnn_int8.tflite"
    depthwise = next(each for each in stored(path) if each.kind == "depthwise_conv2d")
    assert {getattr(depthwise, family.name) for family in SPARSE} == {None}
    assert depthwise.cheapest == "dense"
    assert depthwise.bytes == depthwise.dense
    assert mg.profile(path, time_limit=0.1).storage is None


def test_what_a_file_holds_in_a_sparse_form_stays_so(models: Path) -> None:
    graph = mg.load(models / "autoencoder_int8.tflite")
    name = graph.operators[0].inputs[1]
    assert name is not None
    tensor = graph.tensors[name]
    assert tensor.constant is not None
    packed = replace(tensor, constant=replace(tensor.constant, packed=100))
    first = stored(graph.replace(tensors={**graph.tensors, name: packed}))[0]
    assert (first.cheapest, first.bytes, first.dense) == ("file", 100, tensor.nbytes)
    assert first.nonzero is None
    assert first.bitmap is None


def test_zeros_are_what_zero_points_stand_for(tmp_path: Path) -> None:
    weights = T("", (2, 3), "uint8", data=bytes([3, 3, 5, 3, 9, 3]), scales=(0.5,), zero_point=3)
    path = tmp_path / "model.tflite"
    activations = [values("uint8", 1, size) for size in (3, 2)]
    path.write_bytes(one_operator("FULLY_CONNECTED", [activations[0], weights], activations[1:]))
    assert stored(path)[0].nonzero == 2
