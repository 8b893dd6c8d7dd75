"""Costs inside PyTorch's autograd."""

from collections.abc import Callable
from typing import Any

import torch

from mcugraph.ir import Array

Value = Callable[[Array], float]
Gradient = Callable[[Array], Array]


def evaluate(value: Value, gradient: Gradient, w: torch.Tensor) -> torch.Tensor:
    """A cost at widths that are a torch tensor; differentiable once.

    Args:
        value: The cost at a numpy vector of widths.
        gradient: Its derivative by each width, shape (groups,).
        w: The widths, shape (groups,).
    """
    return _Cost.apply(w, value, gradient)  # type: ignore[no-any-return, no-untyped-call]


class _Cost(torch.autograd.Function):
    """The value of a cost, and its gradient as numpy computes it."""

    @staticmethod
    def forward(ctx: Any, w: torch.Tensor, value: Value, gradient: Gradient) -> torch.Tensor:
        widths = w.detach().cpu().double().numpy()
        found = value(widths)
        if w.requires_grad:
            ctx.save_for_backward(w.new_tensor(gradient(widths)))
        return w.new_tensor(found)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, upstream: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return upstream * gradient, None, None
