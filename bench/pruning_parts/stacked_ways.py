"""Ways to bring networks of several seeds within budgets, trained side by side."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

import mcugraph as mg
from mcugraph.prune import Pruner, choose_structures, drop
from mcugraph.prune.masks import Masks
from mcugraph.prune.numbered_classes import Classes
from mcugraph.prune.ranking import Ranking
from mcugraph.prune.salience import SALIENCES
from mcugraph.prune.schedules import uniform as factor
from mcugraph.space.budgets import Budgets
from mcugraph.space.space import Space
from pruning_parts.data import Data
from pruning_parts.methods import (
    INTERVAL,
    LATEST,
    LEARNING,
    ONE_SHOT,
    least_ratio,
    magnitude_pruned,
    narrow,
    widths_of,
)
from pruning_parts.runs import COSTS, measured, new_network
from pruning_parts.stacks import Stack
from pruning_parts.training import Plan


@dataclass
class Group:
    """Trainings of one network at the same budgets, one a seed.

    Attributes:
        network: Its name.
        data: What it learns from.
        plan: Of each training.
        seeds: Of weights and batches.
        space: Of the whole network.
        limits: The budgets.
        states: A file of the whole networks as their own trainings left them.
        networks: What to begin with; None: new whole networks.
        stack: The training.
        widths: Of each seed, as they came out.
        costs: Of each seed.
        met_at: The step from which on the budgets were met.
        dropped: Structures that went.
    """

    network: str
    data: Data
    plan: Plan
    seeds: Sequence[int]
    space: Space
    limits: Mapping[str, int]
    states: Path
    networks: list[nn.Module] | None = None
    stack: Stack = field(init=False)
    widths: list[list[int]] = field(init=False)
    costs: list[dict[str, int]] = field(init=False)
    met_at: int = 0
    dropped: tuple[str, ...] = ()

    @property
    def example(self) -> Tensor:
        return self.data.example.cpu()

    def make(self, seed: int) -> nn.Module:
        """A new whole network."""
        torch.manual_seed(seed)
        return new_network(self.network, self.data)

    def uniform(self) -> Any:
        """The widths of all groups by one factor, as large as fits."""
        budgets = Budgets(self.space, self.limits)
        return self.space.round(self.space.full * factor(self.space, budgets))

    def begin(self) -> list[nn.Module]:
        """Start with whole networks; returns them."""
        whole = self.networks or [self.make(seed) for seed in self.seeds]
        self.stack = Stack(whole, self.data, self.plan, self.seeds)
        return self.stack.networks

    def begin_with(self, small: nn.Module) -> None:
        """Start with networks like a small one, with weights drawn anew."""
        networks = []
        for seed in self.seeds:
            torch.manual_seed(seed)
            new = copy.deepcopy(small)
            for module in new.modules():
                if hasattr(module, "reset_parameters"):
                    module.reset_parameters()
            networks.append(new)
        self.stack = Stack(networks, self.data, self.plan, self.seeds)
        self.is_like(small)

    def is_like(self, small: nn.Module) -> None:
        """Every network costs what this one does."""
        count = len(self.seeds)
        self.widths = [[int(w) for w in widths_of(small, self.space)]] * count
        self.costs = [measured(small, self.example)] * count

    def has(self, widths: Sequence[Any]) -> None:
        """Each network has these widths of the whole one."""
        self.widths = [[int(w) for w in each] for each in widths]
        self.costs = [
            {name: round(getattr(self.space, name)(np.array(each))) for name in COSTS}
            for each in self.widths
        ]


Way = Callable[[Group], None]


def unpruned(group: Group) -> None:
    group.begin()
    group.stack.finish()
    group.has([group.space.full] * len(group.seeds))
    torch.save([n.state_dict() for n in group.stack.unstacked()], group.states)


def from_new(widths: Callable[[Group], Any]) -> Way:
    """Widths from the start, with new weights."""

    def way(group: Group) -> None:
        small = narrow(group.make(0), widths(group), group.space, group.example)
        group.begin_with(small)
        group.stack.finish()

    return way


def makers(space: Space) -> Any:
    """How many layers make the channels of each group."""
    return space.makers


def absolute(space: Space) -> Any:
    """The same, and channels of narrow layers are worth as much as those of wide ones."""
    return space.makers / space.full


def allocated(
    worth: Callable[[Space], Any] | None = None, **options: Any
) -> Callable[[Group], Any]:
    """Those of ``Space.allocate``."""

    def widths(group: Group) -> Any:
        utility = None if worth is None else worth(group.space)
        return group.space.allocate(group.limits, utility, **options)

    return widths


def without(price: float) -> Way:
    """From new weights, without the structures that budgets ask to go."""

    def way(group: Group) -> None:
        choice = choose_structures(group.make(0), group.example, group.limits, price=price)
        left = group.make(0)
        if choice.dropped:
            left = drop(left, choice.dropped, group.example)
        space = mg.widths(mg.from_torch(left, group.example), precision="int8")
        widths = space.allocate(group.limits)
        group.dropped = choice.dropped
        group.begin_with(narrow(left, widths, space, group.example))
        group.stack.finish()

    return way


def cut(widths: Callable[[Group], Any], salience: str) -> Way:
    """The least salient channels go after a tenth of the steps."""

    def way(group: Group) -> None:
        group.begin()
        group.stack.until(round(ONE_SHOT * group.plan.steps))
        group.met_at = group.stack.step
        chosen = widths(group)
        factors = []
        for network in group.stack.unstacked():
            classes = Classes(group.space)
            masks = Masks(network, classes)
            scores = Ranking(network, masks, classes, SALIENCES[salience]).scores(_none)
            masks.set(classes.most(scores, chosen))
            factors.append(factors_of(masks))
        group.stack.mask(factors)
        group.stack.finish()
        group.has([chosen] * len(group.seeds))

    return way


def torch_pruning(group: Group) -> None:
    """Torch-Pruning with L1 norms over groups, at the least ratio that fits."""
    group.begin()
    group.stack.until(round(ONE_SHOT * group.plan.steps))
    group.met_at = group.stack.step
    networks = group.stack.unstacked()
    ratio = least_ratio(networks[0], group.example, group.space, group.limits)
    small = [magnitude_pruned(network, group.example, ratio) for network in networks]
    group.stack = Stack(small, group.data, group.plan, group.seeds, group.stack.step)
    group.stack.finish()
    group.is_like(small[0])


def pruner(latest: float = LATEST, phase: float | None = None, **options: Any) -> Way:
    """Our pruner; held to the budgets at the latest after a share of the steps."""

    def way(group: Group) -> None:
        networks, steps = group.begin(), group.plan.steps
        given = dict(options)
        if phase is not None:
            given["phase"] = round(phase * steps)
        others = [Masks(copy.deepcopy(network), Classes(group.space)) for network in networks]
        pruners = [
            Pruner(network, group.example, group.limits, seed=seed, **given)
            for network, seed in zip(networks, group.seeds, strict=True)
        ]
        losses = [_held(group, n, s) for n, s in zip(networks, group.seeds, strict=True)]
        every = pruners[0].interval
        while not all(ours.met for ours in pruners):
            group.stack.until(min(group.stack.step + every, steps))
            group.stack.unstacked()
            for ours, masks, loss in zip(pruners, others, losses, strict=True):
                for _ in range(every):
                    ours.step(loss)
                if group.stack.step >= round(latest * steps) and not ours.met:
                    ours.enforce()
                masks.set(np.concatenate(list(ours.masks.values())))
            group.stack.mask([factors_of(masks) for masks in others])
        group.met_at = group.stack.step
        for ours in pruners:
            ours.remove()
        group.stack.finish()
        group.has([ours.widths for ours in pruners])

    return way


def led(**options: Any) -> Way:
    """Our pruner, which leads to its widths within a tenth of the steps."""
    return pruner(phase=ONE_SHOT, interval=INTERVAL, trained=True, **options)


def warm(way: Way) -> Way:
    """A way that begins with the whole networks, trained before."""

    def run(group: Group) -> None:
        group.networks = [group.make(seed) for seed in group.seeds]
        states = torch.load(group.states, weights_only=True)
        for network, state in zip(group.networks, states, strict=True):
            network.load_state_dict(state)
        # Other batches than in the first training.
        group.seeds = [seed + 1000 for seed in group.seeds]
        way(group)

    return run


def longer(way: Way) -> Way:
    """A way with as many steps as a whole network's training and one after it have together."""

    def run(group: Group) -> None:
        group.plan = replace(group.plan, steps=2 * group.plan.steps)
        way(group)

    return run


