"""`deploy`: a folder whole or not at all, what it says, and what it refuses."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from support.commands import Capture, refused, run
from support.deployed import COMPILER, as_bytes, needs_compiler, random_inputs, tflm_answers
from support.int8_layers import fully_connected
from support.int8_operators import OPERATORS
from support.microcontrollers import needs_qemu
from support.one_operator import one_operator, stored, values
from support.tflite_writer import G, Node, T, tflite_bytes

import mcugraph as mg
from mcugraph.codegen.building import build


@pytest.fixture
def network(models: Path) -> Path:
    return models / "tight_arena_int8.tflite"


@pytest.fixture
def unknown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of an operator that the runtime has no kernel for."""
    path = tmp_path_factory.mktemp("unknown") / "model.tflite"
    path.write_bytes(one_operator("FLOOR_MOD", [values("int32", 4)] * 2, [values("int32", 4)]))
    return path


def test_what_is_said_is_what_is_there(network: Path, tmp_path: Path) -> None:
    project = mg.deploy(network, tmp_path / "out", name="tight")
    there = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*")}
    assert there | {"Makefile"} == set(project.files)
    report = json.loads((tmp_path / "out" / "report.json").read_bytes())
    assert report == project.report
    assert report["sram"]["arena"] == project.arena
    header = (tmp_path / "out" / "tight.h").read_text()
    assert f"#define TIGHT_ARENA_BYTES {project.arena}\n" in header
    assert "int tight_invoke(void);" in header
    assert (project.code, project.flash) == (None, None)


def test_the_arena_is_no_larger_than_without_overlaps(network: Path, tmp_path: Path) -> None:
    apart = build(mg.load(network), "tflm", 5.0, overlapping=False)
    assert mg.deploy(network, tmp_path / "out").arena <= apart.arena


@needs_compiler
@pytest.mark.oracle("tflite_micro")
def test_make_builds_a_program_that_computes_the_same(network: Path, tmp_path: Path) -> None:
    mg.deploy(network, tmp_path / "out", name="net")
    subprocess.run(["make", "-s", "host"], cwd=tmp_path / "out", check=True)
    inputs = random_inputs(build(mg.load(network), "tflm", 5.0), 3)
    done = subprocess.run(
        [tmp_path / "out" / "host"], input=as_bytes(inputs), capture_output=True, check=True
    )
    assert done.stdout == tflm_answers(network.read_bytes(), inputs)
    # What was built may be replaced as well.
    mg.deploy(network, tmp_path / "out")
    assert not (tmp_path / "out" / "host").exists()


@needs_compiler
def test_two_models_in_one_program_share_an_arena(models: Path, tmp_path: Path) -> None:
    """By turns; the program is C++, which has to read both headers."""
    names = {"one": "tight_arena", "two": "ds_cnn"}
    for name, network in names.items():
        path = models / f"{network}_int8.tflite"
        mg.deploy(path, tmp_path / name, name=name, shared_arena="memory")
        mg.deploy(path, tmp_path / f"own_{name}", name=f"own_{name}")
    sizes = " > ".join(f"{name.upper()}_ARENA_BYTES" for name in names)
    lines = [f'#include "{own}{n}/{own}{n}.h"' for n in names for own in ("", "own_")]
    lines += [
        "#include <string.h>",
        f"alignas(16) uint8_t memory[{sizes} ? ONE_ARENA_BYTES : TWO_ARENA_BYTES];",
        "int main() {",
    ]
    for name in (*names, *names):
        upper = name.upper()
        lines += [
            f"    memset({name}_input_0, 7, {upper}_INPUT_0_BYTES);",
            f"    memset(own_{name}_input_0, 7, {upper}_INPUT_0_BYTES);",
            f"    {name}_invoke(); own_{name}_invoke();",
            f"    if (memcmp({name}_output_0, own_{name}_output_0, {upper}_OUTPUT_0_BYTES))",
            "        return 1;",
        ]
    (tmp_path / "main.cc").write_text("\n".join([*lines, "}", ""]))
    for name in names:
        for folder in (name, f"own_{name}"):
            run_compiler(tmp_path / folder, f"{folder}.c", tmp_path / f"{folder}.o")
    runtime = {p.name: p for n in names for p in (tmp_path / n / "runtime").glob("*.c")}
    for name, path in runtime.items():
        run_compiler(path.parent.parent, f"runtime/{name}", tmp_path / f"{name}.o")
    command = [shutil.which("g++") or "c++", "-I.", "main.cc", "-o", "main"]
    objects = [path.name for path in tmp_path.glob("*.o")]
    subprocess.run([*command, *objects], cwd=tmp_path, check=True)
    subprocess.run([tmp_path / "main"], check=True)


