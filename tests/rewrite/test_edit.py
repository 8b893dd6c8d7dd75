"""The index of an edit is that of the graph it makes, after whatever step."""

from collections.abc import Callable
from pathlib import Path

import pytest

import mcugraph as mg
from mcugraph.ir import Graph, verify
from mcugraph.ops.elementwise import Elementwise
from mcugraph.rewrite.cleaning import drop_identities
from mcugraph.rewrite.deploy import STEPS
from mcugraph.rewrite.edit import Edit
from mcugraph.rewrite.paper import drop_activations, merge_additions

MODELS = Path(__file__).resolve().parents[2] / "fixtures" / "models"

PAPER = (drop_identities, merge_additions, drop_activations)


def index(edit: Edit, graph: Graph) -> dict[str, tuple[str | None, set[str]]]:
    """Who writes and who reads each tensor."""
    found = {}
    for name in graph.tensors:
        writer = edit.producer(name)
        found[name] = (None if writer is None else writer.name, set(edit.readers(name)))
    return found


@pytest.mark.parametrize(
    "steps",
    [STEPS, (drop_identities, merge_additions, drop_activations)],
    ids=["deployed", "paper"],
)
@pytest.mark.parametrize("path", sorted(MODELS.glob("*.onnx")), ids=lambda path: path.stem)
def test_the_index_stays_true(path: Path, steps: tuple[Callable[[Edit], None], ...]) -> None:
    edit = Edit(mg.load(path))
    for step in steps:
        step(edit)
        made = edit.graph()
        verify(made)
        assert index(edit, made) == index(Edit(made), made), step.__name__
        assert [o.name for o in edit.operators()] == [o.name for o in made.operators]


def test_operators_come_as_they_are_when_their_turn_comes(models: Path) -> None:
    edit = Edit(mg.load(models / "mobilenet_v2.onnx"))
    seen = []
    for operator, op in edit.of(Elementwise):
        assert operator.op is op
        seen.append(operator.name)
        source = edit.producer(operator.inputs[0])
        if source is not None and edit.only_read_by(operator.inputs[0] or "", operator):
            edit.absorb(source, operator)
    assert len(set(seen)) == len(seen) > 0
    verify(edit.graph())
