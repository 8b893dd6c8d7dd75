"""A plan: a map of the arena over time, and a table of offsets."""

from typing import Any

from mcugraph.planning.arena import SCRATCH, Block, Plan
from mcugraph.report.screen import PLAIN, Line, Screen
from mcugraph.report.short_names import end, short
from mcugraph.report.stopped import stopped_line
from mcugraph.report.table import columns
from mcugraph.units import exact, size

_ROWS, _COLUMNS = 16, 64
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def to_data(plan: Plan) -> dict[str, Any]:
    """The whole plan, ready for JSON."""
    return {
        "arena": plan.arena,
        "lower_bound": plan.lower_bound,
        "optimal": plan.optimal,
        "peak": plan.peak,
        "alignment": plan.alignment,
        "method": plan.method,
        "elapsed": round(plan.elapsed, 3),
        "stopped": plan.stopped,
        "order": list(plan.order),
        "blocks": [
            {
                "name": block.name,
                "kind": block.kind,
                "offset": block.offset,
                "size": block.size,
                "lower": block.lower,
                "upper": block.upper,
            }
            for block in plan.blocks
        ],
    }


def to_text(plan: Plan, title: str, limit: int = 40, screen: Screen = PLAIN) -> str:
    """The figures of a plan, a map of the arena and the offsets of its largest blocks.

    The map has the highest address on top and time from left to right. Each block has a letter,
    the largest ones; others are ``#``, and ``.`` is free.

    Args:
        plan: What to show.
        title: In the first line.
        limit: How many blocks to list.
        screen: What it is for.
    """
    proven = "the smallest for this order" if plan.order else "the smallest"
    if not plan.optimal:
        proven = f"best found; none is smaller than {exact(plan.lower_bound)} B"
    lines: list[Line] = [
        *screen.wrapped(f"{title}: arena {size(plan.arena)}, {proven}", 2),
        f"largest live set {size(plan.peak)}, {exact(len(plan.blocks))} blocks, "
        f"aligned to {plan.alignment} B",
        *stopped_line(plan),
    ]
    named = sorted(plan.blocks, key=lambda b: (-b.size, b.lower, str(b.name)))
    letters = {(b.kind, b.name): _LETTERS[i] for i, b in enumerate(named[: len(_LETTERS)])}
    if plan.arena:
        lines += ["", *_picture(plan, letters)]
    shown = named[:limit]
    rows = [
        (
            letters.get((b.kind, b.name), "#"),
            short(str(b.name), screen) + (" (scratch)" if b.kind == SCRATCH else ""),
            exact(b.offset or 0),
            exact(b.size),
            f"{b.lower}-{b.upper - 1}" if b.upper - 1 > b.lower else str(b.lower),
        )
        for b in shown
    ]
    if rows:
        header = ("", "tensor", "offset", "bytes", "steps")
        lines += ["", *columns(header, rows, (2, 3), screen, flexible=1, cut=end)]
    if len(named) > len(shown):
        lines.append(f"({len(named) - len(shown)} more)")
    return screen.page(lines)


def _picture(plan: Plan, letters: dict[tuple[str, str | int], str]) -> list[str]:
    """Rows of the map, the top of the arena first."""
    first = min(block.lower for block in plan.blocks)
    steps = max(block.upper for block in plan.blocks) - first
    columns, rows = min(steps, _COLUMNS), _ROWS
    cells = [["."] * columns for _ in range(rows)]
    # The small ones last, so that they are seen on top of what shares a cell with them.
    for block in sorted(plan.blocks, key=lambda b: -b.size):
        letter = letters.get((block.kind, block.name), "#")
        for column in range(columns):
            low, high = column * steps // columns, (column + 1) * steps // columns
            if block.lower - first < max(high, low + 1) and low < block.upper - first:
                for row in _rows_of(block, plan.arena, rows):
                    cells[row][column] = letter
    label = len(exact(plan.arena))
    lines = []
    for row in reversed(range(rows)):
        address = exact(plan.arena * row // rows)
        lines.append(f"{address:>{label}} |{''.join(cells[row])}|")
    lines.append(" " * (label + 2) + f"step {first} to {first + steps - 1}")
    return lines


def _rows_of(block: Block, arena: int, rows: int) -> range:
    """The rows that a block covers by more than half, one at the least."""
    begin = (block.offset or 0) * rows / arena
    end = ((block.offset or 0) + block.size) * rows / arena
    if not block.size:
        return range(0)
    low = min(round(begin), rows - 1)
    return range(low, max(round(end), low + 1))
