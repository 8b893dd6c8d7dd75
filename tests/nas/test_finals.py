"""Who is trained again in the end, and for how long."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.searching import BOUNDS, pretend, searched

import mcugraph as mg
from mcugraph.nas import Bounds, MlpSpace, Recipe, SearchResult
from mcugraph.nas.conditions import condition, tightened
from mcugraph.nas.evolution import objectives_of, point_of
from mcugraph.nas.finals import affordable, seconds_an_epoch, trainable
from mcugraph.nas.findings import choose_finalists
from mcugraph.nas.tasks import TrialTask
from mcugraph.nas.trials import Outcome, Trial

SECONDS = st.floats(0.01, 100)


def last_end(costs: list[float], busy: list[float], workers: int, epochs: float) -> float:
    """When the last of some trainings ends, second by second of those that end."""
    running, line, now = list(busy), list(costs), 0.0
    while running or line:
        while line and len(running) < workers:
            running.append(now + line.pop(0) * epochs)
        now = max(now, min(running))
        running.remove(min(running))
    return now


@given(st.data(), st.lists(SECONDS, min_size=1, max_size=6), st.integers(1, 3), SECONDS)
def test_as_many_epochs_as_end_in_time(
    data: Any, costs: list[float], workers: int, wanted: float
) -> None:
    busy = data.draw(st.lists(SECONDS, max_size=workers))
    left = data.draw(st.floats(0, 2000))
    epochs = affordable(costs, busy, workers, left, wanted)
    assert 0 <= epochs <= wanted
    ends = [
        count
        for count in range(1, len(costs) + 1)
        if last_end(costs[:count], busy, workers, epochs * 0.999) <= left
    ]
    if max(busy, default=0) <= left:
        assert 1 in ends, "the first ends in time"
    if epochs < wanted:
        most = max(ends, default=1)
        assert last_end(costs[:most], busy, workers, epochs * 1.001 + 1e-6) > left
    whole = last_end(costs, busy, workers, wanted / 3)
    assert len(costs) in ends or whole > left * 0.999, "fewer only for less than a third"


def timed(limit: float, each: float, monkeypatch: Any, **options: Any) -> SearchResult:
    """A search by a clock that trainings alone move, so many seconds an epoch."""

    def seconds_of(task: TrialTask) -> float:
        return each * task.epochs * (1 + task.seed % 3)

    recipe = Recipe(epochs=9, share=1 / 9, rungs=1)
    said = {"recipe": recipe, "method": "aging"} | options
    return by_clock(limit, seconds_of, monkeypatch, **said)


def by_clock(
    limit: float, seconds_of: Callable[[TrialTask], float], monkeypatch: Any, **options: Any
) -> SearchResult:
    """A search by a clock that trainings alone move."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def train(task: TrialTask) -> Outcome:
        seconds = seconds_of(task)
        now[0] += seconds
        return replace(pretend(task), seconds=seconds)

    return searched(train=train, time_limit=limit, candidates=None, **options)


@pytest.mark.parametrize("each", [0.2, 1.0, 3.0, 10.0])
def test_a_search_with_its_finalists_ends_in_time(each: float, monkeypatch: Any) -> None:
    result = timed(300, each, monkeypatch, finalists=4)
    # Of one training the time is told by another one, of another network.
    assert 0.5 * 300 < result.seconds <= 300 + 9 * each * 2
    epochs = [t.outcome.epochs for t in result.finalists if t.outcome]
    assert epochs
    assert all(1 <= n <= 9 for n in epochs)
    spent = sum(t.outcome.seconds for t in result.finalists if t.outcome)
    assert spent <= 0.4 * 300 + 9 * each * 2
    if each <= 1:
        assert epochs == [9] * 4, "there is time for all of it"
    again = [t.proposal.epochs for t in result.finalists]
    assert again == epochs, "what was planned is kept"


def test_where_time_is_short_there_are_fewer_finalists_and_not_shorter_ones(
    monkeypatch: Any,
) -> None:
    result = timed(100, 3.0, monkeypatch, finalists=8)
    epochs = [t.outcome.epochs for t in result.finalists if t.outcome]
    assert 1 <= len(epochs) < 8
    assert min(epochs) >= 3


def test_what_there_was_no_time_for_is_said(monkeypatch: Any) -> None:
    lines: list[str] = []
    said = {"finalists": 8, "targets": ["size > 3000"], "report": lines.append}
    result = timed(100, 3.0, monkeypatch, **said)
    epochs, missing, target = lines[-3:]
    told = [t.outcome.epochs for t in result.finalists if t.outcome]
    assert epochs.startswith(f"finalists were trained for {min(told):.1f}")
    known = min(8, len({t.proposal.candidate for t in result.trials}))
    assert missing.startswith(f"{known - len(told)} of {known} finalists are missing")
    assert target == "no finalist has size > 3000"
    lines.clear()
    timed(1000, 0.1, monkeypatch, finalists=2, report=lines.append)
    assert not [line for line in lines if "trained for" in line or "missing" in line]


def test_where_the_first_training_takes_all_time_its_finalist_takes_no_more(
    monkeypatch: Any,
) -> None:
    recipe = Recipe(epochs=9, share=1 / 3, rungs=3)
    result = timed(2, 6.0, monkeypatch, finalists=3, recipe=recipe)
    (first, last) = result.trials
    assert last.proposal.final
    epochs = [trial.outcome.epochs for trial in (first, last) if trial.outcome]
    assert epochs == [pytest.approx(1 / 3)] * 2


