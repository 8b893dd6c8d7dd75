"""Layers of PyTorch that several tests build networks of."""

from collections.abc import Callable
from typing import Any

from torch import nn


class Apply(nn.Module):
    """A function as a layer."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)
