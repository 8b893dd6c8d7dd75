"""Each tensor apart from all others, what lies between them guarded by the sanitizer."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from support.deployed import (
    Gaps,
    as_bytes,
    compiled,
    compiled_all_ways,
    needs_compiler,
    outputs,
    random_inputs,
)
from support.int8_operators import OPERATORS

import mcugraph as mg
from mcugraph.codegen import building
from mcugraph.codegen.c_program import Place, Program
from mcugraph.planning.arena import ArenaProblem, Plan
from mcugraph.planning.order_blocks import arena_problem
from mcugraph.scheduling.problem import Problem

pytestmark = needs_compiler
GAP = 64  # bytes between two tensors


def apart(problem: Problem, order: object, alignment: int, *rest: object) -> Plan:
    """A plan without any memory that is used twice."""
    blocks: ArenaProblem = arena_problem(problem, problem.operators, alignment)
    placed, end = [], GAP
    for block in blocks.blocks:
        placed.append(block.at(end))
        end = -(-(end + block.size) // alignment) * alignment + GAP
    return Plan(tuple(placed), end, 0, end, alignment, order=problem.operators)


def gaps(program: Program) -> Gaps:
    """What lies between tensors and scratch memory."""
    used = {(v.offset, v.nbytes) for v in program.values if v.place is Place.ARENA}
    used |= {step.scratch for step in program.steps if step.scratch is not None}
    found, end = [], 0
    for offset, size in sorted(used):
        found.append((end, offset - end))
        end = offset + size
    return [*found, (end, program.arena - end)]


def test_no_tensor_is_left_by_networks(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graphs = [mg.load(path) for path in sorted(models.glob("*_int8.tflite"))]
    check_guarded(graphs, tmp_path, monkeypatch)


@pytest.mark.parametrize("seeds", [(0,), pytest.param((1, 2), marks=pytest.mark.slow)])
def test_no_tensor_is_left_by_operators(
    seeds: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graphs = []
    for name, maker in OPERATORS.items():
        for seed in seeds:
            path = tmp_path / f"{name}{seed}.tflite"
            path.write_bytes(maker(seed))
            graphs.append(mg.load(path))
    check_guarded(graphs, tmp_path, monkeypatch)


def check_guarded(
    graphs: Sequence[mg.Graph], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = [building.build(graph, "tflm", 2.0) for graph in graphs]
    monkeypatch.setattr(building, "plan_problem", apart)
    guarded = [building.build(graph, "tflm", 2.0) for graph in graphs]
    assert all(min(size for _, size in gaps(program)) >= GAP - 8 for program in guarded)
    between = [*([] for _ in planned), *map(gaps, guarded)]
    hosts = compiled_all_ways([*planned, *guarded], folder, between)
    for i, program in enumerate(planned):
        given = as_bytes(random_inputs(program, 2, i))
        for host in hosts.values():
            assert outputs(host, given, i + len(planned)) == outputs(host, given, i)


def test_the_guard_guards(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(OPERATORS["softmax"](0))
    program = building.build(mg.load(path), "tflm", 2.0)
    (number,) = program.outputs
    value = program.values[number]
    host = compiled([program], tmp_path, [[(value.offset + value.nbytes - 1, 1)]])
    with pytest.raises(AssertionError, match="AddressSanitizer"):
        outputs(host, as_bytes(random_inputs(program, 1)))
