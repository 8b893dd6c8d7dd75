"""Who trains: this process, a pool of processes, or any executor."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from mcugraph.errors import McuGraphError

Run = Callable[[Any], Any]


class WorkerLost(McuGraphError):
    """A worker ended before its task did."""


class Engine(ABC):
    """Runs tasks. A task that raises fails; one whose worker is lost raises `WorkerLost`."""

    @abstractmethod
    def submit(self, run: Run, task: Any) -> "Future[Any]":
        """Begin a task, or put it in line."""

    @abstractmethod
    def close(self) -> None:
        """Give up what is not done, and let all workers go."""


class Inline(Engine):
    """Runs each task at once, in this process."""

    def submit(self, run: Run, task: Any) -> "Future[Any]":
        """Run it."""
        future: Future[Any] = Future()
        try:
            future.set_result(run(task))
        except Exception as error:
            future.set_exception(error)
        return future

    def close(self) -> None:
        """Nothing is under way."""


class OnExecutor(Engine):
    """Runs tasks on any ``concurrent.futures.Executor``, which stays its owner's.

    Args:
        executor: The executor.
        end: Called at the end, where the engine made the executor itself.
    """

    def __init__(self, executor: Executor, end: Callable[[], Any] | None = None) -> None:
        self._executor, self._end = executor, end
        self._begun: list[Future[Any]] = []

    def submit(self, run: Run, task: Any) -> "Future[Any]":
        """Hand it to the executor."""
        future = self._executor.submit(run, task)
        self._begun = [*(f for f in self._begun if not f.done()), future]
        return future

    def close(self) -> None:
        """Cancel what has not begun."""
        for future in self._begun:
            future.cancel()
        if self._end is not None:
            self._end()
