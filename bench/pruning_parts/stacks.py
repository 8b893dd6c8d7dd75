"""Networks of one architecture, one a seed, trained side by side as if each were alone.

Small networks hardly fill a device: most of the time of a step goes by before and between its
kernels. Layers of several networks that run together take little more of it than those of one.
Weights, batches, statistics and gradients of the networks have nothing to do with each other.
"""

import copy
from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from pruning_parts.data import Data
from pruning_parts.graphs import Graphed
from pruning_parts.networks import Classifier
from pruning_parts.training import Plan

# Test samples that are looked at together.
_CHUNK = 500
# Steps for which it is worth it to record one.
_RECORDED = 50


class StackedConv(nn.Module):
    """Convolutions, of all channels or of each alone; shape (networks, channels, samples, ...)."""

    def __init__(self, layers: Sequence[nn.Conv2d]) -> None:
        super().__init__()
        first = layers[0]
        if first.bias is not None or first.groups not in (1, first.out_channels):
            raise ValueError(f"no stack of {first}")
        self.weight = nn.Parameter(torch.stack([layer.weight.detach() for layer in layers]))
        self.stride, self.padding = first.stride[0], first.padding[0]
        self.alone = first.groups > 1

    def forward(self, x: Tensor) -> Tensor:
        networks, made, read, size, _ = self.weight.shape
        if size == 1:
            x = x[..., :: self.stride, :: self.stride]
            places, patches = x.shape[2:], x.flatten(2)
        else:
            x = F.pad(x, (self.padding,) * 4)
            x = x.unfold(3, size, self.stride).unfold(4, size, self.stride)
            places = x.shape[2:5]
            if self.alone:
                rows = x.reshape(networks * made, -1, size * size)
                found = rows @ self.weight.reshape(networks * made, -1, 1)
                return found.view(networks, made, *places)
            patches = x.permute(0, 1, 5, 6, 2, 3, 4).reshape(networks, read * size * size, -1)
        return (self.weight.flatten(2) @ patches).view(networks, made, *places)

    def give(self, layers: Sequence[nn.Conv2d]) -> None:
        """Set single layers to what these are now."""
        for layer, weight in zip(layers, self.weight.detach().cpu(), strict=True):
            layer.weight.data.copy_(weight)


class StackedNorm(nn.Module):
    """Batch norms.

    Attributes:
        masks: Of scales and shifts, each of shape (networks, channels).
    """

    def __init__(self, layers: Sequence[nn.BatchNorm2d]) -> None:
        super().__init__()
        self.eps, self.momentum = layers[0].eps, layers[0].momentum
        for name in ("weight", "bias"):
            stack = torch.stack([getattr(layer, name).detach() for layer in layers])
            self.register_parameter(name, nn.Parameter(stack))
            self.register_buffer(f"mask_of_{name}", torch.ones_like(stack))
        for name in ("running_mean", "running_var"):
            self.register_buffer(name, torch.stack([getattr(layer, name) for layer in layers]))

    def forward(self, x: Tensor) -> Tensor:
        scale, shift = self.weight * self.mask_of_weight, self.bias * self.mask_of_bias
        means, variances = self.running_mean.view(-1), self.running_var.view(-1)
        flat = x.reshape(1, scale.numel(), -1)
        found = F.batch_norm(
            flat,
            means,
            variances,
            scale.flatten(),
            shift.flatten(),
            self.training,
            self.momentum,
            self.eps,
        )
        return found.view(x.shape)

    def give(self, layers: Sequence[nn.BatchNorm2d]) -> None:
        """Set single layers to what these are now, without masks."""
        for name in ("weight", "bias", "running_mean", "running_var"):
            for layer, value in zip(layers, getattr(self, name).detach().cpu(), strict=True):
                getattr(layer, name).data.copy_(value)


class StackedLinear(nn.Module):
    """Layers to classes: from shape (networks, features, samples) to (networks, classes, ...)."""

    def __init__(self, layers: Sequence[nn.Linear]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.stack([layer.weight.detach() for layer in layers]))
        self.bias = nn.Parameter(torch.stack([layer.bias.detach() for layer in layers]))

    def forward(self, x: Tensor) -> Tensor:
        return torch.baddbmm(self.bias[:, :, None], self.weight, x)

    def give(self, layers: Sequence[nn.Linear]) -> None:
        """Set single layers to what these are now."""
        for name in ("weight", "bias"):
            for layer, value in zip(layers, getattr(self, name).detach().cpu(), strict=True):
                getattr(layer, name).data.copy_(value)


