"""The loop of a search: the same on any engine, whatever ends it, however often."""

import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.searching import BOUNDS, SPACE, history, pretend, pretend_slowly, searched

import mcugraph as mg
from mcugraph.experiments.ledger import State
from mcugraph.nas import (
    AgingEvolution,
    Bounds,
    MlpSpace,
    ParetoEvolution,
    Recipe,
    SearchResult,
    load_search,
)
from mcugraph.nas.costs import measure
from mcugraph.nas.driver import Driver
from mcugraph.nas.spaces.mlp import Mlp
from mcugraph.nas.store import Store
from mcugraph.nas.trials import Errors

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


def test_a_window_is_no_smaller_than_there_are_workers() -> None:
    many = {"engine": "inline", "candidates": 12}
    assert history(searched(workers=10, **many)) == history(searched(window=10, **many))


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
        store = Store(tmp_path / "s", SPACE, drive=False)
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


def test_ctrl_c_among_the_finalists_loses_none(tmp_path: Path) -> None:
    tested: list[int] = []

    def until_tired(task: Any) -> Any:
        tested.extend([task.seed] if task.test else [])
        if len(tested) == 2:
            raise KeyboardInterrupt
        return pretend(task)

    assert searched(tmp_path, train=until_tired).interrupted
    assert history(searched(tmp_path)) == history(searched())


def test_more_candidates_go_on_behind_the_finalists(tmp_path: Path) -> None:
    searched(tmp_path, candidates=10)
    more = searched(tmp_path, candidates=60)
    finals = [t.proposal.candidate for t in more.trials if t.proposal.final]
    assert len(more.trials) == 60 + len(finals)
    assert len(finals) == len(set(finals)) > 3, "nobody is a finalist twice"
    assert [t.attempts for t in more.trials] == [1] * len(more.trials)
    assert history(searched(tmp_path, candidates=60)) == history(more)


def test_one_driver_works_on_a_search_and_anybody_reads_it(tmp_path: Path) -> None:
    searched(tmp_path, candidates=3)
    with closing(Store(tmp_path, SPACE, drive=True)):
        with pytest.raises(mg.UsageError, match="another process is at work on this search"):
            searched(tmp_path, candidates=5)
        assert len(load_search(tmp_path).finalists) > 0
    assert len(searched(tmp_path, candidates=5).trials) > 5


DAMAGES = {
    "a row is gone": "DELETE FROM trials WHERE id = 3",
    "no architecture": "UPDATE trials SET architecture = '{}' WHERE id = 3",
    "no JSON": "UPDATE trials SET architecture = 'x' WHERE id = 3",
    "no state": "UPDATE trials SET state = 'x' WHERE id = 3",
    "done without an error": "UPDATE trials SET error_validation = NULL WHERE id = 3",
    "settings that are none": "UPDATE notes SET value = '[1]' WHERE name = 'settings'",
    "settings without data": "UPDATE notes SET value = '{\"a\": 1}' WHERE name = 'settings'",
    "another version": "UPDATE notes SET value = '99' WHERE name = 'version'",
    "no notes": "DROP TABLE notes",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_search_is_refused(tmp_path: Path, damage: str) -> None:
    searched(tmp_path, candidates=6, finalists=0)
    with closing(sqlite3.connect(tmp_path / "search.sqlite")) as db, db:
        db.execute(damage)
    with pytest.raises(mg.FormatError, match=re.escape(str(tmp_path))):
        load_search(tmp_path)


def test_a_full_disk_is_one_line_and_costs_no_trial(tmp_path: Path) -> None:
    searched(tmp_path, candidates=3, finalists=0)
    with closing(Store(tmp_path, SPACE, drive=True)) as store:
        store._connection.execute("PRAGMA max_page_count = 1")
        trial = replace(next(store.trials()), error_text="x" * 100_000)
        with pytest.raises(mg.UsageError, match="cannot be written: database or disk is full"):
            store.add(trial)
    assert len(load_search(tmp_path).trials) == 3


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(mg.UsageError, match="no search can be kept here"):
        searched(tmp_path / "file")


def fails(task: Any) -> Any:
    raise ValueError("no data\nhere")


def tells_nothing(task: Any) -> Any:
    return replace(pretend(task), errors=Errors(float("nan")))


@pytest.mark.parametrize(
    ("train", "said"),
    [
        (fails, "all trainings fail .8 so far.; the last: no data here"),
        (tells_nothing, "an error of nan"),
        (lambda task: 3, "the training returned 3, and no Outcome"),
    ],
)
def test_a_search_of_which_all_trainings_fail_says_so(train: Any, said: str) -> None:
    with pytest.raises(mg.UsageError, match=said):
        searched(train=train, candidates=10_000)


def test_a_search_of_which_all_trainings_failed_goes_on_once_that_is_mended(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(mg.UsageError, match="mend that, and the same call goes on"):
            searched(tmp_path, train=fails)
    assert history(searched(tmp_path)) == history(searched())


def test_bounds_that_nothing_meets_are_told_with_what_there_is() -> None:
    with pytest.raises(mg.UsageError, match=r"none of 50,000 networks .* size 30 B"):
        searched(bounds=Bounds(size=29))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"bounds": Bounds(sram=300, size=29)}, r"size 30 B .of 29., sram [\d,]+ B .of 300.$"),
        ({"bounds": Bounds(arena=3)}, r"found: arena [\d,]+ B .of 3.$"),
        ({"bounds": Bounds(macs=9)}, r"found: macs 18 .of 9.$"),
        (
            {"bounds": Bounds(size=29), "board": "arduino uno r4 minima", "reserve_sram": 1024},
            r"SRAM of the board [\d,]+ B .of 31,744., flash of the board [\d,]+ B .of 245,760.$",
        ),
    ],
)
def test_each_bound_is_told_with_the_least_of_it(options: dict[str, Any], said: str) -> None:
    with pytest.raises(mg.UsageError, match=said):
        searched(**options)


