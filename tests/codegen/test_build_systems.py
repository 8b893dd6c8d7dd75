"""Projects as Arduino, Zephyr and ESP-IDF take them in."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from support.commands import Capture, refused, run
from support.deployed import needs_compiler
from support.microcontrollers import needs_qemu

import mcugraph as mg


def deployed(layout: str, models: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "net"
    mg.deploy(models / "tight_arena_int8.tflite", folder, name="net", project=layout)
    return folder


def named(text: str) -> set[str]:
    """The C files that a text names."""
    return set(re.findall(r"[\w/]+\.c\b", text))


def of_model(folder: Path, root: str) -> set[str]:
    below = folder / root
    found = (*below.glob("*.c"), *below.glob("runtime/*.c"))
    return {path.relative_to(folder).as_posix() for path in found} - {"main_host.c"}


def test_an_arduino_library(models: Path, tmp_path: Path) -> None:
    folder = deployed("arduino", models, tmp_path)
    lines = (folder / "library.properties").read_text().splitlines()
    properties = dict(line.split("=", 1) for line in lines)
    wanted = "name version author maintainer sentence paragraph category url architectures"
    assert set(wanted.split()) <= properties.keys()
    assert properties["name"] == "net"
    assert (folder / "src" / properties["includes"]).is_file()
    (sketch,) = (folder / "examples").glob("*/*.ino")
    assert sketch.stem == sketch.parent.name
    assert "#include <net.h>" in sketch.read_text()
    assert not (folder / "net.c").exists()
    # All below src/ is compiled: nothing there may be a program of its own.
    assert not any("int main(" in path.read_text() for path in (folder / "src").rglob("*.c"))


def test_a_zephyr_module(models: Path, tmp_path: Path) -> None:
    folder = deployed("zephyr", models, tmp_path)
    module = (folder / "zephyr" / "module.yml").read_text()
    assert re.search(r"^name: net\nbuild:\n  cmake: \.\n  kconfig: Kconfig$", module, re.MULTILINE)
    assert re.search(r"^config NET\n\tbool ", (folder / "Kconfig").read_text(), re.MULTILINE)
    cmake = (folder / "CMakeLists.txt").read_text()
    assert "if(CONFIG_NET)" in cmake
    assert "zephyr_include_directories(.)" in cmake
    assert named(cmake) == of_model(folder, ".")


def test_an_esp_idf_component(models: Path, tmp_path: Path) -> None:
    folder = deployed("esp-idf", models, tmp_path)
    cmake = (folder / "CMakeLists.txt").read_text()
    assert "idf_component_register(" in cmake
    assert 'INCLUDE_DIRS "."' in cmake
    assert named(cmake) == of_model(folder, ".")
    assert 'version: "1.0.0"' in (folder / "idf_component.yml").read_text()


@pytest.mark.parametrize("layout", ["plain", "arduino", "zephyr", "esp-idf"])
def test_the_report_names_all_files(layout: str, models: Path, tmp_path: Path) -> None:
    folder = deployed(layout, models, tmp_path)
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == set(json.loads((folder / "report.json").read_bytes())["files"])


@needs_compiler
def test_make_builds_an_arduino_library_too(models: Path, tmp_path: Path) -> None:
    folder = deployed("arduino", models, tmp_path)
    subprocess.run(["make", "-s", "host"], cwd=folder, check=True)


@needs_qemu
def test_an_arduino_library_runs_on_a_microcontroller(models: Path, tmp_path: Path) -> None:
    project = mg.deploy(models / "tight_arena_int8.tflite", tmp_path / "out", project="arduino")
    assert project.run().inferences == 1
    frames = project.report["sram"]["frames"]
    assert "model_invoke" in frames
    assert "main" not in frames


def test_the_command_takes_a_layout(models: Path, tmp_path: Path, capsys: Capture) -> None:
    arguments = ("deploy", models / "tight_arena_int8.tflite", "-o", tmp_path / "out", "--project")
    run(capsys, *arguments, "zephyr")
    assert (tmp_path / "out" / "Kconfig").is_file()
    said = refused(capsys, *arguments, "mbed")
    assert "unknown project 'mbed'; expected one of plain, arduino, zephyr, esp-idf" in said
