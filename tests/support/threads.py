"""The same question asked by many threads at once."""

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

THREADS = 8
Answer = TypeVar("Answer")


def together(ask: Callable[[int], Answer]) -> list[Answer]:
    """What each thread was answered, given its number.

    All start at the same moment and take turns as often as the interpreter lets them.
    """
    barrier = threading.Barrier(THREADS)

    def work(number: int) -> Answer:
        barrier.wait()
        return ask(number)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(work, range(THREADS)))
    finally:
        sys.setswitchinterval(before)
