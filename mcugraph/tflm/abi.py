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

_FIELD = re.compile(r"(?P<count>\d*)(?:(?P<letter>[ipqhb])|\((?P<inner>[^()]*)\))")
_BYTES = {"i": 4, "q": 8, "h": 2, "b": 1}
_DECOMPRESSION = re.compile(r"\[([^]]*)\]")
_RECORDING = re.compile(r"<([^>]*)>")


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
    fields = _DECOMPRESSION.sub(r"\1" if abi.decompression else "", layout)
    fields = _RECORDING.sub(r"\1" if abi.recording else "", fields)
    position, size, alignment = 0, 0, 1
    while match := _FIELD.match(fields, position):
        position = match.end()
        count, letter, inner = int(match["count"] or 1), match["letter"], match["inner"]
        if inner is not None:
            each, align = _measure(inner, abi)
        else:
            each = align = abi.pointer if letter == "p" else _BYTES[letter]
        size = align_up(size, align) + count * each
        alignment = max(alignment, align)
    if position < len(fields):
        raise ValueError(f"layout {layout!r} cannot be read from {fields[position:]!r}")
    return align_up(size, alignment), alignment


def align_up(value: int, alignment: int) -> int:
    """The least multiple of the alignment that is not below the value."""
    return -(-value // alignment) * alignment
