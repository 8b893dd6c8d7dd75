"""Costs as formulas in the widths, and what one class of channels saves."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mcugraph.report.screen import PLAIN, Line, Screen
from mcugraph.report.short_names import end, short
from mcugraph.report.table import columns

if TYPE_CHECKING:
    from mcugraph.space.space import Space

_COSTS = ("macs", "size", "peak")


def to_data(space: "Space") -> dict[str, Any]:
    """Symbols, formulas, and savings: the cost at full width less that with one class removed."""
    import numpy as np

    from mcugraph.space.formulas import factored

    symbols = [f"w{number}" for number in range(len(space.groups))]
    peak = space.peak_by("optimal")  # at a tie, the first order that is found for full width
    operator, live = peak.bottleneck_at(space.full)
    tied = peak.tied_at(space.full)
    formulas = {
        "macs": factored(space.macs.formula(), symbols),
        "size": factored(space.size.formula(), symbols),
        "peak": _largest([factored(formula, symbols) for _, formula in tied]),
    }
    fewer = space.full - np.eye(len(space.full), dtype=np.int64)
    saved = {
        name: (getattr(space, name)(space.full) - getattr(space, name)(fewer)).tolist()
        for name in _COSTS
    }
    return {
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
        "tied": [name for name, _ in tied[1:]],
    }


def _largest(formulas: Sequence[str]) -> str:
    return formulas[0] if len(formulas) == 1 else f"max({', '.join(formulas)})"


def _number(value: float) -> int | float:
    return round(value) if float(value).is_integer() else value


def to_text(found: dict[str, Any], screen: Screen = PLAIN) -> str:
    """What ``to_data`` gives, as a table and formulas."""
    rows = [
        (
            entry["symbol"],
            short(entry["name"], screen),
            str(entry["width"]),
            *(f"{entry['saves'][cost]:,}" for cost in _COSTS),
        )
        for entry in found["widths"]
    ]
    header = ("width", "group", "full", "MACs", "size B", "peak B")
    units = {"macs": "MACs", "size": "size", "peak": "peak"}
    lines: list[Line] = ["One class of channels less of a group saves, at full width:", ""]
    lines += columns(header, rows, (2, 3, 4, 5), screen, flexible=1, cut=end)
    for cost in _COSTS:
        unit = "" if cost == "macs" else " B"
        lines += ["", f"{units[cost]} = {found['values'][cost]:,}{unit} ="]
        lines += screen.wrapped("  " + found["formulas"][cost], 4)
    operator = found["bottleneck"]["operator"]
    names = [short(str(name), screen) for name in (operator, *found["tied"])]
    most = names[0] if len(names) == 1 else f"one of {', '.join(names)}"
    lines += ["", *screen.wrapped(f"The peak's formula holds while {most} needs most.", 2)]
    return screen.page(lines)
