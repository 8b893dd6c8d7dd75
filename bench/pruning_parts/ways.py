"""Ways of the pruning benchmark by name, among them those that need a trained whole network."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from mcugraph.prune.losses import undisturbed
from mcugraph.prune.masks import Masks
from mcugraph.prune.numbered_classes import Classes
from mcugraph.prune.ranking import Ranking
from mcugraph.prune.salience import SALIENCES
from pruning_parts.methods import (
    LEARNING,
    ONE_SHOT,
    Case,
    absolute,
    at_once,
    default,
    l1_one_shot,
    led,
    log_one_shot,
    pruner,
    torch_pruning,
    uniform,
    unpruned,
    with_branches,
)
from pruning_parts.training import Training

# Batches that say what a loss is; the share of the largest change that every group has at least.
PROBES, LEAST = 8, 0.1
# When the paper's way has to meet the budgets: in the first 15 to 20 epochs.
EARLY = 0.2


def longer(method: Callable[[Case], None]) -> Callable[[Case], None]:
    """A method in as many steps as a whole network's training and one after it have together."""

    def run(case: Case) -> None:
        old = case.training
        plan = replace(old.plan, steps=2 * old.plan.steps)
        case.training = Training(case.model, old.data, plan, old.seed, old.teacher)
        method(case)

    return run


def sensitive(case: Case) -> None:
    """At once, with groups worth what the loss of the trained network changes by without a half."""
    case.restart(case.space.allocate(case.limits, changes(case), concavity=1))
    case.training.finish()


def changes(case: Case) -> Any:
    """What the loss changes by with the less salient half of a group masked, a tenth at least."""
    probe = Training(case.trained(), case.training.data, case.training.plan, 0)
    classes = Classes(case.space)
    masks = Masks(probe.model, classes)
    scores = Ranking(probe.model, masks, classes, SALIENCES["l1"]).scores(probe.held_loss)
    full = case.space.full
    masks.attach()

    def loss(widths: Any) -> float:
        masks.set(classes.most(scores, np.asarray(widths, np.int64)))
        probe.held_generator.manual_seed(0)
        with undisturbed(probe.model), torch.no_grad():
            return sum(float(probe.held_loss()) for _ in range(PROBES)) / PROBES

    halves = [np.where(np.arange(len(full)) == i, full // 2, full) for i in range(len(full))]
    found = np.abs(np.array([loss(widths) for widths in halves]) - loss(full))
    masks.detach()
    return np.maximum(found, LEAST * found.max())


def distilled(method: Callable[[Case], None]) -> Callable[[Case], None]:
    """A method whose network learns from the whole one, trained before, too."""

    def run(case: Case) -> None:
        case.training.teacher = case.trained().eval()
        method(case)

    return run


def warm(method: Callable[[Case], None]) -> Callable[[Case], None]:
    """A method that begins with the whole network, trained before, and has the full rate."""

    def run(case: Case) -> None:
        case.start_with(case.trained())
        method(case)

    return run


METHODS: dict[str, Callable[[Case], None]] = {
    "unpruned": unpruned,
    "uniform": uniform,
    "L1 one-shot": l1_one_shot,
    "Torch-Pruning": torch_pruning,
    "log one-shot": log_one_shot,
    "task": pruner(ONE_SHOT, method="paper", objective="task", **LEARNING),
    "resources": pruner(method="paper", objective="resources", **LEARNING),
    "both": pruner(method="paper", **LEARNING),
    "paper": pruner(method="paper"),
    "default": default,
    "in a tenth": led,
    "at once": at_once,
    "default, branches": with_branches,
    "uniform, longer": longer(uniform),
    "at once, longer": longer(at_once),
    "at once, absolute": absolute,
    "both, early": pruner(EARLY, method="paper", **LEARNING),
    "paper, early": pruner(EARLY, method="paper"),
}
# Those that need the whole network, trained before.
WITH_WHOLE: dict[str, Callable[[Case], None]] = {
    "at once, sensitivity": sensitive,
    "at once, distilled": distilled(at_once),
    "default, distilled": distilled(default),
    "at once, absolute, distilled": distilled(absolute),
    "at once, sensitivity, distilled": distilled(sensitive),
    "warm, default": warm(default),
    "warm, L1 one-shot": warm(l1_one_shot),
    "warm, Torch-Pruning": warm(torch_pruning),
    "warm, default, distilled": warm(distilled(default)),
}