class StackedPool(nn.Module):
    """The largest of the places around each."""

    def __init__(self, layers: Sequence[nn.MaxPool2d]) -> None:
        super().__init__()
        self.size = layers[0].kernel_size

    def forward(self, x: Tensor) -> Tensor:
        found = F.max_pool2d(x.flatten(0, 1), self.size)
        return found.view(*x.shape[:3], *found.shape[2:])


class StackedClassifier(nn.Module):
    """Bodies, the means over all places, and layers to classes."""

    def __init__(self, body: nn.Module, fc: nn.Module) -> None:
        super().__init__()
        self.body, self.fc = body, fc

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.body(x).mean((3, 4)))


_STACKED = {
    nn.Conv2d: StackedConv,
    nn.BatchNorm2d: StackedNorm,
    nn.Linear: StackedLinear,
    nn.MaxPool2d: StackedPool,
}


def stacked(networks: Sequence[nn.Module]) -> nn.Module:
    """One module in place of several of the same architecture."""
    first = networks[0]
    if type(first) in _STACKED:
        return _STACKED[type(first)](networks)
    parts = {
        name: stacked([network.get_submodule(name) for network in networks])
        for name, _ in first.named_children()
    }
    if isinstance(first, Classifier):
        return StackedClassifier(**parts)
    whole = copy.deepcopy(first)
    for name, part in parts.items():
        setattr(whole, name, part)
    return whole


class Stack:
    """A training of several networks through all steps of a plan.

    Args:
        networks: Of one architecture, one a seed.
        data: What they learn from; the device is its.
        plan: How.
        seeds: Of the batches of each.
        step: The first one.
    """

    def __init__(
        self,
        networks: Sequence[nn.Module],
        data: Data,
        plan: Plan,
        seeds: Sequence[int],
        step: int = 0,
    ) -> None:
        self.networks, self.data, self.plan, self.seeds = list(networks), data, plan, seeds
        self.step = step
        self.whole = stacked(self.networks).to(data.device)
        self.optimizer = torch.optim.SGD(
            self.whole.parameters(), plan.rate, momentum=0.9, weight_decay=plan.decay, nesterov=True
        )
        count = len(data.train[0])
        drawn = [
            torch.randint(count, (plan.steps, plan.batch), generator=generator)
            for generator in (torch.Generator().manual_seed(seed) for seed in seeds)
        ]
        self.batches = torch.stack(drawn, 1).to(data.device)

    def until(self, end: int) -> None:
        """Train up to a step."""
        self.whole.train()
        on_gpu = self.data.device.type == "cuda"
        recorded = on_gpu and self.plan.graphs and end - self.step > _RECORDED
        find = Graphed(self._gradients) if recorded else self._gradients
        while self.step < end:
            for group in self.optimizer.param_groups:
                group["lr"] = self.plan.rate_at(self.step)
            find(self.batches[self.step])
            self.optimizer.step()
            self.step += 1

    def _gradients(self, chosen: Tensor) -> None:
        inputs, labels = self.data.train
        self.optimizer.zero_grad()
        found = self.whole(inputs[chosen].transpose(1, 2).contiguous())
        F.cross_entropy(found, labels[chosen], reduction="none").mean(1).sum().backward()

    def finish(self) -> None:
        """Train for the steps that are left."""
        self.until(self.plan.steps)

    def accuracies(self) -> list[float]:
        """Of each network, the share of test samples that are classified rightly."""
        self.whole.eval()
        right = torch.zeros(len(self.networks), device=self.data.device)
        with torch.no_grad():
            for x, y in zip(*(part.split(_CHUNK) for part in self.data.test), strict=True):
                every = x.transpose(0, 1)[None].expand(len(self.networks), -1, -1, -1, -1)
                right += (self.whole(every).argmax(1) == y).sum(1)
        return [float(share) for share in right.cpu() / len(self.data.test[0])]

    def unstacked(self) -> list[nn.Module]:
        """The networks as they are now, where they came from; masked values as if they were not."""
        for path, part in self.whole.named_modules():
            if hasattr(part, "give"):
                part.give([network.get_submodule(path) for network in self.networks])
        return self.networks

    def mask(self, factors: Sequence[Mapping[tuple[str, str], Tensor]]) -> None:
        """From now on, mask scales and shifts of norms.

        Args:
            factors: Of each network: (path of a norm, ``"weight"`` or ``"bias"``) -> its masks.
        """
        for i, found in enumerate(factors):
            for (path, name), values in found.items():
                norm = self.whole.get_submodule(path)
                getattr(norm, f"mask_of_{name}")[i].copy_(values)
