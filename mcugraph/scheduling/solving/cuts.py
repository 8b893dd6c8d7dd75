"""Lower bounds on the peak of a network: by single operators, and by minimum cuts."""

from collections.abc import Iterator, Sequence

from mcugraph.scheduling.solving.flow import FlowNetwork, KeepOn, always
from mcugraph.scheduling.solving.network import OUTSIDE, Network, ancestor_masks, highest_cost
from mcugraph.scheduling.solving.overlay import covered_bytes, gains, least_gains
from mcugraph.scheduling.solving.replay import step_costs

_WAYS = 16  # of what inputs save at one operator, that are tried one by one


def operator_floor(net: Network) -> int:
    """Most bytes that one operator needs for itself: what it reads and writes, and its scratch."""
    if not net.preds:
        return net.start + net.first
    costs = [net.constant + step for step in net.step]
    for size, consumers in zip(net.sizes, net.consumers, strict=True):
        for v in consumers:
            costs[v] += size
    return max(
        cost - covered_bytes(overlays) for cost, overlays in zip(costs, net.overlays, strict=True)
    )


def order_estimates(net: Network, orders: Sequence[Sequence[int]]) -> list[int]:
    """For each operator, the least bytes live while it runs over some orders.

    No lower bound on the operator's cost can be above it.
    """
    best = [highest_cost(net)] * len(net.preds)
    for order in orders:
        for v, cost in zip(order, step_costs(net, order), strict=True):
            best[v] = min(best[v], cost)
    return best


def cut_bounds(
    net: Network, orders: Sequence[Sequence[int]], floor: int, keep_on: KeepOn = always
) -> Iterator[int]:
    """The bounds above ``floor`` that are found on the way to the cut bound, which is the last.

    Operators that some of ``orders`` runs within the best bound so far need no cut.
    """
    if not net.preds:
        yield max(floor, net.start + net.first)
        return
    floor = max(floor, min(_first_costs(net)))
    yield floor
    estimates = order_estimates(net, orders)
    candidates = [v for v, estimate in enumerate(estimates) if estimate > floor]
    if not candidates:
        return
    ancestors = ancestor_masks(net)
    for v in sorted(candidates, key=estimates.__getitem__, reverse=True):
        if estimates[v] <= floor:
            return
        if _soonest_cost(net, v) > floor:
            floor = max(floor, operator_cut(net, ancestors, v, keep_on))
        yield floor


def _soonest_cost(net: Network, v: int) -> int:
    """Bytes live while an operator runs right after what it depends on, without ``first``.

    No cut of it is above that, and it takes no longer than to look at what it depends on.
    """
    live, left = net.start, dict[int, int]()  # tensor -> readers that have not run
    before, waiting = set(net.preds[v]), list(net.preds[v])
    while waiting:
        u = waiting.pop()
        live += net.kept[u]
        for tensor in net.frees[u]:
            left[tensor] = left.get(tensor, len(net.consumers[tensor])) - 1
            if not left[tensor]:
                live -= net.sizes[tensor]
        fresh = [w for w in net.preds[u] if w not in before]
        before.update(fresh)
        waiting += fresh
    dying = [
        overlay
        for overlay in net.overlays[v]
        if left.get(overlay.input, len(net.consumers[overlay.input])) == 1
    ]
    return live + net.step[v] - covered_bytes(dying)


def _first_costs(net: Network) -> list[int]:
    """Bytes live while an operator runs, for those that may run first."""
    once = [len(consumers) == 1 for consumers in net.consumers]
    return [
        net.start
        + net.first
        + net.step[v]
        - covered_bytes([overlay for overlay in net.overlays[v] if once[overlay.input]])
        for v, preds in enumerate(net.preds)
        if not preds
    ]


def operator_cut(net: Network, ancestors: Sequence[int], v: int, keep_on: KeepOn = always) -> int:
    """Least bytes that any order has live while operator ``v`` runs, or a lower bound on it.

    Exact over downsets, unless there are very many ways to save; what an input saves if it dies is
    a gain in the cut. ``keep_on`` is called now and then, and raises to stop it.
    """
    overlays = net.overlays[v]
    ways = gains(overlays, _WAYS)
    if ways is None:
        least, besides = least_gains(overlays)
        return OperatorCut(net, ancestors, v, least, keep_on).least - besides
    return min([OperatorCut(net, ancestors, v, way, keep_on).least for way in ways])


