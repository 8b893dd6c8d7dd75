"""Another order with the same peak, when the first one does not pack."""

from collections.abc import Iterable, Iterator, Sequence
from random import Random

from mcugraph.planning.arena import ArenaProblem
from mcugraph.planning.crowded import crowded
from mcugraph.planning.judging import judged_by_content, judgement_of, packed_again
from mcugraph.planning.order_blocks import aligned_problem, arena_problem
from mcugraph.planning.packing import Packing
from mcugraph.records import dataclass
from mcugraph.scheduling.problem import Name, Problem
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import Network, has_one_order
from mcugraph.scheduling.solving.replay import order_peak

_PATIENCE = 200  # orders without a better one, after which to stop; more for more operators
_UPHILL = 0.02  # how often an order that packs worse is kept
_REMEMBERED = 2000  # orders that need not be packed again


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """What orders of a problem are judged by: the blocks that they ask for.

    Attributes:
        problem: What is scheduled.
        alignment: Of offsets and sizes, in bytes.
        enough: Bytes of an arena that will do.
        narrowed: Only blocks that decide whether the order packs are looked at.
    """

    problem: Problem
    alignment: int
    enough: int = 0
    narrowed: bool = False

    def of(self, order: Sequence[Name], peak: int | None = None) -> tuple[ArenaProblem, int]:
        """The blocks of an order, and the bytes that will do for them.

        Its ``peak``, sizes rounded up, is what no arena of it is smaller than; None: not known.
        """
        blocks = arena_problem(self.problem, order, self.alignment)
        if not self.narrowed:
            return blocks, self.enough
        goal = max(blocks.bound if peak is None else peak, self.enough)
        return crowded(blocks, goal), goal


def better_orders(
    problem: Problem,
    order: Sequence[int],
    packing: Packing,
    limits: Limits,
    lifetimes: Lifetimes,
    seed: int = 0,
) -> Iterator[tuple[Sequence[int], Packing]]:
    """Orders whose arena is smaller and smaller, down to the peak of the first.

    Tries those that two searches find, then walks from order to order: a few operators move to
    other places that their inputs and readers allow, if no step then takes more than the peak.
    Orders that pack no worse are kept. Where outputs may lie over inputs, hardly an order packs
    into its peak, so every other time one with a larger peak will do, if that is below the best
    arena.

    Args:
        problem: What is scheduled.
        order: The order to start from, by operator numbers.
        packing: Its plan.
        limits: The walk ends where they say so.
        lifetimes: What orders are judged by; the first one was.
        seed: Of the random choices.
    """
    # What searches takes long to import, and most orders pack.
    from mcugraph.scheduling.solving.further_orders import orders_within

    random, net = Random(seed), aligned_problem(problem, lifetimes.alignment).network()
    if has_one_order(net):
        return
    peak = order_peak(net, order)
    current: Sequence[int] = order
    best = packing
    given = judgement_of(packing)
    level, spots = given.excess, _within(given.spots, len(current))
    # Small networks have few orders, which walks come by again and again.
    packed = {tuple(order): (level, spots)}
    left = patience = _PATIENCE + 10 * len(current)
    trials = orders_within(net, peak, limits)
    rows = any(problem.overlaps)
    least = max(peak, lifetimes.enough)
    while (best.arena > best.goal or (rows and best.nbytes > least)) and left > 0 and current:
        limits.check()
        left -= 1
        trial = next(trials, None) or _walked(net, current, random, spots)
        most = max(peak, best.nbytes - 1) if rows and left % 2 else peak
        if trial == current or (takes := order_peak(net, trial)) > most:
            continue
        judged = packed.get(tuple(trial))
        if judged is None:
            blocks, enough = lifetimes.of([problem.operators[v] for v in trial], takes)
            found = judged_by_content(blocks, enough, limits)
            judged = found.excess, _within(found.spots, len(trial))
            if len(packed) < _REMEMBERED:
                packed[tuple(trial)] = judged
            if found.nbytes < best.nbytes:
                best, left = packed_again(blocks, enough, limits), patience
                yield trial, best
        if judged[0] <= level or random.random() < _UPHILL:
            current, (level, spots) = trial, judged


def _walked(
    net: Network, order: Sequence[int], random: Random, spots: Sequence[int]
) -> Sequence[int]:
    """The order with a few operators at other places."""
    for _ in range(random.choice((1, 1, 2, 4, 8))):
        order = _moved(net, order, random, spots)
    return order


def _within(spots: Iterable[int], steps: int) -> list[int]:
    """Those of some steps that there are; all of them, if there are none."""
    return sorted([step for step in spots if 0 <= step < steps]) or list(range(steps))


def _moved(net: Network, order: Sequence[int], random: Random, spots: Sequence[int]) -> list[int]:
    """One operator at another place that precedence allows."""
    at = random.choice(spots)
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
