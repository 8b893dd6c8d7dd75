"""Plans in which outputs lie over inputs: what they save, for which kernels they hold."""

import json
from pathlib import Path

import pytest
from support.tflite_writer import G, Node, T, tflite_bytes

import mcugraph as mg
from mcugraph.cli import main
from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.formats.tflite.tables import PLAN, PLANNED_FOR, read_model
from mcugraph.optimizer.result import Optimization
from mcugraph.tflm.splits.split_file import split_file

SHARED = Path(__file__).resolve().parents[3] / "shared" / "models" / "tflite"
FILES = sorted(SHARED.glob("*.tflite"))


def optimized(source: Path, folder: Path, kernels: str, verify: bool = False) -> Optimization:
    return mg.optimize(source, folder / "out.tflite", kernels=kernels, verify=verify)


@pytest.mark.parametrize(
    "name", ["mobilenet_v2_int8", "resnet_int8", "ds_cnn_int8", "shufflenet_int8"]
)
def test_named_kernels_save_more(models: Path, tmp_path: Path, name: str) -> None:
    source = models / f"{name}.tflite"
    plain = optimized(source, tmp_path, "any")
    assert not plain.holds_for
    over = optimized(source, tmp_path, "reference")
    assert over.holds_for == "reference"
    assert over.after.tflm_arena < plain.after.tflm_arena  # type: ignore[operator]
    assert [step.what for step in over.steps] == ["order, plan", "overlaps"]
    assert over.steps[0].figures == plain.after
    found = mg.profile(tmp_path / "out.tflite").memory
    assert found.tflm_arena == found.overlap_arena == mg.profile(source).memory.overlap_arena


def test_any_says_what_naming_the_kernels_saves(models: Path, tmp_path: Path) -> None:
    plain = optimized(models / "ds_cnn_int8.tflite", tmp_path, "any")
    over = optimized(models / "ds_cnn_int8.tflite", tmp_path, "reference")
    assert any(
        "--kernels reference" in note and f"{over.after.tflm_arena:,}" in note
        for note in plain.notes
    )


def test_the_file_says_which_kernels_it_is_for(models: Path, tmp_path: Path) -> None:
    source, out = models / "ds_cnn_int8.tflite", tmp_path / "out.tflite"
    over = optimized(source, tmp_path, "reference")
    assert PLANNED_FOR.encode() in out.read_bytes()
    assert mg.load(out).source.file.planned_for == "reference"  # type: ignore[union-attr]
    told = [text for text in mg.profile(out).assumptions if "reference kernels only" in text]
    assert len(told) == 1
    wrong = mg.profile(out, kernels="cmsis-nn").assumptions
    assert any("computes something else" in text for text in wrong)
    # Once more with the same kernels: nothing is left to do.
    again = mg.optimize(out, tmp_path / "again.tflite", kernels="reference")
    assert not again.changed
    assert again.after.tflm_arena == over.after.tflm_arena


def test_a_plan_for_other_kernels_is_replaced(models: Path, tmp_path: Path) -> None:
    source, out = models / "ds_cnn_int8.tflite", tmp_path / "out.tflite"
    plain = optimized(source, tmp_path, "any").after
    optimized(source, tmp_path, "reference")
    mended = mg.optimize(out, out)
    assert not mended.holds_for
    assert mended.after.tflm_arena == plain.tflm_arena
    assert any("reference kernels only, so it is replaced" in note for note in mended.notes)
    assert PLANNED_FOR.encode() not in out.read_bytes()[:400]
    assert not mg.load(out).source.file.planned_for  # type: ignore[union-attr]


