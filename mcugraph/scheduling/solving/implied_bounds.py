"""A lower bound raised by what budgets imply.

It is seen within which budgets no order of operators is left (see ``disputes``). That takes no
states, however large the network; what it takes grows steeply with the budget. So where a budget
takes too many flows, one half-way to the bound is tried; it comes again after that, from the
beginning, since what is known of lower budgets tells which operators to try both ways.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from math import gcd

from mcugraph.scheduling.solving.disputes import Disputes
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import Network
from mcugraph.scheduling.solving.precedence import Supports

_STEPS = 24  # the first step is that part of the gap
_SHORTEST = 384  # no step is a smaller part of it
_TURN = 50_000  # nodes that flows walk, after which it is looked at what else there is to do
_FLOWS = 12  # flows for each operator, after which a lower budget is tried
_MOST = 1 << 12  # flows for each operator that the lowest budget may take
_EASY = 2  # flows for each operator; a step that takes no more is followed by a longer one


def implied_bounds(
    net: Network, order: Sequence[int], lower_bound: int, peak: Callable[[], int], limits: Limits
) -> Iterator[int]:
    """Better and better bounds, until they meet the peak or budgets take too many flows.

    Args:
        net: The network.
        order: An order of it.
        lower_bound: What is proven, in bytes.
        peak: Tells the peak of the best order known.
        limits: Limits to keep.

    Yields:
        Now and then the bound, be it a better one or not.

    Raises:
        LimitReached: A limit was reached first.
    """
    supports = Supports(net, order)
    grain = _grain(net)
    few, most = _FLOWS * len(net.preds), _MOST * len(net.preds)
    hopeless = peak() // grain + 1  # from that budget on nothing can be told
    step = (peak() - lower_bound) // grain // _STEPS
    disputes = None
    # From here on the lowest and the highest budget about which something is to be told, in grains.
    while (low := -(-lower_bound // grain)) <= (high := min(hopeless, -(-peak() // grain)) - 1):
        if disputes is None or disputes.budget // grain > high:
            disputes = Disputes(supports, min(low + step, high) * grain)
        last = disputes.flows + few
        while not disputes.settled and disputes.flows < last:
            disputes.run(_TURN, limits)
            limits.check(_memory(supports, disputes))
            if not disputes.settled:
                yield lower_bound
        length = disputes.budget // grain - low
        if disputes.refuted:
            lower_bound = min(disputes.least, peak())
            if disputes.flows <= _EASY * len(net.preds):
                step = 2 * step + 1
            few = max(few, disputes.flows)
            disputes = None
        elif disputes.settled:
            hopeless = disputes.budget // grain
            disputes = None
        elif length > (high - low) // _SHORTEST:
            step = length // 2
            disputes = None
        elif disputes.flows > most:
            return
        yield lower_bound


def _memory(supports: Supports, disputes: Disputes) -> int:
    """Bytes that flows take, many of which are held more than once."""
    held = chain(supports.flows.values(), disputes.held())
    return sum(flow.memory for flow in {id(flow): flow for flow in held}.values())


def _grain(net: Network) -> int:
    """Bytes of which all that a step of any order takes is a multiple."""
    overlaid = (
        number for overlays in net.overlays for o in overlays for number in (o.saved, o.room)
    )
    return gcd(net.constant, net.first, *chain(net.sizes, net.step, overlaid)) or 1
