"""What deploying a model came to."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np

from mcugraph.codegen.c_program import Place, Program, WeightStorage
from mcugraph.codegen.cores import Target
from mcugraph.codegen.elf import LinkedProgram, read_elf
from mcugraph.codegen.toolchain import QemuRun, make_program, run_program
from mcugraph.errors import UsageError
from mcugraph.files import write
from mcugraph.ir import DType, Graph
from mcugraph.records import dataclass

REPORT = "report.json"
GENERATOR = "mcugraph deploy"
BUILD = "build"  # the folder of what the compiler makes
# That a machine may run; a minute is some 10^10 instructions.
SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Project:
    """A folder of C code.

    Attributes:
        folder: Where it is.
        name: What its public names begin with, and what its files are called.
        target: The core that it is built for, and the machine of QEMU that runs it.
        arena: Bytes of SRAM that the tensors of the model share.
        tables: Bytes of flash by what they hold: weights, biases, multipliers and so on.
        state: Bytes of SRAM that keep their value from one inference to the next.
        files: Paths of all files within the folder.
    """

    folder: str
    name: str
    target: Target
    arena: int
    state: int
    tables: Mapping[str, int]
    files: tuple[str, ...]

    @property
    def code(self) -> int | None:
        """Bytes of instructions, those of the C library with them; None until it is built."""
        linked = self._linked()
        return None if linked is None else linked.sections.get(".text", 0)

    @property
    def flash(self) -> int | None:
        """Bytes of flash: code, tables and parameters; None until it is built."""
        linked = self._linked()
        if linked is None:
            return None
        return sum(linked.sections.get(name, 0) for name in (".text", ".rodata", ".data"))

    @property
    def report(self) -> dict[str, Any]:
        """What ``report.json`` holds.

        Raises:
            UsageError: It is gone.
        """
        return read_report(self.folder)

    def build(self) -> None:
        """Build it for its core: ``make qemu``; ``report.json`` gets what it takes.

        Raises:
            ToolError: A compiler is missing, it fails, or the model does not fit the machine.
        """
        make_program(self.folder, self.target.machine)
        linked = read_elf(self._elf)
        report = self.report
        report["flash"] |= {
            "code": linked.sections.get(".text", 0),
            "constants": linked.sections.get(".rodata", 0),
            "data": linked.sections.get(".data", 0),
            "total": self.flash,
            "functions": dict(sorted(linked.functions.items(), key=lambda each: -each[1])),
        }
        report["sram"] |= {
            "bss": linked.sections.get(".bss", 0),
            "data": linked.sections.get(".data", 0),
            "frames": self._frames(),
        }
        self._write(report)

    def run(self, inputs: bytes | None = None, timeout: float | None = SECONDS) -> QemuRun:
        """Build it and run it on its machine in QEMU; ``report.json`` gets stack and instructions.

        Args:
            inputs: Bytes of all inputs, in order, one inference after another; None: one of random
                numbers, the same ones each time.
            timeout: Seconds after which QEMU is stopped; None: never.

        Returns:
            Its outputs, and what it took.

        Raises:
            UsageError: The bytes are not those of whole inferences.
            ToolError: A tool is missing or fails, or the model does not fit the machine.
        """
        given = self.report["inputs"]
        one = sum(value["bytes"] for value in given)
        if inputs is None:
            inputs = random_bytes(given)
        else:
            check_inferences(inputs, one)
        self.build()
        found = run_program(self._elf, self.target.machine, inputs, timeout)
        report = self.report
        report["sram"]["stack"] = found.stack
        report["instructions"] = found.instructions
        self._write(report)
        return found

    @property
    def _elf(self) -> Path:
        return Path(self.folder, f"{self.name}.elf")

    def _linked(self) -> LinkedProgram | None:
        return read_elf(self._elf) if self._elf.exists() else None

    def _frames(self) -> dict[str, int]:
        """Bytes of stack of each function of the model and the runtime, as the compiler says.

        Of several functions of one name, those of the largest.
        """
        found: dict[str, int] = {}
        build = Path(self.folder, BUILD)
        harness = build / "qemu"
        for path in sorted(path for path in build.rglob("*.su") if path.parent != harness):
            for line in path.read_text("utf-8").splitlines():
                where, size, _ = line.split("\t")
                name = where.rpartition(":")[2]
                found[name] = max(int(size), found.get(name, 0))
        return found

    def _write(self, report: Mapping[str, Any]) -> None:
        write(Path(self.folder, REPORT), as_text(report))


def read_report(folder: str | PathLike[str]) -> dict[str, Any]:
    """What ``report.json`` of a folder holds that `deploy` wrote.

    Raises:
        UsageError: There is none.
    """
    try:
        found = json.loads(Path(folder, REPORT).read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{fspath(folder)}: its {REPORT} cannot be read") from error
    if not isinstance(found, dict) or found.get("generator") != GENERATOR:
        raise UsageError(f"{fspath(folder)}: its {REPORT} is none of `{GENERATOR}`'s")
    return found


def check_inferences(inputs: bytes, one: int) -> None:
    """Refuse bytes of inputs that are not those of whole inferences.

    Args:
        inputs: Of all inputs, one inference after another.
        one: How many bytes the inputs of one inference are.

    Raises:
        UsageError: They are not.
    """
    if not inputs or not one or len(inputs) % one:
        raise UsageError(
            f"{len(inputs):,} B are no whole number of inferences: the inputs of one are {one:,} B"
        )


def built_bytes(folder: str | PathLike[str], graph: Graph) -> tuple[int, int]:
    """Bytes of code, and of constants, that a folder's project takes in flash.

    Args:
        folder: What `deploy` wrote.
        graph: The model that it was to write.

    Raises:
        UsageError: There is none, it is of another file, or it was not built.
    """
    where, report = fspath(folder), read_report(folder)
    source, expected = report.get("source"), source_digest(graph)
    if source is not None and expected is not None and source != expected:
        raise UsageError(
            f"{where}: is of another model than {graph.source.path}: deploy that again"
        )
    try:
        flash = report["flash"]
        code, constants = flash["code"], (flash["constants"], flash["data"])
    except (KeyError, TypeError):
        raise UsageError(f"{where}: its {REPORT} says nothing of flash: deploy it again") from None
    if code is None:
        raise UsageError(f"{where}: is not built; `mcugraph deploy --build` does that")
    return code, sum(constants)


def built_core(folder: str | PathLike[str]) -> str:
    """The core that a folder's project is built for, like ``"cortex-m4"``.

    Raises:
        UsageError: There is no project, or it does not say.
    """
    try:
        return str(read_report(folder)["target"]["core"])
    except (KeyError, TypeError):
        where = fspath(folder)
        raise UsageError(f"{where}: its {REPORT} names no core: deploy it again") from None


def source_digest(graph: Graph) -> str | None:
    """SHA-256 of the file that a graph was read from; None where there is none any more."""
    path = graph.source.path
    if path is None or not Path(path).is_file():
        return None
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def as_text(report: Mapping[str, Any]) -> bytes:
    """A report as it is written."""
    return f"{json.dumps(report, indent=2)}\n".encode("ascii")


def random_bytes(given: Iterable[Mapping[str, Any]]) -> bytes:
    """Inputs of one inference, of numbers that are random and the same each time."""
    random, found = np.random.default_rng(0), []
    for value in given:
        if value["dtype"] == DType.FLOAT32.label:
            count = int(np.prod(value["shape"], dtype=np.int64))
            found.append(random.standard_normal(count, np.float32).tobytes())
        elif value["dtype"] == DType.BOOL.label:
            found.append(random.integers(0, 2, value["bytes"], np.uint8).tobytes())
        else:
            found.append(random.bytes(value["bytes"]))
    return b"".join(found)


def table_bytes(program: Program) -> dict[str, int]:
    """Bytes of flash by the role of the tables, those that are equal counted once."""
    found: dict[str, int] = {}
    for table in program.tables:
        found[table.role] = found.get(table.role, 0) + table.nbytes
    return found


def facts(program: Program, prefix: str, target: Target) -> dict[str, Any]:
    """A program in plain words and numbers, for ``report.json``; None: not known until it is built.

    Args:
        program: The program.
        prefix: What its public names begin with.
        target: What it is built for.
    """
    overwritten = program.overwritten
    return {
        "generator": GENERATOR,
        "name": prefix,
        "model": program.name,
        "rounding": program.rounding,
        "target": {"core": target.core.name, "machine": target.machine.name},
        "sram": {
            "arena": program.arena,
            "state": program.state,
            "alignment": program.alignment,
            "bss": None,
            "data": None,
            "stack": None,
            "frames": None,
        },
        "flash": {
            "tables": table_bytes(program),
            "code": None,
            "constants": None,
            "data": None,
            "total": None,
            "functions": None,
        },
        "storage": [*_stored(program)],
        "instructions": None,
        "inputs": [{**_end(program, i), "overwritten": i in overwritten} for i in program.inputs],
        "outputs": [_end(program, i) for i in program.outputs],
        "operators": [
            {
                "operator": step.operator,
                "type": step.native,
                "function": None if step.call is None else step.call.function,
                "reads": [program.values[i].name for i in step.reads],
                "writes": [_value(program, i) for i in step.writes],
                "scratch": 0 if step.scratch is None else step.scratch[1],
            }
            for step in program.steps
        ],
    }


def _stored(program: Program) -> Iterator[dict[str, Any]]:
    """How the weights of each operator that has some are stored, and what they take."""
    for step in program.steps:
        call = step.call
        if call is None or call.parameters is None:
            continue
        tables = call.parameters.tables
        size = sum(table.nbytes for table in tables if table.role == "weights")
        if size or call.stored is not None:
            stored = call.stored or WeightStorage("dense", size, size)
            yield {
                "operator": step.operator,
                "form": stored.form,
                "bytes": stored.nbytes,
                "dense": stored.dense,
            }


def _end(program: Program, index: int) -> dict[str, Any]:
    """An input or an output."""
    return {**_value(program, index), "channels_last": program.values[index].channels_last}


def _value(program: Program, index: int) -> dict[str, Any]:
    value = program.values[index]
    return {
        "name": value.name,
        "dtype": value.dtype.label,
        "shape": list(value.shape),
        "bytes": value.nbytes,
        "offset": value.offset if value.place is Place.ARENA else None,
        "scales": list(value.scales),
        "zero_points": list(value.zero_points),
    }
