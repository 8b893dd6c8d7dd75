"""One call that searches."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing
from functools import partial
from multiprocessing import current_process
from os import PathLike
from pathlib import Path
from typing import Any

from mcugraph.checks import check_callable, path_text
from mcugraph.errors import FormatError, UsageError
from mcugraph.experiments.data import DataSource
from mcugraph.experiments.engine_choice import find_engine
from mcugraph.experiments.engines import Engine
from mcugraph.experiments.places import named_data, place_for
from mcugraph.fit.boards import Board
from mcugraph.nas.driver import Driver
from mcugraph.nas.evolution import Method, find_method
from mcugraph.nas.findings import choose_finalists
from mcugraph.nas.halving import Ladder
from mcugraph.nas.recipe import Recipe
from mcugraph.nas.rehearsal import rehearse
from mcugraph.nas.results import SearchResult
from mcugraph.nas.search_arguments import (
    check_device,
    check_effort,
    check_space,
    check_wishes,
    checked_admission,
    checked_recipe,
    checked_seconds,
    checked_window,
)
from mcugraph.nas.search_bounds import Bounds
from mcugraph.nas.search_plan import SearchPlan
from mcugraph.nas.search_progress import Progress, shortcomings
from mcugraph.nas.search_space import SearchSpace
from mcugraph.nas.spaces import SPACES
from mcugraph.nas.spaces.unknown import UnknownSpace
from mcugraph.nas.store import Store, settings_in
from mcugraph.nas.tasks import TrialTask
from mcugraph.nas.trials import Outcome

_LEAST_STEPS = 100  # of a first training: less says nothing
_UNGUARDED = (
    "search was called while a worker began: in a script, put the call under "
    "`if __name__ == '__main__'`"
)


def search(
    space: SearchSpace[Any],
    data: str | PathLike[str] | Sequence[Any] | Mapping[str, Any],
    *,
    bounds: Bounds | None = None,
    board: str | Board | None = None,
    reserve_sram: int | str = 0,
    reserve_flash: int | str = 0,
    kernels: str = "reference",
    recipe: Recipe | None = None,
    method: str | Method = "evolution",
    time_limit: str | float | None = None,
    candidates: int | None = None,
    finalists: int = 5,
    contenders: int = 3,
    targets: Sequence[str] = (),
    final_share: float = 0.4,
    templates: Sequence[Any] = (),
    workers: int = 1,
    engine: str | Engine | Executor = "local",
    memory_limit: int | str | None = None,
    window: int | None = None,
    folder: str | PathLike[str] | None = None,
    seed: int = 0,
    report: Callable[[str], None] | None = None,
    train: Callable[[TrialTask], Outcome] | None = None,
) -> SearchResult:
    """Search a space for networks within bounds, train the best from new weights, and test them.

    Candidates that cost more than a bound are rejected, exactly, before they are trained. A search
    in a folder goes on where it was when it ended, however it did: call it again with the same
    arguments.

    ::

        result = search(CnnSpace((1, 28, 28), classes=10), "mnist.npz",
                        bounds=Bounds(error=0.035, peak=2500, size=4500, macs=30_000_000),
                        time_limit="30min", workers=2, folder="runs/mnist")
        print(result)
        result.best("size <= 1000")

    Args:
        space: The architectures.
        data: The path of an .npz file with x_train, y_train, x_test and y_test (and x_val and
            y_val, if a share of the training data is not to be held back), or ``module:function``
            of a function that returns them (see ``DataSource``), or PyTorch data sets (training,
            test, and what is held back, if that is given) or a dictionary of such arrays, which
            are then kept in the folder.
        bounds: Upper bounds; None: those of the board.
        board: A name of a board, or a ``Board``: what is trained fits it.
        reserve_sram: Bytes of the board's SRAM for all but the arena, like ``"24KiB"``.
        reserve_flash: Bytes of its flash for all but the model and TFLM.
        kernels: What TFLM is built with, as for ``profile``.
        recipe: How candidates are trained; None: the defaults of ``Recipe``.
        method: ``"evolution"``, ``"pareto"``, ``"random"``, or a ``Method``.
        time_limit: For all, in seconds or like ``"30min"``, finalists included: where their time is
            short, they are trained for fewer epochs than the recipe says, a third at the least, and
            rather than that there are fewer of them, but one in any case. Networks that would take
            even one finalist longer than that are not drawn. None: until ``candidates`` are
            trained.
        candidates: How many trainings there are at most, finalists not counted; None: no limit.
        finalists: How many are trained again from new weights, and tested.
        contenders: For each finalist so many candidates are trained from new weights before, for a
            tenth of the epochs: weights that were inherited flatter. The best of these become the
            finalists. 1: there is no such round.
        targets: Conditions like ``"size <= 1000"``, as of ``SearchResult.best``, that networks are
            wanted for: the search aims at each in turn, and at the bounds alone, and the best of
            each are among the finalists, which are spread over the whole front else.
        final_share: The part of the time limit that contenders and finalists may take at most.
        templates: Architectures that are tried first.
        workers: How many candidates are trained at once, with a thread each.
        engine: ``"local"``: processes of this machine; ``"inline"``: this process; ``"dask"`` or
            ``"ray"``, with an address behind a colon; an ``Engine``; any
            ``concurrent.futures.Executor``.
        memory_limit: Bytes that a local worker may take, like ``"2GiB"``; None: no limit.
        window: How many candidates are under way at most; a proposal knows the results of all
            before them. The same seed and window give the same search on any engine. None: 8, or
            as many as there are workers.
        folder: Where it is kept; None: a temporary folder, which stays.
        seed: Of everything random.
        report: Takes lines of progress; None: they go to standard error.
        train: Trains a candidate instead of ``mcugraph.nas.trial_training.train``.

    Raises:
        UsageError: An argument is none, no candidate is within the bounds, all trainings fail, the
            folder holds another search or cannot be written, or another process is at work on it.
        FormatError: The data or the folder cannot be read.
    """
    if getattr(current_process(), "_inheriting", False):  # a worker imports the caller's script
        raise UsageError(_UNGUARDED)
    check_space(space)
    window = checked_window(window, workers)
    check_effort(finalists, contenders, candidates, final_share, seed)
    seconds = checked_seconds(time_limit, candidates)
    check_wishes(targets, templates, space)
    recipe = checked_recipe(recipe, space)
    admission = checked_admission(
        space, bounds, board, reserve_sram, reserve_flash, kernels, recipe.sparsity
    )
    rehearse(space)
    chooser = find_method(method)
    say = report or partial(print, file=sys.stderr)
    check_callable("report", say)
    if train is None:
        check_device(recipe.device, engine)
    else:
        check_callable("train", train)
    with place_for(folder, "search") as where, named_data(data, where) as spec:
        source = DataSource(spec, space.input_shape, space.classes, recipe.validation)
        examples = len(source.load().train.classes) if train is None else None
        plan = SearchPlan(
            admission=admission,
            method=chooser,
            ladder=_ladder(recipe, examples),
            recipe=recipe,
            data=source,
            templates=tuple(templates),
            window=window,
            workers=workers,
            seed=int(seed),
            candidates=candidates,
            seconds=seconds,
            finalists=finalists,
            contenders=contenders,
            targets=tuple(targets),
            final_share=final_share,
        )
        with closing(find_engine(engine, workers, memory_limit)) as trainers:
            return _run(plan, where, trainers, train or _own_training(), say)


def _own_training() -> Callable[[TrialTask], Outcome]:
    """The library's own training."""
    from mcugraph.nas.trial_training import train

    return train


