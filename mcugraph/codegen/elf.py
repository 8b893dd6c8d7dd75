"""What a linked program takes, read from its ELF file (System V ABI, 32 bits, little-endian)."""

import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from mcugraph.errors import FormatError
from mcugraph.records import dataclass

_OBJECT, _FUNCTION, _SYMBOLS = 1, 2, 2  # STT_OBJECT, STT_FUNC, SHT_SYMTAB


@dataclass(frozen=True, slots=True)
class LinkedProgram:
    """Bytes of a program.

    Attributes:
        sections: By name.
        functions: Those of ``.text``, by name; those of one name together.
        constants: Objects of ``.rodata``, likewise.
    """

    sections: dict[str, int]
    functions: dict[str, int]
    constants: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Section:
    name: int
    kind: int
    offset: int
    size: int
    link: int


def read_elf(path: str | Path) -> LinkedProgram:
    """The sections and functions of a program.

    Raises:
        FormatError: It is no such file.
    """
    data = Path(path).read_bytes()
    if data[:6] != b"\x7fELF\x01\x01":
        raise FormatError(f"{path}: is no ELF file of 32 bits")
    try:
        return _read(data)
    except (struct.error, IndexError, ValueError) as error:
        raise FormatError(f"{path}: is damaged") from error


def _read(data: bytes) -> LinkedProgram:
    table, count, names_at = _header(data)
    sections = []
    for i in range(count):
        name, kind, _, _, offset, size, link = struct.unpack_from("<7I", data, table + 40 * i)
        sections.append(_Section(name, kind, offset, size, link))
    titles = [_text(data, sections[names_at].offset + section.name) for section in sections]
    found = {(".text", _FUNCTION): Counter[str](), (".rodata", _OBJECT): Counter[str]()}
    for section in sections:
        if section.kind == _SYMBOLS:
            names = sections[section.link].offset
            for name, size, type_, index in _symbols(data, section):
                where = (titles[index] if index < len(titles) else "", type_)
                if where in found:
                    found[where][_text(data, names + name)] += size
    sizes = dict(zip(titles, (section.size for section in sections), strict=True))
    functions, constants = found.values()
    return LinkedProgram(sizes, dict(functions), dict(constants))


def _header(data: bytes) -> tuple[int, int, int]:
    (table,) = struct.unpack_from("<I", data, 32)
    count, names_at = struct.unpack_from("<2H", data, 48)
    return table, count, names_at


def _symbols(data: bytes, section: _Section) -> Iterator[tuple[int, int, int, int]]:
    for at in range(section.offset, section.offset + section.size, 16):
        name, _, size, info, _, index = struct.unpack_from("<3I2BH", data, at)
        yield name, size, info & 15, index


def _text(data: bytes, at: int) -> str:
    return data[at : data.index(b"\0", at)].decode("utf-8", "replace")
