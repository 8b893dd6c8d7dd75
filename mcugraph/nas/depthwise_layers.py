"""Depthwise convolutions that train fast on a CPU, however few channels they have.

Kernels for CPUs work on many channels at once; for one channel PyTorch's take up to ten times as
long as for sixteen. While a network is trained, several examples stand side by side as channels of
one. What is computed is the same; a network that is not trained, or exported, has the plain layer.
"""

from math import gcd

from torch import Tensor, nn
from torch.nn import functional

_LANES = 16  # channels that kernels work on at once


class _SideBySide:
    """What both layers do."""

    def forward(self, data: Tensor) -> Tensor:
        """The layer's output for a batch of examples."""
        assert isinstance(self, nn.Conv1d | nn.Conv2d)
        convolve = functional.conv1d if isinstance(self, nn.Conv1d) else functional.conv2d
        count, channels, *spatial = data.shape
        if self.training and max(self.kernel_size) == max(self.stride) == 1:
            return _scaled(data, self.weight, self.bias)
        times = 1
        # The gradient of the data takes long, on CPUs alone.
        if self.training and data.requires_grad and data.is_cpu:
            times = gcd(count, _power_of_two(_LANES // channels))
        weight, bias = self.weight, self.bias
        if times > 1:
            data = data.reshape(count // times, times * channels, *spatial)
            weight = weight.repeat(times, *[1] * (weight.ndim - 1))
            bias = None if bias is None else bias.repeat(times)
        made = convolve(
            data,
            weight,
            bias,
            self.stride,
            self.padding,
            self.dilation,
            times * channels,
        )
        return made.reshape(count, channels, *made.shape[2:]) if times > 1 else made


class Depthwise1d(_SideBySide, nn.Conv1d):
    """A depthwise convolution along one axis."""


class Depthwise2d(_SideBySide, nn.Conv2d):
    """A depthwise convolution along two axes."""


def _scaled(data: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """A window of one element: each channel times its weight."""
    shape = (-1, *[1] * (data.ndim - 2))
    made = data * weight.reshape(shape)
    return made if bias is None else made + bias.reshape(shape)


def _power_of_two(most: int) -> int:
    """The largest one up to a number; 1 for 0."""
    return 1 << max(most, 1).bit_length() - 1
