"""Pruning in the training of Lightning; not imported unless it is asked for by its full name."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import torch

from mcugraph.checks import check_callable
from mcugraph.errors import UsageError
from mcugraph.prune.adapting import SHARE, by_loss, slimmed, submodule_of, through_in
from mcugraph.prune.methods import PHASE
from mcugraph.prune.optimizers import carry_over
from mcugraph.prune.pruner import Pruner
from mcugraph.prune.task import check_loader, endless

try:
    import lightning
except ImportError:
    raise UsageError("lightning is not installed: pip install 'mcugraph[lightning]'") from None

WHEN_MET = ("freeze", "slim", "stop")


class LightningPruning(lightning.Callback):
    """Steps a ``Pruner`` after each step of the optimizer, and keeps its state in checkpoints.

    ::

        pruning = LightningPruning(torch.zeros(1, 1, 28, 28), {"arena": 16_000}, network="net")
        lightning.Trainer(callbacks=[pruning]).fit(module, loader)
        small = pruning.slim()

    On one device; a network that is spread over several is refused.

    Args:
        example_inputs: As for ``Pruner``.
        budgets: As for ``Pruner``.
        validate: Batches that the weights are not trained on, for methods and saliences that ask
            for a loss: a loader, or a list.
        loss: From the ``LightningModule`` and one of these batches, on its device, to the task
            loss, a scalar tensor. With ``validate`` only, and always with it.
        network: Name of the attribute with the network to prune, like ``"net"`` or
            ``"model.features"``; None: the ``LightningModule`` itself.
        when_met: What happens when the budgets are met. ``"freeze"``: the masks stay.
            ``"slim"``: the slimmed network takes the place of the attribute ``network``, the
            optimizers go on with it, and what is saved from then on is the slimmed network.
            ``"stop"``: the training ends.
        options: More options of ``Pruner``. Its ``phase`` is a tenth of the steps that the trainer
            plans, unless it is given; ``structure="loss"`` goes by the loss of these batches.

    Attributes:
        pruner: There from the start of the training on.
        small: The slimmed network, once it has taken the place; None: it has not.

    Raises:
        UsageError: ``validate`` cannot be read again and again, or an option is none.
    """

    def __init__(
        self,
        example_inputs: Any,
        budgets: Mapping[str, float | str] | None,
        validate: Iterable[Any] | None = None,
        loss: Callable[[Any, Any], torch.Tensor] | None = None,
        *,
        network: str | None = None,
        when_met: str = "freeze",
        **options: Any,
    ) -> None:
        if (validate is None) != (loss is None):
            raise UsageError("validate= and loss= go together")
        if loss is not None:
            check_loader("validate", validate)
            check_callable("loss", loss)
        if when_met not in WHEN_MET:
            raise UsageError(f"unknown when_met {when_met!r}; expected {', '.join(WHEN_MET)}")
        if when_met == "slim" and network is None:
            raise UsageError("when_met='slim' needs network=, the attribute that is replaced")
        self.example_inputs, self.budgets, self.options = example_inputs, budgets, options
        self.validate, self.loss = validate, loss
        self.network, self.when_met = network, when_met
        self.pruner: Pruner | None = None
        self.small: torch.nn.Module | None = None
        self._restored: Mapping[str, Any] | None = None
        self._held: Iterator[Any] = endless(validate or [])
        self._steps = 0

    def slim(self) -> torch.nn.Module:
        """The network without the masked channels; what is still over a budget goes at once.

        Raises:
            UsageError: No training has begun.
        """
        if self.small is not None:
            return self.small
        return slimmed(self.pruner)

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Build the pruner: the network is on its device now."""
        if trainer.world_size > 1:
            raise UsageError(f"pruning on {trainer.world_size} devices at once is not supported")
        if self.pruner is None:
            inputs = trainer.strategy.batch_to_device(self.example_inputs)
            planned = trainer.estimated_stepping_batches  # may be infinite
            steps = max(1, round(SHARE * planned)) if math.isfinite(planned) else PHASE
            held = None if self.loss is None else self._held
            options = by_loss(self.options, held, partial(self._loss_of, trainer, pl_module))
            options = through_in(steps, options)
            self.pruner = Pruner(
                submodule_of(pl_module, self.network), inputs, self.budgets, **options
            )
        self._restore()

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Hold the optimizers against the network, and count steps from here on."""
        self._steps = trainer.global_step
        if self.when_met == "slim" and self.small is None:
            own = {id(value) for value in submodule_of(pl_module, self.network).parameters()}
            for optimizer in trainer.optimizers:
                if any(
                    id(v) not in own for group in optimizer.param_groups for v in group["params"]
                ):
                    raise UsageError(
                        f"an optimizer trains more than {self.network}: it cannot go on with the"
                        " slimmed network; choose when_met='freeze' or 'stop'"
                    )

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Step the pruner where the optimizer has stepped."""
        if trainer.global_step == self._steps or self.pruner is None or self.small is not None:
            return
        self._steps = trainer.global_step

        loss = None
        if self.loss is not None:
            loss = self._loss_of(trainer, pl_module, self._held)
        if self.pruner.step(loss) and self.pruner.met:
            self._met(trainer, pl_module)

    def state_dict(self) -> dict[str, Any]:
        """The pruner's state, for a checkpoint."""
        return {} if self.pruner is None else {"pruner": self.pruner.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self._restored = state_dict.get("pruner")
        self._restore()

    def _restore(self) -> None:
        """Give the pruner the state of a checkpoint, once both are there."""
        if self.pruner is not None and self._restored is not None:
            self.pruner.load_state_dict(self._restored)
            self._restored = None

    def _met(self, trainer: Any, module: Any) -> None:
        assert self.pruner is not None
        if self.when_met == "freeze":
            self.pruner.freeze()
        elif self.when_met == "stop":
            trainer.should_stop = True
        else:
            assert self.network is not None
            small = self.pruner.slim()
            for optimizer in trainer.optimizers:
                carry_over(optimizer, self.pruner.model, small)
            self.small = small
            module.set_submodule(self.network, small)

    def _loss_of(
        self, trainer: Any, module: Any, batches: Iterator[Any]
    ) -> Callable[[], torch.Tensor]:
        """The task loss of the next batch."""
        task_loss = self.loss
        assert task_loss is not None

        def loss() -> torch.Tensor:
            held = trainer.strategy.batch_to_device(next(batches))
            with trainer.precision_plugin.forward_context():
                return task_loss(module, held)

        return loss