def test_that_nothing_fits_is_said_soon_where_exact_costs_decide(monkeypatch: Any) -> None:
    """Counts let everything pass, so that each network that is drawn is measured."""
    looks = 0

    def counting(*given: Any) -> Any:
        nonlocal looks
        looks += 1
        return measure(*given)

    monkeypatch.setattr("mcugraph.nas.admission.measure", counting)
    with pytest.raises(mg.UsageError, match="is within the bounds; the least found: sram"):
        searched(bounds=Bounds(sram=500))
    assert 100 < looks <= 1100


def test_that_nothing_fits_is_said_where_costs_are_not_known(monkeypatch: Any) -> None:
    def refuse(*given: Any) -> Any:
        raise mg.UsageError("no kernel")

    monkeypatch.setattr("mcugraph.nas.admission.measure", refuse)
    with pytest.raises(mg.UsageError, match="bounds; what TFLM takes for them is not known"):
        searched(bounds=Bounds(sram=5000))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"reserve_sram": 1 << 20}, "1,048,576 B of SRAM are reserved, and it has 32,768 B"),
        ({"reserve_flash": 235_000}, "and TFLM's code takes 16,384 B of the rest at the least"),
        ({"reserve_flash": 1 << 18}, "262,144 B of flash are reserved, and it has 245,760 B"),
    ],
)
def test_a_reserve_beyond_the_board_is_told_at_once(
    tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(mg.UsageError, match=said):
        searched(tmp_path / "new", board="arduino uno r4 minima", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_device_that_there_is_not_is_refused_at_once(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    for engine in ("inline", "local"):
        recipe = Recipe(device="cuda:99")
        with pytest.raises(mg.UsageError, match=r"^recipe: device 'cuda:99': "):
            searched(tmp_path / "new", train=None, recipe=recipe, engine=engine)
    assert list(tmp_path.iterdir()) == []


def test_data_sets_of_a_search_that_is_refused_are_not_kept(tmp_path: Path) -> None:
    np = pytest.importorskip("numpy")
    pytest.importorskip("torch")
    from mcugraph.nas import search

    y = np.arange(60) % 3
    good = {"x_train": np.eye(60)[:, :6], "y_train": y, "x_test": np.eye(60)[:, :6], "y_test": y}
    refused: list[tuple[dict[str, Any], dict[str, Any], str]] = [
        (good | {"y_train": y + 1}, {}, "no example of class 0"),
        (good, {"bounds": Bounds(size=29)}, "none of"),
        (good, {"engine": "abacus"}, "unknown engine"),
        (good, {"recipe": Recipe(device="cuda:99")}, "recipe: device"),
        (good, {"workers": 9, "window": 8}, "window"),
    ]
    for data, options, said in refused:
        given = {"bounds": BOUNDS, "candidates": 3, "engine": "inline", "report": print} | options
        with pytest.raises(mg.McuGraphError, match=said):
            search(SPACE, data, folder=tmp_path / "runs" / "new", **given)
        assert list(tmp_path.iterdir()) == []


def test_what_was_not_begun_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("of my own")
    for folder in (tmp_path / "mine", tmp_path / "runs" / "new"):
        with pytest.raises(mg.UsageError, match="is within the bounds"):
            searched(folder, bounds=Bounds(size=29))
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "notes.txt"]


@pytest.mark.parametrize("method", ["evolution", "random"])
def test_a_target_that_nothing_meets_is_named(method: str) -> None:
    """At once, and not when its turn comes."""
    told = "is within the bounds and the target 'size <= 29'; the least found: size "
    with pytest.raises(mg.UsageError, match=told):
        searched(targets=["size <= 2000", "size <= 29"], method=method)


def test_that_there_was_no_time_is_not_that_nothing_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    left = iter([True] * 3)
    monkeypatch.setattr(Driver, "_has_more", lambda driver: next(left, False))
    with pytest.raises(mg.UsageError, match="the time was over after 40 draws, none of which"):
        searched(bounds=Bounds(size=29))


def test_a_search_of_nothing_leaves_its_folder_to_the_next(tmp_path: Path) -> None:
    with pytest.raises(mg.UsageError, match="is within the bounds"):
        searched(tmp_path, bounds=Bounds(size=29))
    assert history(searched(tmp_path, candidates=5)) == history(searched(candidates=5))
    assert load_search(tmp_path).bounds == BOUNDS


def test_another_search_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    searched(tmp_path, candidates=3)
    with pytest.raises(mg.UsageError, match="another search was begun here: its seed is 0"):
        searched(tmp_path, candidates=3, seed=1)
    with pytest.raises(mg.UsageError, match="its bounds size is 3000, and not 2000; its window is"):
        searched(tmp_path, candidates=3, bounds=Bounds(error=0.5, size=2000), window=4)
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
        ({"time_limit": 0}, "time_limit has to be above 0"),
        ({"method": "guess"}, "unknown method 'guess'"),
        ({"engine": "abacus"}, "unknown engine 'abacus'"),
        ({"engine": "local://here"}, "unknown engine"),
        ({"engine": "local", "memory_limit": "much"}, "memory_limit: 'much' is not a size"),
        ({"workers": 9, "window": 8}, "window: 9 workers need a window of 9 at least"),
        ({"recipe": Recipe(), "board": "nowhere"}, "nowhere"),
        ({"train": None}, "no.npz"),
        ({"train": 5}, "train: a function is needed, not 5"),
        ({"kernels": "own", "bounds": Bounds(arena=900)}, "unknown kernels 'own'; expected one of"),
        ({"reserve_sram": -1, "board": "nano 33 ble"}, "reserve_sram: a whole number from 0 on"),
        ({"reserve_flash": "5 apples", "board": "nano 33 ble"}, "reserve_flash: '5 apples' is not"),
        ({"reserve_flash": "-5KiB", "board": "nano 33 ble"}, "reserve_flash: '-5KiB' is below 0"),
        ({"time_limit": float("inf")}, "time_limit: a number is needed that is not infinite"),
        ({"targets": ["size <= 1e999"]}, "'1e999' is no number"),
        ({"targets": [5]}, "a condition is a text like 'size <= 1000', not 5"),
        ({"targets": None}, "targets: a list is needed, not None"),
        ({"templates": Mlp((3,))}, "templates: a list is needed, not Mlp"),
        ({"templates": [(3,)]}, "templates: Mlp is needed, not"),
        ({"space": MlpSpace}, "space: SearchSpace is needed, not <class"),
        ({"bounds": {"size": 900}}, "bounds: Bounds | None is needed, not {'size': 900}"),
        ({"board": 5}, "board: Board | None is needed, not 5"),
        ({"recipe": {"epochs": 3}}, "recipe: Recipe is needed, not {'epochs': 3}"),
        (
            {"recipe": Recipe(flip=True)},
            "flip and shift are for images and series",
        ),
        ({"recipe": Recipe(shift=1)}, "shape (6,) have no axis to mirror or move along"),
        ({"folder": 5}, "folder: a path is needed, not int"),
        ({"reserve_sram": 9}, "reserve_sram and reserve_flash are of a board: name one"),
    ],
)
def test_what_is_no_search_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(mg.UsageError, match=re.escape(said)):
        searched(**options)


