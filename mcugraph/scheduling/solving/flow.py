"""Maximum flow by Dinic's algorithm, without recursion."""

from collections.abc import Callable, Sequence

KeepOn = Callable[[], None]  # called now and then, raises to stop what is long


def always() -> None:
    """Nothing stops it."""


class FlowNetwork:
    """A directed graph with integer capacities; nodes are added by number.

    Attributes:
        level: Once the flow is maximal: at least 0 for the nodes that the source still reaches.
    """

    __slots__ = ("capacity", "head", "level", "out")

    def __init__(self, nodes: int) -> None:
        self.out: list[list[int]] = [[] for _ in range(nodes)]
        self.head: list[int] = []  # target of each arc; arc e ^ 1 is the reverse of arc e
        self.capacity: list[int] = []
        self.level: list[int] = []

    def add_node(self) -> int:
        """A new node; returns its number."""
        self.out.append([])
        return len(self.out) - 1

    def add_arc(self, tail: int, head: int, capacity: int) -> None:
        """An arc of the given capacity."""
        arc = len(self.head)
        self.out[tail].append(arc)
        self.out[head].append(arc + 1)
        self.head += (head, tail)
        self.capacity += (capacity, 0)

    def maximum(self, source: int, sink: int, keep_on: KeepOn = always) -> int:
        """Push as much flow as possible; ``capacity`` then holds what is left of each arc.

        ``keep_on`` is called now and then, and raises to stop it.
        """
        total = 0
        while True:
            keep_on()
            self.level = self._levels(source, sink)
            if self.level[sink] < 0:
                break
            total += self._blocking(source, sink, self.level)
        return total

    def reached_from(self, source: int) -> list[bool]:
        """For each node, whether more could flow to it; after ``maximum``, the source's side."""
        return [level >= 0 for level in self._levels(source, -1)]

    def leading_to(self, sink: int) -> list[bool]:
        """For each node, whether more could flow on from it to the sink."""
        capacity, head = self.capacity, self.head
        found = [False] * len(self.out)
        found[sink] = True
        queue = [sink]
        for node in queue:
            for arc in self.out[node]:
                if capacity[arc ^ 1] and not found[head[arc]]:
                    found[head[arc]] = True
                    queue.append(head[arc])
        return found

    def more_to(self, source: int, sink: int, targets: Sequence[int]) -> tuple[int, set[int]]:
        """How much more could flow to some nodes, after ``maximum``; the flow stays as it is.

        The search goes back from the targets, so that it sees no more of the graph than leads to
        them; not by way of the sink, to which nothing more can flow.

        Returns:
            The amount, and the nodes on the targets' side of the cut then.
        """
        capacity, head, out = self.capacity, self.head, self.out
        pushed: list[tuple[list[int], int]] = []
        while True:
            onward = dict.fromkeys(targets, -1)  # node -> the arc on to the targets
            queue = list(targets)
            for node in queue:
                for arc in out[node]:
                    tail = head[arc]
                    if capacity[arc ^ 1] and tail != sink and tail not in onward:
                        onward[tail] = arc ^ 1
                        queue.append(tail)
                if source in onward:
                    break
            else:
                break
            path: list[int] = []
            node = source
            while (arc := onward[node]) >= 0:
                path.append(arc)
                node = head[arc]
            amount = min([capacity[arc] for arc in path])
            pushed.append((path, amount))
            for arc in path:
                capacity[arc] -= amount
                capacity[arc ^ 1] += amount
        for path, amount in pushed:
            for arc in path:
                capacity[arc] += amount
                capacity[arc ^ 1] -= amount
        return sum([amount for _, amount in pushed]), set(onward)

    def _levels(self, source: int, sink: int) -> list[int]:
        level = [-1] * len(self.out)
        level[source] = 0
        head, capacity, out = self.head, self.capacity, self.out
        queue = [source]
        for node in queue:
            if node == sink:
                break
            depth = level[node] + 1
            for arc in out[node]:
                target = head[arc]
                if level[target] < 0 and capacity[arc]:
                    level[target] = depth
                    queue.append(target)
        return level

    def _blocking(self, source: int, sink: int, level: list[int]) -> int:
        head, capacity, out = self.head, self.capacity, self.out
        left = list(map(len, out))  # arcs of each node that may still lead on
        total = 0
        path: list[int] = []
        node = source
        while True:
            if node == sink:
                amount = min([capacity[arc] for arc in path])
                total += amount
                keep = len(path)
                for index, arc in enumerate(path):
                    capacity[arc] -= amount
                    capacity[arc ^ 1] += amount
                    if not capacity[arc] and index < keep:
                        keep = index
                node = head[path[keep] ^ 1]
                del path[keep:]
                continue
            depth = level[node] + 1
            arcs = out[node]
            while left[node]:
                arc = arcs[left[node] - 1]
                if capacity[arc] and level[head[arc]] == depth:
                    path.append(arc)
                    node = head[arc]
                    break
                left[node] -= 1
            else:
                if not path:
                    return total
                arc = path.pop()
                node = head[arc ^ 1]
                left[node] -= 1
