"""Cores, machines, tools that are missing, and what is read from a program."""

import shutil
from pathlib import Path

import pytest

import mcugraph as mg
from mcugraph.codegen.cores import CORES, MACHINES, find_target, roomiest
from mcugraph.codegen.elf import read_elf
from mcugraph.codegen.toolchain import missing_tools


def test_each_machine_runs_the_code_of_its_core() -> None:
    for name, machine in MACHINES.items():
        assert find_target(machine=name).core.name == machine.core
    for name, core in CORES.items():
        assert find_target(name).machine.name == core.machine


def test_the_default_is_a_cortex_m4() -> None:
    assert find_target().core.name == "cortex-m4"
    assert find_target().machine.name == "mps2-an386"


def test_the_roomiest_machine_is_that_of_the_nearest_core() -> None:
    found = {core: roomiest(core) for core in ("cortex-m0", "cortex-m3", "cortex-m4", "cortex-m55")}
    assert [*found.values()] == ["mps2-an385", "mps2-an385", "mps2-an386", "mps3-an547"]
    assert all(find_target(core, machine) for core, machine in found.items())


def test_code_for_a_smaller_core_runs_on_a_larger_one() -> None:
    assert find_target("cortex-m0", "mps2-an505").core.name == "cortex-m0"


@pytest.mark.parametrize(
    ("core", "machine", "said"),
    [
        ("cortex-a53", None, "unknown target 'cortex-a53'; expected one of cortex-m0"),
        (None, "mps9", "unknown machine 'mps9'; expected one of microbit"),
        ("cortex-m4", "microbit", "has a cortex-m0, which does not run code for cortex-m4"),
    ],
)
def test_what_is_unknown_is_refused(core: str | None, machine: str | None, said: str) -> None:
    with pytest.raises(mg.UsageError, match=said):
        find_target(core, machine)


def test_missing_tools_are_named(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = mg.deploy(models / "tight_arena_int8.tflite", tmp_path / "out")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert missing_tools()[:3] == ("make", "arm-none-eabi-gcc", "qemu-system-arm")
    with pytest.raises(mg.ToolError, match=r"arm-none-eabi-gcc is needed .*: apt-get install gcc-"):
        project.build()


def test_the_variables_of_the_makefile_name_tools(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARM_CC", shutil.which("true") or "true")
    monkeypatch.setenv("QEMU", "absent")
    assert "qemu-system-arm" in missing_tools()
    assert "arm-none-eabi-gcc" not in missing_tools()


@pytest.mark.parametrize("data", [b"", b"\x7fELF\x02\x01", b"\x7fELF\x01\x01" + bytes(44)])
def test_what_is_no_program_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.elf").write_bytes(data)
    with pytest.raises(mg.FormatError, match=r"model\.elf: is"):
        read_elf(tmp_path / "model.elf")
