"""A lower bound raised by what must be live at some level.

Every order comes to a state of each level, the states of so many operators; and then it runs one
more operator. It is proven how much is live in any state of a level (see ``level_proof``). Levels
where an order that is known has the most live come first; each is gone on with, for larger and
larger budgets, until one of its states keeps the budget; then the next. The network's chains are
taken as one operator each (see ``chain_relaxation``).

Networks without bottlenecks, such as randomly wired ones, need about as much as the states of their
dearest level do; there this comes close to the best order, with far fewer flows than
``implied_bounds`` takes for less.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from statistics import fmean

from mcugraph.scheduling.solving.chain_relaxation import chain_order, relaxed_chains
from mcugraph.scheduling.solving.level_cuts import LevelCuts
from mcugraph.scheduling.solving.level_proof import LevelProof
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import Network
from mcugraph.scheduling.solving.overlay import covered_bytes
from mcugraph.scheduling.solving.replay import step_costs

_LEVELS = 3  # that are tried
_APART = 8  # levels that are tried lie such a part of all levels apart
_STEPS = 16  # the first step is that part of the gap
_SHORTEST = 256  # no step is a smaller part of it
_TURN = 20_000  # nodes that flows walk, after which it is looked at what else there is to do
_LONGER = 2  # times as many nodes as for the last proof are to be walked for the next one
_TOO_LONG = 6  # times as many may be


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
    race = _Race(LevelCuts(smaller), smaller, chain_order(members, order))
    proven = lower_bound()
    step = (peak() - proven) // _STEPS
    before = 0
    while proven < peak() and race.start(proven, step, peak()):
        while race.proofs and not race.refuted and proven < peak():
            race.turn(limits)
            proven = max(proven, lower_bound())
            yield proven
            if before and race.walked > _TOO_LONG * before:
                break
        if race.refuted:
            proven = max(proven, min(race.least, peak()))
            if race.walked < _LONGER * before:
                step = 2 * step + 1
            before = race.walked
        elif race.proofs:
            step //= 2
            before *= _LONGER
        yield proven


class _Level:
    """A level.

    Attributes:
        number: How many operators its states hold.
        step: Bytes that any operator that may run next adds while it runs, at the least.
        hopeless: The least budget that one of its states is known to keep.
    """

    __slots__ = ("hopeless", "number", "step")

    def __init__(self, number: int, step: int, hopeless: int) -> None:
        self.number, self.step, self.hopeless = number, step, hopeless


class _Race:
    """Proofs for levels side by side, until one of them has won; then that one goes on alone.

    Attributes:
        proofs: Those that are still open, by level.
        refuted: Whether no order keeps some budget.
        least: If so, what every order needs at the least.
        walked: How many nodes one of the proofs has walked.
    """

    __slots__ = ("_cuts", "_leader", "_levels", "least", "proofs", "refuted", "walked")

    def __init__(self, cuts: LevelCuts, net: Network, order: Sequence[int]) -> None:
        self._cuts = cuts
        self._levels = _levels(cuts, net, order)
        self._leader: _Level | None = None
        self.proofs: dict[_Level, LevelProof] = {}
        self.refuted, self.least, self.walked = False, 0, 0

    def start(self, proven: int, step: int, peak: int) -> bool:
        """Begin proofs for budgets above what is proven; whether there is any to begin."""
        shortest = (peak - proven) // _SHORTEST
        self._levels = [lv for lv in self._levels if lv.hopeless - proven > shortest]
        levels = [self._leader] if self._leader in self._levels else self._levels
        self.refuted, self.walked = False, 0
        self.proofs = {}
        for level in levels:
            budget = min(proven + step, (proven + level.hopeless) // 2, peak - 1)
            self.proofs[level] = LevelProof(self._cuts, level.number, budget - level.step)
        return bool(levels)

    def turn(self, limits: Limits) -> None:
        """Go on with each of them.

        Raises:
            LimitReached: A limit was reached.
        """
        self.walked += _TURN
        for level, proof in list(self.proofs.items()):
            proof.run(_TURN, limits)
            limits.check(_memory(self.proofs.values()))
            if proof.refuted:
                self.refuted, self.least = True, proof.least + level.step
                self._leader = level
                return
            if proof.settled:
                level.hopeless = proof.least + level.step
                self._leader = None
                del self.proofs[level]


def _levels(cuts: LevelCuts, net: Network, order: Sequence[int]) -> list[_Level]:
    """Levels around which an order takes the most, some way apart."""
    count = len(order)
    apart = 1 + count // _APART
    costs = step_costs(net, order)
    around = [
        fmean(costs[max(0, number - apart // 2) : number + apart // 2 + 1])
        for number in range(count)
    ]
    found: list[_Level] = []
    for number in sorted(range(1, count), key=around.__getitem__, reverse=True):
        if all(abs(number - level.number) >= apart for level in found):
            step = min(
                net.step[v] - covered_bytes(net.overlays[v])
                for v in range(count)
                if cuts.ancestors[v].bit_count() <= number < count - cuts.descendants[v].bit_count()
            )
            found.append(_Level(number, step, cuts.highest))
            if len(found) == _LEVELS:
                break
    return found


def _memory(proofs: Iterable[LevelProof]) -> int:
    """Bytes that flows take, some of which are held more than once."""
    held = chain.from_iterable(proof.held() for proof in proofs)
    return sum(flow.memory for flow in {id(flow): flow for flow in held}.values())
