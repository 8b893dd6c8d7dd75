"""Pruning while a candidate is trained: more and more channels, by the L2 norm of their weights.

As in µNAS (section 3.6), and by the masks of the pruner. The groups are those of the graph, so that
nothing has to be exported.
"""

import numpy as np
import torch
from torch import nn

from mcugraph.errors import InternalError
from mcugraph.nas.sparsity import left
from mcugraph.nas.tasks import TrialTask
from mcugraph.prune.masks import Masks
from mcugraph.prune.numbered_classes import Classes
from mcugraph.prune.ranking import Ranking
from mcugraph.prune.salience import SALIENCES
from mcugraph.prune.schedules import Gradual
from mcugraph.slimming.cutting import default, taken
from mcugraph.slimming.kept import Kept
from mcugraph.space.space import widths

_FROM, _TO = 0.1, 0.6  # of the training: when the first channels go, and the last
_UPDATES = 16  # steps between two looks at the weights, as the paper's code has it
_SAME = 1e-3  # of outputs, relative to the largest


class Thinning:
    """Takes channels out of a module while it is trained.

    Args:
        task: What is trained; its sparsity says how much goes.
        module: Of the whole architecture; masked from now on.
        steps: Of the training.
    """

    def __init__(self, task: TrialTask, module: nn.Module, steps: int) -> None:
        self._task, self._module = task, module
        self._classes = Classes(widths(task.space.graph(task.arch)))
        self._masks = Masks(module, self._classes)
        self._ranking = Ranking(module, self._masks, self._classes, SALIENCES["l2"])
        begin = round(_FROM * steps)
        self._schedule = Gradual(task.sparsity, begin, max(1, round(_TO * steps) - begin))
        self._full = np.array([group.width for group in self._classes.space.groups])
        self._final = np.array([left(int(n), task.sparsity) for n in self._full])
        self._masks.attach()

    def after(self, step: int) -> None:
        """A step of the training was done."""
        if step % _UPDATES == 0:
            self._mask(self._schedule.progress(step))

    def end(self, examples: torch.Tensor) -> nn.Module:
        """The module without the channels that are gone.

        Args:
            examples: Some, on which both are compared.

        Raises:
            InternalError: It computes something else.
        """
        self._mask(1.0)
        self._module.eval()
        with torch.no_grad():
            masked = self._module(examples)
        self._masks.detach()
        small = self._slimmed().eval()
        with torch.no_grad():
            found = small(examples)
        if not torch.allclose(found, masked, atol=_SAME * float(masked.abs().max() + 1e-9)):
            raise InternalError(f"a pruned network computes something else: {self._task.arch}")
        return small

    def _mask(self, progress: float) -> None:
        wanted = np.ceil(self._full - progress * (self._full - self._final)).astype(np.int64)
        scores = self._ranking.scores(_no_loss)
        self._masks.set(self._classes.most(scores, wanted))

    def _slimmed(self) -> nn.Module:
        state = self._module.state_dict()
        hard, space = self._masks.hard, self._classes.space
        groups = np.split(hard, self._classes.starts[1:])
        kept = Kept.of(space, {g.name: m for g, m in zip(space.groups, groups, strict=True)})
        shapes = {name: tuple(value.shape) for name, value in state.items()}
        for name, entries in default(kept.remains, shapes).entries.items():
            state[name] = taken(state[name], entries)
        small = self._task.space.module(self._task.arch, self._task.widths)
        small.load_state_dict(state)
        return small


def _no_loss() -> torch.Tensor:
    raise InternalError("the L2 norm of weights needs no loss")
