"""Another order with the same peak, when the first one does not pack."""

from collections.abc import Iterator, Sequence
from random import Random

from mcugraph.memory.limits import Limits
from mcugraph.memory.network import Network
from mcugraph.memory.planning.arena import arena_problem
from mcugraph.memory.planning.solver import Solver
from mcugraph.memory.problem import Problem
from mcugraph.memory.replay import order_peak

_TRIES = 12  # placements a sequence, for an order that is only tried


def better_orders(
    problem: Problem,
    order: Sequence[int],
    solver: Solver,
    limits: Limits,
    seed: int = 0,
) -> Iterator[tuple[Sequence[int], Solver]]:
    """Orders whose arena is smaller and smaller, down to the peak of the first.

    Walks from order to order: one operator moves to another place that its inputs and readers
    allow, if no step then takes more than the peak. Orders that pack no worse are kept.

    Args:
        problem: Whose sizes are those that the arena sees (already rounded up).
        order: The order to start from, by operator numbers.
        solver: Its plan.
        limits: The walk ends where they say so.
        seed: Of the random choices.
    """
    random, net = Random(seed), Network.from_problem(problem)
    peak = order_peak(net, order)
    current, best = list(order), solver
    least = solver.arena * solver.items.unit
    goal = solver.peak
    while least > goal and current:
        limits.check()
        trial = current
        for _ in range(random.choice((1, 1, 2, 4, 8))):
            trial = _moved(net, trial, random)
        if trial == current or order_peak(net, trial) > peak:
            continue
        found = _pack(problem, trial, best.problem.alignment, limits, random.randrange(1 << 30))
        arena = found.arena * found.items.unit
        if arena <= least:
            current = trial
            if arena < least:
                least, best = arena, found
                yield current, found


def _moved(net: Network, order: Sequence[int], random: Random) -> list[int]:
    """One operator at another place that precedence allows."""
    at = random.randrange(len(order))
    v = order[at]
    low = at
    while low > 0 and order[low - 1] not in net.preds[v]:
        low -= 1
    high = at
    while high + 1 < len(order) and order[high + 1] not in net.succs[v]:
        high += 1
    moved = [*order[:at], *order[at + 1 :]]
    moved.insert(random.randint(low, high), v)
    return moved


def _pack(
    problem: Problem, order: Sequence[int], alignment: int, limits: Limits, seed: int
) -> Solver:
    names = [problem.operators[v] for v in order]
    solver = Solver(arena_problem(problem, names, alignment), limits)
    solver.quick(_TRIES, seed)
    return solver