def test_numbers_of_numpy_are_numbers(tmp_path: Path) -> None:
    np = pytest.importorskip("numpy")
    bounds, one = Bounds(error=np.float32(0.5), size=np.int64(3000)), np.int64(1)
    recipe = Recipe(epochs=np.int64(9), share=np.float64(1), rungs=np.int8(3))
    options = {"bounds": bounds, "recipe": recipe, "seed": one, "window": 8 * one}
    first = searched(tmp_path, **options, candidates=9 * one, time_limit=np.float32(600))
    again = searched(tmp_path, bounds=Bounds(error=0.5, size=3000), candidates=9, seed=1)
    assert history(again) == history(first)


def test_bounds_and_reserves_take_text_as_the_command_line_does(tmp_path: Path) -> None:
    assert Bounds(error="50%", size="3kB", macs="5M", sram="6KiB") == Bounds(
        error=0.5, size=3000, macs=5_000_000, sram=6144
    )
    with pytest.raises(mg.UsageError, match=r"^bounds: macs: '6KiB' is not a count"):
        Bounds(macs="6KiB")
    board = {"board": "nano 33 ble", "candidates": 3}
    first = searched(tmp_path, reserve_sram="24KiB", reserve_flash="100kB", **board)
    again = searched(tmp_path, reserve_sram=24 * 1024, reserve_flash=100_000, **board)
    assert history(again) == history(first)


def test_an_aim_of_no_error_at_all(tmp_path: Path) -> None:
    """Shares of it there are none."""
    options = {"bounds": Bounds(error=0, size=3000), "candidates": 20}
    result = searched(method=AgingEvolution(4, 2), **options)
    assert len(result.finalists) == 3
    result.report(tmp_path / "front.html")
    with pytest.raises(mg.UsageError, match="numbers above 0 is needed, for error, size"):
        result.hypervolume()
    assert 0 < result.hypervolume([1, 3000]) < 1
    with pytest.raises(mg.UsageError, match="for error, size"):
        result.hypervolume([1])


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "search.sqlite").write_text("not a database, but long enough to look like one" * 99)
    with pytest.raises(mg.FormatError, match="this is no search"):
        searched(tmp_path)
