"""How often Python looks for cycles among objects that nobody uses any more.

It does so after every 700 objects made, and now and then among all that there are, as if most were
about to go. While a model is read or counted, or modules are imported, hardly any do: a tenth to a
sixth of the time would go into looking; of a search, which makes thousands of networks and drops
most of them at once, a fifth.
"""

import gc
from contextlib import ContextDecorator
from threading import Lock

# More than a command makes from start to end: it would look among modules, which all stay.
_OBJECTS = 200_000


class _Raised(ContextDecorator):
    """Python's own threshold, and how many want it higher.

    It belongs to the process: if somebody else sets it meanwhile, it stays as they want it.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._wanting = 0
        self._usual = self._raised = gc.get_threshold()

    def __enter__(self) -> None:
        with self._lock:
            self._wanting += 1
            if self._wanting == 1:
                self._usual = gc.get_threshold()
                first, *others = self._usual
                if first:  # 0: it never looks
                    gc.set_threshold(max(first, _OBJECTS), *others)
                self._raised = gc.get_threshold()

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._wanting -= 1
            if not self._wanting and gc.get_threshold() == self._raised:
                gc.set_threshold(*self._usual)


_RAISED = _Raised()


def collected_seldom() -> _Raised:
    """Look less often, in a block or a function, until all threads that want this are done."""
    return _RAISED
