import json
import signal
from dataclasses import replace
from itertools import count, pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from support.numbered import numbered

from mcugraph.errors import GraphError, InternalError, UsageError
from mcugraph.scheduling.bounds import cut_bound, operator_bound
from mcugraph.scheduling.entry import schedule, schedule_instance
from mcugraph.scheduling.order_checker import check_schedule, live_bytes
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.result import checked_schedule
from mcugraph.scheduling.solving.improve import improve
from mcugraph.scheduling.solving.instance import Instance
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.replay import order_peak
from mcugraph.scheduling.solving.solver import METHODS
from mcugraph.scheduling.solving.split import split
from mcugraph.testing import SHAPES, brute_force_peak, build_problem, problems

ROOT = Path(__file__).parents[2]
GRAPHS = {
    path.stem: path
    for folder in (ROOT.parent / "shared" / "graphs", ROOT / "fixtures" / "graphs")
    for path in sorted(folder.glob("*.json"))
}
OPTIMUM = {"layered_w10_n120_s1": 39808, "randwire_cell64_s1": 212992}  # open in the files


def check(problem, result):
    """What must hold of every schedule."""
    timeline = live_bytes(problem, result.order)
    assert result.peak == check_schedule(problem, result.order)
    assert list(result.timeline) == timeline
    assert result.lower_bound <= result.peak
    assert result.optimal == (result.gap == 0)
    if timeline:
        step = result.order.index(result.bottleneck)
        assert timeline[step] == result.peak
        saved = sum(t.bytes for t in result.live) - result.peak
        index = problem.operators.index(result.bottleneck)
        scratch = problem.scratch[index] if problem.scratch else 0
        assert saved + scratch == 0 or problem.overlays()[index]


def check_optimal(problem, best, method="auto"):
    result = schedule(problem, method)
    check(problem, result)
    assert result.optimal
    assert result.peak == best


@settings(max_examples=200, deadline=None)
@given(problems(max_operators=6, overlaps=True))
def test_equals_brute_force(problem):
    best = brute_force_peak(problem)
    check_optimal(problem, best)
    check_optimal(problem, best, "dp")


@pytest.mark.parametrize("seed", range(60))
def test_equals_brute_force_with_overlaps(seed):
    """Chains of them, several inputs that die, inputs that others read as well."""
    random = Random(seed)
    shape, most = SHAPES[seed % len(SHAPES)], random.choice([3, 9, 99])
    problem = build_problem(random.randint, random.randint(3, 7), shape, most, overlaps=True)
    best = brute_force_peak(problem)
    check_optimal(problem, best)
    check_optimal(problem, best, "dp")
    assert operator_bound(problem) <= cut_bound(problem) <= best
    assert schedule(problem, "greedy").lower_bound <= best


@pytest.mark.slow
@pytest.mark.parametrize("block", range(100))
def test_equals_brute_force_on_many(block):
    for seed in range(100 * block, 100 * block + 100):
        random = Random(seed)
        # Nine operators have up to 362,880 orders: rarer than the smaller ones.
        n = random.choice([0, 1, 2, 3, 4, 5, 5, 6, 6, 6, 7, 7, 7, 8]) if seed % 50 else 9
        shape, most = random.choice(SHAPES), random.choice([3, 9, 99])
        problem = build_problem(random.randint, n, shape, most, overlaps=block % 2 > 0)
        best = brute_force_peak(problem)
        check_optimal(problem, best)
        check_optimal(problem, best, "dp")
        assert operator_bound(problem) <= cut_bound(problem) <= best


@settings(max_examples=60, deadline=None)
@given(problems(min_operators=8, max_operators=14, max_size=100, overlaps=True))
def test_equals_the_plain_dynamic_programme(problem):
    check_optimal(problem, schedule(problem, "dp").peak)


