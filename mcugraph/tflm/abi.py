"""Sizes of C++ structs on the machines that matter: the wheel's host, and devices by their ABI.

A struct is written as a layout: one letter a field, in order, with a count before it.

====== =======================================================
letter field
====== =======================================================
``i``  32 bits: int32_t, int, float
``e``  an enum, all of whose values fit a byte: so large where enums are short, else 32 bits
``p``  a pointer or a size_t
``q``  64 bits, aligned to 8: int64_t, double
``h``  16 bits
``b``  8 bits: bool, int8_t, an enum that is declared as a byte
( )    a struct inside
[ ]    fields that exist only in builds with tensor decompression
< >    fields that exist only in builds that record allocations
{ }    fields that only sources newer than those of the device's figures have
====== =======================================================

64-bit fields are aligned to 8 on 32-bit Arm, Xtensa and RISC-V too. Bare-metal compilers for Arm
(arm-none-eabi, AAPCS) make enums as short as their values allow unless told ``-fno-short-enums``;
those for other cores make them ints.
"""

import re
from functools import cache

from mcugraph.errors import UsageError
from mcugraph.records import dataclass

_FIELD = re.compile(r"(?P<count>\d*)(?:(?P<letter>[iepqhb])|\((?P<inner>[^()]*)\))")
_BYTES = {"i": 4, "q": 8, "h": 2, "b": 1}
_DECOMPRESSION = re.compile(r"\[([^]]*)\]")
_RECORDING = re.compile(r"<([^>]*)>")
_NEWER = re.compile(r"{([^}]*)}")


@dataclass(frozen=True, slots=True, eq=False)
class Abi:
    """A machine and a way to build TFLM for it; each is made once, and is equal to itself alone.

    Attributes:
        pointer: Bytes of a pointer and of a size_t.
        enum: Bytes of an enum that is not declared as some integer.
        decompression: Built with USE_TFLM_COMPRESSION, as the wheel is.
        recording: Memory is handed out by RecordingMicroAllocator, as the wheel does.
        newer: Built from the wheel's sources, which are newer than those of the device's figures.
    """

    pointer: int
    enum: int
    decompression: bool
    recording: bool
    newer: bool

    def measure(self, layout: str) -> tuple[int, int]:
        """Bytes and alignment of a struct."""
        return _measure(layout, self)

    def sizeof(self, layout: str) -> int:
        """Bytes of a struct."""
        return _measure(layout, self)[0]


# The Python wheel on x86-64, whose ``print_allocations`` is what the figures are checked with.
HOST = Abi(pointer=8, enum=4, decompression=True, recording=True, newer=True)
# Microcontrollers with 32-bit pointers and TFLM's default build, by the name that a runtime uses:
# bare-metal Arm; Xtensa, RISC-V and Arm with -fno-short-enums.
ABIS = {
    name: Abi(pointer=4, enum=enum, decompression=False, recording=False, newer=False)
    for name, enum in (("arm", 1), ("int-enums", 4))
}


def find_abi(name: str) -> Abi:
    """A device by name.

    Raises:
        UsageError: There is none of this name.
    """
    if name not in ABIS:
        raise UsageError(f"unknown ABI {name!r}; expected one of {', '.join(ABIS)}")
    return ABIS[name]


@cache
def _measure(layout: str, abi: Abi) -> tuple[int, int]:
    """(size, alignment) of a layout."""
    fields = _DECOMPRESSION.sub(r"\1" if abi.decompression else "", layout)
    fields = _RECORDING.sub(r"\1" if abi.recording else "", fields)
    fields = _NEWER.sub(r"\1" if abi.newer else "", fields)
    position, size, alignment = 0, 0, 1
    while match := _FIELD.match(fields, position):
        position = match.end()
        count, letter, inner = int(match["count"] or 1), match["letter"], match["inner"]
        if inner is not None:
            each, align = _measure(inner, abi)
        else:
            each = align = {**_BYTES, "p": abi.pointer, "e": abi.enum}[letter]
        size = align_up(size, align) + count * each
        alignment = max(alignment, align)
    if position < len(fields):
        raise ValueError(f"layout {layout!r} cannot be read from {fields[position:]!r}")
    return align_up(size, alignment), alignment


def align_up(value: int, alignment: int) -> int:
    """The least multiple of the alignment that is not below the value."""
    return -(-value // alignment) * alignment
