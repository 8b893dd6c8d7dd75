"""Limits of a search, kept by asking now and then.

A search that is to find the same on every machine, however busy, is limited by its work alone.
"""

from collections.abc import Callable
from time import monotonic

from mcugraph.checks import check_callable, check_number, check_whole

Progress = Callable[[float, int, int], None]  # seconds, proven lower bound, best value

# Why a search ended before its proof.
TIME, MEMORY, WORK, INTERRUPT = "time limit", "memory limit", "work limit", "interrupted"


class LimitReached(Exception):
    """A limit stopped the search; never leaves the package.

    Attributes:
        reason: ``TIME``, ``MEMORY`` or ``WORK``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Limits:
    """Time, memory and work that a search may take, and whom to tell how it goes.

    Attributes:
        looks: How often it was asked: how much was done, whatever the clock says.

    Args:
        seconds: Time limit; None for no limit.
        memory: Bytes that the states of the search may take, about; None for no limit.
        progress: Called with seconds, lower bound and best value when a bound changes, and about
            once in ``every`` seconds.
        every: Seconds between two calls of ``progress``.
        clock: Tells the time in seconds; tests hand in their own.
        work: How often it may be asked; None for no limit.

    Raises:
        UsageError: A limit is no number or below 0, or there is nobody to tell.
    """

    def __init__(
        self,
        seconds: float | None = None,
        memory: int | None = None,
        progress: Progress | None = None,
        every: float = 0.5,
        clock: Callable[[], float] = monotonic,
        work: int | None = None,
    ) -> None:
        if seconds is not None:
            check_number("time_limit", seconds)
        if memory is not None:
            check_whole("memory_limit", memory, 0)
        if progress is not None:
            check_callable("progress", progress)
        self.clock = clock
        self.began = clock()
        self.seconds = seconds
        self.memory = memory
        self.work = work
        self.progress = progress
        self.every = every
        self.bounds = (0, 0)
        self.looks = 0
        self._told = self.began
        self._whole: Limits | None = None  # no cycle: limits are many, and die at once

    def part(
        self, seconds: float | None = None, memory: int | None = None, work: int | None = None
    ) -> "Limits":
        """Limits of a part of the search: while it lasts, it is told how the whole goes."""
        part = Limits(seconds, memory, clock=self.clock, work=work)
        part._whole = self._whole or self
        return part

    @property
    def elapsed(self) -> float:
        """Seconds since the search began."""
        return self.clock() - self.began

    def tell(self, lower_bound: int, best: int) -> None:
        """New bounds."""
        if self.bounds != (lower_bound, best):
            self.bounds = (lower_bound, best)
            self._report()

    def spend(self, looks: int) -> None:
        """Count what was looked at before, and need not be again.

        Raises:
            LimitReached: It is more than the work that was left.
        """
        self.looks += looks
        if self.work is not None and self.looks > self.work:
            raise LimitReached(WORK)

    def check(self, memory: int = 0) -> None:
        """Stop the search if a limit is passed; ``memory`` is what it now takes, in bytes.

        Raises:
            LimitReached: A limit is passed.
        """
        self.looks += 1
        now = self.clock()
        if self.seconds is not None and now - self.began > self.seconds:
            raise LimitReached(TIME)
        if self.memory is not None and memory > self.memory:
            raise LimitReached(MEMORY)
        if self.work is not None and self.looks > self.work:
            raise LimitReached(WORK)
        whole = self._whole or self
        if now - whole._told >= whole.every:
            whole._report()

    def _report(self) -> None:
        if self.progress is not None and self.bounds != (0, 0):  # there is something to tell
            self._told = self.clock()
            self.progress(self.elapsed, *self.bounds)
