"""Proofs by trying both orders of a few operators, against brute force."""

from hypothesis import given, settings

from mcugraph.scheduling.solving.disputes import Disputes
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.precedence import Supports
from mcugraph.testing import brute_force_peak, problems


@settings(max_examples=150, deadline=None)
@given(problems(min_operators=1, max_operators=7, max_size=20, overlaps=True))
def test_only_what_no_order_keeps_is_refuted(problem):
    best = brute_force_peak(problem)
    supports = Supports(problem.network(), range(len(problem.operators)))
    for budget in (best, best - 1, best - 4, best + 2):
        found = Disputes(supports, budget).run(1 << 40, Limits())
        assert found.settled
        if found.refuted:
            assert budget < found.least <= best
