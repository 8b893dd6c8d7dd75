"""At most so many of each few weights of a row.

Source: A. Mishra et al., "Accelerating Sparse Deep Neural Networks", arXiv 2104.08378 (2 of 4).
"""

from mcugraph.checks import check_whole
from mcugraph.errors import UsageError
from mcugraph.ir import Array
from mcugraph.late_numpy import np
from mcugraph.records import dataclass
from mcugraph.storage.bit_fields import packed, read_values, stored_values, unpacked
from mcugraph.storage.form import Encoded, Form

_MOST = 256  # weights of a group that 8 bits tell apart


@dataclass(frozen=True, slots=True)
class NofM(Form):
    """Of each M weights that lie side by side in a row, N at most are not zero.

    Each group takes N weights, and the place of each within the group in 1, 2, 4 or 8 bits,
    whatever of these suffices for M; the places of each row begin with a byte of their own. What
    takes part in no group of M, at the end of a row, is a group of fewer. A place that is not
    needed holds a weight of 0 at the group's beginning.

    Attributes:
        n, m: 2 and 4: of four weights, two at most are not zero.

    Raises:
        UsageError: There is no such pattern.
    """

    n: int
    m: int

    def __post_init__(self) -> None:
        check_whole("NofM: n", self.n, 0)
        check_whole("NofM: m", self.m, 0)
        if not 1 <= self.n < self.m <= _MOST:
            raise UsageError(f"of {self.m} weights {self.n} are kept: not a pattern such as 2 of 4")

    @property
    def label(self) -> str:
        return f"{self.n}:{self.m}"

    @property
    def place_bits(self) -> int:
        """Bits of a place within a group."""
        return next(bits for bits in (1, 2, 4, 8) if self.m <= 1 << bits)

    def slots(self, columns: int) -> int:
        """Weights that are stored of each row."""
        return -(-columns // self.m) * self.n

    def fixed(self, rows: int, columns: int, bits: int = 8) -> int:
        slots = self.slots(columns)
        return -(-rows * slots * bits // 8) + rows * -(-slots * self.place_bits // 8)

    def each(self, columns: int, bits: int = 8) -> int:
        return 0

    def refusal(self, matrix: Array) -> str | None:
        refused = f"more than {self.n} of {self.m} weights side by side are not zero"
        if np.count_nonzero(matrix) > len(matrix) * self.slots(matrix.shape[1]):
            return refused  # at a glance
        most = np.count_nonzero(self._groups(matrix), axis=2).max(initial=0)
        return refused if most > self.n else None

    def _groups(self, matrix: Array) -> Array:
        """Shape (rows, groups, m)."""
        rows, columns = matrix.shape
        filled = np.pad(matrix, ((0, 0), (0, -columns % self.m)))
        return filled.reshape(rows, -(-columns // self.m), self.m)

    def tables(self, matrix: Array, bits: int) -> dict[str, Array]:
        refused = self.refusal(matrix)
        if refused is not None:
            raise UsageError(f"a matrix is not stored as {self.label}: {refused}")
        groups = self._groups(matrix)
        # Those that are not zero first, in their order.
        places = np.argsort(groups == 0, axis=2, kind="stable")[:, :, : self.n]
        values = np.take_along_axis(groups, places, axis=2)
        places = np.where(values == 0, 0, places).reshape(len(matrix), self.slots(matrix.shape[1]))
        return {
            "weights": stored_values(values, bits),
            "places": packed(places, self.place_bits),
        }

    def decode(self, encoded: Encoded) -> Array:
        rows, columns = encoded.shape
        slots = self.slots(columns)
        groups = np.zeros((rows, slots // self.n, self.m), encoded.dtype)
        places = unpacked(encoded.tables["places"], self.place_bits, slots)
        values = read_values(encoded.tables["weights"], encoded.bits, rows * slots)
        # Places that were not needed hold a 0, which must not hide what stands there.
        shape = (rows, slots // self.n, self.n)
        for slot in reversed(range(self.n)):
            place = places.reshape(shape)[:, :, slot, None].astype(np.intp)
            value = values.reshape(shape)[:, :, slot, None]
            kept = np.where(value == 0, np.take_along_axis(groups, place, 2), value)
            np.put_along_axis(groups, place, kept, 2)
        return groups.reshape(rows, groups.shape[1] * self.m)[:, :columns]


# Those that can take fewer bytes than all other forms do.
PATTERNS = (
    *(NofM(1, 2), NofM(2, 4), NofM(1, 4), NofM(2, 8), NofM(1, 8)),
    *(NofM(2, 16), NofM(1, 16)),
)
