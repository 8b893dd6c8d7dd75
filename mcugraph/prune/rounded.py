"""Training on with the rounding of a file in the loop."""

import torch

from mcugraph.export.qat import finish_qat, prepare_qat
from mcugraph.prune.task import Loaders, TrainingTask
from mcugraph.prune.training import Optimizer, TrainingLoop, device_of

_LOW_RATE = 0.1  # of the learning rate: rounding is small


class Rounded:
    """A model that rounds as its file will, and what trains it.

    Args:
        task: What the model is trained for.
        model: It stays as it is.
        loaders: Training data.
        epochs: That it will be trained.
        optimizer: As for ``TrainingLoop``.
        rate: The learning rate, of which a tenth is taken.
        scheme: As for ``prepare_qat``.

    Attributes:
        prepared: The model that is trained.
        loop: It trains.
    """

    def __init__(
        self,
        task: TrainingTask,
        model: torch.nn.Module,
        loaders: Loaders,
        epochs: int,
        optimizer: Optimizer,
        rate: float | None,
        scheme: str = "int8",
    ) -> None:
        device = device_of(model)
        self.prepared = prepare_qat(model, tuple(x.to(device) for x in task.examples), scheme)
        self.loop = TrainingLoop(
            *(task, self.prepared, loaders.train, optimizer, rate),
            epochs * loaders.steps,
            _LOW_RATE,
        )

    def finish(self) -> torch.nn.Module:
        """The trained model, without rounding."""
        return finish_qat(self.prepared)  # type: ignore[no-any-return]
