"""Operators with one place in all orders, against all orders."""

from itertools import permutations

from hypothesis import given, settings

from mcugraph.scheduling.fixed_places import fixed_places
from mcugraph.scheduling.problem import Problem
from mcugraph.testing import problems


@settings(max_examples=150, deadline=None)
@given(problems(max_operators=6))
def test_they_stand_at_one_place_in_every_order(problem: Problem) -> None:
    writer = {t: i for i, written in enumerate(problem.outputs) for t in written}
    before = [{writer[t] for t in read if t in writer} for read in problem.inputs]
    for earlier, later in problem.after:
        before[later].add(earlier)
    places: list[set[int]] = [set() for _ in before]
    for order in permutations(range(len(before))):
        if all(before[v] <= set(order[:at]) for at, v in enumerate(order)):
            for at, v in enumerate(order):
                places[v].add(at)
    assert fixed_places(problem) == [len(found) == 1 for found in places]
