"""How parents are chosen, and who goes on to the next rung."""

from random import Random
from typing import Any

import pytest
from support.searching import searched

import mcugraph as mg
from mcugraph.nas import AgingEvolution, Bounds, ParetoEvolution, RandomSearch, paper
from mcugraph.nas.evolution import objectives_of
from mcugraph.nas.halving import Ladder
from mcugraph.nas.trials import Trial


def known() -> list[Trial]:
    return [t for t in searched(candidates=60, recipe=mg_recipe()).trials if not t.proposal.final]


def mg_recipe() -> Any:
    from mcugraph.nas import Recipe

    return Recipe(epochs=1, share=1.0)


def test_aging_evolution_knows_the_youngest_alone() -> None:
    trials = known()
    method = AgingEvolution(population=20, sample=5)
    assert method.parent(trials[:19], Bounds(size=3000), Random(0)) is None
    rng = Random(1)
    chosen = [method.parent(trials, Bounds(error=0.5, size=3000), rng) for _ in range(300)]
    young = {trial.id for trial in trials[-20:]}
    assert {t.id for t in chosen if t is not None} <= young
    mean = sum(t.error for t in trials[-20:]) / 20
    assert sum(t.error for t in chosen if t is not None) / 300 < mean


def test_goals_are_drawn_from_nothing_to_the_bound() -> None:
    """With an error that is bounded tightly, errors decide; with a loose one, sizes do."""
    trials, method = known(), AgingEvolution(population=40, sample=40)
    tight, loose = Bounds(error=1e-6, size=10**9), Bounds(error=1.0, size=1)
    strict = {method.parent(trials, tight, Random(i)) for i in range(20)}
    small = {method.parent(trials, loose, Random(i)) for i in range(20)}
    competing = trials[-40:]
    best = sorted(t.error for t in competing)[:8]
    least = sorted(t.costs.size for t in competing)[:8]
    assert all(t is not None and t.error in best for t in strict)
    assert all(t is not None and t.costs.size in least for t in small)


def test_pareto_evolution_prefers_the_front() -> None:
    trials, method = known(), ParetoEvolution(population=10)
    rng = Random(2)
    chosen = [method.parent(trials, Bounds(size=3000), rng) for _ in range(100)]
    assert all(trial is not None for trial in chosen)
    assert len({t.id for t in chosen if t is not None}) <= 10
    assert method.parent(trials[:9], Bounds(), rng) is None


def test_the_paper_has_a_hundred_living() -> None:
    assert (paper().population, paper().sample) == (100, 25)
    assert RandomSearch().parent(known(), Bounds(), Random(0)) is None


def test_objectives_are_what_is_bounded() -> None:
    assert objectives_of(Bounds(size=1, macs=1)) == ("size", "macs")
    assert objectives_of(Bounds(error=0.1)) == ("size",)


@pytest.mark.parametrize("make", [lambda: AgingEvolution(3, 4), lambda: ParetoEvolution(1)])
def test_what_cannot_live_is_refused(make: Any) -> None:
    with pytest.raises(mg.UsageError):
        make()


def test_rungs_add_up_to_the_whole() -> None:
    ladder = Ladder(27, rungs=3)
    assert [ladder.epochs_of(rung) for rung in range(3)] == [3, 6, 18]
    assert Ladder(27).epochs_of(0) == 27


@pytest.mark.parametrize(
    "bounds", [{"size": 0}, {"error": 1.5}, {"peak": 2.5}, {"error": -0.1}, {"macs": True}]
)
def test_bounds_are_numbers_that_they_can_be(bounds: dict[str, Any]) -> None:
    with pytest.raises(mg.UsageError):
        Bounds(**bounds)
