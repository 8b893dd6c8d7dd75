"""``model.c``: tables unless they are large, parameter structs, the arena, one call an operator."""

from collections.abc import Iterator, Sequence

import numpy as np

from mcugraph.codegen.c_program import (
    Field,
    FlashTable,
    KernelCall,
    Parameters,
    Place,
    Program,
    ProgramStep,
    Switch,
    Value,
)
from mcugraph.codegen.emit.c_text import (
    WIDTH,
    array,
    c_type,
    comment,
    number,
    rows,
    said,
    short,
)
from mcugraph.codegen.emit.identifiers import Identifiers
from mcugraph.codegen.emit.licence import HEADER
from mcugraph.codegen.emit.table_arrays import LARGEST, TableArrays
from mcugraph.errors import GraphError
from mcugraph.ir import Shape

INDENT = " " * 4


def model_sources(
    program: Program, prefix: str, shared: str | None = None, largest: int = LARGEST
) -> dict[str, str]:
    """The C files of a program, and the header that they alone read: name -> text.

    One file, and where tables are larger than fits one, more files with tables and nothing else.

    Args:
        program: The program.
        prefix: What its public names begin with, and what its header is called.
        shared: The name of an arena that somebody else defines; None: it has its own.
        largest: Bytes of tables that one file holds, except for a table that alone is larger.
    """
    split = sum(table.nbytes for table in program.tables) > largest
    names = Identifiers()
    tables = TableArrays(names, prefix, largest if split else None)
    text = "\n".join(_SourceFile(program, prefix, shared, names, tables).parts())
    return {f"{prefix}.c": text, **tables.files()}


def pointer(value: Value) -> str:
    """The type of C that points to a value that may be written."""
    return f"{c_type(value.dtype)} *"


def end_pointer(value: Value, what: str) -> str:
    """The type of C that points to an input or an output, as ``what`` says.

    Callers write inputs, but neither constants nor what is kept for the next call.
    """
    written = value.place is Place.ARENA or (what == "input" and value.place is Place.STATE)
    return pointer(value) if written else f"const {pointer(value)}"


def shown(value: Value) -> str:
    """Type and shape of a value, for a comment."""
    return f"{value.dtype.label}{_axes(value.shape)}"


def _axes(shape: Shape) -> str:
    return f"[{', '.join(map(str, shape))}]"


