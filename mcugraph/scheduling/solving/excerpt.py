"""A part of an order as a network of its own: what lies before and behind stays as it is."""

from collections.abc import Sequence

from mcugraph.scheduling.solving.network import OUTSIDE, Network, assemble
from mcugraph.scheduling.solving.overlay import renumbered


def excerpt(net: Network, order: Sequence[int], begin: int, end: int) -> Network:
    """The network of the operators from place ``begin`` to before place ``end`` of an order.

    They are numbered by place, from 0 on. Any order of it takes, in its place, what it takes there.
    """
    place = [0] * len(order)
    for step, v in enumerate(order):
        place[v] = step
    inside = order[begin:end]
    constant = net.constant
    sizes: list[int] = []
    producer: list[int] = []
    consumers: list[list[int]] = []
    keep: list[bool] = []
    number: dict[int, int] = {}
    for tensor, size in enumerate(net.sizes):
        made = -1 if net.producer[tensor] == OUTSIDE else place[net.producer[tensor]]
        if made >= end:
            continue
        places = [place[v] for v in net.consumers[tensor]]
        kept = net.keep[tensor] or any(at >= end for at in places)
        reading = [at - begin for at in places if begin <= at < end]
        if made >= begin or (reading and not kept):
            number[tensor] = len(sizes)
            sizes.append(size)
            producer.append(made - begin if made >= begin else OUTSIDE)
            consumers.append(reading)
            keep.append(kept)
        elif kept:
            constant += size
    return assemble(
        n=len(inside),
        edges=[
            (place[u] - begin, step)
            for step, v in enumerate(inside)
            for u in net.preds[v]
            if place[u] >= begin
        ],
        sizes=sizes,
        producer=producer,
        consumers=consumers,
        keep=keep,
        step=[net.step[v] for v in inside],
        overlays=tuple(renumbered(net.overlays[v], number) for v in inside),
        constant=constant,
        first=0 if begin else net.first,
    )
