"""What pictures are drawn from agrees with the figures of the profile, and is a plan at all."""

import itertools
from pathlib import Path

import pytest

import mcugraph as mg
from mcugraph.anatomy.arena_map import ArenaMap
from mcugraph.anatomy.entry import anatomy

MODELS = Path(__file__).resolve().parents[2] / "fixtures" / "models"


@pytest.mark.parametrize("path", sorted(MODELS.iterdir()), ids=lambda path: path.name)
def test_pictures_show_the_figures_of_the_profile(path: Path) -> None:
    graph = mg.load(path)
    found = mg.profile(graph)
    drawn = anatomy(graph, found, 2.0)
    memory = found.memory
    in_file_order, best = drawn.timelines
    assert (in_file_order.peak, best.peak) == (memory.file_order_peak, memory.peak)
    assert in_file_order.live == tuple(layer.live_bytes for layer in found.layers)
    assert [found.layers[v].name for v in best.order] == list(found.order)
    arenas = {each.name: each.arena for each in drawn.arenas}
    assert arenas == {
        "tflm": memory.tflm_arena,
        "planned": memory.planned_arena,
        "overlap": memory.overlap_arena,
    }
    for each in drawn.arenas:
        clashes = overlapping(each)
        assert not clashes or each.name == "overlap"
        assert each.arena == max(block.offset + block.size for block in each.blocks)
        check_lifetimes(each, graph)


def overlapping(drawn: ArenaMap) -> list[tuple[str, str]]:
    """Blocks that lie over each other at one time."""
    return [
        (a.label, b.label)
        for a, b in itertools.combinations(drawn.blocks, 2)
        if a.begin < b.end
        and b.begin < a.end
        and a.offset < b.offset + b.size
        and b.offset < a.offset + a.size
    ]


def check_lifetimes(drawn: ArenaMap, graph: mg.Graph) -> None:
    """Each block of a file is there while its operators run, by the steps of the map."""
    assert drawn.by_operator
    assert drawn.steps == len(drawn.order)
    if graph.source.format != "tflite":
        return  # what becomes of these is rewritten first
    when = {v: step for step, v in enumerate(drawn.order)}
    for block in drawn.blocks:
        used = [
            when[v]
            for v, operator in enumerate(graph.operators)
            if not block.scratch and block.label in (*operator.inputs, *operator.outputs)
        ]
        assert 0 <= block.begin < block.end <= drawn.steps
        if used:
            assert (block.begin <= min(used), max(used) < block.end) == (True, True)


def test_a_graph_that_tflm_cannot_hold_has_no_map() -> None:
    graph = mg.load(MODELS / "branching.onnx")
    paper = mg.profile(graph, accounting="paper")
    drawn = anatomy(graph, paper, 1.0)
    assert drawn.arenas == ()
    assert drawn.timelines[1].peak == paper.memory.peak
