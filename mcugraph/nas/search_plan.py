"""What a search is, without who does it."""

from dataclasses import asdict
from typing import Any

from mcugraph.experiments.data import DataSource
from mcugraph.nas.admission import Admission
from mcugraph.nas.evolution import Method
from mcugraph.nas.halving import Ladder
from mcugraph.nas.recipe import Recipe
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What a search is, without who does it.

    Attributes:
        admission: Which architectures may be trained.
        method: Chooses parents.
        ladder: How far candidates are trained.
        recipe: How they are trained.
        data: On what.
        templates: Architectures that are tried first.
        window: How many trials are under way at most.
        workers: How many of them are trained at once.
        seed: Of everything random.
        candidates: How many trials there are at most, finalists not among them; None: no limit.
        seconds: How long the search may run, all sessions together; None: no limit.
        finalists: How many are trained again in the end.
        contenders: For each of them so many are trained from new weights before, for a part of the
            epochs; the best of these are the finalists. 1: none are.
        targets: Conditions: each has its turn in being aimed at.
        final_share: The part of ``seconds`` that contenders and finalists may take at most.
    """

    admission: Admission
    method: Method
    ladder: Ladder
    recipe: Recipe
    data: DataSource
    templates: tuple[Any, ...]
    window: int
    workers: int
    seed: int
    candidates: int | None
    seconds: float | None
    finalists: int
    contenders: int
    targets: tuple[str, ...]
    final_share: float

    def settings(self) -> dict[str, Any]:
        """What has to be the same when a search goes on; how long, and who trains, may change."""
        admission, room = self.admission, self.admission.room
        recipe = asdict(self.recipe) | {"sparsity": repr(self.recipe.sparsity)}
        del recipe["device"]
        return {
            "space": admission.space.describe(),
            "bounds": asdict(admission.bounds),
            "board": None if room is None else room.board.key,
            "reserves": [0, 0] if room is None else [room.reserve_sram, room.reserve_flash],
            "kernels": admission.kernels,
            "data": self.data.spec,
            "recipe": recipe,
            "method": repr(self.method),
            "templates": [admission.space.to_plain(arch) for arch in self.templates],
            "targets": list(self.targets),
            "window": self.window,
            "seed": self.seed,
        }
