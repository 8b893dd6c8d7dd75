"""``mcugraph symbolic MODEL``: costs as formulas in the widths, and what a channel saves."""

import argparse
import json
from typing import Any

from mcugraph.commands import arguments
from mcugraph.report.table import table

_COSTS = ("macs", "size", "peak")


def add(commands: Any) -> None:
    """The arguments of the command."""
    command = commands.add_parser(
        "symbolic",
        help="MACs, size and peak memory as formulas in the layer widths",
        description="MACs, size and peak memory of a model as formulas in the widths of its "
        "groups, and what one channel less of each group saves.",
    )
    command.add_argument("model", metavar="MODEL", help="a .tflite, .onnx or .pt2 file")
    arguments.forms(command)
    arguments.reading(command)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the formulas; always 0."""
    from mcugraph.space.space import widths

    graph = arguments.loaded(options, options.model)
    found = _plain(widths(graph, options.accounting, options.precision))
    print(json.dumps(found, indent=2) if options.json else _text(found))
    return 0


def _plain(space: Any) -> dict[str, Any]:
    """Symbols, formulas, and savings: the cost at full width less that with one class removed."""
    import numpy as np

    from mcugraph.space.formulas import factored

    symbols = [f"w{number}" for number in range(len(space.groups))]
    peak = space.peak_by("optimal")  # at a tie, the first order that is found for full width
    operator, live = peak.bottleneck_at(space.full)
    formulas = {
        "macs": factored(space.macs.formula(), symbols),
        "size": factored(space.size.formula(), symbols),
        "peak": factored(peak.formula_at(space.full), symbols),
    }
    fewer = space.full - np.eye(len(space.full), dtype=np.int64)
    saved = {
        name: (getattr(space, name)(space.full) - getattr(space, name)(fewer)).tolist()
        for name in _COSTS
    }
    return {
        "schema_version": 1,
        "accounting": space.accounting,
        "precision": space.precision,
        "widths": [
            {
                "symbol": symbol,
                "name": entry.name,
                "width": entry.width,
                "saves": {name: _number(saved[name][number]) for name in _COSTS},
            }
            for number, (symbol, entry) in enumerate(zip(symbols, space.groups, strict=True))
        ],
        "formulas": formulas,
        "values": {name: _number(getattr(space, name)(space.full)) for name in _COSTS},
        "bottleneck": {"operator": operator, "live": list(live)},
    }


def _number(value: float) -> int | float:
    return round(value) if float(value).is_integer() else value


def _text(found: dict[str, Any]) -> str:
    rows = [
        (
            entry["symbol"],
            entry["name"],
            str(entry["width"]),
            *(f"{entry['saves'][cost]:,}" for cost in _COSTS),
        )
        for entry in found["widths"]
    ]
    header = ("width", "group", "full", "MACs", "size B", "peak B")
    units = {"macs": "MACs", "size": "size", "peak": "peak"}
    lines = ["One class of channels less of a group saves, at full width:", ""]
    lines.append(table(header, rows, right=(2, 3, 4, 5)))
    for cost in _COSTS:
        unit = "" if cost == "macs" else " B"
        lines += ["", f"{units[cost]} = {found['values'][cost]:,}{unit} ="]
        lines.append(f"  {found['formulas'][cost]}")
    lines += ["", f"The peak's formula holds while {found['bottleneck']['operator']} needs most."]
    return "\n".join(lines)
