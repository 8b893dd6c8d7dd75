"""Numbers of a few bits each, side by side in bytes, the first one in the lowest bits."""

from mcugraph.errors import UsageError
from mcugraph.ir import Array
from mcugraph.late_numpy import np

WIDTHS = (4, 8, 16, 32)  # bits of a weight


def check_width(bits: int) -> int:
    """The bits of a weight, if there are such weights.

    Raises:
        UsageError: There are none.
    """
    if bits not in WIDTHS:
        raise UsageError(f"bits: weights have {', '.join(map(str, WIDTHS))} bits, not {bits!r}")
    return bits


def packed(numbers: Array, bits: int) -> Array:
    """Bytes of numbers from 0 on of 1, 2, 4 or 8 bits, the last axis filled up with zeros.

    Args:
        numbers: Of any shape.
        bits: Of each.
    """
    each = 8 // bits
    short = -numbers.shape[-1] % each
    filled = np.pad(numbers, [(0, 0)] * (numbers.ndim - 1) + [(0, short)])
    groups = filled.reshape(*numbers.shape[:-1], filled.shape[-1] // each, each).astype(np.uint8)
    places = (np.arange(each) * bits).astype(np.uint8)
    return np.asarray(np.bitwise_or.reduce(groups << places, axis=-1, dtype=np.uint8))


def unpacked(data: Array, bits: int, count: int) -> Array:
    """The first numbers along the last axis of what `packed` made."""
    places = (np.arange(8 // bits) * bits).astype(np.uint8)
    found = (data[..., None] >> places) & np.uint8((1 << bits) - 1)
    return np.asarray(found.reshape(*data.shape[:-1], data.shape[-1] * 8 // bits)[..., :count])


def stored_values(values: Array, bits: int) -> Array:
    """Weights as they are stored: two to a byte, if they have four bits.

    Raises:
        UsageError: They do not fit.
    """
    if bits == 8 * values.dtype.itemsize:
        return values
    if bits != 4 or values.dtype != np.int8:
        raise UsageError(f"weights of {values.dtype} do not have {bits} bits")
    if values.size and (values.min() < -8 or values.max() > 7):
        raise UsageError("weights of 4 bits lie between -8 and 7")
    return packed(values.ravel().view(np.uint8) & 15, 4)


def read_values(data: Array, bits: int, count: int) -> Array:
    """The weights that `stored_values` stored, in one row."""
    if bits != 4:
        return data.ravel()
    halves = unpacked(data, 4, count).view(np.int8)
    return np.asarray((halves << 4) >> 4)
