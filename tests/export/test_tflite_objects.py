"""Constants behind the tables of a file: what TFLM makes of them, and how they come inside."""

from pathlib import Path

import pytest
from support.data_behind import with_data_behind
from support.running import tflm_head

import mcugraph as mg
import mcugraph.prune
from mcugraph.export.tflite_objects import with_data_inside
from mcugraph.optimizer.verification import run

MODEL = Path(__file__).parents[2] / "fixtures" / "models" / "resnet_int8.tflite"

pytestmark = pytest.mark.oracle("ai_edge_litert")


@pytest.fixture
def behind(tmp_path: Path) -> Path:
    path = tmp_path / "behind.tflite"
    path.write_bytes(with_data_behind(MODEL.read_bytes()))
    return path


def inside(path: Path) -> Path:
    import ai_edge_litert.schema_py_generated as schema
    import flatbuffers

    target = path.with_name("inside.tflite")
    target.write_bytes(with_data_inside(path.read_bytes(), schema, flatbuffers))
    return target


def test_the_network_is_the_same_wherever_its_constants_are(behind: Path) -> None:
    graph = mg.load(MODEL)
    assert run("litert", str(MODEL), graph).failure is None
    for path in (behind, inside(behind)):
        assert run("litert", str(path), graph) == run("litert", str(MODEL), graph)
        assert mg.profile(path).macs == mg.profile(MODEL).macs
        assert mg.profile(path).memory.peak == mg.profile(MODEL).memory.peak


@pytest.mark.oracle("tflite_micro")
def test_tflm_runs_what_has_them_inside_alone(behind: Path) -> None:
    wanted = run("tflm", str(MODEL), mg.load(MODEL))
    assert len(set(wanted.digests)) > 1
    assert run("tflm", str(inside(behind)), mg.load(MODEL)) == wanted
    assert run("tflm", str(behind), mg.load(MODEL)) != wanted
    assert not mg.profile(inside(behind)).tflm_refusals
    (refusal,) = mg.profile(behind).tflm_refusals
    assert "behind the tables" in refusal


@pytest.mark.oracle("tflite_micro")
def test_tflm_plans_memory_for_what_is_behind(behind: Path) -> None:
    found = mg.profile(behind).memory.tflm_arena
    assert found == tflm_head(behind)
    assert found > mg.profile(MODEL).memory.tflm_arena


def test_a_file_that_has_them_inside_stays_as_it_is() -> None:
    import ai_edge_litert.schema_py_generated as schema
    import flatbuffers

    data = MODEL.read_bytes()
    assert with_data_inside(data, schema, flatbuffers) is data


def test_splits_leave_such_a_file_alone_and_say_so(behind: Path, tmp_path: Path) -> None:
    found = mg.optimize(behind, tmp_path / "new.tflite", kernels="reference", split=True)
    assert any("behind the tables" in note for note in found.notes)


@pytest.mark.oracle("litert_torch", "ai_edge_quantizer", "tflite_micro")
def test_large_networks_are_exported_with_all_constants_inside(tmp_path: Path) -> None:
    """The quantiser stores constants behind the tables once they come to 256 KiB."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(300, 1000), torch.nn.ReLU(), torch.nn.Linear(1000, 4)
    )
    data = torch.randn(16, 300)
    exported = mg.prune.export_tflite(model.eval(), data, tmp_path / "large.tflite", [data])
    assert not exported.profile.tflm_refusals
    found = run("tflm", str(exported.path), mg.load(exported.path))
    assert len(set(found.digests)) > 1  # without its constants it gives the same for all inputs
