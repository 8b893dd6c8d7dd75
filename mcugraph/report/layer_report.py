"""The operators of a model, one row each: as a table and as CSV."""

from collections.abc import Sequence

from mcugraph.errors import UsageError
from mcugraph.printed import cell
from mcugraph.profiles import Layer, Profile
from mcugraph.report.screen import PLAIN, Cell, Screen, Styled
from mcugraph.report.short_names import end, label, short
from mcugraph.report.table import columns, left_out
from mcugraph.units import exact, share

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


# Columns of the table that a narrow screen leaves out, one after the other.
_OPTIONAL = (6, 2, 4)


def to_text(
    profile: Profile, sort: str = "order", limit: int | None = None, screen: Screen = PLAIN
) -> str:
    """One row an operator, in file order or the largest first.

    Raises:
        UsageError: There is no column of this name to sort by.
    """
    place = {id(layer): number for number, layer in enumerate(profile.layers)}
    most = max((layer.live_bytes for layer in profile.layers), default=0)
    rows: list[list[Cell]] = [
        [
            label(place[id(layer)], layer),
            short(layer.name, screen),
            "x".join(map(str, layer.output_shape)) if layer.output_shape is not None else "?",
            "?" if layer.macs is None else exact(layer.macs),
            _share(layer.macs, profile.macs),
            exact(layer.weights),
            "?" if layer.elementwise is None else exact(layer.elementwise),
            exact(layer.output_bytes),
            _largest(layer.live_bytes, most),
        ]
        for layer in select(profile.layers, sort, limit)
    ]
    header = (
        *("operator", "name", "shape", "MACs", "of all", "weights B"),
        *("elementwise", "output B", "live B"),
    )
    lines = columns(header, rows, range(3, 9), screen, _OPTIONAL, flexible=1, cut=end)
    hidden = len(profile.layers) - len(rows)
    if hidden:
        lines.append(f"({hidden} more)")
    missing = left_out(header, rows, screen, _OPTIONAL, flexible=1)
    if missing:
        lines.append(Styled(f"(no room for: {', '.join(missing)}; --csv has all)", "dim"))
    return screen.page(lines)


def _share(part: int | None, whole: int) -> str:
    return share(part, whole) if part and whole else ""


def _largest(live: int, most: int) -> Cell:
    """Bytes that are live; those of the operators that need most stand out."""
    return Styled(exact(live), "bold") if live == most else exact(live)


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
