"""Which form takes the fewest bytes, and from where on one does."""

from collections.abc import Sequence

from mcugraph.errors import UsageError
from mcugraph.ir import Array
from mcugraph.late_numpy import np
from mcugraph.records import dataclass
from mcugraph.storage.bitmap import Bitmap
from mcugraph.storage.block_rows import BLOCKS
from mcugraph.storage.crs import Crs
from mcugraph.storage.dense_rows import DenseRows
from mcugraph.storage.form import Form
from mcugraph.storage.n_of_m import PATTERNS


@dataclass(frozen=True, slots=True)
class Family:
    """Forms that differ in a pattern alone.

    Attributes:
        name: In answers; without ``_``, in options.
        title: In tables.
        forms: Of which a layer takes the one of the fewest bytes.
        pattern: The name in answers of which it is; None: there is but one.
    """

    name: str
    title: str
    forms: tuple[Form, ...]
    pattern: str | None = None

    @property
    def option(self) -> str:
        """Its name in options."""
        return self.name.replace("_", "")

    @property
    def names(self) -> tuple[str, ...]:
        """Of its fields in answers: the bytes, and the pattern."""
        return (self.name,) if self.pattern is None else (self.name, self.pattern)

    def cheapest(self, matrix: Array, bits: int | None = None) -> Form | None:
        """The form that takes the fewest bytes; None: none of them holds the matrix."""
        return _best(matrix, self.forms, bits)


DENSE = Family("dense", "dense", (DenseRows(),))
# All others; of forms that take as many bytes, the first is taken.
SPARSE = (
    Family("crs", "CRS", (Crs(),)),
    Family("n_of_m", "N:M", PATTERNS, pattern="pattern"),
    Family("bitmap", "bitmap", (Bitmap(),)),
    Family("blocks", "blocks", BLOCKS, pattern="block"),
)
# Those that are looked at where nobody names others.
FORMS: tuple[Form, ...] = tuple(form for each in (DENSE, *SPARSE) for form in each.forms)


def cheapest(matrix: Array, forms: Sequence[Form] = FORMS, bits: int | None = None) -> Form:
    """The form that takes the fewest bytes of flash; of several, the first.

    Args:
        matrix: Rows are output channels.
        forms: Those to choose from.
        bits: Of a weight; None: those of its type.

    Raises:
        UsageError: None of them can hold the matrix.
    """
    found = _best(matrix, forms, bits)
    if found is None:
        raise UsageError(f"no form of {', '.join(form.label for form in forms)} holds the matrix")
    return found


def _best(matrix: Array, forms: Sequence[Form], bits: int | None) -> Form | None:
    rows, columns = matrix.shape
    nonzero = int(np.count_nonzero(matrix))
    width = 8 * matrix.dtype.itemsize if bits is None else bits
    bounds = [(form.least(rows, columns, nonzero, width), i) for i, form in enumerate(forms)]
    best: tuple[int, int] | None = None
    for least, i in sorted(bounds):
        if best is not None and best < (least, i):
            break  # what is left takes more, however its weights lie
        if forms[i].refusal(matrix) is None:
            found = (forms[i].size(matrix, width), i)
            best = found if best is None else min(best, found)
    return None if best is None else forms[best[1]]


def break_even(
    form: Form,
    rows: int,
    columns: int,
    bits: int = 8,
    dense: Form = DenseRows(),  # noqa: B008
) -> int | None:
    """The most weights other than zero with which a form takes fewer bytes than all weights do.

    Or the most blocks that hold any. With ``d`` and ``f`` the bytes that a dense matrix and the
    form take anyway, and ``e`` the bits that each weight, or block, takes besides, that is
    ``8 (d - f - 1) // e``.

    Args:
        form: How the weights are stored.
        rows: Output channels.
        columns: Weights of each.
        bits: Of a weight.
        dense: What it is held against.

    Returns:
        Between 0 and all of them; None: it never takes fewer.
    """
    left = dense.fixed(rows, columns, bits) - form.fixed(rows, columns, bits) - 1
    if left < 0:
        return None
    each, units = form.each(columns, bits), form.units(rows, columns)
    return units if each == 0 else min(units, 8 * left // each)
