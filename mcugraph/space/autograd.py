"""Costs inside PyTorch's autograd."""

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from mcugraph.space.resources import Resource


def evaluate(resource: "Resource", w: torch.Tensor) -> torch.Tensor:
    """A cost at widths that are a torch tensor, shape (groups,); differentiable once."""
    return _Cost.apply(w, resource)  # type: ignore[no-any-return, no-untyped-call]


class _Cost(torch.autograd.Function):
    """The value of a cost, and its gradient as numpy computes it."""

    @staticmethod
    def forward(ctx: Any, w: torch.Tensor, resource: "Resource") -> torch.Tensor:
        widths = w.detach().cpu().double().numpy()
        value = resource(widths)
        if w.requires_grad:
            ctx.save_for_backward(w.new_tensor(resource.gradient(widths)))
        return w.new_tensor(value)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, upstream: torch.Tensor) -> tuple[torch.Tensor, None]:
        (gradient,) = ctx.saved_tensors
        return upstream * gradient, None
