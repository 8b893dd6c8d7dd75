"""The loop of a search: the same on any engine, whatever ends it, however often."""

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.searching import BOUNDS, SPACE, history, pretend_slowly, searched

import mcugraph as mg
from mcugraph.nas import Bounds, MlpSpace, ParetoEvolution, Recipe, SearchResult
from mcugraph.nas.spaces.mlp import Mlp
from mcugraph.nas.store import Store
from mcugraph.nas.trials import State

METHODS: list[Any] = ["evolution", "random", ParetoEvolution(population=6)]


def check(result: SearchResult) -> None:
    """What is true of every search."""
    trials = result.trials
    assert [trial.id for trial in trials] == list(range(len(trials)))
    first = [t for t in trials if t.proposal.candidate == t.id and not t.proposal.final]
    assert len({trial.key for trial in first}) == len(first), "a network is trained once"
    for trial in trials:
        space: MlpSpace = SPACE
        p = mg.profile(space.graph(trial.proposal.arch), precision="int8")
        assert p.flash.weights + p.flash.biases == trial.costs.size <= (BOUNDS.size or 0)
        assert (p.memory.peak, p.macs) == (trial.costs.peak, trial.costs.macs)
        assert p.memory.tflm_total == trial.costs.sram
        proposal = trial.proposal
        if proposal.follows is not None:
            before = trials[proposal.follows]
            assert before.state is State.DONE
            assert before.id < trial.id
            own = before.proposal.candidate == proposal.candidate
            assert before.proposal.rung == proposal.rung - 1 if own else proposal.rung == 0
    rungs = [t.proposal.rung for t in trials if not t.proposal.final]
    assert rungs.count(1) <= rungs.count(0) / 3
    assert rungs.count(2) <= rungs.count(1) / 3


@pytest.mark.parametrize("method", METHODS, ids=str)
def test_a_search_is_what_it_promises(method: Any) -> None:
    result = searched(method=method, candidates=90)
    check(result)
    assert len(result.finalists) == 3
    assert all(t.outcome and t.outcome.errors.test is not None for t in result.finalists)
    tested = [t for t in result.trials if t.outcome and t.outcome.errors.test is not None]
    assert tested == list(result.finalists), "test data are touched for finalists only"
    assert max(trial.proposal.rung for trial in result.trials) == 2


def test_the_history_is_the_same_on_any_engine() -> None:
    expected = history(searched())
    with ThreadPoolExecutor(3) as threads:
        assert history(searched(engine=threads, train=pretend_slowly)) == expected
    pool = searched(engine="local", workers=2, train=pretend_slowly)
    assert history(pool) == expected
    assert history(searched(seed=1)) != expected


def test_the_history_is_the_same_on_dask() -> None:
    pytest.importorskip("distributed")
    expected = history(searched(candidates=12))
    assert history(searched(candidates=12, engine="dask", workers=2)) == expected


def test_a_window_and_not_the_workers_decide() -> None:
    with ThreadPoolExecutor(6) as threads:
        wide = searched(engine=threads, workers=6, window=6, train=pretend_slowly)
    assert history(wide) == history(searched(window=6)) != history(searched(window=1))


def test_a_search_goes_on_where_it_ended(tmp_path: Path) -> None:
    short = searched(tmp_path / "a", candidates=15, finalists=0)
    assert len(short.trials) == 15
    long = searched(tmp_path / "a", candidates=40)
    assert history(long) == history(searched())
    again = searched(tmp_path / "a", candidates=40)
    assert [t.attempts for t in again.trials] == [1] * len(again.trials), "nothing is done twice"
    assert history(again) == history(long)


SCRIPT = """
import sys
from pathlib import Path
from support.searching import pretend_slowly, searched
searched(Path(sys.argv[1]), candidates=30, engine=sys.argv[2], workers=2, train=pretend_slowly)
"""


