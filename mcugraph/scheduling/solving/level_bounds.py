"""A lower bound raised by what must be live at some level.

Every order comes to a state of each level, the states of so many operators; and then it runs one
more operator. It is proven how much that takes from any state of a level (see ``level_proof``).
Levels where an order that is known has the most live come first; each is gone on with, for larger
and larger budgets, until one of its states keeps the budget; then the next. The first are far from
each other. Later ones go on from what is proven: most are passed within that, which shows soon. The
network's chains are taken as one operator each (see ``chain_relaxation``).

Networks without bottlenecks, such as randomly wired ones, need about as much as the states of their
dearest level do; there this comes close to the best order, with far fewer flows than
``implied_bounds`` takes for less. What is proven for a budget is gone on with for the next one: so
steps are short.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice

from mcugraph.scheduling.solving.chain_relaxation import chain_order, relaxed_chains
from mcugraph.scheduling.solving.level_cuts import LevelCuts
from mcugraph.scheduling.solving.level_proof import LevelProof
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import Network
from mcugraph.scheduling.solving.overlay import covered_bytes
from mcugraph.scheduling.solving.replay import step_costs

_LEVELS = 3  # that are tried at once
_TRIED = 9  # in all: more take time from those who look for better orders
_APART = 8  # the first levels that are tried lie such a part of all levels apart
_STEPS = 64  # each step is that part of the gap
_SHORTEST = 256  # no step is a smaller part of it
_RACE = 0.75  # the first levels race for such a part of what is proven; one goes on alone
_TURN = 20_000  # nodes that flows walk, after which it is looked at what else there is to do


def level_bounds(
    net: Network,
    order: Sequence[int],
    lower_bound: Callable[[], int],
    peak: Callable[[], int],
    limits: Limits,
) -> Iterator[int]:
    """Better and better bounds, until they meet the peak or no level is left to prove more.

    Args:
        net: The network.
        order: An order of it.
        lower_bound: Tells what is proven, in bytes.
        peak: Tells the peak of the best order known.
        limits: Limits to keep.

    Yields:
        Now and then the bound, be it a better one or not.

    Raises:
        LimitReached: A limit was reached first.
    """
    smaller, members = relaxed_chains(net)
    race = _Race(_levels(LevelCuts(smaller), smaller, chain_order(members, order)))
    proven = lower_bound()
    step = max(1, (peak() - proven) // _STEPS)
    while proven < peak() and race.start(proven, step, peak()):
        while race.open and not race.refuted and proven < peak():
            race.turn(limits)
            proven = max(proven, lower_bound())
            yield proven
        if race.refuted:
            proven = max(proven, min(race.least, peak()))
        yield proven


class _Race:
    """Proofs for levels side by side, until one of them has won; then that one goes on alone.

    The first race for less than what is proven, where each takes a small part of what it would.

    Args:
        levels: Levels in the order in which they are tried.

    Attributes:
        open: Levels for which it is open whether one of their states keeps the budget.
        refuted: Whether no order keeps some budget.
        least: If so, what every order needs at the least.
    """

    __slots__ = ("_leader", "_levels", "_others", "_part", "least", "open", "refuted")

    def __init__(self, levels: Iterator[LevelProof]) -> None:
        self._levels = list(islice(levels, _LEVELS))
        self._others = levels
        self._part = _RACE
        self._leader: LevelProof | None = None
        self.open: list[LevelProof] = []
        self.refuted, self.least = False, 0

    def start(self, proven: int, step: int, peak: int) -> bool:
        """Begin proofs for budgets above what is proven; whether there is any to begin."""
        shortest = (peak - proven) // _SHORTEST
        self._levels = [lv for lv in self._levels if lv.met - proven > shortest]
        if not self._levels:
            self._levels, self._part = list(islice(self._others, _LEVELS)), 1.0
        self.open = [self._leader] if self._leader in self._levels else self._levels.copy()
        self.refuted = False
        low = proven if len(self.open) == 1 else int(self._part * proven)
        for level in self.open:
            budget = min(low + step, (low + level.met) // 2, peak - 1)
            level.aim(budget)
        return bool(self.open)

    def turn(self, limits: Limits) -> None:
        """Go on with each of them.

        Raises:
            LimitReached: A limit was reached.
        """
        for level in self.open.copy():
            level.run(_TURN, limits)
            limits.check(_memory(self._levels))
            if level.refuted:
                self.refuted, self.least = True, level.least
                self._leader = level
                return
            if level.settled:
                self._leader = None
                self.open.remove(level)


def _levels(cuts: LevelCuts, net: Network, order: Sequence[int]) -> Iterator[LevelProof]:
    """Levels around which an order takes the most, in order; the first lie some way apart."""
    count = len(order)
    apart = 1 + count // _APART
    costs = step_costs(net, order)
    steps = [a - covered_bytes(b) for a, b in zip(net.step, net.overlays, strict=True)]
    windows = (costs[max(0, at - apart // 2) : at + apart // 2 + 1] for at in range(count))
    around = [sum(window) / len(window) for window in windows]
    ranked = sorted(range(1, count), key=around.__getitem__, reverse=True)
    first: list[int] = []
    for number in ranked:
        if len(first) < _LEVELS and all(abs(number - other) >= apart for other in first):
            first.append(number)
    for number in list(dict.fromkeys([*first, *ranked]))[:_TRIED]:
        yield LevelProof(cuts, order, number, steps)


def _memory(proofs: Iterable[LevelProof]) -> int:
    """Bytes that flows take, some of which are held more than once."""
    held = chain.from_iterable(proof.held() for proof in proofs)
    return sum(flow.memory for flow in {id(flow): flow for flow in held}.values())
