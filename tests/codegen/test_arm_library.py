"""Generated code that calls CMSIS-NN: MCUGRAPH_CMSIS_NN says where a copy of it is."""

import os
from pathlib import Path

import pytest
from support.deployed import as_bytes, program_of, random_inputs, tflm_answers
from support.int8_operators import OPERATORS
from support.microcontrollers import needs_qemu

import mcugraph as mg

COPY = os.environ.get("MCUGRAPH_CMSIS_NN")
needs_copy = pytest.mark.skipif(COPY is None, reason="MCUGRAPH_CMSIS_NN names no copy of CMSIS-NN")
NETWORKS = ("ds_cnn", "mobilenet_v2", "resnet", "branching")
MAKERS = ("convolution", "depthwise", "fully_connected", "pool", "softmax", "addition")


@pytest.fixture
def likeness(tmp_path: Path) -> Path:
    """A folder that looks like a copy."""
    header = tmp_path / "cmsis" / "Include" / "arm_nnfunctions.h"
    header.parent.mkdir(parents=True)
    header.write_text("")
    return tmp_path / "cmsis"


def check_equal(model: Path, folder: Path, copy: str | None, count: int) -> set[str]:
    """The program's outputs are TFLM's; which functions it calls."""
    project = mg.deploy(model, folder / "out", cmsis_nn=copy)
    inputs = random_inputs(program_of(model, folder), count)
    found = project.run(as_bytes(inputs))
    assert found.outputs == tflm_answers(model.read_bytes(), inputs)
    assert project.report["sram"]["bss"] == project.arena
    return {operator["function"] for operator in project.report["operators"]}


@needs_copy
@needs_qemu
@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize("name", NETWORKS)
def test_networks_compute_what_tflm_computes(name: str, models: Path, tmp_path: Path) -> None:
    called = check_equal(models / f"{name}_int8.tflite", tmp_path, COPY, 3)
    assert "mg_cmsis_conv_s8" in called


@needs_copy
@needs_qemu
@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize("name", MAKERS)
def test_operators_compute_what_tflm_computes(name: str, tmp_path: Path) -> None:
    model = tmp_path / "model.tflite"
    for seed in range(4):
        model.write_bytes(OPERATORS[name](seed))
        check_equal(model, tmp_path, COPY, 4)


def test_the_project_says_where_the_library_is(
    likeness: Path, models: Path, tmp_path: Path
) -> None:
    model, folder = models / "ds_cnn_int8.tflite", tmp_path / "out"
    project = mg.deploy(model, folder, cmsis_nn=likeness)
    assert f"CMSIS_NN ?= {likeness.resolve()}\n" in (folder / "Makefile").read_text()
    assert "cmsis-nn)" in (folder / "CMakeLists.txt").read_text()
    assert "runtime/mg_cmsis_conv_s8.c" in project.files
    # Its convolutions of one by one are no raster, so their results lie apart from their data.
    assert project.arena > mg.deploy(model, folder).arena
    assert "CMSIS_NN" not in (folder / "Makefile").read_text()


def test_what_does_not_go_together_is_refused(likeness: Path, models: Path, tmp_path: Path) -> None:
    model, folder = models / "ds_cnn_int8.tflite", tmp_path / "out"
    for options, said in (
        ({"cmsis_nn": tmp_path}, "is no copy of CMSIS-NN: it has no Include"),
        ({"cmsis_nn": likeness, "target": "cortex-m55"}, "not cortex-m55"),
        ({"cmsis_nn": likeness, "rounding": "litert"}, "give rounding 'tflm'"),
        ({"cmsis_nn": likeness, "project": "zephyr"}, "projects of zephyr have no CMSIS-NN"),
    ):
        with pytest.raises(mg.UsageError, match=said):
            mg.deploy(model, folder, **options)
    odd = likeness.rename(tmp_path / "a folder")
    with pytest.raises(mg.UsageError, match="characters that make does not take"):
        mg.deploy(model, folder, cmsis_nn=odd)
    assert not folder.exists()
