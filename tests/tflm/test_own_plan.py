"""Our plan of TFLM's head: what is known already of the live set must not change what is found."""

from pathlib import Path

import pytest

import mcugraph as mg
from mcugraph.rewrite.accounting import counted_forms
from mcugraph.scheduling.figures import live_set_figures
from mcugraph.scheduling.runtime import RUNTIMES
from mcugraph.tflm.footprint import head_arena
from mcugraph.tflm.loaded import program_of
from mcugraph.tflm.own_plan import planned_arena

MODELS = Path(__file__).resolve().parents[2] / "fixtures" / "models"


@pytest.mark.parametrize("path", sorted(MODELS.iterdir()), ids=lambda path: path.name)
def test_a_known_schedule_only_saves_time(path: Path) -> None:
    graph = counted_forms(mg.load(path), "deployed").runs
    program, _ = program_of(graph)
    assert program is not None
    arena = head_arena(program)
    best = live_set_figures(graph, RUNTIMES["tflm"]).best
    found = planned_arena(program, arena, known=best)
    assert found == planned_arena(program, arena)
    assert best.lower_bound <= found <= arena
