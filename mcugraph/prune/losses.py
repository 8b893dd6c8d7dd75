"""The task loss of a batch, as its user computes it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch

from mcugraph.errors import UsageError
from mcugraph.ir import Array

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
    if not callable(loss):
        raise UsageError(
            f"step() needs a function that computes the loss, like lambda: f(model(x), y), not"
            f" {type(loss).__name__}"
        )
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


def gradient_of(loss: Loss | None, masks: torch.Tensor) -> tuple[float, Array]:
    """The task loss, and its derivative by the mask of each class.

    Args:
        loss: Of the model with these masks.
        masks: A leaf of autograd, shape (classes + 1,); the last entry masks nothing.

    Returns:
        The loss, and an array of shape (classes,).

    Raises:
        UsageError: There is no loss, or it has no finite gradient by the masks.
    """
    value = value_of(loss)
    (found,) = torch.autograd.grad(value, masks, allow_unused=True)
    if found is None:
        raise UsageError("loss() does not depend on the model that is pruned")
    by_mask = found[:-1].double().cpu().numpy()
    if not np.isfinite(by_mask).all():
        raise UsageError("the gradient of loss() is not finite: has the training diverged?")
    return float(value.detach()), np.asarray(by_mask)


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


@contextmanager
def undisturbing(model: torch.nn.Module, loss: Loss | None) -> Iterator[Loss | None]:
    """A loss that leaves the model ``undisturbed`` afterwards, at no price if it is not called."""
    if not callable(loss):
        yield loss
        return
    with ExitStack() as after:
        calls = 0

        def called() -> torch.Tensor:
            nonlocal calls
            if not calls:
                after.enter_context(undisturbed(model))
            calls += 1
            return loss()

        yield called
