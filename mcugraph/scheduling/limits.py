"""Limits of a search, kept by asking now and then."""

from collections.abc import Callable
from time import monotonic

Progress = Callable[[float, int, int], None]  # seconds, proven lower bound, best peak


class LimitReached(Exception):
    """A limit stopped the search; never leaves the package."""


class Limits:
    """Time and memory that a search may take, and whom to tell how it goes.

    Args:
        seconds: Time limit; None for no limit.
        memory: Bytes that the states of the search may take, about; None for no limit.
        progress: Called with seconds, lower bound and best peak when a bound changes, and about
            once in ``every`` seconds.
    """

    def __init__(
        self,
        seconds: float | None,
        memory: int | None,
        progress: Progress | None,
        every: float = 0.5,
    ) -> None:
        self.began = monotonic()
        self.seconds = seconds
        self.memory = memory
        self.progress = progress
        self.every = every
        self.bounds = (0, 0)
        self._told = self.began

    @property
    def elapsed(self) -> float:
        """Seconds since the search began."""
        return monotonic() - self.began

    def tell(self, lower_bound: int, best: int) -> None:
        """New bounds."""
        if self.bounds != (lower_bound, best):
            self.bounds = (lower_bound, best)
            self._report()

    def check(self, memory: int = 0) -> None:
        """Stop the search if a limit is passed; ``memory`` is what it now takes, in bytes.

        Raises:
            LimitReached: A limit is passed.
        """
        now = monotonic()
        if self.seconds is not None and now - self.began > self.seconds:
            raise LimitReached
        if self.memory is not None and memory > self.memory:
            raise LimitReached
        if now - self._told >= self.every:
            self._report()

    def _report(self) -> None:
        if self.progress is not None:
            self._told = monotonic()
            self.progress(self.elapsed, *self.bounds)
