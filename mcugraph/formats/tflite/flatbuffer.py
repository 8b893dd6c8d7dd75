"""Flatbuffers as positions in bytes, and as nodes that can be changed and written again.

A table is a distance to its vtable, which says where in the table each field lies, and the fields;
a field is a number, or a distance forward to a vector or another table. What the numbers of a table
are need not be known to move it: they stay as they lie, as long as it keeps its place modulo the
widest of them.

Source: https://flatbuffers.dev/internals.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from mcugraph.records import dataclass

_IDENTIFIER = b"TFL3"
_FIELDS = 32  # more than any table has that is read


class Flatbuffer:
    """Positions and numbers in a flatbuffer."""

    def __init__(self, data: bytes | bytearray) -> None:
        self.data = data
        self.root = self.u32(0)
        self._places: dict[int, tuple[int, ...]] = {}  # by vtable: many tables share one

    def u32(self, at: int) -> int:
        """The number at a position."""
        return int(struct.unpack_from("<I", self.data, at)[0])

    def vtable(self, table: int) -> int:
        """Position of a table's vtable."""
        return table - int(struct.unpack_from("<i", self.data, table)[0])

    def fields(self, table: int) -> int:
        """How many fields the table may have."""
        return (int(struct.unpack_from("<H", self.data, self.vtable(table))[0]) - 4) // 2

    def places(self, table: int) -> tuple[int, ...]:
        """How far into a table each of its fields lies, by number; 0 where it is left out.

        Raises:
            ValueError, struct.error: Its vtable lies outside the file.
        """
        vtable = self.vtable(table)
        found = self._places.get(vtable)
        if found is None:
            if vtable < 0:
                raise ValueError("a vtable lies before the file")
            length = struct.unpack_from("<H", self.data, vtable)[0]
            count = min(max((length - 3) // 2, 0), _FIELDS)
            listed = struct.unpack_from(f"<{count}H", self.data, vtable + 4)
            found = self._places[vtable] = listed + (0,) * (_FIELDS - count)
        return found

    def field(self, table: int, number: int) -> int:
        """Position of a field; 0 where it is left out."""
        distance = self.places(table)[number]
        return table + distance if distance else 0

    def target(self, table: int, number: int) -> int:
        """Position of what a field refers to; 0 where it is left out."""
        at = self.field(table, number)
        return at + self.u32(at) if at else 0

    def tables(self, table: int, number: int) -> list[int]:
        """Positions of the tables of a vector field."""
        vector = self.target(table, number)
        if not vector:
            return []
        count = self.u32(vector)
        if count > len(self.data) // 4:
            raise ValueError(f"a vector claims {count} entries")
        slots = range(vector + 4, vector + 4 + 4 * count, 4)
        return [slot + self.u32(slot) for slot in slots]

    def text(self, table: int, number: int) -> str:
        """A field that is a string."""
        at = self.target(table, number)
        return decoded(self.data[at + 4 : at + 4 + self.u32(at)]) if at else ""


def decoded(text: bytes | bytearray) -> str:
    """A string; bytes that are no UTF-8 stay visible."""
    return text.decode("utf-8", "backslashreplace")


@dataclass(eq=False, slots=True)
class Values:
    """A vector of numbers, or a string.

    Attributes:
        data: The numbers, one after the other, as they are stored.
        width: Bytes of a number.
        alignment: Of the first one.
        end: What follows the last one and does not count: a string's NUL.
    """

    data: bytes
    width: int
    alignment: int
    end: bytes = b""

    @classmethod
    def ints(cls, numbers: Sequence[int]) -> "Values":
        """A vector of integers of 32 bits."""
        return cls(struct.pack(f"<{len(numbers)}i", *numbers), 4, 4)

    @classmethod
    def text(cls, text: str) -> "Values":
        """A string."""
        return cls(text.encode(), 1, 4, b"\0")

    @property
    def numbers(self) -> tuple[int, ...]:
        """The integers of 32 bits in it."""
        return struct.unpack(f"<{len(self.data) // 4}i", self.data)


@dataclass(eq=False, slots=True)
class Tables:
    """A vector of tables."""

    items: list["Table"]


@dataclass(eq=False, slots=True)
class Table:
    """A table.

    Attributes:
        vtable: As it is stored.
        inline: The bytes of its fields as they are stored, with its distance to the vtable in
            front; references are filled in when it is written.
        targets: What its references refer to, by field.
        step: 8 where it may hold numbers of 64 bits, else 4.
        phase: Its position modulo that.
    """

    vtable: bytes
    inline: bytes
    targets: dict[int, "Node"] = field(default_factory=dict)
    step: int = 4
    phase: int = 0

    @classmethod
    def made(cls, fields: Mapping[int, "bytes | Node"]) -> "Table":
        """A new table; numbers are given as their bytes, up to four of them."""
        slots = [0] * (max(fields, default=-1) + 1)
        inline, targets = bytearray(4), dict[int, Node]()
        for number, value in fields.items():
            slots[number] = len(inline)
            if isinstance(value, bytes):
                inline += value.ljust(4, b"\0")
            else:
                targets[number] = value
                inline += bytes(4)
        vtable = struct.pack(f"<{2 + len(slots)}H", 4 + 2 * len(slots), len(inline), *slots)
        return cls(vtable, bytes(inline), targets)

    def copy(self) -> "Table":
        """Another table that refers to the same."""
        return Table(self.vtable, self.inline, dict(self.targets), self.step, self.phase)

    def place(self, number: int) -> int:
        """Where in the table a field lies; 0 where it is left out."""
        at = 4 + 2 * number
        return int(struct.unpack_from("<H", self.vtable, at)[0]) if at < len(self.vtable) else 0

    def number(self, field: int, form: str = "<i", default: int = 0) -> int:
        """A field that is a number."""
        place = self.place(field)
        return int(struct.unpack_from(form, self.inline, place)[0]) if place else default

    def with_number(self, field: int, value: int, form: str = "<i") -> "Table":
        """A copy with another number, of up to four bytes, in a field; left out, it is put in."""
        place, changed, inline = self.place(field), self.copy(), bytearray(self.inline)
        if not place:
            inline += bytes(-len(inline) % 4)
            place = len(inline)
            inline += bytes(4)
            slots = self.vtable[4:].ljust(2 * field + 2, b"\0")
            slots = slots[: 2 * field] + struct.pack("<H", place) + slots[2 * field + 2 :]
            changed.vtable = struct.pack("<HH", 4 + len(slots), len(inline)) + slots
        struct.pack_into(form, inline, place, value)
        changed.inline = bytes(inline)
        return changed

    def values(self, field: int) -> Values | None:
        """A field that is a vector of numbers or a string; None where it is left out."""
        found = self.targets.get(field)
        return found if isinstance(found, Values) else None

    def tables(self, field: int) -> list["Table"]:
        """A field that is a vector of tables, which may be changed; empty where it is left out."""
        found = self.targets.get(field)
        return found.items if isinstance(found, Tables) else []

    def table(self, field: int) -> "Table | None":
        """A field that is a table; None where it is left out."""
        found = self.targets.get(field)
        return found if isinstance(found, Table) else None


Node = Values | Tables | Table


def written(root: Table) -> bytes:
    """The file whose root table this is; what is referred to twice is in it once."""
    order = list(reversed(list(_last_first(root, set()))))
    places: dict[int, int] = {}
    vtables: dict[bytes, int] = {}
    at = 4 + len(_IDENTIFIER)
    for node in order:
        if isinstance(node, Table):
            if node.vtable not in vtables:
                vtables[node.vtable] = at = rounded_up(at, 2)
                at += len(node.vtable)
            at += (node.phase - at) % node.step
            places[id(node)] = at
            at += len(node.inline)
        elif isinstance(node, Tables):
            at = rounded_up(at, 4)
            places[id(node)] = at
            at += 4 + 4 * len(node.items)
        else:
            at = rounded_up(at + 4, max(node.alignment, 4)) - 4
            places[id(node)] = at
            at += 4 + len(node.data) + len(node.end)
    file = bytearray(rounded_up(at, 4))
    struct.pack_into("<I4s", file, 0, places[id(root)], _IDENTIFIER)
    for vtable, place in vtables.items():
        file[place : place + len(vtable)] = vtable
    for node in order:
        _put(file, node, places, vtables)
    return bytes(file)


def _last_first(node: Node, seen: set[int]) -> Iterator[Node]:
    """All nodes, each after what it refers to: references lead forward in a file."""
    seen.add(id(node))
    for target in reversed(_targets(node)):
        if id(target) not in seen:
            yield from _last_first(target, seen)
    yield node


def _targets(node: Node) -> Sequence[Node]:
    if isinstance(node, Table):
        return list(node.targets.values())
    return node.items if isinstance(node, Tables) else ()


def _put(
    file: bytearray, node: Node, places: Mapping[int, int], vtables: Mapping[bytes, int]
) -> None:
    """Write one node to its place."""
    at = places[id(node)]
    if isinstance(node, Table):
        file[at : at + len(node.inline)] = node.inline
        struct.pack_into("<i", file, at, at - vtables[node.vtable])
        slots = {at + node.place(number): target for number, target in node.targets.items()}
    elif isinstance(node, Tables):
        struct.pack_into("<I", file, at, len(node.items))
        slots = {at + 4 + 4 * i: target for i, target in enumerate(node.items)}
    else:
        struct.pack_into("<I", file, at, len(node.data) // node.width)
        stored = node.data + node.end
        file[at + 4 : at + 4 + len(stored)] = stored
        return
    for slot, target in slots.items():
        struct.pack_into("<I", file, slot, places[id(target)] - slot)


def rounded_up(value: int, step: int) -> int:
    """The least multiple of a step that is no smaller than a value."""
    return -(-value // step) * step
