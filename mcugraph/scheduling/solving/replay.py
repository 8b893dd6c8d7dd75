"""Replay of an order on a network: the bytes of every step."""

from collections.abc import Sequence

from mcugraph.scheduling.solving.network import Network
from mcugraph.scheduling.solving.overlay import covered_bytes


def step_costs(net: Network, order: Sequence[int]) -> list[int]:
    """Bytes live while each operator of ``order`` runs."""
    left = list(map(len, net.consumers))
    step, kept, frees, sizes, overlays = net.step, net.kept, net.frees, net.sizes, net.overlays
    live = net.start
    costs = []
    for v in order:
        cost = live + step[v]
        if overlays[v]:
            cost -= covered_bytes([overlay for overlay in overlays[v] if left[overlay.input] == 1])
        costs.append(cost)
        live += kept[v]
        for tensor in frees[v]:
            left[tensor] -= 1
            if not left[tensor]:
                live -= sizes[tensor]
    if costs:
        costs[0] += net.first
    return costs


def order_peak(net: Network, order: Sequence[int]) -> int:
    """Peak memory of an order, in bytes."""
    return max(step_costs(net, order), default=net.start + net.first)
