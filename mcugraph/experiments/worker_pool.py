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
from collections import deque
from concurrent.futures import Future, InvalidStateError
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from typing import Any

from mcugraph.checks import check_whole
from mcugraph.experiments.engines import Engine, Run, WorkerLost
from mcugraph.imported import failure
from mcugraph.units import checked_size

ATTEMPTS = 2
_GLANCE = 0.5  # seconds between two looks at the memory


class _Failed(Exception):
    """What a task raised in a worker, as text: not every exception can be sent."""


class _Job:
    """A task in line or at work."""

    def __init__(self, run: Run, task: Any) -> None:
        self.run, self.task, self.attempts = run, task, 0
        self.future: Future[Any] = Future()

    def settle(self, result: Any) -> None:
        """What came of it; nobody may want to know any more."""
        try:
            if isinstance(result, Exception):
                self.future.set_exception(result)
            else:
                self.future.set_result(result)
        except InvalidStateError:
            pass


class _WorkerProcess:
    """A process, the pipe to it, and what it is at.

    Nothing is sent before it has said that it reads: a large task does not fit into the pipe, and
    whoever waited for the process to begin would mind nobody else meanwhile.
    """

    def __init__(self, context: Any) -> None:
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, os.getpid()), daemon=True)
        try:
            self.process.start()
        except BaseException:
            self.pipe.close()
            raise
        finally:
            theirs.close()
        self.job: _Job | None = None
        self.reads = False

    def send(self) -> None:
        """The task that it is to do; one that cannot be sent has failed."""
        job = self.job
        if job is None or not self.reads:
            return
        try:
            self.pipe.send_bytes(ForkingPickler.dumps((job.run, job.task)))
        except OSError:
            pass  # it has died, which is seen in a moment
        except Exception as error:
            self.job = None
            job.settle(error)

    def end(self) -> None:
        """Whatever it is at."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


class WorkerPool(Engine):
    """A supervised pool of processes.

    Args:
        workers: How many.
        memory_limit: Bytes of a worker's resident memory, like ``"2GiB"``; one above it is ended,
            and its task counts as lost. Where the system does not tell (it is Linux that does),
            there is none.

    Raises:
        UsageError: A number is none.
    """

    def __init__(self, workers: int, memory_limit: int | str | None = None) -> None:
        check_whole("workers", workers, 1)
        given = memory_limit
        self._limit = None if given is None else checked_size("memory_limit", given, 1)
        # Threads of this process, PyTorch's among them, do not survive a fork.
        self._context = multiprocessing.get_context("spawn")
        self._count, self._workers = workers, list[_WorkerProcess]()
        self._line: deque[_Job] = deque()
        self._lock = threading.Lock()  # of the line, and of whether it has ended
        self._ended = False
        self._wake, self._woken = self._context.Pipe()
        self._thread = threading.Thread(target=self._mind, name="mcugraph-pool", daemon=True)
        self._thread.start()

    def submit(self, run: Run, task: Any) -> "Future[Any]":
        """Put a task in line.

        Raises:
            WorkerLost: The pool has ended.
        """
        job = _Job(run, task)
        with self._lock:
            if self._ended:
                raise WorkerLost("the pool of workers has ended")
            self._line.append(job)
        self._wake.send(None)
        return job.future

    def close(self) -> None:
        """End all workers, whatever they are at; what is not done is cancelled."""
        with self._lock:
            self._ended = True
        if not self._wake.closed:
            self._wake.send(None)
            self._thread.join()
            self._wake.close()
            self._woken.close()

    def _mind(self) -> None:
        """Supervise until the end, and leave nobody waiting, however that comes."""
        why = None
        try:
            while not self._ended:
                self._supervise()
        except Exception as error:  # a fault of ours; without a word all would wait for ever
            why = WorkerLost(f"the pool of workers has ended: {failure(error)}")
        with self._lock:
            self._ended = True
            left = [*self._line, *(worker.job for worker in self._workers if worker.job)]
        for worker in self._workers:
            worker.end()
        for job in left:
            if why is None:
                job.future.cancel()
            else:
                job.settle(why)

    def _supervise(self) -> None:
        """Hand out tasks, take results, and replace what dies, once."""
        self._hand_out()
        # Its pipe does not tell of a death while a process that was forked here has it, too.
        dead = [worker for worker in self._workers if not worker.process.is_alive()]
        ready = wait([self._woken, *(w.pipe for w in self._workers)], timeout=_GLANCE)
        for worker in list(self._workers):
            if worker.pipe in ready:
                self._take(worker)
            elif worker in dead:
                self._lost(worker, _ending(worker.process.exitcode))
            elif worker.job is not None and self._swollen(worker):
                self._lost(worker, f"it took more than {self._limit:,} B of memory")
        while self._woken.poll():
            self._woken.recv()

    def _hand_out(self) -> None:
        idle = [worker for worker in self._workers if worker.job is None]
        with self._lock:
            waiting = len(self._line)
        for _ in range(min(self._count - len(self._workers), waiting - len(idle))):
            try:
                idle.append(_WorkerProcess(self._context))
            except OSError as error:  # no memory or process is left, or it died at once
                with self._lock:
                    job = self._line.popleft()
                job.attempts += 1
                self._again(job, f"none can be begun: {failure(error)}")
                break
            self._workers.append(idle[-1])
        for worker in idle:
            with self._lock:
                if not self._line:
                    return
                job = worker.job = self._line.popleft()
            job.attempts += 1
            worker.send()

    def _take(self, worker: _WorkerProcess) -> None:
        """What a worker sends, or that it has died."""
        try:
            received = worker.pipe.recv_bytes()
        except (EOFError, OSError):
            worker.process.join(timeout=5)
            self._lost(worker, _ending(worker.process.exitcode))
            return
        if not worker.reads:  # this is how it says so
            worker.reads = True
            worker.send()
            return
        job, worker.job = worker.job, None
        assert job is not None, "workers send results alone"
        try:
            fine, result = pickle.loads(received)
        except Exception as error:
            fine, result = False, f"its result cannot be read: {failure(error)}"
        job.settle(result if fine else _Failed(result))

    def _lost(self, worker: _WorkerProcess, why: str) -> None:
        """A worker is gone, or is to go: its task is tried once more."""
        worker.end()
        self._workers.remove(worker)
        if worker.job is not None:
            self._again(worker.job, why)

    def _again(self, job: _Job, why: str) -> None:
        """A task that was lost is next in line, or given up."""
        if job.attempts < ATTEMPTS:
            with self._lock:
                self._line.appendleft(job)
        else:
            job.settle(WorkerLost(f"the worker was lost {ATTEMPTS} times; the last: {why}"))

    def _swollen(self, worker: _WorkerProcess) -> bool:
        if self._limit is None:
            return False
        try:
            with open(f"/proc/{worker.process.pid}/statm", encoding="ascii") as file:
                pages = int(file.read().split()[1])
        except OSError:
            return False
        return pages * os.sysconf("SC_PAGE_SIZE") > self._limit


def _ending(code: int | None) -> str:
    """How a process ended, in words."""
    said = f"it ended with exit code {code}"
    # Of what a task raises a worker tells; this one did not come so far.
    hint = "; a script that searches does so under if __name__ == '__main__':"
    return said + hint if code == 1 else said


def _serve(pipe: Connection, driver: int) -> None:
    """A worker's life: tasks come in, results go out, until the driver is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's affair
    threading.Thread(target=_follow, args=(driver,), daemon=True).start()
    told: bytes | memoryview = b""  # that it reads
    while True:
        try:
            pipe.send_bytes(told)
            received = pipe.recv_bytes()
        except (EOFError, OSError):
            return
        try:
            run, task = pickle.loads(received)  # which may import a module that is not to be found
            told = ForkingPickler.dumps((True, run(task)))
        except Exception as error:
            told = ForkingPickler.dumps((False, failure(error)))


def _follow(driver: int) -> None:
    """A killed driver takes its workers along."""
    while os.getppid() == driver:
        time.sleep(_GLANCE)
    os._exit(1)
