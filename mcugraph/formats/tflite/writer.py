"""TFLite files rewritten in place: another order of the operators, a memory plan.

All else stays byte for byte. References inside a flatbuffer are distances from where they stand,
forward only, so operators change places by new distances in their vector. What is new goes in
front, behind the file's first eight bytes: the root table, which lists the new buffer and the new
metadata besides what the file had, and these two; the rest of the file moves as one.

Sources: https://flatbuffers.dev/internals, tensorflow/compiler/mlir/lite/schema/schema.fbs.
"""

import struct
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from mcugraph.errors import FormatError
from mcugraph.formats.tflite import associated, reader
from mcugraph.formats.tflite.flatbuffer import Flatbuffer, rounded_up
from mcugraph.formats.tflite.stored import (
    BUFFERS,
    DATA_BEHIND,
    METADATA,
    METADATA_NAME,
    OPERATORS,
    OPTIONS_BEHIND,
    SHAPE,
    SUBGRAPHS,
    TENSORS,
)
from mcugraph.formats.tflite.tables import PLAN, PLANNED_FOR
from mcugraph.records import dataclass

_VERSION = 1  # of the form of a memory plan

# What is put in front is a multiple of this, so that everything keeps its alignment.
_STEP = 64

_KNOWN_FIELDS = 8  # of the root table


def rewritten(
    path: str,
    data: bytes,
    order: Sequence[int] | None = None,
    offsets: Sequence[int] | None = None,
    emptied: Sequence[int] = (),
    holds_for: str = "",
) -> bytes:
    """The file with its operators in another order and with a memory plan.

    Args:
        path: Named in errors.
        data: The file.
        order: Operators of the first subgraph by their number, in the new order; None: as it is.
        offsets: Bytes, one a tensor of each subgraph, one subgraph after the other; -1: left to
            the runtime. None: no plan is added.
        emptied: Tensors that nothing uses, by number through all subgraphs, to be left without
            elements; each has a shape of its own (``with_own_shape``).
        holds_for: The kernels that the plan holds for, to be told; empty: it holds for all.

    Raises:
        FormatError: The file is damaged, or holds what is not known to survive this.
    """
    with reader.guarded(path):
        buffer = bytearray(data)
        file = Flatbuffer(buffer)
        if order is not None:
            _permute(file, path, order)
        shapes = _shapes(file)
        for number in emptied:
            struct.pack_into("<i", buffer, shapes[number] + 4, 0)
        if offsets is None:
            return bytes(buffer)
        plan = struct.pack(f"<{3 + len(offsets)}i", _VERSION, 0, len(offsets), *offsets)
        said = {PLANNED_FOR: holds_for.encode()} if holds_for else {}
        front = _front(file, path, {PLAN: plan, **said})
        _shift_absolute(file, len(front))
        zipped = associated.shifted(bytes(buffer), len(front))
        return struct.pack("<I", _root_position()) + zipped[4:8] + front + zipped[8:]


def with_own_shape(path: str, data: bytes, tensors: Sequence[int]) -> tuple[int, ...]:
    """Those tensors, by number through all subgraphs, whose shape no other one shares.

    Raises:
        FormatError: The file is damaged.
    """
    with reader.guarded(path):
        file = Flatbuffer(bytearray(data))
        shapes = _shapes(file)
        uses = Counter(shapes)
        return tuple(t for t in tensors if uses[shapes[t]] == 1 and file.u32(shapes[t]))


def _shapes(file: Flatbuffer) -> list[int]:
    """Where the shape of each tensor stands; 0 where it has none."""
    tables = file.tables(file.root, SUBGRAPHS)
    return [file.target(t, SHAPE) for table in tables for t in file.tables(table, TENSORS)]


def _permute(file: Flatbuffer, path: str, order: Sequence[int]) -> None:
    main = file.tables(file.root, SUBGRAPHS)[0]
    operators = file.tables(main, OPERATORS)
    if sorted(order) != list(range(len(operators))):
        raise FormatError(f"{path}: the order does not hold every operator once")
    first = file.target(main, OPERATORS) + 4
    for place, number in enumerate(order):
        slot = first + 4 * place
        struct.pack_into("<I", file.data, slot, operators[number] - slot)


def _root_position() -> int:
    """Where the new root table stands: behind identifier and its own vtable."""
    return 8 + _vtable_bytes()


def _vtable_bytes() -> int:
    return 4 + 2 * _KNOWN_FIELDS


