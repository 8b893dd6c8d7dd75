"""Widths that fill the bounds, forecasts of errors, and the round before the final."""

from collections.abc import Callable
from math import log
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.searching import history, searched
from support.spaces import by_space, some

from mcugraph.experiments.ledger import State
from mcugraph.nas import Bounds, CnnSpace, GuidedEvolution, Recipe, SearchSpace
from mcugraph.nas.admission import Admission
from mcugraph.nas.evolution import excess_over
from mcugraph.nas.forecast import Forecast
from mcugraph.nas.halving import Ladder
from mcugraph.nas.meter import Meter
from mcugraph.nas.traits import traits_of
from mcugraph.nas.trials import Trial
from mcugraph.nas.widest import WIDEST, narrowed, widest

ONCE = Recipe(epochs=1, share=1.0, rungs=1)


def at_most(limit: float) -> Callable[[float], float | None]:
    return lambda power: power if power <= limit else None


@given(st.floats(-WIDEST, WIDEST), st.floats(-WIDEST, WIDEST))
def test_the_widest_that_fits_is_found(most: float, limit: float) -> None:
    found = widest(lambda power: power, at_most(limit), most)
    assert found is not None or limit < -WIDEST
    if found is not None:
        assert found.arch == found.count <= min(most, limit) + 1e-12
        assert found.arch >= min(most, limit) - 2 * WIDEST / 2**9 - 1e-9
        assert found.arch - 2 * WIDEST / 2**9 <= found.power() <= found.arch


def test_where_widths_end_so_do_powers() -> None:
    found = widest(lambda power: min(power, 1.5), at_most(2.0))
    assert found is not None
    assert found.arch == 1.5 <= found.power() <= 1.5 + 2 * WIDEST / 2**9


@given(st.floats(-WIDEST / 2, WIDEST), st.floats(0, 2))
def test_what_a_quick_look_passes_is_made_narrower(limit: float, less: float) -> None:
    """Step by step, a few times; what it takes at the first step is what the quick look said."""
    asked: list[float | None] = []

    def fits(power: float, count: float | None) -> bool | None:
        asked.append(count)
        return True if power <= limit - less else None

    wide = widest(lambda power: power, at_most(limit))
    assert wide is not None
    found = narrowed(wide, fits)
    assert asked == [wide.count] + [None] * (len(asked) - 1)
    if found is None:
        assert less > 3 * log(1.2) - 0.1
    else:
        assert limit - less - log(1.2) - 0.1 <= found[0] <= limit - less


def test_what_never_fits_is_told() -> None:
    assert widest(lambda power: power, at_most(-2 * WIDEST)) is None


@by_space
def test_scaled_architectures_are_of_the_space(space: SearchSpace[Any]) -> None:
    """Times 1 they are themselves, narrower ones cost no more, and all are within the ranges."""
    for arch in some(space, 20):
        assert space.scaled(arch, 1.0) == arch
        sizes = [space.meter(space.scaled(arch, factor)).size for factor in (0.01, 0.3, 1.0, 3.0)]
        assert sizes == sorted(sizes)
        for factor in (1e-3, 1e3):
            extreme = space.scaled(arch, factor)
            assert space.scaled(extreme, factor) == extreme, "the end of the ranges"
            assert next(iter(space.morphs(extreme)), None) is not None


@by_space
def test_outlines_are_networks_of_the_space(space: SearchSpace[Any]) -> None:
    rng = Random(7)
    for _ in range(20):
        arch = space.outline(rng)
        assert space.from_plain(space.to_plain(arch)) == arch
        assert space.scaled(arch, 1.0) == arch, "within the ranges"
        assert space.meter(arch).size > 0


def test_drawn_networks_fill_the_bounds() -> None:
    """Those that a target is aimed at with use all of it that they can."""
    space, bounds, target = CnnSpace((1, 28, 28), 10), Bounds(size=4500, peak=2500), "size <= 1000"
    shares = []
    for method in ("evolution", "random"):
        result = searched(
            space=space,
            bounds=bounds,
            targets=[target],
            method=method,
            candidates=30,
            recipe=ONCE,
            train=at_random,
        )
        assert all(bounds.admit(trial.costs) for trial in result.trials)
        sizes = [trial.costs.size for trial in result.trials if trial.proposal.searching]
        shares.append(sum(900 <= size <= 1000 for size in sizes))
        outlined = [t for t in result.trials if t.proposal.morph == "outlined"]
        assert bool(outlined) is (method == "evolution")
    assert shares[0] > 2 * shares[1]


def at_random(task: Any) -> Any:
    from mcugraph.nas.trials import Errors, Outcome

    return Outcome(Errors(Random(task.seed).random(), 0.5), task.epochs, 0.0, "", b"0")


@by_space
def test_traits_are_as_many_of_each_network(space: SearchSpace[Any]) -> None:
    traits = [traits_of(space.meter(arch)) for arch in some(space, 20)]
    assert len({len(each) for each in traits}) == 1
    assert all(abs(value) < 40 for each in traits for value in each)


