"""What overlays save: the solvers' rule and the checker's, each against trying everything."""

from dataclasses import replace
from itertools import combinations, permutations
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings

from mcugraph.scheduling.entry import schedule
from mcugraph.scheduling.order_checker import live_bytes
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.solving.cuts import operator_cut
from mcugraph.scheduling.solving.network import ancestor_masks, mask
from mcugraph.scheduling.solving.overlay import covered_bytes, gains, least_gains
from mcugraph.scheduling.solving.overlay_arrays import OverlayArrays
from mcugraph.scheduling.solving.replay import step_costs
from mcugraph.testing import problems


def operator(inputs, end, inplace=(), more_outputs=()):
    """One operator: inputs (bytes, lead) that die with it, an output that may lie over them."""
    n = len(inputs)
    outputs = tuple(range(n, n + 1 + len(more_outputs)))
    return Problem(
        tensors=tuple(range(n + len(outputs))),
        sizes=(*[size for size, _ in inputs], end, *more_outputs),
        operators=("f",),
        inputs=(tuple(range(n)),),
        outputs=(outputs,),
        graph_inputs=tuple(range(n)),
        graph_outputs=outputs,
        inplace=(tuple(inplace),),
        overlaps=(() if inplace else tuple((a, n, lead) for a, (_, lead) in enumerate(inputs)),),
    )


def most_covered(inputs, end):
    """Byte by byte: inputs placed one after the other, in every sequence, as soon as they may."""
    best = 0
    for sequence in permutations(inputs):
        taken = set()
        for size, lead in sequence:
            begin = lead
            while taken.intersection(range(begin, begin + size)):
                begin += 1
            taken.update(range(begin, begin + size))
        best = max(best, len(taken.intersection(range(end))))
    return best


@pytest.mark.parametrize("seed", range(150))
def test_the_rule_and_the_checker_save_the_most(seed):
    random = Random(seed)
    inputs = [(random.randint(0, 9), random.randint(0, 15)) for _ in range(random.randint(1, 5))]
    end = random.randint(1, 20)
    best = most_covered(inputs, end)
    problem = operator(inputs, end)
    problem.verify()
    assert covered_bytes(problem.overlays()[0]) == best
    assert live_bytes(problem, ["f"]) == [sum(size for size, _ in inputs) + end - best]


@pytest.mark.parametrize(
    ("inputs", "end", "saved"),
    [
        ([(10, 0)], 10, 10),  # elementwise
        ([(10, 4)], 10, 6),
        ([(10, 0)], 4, 4),  # a window that takes fewer places than there are
        ([(4, 0)], 10, 4),  # a window that makes more channels
        ([(10, 10)], 10, 0),  # beside each other
        ([(10, 99)], 10, 0),
        ([(10, 0), (10, 0)], 10, 10),  # a sum lies over either of its terms
        ([(5, 0), (5, 5)], 10, 10),  # parts that are joined
        ([(5, 5), (5, 0)], 10, 10),
        ([(5, 5), (5, 5)], 10, 5),
        ([(3, 1), (3, 2)], 10, 6),
        ([(3, 1), (3, 8)], 10, 5),
    ],
)
def test_examples(inputs, end, saved):
    problem = operator(inputs, end)
    assert covered_bytes(problem.overlays()[0]) == saved
    assert live_bytes(problem, ["f"]) == [sum(size for size, _ in inputs) + end - saved]


def drawn(random):
    """The overlays of a random operator, and how many inputs it has."""
    n = random.randint(1, 5)
    if random.randint(0, 1):
        inputs = [(random.randint(1, 9), random.randint(0, 12)) for _ in range(n)]
        return operator(inputs, random.randint(1, 20)).overlays()[0], n
    more = [random.randint(1, 9) for _ in range(random.randint(0, 2))]
    pairs = [(a, b) for a in range(n) for b in range(n, n + 1 + len(more)) if random.randint(0, 1)]
    inputs = [(random.randint(4, 9), 0) for _ in range(n)]
    return operator(inputs, random.randint(1, 9), pairs or [(0, n)], more).overlays()[0], n