def _front(file: Flatbuffer, path: str, metadata: Mapping[str, bytes]) -> bytes:
    """What is put in at position 8: a root that lists new metadata, but no earlier plan."""
    if any(
        file.field(file.root, number) for number in range(_KNOWN_FIELDS, file.fields(file.root))
    ):
        raise FormatError(f"{path}: the file has fields that are newer than what can be rewritten")
    buffers = file.tables(file.root, BUFFERS)
    listed = file.tables(file.root, METADATA)
    kept = [table for table in listed if file.text(table, METADATA_NAME) not in (PLAN, PLANNED_FOR)]
    root = _root_position()
    list_of_buffers = root + 4 + 4 * _KNOWN_FIELDS
    list_of_metadata = list_of_buffers + 4 + 4 * (len(buffers) + len(metadata))
    end = list_of_metadata + 4 + 4 * (len(kept) + len(metadata))
    places: list[_Place] = []
    for name, content in metadata.items():
        places.append(_Place.behind(end, name, content))
        end = places[-1].values + 4 + len(content)
    moved = rounded_up(end - 8, _STEP)

    front = bytearray(moved)

    def put(form: str, at: int, *numbers: int) -> None:
        struct.pack_into(form, front, at - 8, *numbers)

    # The root: version as it is, references to where their targets now are.
    present = [number for number in range(_KNOWN_FIELDS) if file.field(file.root, number)]
    present = sorted({*present, BUFFERS, METADATA})
    slots = [4 + 4 * number if number in present else 0 for number in range(_KNOWN_FIELDS)]
    put(f"<HH{_KNOWN_FIELDS}H", 8, _vtable_bytes(), 4 + 4 * _KNOWN_FIELDS, *slots)
    put("<i", root, root - 8)
    targets = {number: file.target(file.root, number) + moved for number in present if number}
    targets[BUFFERS], targets[METADATA] = list_of_buffers, list_of_metadata
    for number in present:
        at = root + 4 + 4 * number
        put("<I", at, targets[number] - at if number else file.u32(file.field(file.root, 0)))

    _put_list(put, list_of_buffers, [*(b + moved for b in buffers), *(p.holder for p in places)])
    _put_list(put, list_of_metadata, [*(m + moved for m in kept), *(p.entry for p in places)])
    for number, (place, (name, content)) in enumerate(zip(places, metadata.items(), strict=True)):
        # Metadata: the name and the number of the buffer.
        put("<HHHH", place.entry - 8, 8, 12, 4, 8)
        put("<iII", place.entry, 8, place.name - (place.entry + 4), len(buffers) + number)
        # Buffer: its bytes, aligned to 16.
        put("<HHH", place.holder - 8, 6, 8, 4)
        put("<iI", place.holder, 8, place.values - (place.holder + 4))
        for at, data in ((place.name, name.encode()), (place.values, content)):
            put("<I", at, len(data))
            front[at + 4 - 8 : at + 4 - 8 + len(data)] = data
    return bytes(front)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the parts of new metadata stand: its table, its name, its buffer and the bytes of it.

    Each table is behind its own vtable, which is padded to eight bytes.
    """

    entry: int
    name: int
    holder: int
    values: int

    @classmethod
    def behind(cls, end: int, name: str, content: bytes) -> "_Place":
        entry = rounded_up(end, 4) + 8
        named = entry + 12
        holder = rounded_up(named + 4 + len(name.encode()) + 1, 4) + 8
        return cls(entry, named, holder, rounded_up(holder + 8 + 4, 16) - 4)


def _put_list(put: Callable[..., None], at: int, targets: Sequence[int]) -> None:
    put("<I", at, len(targets))
    for place, target in enumerate(targets):
        slot = at + 4 + 4 * place
        put("<I", slot, target - slot)


def _shift_absolute(file: Flatbuffer, moved: int) -> None:
    """Positions in the file of data that lies behind the flatbuffer."""
    places = {file.field(table, DATA_BEHIND) for table in file.tables(file.root, BUFFERS)}
    for subgraph in file.tables(file.root, SUBGRAPHS):
        for operator in file.tables(subgraph, OPERATORS):
            places.add(file.field(operator, OPTIONS_BEHIND))
    for at in places - {0}:
        position = struct.unpack_from("<Q", file.data, at)[0]
        if position > 1:  # 1 stands for what is not there yet
            struct.pack_into("<Q", file.data, at, position + moved)
