"""The plain dynamic programme over downsets, as the reference.

For each set of operators that may have run first, the least peak with which it can be reached; as
in Liberis & Lane, "Neural networks on microcontrollers: saving memory at inference via operator
reordering" (2019), and "Differentiable neural network pruning to enable smart applications on
microcontrollers" (2021), but level by level in place of recursion.
"""

from mcugraph.scheduling.solving.limits import Limits
from mcugraph.scheduling.solving.network import Network, mask
from mcugraph.scheduling.solving.overlay import covered_bytes

_STATE_BYTES = 400  # about what one state takes, tables included
_CHECK_EVERY = 256


def dp_order(net: Network, limits: Limits) -> list[int]:
    """An order with the least peak.

    Raises:
        LimitReached: A limit was reached first.
    """
    sets = _Downsets(net)
    n = len(net.preds)
    ready = tuple(v for v, preds in enumerate(net.preds) if not preds)
    # downset -> (least peak, what is live after it, what is ready, last operator)
    level = {0: (0, net.start, ready, -1)}
    last: list[dict[int, int]] = []
    states = 0
    for _ in range(n):
        following: dict[int, tuple[int, int, tuple[int, ...], int]] = {}
        for done, (peak, live, ready, _) in level.items():
            for v in ready:
                reached = max(peak, live + sets.added(done, v))
                target = done | 1 << v
                known = following.get(target)
                if known is None:
                    after = live + sets.change(done, v)
                    following[target] = (reached, after, sets.ready_after(ready, target, v), v)
                elif reached < known[0]:
                    following[target] = (reached, known[1], known[2], v)
            states += 1
            if states % _CHECK_EVERY == 0:
                limits.check((states + len(following)) * _STATE_BYTES)
        last.append({target: entry[3] for target, entry in following.items()})
        level = following
    order = []
    done = (1 << n) - 1
    for table in reversed(last):
        order.append(table[done])
        done ^= 1 << order[-1]
    return order[::-1]


class _Downsets:
    """Steps between downsets held as integers, one bit an operator."""

    __slots__ = ("frees", "net", "overlays", "preds")

    def __init__(self, net: Network) -> None:
        self.net = net
        self.preds = [mask(preds) for preds in net.preds]
        readers = [mask(consumers) for consumers in net.consumers]
        # A tensor dies with v if all its other readers have run.
        self.frees = [
            [(readers[t] & ~(1 << v), net.sizes[t]) for t in tensors]
            for v, tensors in enumerate(net.frees)
        ]
        self.overlays = [
            [(readers[overlay.input] & ~(1 << v), overlay) for overlay in overlays]
            for v, overlays in enumerate(net.overlays)
        ]

    def added(self, done: int, v: int) -> int:
        """Bytes that ``v`` adds to what is live while it runs after the downset ``done``."""
        cost = self.net.step[v] if done else self.net.step[v] + self.net.first
        if self.overlays[v]:
            cost -= covered_bytes(
                [overlay for others, overlay in self.overlays[v] if not others & ~done]
            )
        return cost

    def change(self, done: int, v: int) -> int:
        """By how many bytes ``v`` changes what is live once it has run."""
        freed = sum(size for others, size in self.frees[v] if not others & ~done)
        return self.net.kept[v] - freed

    def ready_after(self, ready: tuple[int, ...], done: int, v: int) -> tuple[int, ...]:
        """What is ready once ``v`` has run too; ``done`` includes it already."""
        preds = self.preds
        return tuple(w for w in ready if w != v) + tuple(
            w for w in self.net.succs[v] if not preds[w] & ~done
        )