class DownsetCut:
    """The least that is live after any of some downsets, as a cut.

    Nodes are operators that may have run or not; the source is what must have run, the sink what
    cannot have. A tensor is cut where its producer has run and a reader has not.

    Args:
        net: The network.
        node: For each operator its number; or that of all, if it must have run; or one more than
            that, if it cannot have.
        lost: Bytes that are live, besides, as long as some of these operators have not run.
        keep_on: Called now and then, raises to stop it.

    Attributes:
        least: Bytes of the cut.
    """

    __slots__ = ("_flow", "_keep_on", "_node", "_sink", "_source", "_uncut", "least")

    def __init__(
        self,
        net: Network,
        node: list[int],
        lost: Sequence[tuple[Sequence[int], int]] = (),
        keep_on: KeepOn = always,
    ) -> None:
        n = len(node)
        # More than a cut can cost.
        self._uncut = uncut = sum(net.sizes) + sum([size for _, size in lost]) + 1
        self._flow = flow = FlowNetwork(n + 2)
        self._source, self._sink = source, sink = n, n + 1
        self._node = node
        total = net.constant
        for size, made, consumers, keep in zip(
            net.sizes, net.producer, net.consumers, net.keep, strict=True
        ):
            tail = source if made == OUTSIDE else node[made]
            if tail == sink:
                continue
            if len(consumers) == 1 and not keep and (reader := node[consumers[0]]) != sink:
                if reader != source:
                    flow.add_arc(tail, reader, size)
                continue
            readers = {node[w] for w in consumers}
            readers.discard(source)
            if keep or sink in readers:
                if tail == source:
                    total += size
                else:
                    flow.add_arc(tail, sink, size)
            elif len(readers) == 1:
                flow.add_arc(tail, readers.pop(), size)
            elif readers:
                middle = flow.add_node()
                flow.add_arc(tail, middle, size)
                for reader in readers:
                    flow.add_arc(middle, reader, uncut)
        for w in range(n):
            if node[w] == w:
                for u in net.preds[w]:
                    if node[u] == u:
                        flow.add_arc(w, u, uncut)
        for operators, size in lost:
            middle = flow.add_node()
            flow.add_arc(source, middle, size)
            for w in operators:
                if node[w] != source:
                    flow.add_arc(middle, node[w], uncut)
        self._keep_on = keep_on
        self.least = total + flow.maximum(source, sink, keep_on)

    def postpone(self, w: int) -> int:
        """Let ``w``, on which nothing depends that may run before, run later.

        Returns:
            The bytes by which that raises the cut.
        """
        if self._node[w] == self._sink:
            return 0
        self._flow.add_arc(w, self._sink, self._uncut)
        if self._flow.level[w] < 0:  # no flow comes to it
            return 0
        more = self._flow.maximum(self._source, self._sink, self._keep_on)
        self.least += more
        return more

    def unless_run(self, operators: Sequence[int]) -> int:
        """By how many bytes the cut is higher if these have not run; nothing is changed.

        It looks at no more than such downsets have to do without, once for each way on which more
        flows.
        """
        self._keep_on()
        return self._flow.more_to(self._source, self._sink, self._places(operators))[0]

    def waiting_unless_run(self, operators: Sequence[int]) -> set[int]:
        """What waits after the largest downset with the least live in which these have not run."""
        self._keep_on()
        targets = [*self._places(operators), self._sink]
        side = self._flow.more_to(self._source, self._sink, targets)[1]
        return {w for w, place in enumerate(self._node) if place in side}

    def _places(self, operators: Sequence[int]) -> list[int]:
        return [w for w in operators if self._node[w] != self._sink]


class OperatorCut(DownsetCut):
    """The least that is live while one operator runs, as a cut.

    What must have run is what the operator depends on. Bytes that are ``gained`` with a tensor are
    lost where another one of its readers has not run.

    Attributes:
        before: The operators that must have run, as a mask.
    """

    __slots__ = ("before",)

    def __init__(
        self,
        net: Network,
        ancestors: Sequence[int],
        v: int,
        gained: Sequence[tuple[int, int]] = (),
        keep_on: KeepOn = always,
    ) -> None:
        n, itself = len(ancestors), 1 << v
        self.before = before = ancestors[v]
        node = [
            n + 1 if above & itself else n if before >> w & 1 else w
            for w, above in enumerate(ancestors)
        ]
        node[v] = n + 1
        lost = [([w for w in net.consumers[tensor] if w != v], size) for tensor, size in gained]
        super().__init__(net, node, lost, keep_on)
        self.least += net.step[v] - sum([size for _, size in gained])
