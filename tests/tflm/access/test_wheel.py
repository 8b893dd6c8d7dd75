"""Leads against TFLM itself: files of one operator, planned with the output over an input."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from support.one_operator import numbers, one_operator, values
from support.overlap_models import files
from support.tflm_wheel import wheel_outputs

import mcugraph as mg
from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.formats.tflite.writer import rewritten
from mcugraph.tflm.kernels import node_of
from mcugraph.tflm.kernels.access import RULES, Overlap, overlaps

STEP = 16  # bytes: TFLM's alignment of offsets
# A memcpy that goes from the first byte to the last needs less than one that may go in any order.
COPIED_AT_ONCE = {"CONCATENATION", "RESIZE_NEAREST_NEIGHBOR", "STRIDED_SLICE"}
# Reads nothing once it writes, so its output may lie anywhere.
FREE = {"TRANSPOSE_CONV"}


def up(value: int) -> int:
    return -(-value // STEP) * STEP


def planned(data: bytes, model: TfliteModel, overlap: Overlap, distance: int) -> bytes:
    """The file with its output so many bytes before an input, and all else far behind."""
    (main,) = model.subgraphs
    (operator,) = main.operators
    output = operator.outputs[overlap.output]
    chosen = {operator.inputs[overlap.input]: max(distance, 0), output: max(-distance, 0)}
    behind = up(distance + STEP + max(t.nbytes for t in main.tensors) * 2)
    offsets = []
    for i, tensor in enumerate(main.tensors):
        if i in chosen or tensor.constant:
            offsets.append(chosen.get(i, -1))
        else:
            offsets.append(behind)
            behind += up(tensor.nbytes)
    return rewritten("", data, None, offsets)


def spread(folder: Path) -> tuple[list[tuple[str, Overlap, Sequence[Path]]], dict[Path, int]]:
    """For each case and overlap: the file without a plan, one at the lead and one a step less."""
    found, takes = [], {}
    for name, data in files():
        path = folder / f"{name}.tflite"
        path.write_bytes(data)
        graph = mg.load(path)
        model = graph.source.file
        assert isinstance(model, TfliteModel)
        main = model.subgraphs[0]
        for overlap in overlaps(
            node_of(main, main.operators[0], graph.operators[0].op), "reference"
        ):
            paths = [path]
            for distance in (up(overlap.lead), up(overlap.lead) - STEP):
                paths.append(folder / f"{name}, {overlap.input} at {distance}.tflite")
                paths[-1].write_bytes(planned(data, model, overlap, distance))
            takes |= dict.fromkeys(paths, len(main.inputs))
            found.append((name, overlap, paths))
    return found, takes


@pytest.mark.oracle("tflite_micro", "flatbuffers")
def test_the_wheel_computes_the_same_at_the_lead_and_something_else_below(tmp_path: Path) -> None:
    found, takes = spread(tmp_path)
    outputs = dict(zip(takes, wheel_outputs(list(takes.items())), strict=True))
    wrong = [(n, o) for n, o, (plain, at, _) in found if outputs[plain] != outputs[at]]
    assert not wrong
    assert {name.split()[0] for name, _, _ in found} == set(RULES["reference"])
    seen = [(n, o) for n, o, (plain, _, less) in found if outputs[plain] != outputs[less]]
    unseen = {n.split()[0] for n, o, _ in found if o.lead and (n, o) not in seen}
    assert unseen <= COPIED_AT_ONCE
    assert {n.split()[0] for n, _ in seen} >= set(RULES["reference"]) - COPIED_AT_ONCE - FREE


@pytest.mark.oracle("tflite_micro", "flatbuffers")
def test_the_wheel_reshapes_in_place(tmp_path: Path) -> None:
    file = one_operator("RESHAPE", [values("int8", 2, 4, 8), numbers(64)], [values("int8", 64)])
    plain, at = tmp_path / "plain.tflite", tmp_path / "at.tflite"
    plain.write_bytes(file)
    at.write_bytes(rewritten("", file, None, [0, -1, 0]))
    (first, second) = wheel_outputs([(plain, 1), (at, 1)])
    assert first == second
