"""Calls of Python functions, counted: what takes how long, whatever else the machine does."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from types import FrameType


class Calls:
    """How many there were so far."""

    count = 0


@contextmanager
def counted_calls(most: float = inf) -> Iterator[Calls]:
    """Counts the calls in a block, and fails where there are more than so many."""
    calls = Calls()

    def count(frame: FrameType, event: str, argument: object) -> None:
        calls.count += event == "call"
        assert calls.count < most, "no end in sight"

    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)
