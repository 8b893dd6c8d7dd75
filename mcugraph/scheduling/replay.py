"""Replay of an order on a network: the bytes of every step."""

from collections.abc import Sequence

from mcugraph.scheduling.matching import saved_bytes
from mcugraph.scheduling.network import Network


def step_costs(net: Network, order: Sequence[int]) -> list[int]:
    """Bytes live while each operator of ``order`` runs."""
    left = list(map(len, net.consumers))
    live = net.start
    costs = []
    for position, v in enumerate(order):
        cost = live + net.step[v] + (0 if position else net.first)
        if net.pairs[v]:
            cost -= saved_bytes([pair for pair in net.pairs[v] if left[pair[0]] == 1])
        costs.append(cost)
        live += net.kept[v]
        for tensor in net.frees[v]:
            left[tensor] -= 1
            if not left[tensor]:
                live -= net.sizes[tensor]
    return costs


def order_peak(net: Network, order: Sequence[int]) -> int:
    """Peak memory of an order, in bytes."""
    return max(step_costs(net, order), default=net.start + net.first)