def subsets(n):
    return [set(chosen) for count in range(n + 1) for chosen in combinations(range(n), count)]


def among(overlays, inputs):
    return covered_bytes([overlay for overlay in overlays if overlay.input in inputs])


@pytest.mark.parametrize("seed", range(100))
def test_what_is_saved_grows_and_is_submodular(seed):
    overlays, n = drawn(Random(seed))
    for one in subsets(n):
        for other in subsets(n):
            both = among(overlays, one) + among(overlays, other)
            assert among(overlays, one | other) + among(overlays, one & other) <= both
            assert among(overlays, one) <= among(overlays, one | other)


@pytest.mark.parametrize("seed", range(100))
def test_single_gains_say_what_is_saved_together(seed):
    overlays, n = drawn(Random(seed))
    ways = gains(overlays, 1000)
    for inputs in subsets(n):
        said = [sum(saved for a, saved in way if a in inputs) for way in ways]
        assert max(said) == among(overlays, inputs)


@pytest.mark.parametrize("seed", range(100))
def test_least_gains_say_no_less_than_what_is_saved_together(seed):
    overlays, n = drawn(Random(seed))
    least, besides = least_gains(overlays)
    assert besides >= 0
    assert besides + sum(saved for _, saved in least) == covered_bytes(overlays)
    for inputs in subsets(n):
        said = besides + sum(saved for a, saved in least if a in inputs)
        assert said >= among(overlays, inputs)


def test_many_inputs_take_no_time():
    """Ways to save are only looked for where there are few."""
    beside = operator([(3, 3 * i) for i in range(40)], 120).overlays()[0]
    assert gains(beside, 16) == [tuple((i, 3) for i in range(40))]
    assert gains(operator([(9, 0)] * 16, 9).overlays()[0], 16) is not None
    assert gains(operator([(9, 0)] * 17, 9).overlays()[0], 16) is None
    assert gains(operator([(9, i) for i in range(40)], 50).overlays()[0], 16) is None


@pytest.mark.parametrize("seed", range(60))
def test_many_steps_at_once_save_what_each_does_alone(seed):
    random = Random(seed)
    drawings = [drawn(random) for _ in range(4)]
    first = [sum(n for _, n in drawings[:v]) for v in range(4)]
    net = [
        tuple(overlay._replace(input=overlay.input + first[v]) for overlay in overlays)
        for v, (overlays, _) in enumerate(drawings)
    ]
    operators = np.array([random.randrange(4) for _ in range(30)], np.int64)
    dead = np.array([[random.randint(0, 1) for _ in range(20)] for _ in operators], bool)
    step, saved = OverlayArrays(net).saved(operators, lambda step, tensor: dead[step, tensor])
    for number, v in enumerate(operators.tolist()):
        dying = [overlay for overlay in net[v] if dead[number, overlay.input]]
        outputs = {overlay.output for overlay in net[v]}
        alone = [covered_bytes([o for o in dying if o.output == output]) for output in outputs]
        assert sorted(saved[step == number].tolist()) == sorted(alone)
        assert max(alone, default=0) <= covered_bytes(dying) <= sum(alone)


def test_bounds_stay_true_where_there_are_too_many_ways():
    n = 17
    problem = Problem(
        tensors=tuple(range(n + 2)),
        sizes=(9,) * (n + 2),
        operators=("f", "g"),
        inputs=(tuple(range(n)),) * 2,
        outputs=((n,), (n + 1,)),
        graph_inputs=tuple(range(n)),
        graph_outputs=(n, n + 1),
        overlaps=tuple(tuple((a, n + v, 0) for a in range(n)) for v in range(2)),
    )
    net = problem.network()
    assert gains(net.overlays[0], 16) is None
    assert live_bytes(problem, ["f", "g"]) == [9 * (n + 1), 9 * (n + 1)]
    assert operator_cut(net, ancestor_masks(net), 0) == 9 * n
    assert schedule(problem).peak == 9 * (n + 1)
    assert schedule(problem).optimal


