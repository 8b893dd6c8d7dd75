"""Which form takes the fewest bytes, and from where on one does."""

from collections.abc import Sequence
from operator import itemgetter

import numpy as np

from mcugraph.errors import UsageError
from mcugraph.ir import Array
from mcugraph.storage.bitmap import Bitmap
from mcugraph.storage.crs import Crs
from mcugraph.storage.dense_rows import DenseRows
from mcugraph.storage.form import Form
from mcugraph.storage.n_of_m import PATTERNS

# Those that are looked at where nobody names others; of equal ones, the first.
FORMS: tuple[Form, ...] = (DenseRows(), Crs(), *PATTERNS, Bitmap())


def cheapest(matrix: Array, forms: Sequence[Form] = FORMS, bits: int | None = None) -> Form:
    """The form that takes the fewest bytes of flash; of several, the first.

    Args:
        matrix: Rows are output channels.
        forms: Those to choose from.
        bits: Of a weight; None: those of its type.

    Raises:
        UsageError: None of them can hold the matrix.
    """
    rows, columns = matrix.shape
    nonzero = int(np.count_nonzero(matrix))
    width = 8 * matrix.dtype.itemsize if bits is None else bits
    sizes = [form.bytes(rows, columns, nonzero, width) for form in forms]
    for _, form in sorted(zip(sizes, forms, strict=True), key=itemgetter(0)):
        if form.refusal(matrix) is None:
            return form
    raise UsageError(f"no form of {', '.join(form.label for form in forms)} holds the matrix")


def break_even(
    form: Form,
    rows: int,
    columns: int,
    bits: int = 8,
    dense: Form = DenseRows(),  # noqa: B008
) -> int | None:
    """The most weights other than zero with which a form takes fewer bytes than all weights do.

    With ``d`` and ``f`` the bytes that a dense matrix and the form take anyway, and ``e`` the bits
    that each weight takes besides, that is ``8 (d - f - 1) // e``.

    Args:
        form: How the weights are stored.
        rows: Output channels.
        columns: Weights of each.
        bits: Of a weight.
        dense: What it is held against.

    Returns:
        Between 0 and all weights; None: it never takes fewer.
    """
    left = dense.fixed(rows, columns, bits) - form.fixed(rows, columns, bits) - 1
    if left < 0:
        return None
    each = form.each(columns, bits)
    return rows * columns if each == 0 else min(rows * columns, 8 * left // each)
