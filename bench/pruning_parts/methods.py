"""Ways to bring a network within budgets in the course of its training."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from mcugraph.prune import Pruner, carry_over, choose_structures, drop, slim
from mcugraph.prune.masks import Masks
from mcugraph.prune.numbered_classes import Classes
from mcugraph.prune.ranking import Ranking
from mcugraph.prune.salience import salience as salience_of
from mcugraph.prune.schedules import uniform as factor
from mcugraph.space.budgets import Budgets
from mcugraph.space.space import Space
from pruning_parts.training import Training, clock

# When one-shot methods prune, and until when learned widths have to meet the budgets, of all steps.
ONE_SHOT, LATEST = 0.1, 0.6
# Trainings as short as these ask for more frequent updates, and for larger steps.
INTERVAL = 5
LEARNING = {"interval": 10, "max_step": 0.05}


@dataclass
class Case:
    """A training, and the budgets that its network has to meet.

    Attributes:
        training: Its model is replaced when it is pruned.
        make: A new network as the training's was at its start, but for its weights.
        space: Of the whole network.
        limits: The budgets.
        whole: Gives the whole network, trained before.
        met_at: The step from which on the network met the budgets.
        met_seconds: What it took until then.
    """

    training: Training
    make: Callable[[], nn.Module]
    space: Space
    limits: Mapping[str, int]
    whole: Callable[[], nn.Module]
    met_at: int | None = field(default=None, init=False)
    met_seconds: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._start = clock(self.training.data.device)

    @property
    def seconds(self) -> float:
        """What it took up to now: of a GPU as it goes by, else of the CPU."""
        return clock(self.training.data.device) - self._start

    @property
    def model(self) -> nn.Module:
        return self.training.model

    @property
    def example(self) -> torch.Tensor:
        return self.training.data.example

    def step_of(self, share: float) -> int:
        return round(share * self.training.plan.steps)

    def uniform(self) -> Any:
        """The widths of all groups by one factor, as large as fits."""
        budgets = Budgets(self.space, self.limits)
        return self.space.round(self.space.full * factor(self.space, budgets))

    def go_on_with(self, small: nn.Module) -> None:
        """Train what the network was slimmed to, with its optimizer."""
        small = small.to(memory_format=torch.channels_last)
        carry_over(self.training.optimizer, self.model, small)
        self.training.model = small
        self.meets()

    def meets(self) -> None:
        """From now on the network meets the budgets."""
        self.met_at, self.met_seconds = self.training.step, self.seconds

    def cut(self, widths: Any, salience: str) -> None:
        """Keep the most salient channels of each group, as many as its width says."""
        classes = Classes(self.space)
        masks = Masks(self.model, classes)
        rule = salience_of(salience, np.random.default_rng(self.training.seed))
        scores = Ranking(self.model, masks, classes, rule).scores(self.training.held_loss)
        kept = np.split(classes.most(scores, widths), classes.starts[1:])
        names = [group.name for group in self.space.groups]
        keep = dict(zip(names, kept, strict=True))
        self.go_on_with(slim(self.model, keep, self.example, None, self.space))

    def trained(self) -> nn.Module:
        """The whole network as its own training left it, where the data lie."""
        return self.whole().to(self.example.device, memory_format=torch.channels_last)

    def restart(self, widths: Any) -> None:
        """A new network of these widths, at the start of the training."""
        self.start_with(narrow(self.make(), widths, self.space, self.example.cpu()))
        self.meets()

    def start_with(self, model: nn.Module) -> None:
        """Another network, at the start of the training."""
        old = self.training
        self.training = Training(model, old.data, old.plan, old.seed, old.teacher)


def narrow(model: nn.Module, widths: Any, space: Space, example: torch.Tensor) -> nn.Module:
    """A network of these widths with weights that are drawn anew."""
    keep = {g.name: range(int(w)) for g, w in zip(space.groups, widths, strict=True)}
    small = slim(model, keep, example, None, space)
    for module in small.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    return small


def unpruned(case: Case) -> None:
    case.training.finish()


def uniform(case: Case) -> None:
    """All layers narrower by one factor from the start."""
    case.restart(case.uniform())
    case.training.finish()


def l1_one_shot(case: Case) -> None:
    """The least L1 norms of all layers go by one factor."""
    case.training.until(case.step_of(ONE_SHOT))
    case.cut(case.uniform(), "l1")
    case.training.finish()


def magnitude_pruned(network: nn.Module, example: torch.Tensor, ratio: float) -> nn.Module:
    """A copy of a network that Torch-Pruning has taken a share of channels from, by L1 norms."""
    import torch_pruning as tp

    model = copy.deepcopy(network)
    tp.pruner.MagnitudePruner(
        model,
        example,
        importance=tp.importance.GroupMagnitudeImportance(p=1),
        pruning_ratio=ratio,
        ignored_layers=[model.fc],
    ).step()
    return model


def least_ratio(
    network: nn.Module, example: torch.Tensor, space: Space, limits: Mapping[str, int]
) -> float:
    """The least of these shares that fits; the largest, where none does."""
    budgets = Budgets(space, limits)
    low, high = 0.0, 0.97
    while high - low > 0.004:
        middle = (low + high) / 2
        widths = widths_of(magnitude_pruned(network, example, middle), space)
        low, high = (middle, high) if budgets.unmet(widths) else (low, middle)
    return high


def torch_pruning(case: Case) -> None:
    """Torch-Pruning with L1 norms over groups, at the least ratio that fits.

    Some networks it does not bring within all budgets: then they are left at the last ratio.
    """
    case.training.until(case.step_of(ONE_SHOT))
    ratio = least_ratio(case.model, case.example, case.space, case.limits)
    case.training.model = magnitude_pruned(case.model, case.example, ratio)
    case.training.optimizer = case.training.new_optimizer()
    case.meets()
    case.training.finish()


def log_one_shot(case: Case) -> None:
    """Widths that are worth the most together, as the sum of their logarithms."""
    case.training.until(case.step_of(ONE_SHOT))
    alike = np.ones(len(case.space.full))
    case.cut(case.space.allocate(case.limits, alike, concavity=0), "l1")
    case.training.finish()


def pruner(latest: float = LATEST, **options: Any) -> Callable[[Case], None]:
    """Our pruner, slimmed as soon as the budgets are met, and held to them at the latest then."""

    def method(case: Case) -> None:
        training = case.training
        given = {"seed": training.seed, "report": _unheard, **options}
        ours = Pruner(case.model, case.example, case.limits, **given)

        def met() -> bool:
            ours.step(training.held_loss)
            if not ours.met and training.step >= case.step_of(latest):
                ours.enforce()
            return ours.met

        training.until(training.plan.steps, met)
        case.go_on_with(ours.slim())
        training.finish()

    return method


def _unheard(line: str) -> None:
    """Where a pruner's reports go."""


