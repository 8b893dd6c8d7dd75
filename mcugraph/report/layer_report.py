"""The operators of a model, one row each: as a table and as CSV."""

from collections.abc import Sequence

from mcugraph.errors import UsageError
from mcugraph.printed import cell, page
from mcugraph.profiles import Layer, Profile
from mcugraph.report.table import shorten, table
from mcugraph.units import exact

# What the table can be sorted by.
SORTS = ("order", "macs", "elementwise", "weights", "output", "live")

_COLUMNS = (
    "name",
    "kind",
    "type",
    "macs",
    "elementwise",
    "weights",
    "output_shape",
    "output_bytes",
    "live_bytes",
)


def to_text(profile: Profile, sort: str = "order", limit: int | None = None) -> str:
    """One row an operator, in file order or the largest first.

    Raises:
        UsageError: There is no column of this name to sort by.
    """
    rows = [
        (
            shorten(layer.name, 44),
            layer.type,
            "x".join(map(str, layer.output_shape)) if layer.output_shape is not None else "?",
            "?" if layer.macs is None else exact(layer.macs),
            "?" if layer.elementwise is None else exact(layer.elementwise),
            exact(layer.weights),
            exact(layer.output_bytes),
            exact(layer.live_bytes),
        )
        for layer in select(profile.layers, sort, limit)
    ]
    header = ("operator", "type", "shape", "MACs", "elementwise", "weights B", "output B", "live B")
    lines = table(header, rows, right=range(3, 8))
    hidden = len(profile.layers) - len(rows)
    return page([*lines, f"({hidden} more)"] if hidden else lines)


def to_csv(profile: Profile, sort: str = "order", limit: int | None = None) -> str:
    """One line an operator, with a header; unknown values are empty."""
    import csv  # not needed by most runs
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for layer in select(profile.layers, sort, limit):
        shape = layer.output_shape
        cells = {"output_shape": None if shape is None else "x".join(map(str, shape))}
        writer.writerow([cell(cells.get(name, getattr(layer, name))) for name in _COLUMNS])
    return text.getvalue().rstrip("\n")


def select(layers: Sequence[Layer], sort: str, limit: int | None) -> Sequence[Layer]:
    """The layers to show: in file order, or the largest by a column first.

    Raises:
        UsageError: There is no column of this name to sort by.
    """
    if sort not in SORTS:
        raise UsageError(f"cannot sort by {sort!r}; expected one of {', '.join(SORTS)}")
    keys = {
        "macs": lambda layer: layer.macs or 0,
        "elementwise": lambda layer: layer.elementwise or 0,
        "weights": lambda layer: layer.weights,
        "output": lambda layer: layer.output_bytes,
        "live": lambda layer: layer.live_bytes,
    }
    chosen = layers if sort == "order" else sorted(layers, key=keys[sort], reverse=True)
    return chosen if limit is None else chosen[:limit]
