"""The task loss of a batch, as its user computes it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from mcugraph.errors import UsageError

Loss = Callable[[], torch.Tensor]


def no_loss() -> torch.Tensor:
    """In place of a loss that nobody gave.

    Raises:
        UsageError: Always.
    """
    raise UsageError("this salience needs a batch: call step(loss) first")


def value_of(loss: Callable[[], Any] | None) -> torch.Tensor:
    """The task loss.

    Raises:
        UsageError: There is none, or it cannot be differentiated.
    """
    if loss is None:
        raise UsageError("step() needs loss: a function that gives the task loss of a batch")
    with torch.enable_grad():
        value = loss()
    if not isinstance(value, torch.Tensor) or value.numel() != 1:
        raise UsageError(f"loss() has to give a scalar tensor, not {type(value).__name__}")
    if not value.requires_grad:
        raise UsageError(
            "loss() gives a tensor without a gradient: does it run under no_grad, or detach?"
        )
    if not torch.isfinite(value).all():
        raise UsageError(f"loss() gives {value.item()}: has the training diverged?")
    return value


@contextmanager
def undisturbed(model: torch.nn.Module) -> Iterator[None]:
    """Afterwards the buffers of a model are what they were: a validation batch counts nowhere."""
    saved = [(buffer, buffer.clone()) for buffer in model.buffers()]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, before in saved:
                buffer.copy_(before)
