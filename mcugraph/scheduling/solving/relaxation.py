"""A bound and an order from a simpler network, in which every operator frees a fixed amount.

A tensor that several operators read dies with the last of them, which depends on the order. Say of
one reader that the tensor dies with it, whatever comes later: then less is live than in truth, so
what the simpler network needs at the least is a lower bound, and if it is a tree or series-parallel
its best order is found at once (see ``hill_valley``). If some order of the network itself needs no
more, that is proven to be optimal. Trees with private inputs are that simple to begin with.

Elsewhere, edges are left out until each operator has one successor. What that needs is a bound all
the same, and its order, repaired, is a greedy order of the network.
"""

from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heappush

from mcugraph.scheduling.solving.flow import KeepOn, always
from mcugraph.scheduling.solving.forks import Forks
from mcugraph.scheduling.solving.hill_valley import (
    Chain,
    hill_of,
    in_parallel,
    in_series,
    operators_of,
    single,
)
from mcugraph.scheduling.solving.network import Network, without_shortcuts
from mcugraph.scheduling.solving.overlay import covered_bytes
from mcugraph.scheduling.solving.replay import order_peak
from mcugraph.scheduling.solving.series_parallel import joins_wholly, merged

_ROUNDS = 4  # each says of the readers that are last in the best order so far that they free


def series_parallel_bounds(
    net: Network, order: Sequence[int], keep_on: KeepOn = always
) -> Iterator[tuple[int, list[int]]]:
    """Lower bounds on the peak, each with an order; often they meet; none elsewhere.

    Args:
        net: The network.
        order: An order of it; the readers that are last in it say when tensors die.
        keep_on: Called now and then, raises to stop it.
    """
    if not net.preds:
        return
    preds, succs = without_shortcuts(net)
    if not joins_wholly(preds, succs):
        return
    least = order_peak(net, order)
    for _ in range(_ROUNDS):
        hills, deltas, last = _changes(net, order)
        forks = Forks(net, preds, hills, deltas, last, keep_on)
        chain = merged(preds, succs, list(map(single, range(len(hills)), hills, deltas)), forks)
        if chain is None:
            return
        found = operators_of(chain)
        yield net.start + hill_of(chain), found
        peak = order_peak(net, found)
        if peak >= least:
            return
        order, least = found, peak


def forest_bound(net: Network, order: Sequence[int]) -> tuple[int, list[int]]:
    """A lower bound on the peak of any network with operators, and an order."""
    place = {v: position for position, v in enumerate(order)}
    waiting: list[list[Chain]] = [[] for _ in net.succs]  # chains of what has to come before
    roots: list[Chain] = []
    hills, deltas, _ = _changes(net, order)
    for v, succs in enumerate(net.succs):
        alone = single(v, hills[v], deltas[v])
        chain = in_series(in_parallel(waiting[v]), alone) if waiting[v] else alone
        waiting[v].clear()
        (waiting[min(succs, key=place.__getitem__)] if succs else roots).append(chain)
    chain = in_parallel(roots)
    return net.start + hill_of(chain), _repaired(net, operators_of(chain))


def _changes(net: Network, order: Sequence[int]) -> tuple[list[int], list[int], dict[int, int]]:
    """Bytes that each operator adds while it runs, and after it; a tensor dies with its last one.

    That is the reader of each tensor that comes last in an order.
    """
    place = {v: position for position, v in enumerate(order)}
    deltas, last = list(net.kept), {}
    for tensor, (size, keep, readers) in enumerate(
        zip(net.sizes, net.keep, net.consumers, strict=True)
    ):
        if readers and not keep:
            last[tensor] = max(readers, key=place.__getitem__)
            deltas[last[tensor]] -= size
    hills = [
        step - covered_bytes(overlays)
        for step, overlays in zip(net.step, net.overlays, strict=True)
    ]
    return hills, deltas, last


def _repaired(net: Network, order: Sequence[int]) -> list[int]:
    """The order of the network that keeps closest to one that may run operators too early."""
    rank = {v: position for position, v in enumerate(order)}
    waiting = list(map(len, net.preds))
    ready = [rank[v] for v, count in enumerate(waiting) if not count]
    heapify(ready)
    found = []
    while ready:
        v = order[heappop(ready)]
        found.append(v)
        for w in net.succs[v]:
            waiting[w] -= 1
            if not waiting[w]:
                heappush(ready, rank[w])
    return found
