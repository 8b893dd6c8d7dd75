"""What tells which weights matter."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from mcugraph.checks import check_callable
from mcugraph.errors import UsageError
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class ScoredWeight:
    """The weights of a layer, to be ranked.

    Attributes:
        name: Of the parameter in the model, such as ``"conv1.weight"``.
        weight: Its values; outside of autograd.
        gradient: The mean absolute gradient of each since the last update, in their shape; None:
            not asked for.
    """

    name: str
    weight: torch.Tensor
    gradient: torch.Tensor | None = None


@dataclass(frozen=True, slots=True)
class ElementHeuristic:
    """A rule that ranks weights.

    Attributes:
        score: From the weights of a layer to one number each, in their shape, the larger the more
            it matters.
        gradient: Whether it asks for ``ScoredWeight.gradient``.
    """

    score: Callable[[ScoredWeight], torch.Tensor]
    gradient: bool = False

    def __post_init__(self) -> None:
        check_callable("score", self.score)


def level(layer: ScoredWeight) -> torch.Tensor:
    """The magnitude."""
    return layer.weight.abs()


def by_gradient(layer: ScoredWeight) -> torch.Tensor:
    """The size of the gradient."""
    assert layer.gradient is not None
    return layer.gradient


def taylor(layer: ScoredWeight) -> torch.Tensor:
    """By how much the loss changes without a weight, in the first order."""
    assert layer.gradient is not None
    return layer.weight.abs() * layer.gradient


HEURISTICS: Mapping[str, ElementHeuristic] = {
    "level": ElementHeuristic(level),
    "gradient": ElementHeuristic(by_gradient, gradient=True),
    "taylor": ElementHeuristic(taylor, gradient=True),
}


def element_heuristic(given: Any, seed: int) -> ElementHeuristic:
    """A heuristic by name, a user's function, or an ``ElementHeuristic`` as it is.

    Args:
        given: One of ``HEURISTICS``, ``"random"``, a function of a ``ScoredWeight``, or an
            ``ElementHeuristic``.
        seed: Of random numbers.

    Raises:
        UsageError: It is none of these.
    """
    if isinstance(given, ElementHeuristic):
        return given
    if given == "random":
        return ElementHeuristic(_Drawn(seed))
    if isinstance(given, str) and given in HEURISTICS:
        return HEURISTICS[given]
    if callable(given):
        return ElementHeuristic(given)
    names = ", ".join([*HEURISTICS, "random"])
    raise UsageError(f"unknown heuristic {given!r}; expected one of {names}, or a function")


class _Drawn:
    """A number for each weight, the same whenever it is asked for."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __call__(self, layer: ScoredWeight) -> torch.Tensor:
        numbers = np.random.default_rng([self.seed, *layer.name.encode()])
        drawn = numbers.random(tuple(layer.weight.shape), np.float32)
        return torch.from_numpy(drawn).to(layer.weight.device)
