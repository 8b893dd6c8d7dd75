"""Compressed rows of blocks.

Source: R. Barrett et al., "Templates for the Solution of Linear Systems", 1994, section 4.3.1
(block compressed row storage), with counts and columns as `Crs` has them.
"""

from mcugraph.checks import check_whole
from mcugraph.ir import Array
from mcugraph.late_numpy import np
from mcugraph.records import dataclass
from mcugraph.storage.bit_fields import read_values, stored_values
from mcugraph.storage.crs import bits_of_columns, count_refusal, refuse_rows
from mcugraph.storage.form import Encoded, Form


@dataclass(frozen=True, slots=True)
class Blocks(Form):
    """The blocks of a matrix that hold weights other than zero, and the column of each.

    Blocks begin at multiples of their sides; those at the ends are filled up with zeros. As of
    `Crs`, columns, here those of blocks, have 8 bits if there are up to 256, else 16, and a count
    of 16 bits says how many blocks lie beside each other. Their weights lie row by row: those of
    the first row of all blocks beside each other, then those of the second.

    Attributes:
        rows: Output channels of a block.
        columns: Weights of each, side by side as the device has them: channels last.

    Raises:
        UsageError: There are no such blocks.
    """

    rows: int = 1
    columns: int = 4

    def __post_init__(self) -> None:
        check_whole("Blocks: rows", self.rows, 1)
        check_whole("Blocks: columns", self.columns, 1)

    @property
    def label(self) -> str:
        return f"{self.rows}x{self.columns}"

    @property
    def unit(self) -> int:
        return self.rows * self.columns

    def _across(self, columns: int) -> int:
        return -(-columns // self.columns)

    def units(self, rows: int, columns: int) -> int:
        return -(-rows // self.rows) * self._across(columns)

    def stored(self, matrix: Array) -> int:
        return int(np.count_nonzero(self._kept(matrix)))

    def fixed(self, rows: int, columns: int, bits: int = 8) -> int:
        return 2 * -(-rows // self.rows)

    def each(self, columns: int, bits: int = 8) -> int:
        return self.unit * bits + self.column_bits(columns)

    def column_bits(self, columns: int) -> int:
        """Bits of the column of a block."""
        return bits_of_columns(self._across(columns))

    def too_wide(self, columns: int) -> str | None:
        return count_refusal(self._across(columns), "blocks")

    def _kept(self, matrix: Array) -> Array:
        """Which blocks hold a weight other than zero."""
        return _any_of(_any_of(matrix != 0, self.rows, 0), self.columns, 1)

    def _grid(self, shape: tuple[int, int]) -> tuple[int, int, int, int]:
        """Rows of blocks, rows of a block, blocks beside each other, columns of a block."""
        rows, columns = shape
        return -(-rows // self.rows), self.rows, self._across(columns), self.columns

    def tables(self, matrix: Array, bits: int) -> dict[str, Array]:
        refuse_rows(self.refusal(matrix))
        down, high, across, wide = self._grid((matrix.shape[0], matrix.shape[1]))
        short = (down * high - matrix.shape[0], across * wide - matrix.shape[1])
        grid = np.pad(matrix, [(0, left) for left in short]).reshape(down, high, across, wide)
        kept = self._kept(matrix)
        return {
            "weights": stored_values(grid[_by_rows(kept, high)], bits),
            "columns": np.nonzero(kept)[1].astype(f"u{self.column_bits(matrix.shape[1]) // 8}"),
            "counts": np.count_nonzero(kept, axis=1).astype(np.uint16),
        }

    def decode(self, encoded: Encoded) -> Array:
        rows, columns = encoded.shape
        places, counts = encoded.tables["columns"], encoded.tables["counts"]
        grid = np.zeros(self._grid((rows, columns)), encoded.dtype)
        down, high, across, wide = grid.shape
        kept = np.zeros((down, across), np.bool_)
        kept[np.repeat(np.arange(down), counts), places] = True
        values = read_values(encoded.tables["weights"], encoded.bits, places.size * self.unit)
        grid[_by_rows(kept, high)] = values.reshape(-1, wide)
        return grid.reshape(down * high, across * wide)[:rows, :columns]


def _by_rows(kept: Array, high: int) -> Array:
    """Of each row of blocks, as often as a block has rows, which blocks are kept."""
    down, across = kept.shape
    return np.broadcast_to(kept[:, None], (down, high, across))


def _any_of(found: Array, step: int, axis: int) -> Array:
    """Whether any of so many neighbours is set."""
    along = np.moveaxis(found, axis, 0)
    first = along[::step].copy()
    for place in range(1, step):
        rest = along[place::step]
        first[: len(rest)] |= rest
    return np.moveaxis(first, 0, axis)


# Those that are looked at. Blocks of one weight are `Crs`.
_SIDES = (*range(1, 9), 16)
BLOCKS = tuple(Blocks(rows, columns) for rows in _SIDES for columns in _SIDES)[1:]
