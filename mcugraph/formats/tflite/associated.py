"""The zip archive of associated files that may follow the flatbuffer of a TFLite file."""

import struct
from collections.abc import Iterator

_END, _ENTRY, _FILE = b"PK\5\6", b"PK\1\2", b"PK\3\4"


def start(data: bytes) -> int:
    """Where the archive begins; the end of the file where it has none."""
    return min(_files(data), default=len(data))


def shifted(data: bytes, moved: int) -> bytes:
    """The file with the positions in its archive moved on, if it has one."""
    found = _directory(data)
    if found is None:
        return data
    end, first, entries = found
    patched = bytearray(data)
    struct.pack_into("<I", patched, end + 16, first + moved)
    for at in entries:
        position = struct.unpack_from("<I", data, at + 42)[0]
        struct.pack_into("<I", patched, at + 42, position + moved)
    return bytes(patched)


def _files(data: bytes) -> list[int]:
    """Where its files begin."""
    found = _directory(data)
    return [] if found is None else [_file(data, at) for at in found[2]]


def _directory(data: bytes) -> tuple[int, int, list[int]] | None:
    """Positions of the end of the directory, of the directory as that says, and of its entries."""
    end = data.rfind(_END, max(0, len(data) - (1 << 16) - 22))
    if end < 0 or end + 22 > len(data):
        return None
    count, _, first = struct.unpack_from("<HII", data, end + 10)
    entries = list(_entries(data, first, count))
    return (end, first, entries) if len(entries) == count else None


def _entries(data: bytes, at: int, count: int) -> Iterator[int]:
    """Positions of the entries of an archive's directory, if they are where they should be."""
    for _ in range(count):
        if data[at : at + 4] != _ENTRY:
            return
        position = _file(data, at)
        if data[position : position + 4] != _FILE:
            return
        yield at
        at += 46 + sum(struct.unpack_from("<HHH", data, at + 28))


def _file(data: bytes, entry: int) -> int:
    return int(struct.unpack_from("<I", data, entry + 42)[0])
