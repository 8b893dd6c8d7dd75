"""A line on a terminal while a search takes long: the gap over time."""

import sys
from types import TracebackType

from mcugraph.units import exact

# It appears only if the search takes longer than this many seconds.
_PATIENCE = 1.0


class ProgressLine:
    """Called by searches as they get on; the end of a ``with`` wipes the line."""

    def __init__(self) -> None:
        self._shown = False

    def __call__(self, elapsed: float, lower_bound: int, best: int) -> None:
        """Show the best result so far, and what is proven."""
        gap = (best - lower_bound) / max(best, 1)
        self._show(elapsed, f"best {exact(best)} B, at least {exact(lower_bound)} B, gap {gap:.1%}")

    def best(self, elapsed: float, best: int) -> None:
        """Show the best result so far, where nothing is proven."""
        self._show(elapsed, f"best {exact(best)} B")

    def _show(self, elapsed: float, text: str) -> None:
        if elapsed < _PATIENCE or not sys.stderr.isatty():
            return
        print(f"\r{elapsed:6.1f} s  {text}\x1b[K", end="", file=sys.stderr, flush=True)
        self._shown = True

    def __enter__(self) -> "ProgressLine":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