def killed(folder: Path, engine: str, after: float) -> bool:
    """Run a search in a process, and kill it; whether it was still running."""
    paths = [str(Path(__file__).parents[1]), *sys.path]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(folder), engine], env=environment)
    began = time.monotonic()
    while not (folder / "search.sqlite").exists() and process.poll() is None:
        time.sleep(0.01)
    while process.poll() is None and time.monotonic() - began < 60:
        rows = sum(1 for _ in (folder / "weights").glob("*.npz")) if folder.exists() else 0
        if rows >= after:
            break
        time.sleep(0.002)
    running = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    return running


def hold_killed_against_whole(tmp_path: Path, times: int, engine: str) -> None:
    rng = random.Random(times)
    ends = sorted(rng.randrange(1, 30) for _ in range(times))
    for end in ends:
        killed(tmp_path / "s", engine, end)
        store = Store(tmp_path / "s", SPACE, create=False)
        trials = list(store.trials())
        store.close()
        assert [trial.id for trial in trials] == list(range(len(trials))), "no number is lost"
    done = {t.id: t.attempts for t in trials if t.state is State.DONE}
    result = searched(tmp_path / "s", candidates=30)
    assert history(result) == history(searched(candidates=30))
    for number, attempts in done.items():
        assert result.trials[number].attempts == attempts, "what is done is not done again"


def test_a_killed_search_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    hold_killed_against_whole(tmp_path, 2, "inline")


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["inline", "local"])
def test_a_search_killed_twenty_times(tmp_path: Path, engine: str) -> None:
    hold_killed_against_whole(tmp_path, 20, engine)


def test_ctrl_c_ends_with_the_best_so_far(tmp_path: Path) -> None:
    lines: list[str] = []
    count = 0

    def until_tired(task: Any) -> Any:
        nonlocal count
        count += 1
        if count == 10:
            raise KeyboardInterrupt
        return pretend_slowly(task)

    result = searched(tmp_path, train=until_tired, report=lines.append)
    assert result.interrupted
    assert result.best().error < 1
    assert "interrupted" in lines[-1]
    assert history(searched(tmp_path)) == history(searched())


def test_another_search_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    searched(tmp_path, candidates=3)
    with pytest.raises(mg.UsageError, match="another search was begun here: its seed is 0"):
        searched(tmp_path, candidates=3, seed=1)
    with pytest.raises(mg.UsageError, match="its bounds"):
        searched(tmp_path, candidates=3, bounds=Bounds(size=2000))
    searched(tmp_path, candidates=5)  # how long may change


def test_a_space_that_is_used_up_ends_the_search() -> None:
    result = searched(bounds=Bounds(size=40), candidates=1000, method="random", finalists=1)
    sizes = {trial.costs.size for trial in result.trials}
    assert max(sizes) <= 40
    networks = {SPACE.key(Mlp((n,))) for n in range(2, 9) if SPACE.meter(Mlp((n,))).size <= 40}
    assert networks <= {trial.key for trial in result.trials} | networks
    assert len(result.finalists) == 1


def test_templates_come_first() -> None:
    given = (Mlp((16,)), Mlp((8, 8)))
    result = searched(templates=given)
    assert [trial.proposal.arch for trial in result.trials[:2]] == list(given)
    assert result.trials[0].proposal.morph == "given"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"candidates": None}, "time_limit"),
        ({"bounds": None}, "bounds"),
        ({"time_limit": "soon"}, "duration"),
        ({"method": "guess"}, "unknown method 'guess'"),
        ({"engine": "abacus"}, "unknown engine 'abacus'"),
        ({"engine": "local://here"}, "unknown engine"),
        ({"workers": 9}, "window"),
        ({"recipe": Recipe(), "board": "nowhere"}, "nowhere"),
        ({"train": None}, "no.npz"),
    ],
)
def test_what_is_no_search_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(mg.UsageError, match=said):
        searched(**options)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "search.sqlite").write_text("not a database, but long enough to look like one" * 99)
    with pytest.raises(mg.FormatError, match="this is no search"):
        searched(tmp_path)


def test_time_is_left_for_the_finalists() -> None:
    lines: list[str] = []
    result = searched(candidates=None, time_limit=3, report=lines.append)
    assert len(result.finalists) == 3
    assert any("min left" in line for line in lines)