def test_traits_tell_what_was_said() -> None:
    meter = Meter()
    value = meter.conv(meter.input((3, 8, 8)), 4, 3, norm=True, relu=True)
    value = meter.pool(value, "max", 2)
    value = meter.add(value, meter.depthwise(value, 3, same=True, relu=True))
    value = meter.conv(meter.pool(value, "max", 3), 9, 1)
    meter.output(meter.dense(meter.dense(meter.flatten(value), 5, relu=True), 2))
    spatial = 4 * (27 + 4) + 4 * (9 + 4)
    blind, dense = 9 * (4 + 4), 5 * (9 + 4) + 2 * (5 + 4)
    channels, elements = (4, 4, 9, 5), (144, 36, 9, 5)
    assert traits_of(meter) == pytest.approx(
        [
            *(log(count) for count in (meter.size, meter.macs, meter.operator_bound)),
            *(log(count) for count in (1 + 5, min(elements), min(channels), max(channels))),
            sum(map(log, elements)) / 4,
            *(log(count) for count in (elements[0], 9)),
            *(log(1 + count) for count in (2, 1, 2, 1, 2, 1)),
            *(1 / 5, 3 / 5, spatial / (spatial + blind + dense)),
        ]
    )


def test_a_forecast_learns_what_errors_follow_from() -> None:
    """Of others than those that it has seen it ranks most pairs right."""
    space = CnnSpace((1, 28, 28), 10)
    admission, rng = Admission(space, Bounds(size=60_000)), Random(3)

    def err(arch: Any) -> float:
        meter = space.meter(arch)
        return min(1.0, 3 / log(meter.size) ** 1.5 + 0.02 * sum(len(b.layers) for b in arch.blocks))

    archs: list[Any] = []
    while len(archs) < 120:
        arch = space.sample(rng)
        if admission.within(arch):
            archs.append(arch)
    result = searched(space=space, bounds=Bounds(size=60_000), candidates=1, train=at_random)
    likeness = result.trials[0]
    trials = [trained(likeness, i, arch, err(arch)) for i, arch in enumerate(archs[:80])]
    forecast = Forecast(space)
    assert forecast.learnt(trials[:15]) is None
    expected = forecast.learnt(trials)
    assert expected is not None
    errors = expected([space.meter(arch) for arch in archs[80:]])
    told = list(zip(errors, map(err, archs[80:]), strict=True))
    pairs = [(a, b) for i, a in enumerate(told) for b in told[:i] if a[1] != b[1]]
    right = sum((a[0] < b[0]) == (a[1] < b[1]) for a, b in pairs) / len(pairs)
    assert right > 0.75


def trained(likeness: Trial, number: int, arch: Any, error: float) -> Trial:
    from mcugraph.nas.trials import Errors, Outcome, Proposal
    from mcugraph.records import replace

    outcome = Outcome(Errors(error), 1.0, 0.0, "")
    proposal = Proposal(arch, number)
    return replace(
        likeness, id=number, proposal=proposal, state=State.DONE, outcome=outcome, key=str(number)
    )


def test_guided_evolution_prefers_what_is_within_and_errs_little() -> None:
    trials = [t for t in searched(candidates=80, recipe=ONCE).trials if t.proposal.searching]
    method, bounds, rng = GuidedEvolution(population=40, sample=40), Bounds(size=500), Random(5)
    excess = excess_over(bounds)
    best = sorted(trials[-40:], key=lambda t: t.error * excess(t))[:6]
    assert all(method.parent(trials, bounds, rng) in best for _ in range(20))
    assert method.parent(trials[:39], bounds, rng) is None


def test_those_go_on_that_err_least_within_what_is_aimed_at() -> None:
    done = [t for t in searched(candidates=30, recipe=ONCE).trials if t.proposal.searching]
    begun = [trial.proposal for trial in done]
    chosen = Ladder(9, rungs=2).promoted(done, begun, Bounds(size=600))
    inside = [trial for trial in done if trial.costs.size <= 600]
    assert chosen == min(inside, key=lambda trial: trial.error)
    assert Ladder(9, rungs=1).promoted(done, begun, Bounds(size=600)) is None


@pytest.mark.parametrize("targets", [(), ("size <= 400", "size <= 1200")])
def test_finalists_are_the_best_of_those_that_contended(targets: tuple[str, ...]) -> None:
    result = searched(contenders=3, candidates=60, targets=targets)
    contended = [trial for trial in result.trials if trial.proposal.contends]
    assert len(contended) == 9
    assert {t.proposal.candidate for t in result.finalists} <= {
        t.proposal.candidate for t in contended
    }
    for trial in contended:
        assert trial.proposal.follows is None
        assert trial.outcome is not None
        assert trial.outcome.epochs == pytest.approx(0.9)
        assert trial.outcome.errors.test is None
    assert min(contended, key=lambda t: t.error).proposal.candidate in {
        t.proposal.candidate for t in result.finalists
    }
    assert len([t for t in result.trials if t.proposal.searching]) == 60


def test_a_search_that_goes_on_knows_who_contended(tmp_path: Any) -> None:
    searched(tmp_path / "a", contenders=2, candidates=20)
    again = searched(tmp_path / "a", contenders=2, candidates=20)
    assert history(again) == history(searched(contenders=2, candidates=20))
    longer = searched(tmp_path / "a", contenders=2, candidates=40)
    contended = [t.proposal.candidate for t in longer.trials if t.proposal.contends]
    assert len(set(contended)) == len(contended) >= 6
