"""A lower bound raised step by step, by what budgets imply, and by sweeps.

First come budgets within which no order is left (see ``implied_bounds``). Then the network is swept
(see ``sweep``).

The network's chains are taken as one operator each first, which costs some of the bound where a
chain is at the peak (see ``chain_relaxation``) and makes far fewer states; once that proves no
more, the network is swept as it is. A step that is proven easily is followed by a longer one, one
that takes too many states by a shorter one.
"""

from collections.abc import Callable, Iterator, Sequence

from mcugraph.scheduling.solving.chain_relaxation import chain_order, relaxed_chains
from mcugraph.scheduling.solving.completion import Completions
from mcugraph.scheduling.solving.implied_bounds import implied_bounds
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import Network, countable
from mcugraph.scheduling.solving.replay import order_peak
from mcugraph.scheduling.solving.sweep import LevelSweep

_QUOTA = 50_000  # states of the first sweeps
_GROWTH = 4
_MOST = 4_000_000  # states of a sweep, at the most
_STEPS = 16  # the first step is that part of the gap
_FAILURES = 2  # sweeps that take too many states, before they may take more


def climb(
    net: Network,
    order: Sequence[int],
    lower_bound: int,
    peak: Callable[[], int],
    limits: Limits,
) -> Iterator[tuple[int, list[int] | None]]:
    """Better and better bounds, until they meet the peak or sweeps get too large.

    Args:
        net: The network.
        order: An order of it.
        lower_bound: What is proven, in bytes.
        peak: Tells the peak of the best order known.
        limits: Limits to keep.

    Yields:
        After each sweep the proven bound, and an order if one was found.

    Raises:
        LimitReached: A limit was reached first.
    """
    smaller, members = relaxed_chains(net)
    for swept in (smaller, net) if smaller is not net else (net,):
        if not countable(swept) or lower_bound >= peak():
            return
        if swept is net:
            members = [(v,) for v in range(len(net.preds))]
        ranked = chain_order(members, order)
        for bound in implied_bounds(swept, ranked, lower_bound, peak, limits):
            lower_bound = bound
            yield lower_bound, None
        steps = _Steps(swept, ranked, lower_bound, limits)
        yield from steps.run(net, members, peak)
        lower_bound = steps.lower_bound
        if not steps.found:
            return


class _Steps:
    """The steps on one network.

    Attributes:
        lower_bound: What is proven, in bytes.
        found: Whether an order was found that takes more than it may in this network: what it
            proves lies below.
    """

    def __init__(
        self, swept: Network, order: Sequence[int], lower_bound: int, limits: Limits
    ) -> None:
        self.lower_bound = lower_bound
        self.found = False
        self._limits = limits
        self._sweep = LevelSweep(swept)
        self._completions = Completions(swept, order, limits)

    def run(
        self,
        net: Network,
        members: Sequence[Sequence[int]],
        peak: Callable[[], int],
    ) -> Iterator[tuple[int, list[int] | None]]:
        """Step by step; see ``climb``."""
        sweep = self._sweep
        quota, failures = _QUOTA, 0
        highest = peak() - 1  # budgets above it prove nothing
        step = max(1, (highest - self.lower_bound) // _STEPS)
        while self.lower_bound <= (highest := min(highest, peak() - 1)) and quota <= _MOST:
            budget = min(self.lower_bound + step - 1, highest)
            sweep.run(budget, quota, self._completions, self._limits)
            if sweep.order is not None:
                order = [v for i in sweep.order for v in members[i]]
                self.found |= order_peak(net, order) > budget
                highest = min(budget, order_peak(net, order)) - 1
                yield self.lower_bound, order
                step = max(1, step // 2)
            elif sweep.complete:
                self.lower_bound = min(peak(), sweep.next_budget)
                failures = 0
                if sweep.states < quota // 2:
                    step *= _GROWTH
                yield self.lower_bound, None
            else:
                step = max(1, step // 2)
                failures += 1
                if failures == _FAILURES:
                    failures = 0
                    quota *= _GROWTH
                    step = max(1, (highest - self.lower_bound) // _STEPS)
                yield self.lower_bound, None