@settings(max_examples=60, deadline=None)
@given(problems(max_operators=14, max_size=20, overlaps=True))
def test_no_size_is_too_large(problem):
    """Beyond what a machine word or a float holds, sizes are numbers like others."""
    factor = 10**400
    larger = replace(
        problem,
        sizes=tuple(size * factor for size in problem.sizes),
        scratch=tuple(size * factor for size in problem.scratch),
        overlaps=tuple(
            tuple((a, b, lead * factor) for a, b, lead in overlaps) for overlaps in problem.overlaps
        ),
    )
    for method in METHODS:
        plain, scaled = schedule(problem, method), schedule(larger, method)
        check(larger, scaled)
        assert (scaled.peak, scaled.lower_bound) == (
            plain.peak * factor,
            plain.lower_bound * factor,
        )
    assert cut_bound(larger) == cut_bound(problem) * factor


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_with_known_optimum(name):
    problem = Problem.from_json(GRAPHS[name])
    reference = json.loads(GRAPHS[name].read_text())["reference"]
    result = schedule(problem)
    check(problem, result)
    assert result.optimal
    assert operator_bound(problem) == reference["max_in_out"]
    assert cut_bound(problem) == reference["mincut_lb"]
    assert max(live_bytes(problem, problem.operators)) == reference["naive"]
    if reference["proven"]:
        assert result.peak == reference["peak"]
    else:
        assert reference["lb"] <= result.peak < reference["peak"]
        assert result.peak == OPTIMUM[name]