def test_a_file_made_anew_says_nothing_of_the_plan_it_had(models: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.tflite"
    optimized(models / "ds_cnn_int8.tflite", tmp_path, "reference")
    model, data = mg.load(out).source.file, out.read_bytes()
    assert isinstance(model, TfliteModel)
    bare = read_model(split_file(str(out), data, model, []))
    assert bare.offsets is None
    assert not bare.planned_for
    assert not {PLAN, PLANNED_FOR} & {*bare.metadata}


def test_other_kernels_are_not_verified(models: Path, tmp_path: Path) -> None:
    found = mg.optimize(
        models / "resnet_int8.tflite", tmp_path / "out.tflite", kernels="cmsis-nn", verify=True
    )
    assert found.holds_for == "cmsis-nn"
    assert found.verified is None
    assert any("the outputs were not compared" in note for note in found.notes)


def test_command(models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "out.tflite")
    source = str(models / "ds_cnn_int8.tflite")
    assert main(["optimize", source, "-o", out, "--kernels", "reference"]) == 0
    said = capsys.readouterr().out
    assert "Holds for TFLM's reference kernels only" in said
    assert max(map(len, said.splitlines())) <= 160
    assert main(["optimize", source, "-o", out, "--kernels", "reference", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["holds_for"] == "reference"
    assert [step["what"] for step in found["steps"]] == ["order, plan", "overlaps"]


@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize(
    "name", ["mobilenet_v2_int8", "resnet_int8", "ds_cnn_int8", "shufflenet_int8"]
)
def test_tflm_computes_the_same(models: Path, tmp_path: Path, name: str) -> None:
    found = optimized(models / f"{name}.tflite", tmp_path, "reference", verify=True)
    assert found.holds_for
    assert found.verified == "TensorFlow Lite Micro"


@pytest.mark.slow
@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize("source", FILES, ids=[path.stem for path in FILES])
def test_tflm_computes_the_same_of_real_files(source: Path, tmp_path: Path) -> None:
    """Several calls, for those that keep state; what TFLM does not run is left out."""
    found = optimized(source, tmp_path, "reference", verify=True)
    before, after = found.before.tflm_arena, found.after.tflm_arena
    if before is not None and after is not None:
        assert after <= before
    if found.holds_for and not any("does not run" in note for note in found.notes):
        assert found.verified == "TensorFlow Lite Micro"


@pytest.mark.skipif(not FILES, reason="the models are not there")
@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("tflm_person_detect", 36_880),
        ("mlperftiny_vww_96_int8", 36_880),
        ("mlperftiny_kws_ref_model", 9_792),
        ("mlperftiny_pretrainedResnet_large_float", 333_120),
        ("mltk_image_example1", 55_408),
    ],
)
def test_published_figures(name: str, most: int, tmp_path: Path) -> None:
    found = optimized(SHARED / f"{name}.tflite", tmp_path, "reference")
    assert found.after.tflm_arena <= most  # type: ignore[operator]


def given_back_on_the_way(folder: Path) -> Path:
    """A chain x, RELU, a, ABS, b, NEG, y: a and b are results, too, and the last one reads b."""
    tensors = [T(name, (1, 64), "float32") for name in "xaby"]
    kinds = enumerate(("RELU", "ABS", "NEG"))
    steps = [Node(kind, [i], [i + 1]) for i, kind in kinds]
    path = folder / "in.tflite"
    path.write_bytes(tflite_bytes(G(tensors, steps, [0], [3, 2])))
    return path


def test_nothing_lies_over_a_result_that_the_last_operator_reads(tmp_path: Path) -> None:
    source = given_back_on_the_way(tmp_path)
    found = optimized(source, tmp_path, "reference")
    assert found.after.tflm_arena == 512
    assert mg.profile(source).memory.overlap_arena == 512
    offsets = read_model((tmp_path / "out.tflite").read_bytes()).offsets
    if offsets is not None:
        assert abs(offsets[2] - offsets[3]) >= 256


@pytest.mark.oracle("tflite_micro")
def test_the_runtime_gives_the_same_results_back(tmp_path: Path) -> None:
    found = optimized(given_back_on_the_way(tmp_path), tmp_path, "reference", verify=True)
    assert found.verified == "TensorFlow Lite Micro"
