"""Files that TFLM refuses or wastes memory on: a plan that does not fit, tensors nobody uses."""

from pathlib import Path
from typing import Any

import pytest
from support.loading import load_module
from support.running import tflm_head

import mcugraph as mg
from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.formats.tflite.tables import read_model
from mcugraph.formats.tflite.writer import rewritten, with_own_shape
from mcugraph.optimizer.unused import emptied, unused

made: Any = load_module("tests/formats/conftest.py")


def chain(*spare: int) -> bytes:
    """Two steps on 256 bytes, and tensors of so many numbers that no operator uses."""
    sizes = {"x": 64, **{f"spare{i}": size for i, size in enumerate(spare)}, "y": 64, "z": 64}
    tensors = [made.T(name, (1, size), "float32") for name, size in sizes.items()]
    last = len(tensors) - 1
    steps = [made.Node("RELU", [0], [last - 1]), made.Node("RELU", [last - 1], [last])]
    data: bytes = made.tflite_bytes(made.G(tensors, steps, [0], [last]))
    return data


def test_tensors_that_nobody_uses_are_left_empty(tmp_path: Path) -> None:
    path, out = tmp_path / "in.tflite", tmp_path / "out.tflite"
    path.write_bytes(chain(1000, 30))
    result = mg.optimize(path, out)
    assert (result.before.tflm_arena, result.after.tflm_arena) == (4000 + 128, 512)
    assert "2 tensors that no operator uses" in " ".join(result.notes)
    model = mg.load(out).source.file
    assert isinstance(model, TfliteModel)
    assert [tensor.elements for tensor in model.tensors] == [64, 0, 0, 64, 64]
    assert unused(model) == ()
    # Nothing but two numbers is another.
    assert sum(a != b for a, b in zip(path.read_bytes(), out.read_bytes(), strict=True)) <= 3


def test_tensors_that_cost_nothing_stay(tmp_path: Path) -> None:
    path, out = tmp_path / "in.tflite", tmp_path / "out.tflite"
    path.write_bytes(chain(30))
    result = mg.optimize(path, out)
    assert not result.changed
    assert out.read_bytes() == path.read_bytes()


def test_a_shape_that_another_tensor_shares_stays() -> None:
    data = bytearray(chain(64, 30))
    assert with_own_shape("f", bytes(data), (1, 2)) == (1, 2)
    # The first spare tensor's shape is that of the input from here on.
    import tflite

    model = tflite.Model.GetRootAs(data, 0)
    spare, x = (model.Subgraphs(0).Tensors(i)._tab for i in (1, 0))
    field = spare.Offset(4) + spare.Pos
    target = x.Vector(x.Offset(4)) - 4
    assert target > field
    data[field : field + 4] = (target - field).to_bytes(4, "little")
    assert with_own_shape("f", bytes(data), (1, 2)) == (2,)


def test_a_plan_that_does_not_fit_is_said_and_mended(tmp_path: Path) -> None:
    path, out = tmp_path / "in.tflite", tmp_path / "out.tflite"
    path.write_bytes(rewritten("in", chain(), None, [0, 256]))
    assert read_model(path.read_bytes()).misfit == 2
    found = mg.profile(path)
    assert found.memory.tflm_arena is found.memory.tflm_total is None
    assert any("memory plan has 2 offsets for 3 tensors" in text for text in found.assumptions)
    assert found.tflm_refusals == (
        "its memory plan has 2 offsets for 3 tensors, which `mcugraph optimize` mends",
    )
    result = mg.optimize(path, out)
    assert (result.before.tflm_arena, result.after.tflm_arena) == (None, 512)
    assert "one for each" in result.notes[0]
    assert read_model(out.read_bytes()).misfit is None
    assert mg.profile(out).memory.tflm_total is not None


@pytest.mark.oracle("tflite_micro")
def test_the_runtimes_agree(tmp_path: Path) -> None:
    path, out = tmp_path / "in.tflite", tmp_path / "out.tflite"
    path.write_bytes(chain(1000, 30))
    assert tflm_head(path) == 4000 + 128
    result = mg.optimize(path, out, verify=True)
    assert result.verified == "TensorFlow Lite Micro"
    assert tflm_head(out) == 512
    path.write_bytes(rewritten("in", chain(), None, [0, 256]))
    mg.optimize(path, out)
    assert tflm_head(out) == 512


def test_a_model_with_empty_tensors_counts_them_as_none() -> None:
    model = read_model(chain(1000, 30))
    assert unused(model) == (1, 2)
    assert [tensor.nbytes for tensor in emptied(model, (2,)).tensors] == [256, 4000, 0, 256, 256]
