r"""Trees of operators that share a tensor: a bound by who reads it last, and an order for it.

Pools of one tensor that are added two by two, branches of one tensor that end in a tree of sums:
but for that tensor, they are trees, whose best order hills and valleys give (see ``hill_valley``).

    shared --+-- r -- s --+
             |            + --+
             +-- r -- s --+   |
             |                + --
             +-- r -- s ------+

Call operators that read the shared tensor *readers*. Another one is *light* if no more is live
after it than before, and if it adds no more, while it runs, than any reader does. Say that all of
the others are light, and take any order that keeps a budget; v is the reader that runs last in it.

*Before each reader, all light operators that are ready can have run.* For what is ready there could
run right then: it adds no more than the reader does, which keeps the budget with as much live. From
there up to its old place no more is live than before, and in a tree each operator frees the same
wherever it runs, but for the shared tensor, which light operators do not read. So no step gets
dearer.

*So before v has run all that does not depend on v*: all other readers have, and what is light has
been ready. What is left after v is a chain, each the successor of the one before. And what runs
before v is a tree or several, while the shared tensor is live all along. So

    max(best order of what does not depend on v, v itself, the chain after v)

is what the best of all orders takes in which v is the last reader, and the least over all v is the
peak. Where others are not light, this is what an order takes, and a bound is found if they are made
light: an output is cut down to what its operator frees, a step to that of the least reader. No
order takes less than it does then. A small reader leaves little of a step; so it may be made light
as well, and be none of the readers: then there is more of the others. Which are small, is tried.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

from mcugraph.scheduling.solving.flow import KeepOn, always
from mcugraph.scheduling.solving.hill_valley import (
    Chain,
    hill_of,
    in_parallel,
    in_series,
    operators_of,
    single,
)
from mcugraph.scheduling.solving.network import OUTSIDE, Network, without_shortcuts
from mcugraph.scheduling.solving.overlay import covered_bytes

_PARTS = 10  # so many parts of all readers are made light, one more each time


def shared_tree_bounds(
    net: Network, keep_on: KeepOn = always
) -> Iterator[tuple[int, list[int] | None]]:
    """An order, often the best, and lower bounds on the peak; none if the network is no such tree.

    Args:
        net: The network.
        keep_on: Called now and then, raises to stop it.
    """
    shared = _shared(net)
    if not shared:
        return
    succs = without_shortcuts(net)[1]
    if not all(len(after) <= 1 for after in succs):
        return
    parent = [after[0] if after else -1 for after in succs]
    readers = net.consumers[min(shared)]
    yield 0, _Tree(net, shared, parent, set(readers), None).best(keep_on)[1]
    steps = sorted([net.step[v] - covered_bytes(net.overlays[v]) for v in readers])
    best = 0
    for least in dict.fromkeys([steps[len(steps) * part // _PARTS] for part in range(_PARTS)]):
        bound, _ = _Tree(net, shared, parent, set(readers), least).best(keep_on)
        yield bound, None
        if bound < best:
            return
        best = bound


def _shared(net: Network) -> set[int]:
    """Tensors with several readers, if they are live from the start and have the same readers."""
    several = [
        tensor
        for tensor, (readers, keep) in enumerate(zip(net.consumers, net.keep, strict=True))
        if len(readers) > 1 and not keep
    ]
    same = all(
        net.producer[tensor] == OUTSIDE and net.consumers[tensor] == net.consumers[several[0]]
        for tensor in several
    )
    return set(several) if same else set()


class _Tree:
    """What is known of each operator.

    Args:
        net: The network.
        shared: The tensors that are shared.
        parent: The successor of each operator, or -1.
        readers: Those that read them.
        least: All that are no readers, or add less than that, are made light; None: none is.
    """

    def __init__(
        self,
        net: Network,
        shared: set[int],
        parent: Sequence[int],
        readers: set[int],
        least: int | None,
    ) -> None:
        self.start, self.parent = net.start, parent
        self.shared = sum([net.sizes[tensor] for tensor in shared])
        self.last = [  # what an operator adds while it runs, a reader as the last one
            step - covered_bytes(overlays)
            for step, overlays in zip(net.step, net.overlays, strict=True)
        ]
        self.step = self.last.copy()
        self.readers, light = readers, set[int]()
        if least is not None:
            self.readers = {v for v in readers if self.last[v] >= least}
            light = {v for v in range(len(parent)) if v not in self.readers}
            self.step = [min(step, least) for step in self.last]
        for v in self.readers:
            others = [overlay for overlay in net.overlays[v] if overlay.input not in shared]
            self.step[v] = net.step[v] - covered_bytes(others)
        self.deltas = _deltas(net, shared, light)
        self.children: list[list[int]] = [[] for _ in parent]
        self.roots = [v for v, after in enumerate(parent) if after < 0]
        self.chains: list[Chain] = []  # of each operator with all that runs before it
        for v, after in enumerate(parent):
            alone = single(v, self.step[v], self.deltas[v])
            inside = [self.chains[u] for u in self.children[v]]
            self.chains.append(in_series(in_parallel(inside), alone) if inside else alone)
            if after >= 0:
                self.children[after].append(v)

    def best(self, keep_on: KeepOn) -> tuple[int, list[int]]:
        """What the best reader takes as the last one, and the order."""
        least = self._at_least()
        found: tuple[int, list[int]] | None = None
        for v in sorted(least, key=least.__getitem__):
            if found and found[0] <= least[v]:
                break
            keep_on()
            beside = self._beside(v)
            before = in_parallel(beside) if beside else ()
            needed = max(least[v], self.start + hill_of(before))
            if not found or needed < found[0]:
                found = needed, [*operators_of(before), *self._path(v)]
        assert found
        return found

    def _at_least(self) -> dict[int, int]:
        """What is known at once of what readers take as the last one, if they can be."""
        rest = [0] * len(self.parent)  # bytes that an operator and all after it add
        after = [0] * len(self.parent)  # what they take while they run, after the last reader
        found = {}
        followed = set()
        total = self.start + sum(self.deltas)
        for v in reversed(range(len(self.parent))):
            w = self.parent[v]
            rest[v] = self.deltas[v] + (rest[w] if w >= 0 else 0)
            later = after[w] if w >= 0 else 0
            after[v] = max(later, total - self.shared - rest[v] + self.last[v])
            if w in self.readers or w in followed:
                followed.add(v)
            if v in self.readers and v not in followed:
                found[v] = max(later, total - rest[v] + self.last[v])
        return found

    def _path(self, v: int) -> Iterator[int]:
        """An operator and all that depend on it, in order."""
        while v >= 0:
            yield v
            v = self.parent[v]

    def _beside(self, v: int) -> list[Chain]:
        """Chains of all that does not depend on an operator."""
        path = list(self._path(v))
        beside = [self.children[v], *[self.children[w] for w in path[1:]], self.roots]
        on_path = set(path)
        return [self.chains[u] for u in chain.from_iterable(beside) if u not in on_path]


def _deltas(net: Network, shared: set[int], light: set[int]) -> list[int]:
    """Bytes that are live after each operator less those before it, the shared tensor aside."""
    made: list[list[int]] = [[] for _ in net.preds]
    for tensor, producer in enumerate(net.producer):
        if producer != OUTSIDE:
            made[producer].append(tensor)
    sizes = list(net.sizes)
    deltas = []
    for v, frees in enumerate(net.frees):
        freed = sum([sizes[tensor] for tensor in frees if tensor not in shared])
        if v in light:
            room = freed
            for tensor in made[v]:
                sizes[tensor] = min(sizes[tensor], room)
                room -= sizes[tensor]
        deltas.append(sum([sizes[tensor] for tensor in made[v]]) - freed)
    return deltas
