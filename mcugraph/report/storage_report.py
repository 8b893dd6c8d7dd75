"""What the weights of each layer take in flash, by how they are stored."""

from collections.abc import Sequence

from mcugraph.cost.layer_storage import LayerStorage
from mcugraph.report.screen import PLAIN, Cell, Line, Screen
from mcugraph.report.short_names import end, short
from mcugraph.report.table import columns, left_out
from mcugraph.storage import SPARSE, Family
from mcugraph.units import exact, kib, share

_FORMS = tuple(range(4, 4 + len(SPARSE)))  # columns of what each sparse form takes
_OPTIONAL = (1, *_FORMS)  # columns that a narrow screen leaves out, one after the other


def to_text(layers: Sequence[LayerStorage], screen: Screen = PLAIN) -> str:
    """One row a layer, and what all of them come to."""
    if not layers:
        return "No layer has weights."
    rows: list[list[Cell]] = [
        [
            short(layer.operator, screen),
            f"{layer.rows}x{layer.columns}",
            _zeros(layer),
            exact(layer.dense),
            *(_stored(layer, family) for family in SPARSE),
            layer.cheapest,
            exact(layer.bytes),
        ]
        for layer in layers
    ]
    header = (
        *("weights of", "matrix", "zeros", "dense B"),
        *(f"{family.title} B" for family in SPARSE),
        *("cheapest", "B"),
    )
    right = (2, 3, *_FORMS, len(header) - 1)
    lines: list[Line] = columns(header, rows, right, screen, _OPTIONAL, cut=end)
    missing = left_out(header, rows, screen, _OPTIONAL)
    if missing:
        lines.append(f"(no room for: {', '.join(missing)})")
    dense, least = (sum(sizes) for sizes in zip(*((x.dense, x.bytes) for x in layers), strict=True))
    lines += [
        "",
        *screen.wrapped(
            f"Weights, each layer in the cheapest form that `deploy` runs: {exact(least)} B "
            f"({kib(least)}), dense {exact(dense)} B ({kib(dense)})",
            2,
        ),
    ]
    return screen.page(lines)


def _zeros(layer: LayerStorage) -> str:
    if layer.nonzero is None:
        return "?"
    count = layer.rows * layer.columns
    return share(count - layer.nonzero, count)


def _stored(layer: LayerStorage, family: Family) -> str:
    """Bytes, and the pattern where these are fewer than those of all weights."""
    size = getattr(layer, family.name)
    if size is None:
        return "-"
    if family.pattern is None or size >= layer.dense:
        return exact(size)
    return f"{exact(size)} ({getattr(layer, family.pattern)})"
