"""The graph of which all cuts of a network are, and what flows in it.

A downset is a cut: a tensor is cut where its producer has run and a reader has not. There is a node
for each operator, and one for each tensor that several operators read; what must have run are
sources, what cannot have are sinks. A flow that was found with fewer sources and sinks is one with
more of them, too: so it is kept, and only what is missing is pushed.

Sets of nodes are integers, one bit a node. What a node reaches, whatever flows, is one of them: all
that an operator needs at once, however indirectly, so that the ways to the sinks are short.
"""

from collections.abc import Sequence
from itertools import pairwise
from operator import or_

from mcugraph.scheduling.solving.network import OUTSIDE, Network, ancestor_masks, mask

_ENTRY_BYTES = 75  # what is left, the pair of nodes, and their place in the table


class CutFlow:
    """What flows, for one operator.

    Attributes:
        value: Bytes that flow.
        left: Of pairs of nodes, packed into a number: what can still flow from one to the other.
        open: For each node, those to which something can.
    """

    __slots__ = ("left", "open", "value")

    def __init__(self, value: int, left: dict[int, int], open_: list[int]) -> None:
        self.value, self.left, self.open = value, left, open_

    @property
    def memory(self) -> int:
        """Bytes that it takes, about."""
        return _ENTRY_BYTES * len(self.left)

    def copy(self) -> "CutFlow":
        """The same, to go on from."""
        return CutFlow(self.value, self.left.copy(), self.open.copy())


class CutGraph:
    """A network, as all its cuts have it.

    Args:
        net: The network.
        unit: What a byte counts for.

    Attributes:
        ancestors: For each operator, what the network has before it, as a mask.
        walked: How many nodes were walked to look for flows, by all cuts.
    """

    def __init__(self, net: Network, unit: int = 1) -> None:
        n = len(net.preds)
        self.net = net
        self.ancestors = ancestor_masks(net)
        self.walked = 0
        self.sink = n
        self.outside = n + 1
        self._nodes = n + 2
        # Of each: its producer, its readers, as masks, and bytes.
        self.tensors: list[tuple[int, int, int]] = []
        self.wide: list[int] = [0] * self._nodes  # what each reaches, whatever flows
        tails: list[tuple[int, int, int]] = []
        for size, made, consumers, keep in zip(
            net.sizes, net.producer, net.consumers, net.keep, strict=True
        ):
            tail = self.outside if made == OUTSIDE else made
            size *= unit
            self.tensors.append((1 << tail, 1 << self.sink if keep else mask(consumers), size))
            if keep:
                tails.append((tail, self.sink, size))
            elif len(consumers) == 1:
                tails.append((tail, consumers[0], size))
            elif consumers:
                self.wide.append(mask(consumers))
                tails.append((tail, self._nodes, size))
                self._nodes += 1
        # One more node for each input of an operator that an output may lie over.
        most = max((len(overlays) for overlays in net.overlays), default=0)
        self.spare = self._nodes
        self.wide += [0] * most
        self._nodes += most
        self.shift = self._nodes.bit_length()
        left: dict[int, int] = {}
        open_ = [0] * self._nodes
        for tail, head, size in tails:
            key = tail << self.shift | head
            left[key] = left.get(key, 0) + size
            open_[tail] |= 1 << head
        self.empty = CutFlow(0, left, open_)
        saved = sum([o.saved for overlays in net.overlays for o in overlays])
        self.uncut = unit * (sum(net.sizes) + saved) + 1

    def widen(self, flow: CutFlow, tail: int, head: int, more: int) -> None:
        """Let so much more flow from one node to another."""
        if more:
            key = tail << self.shift | head
            flow.left[key] = flow.left.get(key, 0) + more
            flow.open[tail] |= 1 << head

    def live(self, downset: int) -> int:
        """Bytes of the tensors that are cut by a downset."""
        run = downset | 1 << self.outside
        waiting = ~downset
        return sum(
            [size for made, readers, size in self.tensors if made & run and readers & waiting]
        )

    def sides(
        self, flow: CutFlow, wide: Sequence[int], sources: int, sinks: int
    ) -> tuple[int, int]:
        """The nodes to which more could flow, and those from which more could flow on."""
        reach = list(map(or_, wide, flow.open))
        run = frontier = sources
        while frontier:
            new = 0
            while frontier:
                lowest = frontier & -frontier
                new |= reach[lowest.bit_length() - 1]
                frontier ^= lowest
            frontier = new & ~run
            run |= frontier
        waiting, before = sinks, 0
        rest = [node for node, reached in enumerate(reach) if reached]
        while waiting != before:
            before = waiting
            left = []
            for node in rest:
                if reach[node] & waiting:
                    waiting |= 1 << node
                else:
                    left.append(node)
            rest = left
        return run, waiting

    def push(
        self,
        flow: CutFlow,
        wide: Sequence[int],
        sources: int,
        sinks: int,
        enough: int | None = None,
    ) -> int:
        """Push as much as possible, or until it is more than ``enough``; tell how much it was.

        Args:
            flow: What flows, and more afterwards.
            wide: For each node, what it reaches, whatever flows.
            sources: Where it comes from, as a mask of nodes.
            sinks: Where it goes.
            enough: Bytes.
        """
        left, open_, shift = flow.left, flow.open, self.shift
        total = 0
        while enough is None or total <= enough:
            seen = frontier = sources
            levels: list[int] = []
            while frontier and not frontier & sinks:
                new = useful = 0
                unseen = ~seen
                while frontier:
                    lowest = frontier & -frontier
                    node = lowest.bit_length() - 1
                    fresh = (wide[node] | open_[node]) & unseen
                    if fresh:
                        new |= fresh
                        useful |= lowest
                    frontier ^= lowest
                levels.append(useful)
                frontier = new
                seen |= frontier
            self.walked += seen.bit_count()
            if not frontier:
                break
            levels.append(frontier & sinks)
            last = len(levels) - 1
            if not last:
                return self.uncut
            path: list[int] = []
            while True:
                depth = len(path)
                if not depth:
                    if not levels[0]:
                        break
                    path.append((levels[0] & -levels[0]).bit_length() - 1)
                    continue
                node = path[-1]
                if depth <= last:
                    following = (wide[node] | open_[node]) & levels[depth]
                    if following:
                        path.append((following & -following).bit_length() - 1)
                    else:
                        levels[depth - 1] &= ~(1 << node)
                        path.pop()
                    continue
                ways = [a << shift | b for a, b in pairwise(path) if not wide[a] >> b & 1]
                if not ways:
                    return self.uncut
                amount = min([left[way] for way in ways])
                total += amount
                keep = last
                for depth in range(last - 1, -1, -1):
                    a, b = path[depth], path[depth + 1]
                    if not wide[a] >> b & 1:
                        way = a << shift | b
                        left[way] -= amount
                        if not left[way]:
                            open_[a] &= ~(1 << b)
                            keep = depth
                    back = b << shift | a
                    left[back] = left.get(back, 0) + amount
                    open_[b] |= 1 << a
                del path[keep + 1 :]
        return total
