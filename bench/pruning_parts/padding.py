"""Networks with channels of zeros beside their own: GPUs are fast at multiples of eight only.

Such a channel has no weights, and a batch norm scales it by zero. So it is zero, nothing reads it,
no gradient reaches what belongs to it, and it stays as it is: the others train as they would alone.
"""

import copy
from collections.abc import Iterator

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

MULTIPLE = 8


def padded(model: nn.Module) -> nn.Module:
    """A copy of a network of plain convolutions, batch norms and dense layers, with such channels.

    It takes the same images and tells the same classes.
    """
    wide = copy.deepcopy(model)
    wide.register_forward_pre_hook(_padded_images)
    for module in wide.modules():
        if isinstance(module, nn.Conv2d):
            module.out_channels = up(module.out_channels)
            module.in_channels = up(module.in_channels)
            size = module.out_channels, module.in_channels, *module.kernel_size
            module.weight = nn.Parameter(enlarged(module.weight, size))
        elif isinstance(module, nn.BatchNorm2d):
            module.num_features = up(module.num_features)
            for name, value in (*module.named_parameters(), *module.named_buffers()):
                if value.ndim:
                    new = enlarged(value, (module.num_features,))
                    setattr(module, name, nn.Parameter(new) if value.requires_grad else new)
        elif isinstance(module, nn.Linear):
            module.in_features = up(module.in_features)
            size = module.out_features, module.in_features
            module.weight = nn.Parameter(enlarged(module.weight, size))
    return wide


def take_back(wide: nn.Module, model: nn.Module) -> None:
    """Give a network what its padded copy has learned."""
    learned = wide.state_dict()
    with torch.no_grad():
        for name, value in model.state_dict().items():
            value.copy_(_corner(learned[name], value.shape))


def padded_momentum(
    optimizer: torch.optim.Optimizer, model: nn.Module, wide: nn.Module
) -> Iterator[tuple[Tensor, Tensor]]:
    """Each parameter of a padded copy, with what an optimizer remembers of the network's own."""
    for mine, theirs in zip(model.parameters(), wide.parameters(), strict=True):
        if "momentum_buffer" in (held := optimizer.state.get(mine, {})):
            yield theirs, enlarged(held["momentum_buffer"], theirs.shape)


def up(count: int) -> int:
    return -(-count // MULTIPLE) * MULTIPLE


def enlarged(value: Tensor, size: tuple[int, ...]) -> Tensor:
    """A tensor with zeros behind its entries, along all axes."""
    new = value.new_zeros(size)
    if new.ndim == 4:
        new = new.contiguous(memory_format=torch.channels_last)
    _corner(new, value.shape).copy_(value.detach())
    return new


def _padded_images(model: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
    (x,) = inputs
    return (F.pad(x, (0, 0, 0, 0, 0, up(x.shape[1]) - x.shape[1])),)


def _corner(value: Tensor, size: tuple[int, ...]) -> Tensor:
    return value[tuple(slice(length) for length in size)]
