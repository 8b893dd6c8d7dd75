"""On what a model is trained while it is compressed, and for how long."""

from collections.abc import Callable, Iterable
from typing import Any

import torch

from mcugraph.checks import check_callable, check_number, check_whole
from mcugraph.export.tools import tensors_of
from mcugraph.formats.torch.devices import checked_device
from mcugraph.prune.task import Loaders, TrainingTask
from mcugraph.prune.training import Optimizer, device_of
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class Training:
    """Data, epochs and optimizer.

    Without callables it is a classification: batches are ``(input, class)``, the loss is cross
    entropy, and what is scored is accuracy.

    Attributes:
        train: Training batches: a ``DataLoader``, or a list of batches.
        test: Batches that scores are of.
        validate: Batches for heuristics of channels that ask for a loss; None: those of ``train``.
        epochs: In all, those of the pruning with them; 0: none.
        optimizer: ``"adamw"``, ``"sgd"``, or a function from a list of parameters to one. Its
            learning rate rises for a moment and falls as a cosine.
        learning_rate: The highest; None: 0.002 for AdamW, 0.05 for SGD.
        unpack, forward, loss, metric: As for ``prune.to_budget``.
        device: Where, such as ``"cuda"``; None: where the model is. Batches may lie there already.
        seed: Of all that is random meanwhile.
        report: Takes a line an epoch.

    Raises:
        UsageError: A number is none, or there is no such device.
    """

    train: Iterable[Any]
    test: Iterable[Any]
    validate: Iterable[Any] | None = None
    epochs: int = 10
    optimizer: Optimizer = "adamw"
    learning_rate: float | None = None
    unpack: Callable[[Any], Any] | None = None
    forward: Callable[[Any, tuple[torch.Tensor, ...]], Any] | None = None
    loss: Callable[[Any, Any], torch.Tensor] | None = None
    metric: Callable[[Any, Any], Any] | None = None
    device: str | torch.device | None = None
    seed: int = 0
    report: Callable[[str], None] = print

    def __post_init__(self) -> None:
        check_whole("epochs", self.epochs, 0)
        check_whole("seed", self.seed, 0)
        check_callable("report", self.report)
        if self.learning_rate is not None:
            check_number("learning_rate", self.learning_rate)
        if self.device is not None:
            checked_device(self.device)

    def place(self, model: torch.nn.Module) -> torch.device:
        """Where a model is trained."""
        return device_of(model) if self.device is None else checked_device(self.device)

    def task(self, example_inputs: Any) -> TrainingTask:
        """What a model with such inputs is trained for."""
        examples = tuple(value.cpu() for value in tensors_of(example_inputs))
        return TrainingTask(examples, self.unpack, self.forward, self.loss, self.metric)

    def loaders(self) -> Loaders:
        """Its data.

        Raises:
            UsageError: It cannot be read more than once.
        """
        held = self.train if self.validate is None else self.validate
        return Loaders(self.train, held, self.test)
