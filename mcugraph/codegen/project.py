"""What deploying a model came to."""

from collections.abc import Mapping
from typing import Any

from mcugraph.codegen.c_program import FlashTable, Place, Program
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class Project:
    """A folder of C code.

    Attributes:
        folder: Where it is.
        name: What its public names begin with, and what its files are called.
        arena: Bytes of SRAM that the tensors of the model share.
        flash: Bytes of the tables, and of the code once it is built; None until then.
        code: Bytes of instructions; None until it is built.
        tables: Bytes of flash by what they hold: weights, biases, multipliers and so on.
        state: Bytes of SRAM that keep their value from one inference to the next.
        files: Paths of all files within the folder.
        report: What ``report.json`` holds.
    """

    folder: str
    name: str
    arena: int
    state: int
    tables: Mapping[str, int]
    files: tuple[str, ...]
    report: Mapping[str, Any]
    code: int | None = None
    flash: int | None = None


def table_bytes(program: Program) -> dict[str, int]:
    """Bytes of flash by the role of the tables, those that are equal counted once."""
    found: dict[str, int] = {}
    for table in {table.key: table for table in _tables(program)}.values():
        found[table.role] = found.get(table.role, 0) + table.nbytes
    return found


def _tables(program: Program) -> list[FlashTable]:
    calls = [step.call for step in program.steps if step.call is not None]
    fields = [
        field
        for call in calls
        if call.parameters is not None
        for field in call.parameters.fields.values()
    ]
    fields += [value.table for value in program.values]
    return [field for field in fields if isinstance(field, FlashTable)]


def facts(program: Program, prefix: str) -> dict[str, Any]:
    """A program in plain words and numbers, for ``report.json``."""
    overwritten = program.overwritten
    return {
        "generator": "mcugraph deploy",
        "name": prefix,
        "model": program.name,
        "rounding": program.rounding,
        "sram": {
            "arena": program.arena,
            "state": program.state,
            "alignment": program.alignment,
            "stack": None,
        },
        "flash": {"tables": table_bytes(program), "code": None},
        "inputs": [{**_value(program, i), "overwritten": i in overwritten} for i in program.inputs],
        "outputs": [_value(program, i) for i in program.outputs],
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
