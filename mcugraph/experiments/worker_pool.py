"""Processes that train, and one thread that minds them.

A process that dies takes its own task along and nothing else: another takes its place, and the
task is tried once more. ``concurrent.futures``' pool is broken by the first that dies.
"""

import multiprocessing
import os
import pickle
import signal
import threading
import time
import traceback
from collections import deque
from concurrent.futures import Future, InvalidStateError
from multiprocessing.connection import Connection, wait
from typing import Any

from mcugraph.checks import check_whole
from mcugraph.experiments.engines import Engine, Run, WorkerLost

ATTEMPTS = 2
_GLANCE = 0.5  # seconds between two looks at the memory


class _Failed(Exception):
    """What a task raised in a worker, as text: not every exception can be sent."""


class _Job:
    """A task in line or at work."""

    def __init__(self, run: Run, task: Any) -> None:
        self.run, self.task, self.attempts = run, task, 0
        self.future: Future[Any] = Future()


class _WorkerProcess:
    """A process, the pipe to it, and what it is at."""

    def __init__(self, context: Any) -> None:
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, os.getpid()), daemon=True)
        self.process.start()
        theirs.close()
        self.job: _Job | None = None


class WorkerPool(Engine):
    """A supervised pool of processes.

    Args:
        workers: How many.
        memory_limit: Bytes of a worker's resident memory; one above it is ended, and its task
            counts as lost. Where the system does not tell (it is Linux that does), there is none.

    Raises:
        UsageError: A number is none.
    """

    def __init__(self, workers: int, memory_limit: int | None = None) -> None:
        check_whole("workers", workers, 1)
        if memory_limit is not None:
            check_whole("memory_limit", memory_limit, 1)
        self._limit = memory_limit
        # Threads of this process, PyTorch's among them, do not survive a fork.
        self._context = multiprocessing.get_context("spawn")
        self._count, self._workers = workers, list[_WorkerProcess]()
        self._line: deque[_Job] = deque()
        self._lock = threading.Lock()
        self._ended = False
        self._wake, self._woken = self._context.Pipe()
        self._thread = threading.Thread(target=self._mind, name="mcugraph-pool", daemon=True)
        self._thread.start()

    def submit(self, run: Run, task: Any) -> "Future[Any]":
        """Put a task in line."""
        job = _Job(run, task)
        with self._lock:
            self._line.append(job)
        self._wake.send(None)
        return job.future

    def close(self) -> None:
        """End all workers, whatever they are at."""
        self._ended = True
        self._wake.send(None)
        self._thread.join()

    def _mind(self) -> None:
        """Hand out tasks, take results, and replace what dies, until the end."""
        while not self._ended:
            self._hand_out()
            ready = wait([self._woken, *(w.pipe for w in self._workers)], timeout=_GLANCE)
            for worker in list(self._workers):
                if worker.pipe in ready:
                    self._take(worker)
                elif worker.job is not None and self._swollen(worker):
                    self._lost(worker, f"it took more than {self._limit:,} B of memory")
            while self._woken.poll():
                self._woken.recv()
        for worker in self._workers:
            _end(worker)

    def _hand_out(self) -> None:
        idle = [worker for worker in self._workers if worker.job is None]
        with self._lock:
            wanted = min(self._count - len(self._workers), len(self._line) - len(idle))
            for _ in range(max(wanted, 0)):
                idle.append(_WorkerProcess(self._context))
                self._workers.append(idle[-1])
            for worker in idle:
                if not self._line:
                    return
                job = worker.job = self._line.popleft()
                job.attempts += 1
                try:
                    worker.pipe.send((job.run, job.task))
                except OSError:
                    pass  # it has died, which its pipe tells in a moment
                except Exception as error:  # what cannot be sent
                    worker.job = None
                    job.future.set_exception(error)

    def _take(self, worker: _WorkerProcess) -> None:
        """What a worker sends, or that it has died."""
        try:
            fine, result = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join(timeout=5)
            self._lost(worker, _ending(worker.process.exitcode))
            return
        job, worker.job = worker.job, None
        assert job is not None, "workers send results alone"
        _settle(job.future, result if fine else _Failed(result))

    def _lost(self, worker: _WorkerProcess, why: str) -> None:
        """A worker is gone, or is to go: its task is tried once more."""
        _end(worker)
        self._workers.remove(worker)
        job = worker.job
        if job is None:
            return
        if job.attempts < ATTEMPTS:
            with self._lock:
                self._line.appendleft(job)
        else:
            _settle(
                job.future, WorkerLost(f"the worker was lost {ATTEMPTS} times; the last: {why}")
            )

    def _swollen(self, worker: _WorkerProcess) -> bool:
        if self._limit is None:
            return False
        try:
            with open(f"/proc/{worker.process.pid}/statm", encoding="ascii") as file:
                pages = int(file.read().split()[1])
        except OSError:
            return False
        return pages * os.sysconf("SC_PAGE_SIZE") > self._limit


def _settle(future: "Future[Any]", result: Any) -> None:
    """What came of a task; nobody may want to know any more."""
    try:
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
    except InvalidStateError:
        pass


def _ending(code: int | None) -> str:
    """How a process ended, in words."""
    said = f"it ended with exit code {code}"
    # Of what a task raises a worker tells; this one did not come so far.
    hint = "; a script that searches does so under if __name__ == '__main__':"
    return said + hint if code == 1 else said


def _end(worker: _WorkerProcess) -> None:
    worker.process.kill()
    worker.process.join()
    worker.pipe.close()


def _serve(pipe: Connection, driver: int) -> None:
    """A worker's life: tasks come in, results go out, until the driver is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's affair
    threading.Thread(target=_follow, args=(driver,), daemon=True).start()
    while True:
        try:
            received = pipe.recv_bytes()
        except (EOFError, OSError):
            return
        try:
            run, task = pickle.loads(received)  # which may import a module that is not to be found
            answer = (True, run(task))
        except Exception as error:
            answer = (False, "".join(traceback.format_exception_only(error)).strip())
        try:
            pipe.send(answer)
        except OSError:
            return


def _follow(driver: int) -> None:
    """A killed driver takes its workers along."""
    while os.getppid() == driver:
        time.sleep(_GLANCE)
    os._exit(1)
