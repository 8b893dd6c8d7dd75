from itertools import count

from hypothesis import given, settings

from mcugraph.scheduling.bounds import cut_bound, operator_bound
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.solving.instance import Instance
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.testing import brute_force_peak, problems


@settings(max_examples=150, deadline=None)
@given(problems(max_operators=6, overlaps=True))
def test_bounds_are_ordered(problem):
    assert operator_bound(problem) <= cut_bound(problem) <= brute_force_peak(problem)


@settings(max_examples=100, deadline=None)
@given(problems(min_operators=4, max_operators=12))
def test_cuts_that_are_made_in_time(problem):
    """However soon it is stopped, the bound is one; the longer it goes on, the better it is."""

    def bound(seconds: float) -> int:
        clock = count()
        limits = Limits(seconds, clock=lambda: next(clock))
        return Instance(problem.network()).cut_bound(limits)

    found = [bound(seconds) for seconds in (0, 1, 2, 4, 8, 16, 10**6)]
    assert found == sorted(found)
    assert found[0] >= operator_bound(problem)
    assert found[-1] == cut_bound(problem)


@settings(max_examples=50, deadline=None)
@given(problems(min_operators=1, max_operators=20, shapes=("chain",), plain=True))
def test_operator_bound_is_the_peak_of_a_chain(problem):
    assert operator_bound(problem) == cut_bound(problem)


def test_cut_sees_what_must_wait():
    # The skip x -> add is live while the big operator in the middle runs.
    problem = Problem(
        tensors=("x", "y", "z", "out"),
        sizes=(10, 50, 5, 1),
        operators=("expand", "project", "add"),
        inputs=((0,), (1,), (0, 2)),
        outputs=((1,), (2,), (3,)),
        graph_inputs=(0,),
        graph_outputs=(3,),
    )
    assert operator_bound(problem) == 60
    assert cut_bound(problem) == 65


def test_without_operators():
    problem = Problem(("x",), (3,), (), (), (), graph_inputs=(0,))
    assert operator_bound(problem) == 0
    assert cut_bound(problem) == 3
