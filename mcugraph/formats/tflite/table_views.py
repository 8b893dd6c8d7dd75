"""Tables of a flatbuffer, seen where they lie: each field is read when it is asked for.

Nothing is verified beforehand: what points behind the end of the file raises ``struct.error`` or
``ValueError`` when it is read.
"""

import struct
from collections.abc import Callable
from typing import Any

from mcugraph.formats.tflite.flatbuffer import Flatbuffer, decoded
from mcugraph.ir import Array
from mcugraph.late_numpy import np

_U32 = struct.Struct("<I").unpack_from

# A vtable of 4 bytes, then a table without fields.
_EMPTY_TABLE = bytes([4, 0, 4, 0, 4, 0, 0, 0])


class Damage(Exception):
    """What is wrong with the bytes, in words."""


class TableView:
    """One table of a file; children have a property for each field that is read.

    Args:
        file: The file.
        start: Where the table starts in it.
    """

    __slots__ = ("file", "places", "start")
    places: tuple[int, ...]

    def __init__(self, file: Flatbuffer, start: int) -> None:
        self.file, self.start = file, start

    @classmethod
    def empty(cls) -> "TableView":
        """One that leaves out all of its fields."""
        return cls(Flatbuffer(_EMPTY_TABLE), 4)

    def __getattr__(self, name: str) -> Any:
        if name != "places":  # nobody may ever ask for these, as of a buffer that nothing uses
            raise AttributeError(name)
        found = self.places = self.file.places(self.start)
        return found

    def target(self, number: int) -> int:
        """Where what a field refers to starts; 0: it is left out."""
        place = self.places[number]
        if not place:
            return 0
        at = self.start + place
        return at + int(_U32(self.file.data, at)[0])

    def vector(self, number: int) -> tuple[int, int]:
        """Where the entries of a vector start, and how many there are; (0, 0): it is left out."""
        at = self.target(number)
        return (at + 4, int(_U32(self.file.data, at)[0])) if at else (0, 0)


Getter = Callable[[Any], Any]  # reads a field of a table

# Type of a number -> how struct calls it.
NUMBERS = {
    "bool": "?", "int8": "b", "uint8": "B", "int32": "i", "uint32": "I", "uint64": "Q",
    "float32": "f",
}  # fmt: skip


def number(place: int, kind: str, default: int) -> Getter:
    """What reads a number."""
    read = struct.Struct(f"<{NUMBERS[kind]}").unpack_from

    def get(table: TableView) -> Any:
        at = table.places[place]
        return read(table.file.data, table.start + at)[0] if at else default

    return get


def integers(place: int) -> Getter:
    """What reads a vector of 32-bit integers; None: it is left out."""

    def get(table: TableView) -> tuple[int, ...] | None:
        first, count = table.vector(place)
        return struct.unpack_from(f"<{count}i", table.file.data, first) if first else None

    return get


def array(place: int, dtype: str) -> Getter:
    """What gives a vector of numbers as an array that lies in the file; None: it is left out."""

    def get(table: TableView) -> Array | None:
        first, count = table.vector(place)
        return np.frombuffer(table.file.data, dtype, count, first) if first else None

    return get


def span(place: int) -> Getter:
    """What says where a vector of bytes starts and ends; (0, 0): it is left out."""

    def get(table: TableView) -> tuple[int, int]:
        first, count = table.vector(place)
        return first, first + count

    return get


def text(place: int) -> Getter:
    """What reads a string; empty: it is left out."""

    def get(table: TableView) -> str:
        first, count = table.vector(place)
        return decoded(table.file.data[first : first + count])

    return get


def union(place: int) -> Getter:
    """What says where a table starts whose type another field tells; None: it is left out."""

    def get(table: TableView) -> int | None:
        return table.target(place) or None

    return get


def child(place: int, cls: Callable[[], type[TableView]]) -> Getter:
    """What gives another table; None: it is left out."""

    def get(table: TableView) -> TableView | None:
        at = table.target(place)
        return cls()(table.file, at) if at else None

    return get


def children(place: int, name: str, cls: Callable[[], type[TableView]]) -> Getter:
    """What gives the tables that a vector lists; none, where it is left out."""

    def get(table: TableView) -> list[TableView]:
        first, count = table.vector(place)
        file = table.file
        if count > len(file.data) // 4:
            raise Damage(f"{name} claims {count} entries")
        slots = range(first, first + 4 * count, 4)
        distances = struct.unpack_from(f"<{count}I", file.data, first)
        kind = cls()
        return [kind(file, slot + far) for slot, far in zip(slots, distances, strict=True)]

    return get
