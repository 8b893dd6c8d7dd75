"""The pool of processes: who dies takes one task along."""

import os
import time
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import pytest
from support.searching import (
    DEADLY,
    HUNGRY,
    answer,
    complain,
    die_once,
    misbehave,
    pid_of,
    searched,
    square,
)

import mcugraph as mg
from mcugraph.experiments.engines import WorkerLost
from mcugraph.experiments.ledger import State
from mcugraph.experiments.worker_pool import ATTEMPTS, WorkerPool
from mcugraph.nas import Bounds
from mcugraph.nas.spaces.mlp import Mlp


def test_tasks_come_back_from_several_processes() -> None:
    pool = WorkerPool(2)
    try:
        assert [pool.submit(square, i).result(60) for i in range(20)] == [i * i for i in range(20)]
        pids = {future.result(60) for future in [pool.submit(pid_of, None) for _ in range(4)]}
        assert len(pids) == 2
        assert os.getpid() not in pids
        with pytest.raises(Exception, match="ValueError: no luck"):
            pool.submit(complain, "luck").result(60)
        with pytest.raises(Exception, match=r"pickle|local"):
            pool.submit(lambda x: x, 1).result(60)  # cannot be sent
        assert pool.submit(square, 5).result(60) == 25
    finally:
        pool.close()


def test_a_killed_worker_costs_one_retry_of_its_task(tmp_path: Path) -> None:
    pool = WorkerPool(2)
    try:
        others = [pool.submit(pid_of, None) for _ in range(3)]
        assert pool.submit(die_once, str(tmp_path)).result(60) == "alive"
        assert all(future.result(60) for future in others)
    finally:
        pool.close()


def test_whoever_always_kills_its_worker_fails_and_nobody_else() -> None:
    result = searched(
        bounds=Bounds(size=9000),
        engine="local",
        workers=2,
        train=misbehave,
        memory_limit=300 << 20,
        templates=(Mlp((8,)), Mlp((DEADLY,)), Mlp((HUNGRY,)), Mlp((2, 2, 2, 2)), Mlp((9,))),
        candidates=10,
        finalists=1,
    )
    states = [trial.state for trial in result.trials[:5]]
    failed = State.FAILED
    assert states == [State.DONE, failed, failed, failed, State.DONE]
    assert f"lost {ATTEMPTS} times" in result.trials[1].error_text
    assert "memory" in result.trials[2].error_text
    assert "ValueError: too deep" in result.trials[3].error_text
    assert len(result.finalists) == 1


def test_a_closed_pool_leaves_no_process() -> None:
    pool = WorkerPool(1)
    pid = pool.submit(pid_of, None).result(60)
    pool.submit(time.sleep, 60)
    pool.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_lost_worker_is_an_error_of_ours() -> None:
    assert issubclass(WorkerLost, mg.McuGraphError)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("unreadable", "its result cannot be read: ValueError: no sense"),
        ("unsendable", r"(Pickling|Attribute)Error: Can't pickle"),
    ],
)
def test_a_result_that_does_not_come_through_is_a_failure(kind: str, said: str) -> None:
    pool = WorkerPool(1)
    try:
        with pytest.raises(Exception, match=said):
            pool.submit(answer, kind).result(60)
        assert pool.submit(square, 3).result(60) == 9, "the pool goes on"
    finally:
        pool.close()


def test_tasks_larger_than_a_pipe_are_sent_to_whoever_reads() -> None:
    pool = WorkerPool(2)
    try:
        futures = [pool.submit(len, bytes(1 << 22)) for _ in range(4)]
        assert [future.result(60) for future in futures] == [1 << 22] * 4
    finally:
        pool.close()


def test_where_no_process_can_be_begun_the_task_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(process: Any) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    pool = WorkerPool(2)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(pool._context.Process, "start", refuse)
            said = (
                f"lost {ATTEMPTS} times; the last: none can be begun: BlockingIOError: .*Resource"
            )
            with pytest.raises(WorkerLost, match=said):
                pool.submit(square, 3).result(60)
        assert pool.submit(square, 3).result(60) == 9
    finally:
        pool.close()


def test_a_fault_of_the_pool_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: Any) -> None:
        raise RuntimeError("a slip")

    monkeypatch.setattr(WorkerPool, "_take", fail)
    pool = WorkerPool(1)
    futures = [pool.submit(square, i) for i in range(2)]
    for future in futures:
        with pytest.raises(WorkerLost, match="the pool of workers has ended: RuntimeError: a slip"):
            future.result(60)
    with pytest.raises(WorkerLost, match="the pool of workers has ended"):
        pool.submit(square, 3)
    pool.close()


def test_what_is_not_done_when_a_pool_closes_is_cancelled() -> None:
    pool = WorkerPool(1)
    pool.submit(pid_of, None).result(60)
    futures = [pool.submit(time.sleep, 60) for _ in range(2)]
    pool.close()
    pool.close()
    for future in futures:
        with pytest.raises(CancelledError):
            future.result(60)


def test_a_dead_worker_is_seen_though_its_pipe_lives_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where this process was forked meanwhile: the copy keeps the worker's end open."""
    pool = WorkerPool(1)
    pipe, copies = pool._context.Pipe, list[int]()

    def copied() -> Any:
        ours, theirs = pipe()
        copies.append(os.dup(theirs.fileno()))
        return ours, theirs

    monkeypatch.setattr(pool._context, "Pipe", copied)
    try:
        assert pool.submit(die_once, str(tmp_path)).result(60) == "alive"
        assert len(copies) == 2
    finally:
        pool.close()
        for copy in copies:
            os.close(copy)
