"""A bound by who is the last to read a tensor, and an order in which that takes no more.

A tensor that many read is live until the last of them runs, and in every order some reader is the
last. While that one runs, all others have run, and so has what they depend on. So of all readers
the one with the least cut under these precedences says what every order needs. That is far more
than what the readers need one by one where thousands of branches begin with one tensor: it is still
there when the last of them has begun.

Let v be that reader. All cuts have in common what has run, and v as well may count as run: it is
one cut, and then what depends on v is taken out of it, which concerns a branch only.

The downset of the least cut splits the network at v. The best order of both sides, of which neither
has to deal with the tensor any more, often needs no more than the cut.
"""

from collections.abc import Container, Iterator, Sequence

from mcugraph.scheduling.solving.cuts import DownsetCut
from mcugraph.scheduling.solving.excerpt import excerpt
from mcugraph.scheduling.solving.flow import KeepOn, always
from mcugraph.scheduling.solving.network import Network, ancestor_masks, mask
from mcugraph.scheduling.solving.overlay import covered_bytes
from mcugraph.scheduling.solving.relaxation import forest_bound, series_parallel_bounds
from mcugraph.scheduling.solving.replay import order_peak, step_costs


def last_reader_bounds(
    net: Network, order: Sequence[int], floor: int, keep_on: KeepOn = always
) -> Iterator[tuple[int, list[int] | None]]:
    """Bounds, not less than ``floor``; with an order where that is known to be the best.

    Args:
        net: The network.
        order: An order of it; tensors with a last reader that takes no more than the best bound in
            it need not be looked at.
        floor: What is proven, in bytes.
        keep_on: Called now and then, raises to stop it.
    """
    cost = dict(zip(order, step_costs(net, order), strict=True))
    place = {v: step for step, v in enumerate(order)}
    last = {
        readers: max(readers, key=place.__getitem__)
        for readers, keep in zip(net.consumers, net.keep, strict=True)
        if len(readers) > 1 and not keep
    }
    candidates = [readers for readers, v in last.items() if cost[v] > floor]
    if not candidates:
        return
    ancestors = ancestor_masks(net)
    for readers in sorted(candidates, key=lambda readers: cost[last[readers]], reverse=True):
        if cost[last[readers]] <= floor:
            return
        before = 0
        for v in readers:
            before |= ancestors[v]
        able = [v for v in readers if not before >> v & 1]
        if len(able) == 1:  # the last one in all orders
            continue
        run = before | mask(readers)
        node = [len(net.preds) if run >> w & 1 else w for w in range(len(net.preds))]
        cut = DownsetCut(net, node, keep_on=keep_on)
        least, v = _cheapest(net, cut, able, run)
        floor = max(floor, least)
        waiting = cut.waiting_unless_run(net.succs[v])
        yield floor, _through(net, order, v, waiting, floor, keep_on)


def _cheapest(net: Network, cut: DownsetCut, able: Sequence[int], run: int) -> tuple[int, int]:
    """What the reader takes that takes the least as the last one, and the reader."""
    freed = {
        tensor
        for tensor in {tensor for v in able for tensor in net.frees[v]}
        if all(run >> w & 1 for w in net.consumers[tensor])
    }
    # What is live after it, at the least, and by what more is live while it runs.
    least = {
        v: cut.least
        + sum([net.sizes[tensor] for tensor in net.frees[v] if tensor in freed])
        - net.kept[v]
        + net.step[v]
        - covered_bytes(net.overlays[v])
        for v in able
    }
    best: tuple[int, int] | None = None
    for v in sorted(able, key=least.__getitem__):
        if best and best[0] <= least[v]:
            break
        found = least[v] + cut.unless_run(net.succs[v]), v
        best = min(best, found) if best else found
    assert best
    return best


def _through(
    net: Network,
    order: Sequence[int],
    v: int,
    waiting: Container[int],
    most: int,
    keep_on: KeepOn,
) -> list[int] | None:
    """An order within ``most`` bytes in which ``v`` runs last of what is not ``waiting``."""
    before = [w for w in order if w != v and w not in waiting]
    split = [*before, v, *[w for w in order if w in waiting]]
    sides = [(0, len(before)), (len(before) + 1, len(split))]
    for begin, end in sides:
        if begin < end:
            part = excerpt(net, split, begin, end)
            found = _good_order(part, keep_on)
            if order_peak(part, found) > most:
                return None
            split[begin:end] = [split[begin + w] for w in found]
    return split if order_peak(net, split) <= most else None


def _good_order(net: Network, keep_on: KeepOn) -> list[int]:
    """The best order where there is little doubt which it is, or one that is often good."""
    given = range(len(net.preds))
    known = [found for _, found in series_parallel_bounds(net, given, keep_on)]
    if known:
        return min(known, key=lambda found: order_peak(net, found))
    return forest_bound(net, given)[1]