def factors_of(masks: Masks) -> dict[tuple[str, str], Tensor]:
    """What masks multiply: (path of a norm, name of a parameter) -> by what."""
    names = {id(module): path for path, module in masks.model.named_modules()}
    return {
        (names[id(holder)], masked.attribute): reduce(torch.mul, masked.factors)
        for swap in masks._swaps
        for masked in swap.masked
        if masked.factors
        for holder in _holders(masks.model, masked)
    }


def _holders(model: nn.Module, masked: Any) -> list[nn.Module]:
    """The module whose parameter it is."""
    return [module for module in model.modules() if module._parameters is masked.store]


def _none() -> Tensor:
    raise AssertionError("no salience here asks for a loss")


def _held(group: Group, network: nn.Module, seed: int) -> Callable[[], Tensor]:
    """The loss of a network on validation batches."""
    x, y = (part.cpu() for part in group.data.validation)
    generator = torch.Generator().manual_seed(seed)

    def loss() -> Tensor:
        drawn = torch.randint(len(x), (group.plan.batch,), generator=generator)
        network.train()
        return F.cross_entropy(network(x[drawn]), y[drawn])

    return loss


WAYS: dict[str, Way] = {
    "unpruned": unpruned,
    "uniform": from_new(Group.uniform),
    "at once": from_new(allocated()),
    "at once, makers": from_new(allocated(makers, concavity=2)),
    "at once, absolute": from_new(allocated(absolute, concavity=1)),
    "at once, shares": from_new(allocated(lambda space: space.shares, concavity=1)),
    "L1 one-shot": cut(Group.uniform, "l1"),
    "Torch-Pruning": torch_pruning,
    "in a tenth": led(),
    "without, 1": without(1.0),
    "without, 2": without(2.0),
    "task": pruner(ONE_SHOT, method="paper", objective="task", **LEARNING),
    "resources": pruner(method="paper", objective="resources", **LEARNING),
    "both": pruner(method="paper", **LEARNING),
    "paper": pruner(method="paper"),
    "uniform, longer": longer(from_new(Group.uniform)),
    "at once, longer": longer(from_new(allocated())),
    "warm, default": warm(led()),
    "warm, default, l1": warm(led(salience="l1")),
    "warm, L1 one-shot": warm(cut(Group.uniform, "l1")),
    "warm, Torch-Pruning": warm(torch_pruning),
}
