"""TFLite files that are nearly right by structure: single fields, vectors and references changed.

The walk follows the references of the schema, so that every change lands in a field of a table, in
an entry of a vector, or in a distance from one to the other. What lies between stays as it is.
"""

import random
import struct

NUMBERS = (
    *(0, 1, -1, 2, 3, 7, 126, 127, 128, 255, 256, 1000, 32767, 65535, 1 << 20),
    *((1 << 31) - 1, -(1 << 31), -2, (1 << 32) - 1, 1 << 30, 46341),
)

# Table -> field -> what it refers to: a table, a vector of tables ("[...]"), of numbers or bytes.
SCHEMA: dict[str, dict[int, str]] = {
    "Model": {
        1: "[Code]", 2: "[Subgraph]", 3: "bytes", 4: "[Buffer]", 5: "i32", 6: "[Metadata]",
        7: "[Signature]",
    },
    "Code": {1: "bytes"},
    "Subgraph": {0: "[Tensor]", 1: "i32", 2: "i32", 3: "[Operator]", 4: "bytes"},
    "Tensor": {0: "i32", 3: "bytes", 4: "Quantization", 6: "Sparsity", 7: "i32"},
    "Quantization": {0: "i32", 1: "i32", 2: "i32", 3: "i32"},
    "Operator": {1: "i32", 2: "i32", 4: "Options", 5: "bytes", 6: "bytes", 8: "i32"},
    "Buffer": {0: "bytes"},
    "Metadata": {0: "bytes"},
    "Signature": {0: "[Map]", 1: "[Map]", 2: "bytes"},
    "Map": {0: "bytes"},
    "Options": {},
    "Sparsity": {},
}  # fmt: skip


class Places:
    """Where the parts of a file lie.

    Attributes:
        fields: (position, bytes) of what tables hold themselves.
        entries: Positions of the numbers in vectors.
        lengths: Positions of the lengths of vectors.
        references: What is referred to -> positions of the distances to such.
    """

    def __init__(self, data: bytearray) -> None:
        self.data = data
        self.fields: list[tuple[int, int]] = []
        self.entries: list[int] = []
        self.lengths: list[int] = []
        self.references: dict[str, list[int]] = {}
        self._seen: set[int] = set()
        self._follow(0, "Model")

    def _u32(self, at: int) -> int:
        return int(struct.unpack_from("<I", self.data, at)[0])

    def _follow(self, at: int, kind: str) -> None:
        self.references.setdefault(kind, []).append(at)
        target = at + self._u32(at)
        if target in self._seen:
            return
        self._seen.add(target)
        if kind in SCHEMA:
            self._table(target, SCHEMA[kind])
            return
        count = self._u32(target)
        self.lengths.append(target)
        slots = range(target + 4, target + 4 + 4 * count, 4)
        if kind.startswith("["):
            for slot in slots:
                self._follow(slot, kind[1:-1])
        elif kind == "i32":
            self.entries += slots

    def _table(self, table: int, kinds: dict[int, str]) -> None:
        vtable = table - int(struct.unpack_from("<i", self.data, table)[0])
        size, length = struct.unpack_from("<HH", self.data, vtable)
        starts = struct.unpack_from(f"<{(size - 4) // 2}H", self.data, vtable + 4)
        ends = sorted({*starts, length})
        for number, start in enumerate(starts):
            if not start:
                continue
            if number in kinds:
                self._follow(table + start, kinds[number])
            else:
                wide = next((end for end in ends if end > start), start + 4) - start
                self.fields.append((table + start, wide))


def mutated_tflite(chance: random.Random, data: bytes) -> bytes:
    """A TFLite file with some of its fields exchanged."""
    result = bytearray(data)
    places = Places(result)
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        way = chance.random()
        if way < 0.4 and places.fields:
            at, wide = chance.choice(places.fields)
            number = chance.choice(NUMBERS)
            kept = 1 if wide < 4 or chance.random() < 0.3 else 4
            result[at : at + kept] = struct.pack("<q", number)[:kept]
        elif way < 0.75 and places.entries:
            at = chance.choice(places.entries)
            old = struct.unpack_from("<i", result, at)[0]
            number = chance.choice([*NUMBERS, old + 1, old - 1, -old, 2 * old, old // 2])
            result[at : at + 4] = struct.pack("<q", number)[:4]
        elif way < 0.85:
            at = chance.choice(places.lengths)
            old = struct.unpack_from("<I", result, at)[0]
            number = chance.choice([*NUMBERS, old + 1, max(old - 1, 0), 2 * old])
            result[at : at + 4] = struct.pack("<q", number)[:4]
        else:
            _redirect(chance, result, places)
    return bytes(result)


def _redirect(chance: random.Random, data: bytearray, places: Places) -> None:
    """Let something refer to what another one of its kind refers to, or near it."""
    same = places.references[chance.choice(sorted(places.references))]
    at, other = chance.choice(same), chance.choice(same)
    target = other + struct.unpack_from("<I", data, other)[0] + chance.choice([0, 0, 0, 4, -4, 1])
    if target > at:
        struct.pack_into("<I", data, at, target - at)
