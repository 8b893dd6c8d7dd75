"""Large tables in files of their own: the same program, and all build systems know them."""

import re
import subprocess
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from support.deployed import as_bytes, needs_compiler, program_of, random_inputs, written
from support.one_operator import one_operator
from support.tflite_writer import T

import mcugraph as mg
from mcugraph.codegen.emit.build_systems import LAYOUTS
from mcugraph.codegen.emit.project_files import project_files
from mcugraph.codegen.emit.table_arrays import LARGEST

SMALL = 2048  # so that the fixtures' weights take several files
STRICT = "CFLAGS=-O0 -Wpedantic -Wconversion -Wmissing-declarations -Werror"


def arrays(text: str) -> list[tuple[str, str]]:
    """Name and numbers of the constant arrays that a file defines."""
    return re.findall(r"const \w+ (\w+)\[\d+\] = \{([^}]*)\}", text)


@needs_compiler
def test_a_program_in_several_files_computes_the_same(models: Path, tmp_path: Path) -> None:
    program = program_of(models / "tight_arena_int8.tflite", tmp_path)
    data, made = as_bytes(random_inputs(program, 2)), []
    for name, largest in (("one", LARGEST), ("several", SMALL)):
        files = project_files(program, "net", largest=largest)
        assert ("net_weights_1.c" in files) is (name == "several")
        written(files, tmp_path / name)
        subprocess.run(["make", "-s", "host", STRICT], cwd=tmp_path / name, check=True)
        done = subprocess.run([tmp_path / name / "host"], input=data, capture_output=True)
        assert done.returncode == 0
        made.append(done.stdout)
    assert made[0]
    assert made[0] == made[1]


def test_every_table_is_in_one_file_and_no_file_holds_too_much(
    models: Path, tmp_path: Path
) -> None:
    program = program_of(models / "ds_cnn_int8.tflite", tmp_path)
    whole = arrays(project_files(program, "net")["net.c"])
    files = project_files(program, "net", largest=SMALL)
    parts = {path: arrays(text) for path, text in files.items() if "_weights_" in path}
    assert [(f"net__{name}", text) for name, text in whole] == [*chain(*parts.values())]
    assert not arrays(files["net.c"])
    for found in parts.values():
        sizes = sum(text.count(",") + 1 for _, text in found)
        assert len(found) == 1 or sizes <= SMALL  # elements take a byte or more
    names = [name for found in parts.values() for name, _ in found]
    declared = re.findall(r"extern const \w+ (\w+)\[", files["net_weights.h"])
    assert declared == names


@pytest.mark.parametrize("layout", LAYOUTS)
def test_build_systems_know_all_files(layout: str, models: Path, tmp_path: Path) -> None:
    program = program_of(models / "tight_arena_int8.tflite", tmp_path)
    files = project_files(program, "net", layout=layout, largest=SMALL)
    paths = [path for path in files if "net_weights" in path]
    assert len(paths) > 2
    assert all(path.startswith("src/") is (layout == "arduino") for path in paths)
    lists = [files["Makefile"], *(files[p] for p in files if p.endswith("CMakeLists.txt"))]
    for text in lists:
        assert all(path in text for path in paths if path.endswith(".c"))
    assert all("0BSD" in files[path].splitlines()[0] for path in paths)


def test_large_weights_are_split_by_default(models: Path, tmp_path: Path) -> None:
    units, depth = 256, LARGEST // 256 + 4
    weights = np.random.default_rng(0).integers(-127, 128, (units, depth), np.int8).tobytes()
    path = tmp_path / "large.tflite"
    path.write_bytes(
        one_operator(
            "FULLY_CONNECTED",
            [
                T("", (1, depth), scales=(0.5,)),
                T("", (units, depth), data=weights, scales=(0.01,)),
            ],
            [T("", (1, units), scales=(0.5,))],
            "FullyConnectedOptions",
            {0: ("i8", 0)},
        )
    )
    project = mg.deploy(path, tmp_path / "out")
    assert {"model_weights.h", "model_weights_0.c"} <= set(project.files)
    assert (tmp_path / "out" / "model.c").stat().st_size < 10_000
    # What the larger model had besides goes with it.
    assert "model_weights.h" not in mg.deploy(models / "ds_cnn_int8.tflite", tmp_path / "out").files
    assert not list((tmp_path / "out").glob("*weights*"))
