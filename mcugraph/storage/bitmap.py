"""One bit for each weight, and those that are not zero."""

from mcugraph.ir import Array
from mcugraph.late_numpy import np
from mcugraph.records import dataclass
from mcugraph.storage.bit_fields import packed, read_values, stored_values, unpacked
from mcugraph.storage.form import Encoded, Form


@dataclass(frozen=True, slots=True)
class Bitmap(Form):
    """A bit for each weight says whether it is one of those that are stored.

    The bits of each row begin with a byte of their own, the first one in its lowest bit.
    """

    @property
    def label(self) -> str:
        return "bitmap"

    def fixed(self, rows: int, columns: int, bits: int = 8) -> int:
        return rows * -(-columns // 8)

    def each(self, columns: int, bits: int = 8) -> int:
        return bits

    def tables(self, matrix: Array, bits: int) -> dict[str, Array]:
        stored = matrix != 0
        return {
            "weights": stored_values(matrix[stored], bits),
            "bits": packed(stored, 1),
        }

    def decode(self, encoded: Encoded) -> Array:
        found = np.zeros(encoded.shape, encoded.dtype)
        stored = unpacked(encoded.tables["bits"], 1, encoded.shape[1]).astype(bool)
        count = int(stored.sum())
        found[stored] = read_values(encoded.tables["weights"], encoded.bits, count)
        return found