def _ladder(recipe: Recipe, examples: int | None) -> Ladder:
    """The rungs of a recipe, but none whose training would have next to no steps.

    Args:
        recipe: The recipe.
        examples: That are trained on; None: somebody else trains, and they are not known.
    """
    rungs, epochs = recipe.rungs, recipe.epochs * recipe.share
    if examples is not None:
        each = -(-examples // recipe.batch)
        while rungs > 1 and Ladder(epochs, rungs).epochs_of(0) * each < _LEAST_STEPS:
            rungs -= 1
    return Ladder(epochs, rungs)


def _run(
    plan: SearchPlan,
    where: Path,
    trainers: Engine,
    train: Callable[[TrialTask], Outcome],
    say: Callable[[str], None],
) -> SearchResult:
    """Carry a plan out, or go on with it, in a folder."""
    space, bounds = plan.admission.space, plan.admission.bounds
    choose = partial(
        choose_finalists,
        bounds=bounds,
        targets=plan.targets,
        guessing=1 - 1 / max(space.classes, 1),
    )
    room, kernels = plan.admission.room, plan.admission.kernels
    with closing(Store(where, space, drive=True)) as store, store.kept_if_begun():
        store.hold(plan.settings())
        store.hold_room(room)
        driver = Driver(plan, store, trainers, train, choose, Progress(say))
        interrupted = False
        try:
            driver.run()
            for line in shortcomings(driver):
                say(line)
        except KeyboardInterrupt:
            interrupted = True
            say("interrupted: this is the best so far; the same call goes on")
        return SearchResult(
            *(driver.trials, space, bounds, plan.data, where),
            *(driver.seconds, interrupted, room, kernels),
        )


def load_search(folder: str | PathLike[str], space: SearchSpace[Any] | None = None) -> SearchResult:
    """What a search in a folder has found so far; nothing is trained.

    Args:
        folder: That ``search`` was called with.
        space: The space; None: the folder says it, which it can of the library's own. What was
            found in another one can be shown without it; its networks are refused.

    Raises:
        UsageError: There is no search, or it is of another space.
        FormatError: The folder cannot be read.
    """
    where = Path(path_text(folder, "load_search: a path is needed"))
    settings = settings_in(where)
    if space is not None:
        check_space(space)
    try:
        known = _space_of(settings) if space is None else _held(space, settings["space"], where)
        held_back = float(settings["recipe"]["validation"])
        source = DataSource(settings["data"], known.input_shape, known.classes, held_back)
        bounds, kernels = Bounds(**settings["bounds"]), str(settings["kernels"])
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{where}: the settings cannot be read: {error!r}") from error
    with closing(Store(where, known, drive=False)) as store:
        return SearchResult(
            *(list(store.trials()), known, bounds, source, where),
            *(store.seconds(), False, store.room(), kernels),
        )


def _held(space: SearchSpace[Any], described: Mapping[str, Any], where: Path) -> SearchSpace[Any]:
    """A space that is that of a search; the module of its class may have another name by now.

    Raises:
        UsageError: It is another one.
    """
    given = json.loads(json.dumps(space.describe()))
    one, other = ({**said, "class": _own_name(said)} for said in (described, given))
    if one != other:
        classes = one["class"], other["class"]
        told = classes if classes[0] != classes[1] else (one, other)
        raise UsageError(f"{where}: its space is {told[0]}, and not {told[1]}")
    return space


def _own_name(described: Mapping[str, Any]) -> str:
    return str(described["class"]).rpartition(":")[2]


def _space_of(settings: Mapping[str, Any]) -> SearchSpace[Any]:
    said = dict(settings["space"])
    name = said.pop("class")
    for cls in SPACES.values():
        if name == f"{cls.__module__}:{cls.__qualname__}":
            made: SearchSpace[Any] = cls(**said)
            return made
    return UnknownSpace(settings["space"])
