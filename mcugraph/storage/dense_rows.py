"""Every weight, row by row."""

from mcugraph.ir import Array
from mcugraph.late_numpy import np
from mcugraph.records import dataclass
from mcugraph.storage.bit_fields import read_values, stored_values
from mcugraph.storage.form import Encoded, Form


@dataclass(frozen=True, slots=True)
class DenseRows(Form):
    """All weights, zeros with them.

    Attributes:
        multiple: Rows are filled up with zeros to a multiple of so many weights.
    """

    multiple: int = 1

    @property
    def label(self) -> str:
        return "dense"

    def fixed(self, rows: int, columns: int, bits: int = 8) -> int:
        return -(-rows * self._filled(columns) * bits // 8)

    def each(self, columns: int, bits: int = 8) -> int:
        return 0

    def _filled(self, columns: int) -> int:
        return columns + -columns % self.multiple

    def tables(self, matrix: Array, bits: int) -> dict[str, Array]:
        short = self._filled(matrix.shape[1]) - matrix.shape[1]
        filled = np.pad(matrix, ((0, 0), (0, short))) if short else matrix
        return {"weights": stored_values(filled, bits)}

    def decode(self, encoded: Encoded) -> Array:
        rows, columns = encoded.shape
        filled = self._filled(columns)
        found = read_values(encoded.tables["weights"], encoded.bits, rows * filled)
        return found.reshape(rows, filled)[:, :columns]
