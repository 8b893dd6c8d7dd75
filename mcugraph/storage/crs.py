"""Compressed row storage.

Source: M. Deutel, P. Woller, C. Mutschler and J. Teich, "Energy-efficient Deployment of Deep
Learning Applications on Cortex-M based Microcontrollers using Deep Compression", 2022, Fig. 3,
after R. Barrett et al., "Templates for the Solution of Linear Systems", 1994. Here rows have
counts, which have 16 bits where pointers may need 32, and columns 8 bits where these do.
"""

from mcugraph.errors import UsageError
from mcugraph.ir import Array
from mcugraph.late_numpy import np
from mcugraph.records import dataclass
from mcugraph.storage.bit_fields import read_values, stored_values
from mcugraph.storage.form import Encoded, Form

_NARROW = 256  # columns that 8 bits tell apart
_MOST = (1 << 16) - 1  # weights that a row can count


def bits_of_columns(count: int) -> int:
    """Bits that tell so many columns apart."""
    return 8 if count <= _NARROW else 16


def count_refusal(columns: int, what: str) -> str | None:
    """Why a row cannot have so many columns, as the end of a sentence; None: it can."""
    return None if columns <= _MOST else f"its rows have {columns} {what}"


def refuse_rows(refused: str | None) -> None:
    """Say that a matrix has rows that are too long.

    Raises:
        UsageError: It was refused.
    """
    if refused is not None:
        raise UsageError(f"a matrix is not stored by rows: {refused}, {_MOST} at most")


@dataclass(frozen=True, slots=True)
class Crs(Form):
    """The weights that are not zero, the column of each, and how many each row has.

    Columns have 8 bits in rows of up to 256 weights, 16 in longer ones; counts have 16.
    """

    @property
    def label(self) -> str:
        return "crs"

    def fixed(self, rows: int, columns: int, bits: int = 8) -> int:
        return 2 * rows

    def each(self, columns: int, bits: int = 8) -> int:
        return bits + self.column_bits(columns)

    def column_bits(self, columns: int) -> int:
        """Bits of the column of a weight."""
        return bits_of_columns(columns)

    def too_wide(self, columns: int) -> str | None:
        return count_refusal(columns, "weights")

    def tables(self, matrix: Array, bits: int) -> dict[str, Array]:
        refuse_rows(self.refusal(matrix))
        places = np.nonzero(matrix)
        return {
            "weights": stored_values(matrix[places], bits),
            "columns": places[1].astype(f"u{self.column_bits(matrix.shape[1]) // 8}"),
            "counts": np.count_nonzero(matrix, axis=1).astype(np.uint16),
        }

    def decode(self, encoded: Encoded) -> Array:
        found = np.zeros(encoded.shape, encoded.dtype)
        columns, counts = encoded.tables["columns"], encoded.tables["counts"]
        rows = np.repeat(np.arange(len(counts)), counts)
        values = read_values(encoded.tables["weights"], encoded.bits, columns.size)
        found[rows, columns] = values
        return found
