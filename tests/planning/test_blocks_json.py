"""Blocks as JSON: read, written, planned, refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mcugraph as mg
from mcugraph.cli import main
from mcugraph.planning.arena import ArenaProblem, Block
from mcugraph.planning.order_blocks import arena_problem
from mcugraph.testing import problems

CHAIN = {
    "alignment": 16,
    "blocks": [
        {"id": "a", "size": 64, "lower": 0, "upper": 2},
        {"id": "b", "size": 64, "lower": 1, "upper": 3},
        {"id": "c", "size": 64, "lower": 2, "upper": 4},
    ],
    "overlaps": [["a", "b", 16], ["b", "c", 16]],
}


@settings(deadline=None, max_examples=100)
@given(problems(overlaps=True), st.sampled_from([1, 16]))
def test_what_is_written_is_read_back(problem: mg.Problem, alignment: int) -> None:
    blocks = arena_problem(problem, problem.operators, alignment)
    assert ArenaProblem.from_json(json.loads(json.dumps(blocks.to_json()))) == blocks


def test_fixed_offsets_kinds_and_shares() -> None:
    problem = ArenaProblem(
        (Block("x", 32, 0, 2, 16), Block("y", 16, 1, 3), Block("x", 8, 0, 1, None, "scratch")),
        8,
        shares=((0, 1),),
    )
    assert ArenaProblem.from_json(problem.to_json()) == problem


def test_a_file_is_planned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "blocks.json"
    path.write_text(json.dumps(CHAIN))
    assert mg.plan(path).arena == 96
    assert main(["plan", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["arena"] == 96
    # Without overlaps two tensors lie side by side.
    path.write_text(json.dumps({**CHAIN, "overlaps": []}))
    assert mg.plan(path).arena == 128


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"blocks": 3}, "not a list of blocks"),
        ({"blocks": [{"id": "a"}]}, "no 'size'"),
        ({"blocks": [*CHAIN["blocks"], CHAIN["blocks"][0]]}, "two blocks of one kind"),  # type: ignore[misc,index]
        ({"overlaps": [["a", "b"]]}, "two ids and a lead"),
        ({"overlaps": [["a", "z", 0]]}, "unknown id 'z'"),
        ({"overlaps": [["a", "c", 0]]}, "cannot lie over"),
        ({"overlaps": [["a", "b", -1]]}, "negative"),
        ({"alignment": "16"}, "expected an integer"),
        ({"alignment": 0}, "alignment of 0"),
        ({"blocks": [{**CHAIN["blocks"][0], "size": 1 << 70}]}, "address space"),  # type: ignore[dict-item,index]
    ],
)
def test_refusals(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    path = tmp_path / "blocks.json"
    path.write_text(json.dumps({**CHAIN, "overlaps": [], **change}))
    with pytest.raises(mg.McuGraphError, match=said) as error:
        mg.plan(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)
