"""What a worker is handed, as plain data that can be sent anywhere."""

from typing import Any

from mcugraph.nas.data import DataSource
from mcugraph.nas.recipe import Recipe
from mcugraph.nas.search_space import SearchSpace
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class Start:
    """A trained network that another one begins as: its own later self, or a child.

    Attributes:
        arch: Its architecture.
        weights: The bytes of their file.
    """

    arch: Any
    weights: bytes


@dataclass(frozen=True, slots=True)
class Task:
    """One training.

    Attributes:
        space: That the architecture is of.
        arch: What is trained.
        data: On what.
        recipe: How.
        epochs: For how long.
        seed: Of everything random.
        start: What it begins as; None: new weights.
        sparsity: The share of channels that are pruned meanwhile.
        test: Whether it is tested, too.
    """

    space: SearchSpace[Any]
    arch: Any
    data: DataSource
    recipe: Recipe
    epochs: float
    seed: int
    start: Start | None = None
    sparsity: float = 0.0
    test: bool = False
