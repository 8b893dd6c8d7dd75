"""What to say of a search that was stopped before its proof."""

from mcugraph.planning.arena import Plan
from mcugraph.scheduling.result import Schedule


def stopped_line(found: Schedule | Plan) -> list[str]:
    """One line: what stopped it, and how good the result is; none where nothing did."""
    if not found.stopped:
        return []
    above = found.gap / max(found.lower_bound, 1)
    return [
        f"{found.stopped} after {found.elapsed:.1f} s: at most {above:.1%} above the least possible"
    ]