class _SourceFile:
    """One file while it is written."""

    def __init__(
        self,
        program: Program,
        prefix: str,
        shared: str | None,
        names: Identifiers,
        tables: TableArrays,
    ) -> None:
        self.program, self.prefix, self.shared = program, prefix, shared
        self.arena = shared or "arena"
        self.names, self.tables = names, tables
        self.states: dict[int, str] = {}

    def parts(self) -> Iterator[str]:
        program, prefix = self.program, self.prefix
        about = f"{said(program.name)}, written by mcugraph." if program.name else ""
        body, calls = list(self._state()), []
        for i, step in enumerate(program.steps):
            try:
                definitions, call = self._step(i, step)
            except GraphError as error:
                said_of = f"{said(step.native)} ({said(step.operator)})"
                raise GraphError(f"{said_of}: {error}") from None
            body += definitions
            calls.append(call)
        for value in program.values:
            if value.table is not None:
                body += self.tables.add(value.table, value.name)
        yield HEADER + (f"\n{comment(about)}" if about else "")
        yield f'#include "{prefix}.h"\n'
        if self.tables.header is not None:
            yield f'#include "{self.tables.header}"'
        yield '#include "runtime/mg_common.h"'
        yield "".join(f'#include "runtime/{file}.h"\n' for file in program.runtime)
        yield from body
        if program.arena and self.shared is None:
            yield comment("Where every tensor lies while it is needed, and scratch memory.")
            yield f"MG_ALIGNED({program.alignment}) static uint8_t arena[{program.arena}];\n"
        yield from self._pointers()
        if self.states:
            yield f"void {prefix}_reset(void)\n{{\n{''.join(self._fills())}}}\n"
        yield f"int {prefix}_invoke(void)\n{{\n" + "\n".join(calls) + "    return 0;\n}\n"

    def _state(self) -> Iterator[str]:
        """The arrays of what is kept from one inference to the next."""
        for i, value in enumerate(self.program.values):
            if value.place is Place.STATE:
                name = self.states[i] = self.names.of(value.name, "state")
                yield comment(f"Kept from one inference to the next: {shown(value)}.")
                first = np.frombuffer(bytes([value.fill % 256]) * value.nbytes, value.dtype.numpy)
                kind = c_type(value.dtype)
                if value.fill:
                    yield array(name, first, "static")
                else:  # which takes no flash
                    yield f"MG_ALIGNED(4) static {kind} {name}[{first.size}];\n"

    def _fills(self) -> Iterator[str]:
        """The lines that make state what it is at first."""
        for i, name in self.states.items():
            yield f"{INDENT}memset({name}, {self.program.values[i].fill}, sizeof {name});\n"

    def _step(self, index: int, step: ProgramStep) -> tuple[list[str], str]:
        """What one operator needs to be defined, and the lines that run it."""
        title = f"{index}: {said(step.native)} {short(step.operator)}"
        if step.call is None:
            return [], f"{comment(title, INDENT)}\n"
        owner = f"op{index} {step.operator.split(';')[0]}"
        definitions, call = [f"{comment(title)}\n"], step.call
        for value in (self.program.values[i] for i in step.reads):
            if value.table is not None:
                definitions += self.tables.add(value.table, value.name)
        arguments = []
        if call.parameters is not None:
            for table in call.parameters.tables:
                definitions += self.tables.add(table, owner)
            name = self.names.of(owner, "params")
            struct = self._struct(call.parameters, "")
            definitions.append(f"static const {call.parameters.type} {name} = {struct};\n")
            arguments.append(f"&{name}")
        return definitions, self._call(title, step, call, arguments)

    def _call(self, title: str, step: ProgramStep, call: KernelCall, arguments: list[str]) -> str:
        values = self.program.values
        reads = [self._at(i, const=True) for i in step.reads]
        writes = [self._at(i, const=False) for i in step.writes]
        if call.gathered:
            arguments += [_gathered("const void *const", reads), _gathered("void *const", writes)]
        else:
            arguments += [*reads, *writes]
        if call.scratch:
            arguments.append(
                "NULL" if step.scratch is None else f"{self.arena} + {step.scratch[0]}"
            )
        shapes = ", ".join(shown(values[i]) for i in step.reads)
        made = ", ".join(shown(values[i]) for i in step.writes)
        text = f"{call.function}({', '.join(arguments)});"
        if len(text) + 4 > WIDTH:
            text = f"{call.function}(\n{rows(arguments, INDENT * 2)});"
        return f"{comment(f'{title}: {shapes} -> {made}', INDENT)}\n{INDENT}{text}\n"

    def _struct(self, parameters: Parameters, indent: str) -> str:
        inner = indent + INDENT
        lines = [
            f"{inner}.{name} = {self._field(value, inner)},\n"
            for name, value in parameters.fields.items()
        ]
        return f"{{\n{''.join(lines)}{indent}}}"

    def _field(self, value: Field, indent: str) -> str:
        if isinstance(value, Parameters):
            return self._struct(value, indent)
        if value is None:
            return "NULL"
        if isinstance(value, FlashTable):
            return self.tables.name(value)
        if isinstance(value, Switch):
            return value.name
        if isinstance(value, tuple):
            return f"{{{', '.join(map(number, value))}}}"
        return number(value)

    def _at(self, index: int, const: bool) -> str:
        """Where a value is, as an argument."""
        value = self.program.values[index]
        if value.place is Place.STATE:
            return self.states[index]
        if value.place is Place.ARENA:
            kind = f"const {pointer(value)}" if const else pointer(value)
            return f"({kind})({self.arena} + {value.offset})"
        assert value.table is not None
        return self.tables.name(value.table)

    def _pointers(self) -> Iterator[str]:
        for what, numbers in (("input", self.program.inputs), ("output", self.program.outputs)):
            for i, number_ in enumerate(numbers):
                value = self.program.values[number_]
                kind = end_pointer(value, what)
                where = self._at(number_, const=kind.startswith("const "))
                yield f"{kind}const {self.prefix}_{what}_{i} = {where};"
        yield ""


def _gathered(kind: str, pointers: Sequence[str]) -> str:
    """Several pointers as one argument."""
    return f"({kind}[]){{{', '.join(pointers)}}}"
