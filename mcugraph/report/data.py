"""A profile as JSON and CSV."""

import csv
import io
import json

from mcugraph.profiler import Profile
from mcugraph.report.text import select

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


def to_json(profile: Profile) -> str:
    """The whole profile, indented."""
    return json.dumps(profile.to_dict(), indent=2)


def to_csv(profile: Profile, sort: str = "order", limit: int | None = None) -> str:
    """One line an operator, with a header; unknown values are empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for layer in select(profile.layers, sort, limit):
        shape = layer.output_shape
        cells = {"output_shape": None if shape is None else "x".join(map(str, shape))}
        writer.writerow([cells.get(name, getattr(layer, name)) for name in _COLUMNS])
    return text.getvalue().rstrip("\n")
