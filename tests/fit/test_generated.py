"""Figures and verdicts for the C code that `deploy` writes, and TFLM's code beside it."""

import json
from pathlib import Path

import pytest
from support.commands import Capture, refused, run
from support.microcontrollers import needs_qemu
from support.one_operator import one_operator, values

import mcugraph as mg
from mcugraph.cli import main
from mcugraph.fit.model_needs import Allowance
from mcugraph.fit.tflm_code import estimated_code
from mcugraph.fit.verdict import judge

NETWORKS = ("ds_cnn", "tight_arena", "resnet", "branching")


@pytest.mark.parametrize("name", NETWORKS)
def test_the_arena_is_that_of_the_code(name: str, models: Path, tmp_path: Path) -> None:
    model = models / f"{name}_int8.tflite"
    memory = mg.profile(model, runtime="deploy", time_limit=10).memory
    assert memory.overlap_arena == mg.deploy(model, tmp_path / "out").arena
    assert memory.planned_arena is not None
    assert memory.planned_arena >= memory.peak
    assert memory.overlap_arena <= memory.planned_arena
    assert {memory.tflm_arena, memory.tflm_persistent, memory.tflm_total} == {None}
    assert memory.peak == mg.profile(model).memory.peak


def test_sram_is_arena_and_state(models: Path) -> None:
    graph = mg.load(models / "ds_cnn_int8.tflite")
    found = mg.profile(graph, runtime="deploy")
    assert found.memory.overlap_arena is not None
    most = found.memory.overlap_arena
    for sram, fits in ((most, True), (most - 1, False)):
        verdict = judge(graph, Allowance("it", sram=sram), found, ())
        assert (verdict.fits, verdict.generated) == (fits, True)


def test_flash_is_not_proven_before_it_is_built(models: Path) -> None:
    graph = mg.load(models / "ds_cnn_int8.tflite")
    found = mg.profile(graph, runtime="deploy")
    assert judge(graph, Allowance("it", flash=1 << 20), found, ()).fits is None
    assert (found.flash.code, found.flash.constants) == (None, None)


@needs_qemu
def test_flash_is_exact_once_it_is_built(models: Path, tmp_path: Path, capsys: Capture) -> None:
    model = models / "ds_cnn_int8.tflite"
    project = mg.deploy(model, tmp_path / "out")
    project.build()
    flash = mg.profile(model, runtime="deploy", built=tmp_path / "out").flash
    assert flash.code == project.code
    arguments = ("--runtime", "deploy", "--built", tmp_path / "out", "--json")
    found = json.loads(run(capsys, "check", model, "--flash", "1MiB", *arguments))
    (need,) = found["needs"]
    assert (need["needed"], need["exact"], found["fits"]) == (project.flash, True, True)
    boards = json.loads(run(capsys, "boards", "--fit", model, *arguments))["boards"]
    assert {board["needs"][1]["needed"] for board in boards} == {project.flash}
    assert {board["core"] for board in boards} == {"Cortex-M4"}
    other = ("check", model, "--board", "nucleo-h743zi2", *arguments)
    assert "was built for cortex-m4" in refused(capsys, *other)


def test_what_was_built_is_held_against_what_is_asked(
    models: Path, tmp_path: Path, capsys: Capture
) -> None:
    model, folder = models / "tight_arena_int8.tflite", tmp_path / "out"
    deploy = ("profile", model, "--runtime", "deploy", "--built")
    assert "report.json cannot be read" in refused(capsys, *deploy, folder)
    mg.deploy(model, folder)
    assert "is not built" in refused(capsys, *deploy, folder)
    assert "give runtime='deploy'" in refused(capsys, "profile", model, "--built", folder)
    other = ("profile", models / "ds_cnn_int8.tflite", *deploy[2:])
    assert "is of another model than" in refused(capsys, *other, folder)
    (folder / "report.json").write_text('{"generator": "mcugraph deploy"}')
    assert "says nothing of flash" in refused(capsys, *deploy, folder)
    (folder / "report.json").write_text("{}")
    assert "is none of `mcugraph deploy`'s" in refused(capsys, *deploy, folder)


def test_what_generated_code_cannot_run_fits_nowhere(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(one_operator("FLOOR_MOD", [values("int32", 4)] * 2, [values("int32", 4)]))
    found = mg.profile(path, runtime="deploy")
    (reason,) = found.deploy_refusals
    assert found.refusals == found.deploy_refusals
    assert found.tflm_refusals == ()
    assert found.memory.overlap_arena is None
    assert main(["check", str(path), "--sram", "1MiB", "--runtime", "deploy"]) == 1
    text = capsys.readouterr().out
    assert "does not run" in text
    assert f"Generated code cannot run this model: {reason}" in text


def test_tflm_code_is_estimated_beside_the_floor(models: Path) -> None:
    graph = mg.load(models / "ds_cnn_int8.tflite")
    found = mg.profile(graph)
    # The core; convolution, depthwise, fully connected, mean, pad.
    assert estimated_code(found) == 10_700 + 10_900 + 9_800 + 8_400 + 8_100 + 4_600
    (need,) = judge(graph, Allowance("it", flash=1 << 20), found, ()).needs
    assert found.flash.file is not None
    assert need.needed == found.flash.file + 16_384
    assert need.estimate == found.flash.file + estimated_code(found)
    assert "at least 16,384, about 52,500 by its kernels" in need.parts
