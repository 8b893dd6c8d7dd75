"""A small network with every kind of layer that a file stores in another way."""

import torch
from torch import nn

INPUT = torch.zeros(1, 2, 8, 8)


def kinds_of_layers(*units: int, bias: bool = True) -> nn.Sequential:
    """A convolution, a depthwise and a pointwise one, and dense layers.

    Args:
        units: How many each dense layer has.
        bias: Whether the first convolution, which has a batch norm behind it, has biases.
    """
    dense: list[nn.Module] = []
    for read, made in zip((12 * 4 * 4, *units), units, strict=False):
        dense += [nn.Linear(read, made), nn.ReLU()]
    return nn.Sequential(
        nn.Conv2d(2, 8, 3, padding=1, bias=bias),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1, groups=8),
        nn.ReLU(),
        nn.Conv2d(8, 12, 1),
        nn.MaxPool2d(2),
        nn.Flatten(),
        *dense[:-1],
    )