def residual(after):
    """X (10) -> f -> g -> add; f or add may write over x, the input of both."""
    return Problem(
        tensors=("x", "y", "z", "sum"),
        sizes=(10, 10, 10, 10),
        operators=("f", "g", "add"),
        inputs=((0,), (1,), (0, 2)),
        outputs=((1,), (2,), (3,)),
        graph_inputs=(0,),
        graph_outputs=(3,),
        overlaps=(((0, 1, 2),), ((1, 2, 3),), ((0, 3, 0), (2, 3, 0)) if after else ((0, 3, 0),)),
    )


@pytest.mark.parametrize("both", [True, False])
def test_what_no_order_changes_is_settled(both):
    """X never dies with f, as add runs later, and always with add, as f runs before."""
    net = residual(both).network()
    assert not any(net.overlays)
    assert net.step == (10, 3, 0)
    assert live_bytes(residual(both), ["f", "g", "add"]) == [20, 23, 20]


def test_what_adds_nothing_is_settled():
    """The sum may lie over y, which nobody else reads; whether x dies, too, is all the same."""
    problem = Problem(
        tensors=("x", "y", "sum", "z"),
        sizes=(10, 10, 10, 10),
        operators=("add", "g"),
        inputs=((0, 1), (0,)),
        outputs=((2,), (3,)),
        graph_inputs=(0, 1),
        graph_outputs=(2, 3),
        overlaps=(((0, 2, 0), (1, 2, 0)), ()),
    )
    assert problem.network().step == (0, 10)
    assert not any(problem.network().overlays)
    less = replace(problem, overlaps=(((0, 2, 0), (1, 2, 4)), ()))
    assert less.network().step == (10, 10)
    assert len(less.network().overlays[0]) == 2
    for order in (["add", "g"], ["g", "add"]):
        numbers = [problem.operators.index(name) for name in order]
        assert live_bytes(less, order) == step_costs(less.network(), numbers)


def test_what_an_order_changes_is_not():
    problem = Problem(
        tensors=("x", "y", "z"),
        sizes=(10, 10, 10),
        operators=("f", "g"),
        inputs=((0,), (0,)),
        outputs=((1,), (2,)),
        graph_inputs=(0,),
        graph_outputs=(1, 2),
        overlaps=(((0, 1, 2),), ((0, 2, 3),)),
    )
    net = problem.network()
    assert [len(overlays) for overlays in net.overlays] == [1, 1]
    assert live_bytes(problem, ["f", "g"]) == step_costs(net, [0, 1]) == [20, 23]
    assert live_bytes(problem, ["g", "f"]) == step_costs(net, [1, 0]) == [20, 22]


@settings(max_examples=150, deadline=None)
@given(problems(min_operators=1, max_operators=7, max_size=20, overlaps=True))
def test_cuts_are_what_the_best_order_for_an_operator_takes(problem):
    net = problem.network()
    n = len(net.preds)
    preds = [mask(operators) for operators in net.preds]
    least = [1 << 30] * n
    orders = {0: []}  # of what has run, one way to get there: what is live does not depend on it
    pending = [0]
    while pending:
        done = pending.pop()
        for v in range(n):
            if not done >> v & 1 and not preds[v] & ~done:
                order = [*orders[done], v]
                cost = step_costs(net, order)[-1] - (0 if done else net.first)
                least[v] = min(least[v], cost)
                if done | 1 << v not in orders:
                    orders[done | 1 << v] = order
                    pending.append(done | 1 << v)
    ancestors = ancestor_masks(net)
    assert [operator_cut(net, ancestors, v) for v in range(n)] == least
