"""Sets of operators, which elsewhere are masks, as arrays of bits: many at once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Words = NDArray[np.uint64]


def rows(sets: Sequence[int], count: int) -> NDArray[np.uint8]:
    """Sets of up to ``count`` operators, a row of zeros and ones each."""
    size = -(-count // 8)
    packed = b"".join([held.to_bytes(size, "little") for held in sets])
    return np.unpackbits(
        np.frombuffer(packed, np.uint8).reshape(len(sets), size),
        axis=1,
        count=count,
        bitorder="little",
    )


def columns(sets: Sequence[int], count: int) -> Bools:
    """The same with a row an operator, a column a set."""
    return np.ascontiguousarray(rows(sets, count).T.astype(bool))


def in_any(held: Bools) -> list[bool]:
    """Of each operator whether any of such columns holds it."""
    found: Bools = np.any(held, axis=1)
    return [bool(one) for one in found.tolist()]


def in_all(held: Bools) -> list[bool]:
    """The same, whether all do."""
    found: Bools = np.all(held, axis=1)
    return [bool(one) for one in found.tolist()]


def words(held: Bools) -> Words:
    """Such columns in words of 64 operators: a row a word."""
    packed = np.packbits(held, axis=0, bitorder="little")
    packed = np.vstack([packed, np.zeros((-len(packed) % 8, held.shape[1]), np.uint8)])
    return np.ascontiguousarray(np.ascontiguousarray(packed.T).view("<u8").T, np.uint64)
