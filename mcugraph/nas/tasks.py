"""What a worker is handed, as plain data that can be sent anywhere."""

from typing import Any

from mcugraph.experiments.data import DataSource
from mcugraph.nas.recipe import Recipe
from mcugraph.nas.search_space import SearchSpace
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class TrialTask:
    """One training.

    Attributes:
        space: That the architecture is of.
        arch: What is trained.
        data: On what.
        recipe: How.
        epochs: For how long.
        seed: Of everything random.
        start: The weights that it begins with, its own or its parent's, as the bytes of their file;
            None: new ones.
        sparsity: The share of channels that are pruned meanwhile; 0: none.
        widths: What that leaves of its layers in the end, by name; None: all.
        test: Whether it is tested, too.
    """

    space: SearchSpace[Any]
    arch: Any
    data: DataSource
    recipe: Recipe
    epochs: float
    seed: int
    start: bytes | None = None
    sparsity: float = 0.0
    widths: dict[str, int] | None = None
    test: bool = False
