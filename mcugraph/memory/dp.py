"""The plain dynamic programme over downsets, as the reference.

For each set of operators that may have run first, the least peak with which it can be reached; as
in Liberis & Lane, "Neural networks on microcontrollers: saving memory at inference via operator
reordering" (2019), and "Differentiable neural network pruning to enable smart applications on
microcontrollers" (2021), but level by level in place of recursion.
"""

from mcugraph.memory.downsets import Downsets
from mcugraph.memory.limits import Limits
from mcugraph.memory.network import Network

_STATE_BYTES = 400  # about what one state takes, tables included
_CHECK_EVERY = 256


def dp_order(net: Network, limits: Limits) -> list[int]:
    """An order with the least peak.

    Raises:
        LimitReached: A limit was reached first.
    """
    sets = Downsets(net)
    n = len(net.preds)
    # downset -> (least peak, what is live after it, what is ready, last operator)
    level = {0: (0, net.start, tuple(sets.ready(0)), -1)}
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
    done = sets.full
    for table in reversed(last):
        order.append(table[done])
        done ^= 1 << order[-1]
    return order[::-1]
