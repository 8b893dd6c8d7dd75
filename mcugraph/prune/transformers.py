"""Pruning in Hugging Face's Trainer; not imported unless it is asked for by its full name."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch

from mcugraph.checks import check_callable
from mcugraph.errors import UsageError
from mcugraph.prune.adapting import SHARE, by_loss, slimmed, through_in
from mcugraph.prune.pruner import Pruner
from mcugraph.prune.task import check_loader, endless, moved
from mcugraph.prune.training import device_of

try:
    import transformers
except ImportError:
    raise UsageError(
        "transformers is not installed: pip install 'mcugraph[transformers]'"
    ) from None

STATE = "mcugraph_pruner.pt"
WHEN_MET = ("freeze", "stop")


class TrainerPruning(transformers.TrainerCallback):
    """Steps a ``Pruner`` after each step of the optimizer, and keeps its state in checkpoints.

    ::

        pruning = TrainerPruning({"pixel_values": image}, {"arena": 64_000})
        transformers.Trainer(model, arguments, train_dataset=data, callbacks=[pruning]).train()
        small = pruning.slim()

    On one device; a network that is spread over several is refused. The trainer holds its model all
    the time, so the slimmed one is trained on by another ``Trainer``. ``load_best_model_at_end``
    brings back weights that were trained with other masks: leave it off.

    Args:
        example_inputs: As for ``Pruner``, or a mapping of inputs by name.
        budgets: As for ``Pruner``.
        validate: Batches that the weights are not trained on, for methods and saliences that ask
            for a loss: a loader, or a list.
        loss: From the model and one of these batches, on its device, to the task loss, a scalar
            tensor. None: a batch is a mapping, and the model computes its loss:
            ``model(**batch).loss``.
        when_met: What happens when the budgets are met. ``"freeze"``: the masks stay.
            ``"stop"``: the training ends, to go on with the slimmed model.
        options: More options of ``Pruner``. Its ``phase`` is a tenth of the steps that the trainer
            plans, unless it is given; ``structure="loss"`` goes by the loss of these batches.

    Attributes:
        pruner: There from the start of the training on.

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
        when_met: str = "freeze",
        **options: Any,
    ) -> None:
        if validate is not None:
            check_loader("validate", validate)
        if loss is not None:
            check_callable("loss", loss)
        if when_met not in WHEN_MET:
            raise UsageError(f"unknown when_met {when_met!r}; expected {' or '.join(WHEN_MET)}")
        by_name = isinstance(example_inputs, Mapping)
        self.example_inputs = () if by_name else example_inputs
        self.budgets, self.options = budgets, options
        if by_name:
            self.options = {**options, "kwargs": dict(example_inputs)}
        self.validate, self.loss, self.when_met = validate, loss or _own_loss, when_met
        self.pruner: Pruner | None = None
        self._held: Iterator[Any] = endless(validate or [])

    def slim(self) -> torch.nn.Module:
        """The model without the masked channels; what is still over a budget goes at once.

        Raises:
            UsageError: No training has begun.
        """
        return slimmed(self.pruner)

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Build the pruner; from a checkpoint that is resumed, with its state."""
        count = max(args.world_size, args.n_gpu)
        if count > 1:
            raise UsageError(f"pruning on {count} devices at once is not supported")
        model = kwargs["model"]
        if self.pruner is None:
            example, options = moved((self.example_inputs, self.options), device_of(model))
            steps = max(1, round(SHARE * state.max_steps))
            held = None if self.validate is None else self._held
            options = by_loss(options, held, partial(self._loss_of, model))
            planned = through_in(steps, options)
            self.pruner = Pruner(model, example, self.budgets, **planned)
            if state.global_step:
                self._restore(Path(args.output_dir, f"checkpoint-{state.global_step}", STATE))

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Step the pruner: the optimizer has stepped."""
        model, pruner = kwargs["model"], self.pruner
        assert pruner is not None

        loss = None if self.validate is None else self._loss_of(model, self._held)
        if pruner.step(loss) and pruner.met:
            if self.when_met == "stop":
                control.should_training_stop = True
            else:
                pruner.freeze()

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Save the pruner's state in the checkpoint's folder."""
        folder = Path(args.output_dir, f"checkpoint-{state.global_step}")
        if self.pruner is not None and args.should_save and folder.is_dir():
            torch.save(self.pruner.state_dict(), folder / STATE)

    def _loss_of(self, model: Any, batches: Iterator[Any]) -> Callable[[], torch.Tensor]:
        """The task loss of the next batch."""

        def loss() -> torch.Tensor:
            batch = next(batches)
            plain = dict(batch) if isinstance(batch, Mapping) else batch
            return self.loss(model, moved(plain, device_of(model)))

        return loss

    def _restore(self, path: Path) -> None:
        assert self.pruner is not None
        try:
            saved = torch.load(path)
        except OSError:
            raise UsageError(
                f"the training goes on from a checkpoint without the pruner's state: {path} is"
                " not there"
            ) from None
        self.pruner.load_state_dict(saved)


def _own_loss(model: Any, batch: Any) -> torch.Tensor:
    loss = getattr(model(**batch), "loss", None) if isinstance(batch, Mapping) else None
    if loss is None:
        raise UsageError("the model computes no loss of a batch from validate: give loss=")
    return loss  # type: ignore[no-any-return]
