"""The tools that build generated code for a microcontroller, and the one that runs it."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from mcugraph.codegen.cores import Machine
from mcugraph.errors import ToolError
from mcugraph.records import dataclass

# Variable of the Makefile -> the tool that it names, and Debian's packages with it.
_COMPILER = ("ARM_CC", "arm-none-eabi-gcc", "gcc-arm-none-eabi libnewlib-arm-none-eabi")
_EMULATOR = ("QEMU", "qemu-system-arm", "qemu-system-arm")
_MAKE = ("MAKE", "make", "make")
# The linker's word for what does not fit, and the one of our script.
_TOO_LARGE = re.compile(r"region `(\w+)' overflowed by (\d+) bytes")
_NO_STACK = "leaves no room for the stack"


@dataclass(frozen=True, slots=True)
class QemuRun:
    """What a program did on a machine of QEMU.

    Attributes:
        outputs: The bytes of all outputs, one inference after another.
        inferences: How many there were.
        instructions: Of one inference, on average, rounded down; counted, and no time.
        stack: Bytes of stack that an inference takes, found by painting it.
    """

    outputs: bytes
    inferences: int
    instructions: int
    stack: int


def missing_tools() -> tuple[str, ...]:
    """Names of the tools that are needed to build and run for a microcontroller, and not there."""
    found = []
    for tool in (_MAKE, _COMPILER, _EMULATOR):
        try:
            _path(tool)
        except ToolError:
            found.append(tool[1])
    if _COMPILER[1] not in found and not _has_library():
        found.append("newlib")
    return tuple(found)


def make_program(folder: str, machine: Machine) -> None:
    """Build a project for its machine.

    Raises:
        ToolError: A tool is missing, or what it says.
    """
    _path(_COMPILER)
    if not _has_library():
        raise ToolError(f"{_COMPILER[1]} comes without newlib, a C library; {_advice(_COMPILER)}")
    done = _run([_path(_MAKE), "-s", "qemu"], folder, None)
    if done.returncode:
        raise ToolError(f"{folder}: {_fault(done.stderr, machine)}")


def run_program(elf: Path, machine: Machine, inputs: bytes, timeout: float | None) -> QemuRun:
    """Run a program on its machine.

    Args:
        elf: The program.
        machine: The machine.
        inputs: Bytes of all inputs, one inference after another.
        timeout: Seconds after which it is stopped; None: never.

    Raises:
        ToolError: QEMU is missing, or the program did not come to its end.
    """
    emulator = _path(_EMULATOR)
    with TemporaryDirectory(prefix="mcugraph-qemu-") as folder:
        given, made = Path(folder, "inputs"), Path(folder, "outputs")
        given.write_bytes(inputs)
        words = ",".join(f"arg={word}" for word in ("model", given.name, made.name))
        done = _run(
            [
                *(emulator, "-machine", machine.name, "-kernel", str(elf.resolve())),
                *("-icount", "shift=6", "-nographic", "-serial", "none", "-monitor", "none"),
                *("-semihosting-config", f"enable=on,target=native,{words}"),
            ],
            folder,
            timeout,
        )
        said = done.stdout + done.stderr
        if done.returncode:
            last = said.strip().splitlines()[-1:] or ["it said nothing"]
            raise ToolError(
                f"{elf}: ended with code {done.returncode} on {machine.name}: {last[0]}"
            )
        figures = dict(re.findall(r"^(\w+) (\d+)$", said, re.MULTILINE))
        return QemuRun(
            made.read_bytes(),
            int(figures["inferences"]),
            int(figures["instructions"]),
            int(figures["stack"]),
        )


def _path(tool: tuple[str, str, str]) -> str:
    """Where a tool is.

    Raises:
        ToolError: It is not there.
    """
    variable, name, _ = tool
    found = shutil.which(os.environ.get(variable, name))
    if found is None:
        raise ToolError(f"{name} is needed and not there; {_advice(tool)}")
    return found


def _advice(tool: tuple[str, str, str]) -> str:
    return f"on Debian and Ubuntu: apt-get install {tool[2]}"


def _has_library() -> bool:
    """Whether the compiler finds newlib's small variant; it answers with the bare name if not."""
    name = "nano.specs"
    done = _run([_path(_COMPILER), f"-print-file-name={name}"], ".", None)
    return done.stdout.strip() != name


def _run(
    command: Sequence[str], folder: str, timeout: float | None
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"{command[0]} was stopped after {timeout:g} seconds") from error


def _fault(said: str, machine: Machine) -> str:
    """What a compiler or a linker says, in one line."""
    excess = _TOO_LARGE.search(said)
    if excess is not None:
        what = "flash" if excess[1] == "FLASH" else "RAM"
        return f"does not fit: {machine.name} has {int(excess[2]):,} B of {what} too little"
    if _NO_STACK in said:
        return f"does not fit: the RAM of {machine.name} {_NO_STACK}"
    lines = [line.strip() for line in said.splitlines() if "rror" in line] or [said.strip()]
    return f"cannot be built: {lines[0]}"