def test_finalists_are_those_that_there_is_time_for() -> None:
    done = [
        replace(trial, outcome=replace(trial.outcome, seconds=float(i), epochs=1.0))
        for i, trial in enumerate(known())
        if trial.outcome
    ]
    assert trainable(done, 9.0, 20 * 3.0) == done[:21]
    assert trainable(done[1:], 9.0, 2.9) == done[1:], "time for none"


@pytest.mark.parametrize("finalists", [2, 0])
def test_networks_that_no_finalist_has_the_time_for_are_not_trained(
    finalists: int, monkeypatch: Any
) -> None:
    """Where a bound allows far more than there is time for, and from the first training on."""
    epochs, limit, allowed, whole = 9, 300.0, 400_000, 200.0

    def seconds_of(task: TrialTask) -> float:
        return task.epochs * whole * task.space.meter(task.arch).macs / allowed

    result = by_clock(
        *(limit, seconds_of, monkeypatch),
        space=MlpSpace((64,), 10),
        bounds=Bounds(size=allowed),
        method="evolution",
        recipe=Recipe(epochs=epochs, share=1 / epochs, rungs=1),
        finalists=finalists,
    )
    tried = [seconds_an_epoch(t) for t in result.trials if t.proposal.searching]
    a_third = 0.4 * limit / (epochs / 3)
    assert len(tried) > 10
    assert tried[0] < a_third / 4
    assert (max(tried) <= a_third * 1.001) == bool(finalists)
    assert max(tried) > a_third / 2, "what there is time for is used"
    trained = [t.outcome.epochs for t in result.finalists if t.outcome]
    assert bool(trained) == bool(finalists)
    assert all(each >= epochs / 3 for each in trained)


TARGETS = ("size <= 400", "size <= 1200", "size <= 1200 and macs <= 500")


def known(bounds: Bounds = BOUNDS) -> list[Trial]:
    recipe = Recipe(epochs=1, share=1.0)
    trials = searched(bounds=bounds, recipe=recipe, candidates=90, method="aging").trials
    return [trial for trial in trials if not trial.proposal.final]


@pytest.mark.parametrize("bounds", [BOUNDS, Bounds(error=0.5, size=3000, macs=2000, peak=80)])
def test_finalists_are_the_best_of_each_target_and_unlike(bounds: Bounds) -> None:
    trials = known(bounds)
    chosen = choose_finalists(trials, 9, bounds, TARGETS)
    assert len({trial.id for trial in chosen}) == len(chosen) <= 9
    for target in ("", *TARGETS):
        fitting = [trial for trial in trials if condition(target)(trial)]
        assert min(t.error for t in chosen if condition(target)(t)) == min(t.error for t in fitting)
    names = objectives_of(bounds)

    def beaten(trial: Trial) -> bool:
        mine = point_of(trial, names)
        return any(
            point_of(other, names) != mine
            and all(a <= b for a, b in zip(point_of(other, names), mine, strict=True))
            for other in trials
        )

    front = {trial.id for trial in trials if not beaten(trial)}
    first = {trial.id for trial in chosen[: len(front)]}
    assert first <= front, "finalists are of the front, as long as it has any"
    for count in range(9):
        assert choose_finalists(trials, count, bounds, TARGETS) == chosen[:count]


def test_a_search_aims_at_its_targets() -> None:
    """Most candidates are within a target that few are else, and better ones are found there."""
    target, recipe = "size <= 300 and macs < 200", Recipe(epochs=1, share=1.0)
    meets, found = condition(target), []
    for targets in ([], [target]):
        result = searched(targets=targets, candidates=150, recipe=recipe)
        inside = [t for t in result.trials if meets(t) and not t.proposal.final]
        found.append((len(inside), -min(t.error for t in inside)))
        assert targets == [] or any(meets(trial) for trial in result.finalists)
    assert found[1] > found[0]
    assert found[1][1] >= found[0][1]
    assert tightened(BOUNDS, target) == Bounds(error=0.5, size=300, macs=199)
    assert tightened(BOUNDS, "size <= 9e9 and size > 3 and error < 0.1") == BOUNDS


def test_without_targets_the_front_is_spread_over() -> None:
    bounds = Bounds(size=3000)
    trials = known(bounds)
    chosen = choose_finalists(trials, 4, bounds)
    sizes = [trial.costs.size for trial in chosen]
    assert chosen[0] == min(trials, key=lambda trial: trial.error)
    assert sizes[1] < sizes[0] / 3
    assert choose_finalists([], 4, bounds) == []


def test_what_has_learnt_next_to_nothing_is_no_finalist_before_all_others() -> None:
    """The front ends in networks of some bytes that guess."""
    trials = known(Bounds(size=3000))
    least = min(trial.error for trial in trials)
    smallest = min(trials, key=lambda trial: trial.costs.size)
    for guessing in (1.0, 0.8):
        half = (least * guessing) ** 0.5
        assert smallest.error > half
        learnt = [trial for trial in trials if trial.error <= half]
        chosen = choose_finalists(trials, len(learnt), Bounds(size=3000), guessing=guessing)
        assert sorted(t.id for t in chosen) == sorted(t.id for t in learnt)
        reached = choose_finalists(trials, 30, Bounds(error=1.0, size=3000), guessing=guessing)
        assert smallest in reached, "whoever says what will do gets that"


def test_a_target_that_is_no_condition_is_refused() -> None:
    with pytest.raises(mg.UsageError, match="no condition"):
        searched(targets=["small"])
    with pytest.raises(mg.UsageError, match="a list of conditions"):
        searched(targets="size <= 3")
    with pytest.raises(mg.UsageError, match="final_share"):
        searched(final_share=1.0)
