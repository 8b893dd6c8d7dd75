"""The pool of processes: who dies takes one task along."""

import os
import time
from pathlib import Path

import pytest
from support.searching import (
    DEADLY,
    HUNGRY,
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