def run_compiler(folder: Path, source: str, made: Path) -> None:
    command = [COMPILER or "cc", "-std=c99", "-fno-strict-aliasing", "-I.", "-c", source, "-o"]
    subprocess.run([*command, made], cwd=folder, check=True)


def empty_beside(*shapes: tuple[int, ...]) -> bytes:
    """RELU of the last input, beside others that nothing reads."""
    tensors = [T(f"t{i}", shape, "float32") for i, shape in enumerate((*shapes, shapes[-1]))]
    read = len(shapes) - 1
    return tflite_bytes(G(tensors, [Node("RELU", [read], [read + 1])], range(read + 1), [read + 1]))


@needs_compiler
def test_inputs_of_no_elements_take_no_bytes(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(empty_beside((0,), (3,)))
    mg.deploy(tmp_path / "model.tflite", tmp_path / "out")
    subprocess.run(["make", "-s", "host"], cwd=tmp_path / "out", check=True)
    values = np.array([[1, -2, 3], [-4, 5, 6]], np.float32)
    command = [tmp_path / "out" / "host"]
    done = subprocess.run(command, input=values.tobytes(), capture_output=True, check=True)
    assert (np.frombuffer(done.stdout, np.float32) == np.maximum(values, 0).ravel()).all()


def test_a_model_whose_inputs_are_all_empty_is_refused(tmp_path: Path) -> None:
    """Its program could not tell one inference from the next."""
    (tmp_path / "model.tflite").write_bytes(empty_beside((0,), (0,)))
    with pytest.raises(mg.GraphError, match=r"model\.tflite.*its inputs hold no elements"):
        mg.deploy(tmp_path / "model.tflite", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_of_others_is_left_alone(network: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.c").write_text("")
    with pytest.raises(mg.UsageError, match=r"holds mine\.c, which would be lost"):
        mg.deploy(network, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.c"]


def test_what_was_added_is_not_lost(network: Path, tmp_path: Path) -> None:
    mg.deploy(network, tmp_path / "out")
    (tmp_path / "out" / "mine.c").write_text("")
    with pytest.raises(mg.UsageError, match=r"mine\.c"):
        mg.deploy(network, tmp_path / "out", name="other")
    assert (tmp_path / "out" / "model.c").exists()


def test_an_operator_without_a_kernel_is_named(unknown: Path, tmp_path: Path) -> None:
    with pytest.raises(mg.GraphError, match=r"cannot be deployed: FLOOR_MOD \(.*\): "):
        mg.deploy(unknown, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_an_error_in_a_call_names_file_and_operator(tmp_path: Path, capsys: Capture) -> None:
    """Of parameters that a kernel does not know, and of numbers that C cannot write."""
    data, weights, made = values("float32", 1, 2), stored("float32", 3, 2), values("float32", 1, 3)
    for path, activation, number, why in (
        ("sign.tflite", 5, 1.0, "a fused sign_bit is not known"),
        ("nan.tflite", 0, np.nan, "nan is no number that C code can hold"),
    ):
        weights.data = np.full((3, 2), number, np.float32).tobytes()
        options = {0: ("i8", activation)}
        layer = [data, weights]
        model = one_operator("FULLY_CONNECTED", layer, [made], "FullyConnectedOptions", options)
        (tmp_path / path).write_bytes(model)
        said = refused(capsys, "deploy", tmp_path / path, "-o", tmp_path / "out")
        assert f"{path}: cannot be deployed: FULLY_CONNECTED (t2): {why}" in said
        assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_there(network: Path, tmp_path: Path) -> None:
    with pytest.raises(mg.UsageError, match="no such folder"):
        mg.deploy(network, tmp_path / "none" / "out")
    (tmp_path / "file").write_text("")
    with pytest.raises(mg.UsageError, match="is no folder"):
        mg.deploy(network, tmp_path / "file")


def test_an_unknown_rounding_is_refused(network: Path, tmp_path: Path) -> None:
    with pytest.raises(mg.UsageError, match="unknown rounding 'up'; expected tflm or litert"):
        mg.deploy(network, tmp_path / "out", rounding="up")


def test_the_command(network: Path, tmp_path: Path, capsys: Capture) -> None:
    text = run(capsys, "deploy", network, "-o", tmp_path / "out")
    arena = mg.deploy(network, tmp_path / "other").arena
    assert f"Arena: {arena:,} B of SRAM" in text
    found = json.loads(run(capsys, "deploy", network, "-o", tmp_path / "out", "--json"))
    assert found["sram"]["arena"] == arena
    assert found["folder"] == str(tmp_path / "out")


def test_the_command_refuses_in_one_line(unknown: Path, tmp_path: Path, capsys: Capture) -> None:
    assert "FLOOR_MOD" in refused(capsys, "deploy", unknown, "-o", tmp_path / "out")


def test_inputs_that_are_overwritten_are_named(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(OPERATORS["softmax"](1))
    project = mg.deploy(path, tmp_path / "out")
    (given,) = project.report["inputs"]
    assert given["overwritten"]
    assert "Overwritten: fill it again" in (tmp_path / "out" / "model.h").read_text()
    assert "overwrites its input" in run(capsys, "deploy", path, "-o", tmp_path / "other")


@needs_qemu
def test_the_command_runs_it_on_a_microcontroller(
    network: Path, tmp_path: Path, capsys: Capture
) -> None:
    inputs = as_bytes(random_inputs(build(mg.load(network), "tflm", 5.0), 2))
    (tmp_path / "in").write_bytes(inputs)
    folder, made = tmp_path / "out", tmp_path / "made"
    text = run(capsys, "deploy", network, "-o", folder, "--run", tmp_path / "in", made)
    for word in ("Stack: ", "Code: ", "Instructions: ", "mps2-an386"):
        assert word in text
    subprocess.run(["make", "-s", "host"], cwd=folder, check=True)
    done = subprocess.run([folder / "host"], input=inputs, capture_output=True, check=True)
    assert made.read_bytes() == done.stdout


@needs_qemu
def test_the_command_runs_it_on_random_numbers(
    network: Path, tmp_path: Path, capsys: Capture
) -> None:
    arguments = ("deploy", network, "--machine", "stm32vldiscovery", "--json", "-o")
    first = json.loads(run(capsys, *arguments, tmp_path / "a", "--run"))
    assert first["target"] == {"core": "cortex-m3", "machine": "stm32vldiscovery"}
    assert first["instructions"] > 1000
    built = json.loads(run(capsys, *arguments, tmp_path / "b", "--build"))
    assert built["instructions"] is None
    assert built["flash"] == first["flash"]


def test_the_command_refuses_what_it_cannot_run(
    network: Path, tmp_path: Path, capsys: Capture
) -> None:
    def said(*files: Path) -> str:
        return refused(capsys, "deploy", network, "-o", tmp_path / "out", "--run", *files)

    assert "--run takes two files" in said(network)
    assert "cannot be read" in said(tmp_path / "none", tmp_path / "made")
    assert "is a folder" in said(network, tmp_path)
    assert "no whole number of inferences" in said(network, tmp_path / "made")
    assert not (tmp_path / "out").exists()


def test_sparse_layers_are_named(tmp_path: Path, capsys: Capture) -> None:
    sizes = []
    for name, zeros in (("dense", 0.0), ("sparse", 0.9)):
        path = tmp_path / f"{name}.tflite"
        path.write_bytes(fully_connected(4, zeros, 600))
        text = run(capsys, "deploy", path, "-o", tmp_path / name)
        assert bool(re.search("^t3 +bitmap +2,171 +9,504$", text, re.M)) == (name == "sparse")
        sizes.append(sum(mg.deploy(path, tmp_path / name).tables.values()))
    assert sizes[1] < sizes[0] / 2
