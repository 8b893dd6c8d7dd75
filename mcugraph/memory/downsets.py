"""Steps between downsets held as Python integers, one bit an operator."""

from mcugraph.memory.network import Network, saved_bytes


class Downsets:
    """Masks of a network, and the cost of one step."""

    __slots__ = ("first", "frees", "full", "kept", "pairs", "preds", "start", "step", "succs")

    def __init__(self, net: Network) -> None:
        self.full = (1 << len(net.preds)) - 1
        self.preds = [mask(preds) for preds in net.preds]
        self.succs = net.succs
        self.step = net.step
        self.kept = net.kept
        readers = [mask(consumers) for consumers in net.consumers]
        # A tensor dies with v if all its other readers have run.
        self.frees = [
            [(readers[t] & ~(1 << v), net.sizes[t]) for t in tensors]
            for v, tensors in enumerate(net.frees)
        ]
        self.pairs = [
            [(readers[a] & ~(1 << v), (a, b, size)) for a, b, size in pairs]
            for v, pairs in enumerate(net.pairs)
        ]
        self.start = net.start
        self.first = net.first

    def added(self, done: int, v: int) -> int:
        """Bytes that ``v`` adds to what is live while it runs after the downset ``done``."""
        cost = self.step[v]
        if self.pairs[v]:
            cost -= saved_bytes([pair for others, pair in self.pairs[v] if others & ~done == 0])
        return cost if done else cost + self.first

    def change(self, done: int, v: int) -> int:
        """By how many bytes ``v`` changes what is live once it has run."""
        delta = self.kept[v]
        for others, size in self.frees[v]:
            if others & ~done == 0:
                delta -= size
        return delta

    def ready(self, done: int) -> list[int]:
        """Operators that may run next."""
        return [v for v, preds in enumerate(self.preds) if preds & ~done == 0 and not done >> v & 1]

    def ready_after(self, ready: tuple[int, ...], done: int, v: int) -> tuple[int, ...]:
        """What is ready once ``v`` has run too; ``done`` includes it already."""
        preds = self.preds
        return tuple(w for w in ready if w != v) + tuple(
            w for w in self.succs[v] if preds[w] & ~done == 0
        )


def mask(operators: tuple[int, ...]) -> int:
    """The bit mask of some operators."""
    result = 0
    for v in operators:
        result |= 1 << v
    return result
