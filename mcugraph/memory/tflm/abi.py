"""Sizes of C++ structs on the two machines that matter: the wheel's host and a device.

A struct is written as a layout: one letter a field, in order, with a count before it.

====== =======================================================
letter field
====== =======================================================
``i``  32 bits: int32_t, int, float, an enum
``p``  a pointer or a size_t
``q``  64 bits, aligned to 8: int64_t, double
``h``  16 bits
``b``  8 bits: bool, int8_t, an enum of a byte
( )    a struct inside
[ ]    fields that exist only in builds with tensor decompression
< >    fields that exist only in builds that record allocations
====== =======================================================

64-bit fields are aligned to 8 on 32-bit Arm, Xtensa and RISC-V too.
"""

import re
from dataclasses import dataclass
from functools import cache

_TOKEN = re.compile(r"\s*(\d*)([ipqhb(\[<)\]>])")
_CLOSING = {"(": ")", "[": "]", "<": ">"}


@dataclass(frozen=True, slots=True)
class Abi:
    """A machine and a way to build TFLM for it.

    Attributes:
        pointer: Bytes of a pointer and of a size_t.
        decompression: Built with USE_TFLM_COMPRESSION, as the wheel is.
        recording: Memory is handed out by RecordingMicroAllocator, as the wheel does.
    """

    pointer: int
    decompression: bool
    recording: bool

    def sizeof(self, layout: str) -> int:
        """Bytes of a struct."""
        return _measure(layout, self)[0]

    def alignof(self, layout: str) -> int:
        """Alignment of a struct in bytes."""
        return _measure(layout, self)[1]


# The Python wheel on x86-64, whose ``print_allocations`` is what the figures are checked with.
HOST = Abi(pointer=8, decompression=True, recording=True)
# A microcontroller with 32-bit pointers and TFLM's default build.
DEVICE = Abi(pointer=4, decompression=False, recording=False)


@cache
def _measure(layout: str, abi: Abi) -> tuple[int, int]:
    """(size, alignment) of a layout."""
    position, size, alignment = 0, 0, 1
    while match := _TOKEN.match(layout, position):
        count, letter = int(match[1] or 1), match[2]
        position = match.end()
        if letter in _CLOSING:
            end = _matching(layout, position, letter)
            inner = layout[position:end]
            position = end + 1
            if (letter == "[" and not abi.decompression) or (letter == "<" and not abi.recording):
                continue
            if letter == "(":
                bytes_each, align = _measure(inner, abi)
            else:  # its fields belong to the struct itself
                size, alignment = _extend(inner, abi, size, alignment)
                continue
        else:
            bytes_each = {"i": 4, "p": abi.pointer, "q": 8, "h": 2, "b": 1}[letter]
            align = bytes_each
        size = align_up(size, align) + count * bytes_each
        alignment = max(alignment, align)
    if layout[position:].strip():
        raise ValueError(f"layout {layout!r} cannot be read at {position}")
    return align_up(size, alignment), alignment


def _extend(fields: str, abi: Abi, size: int, alignment: int) -> tuple[int, int]:
    """Size without padding at the end, and alignment, after plain fields are appended."""
    for match in _TOKEN.finditer(fields):
        each = {"i": 4, "p": abi.pointer, "q": 8, "h": 2, "b": 1}[match[2]]
        size = align_up(size, each) + int(match[1] or 1) * each
        alignment = max(alignment, each)
    return size, alignment


def _matching(layout: str, start: int, opening: str) -> int:
    """Where the bracket that opened just before ``start`` closes."""
    depth = 1
    for i in range(start, len(layout)):
        if layout[i] == opening:
            depth += 1
        elif layout[i] == _CLOSING[opening]:
            depth -= 1
            if not depth:
                return i
    raise ValueError(f"layout {layout!r} lacks a {_CLOSING[opening]!r}")


def align_up(value: int, alignment: int) -> int:
    """The least multiple of the alignment that is not below the value."""
    return -(-value // alignment) * alignment
