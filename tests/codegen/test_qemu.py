"""Projects on microcontrollers, which QEMU stands for, against the same on the host."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.deployed import as_bytes, program_of, random_inputs, tflm_answers
from support.microcontrollers import needs_qemu, on_host

import mcugraph as mg
from mcugraph.codegen.cores import CORES
from mcugraph.codegen.toolchain import run_program

pytestmark = needs_qemu

SHARED = Path(__file__).resolve().parents[3] / "shared" / "models" / "tflite"
NETWORKS = (
    *("mlperftiny_kws_ref_model", "tflm_person_detect", "mlperftiny_vww_96_int8"),
    *("mlperftiny_ad01_int8", "mltk_image_example1"),
)
FAST = ("ds_cnn", "mobilenet_v2")
OTHERS = (
    *("autoencoder", "branching", "densenet", "detector", "efficientnet", "inception", "resnet"),
    *("shufflenet", "siamese", "tight_arena", "unet"),
)


def inputs_of(project: mg.Project, count: int) -> bytes:
    one = sum(value["bytes"] for value in project.report["inputs"])
    return np.random.default_rng(0).bytes(count * one)


def check_equal(model: Path, folder: Path, count: int, **target: Any) -> mg.Project:
    project = mg.deploy(model, folder / "out", **target)
    inputs = inputs_of(project, count)
    found = project.run(inputs)
    assert found.inferences == count
    assert found.outputs == on_host(project, inputs)
    assert project.report["sram"]["bss"] == project.arena + project.state
    return project


@pytest.mark.parametrize("name", FAST)
def test_cortex_m4_computes_what_the_host_computes(name: str, models: Path, tmp_path: Path) -> None:
    check_equal(models / f"{name}_int8.tflite", tmp_path, 2)


def test_floats_are_rounded_as_the_host_rounds_them(models: Path, tmp_path: Path) -> None:
    """On a core that could multiply and add in one step."""
    project = mg.deploy(models / "ds_cnn_float.tflite", tmp_path / "out", target="cortex-m4")
    elements = project.report["inputs"][0]["bytes"] // 4
    inputs = np.random.default_rng(0).normal(size=elements).astype(np.float32).tobytes()
    assert project.run(inputs).outputs == on_host(project, inputs)


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_other_fixtures_on_cortex_m4(name: str, models: Path, tmp_path: Path) -> None:
    check_equal(models / f"{name}_int8.tflite", tmp_path, 3)


@pytest.mark.slow
@pytest.mark.oracle("tflite_micro")
@pytest.mark.skipif(not SHARED.is_dir(), reason="there are no shared models")
@pytest.mark.parametrize("name", NETWORKS)
def test_other_peoples_networks_compute_what_tflm_computes(name: str, tmp_path: Path) -> None:
    model = SHARED / f"{name}.tflite"
    inputs = random_inputs(program_of(model, tmp_path), 20)
    found = mg.deploy(model, tmp_path / "out").run(as_bytes(inputs))
    assert found.outputs == tflm_answers(model.read_bytes(), inputs)


@pytest.mark.slow
@pytest.mark.parametrize("core", sorted(CORES.keys() - {"cortex-m4"}))
@pytest.mark.parametrize("name", FAST)
def test_other_cores(name: str, core: str, models: Path, tmp_path: Path) -> None:
    machine = "mps2-an385" if core == "cortex-m0" else None
    check_equal(models / f"{name}_int8.tflite", tmp_path, 3, target=core, machine=machine)


def test_ds_cnn_runs_on_a_board_of_16_kib(models: Path, tmp_path: Path) -> None:
    project = check_equal(models / "ds_cnn_int8.tflite", tmp_path, 1, machine="microbit")
    sram = project.report["sram"]
    assert project.target.core.name == "cortex-m0"
    assert sram["bss"] + sram["stack"] < 16 * 1024


def test_ds_cnn_runs_on_a_board_of_8_kib(models: Path, tmp_path: Path) -> None:
    check_equal(models / "ds_cnn_int8.tflite", tmp_path, 1, machine="stm32vldiscovery")


def test_instructions_do_not_depend_on_the_clock(models: Path, tmp_path: Path) -> None:
    """The same code on two machines, one of which has a timer that begins anew several times."""
    model = models / "mobilenet_v2_int8.tflite"
    found = [
        mg.deploy(model, tmp_path / machine, machine=machine).run()
        for machine in ("mps2-an386", "netduinoplus2", "netduinoplus2")
    ]
    # A tick of the one is shorter than an instruction by little, so that the last one is uncertain.
    assert abs(found[0].instructions - found[1].instructions) <= 1
    assert found[1].instructions == found[2].instructions
    assert found[0].instructions > 2**24 * 10 // 168  # 168 MHz: 10.75 ticks each
    assert len({each.stack for each in found}) == 1


def test_code_and_flash_are_known_once_it_is_built(models: Path, tmp_path: Path) -> None:
    project = mg.deploy(models / "tight_arena_int8.tflite", tmp_path / "out")
    assert (project.code, project.flash) == (None, None)
    project.build()
    flash = project.report["flash"]
    tables = sum(project.tables.values())
    assert project.code == flash["code"] > sum(flash["functions"].values()) * 0.9
    assert project.flash == flash["total"] == flash["code"] + flash["constants"] + flash["data"]
    assert tables < flash["constants"] < tables + 1024  # the structs of parameters
    assert project.report["sram"]["frames"]["model_invoke"] > 0
    assert project.report["instructions"] is None
    # All that was built may go.
    mg.deploy(models / "tight_arena_int8.tflite", tmp_path / "out", name="other")


def test_what_does_not_fit_is_said_in_one_line(models: Path, tmp_path: Path) -> None:
    project = mg.deploy(models / "unet_int8.tflite", tmp_path / "out", machine="stm32vldiscovery")
    with pytest.raises(mg.ToolError, match=r"out: does not fit: .*stm32vldiscovery.* RAM") as error:
        project.run()
    assert "\n" not in str(error.value)
    assert project.report["flash"]["code"] is None


def test_bytes_of_half_an_inference_are_refused(models: Path, tmp_path: Path) -> None:
    project = mg.deploy(models / "ds_cnn_int8.tflite", tmp_path / "out")
    inputs = inputs_of(project, 1)
    with pytest.raises(mg.UsageError, match=f"the inputs of one are {len(inputs):,} B"):
        project.run(inputs[:-1])
    with pytest.raises(mg.UsageError, match="0 B are no whole number"):
        project.run(b"")


def test_the_program_says_that_its_bytes_end_within_an_inference(
    models: Path, tmp_path: Path
) -> None:
    project = mg.deploy(models / "siamese_int8.tflite", tmp_path / "out")
    inputs = inputs_of(project, 1)
    project.run(inputs)
    elf, second = tmp_path / "out" / "model.elf", project.report["inputs"][1]["bytes"]
    for left, which in ((1, 1), (second, 1), (second + 1, 0)):
        with pytest.raises(mg.ToolError, match=f"code 66 .*: the bytes end within input {which}"):
            run_program(elf, project.target.machine, inputs[: len(inputs) - left], 60.0)


def test_a_machine_that_takes_too_long_is_stopped(models: Path, tmp_path: Path) -> None:
    project = mg.deploy(models / "ds_cnn_int8.tflite", tmp_path / "out")
    with pytest.raises(mg.ToolError, match="was stopped after"):
        project.run(inputs_of(project, 100_000), timeout=0.5)


def test_the_arena_may_be_of_the_program_around(models: Path, tmp_path: Path) -> None:
    model = models / "tight_arena_int8.tflite"
    project = mg.deploy(model, tmp_path / "out", shared_arena="scratchpad")
    inputs = inputs_of(project, 1)
    assert project.run(inputs).outputs == on_host(project, inputs)
    assert project.report["sram"]["bss"] == 0
