"""Tables of a flatbuffer, read where they lie: fields by their number in the schema.

A class derived from ``Table`` is one table of a schema; its attributes say where its fields are
and of what type. Nothing vouches for the bytes, so whatever points behind the end of the file is
refused before it is walked.

Source: https://flatbuffers.dev/internals.
"""

import struct
from typing import Generic, TypeVar

_U16, _I32, _U32 = (struct.Struct(f"<{form}").unpack_from for form in "HiI")


class Damage(Exception):
    """What is wrong with the bytes, in words."""


class Table:
    """One table.

    Args:
        file: All its bytes.
        at: Where in it the table begins.
    """

    __slots__ = ("at", "file", "slots")

    def __init__(self, file: bytes, at: int) -> None:
        vtable: int = at - _I32(file, at)[0]
        if vtable < 0:
            raise Damage("a table describes itself in front of the file")
        fields = _U16(file, vtable)[0] // 2 - 2
        self.file, self.at = file, at
        self.slots: tuple[int, ...] = struct.unpack_from(f"<{fields}H", file, vtable + 4)

    def position(self, number: int) -> int:
        """Where a field lies; 0: it is left out."""
        slot = self.slots[number] if number < len(self.slots) else 0
        return self.at + slot if slot else 0

    def target(self, number: int) -> int:
        """Where lies what a field refers to; 0: it is left out."""
        at = self.position(number)
        return at + int(_U32(self.file, at)[0]) if at else 0

    def vector(self, number: int, width: int) -> tuple[int, int]:
        """Where the entries of a vector lie, and how many there are; (0, 0): it is left out.

        Args:
            number: The field.
            width: Bytes of an entry.

        Raises:
            Damage: The entries reach behind the end of the file.
        """
        at = self.target(number)
        if not at:
            return 0, 0
        count: int = _U32(self.file, at)[0]
        if at + 4 + width * count > len(self.file):
            raise Damage(f"a vector of {count} entries reaches behind the end")
        return at + 4, count


# A table without fields: its vtable of 4 bytes, then the table.
EMPTY = bytes([4, 0, 4, 0, 4, 0, 0, 0]), 4

T = TypeVar("T", bound=Table)


class Number:
    """A field that is an integer, in the form of a ``struct``."""

    def __init__(self, number: int, form: str, default: int = 0) -> None:
        self.number, self.form, self.default = number, form, default
        self.read = struct.Struct(f"<{form}").unpack_from

    def __get__(self, table: Table, owner: type[Table]) -> int:
        at = table.position(self.number)
        return int(self.read(table.file, at)[0]) if at else self.default


class Flag:
    """A field that is true or false."""

    def __init__(self, number: int, default: bool = False) -> None:
        self.number, self.default = number, default

    def __get__(self, table: Table, owner: type[Table]) -> bool:
        at = table.position(self.number)
        return bool(table.file[at]) if at else self.default


class Text:
    """A string; empty where it is left out. Bytes that are no UTF-8 stay visible."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __get__(self, table: Table, owner: type[Table]) -> str:
        at, count = table.vector(self.number, 1)
        return table.file[at : at + count].decode("utf-8", "backslashreplace")


class Numbers:
    """A vector of integers, each in the form of a ``struct``; None where it is left out."""

    def __init__(self, number: int, form: str = "i") -> None:
        self.number, self.form = number, form

    def __get__(self, table: Table, owner: type[Table]) -> tuple[int, ...] | None:
        at, count = table.vector(self.number, struct.calcsize(f"<{self.form}"))
        return struct.unpack_from(f"<{count}{self.form}", table.file, at) if at else None


class Bytes:
    """A vector of bytes; empty where it is left out."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __get__(self, table: Table, owner: type[Table]) -> bytes:
        at, count = table.vector(self.number, 1)
        return table.file[at : at + count]


class Span:
    """A vector that is not decoded: where it begins, and how many entries it has."""

    def __init__(self, number: int, width: int) -> None:
        self.number, self.width = number, width

    def __get__(self, table: Table, owner: type[Table]) -> tuple[int, int]:
        return table.vector(self.number, self.width)


class Child(Generic[T]):
    """A table; None where it is left out."""

    def __init__(self, number: int, kind: type[T]) -> None:
        self.number, self.kind = number, kind

    def __get__(self, table: Table, owner: type[Table]) -> T | None:
        at = table.target(self.number)
        return self.kind(table.file, at) if at else None


class Children(Generic[T]):
    """A vector of tables; empty where it is left out."""

    def __init__(self, number: int, kind: type[T]) -> None:
        self.number, self.kind = number, kind

    def __get__(self, table: Table, owner: type[Table]) -> list[T]:
        at, count = table.vector(self.number, 4)
        distances = struct.unpack_from(f"<{count}I", table.file, at)
        slots = range(at, at + 4 * count, 4)
        return [
            self.kind(table.file, slot + distance)
            for slot, distance in zip(slots, distances, strict=True)
        ]
