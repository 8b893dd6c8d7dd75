"""The cut bound, against all orders of small networks."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from support.numbered import numbered

from mcugraph.errors import GraphError
from mcugraph.scheduling.order_checker import live_bytes
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.solving import cuts
from mcugraph.scheduling.solving.cuts import cut_bounds
from mcugraph.testing import problems


@settings(max_examples=60, deadline=None)
@given(problems(min_operators=1, max_operators=5, max_size=20, overlaps=True))
def test_the_cut_bound_is_what_some_operator_takes_in_every_order(problem: Problem) -> None:
    n = len(problem.operators)
    net = problem.network()
    least = [1 << 30] * n
    first = 1 << 30
    for order in permutations(range(n)):
        try:
            costs = live_bytes(problem, [problem.operators[v] for v in order])
        except GraphError:
            continue
        first = min(first, costs[0])
        costs[0] -= net.first  # which other operator runs first does not count for each of them
        for v, cost in zip(order, costs, strict=True):
            least[v] = min(least[v], cost)
    found = list(cut_bounds(net, [], 0))
    assert found == sorted(found)
    assert found[-1] == max(first, *least)


@pytest.mark.parametrize("kept", [True, False])
def test_readers_of_one_tensor_need_one_cut(kept: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    n = 40
    problem = numbered([1] * (n + 1), [(0,)] * n, range(1, n + 1) if kept else ())
    made: list[int] = []
    cut = cuts.operator_cut
    monkeypatch.setattr(cuts, "operator_cut", lambda *given: made.append(0) or cut(*given))
    bounds = list(cut_bounds(problem.network(), [range(n), range(n)[::-1]], 0))
    assert bounds[-1] == 2
    assert len(made) <= 1
