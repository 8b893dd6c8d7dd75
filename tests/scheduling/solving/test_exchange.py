"""Which of operators that stand alike runs first neither loses nor invents an order."""

from random import Random

import pytest

from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.solving.dp import dp_order
from mcugraph.scheduling.solving.exchange import exchanged
from mcugraph.scheduling.solving.instance import Instance
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.replay import order_peak
from mcugraph.scheduling.solving.solver import solve
from mcugraph.testing import SHAPES, build_problem


class Net:
    """A problem that grows operator by operator."""

    def __init__(self):
        self.sizes, self.operators, self.scratch, self.inplace = [], [], [], []

    def tensor(self, size):
        self.sizes.append(size)
        return len(self.sizes) - 1

    def run(self, read, sizes, scratch=0, over=False):
        """An operator with outputs of these sizes, whose first may take an input's place."""
        written = [self.tensor(size) for size in sizes]
        self.operators.append((tuple(read), tuple(written)))
        self.scratch.append(scratch)
        fits = [t for t in read if self.sizes[t] >= sizes[0]]
        self.inplace.append(tuple((t, written[0]) for t in fits[:1] if over))
        return written

    def problem(self, kept):
        made = {t for _, written in self.operators for t in written}
        return Problem(
            tensors=tuple(range(len(self.sizes))),
            sizes=tuple(self.sizes),
            operators=tuple(range(len(self.operators))),
            inputs=tuple(read for read, _ in self.operators),
            outputs=tuple(written for _, written in self.operators),
            graph_inputs=tuple(t for t in range(len(self.sizes)) if t not in made),
            graph_outputs=tuple(kept),
            scratch=tuple(self.scratch),
            inplace=tuple(self.inplace),
        )


def alike(random):
    """Few operators, many of which stand alike; some tensors that nobody reads."""
    net = Net()
    at_hand = [net.tensor(random.randint(0, 6)) for _ in range(random.randint(1, 3))]
    over = random.random() < 0.5
    while len(net.operators) < random.randint(5, 9):
        source = random.sample(at_hand, min(len(at_hand), random.randint(1, 2)))
        beside = []
        for _ in range(random.randint(1, 4)):
            own = [net.tensor(random.randint(0, 6))] if random.random() < 0.4 else []
            sizes = [random.randint(0, 6) for _ in range(random.randint(1, 2))]
            here = over and random.random() < 0.5
            beside += net.run(source + own, sizes, random.randint(0, 5), here)
        at_hand += net.run(beside, [random.randint(0, 6)]) if random.random() < 0.5 else beside
    made = [t for _, written in net.operators for t in written]
    return net.problem([t for t in made if random.random() < 0.35])


def check_least_peak_stays(problem):
    """Whether there was something to do, too."""
    net = problem.network()
    narrowed, numbers = exchanged(net)
    place = {v: position for position, v in enumerate(numbers)}
    assert sorted(numbers) == list(range(len(net.preds)))
    assert all(place[u] < place[v] for v, preds in enumerate(net.preds) for u in preds)
    assert order_peak(net, numbers) <= order_peak(net, range(len(net.preds)))
    least = order_peak(net, dp_order(net, Limits()))
    order = dp_order(narrowed, Limits())
    assert order_peak(net, [numbers[v] for v in order]) == order_peak(narrowed, order) == least
    return narrowed is not net


def test_least_peak_stays():
    assert sum(check_least_peak_stays(alike(Random(seed))) for seed in range(300)) > 200


@pytest.mark.parametrize("shape", SHAPES)
def test_least_peak_stays_on_any_problem(shape):
    for seed in range(30):
        random = Random(seed)
        n = random.randint(3, 11)
        check_least_peak_stays(
            build_problem(
                random.randint, n, shape, max_size=9, plain=False, overlaps=bool(seed % 2)
            )
        )


def heads(n, random):
    """Outputs of one tensor."""
    net = Net()
    source = net.tensor(50)
    made = [net.run([source], [random.randint(1, 99)], random.randint(0, 99)) for _ in range(n)]
    return net.problem(t for (t,) in made)


def star(n, random):
    """What is read from one tensor comes together again."""
    net = Net()
    source = net.tensor(50)
    made = [net.run([source], [random.randint(1, 99)], random.randint(0, 99)) for _ in range(n)]
    return net.problem(net.run([t for (t,) in made], [7]))


def inputs(n, random):
    """Each input is made smaller, and all come together."""
    net = Net()
    read = [net.tensor(random.randint(50, 99)) for _ in range(n)]
    made = [net.run([t], [random.randint(1, 49)], random.randint(0, 99)) for t in read]
    return net.problem(net.run([t for (t,) in made], [7]))


def equal_heads_in_place(n, random):
    """The last of them may take the place of what all read."""
    net = Net()
    source = net.tensor(50)
    made = [net.run([source], [50], over=True) for _ in range(n)]
    return net.problem(t for (t,) in made)


@pytest.mark.parametrize("family", [heads, star, inputs, equal_heads_in_place])
def test_what_stands_alike_is_not_searched(family):
    """However many there are."""
    looks = set()
    for n in (6, 100, 2000):
        problem = family(n, Random(n))
        instance, limits = Instance(problem.network()), Limits()
        found = solve(instance, "auto", limits)
        assert [part.one_order for part in instance.parts] == [True]
        assert found.peak == found.lower_bound
        looks.add(limits.looks)
        if n == 6:
            assert found.peak == order_peak(instance.net, dp_order(instance.net, Limits()))
    assert looks == {0}


def test_the_cut_bound_is_that_of_all_orders():
    problem = heads(50, Random(0))
    net = problem.network()
    assert Instance(net).cut_bound() < solve(Instance(net), "auto", Limits()).lower_bound