def wide(n, length=1):
    """Chains of random sizes between a common first and a common last operator."""
    random = Random(n)
    sizes = [7]
    inputs = []
    ends = []
    for _ in range(n // length):
        source = 0
        for _ in range(length):
            inputs.append((source,))
            source = len(sizes)
            sizes.append(random.randint(1, 99))
        ends.append(source)
    inputs.append(tuple(ends))
    sizes.append(1)
    return numbered(sizes, inputs, [len(inputs)])


@pytest.mark.parametrize("length", [5000, 50, 1])
def test_five_thousand_operators(length):
    problem = wide(5000, length)
    result = schedule(problem)
    check(problem, result)
    assert result.optimal


def hard():
    return Problem.from_json(ROOT / "fixtures" / "graphs" / "layered_w10_n120_s1.json")


@pytest.mark.parametrize("method", ["auto", "dp"])
def test_time_limit_is_kept(method):
    problem = hard()
    clock = count(step=0.01)
    limits = Limits(0.05, clock=lambda: next(clock))
    result = schedule_instance(problem, Instance(problem.network()), method, limits)
    check(problem, result)
    assert not result.optimal
    assert result.stopped == "time limit"
    assert 0.05 < result.elapsed < 0.1  # by its own clock it stops where it is asked to


@pytest.mark.parametrize("method", ["auto", "dp"])
def test_memory_limit_is_kept(method):
    result = schedule(hard(), method, memory_limit=20_000)
    check(hard(), result)
    assert not result.optimal
    assert result.stopped == "memory limit"


@pytest.mark.parametrize("quota", [1, 5, 40])
def test_searches_that_are_cut_short_prove_nothing_false(quota):
    """However few states a search may visit, no bound that it leaves is above the optimum."""
    for seed in range(12):
        random = Random(seed)
        problem = build_problem(random.randint, 24, "layered", max_size=50, plain=True)
        best = schedule(problem, "dp").peak
        net = problem.network()
        given = order_peak(net, range(24))
        floor = operator_bound(problem)
        bounds = [floor]
        if floor < given:
            for bound, order in improve(net, range(24), floor, Limits(), quota):
                bounds.append(bound)
                assert order is None or order_peak(net, order) >= best
        assert all(low <= high for low, high in pairwise(bounds))
        assert bounds[-1] == best  # it goes on until it is proven, and not above


def test_an_unread_input_waits_for_the_first_operator_only():
    """Parts after the first one have nothing to do with it."""
    problem = Problem(
        tensors=("x", "unread", "a", "b", "c", "d"),
        sizes=(1, 50, 40, 30, 30, 1),
        operators=("f", "g", "h", "i"),
        inputs=((0,), (2,), (2,), (3, 4)),
        outputs=((2,), (3,), (4,), (5,)),
        graph_inputs=(0, 1),
        graph_outputs=(5,),
    )
    net = problem.network()
    assert net.first == 50
    assert [part.first for part, _ in split(net)] == [50, 0, 0]
    check_optimal(problem, 100)
    assert cut_bound(problem) == 91  # of f, with what is not read


def test_operators_with_one_order_are_one_part():
    """A chain, two side by side, a chain again; something passes by all of them."""
    problem = Problem(
        tensors=("x", "a", "b", "c", "d", "e", "f"),
        sizes=(7, 20, 30, 10, 10, 50, 1),
        operators=("p", "q", "r", "s", "t", "u"),
        inputs=((0,), (1,), (2,), (2, 0), (3, 4), (5, 0)),
        outputs=((1,), (2,), (3,), (4,), (5,), (6,)),
        graph_inputs=(0,),
        graph_outputs=(6,),
    )
    instance = Instance(problem.network())
    assert [part.operators for part in instance.parts] == [[0, 1], [2, 3], [4, 5]]
    assert [part.one_order for part in instance.parts] == [True, False, True]
    check_optimal(problem, 77)  # d, e and x, which passes by
    assert cut_bound(problem) == 77 > operator_bound(problem)


def test_a_result_that_fails_its_check_does_not_leave(monkeypatch):
    order = list(range(len(hard().operators)))
    with pytest.raises(InternalError, match=r"internal error: .* please report this"):
        checked_schedule(hard(), order, 1, 1, 0.0)
    with pytest.raises(InternalError, match="runs too early"):
        checked_schedule(hard(), order[::-1], 1, 1, 0.0)
    with pytest.raises(InternalError, match="not hold every operator"):
        checked_schedule(hard(), order[:-1], 1, 1, 0.0)


def test_greedy_needs_no_search():
    result = schedule(hard(), "greedy")
    check(hard(), result)
    assert not result.optimal
    assert result.lower_bound >= cut_bound(hard())


def test_interrupt_returns_the_best_so_far():
    def interrupt(elapsed, lower_bound, best):
        if best < 45_000:
            signal.raise_signal(signal.SIGINT)

    result = schedule(hard(), progress=interrupt)
    check(hard(), result)
    assert not result.optimal
    assert result.stopped == "interrupted"
    assert result.peak < 45_000


def test_progress_tells_the_gap():
    told = []
    result = schedule(hard(), progress=lambda *report: told.append(report))
    assert told
    assert [best for _, _, best in told] == sorted((best for _, _, best in told), reverse=True)
    assert [low for _, low, _ in told] == sorted(low for _, low, _ in told)
    assert told[-1][1:] == (result.lower_bound, result.peak)


def test_no_operators():
    problem = Problem(("x", "y"), (3, 4), (), (), (), graph_inputs=(0, 1), graph_outputs=(1,))
    for method in METHODS:
        result = schedule(problem, method)
        assert (result.order, result.peak, result.optimal) == ((), 7, True)
        assert result.bottleneck is None
        assert [(t.tensor, t.bytes) for t in result.live] == [("y", 4), ("x", 3)]


def test_order_holds_the_ids_of_a_json_graph():
    problem = Problem.from_json(ROOT / "fixtures" / "graphs" / "swiftnetlike_cellA.json")
    assert sorted(schedule(problem).order) == list(range(54))


def test_wrong_arguments():
    with pytest.raises(UsageError, match="unknown method 'best'"):
        schedule(hard(), "best")
    with pytest.raises(GraphError):
        schedule(Problem(("x",), (1,), ("a",), ((0,),), ((),)))
