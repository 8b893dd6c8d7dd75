"""Trees and series-parallel networks: hills and valleys against the dynamic programme."""

from functools import reduce
from pathlib import Path
from random import Random

import networkx
import pytest
from hypothesis import given, settings

from mcugraph.scheduling.entry import schedule
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.solving.hill_valley import hill_of, in_series, operators_of, single
from mcugraph.scheduling.solving.network import without_shortcuts
from mcugraph.scheduling.solving.relaxation import forest_bound, series_parallel_bounds
from mcugraph.scheduling.solving.replay import order_peak
from mcugraph.scheduling.solving.series_parallel import merged
from mcugraph.testing import SHAPES, brute_force_peak, build_problem, check_schedule, problems

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases" / "graphs"


def network(n, edges, random, shared=0, together=False):
    """A problem with a tensor for each edge, or one for all edges that leave an operator."""
    sizes = [shared] if shared else []
    inputs = [[] for _ in range(n)]
    outputs = [[] for _ in range(n)]
    for u in range(n):
        targets = [v for a, v in edges if a == u]
        for v in targets[:1] if together else targets or [None]:
            outputs[u].append(len(sizes))
            for reader in targets if together else [v] if v is not None else []:
                inputs[reader].append(len(sizes))
            sizes.append(random.randint(1, 30))
        if not outputs[u]:
            outputs[u].append(len(sizes))
            sizes.append(random.randint(1, 30))
    for v in range(n):
        if shared and not inputs[v]:
            inputs[v].append(0)
    read = {t for ts in inputs for t in ts}
    problem = Problem(
        tensors=tuple(range(len(sizes))),
        sizes=tuple(sizes),
        operators=tuple(range(n)),
        inputs=tuple(map(tuple, inputs)),
        outputs=tuple(map(tuple, outputs)),
        graph_inputs=(0,) if shared else (),
        graph_outputs=tuple(t for t in range(len(sizes)) if t not in read),
        scratch=tuple(random.randint(0, 10) for _ in range(n)),
    )
    problem.verify()
    return problem


def in_tree(n, random):
    return [(v, random.randint(v + 1, min(n - 1, v + 5))) for v in range(n - 1)]


def out_tree(n, random):
    return [(random.randint(max(0, v - 5), v - 1), v) for v in range(1, n)]


def series_parallel(n, random):
    """Edges of a random series-parallel precedence of about n operators, numbered in order."""
    count = 0

    def build(size):
        nonlocal count
        if size <= 1:
            count += 1
            return [count - 1], [count - 1], []
        left = random.randint(1, size - 1)
        first, second = build(left), build(size - left)
        if random.random() < 0.5:
            return first[0] + second[0], first[1] + second[1], first[2] + second[2]
        between = [(a, b) for a in first[1] for b in second[0]]
        return first[0], second[1], first[2] + second[2] + between

    return sorted(build(n)[2])


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("edges", [in_tree, out_tree, series_parallel])
def test_one_round_is_optimal_where_every_tensor_has_one_reader(edges, seed):
    random = Random(seed)
    n = random.randint(2, 14)
    problem = network(n, edges(n, random), random)
    net = problem.network()
    bound, order = next(series_parallel_bounds(net, range(n)))
    assert bound == order_peak(net, order) == schedule(problem, "dp").peak


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("edges", [in_tree, out_tree, series_parallel])
def test_shared_tensors_leave_bounds(edges, seed):
    random = Random(seed)
    n = random.randint(2, 12)
    problem = network(n, edges(n, random), random, random.randint(1, 9), together=True)
    best = schedule(problem, "dp").peak
    for bound, order in series_parallel_bounds(problem.network(), range(n)):
        assert bound <= best <= check_schedule(problem, order)
    found = schedule(problem)
    assert found.optimal
    assert found.peak == best


@settings(max_examples=200, deadline=None)
@given(problems(max_operators=7, max_size=20, overlaps=True))
def test_bounds_hold_and_orders_are_orders(problem):
    best = brute_force_peak(problem)
    net, given = problem.network(), range(len(problem.operators))
    found = list(series_parallel_bounds(net, given))
    if given:
        found.append(forest_bound(net, given))
    for bound, order in found:
        assert bound <= best <= check_schedule(problem, [problem.operators[v] for v in order])


def complete_in_tree(levels, random):
    """As in Liu's paper: the leaves read one shared input."""
    n = (1 << levels) - 1
    # Operator v of the heap below the root is number n - 1 - v, so that children come first.
    edges = [(n - 1 - v, n - 1 - (v - 1) // 2) for v in range(1, n)]
    return network(n, edges, random, shared=1)


@pytest.mark.parametrize("levels", [9, 11])
@pytest.mark.parametrize("seed", range(3))
def test_complete_trees_are_proven_without_search(levels, seed):
    problem = complete_in_tree(levels, Random(seed))
    found = schedule(problem, "greedy")
    assert found.optimal
    assert check_schedule(problem, found.order) == found.peak


@pytest.mark.parametrize(("name", "peak"), [("intree_511_s4", 3734), ("intree_2047_s4", 4557)])
def test_samples(name, peak):
    path = CASES / f"{name}.json"
    if not path.exists():
        pytest.skip("no shared cases")
    found = schedule(Problem.from_json(path), "greedy")
    assert found.optimal
    assert found.peak == peak


def test_what_is_not_series_parallel_is_refused():
    chains = [single(v, 1, 1) for v in range(4)]
    n_shape = ([[], [], [0, 1], [1]], [[2], [2, 3], [], []])
    assert merged(*n_shape, chains) is None
    chain = merged([[], [], [0, 1], [0, 1]], [[2, 3], [2, 3], [], []], chains)
    assert chain is not None
    assert sorted(operators_of(chain)) == [0, 1, 2, 3]


def test_a_chain_keeps_its_walk():
    """Segments say the same of hills and of the end as the steps that they are made of."""
    random = Random(1)
    for _ in range(200):
        steps = [(random.randint(0, 9), random.randint(-9, 9)) for _ in range(9)]
        alone = [single(v, hill, delta) for v, (hill, delta) in enumerate(steps)]
        chain = reduce(in_series, alone)
        assert operators_of(chain) == list(range(9))
        level = highest = 0
        for hill, delta in steps:
            highest = max(highest, level + hill, level + delta)
            level += delta
        assert hill_of(chain) == highest
        assert sum(segment.delta for segment in chain) == level
        ranks = [(segment.rises, segment.key) for segment in chain]
        assert ranks == sorted(ranks)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(10))
def test_shortcuts_are_the_edges_that_follow_from_others(shape, seed):
    net = build_problem(Random(seed).randint, 14, shape).network()
    edges = [(u, v) for v, preds in enumerate(net.preds) for u in preds]
    reduced = networkx.DiGraph(edges)
    reduced.add_nodes_from(range(14))
    expected = set(networkx.transitive_reduction(reduced).edges)
    preds, succs = without_shortcuts(net)
    assert {(u, v) for v, some in enumerate(preds) for u in some} == expected
    assert {(u, v) for u, some in enumerate(succs) for v in some} == expected
