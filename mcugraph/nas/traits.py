"""What a network is like, in a few numbers: what a forecast of its error is made from.

All are of what ``emit`` says, so that a space needs nothing further.
"""

from math import log, prod

from mcugraph.nas.builder import Convolution
from mcugraph.nas.meter import Meter


def traits_of(meter: Meter) -> list[float]:
    """Numbers of about one size: logarithms of costs, widths and counts, and shares.

    Args:
        meter: That has heard the whole network.
    """
    normed = bent = alone = dense = read = spatial = 0
    seeing = blind = 0  # windows over more than one element; over one alone
    for value, _, weights, layer in meter.layers:
        if isinstance(layer, Convolution):
            wide = value.size > value.shape[0]
            normed += layer.norm
            bent += layer.relu
            alone += layer.depthwise
            seeing += wide and prod(layer.window) > 1
            blind += not wide
            spatial += weights * wide
        else:
            read = read or value.size
            dense += 1
            bent += layer
    inner = [made for _, made, _, _ in meter.layers[:-1]]
    channels = [made.shape[0] for made in inner] or [1]
    elements = [made.size for made in inner] or [1]
    logs = [log(count) for count in elements]
    layers = max(len(meter.layers), 1)
    return [
        log(max(meter.size, 1)),
        log(max(meter.macs, 1)),
        log(max(meter.operator_bound, 1)),
        log(1 + len(meter.layers)),
        log(min(elements)),
        log(min(channels)),
        log(max(channels)),
        sum(logs) / len(logs),
        log(meter.layers[0][1].size if meter.layers else 1),
        log(max(read, 1)),
        log(1 + seeing),
        log(1 + blind),
        log(1 + dense),
        log(1 + alone),
        log(1 + meter.pools),
        log(1 + meter.sums),
        normed / layers,
        bent / layers,
        spatial / max(meter.size, 1),
    ]
