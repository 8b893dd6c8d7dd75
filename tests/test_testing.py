import subprocess
import sys
from itertools import pairwise, product

import pytest
from hypothesis import Phase, find, given, settings

from mcugraph.errors import GraphError
from mcugraph.ir import TensorType, verify
from mcugraph.planning.arena import ArenaProblem, Plan
from mcugraph.profiler import profile
from mcugraph.scheduling.problem import Problem
from mcugraph.testing import (
    arenas,
    brute_force_arena,
    brute_force_peak,
    check_plan,
    check_schedule,
    graphs,
    problems,
)

NO_SHRINKING = settings(max_examples=5000, database=None, phases=[Phase.generate])


@settings(max_examples=100, deadline=None)
@given(problems(min_operators=2, max_operators=5))
def test_problems_are_valid_and_within_bounds(problem):
    problem.verify()
    assert 2 <= len(problem.operators) <= 5


@settings(max_examples=50, deadline=None)
@given(problems(plain=True, min_operators=1))
def test_plain_problems_have_no_extras(problem):
    assert not problem.scratch
    assert not problem.inplace
    assert not problem.after
    assert problem.count_inputs
    assert all(problem.sizes)
    assert all(len(written) == 1 for written in problem.outputs)


@pytest.mark.parametrize(
    "wanted",
    [
        lambda p: any(p.inplace),
        lambda p: any(p.scratch),
        lambda p: bool(p.after),
        lambda p: not p.count_inputs,
        lambda p: any(len(written) > 1 for written in p.outputs),
        lambda p: any(not written for written in p.outputs),
        lambda p: 0 in p.sizes,
        lambda p: len(p.graph_inputs) > 1,
        lambda p: len(p.graph_outputs) > 1,
        lambda p: bool(set(p.graph_inputs) & set(p.graph_outputs)),
        lambda p: not p.operators,
        lambda p: bool(
            {t for written in p.outputs for t in written}
            - {t for read in p.inputs for t in read}
            - set(p.graph_outputs)
        ),
        lambda p: bool(set(p.graph_inputs) - {t for read in p.inputs for t in read}),
        lambda p: len(p.operators) > 3 and not any(p.inputs),
    ],
)
def test_every_option_is_drawn(wanted):
    find(problems(), wanted, settings=NO_SHRINKING)


def smallest_by_definition(problem: ArenaProblem) -> int:
    """Of all plans that the checker lets pass, every block at every offset."""
    step = problem.alignment
    for most in range(0, 1000, step):
        ranges = [
            range(0, most + 1, step) if block.offset is None else (block.offset,)
            for block in problem.blocks
        ]
        for offsets in product(*ranges):
            blocks = tuple(b.at(o) for b, o in zip(problem.blocks, offsets, strict=True))
            ends = [(b.offset or 0) + problem.aligned(b.size) for b in blocks if b.size]
            arena = max(ends, default=0)
            if arena <= most:
                try:
                    return check_plan(problem, Plan(blocks, arena, 0, 0, step))
                except GraphError:
                    continue
    raise AssertionError("there is always a plan")


@settings(max_examples=60, deadline=None)
@given(arenas(max_blocks=4, max_size=3, fixed=True, shares=True, overlaps=True))
def test_brute_force_finds_the_smallest_arena(problem: ArenaProblem) -> None:
    assert brute_force_arena(problem) == smallest_by_definition(problem)


@pytest.mark.parametrize(
    "wanted",
    [
        lambda p: any(not lead for _, _, lead in p.overlaps),
        lambda p: any(lead for _, _, lead in p.overlaps),
        lambda p: len({b for _, b, _ in p.overlaps}) < len(p.overlaps),  # several dying inputs
        lambda p: bool({a for a, _, _ in p.overlaps} & {b for _, b, _ in p.overlaps}),  # a chain
        lambda p: bool(p.overlaps) and bool(p.shares),
        lambda p: any(p.blocks[a].offset is not None for a, _, _ in p.overlaps),
    ],
)
def test_every_kind_of_overlap_is_drawn(wanted):
    find(arenas(fixed=True, shares=True, overlaps=True), wanted, settings=NO_SHRINKING)


@pytest.mark.parametrize(
    "wanted",
    [
        lambda p: not any(p.overlaps),
        lambda p: any(len(overlaps) > 1 for overlaps in p.overlaps),
        lambda p: any(p.inplace) and any(p.overlaps),
        lambda p: any(0 < lead < p.sizes[b] for over in p.overlaps for _, b, lead in over),
    ],
)
def test_overlaps_are_drawn_if_they_are_asked_for(wanted):
    find(problems(overlaps=True), wanted, settings=NO_SHRINKING)


@settings(max_examples=50, deadline=None)
@given(problems())
def test_no_overlaps_are_drawn_if_they_are_not(problem):
    assert not problem.overlaps


def test_brute_force_tries_every_order():
    # Running the shrinking branch first is better; the file has it last.
    problem = Problem(
        tensors=("x", "big", "a", "b", "out"),
        sizes=(10, 8, 4, 1, 1),
        operators=("p", "q", "r", "s"),
        inputs=((0,), (0,), (2,), (1, 3)),
        outputs=((1,), (2,), (3,), (4,)),
        graph_inputs=(0,),
        graph_outputs=(4,),
    )
    assert check_schedule(problem, ["p", "q", "r", "s"]) == 22
    assert brute_force_peak(problem) == 19


def test_a_wrong_scheduler_is_found():
    def smallest_output_first(problem):
        order, done = [], set(problem.graph_inputs)
        left = list(range(len(problem.operators)))
        while left:
            ready = [i for i in left if set(problem.inputs[i]) <= done]
            chosen = min(ready, key=lambda i: sum(problem.sizes[t] for t in problem.outputs[i]))
            left.remove(chosen)
            done.update(problem.outputs[chosen])
            order.append(problem.operators[chosen])
        return order

    counterexample = find(
        problems(plain=True, max_operators=6),
        lambda p: check_schedule(p, smallest_output_first(p)) > brute_force_peak(p),
        settings=NO_SHRINKING,
    )
    order = smallest_output_first(counterexample)
    assert all(a != b for a, b in pairwise(order))


@settings(max_examples=60, deadline=None)
@given(graphs(min_operators=1, max_operators=6))
def test_graphs_are_sound_and_their_profile_is_the_truth(graph):
    verify(graph)
    for operator in graph.operators:
        types = [
            TensorType(graph.tensors[n].dtype, graph.tensors[n].shape) for n in operator.inputs
        ]
        shapes = [kind.shape for kind in operator.op.infer(types)]
        assert shapes == [graph.tensors[name].shape for name in operator.outputs]
    found = profile(graph, time_limit=60)
    assert found.complete
    assert found.memory.peak_is_optimal
    bare = Problem.as_it_stands(graph)
    assert found.memory.operator_bound <= found.memory.cut_bound <= found.memory.peak
    # Fused ReLUs never need more than the graph as it stands.
    assert found.memory.peak <= brute_force_peak(bare)


def test_the_module_needs_no_import_of_its_own():
    code = "import mcugraph as mg; print(mg.testing.brute_force_peak.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "brute_force_peak\n"