def default(case: Case) -> None:
    """Our pruner as it comes, its phase a tenth of the training; a new network needs none."""
    pruner(phase=case.step_of(ONE_SHOT), interval=INTERVAL)(case)


def led(case: Case) -> None:
    """The same, with a new network led to its widths within the phase, too."""
    pruner(phase=case.step_of(ONE_SHOT), interval=INTERVAL, trained=True)(case)


def at_once(case: Case) -> None:
    """Allocated widths from the start: no training is needed to choose them."""
    case.restart(case.space.allocate(case.limits))
    case.training.finish()


def absolute(case: Case) -> None:
    """The same with channels that are worth as much in narrow layers as in wide ones."""
    space = case.space
    case.restart(space.allocate(case.limits, space.makers / space.full, concavity=1))
    case.training.finish()


def with_branches(case: Case) -> None:
    """The same on a network that lost, before its training, the branches that budgets ask for."""
    choice = choose_structures(case.model, case.example, case.limits)
    case.start_with(drop(case.model, choice.dropped, case.example))
    default(case)


def widths_of(model: nn.Module, space: Space) -> Any:
    """The width of each group, as the layer it is named after has it; 0: that is gone."""
    modules = dict(model.named_modules())
    layers = [modules.get(group.name) for group in space.groups]
    widths = [getattr(x, "out_channels", getattr(x, "out_features", 0)) for x in layers]
    return np.array(widths)
