"""How much each channel matters: what decides which ones go."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from mcugraph.checks import check_callable
from mcugraph.errors import UsageError
from mcugraph.records import dataclass


@dataclass(frozen=True)
class ScoredLayer:
    """A layer as a salience sees it.

    Attributes:
        name: Its path in the model.
        weight: Shape (channels, inputs of a channel); outside of autograd.
        gamma: The scale of the batch norm behind it, shape (channels,); None: there is none.
        gradient: The loss by the weights, in their shape; None: not asked for.
        activity: Of each channel, the share of its activations that are above 0, shape
            (channels,); None: not asked for.
    """

    name: str
    weight: torch.Tensor
    gamma: torch.Tensor | None
    gradient: torch.Tensor | None = None
    activity: torch.Tensor | None = None


@dataclass(frozen=True)
class Salience:
    """A rule that ranks channels.

    Attributes:
        score: From a layer to one number a channel, not negative, the larger the more it matters.
        gradient, activity: What the rule needs of ``ScoredLayer``: it costs another pass of the
            validation batch through the unmasked model at every update.
    """

    score: Callable[[ScoredLayer], torch.Tensor]
    gradient: bool = False
    activity: bool = False

    def __post_init__(self) -> None:
        check_callable("score", self.score)


def batch_norm(layer: ScoredLayer) -> torch.Tensor:
    """The absolute scale of the batch norm behind a layer; where there is none, the L2 norm."""
    return l2(layer) if layer.gamma is None else layer.gamma.abs()


def l2(layer: ScoredLayer) -> torch.Tensor:
    """The L2 norm of a channel's weights."""
    norms: torch.Tensor = torch.linalg.vector_norm(layer.weight, dim=1)
    return norms


def l1(layer: ScoredLayer) -> torch.Tensor:
    """The L1 norm of a channel's weights."""
    return layer.weight.abs().sum(1)


def gradient(layer: ScoredLayer) -> torch.Tensor:
    """The L1 norm of the gradient of a channel's weights."""
    assert layer.gradient is not None
    return layer.gradient.abs().sum(1)


def activation(layer: ScoredLayer) -> torch.Tensor:
    """The share of a channel's activations that a ReLU does not make 0."""
    assert layer.activity is not None
    return layer.activity


SALIENCES: Mapping[str, Salience] = {
    "batch_norm": Salience(batch_norm),
    "l2": Salience(l2),
    "l1": Salience(l1),
    "gradient": Salience(gradient, gradient=True),
    "activation": Salience(activation, activity=True),
}


def salience(given: Any, random: np.random.Generator) -> Salience:
    """A salience by name, a user's function, or a ``Salience`` as it is.

    Args:
        given: One of ``SALIENCES``, ``"random"``, a function of a ``ScoredLayer``, or a
            ``Salience``.
        random: Where random saliences come from; they stay what they are.

    Raises:
        UsageError: It is none of these.
    """
    if isinstance(given, Salience):
        return given
    if given == "random":
        return Salience(_Random(random))
    if isinstance(given, str) and given in SALIENCES:
        return SALIENCES[given]
    if callable(given):
        return Salience(given)
    names = ", ".join([*SALIENCES, "random"])
    raise UsageError(f"unknown salience {given!r}; expected one of {names}, or a function")


class _Random:
    """A number for each channel, drawn when the layer is first seen."""

    def __init__(self, random: np.random.Generator) -> None:
        self.seed = int(random.integers(2**31))

    def __call__(self, layer: ScoredLayer) -> torch.Tensor:
        seeds = [self.seed, *layer.name.encode()]
        return torch.from_numpy(np.random.default_rng(seeds).random(len(layer.weight)))
