"""Plans whose blocks lie over each other: against other formulations, and on rows of layers."""

from dataclasses import replace
from itertools import combinations, permutations, product
from random import Random
from typing import Any

import pytest
from hypothesis import given

import mcugraph as mg
from mcugraph.planning.arena import ArenaProblem, Block
from mcugraph.planning.judging import judgement_of
from mcugraph.planning.minimalloc import to_csv
from mcugraph.planning.order_blocks import aligned_problem, arena_problem
from mcugraph.planning.packing import Packing
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.testing import (
    SHAPES,
    arenas,
    brute_force_arena,
    build_arena,
    build_problem,
    check_plan,
    problems,
)


@given(arenas(max_blocks=6, fixed=True, shares=True, overlaps=True))
def test_smallest_arena(problem: ArenaProblem) -> None:
    plan = mg.plan(problem)
    assert check_plan(problem, plan) == brute_force_arena(problem)
    assert plan.optimal
    assert plan.peak == problem.bound <= plan.arena


@pytest.mark.slow
@pytest.mark.parametrize("block", range(50))
def test_equals_brute_force_on_many(block: int) -> None:
    for seed in range(100 * block, 100 * block + 100):
        random = Random(seed)
        count, size = random.choice((3, 4, 5, 6, 6)), random.choice((3, 9, 40))
        fixed, shares = random.random() < 0.5, random.random() < 0.3
        problem = build_arena(random.randint, count, size, fixed, shares, overlaps=True)
        plan = mg.plan(problem)
        assert check_plan(problem, plan) == brute_force_arena(problem), seed
        assert plan.optimal, seed


def cp_sat_arena(problem: ArenaProblem) -> int | None:
    """By another formulation: for two blocks at a common time, which one lies above; None: open."""
    from ortools.sat.python import cp_model

    step, blocks = problem.alignment, problem.blocks
    sized = [i for i, block in enumerate(blocks) if block.size]
    most = sum(problem.aligned(blocks[i].size) for i in sized)
    most += max((block.offset or 0 for block in blocks), default=0)
    model: Any = cp_model.CpModel()
    arena = model.new_int_var(0, most, "arena")
    offset = {i: model.new_int_var(0, most // step, f"o{i}") * step for i in sized}
    leads = {(a, b): lead for a, b, lead in problem.overlaps}
    shared = {pair: model.new_bool_var(f"{pair} at one offset") for pair in problem.shares}
    for i in sized:
        for end in (0, 1):
            model.add_at_most_one(used for pair, used in shared.items() if pair[end] == i)
        model.add(offset[i] + problem.aligned(blocks[i].size) <= arena)
        if blocks[i].offset is not None:
            model.add(offset[i] == blocks[i].offset)
    for i, j in combinations(sized, 2):
        if blocks[i].lower < blocks[j].upper and blocks[j].lower < blocks[i].upper:
            ways = [shared[pair] for pair in ((i, j), (j, i)) if pair in shared]
            for way in ways:
                model.add(offset[i] == offset[j]).only_enforce_if(way)
            for low, high in ((i, j), (j, i)):
                size = problem.aligned(blocks[low].size)
                distance = min(size, leads.get((high, low), size))
                ways.append(model.new_bool_var(f"{high} above {low}"))
                model.add(offset[high] - offset[low] >= distance).only_enforce_if(ways[-1])
            model.add_bool_or(ways)
    model.minimize(arena)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.catch_sigint_signal = False  # or Ctrl-C kills this process from then on
    solver.parameters.max_deterministic_time = 2
    return solver.value(arena) if solver.solve(model) == cp_model.OPTIMAL else None


def equals_cp_sat(seed: int) -> None:
    random = Random(seed)
    if seed % 2:
        fixed = random.random() < 0.5
        problem = build_arena(random.randint, random.randint(7, 14), 60, fixed, overlaps=True)
    else:
        size = random.choice((9, 60))
        shape, count = SHAPES[seed // 2 % len(SHAPES)], random.randint(5, 12)
        net = build_problem(random.randint, count, shape, size, overlaps=True)
        problem = arena_problem(net, net.operators, random.choice((1, 4, 16)))
    plan = mg.plan(problem)
    expected = cp_sat_arena(problem)
    assert plan.optimal, seed
    assert expected in (None, check_plan(problem, plan)), seed


@pytest.mark.oracle("ortools")
@pytest.mark.parametrize("seed", range(10))
def test_equals_cp_sat(seed: int) -> None:
    equals_cp_sat(seed)


@pytest.mark.slow
@pytest.mark.oracle("ortools")
@pytest.mark.parametrize("block", range(20))
def test_equals_cp_sat_on_many(block: int) -> None:
    for seed in range(10 + 25 * block, 35 + 25 * block):
        equals_cp_sat(seed)


def best_of_all_orders(problem: Problem, alignment: int) -> int:
    """The smallest arena over all orders and all offsets."""
    number = dict(enumerate(problem.operators))
    writer = {t: i for i, written in enumerate(problem.outputs) for t in written}
    before = {(writer[t], i) for i, read in enumerate(problem.inputs) for t in read if t in writer}
    before |= set(problem.after)
    arenas = set()
    for order in permutations(number):
        when = {v: step for step, v in enumerate(order)}
        if all(when[a] < when[b] for a, b in before):
            names = [number[v] for v in order]
            arenas.add(brute_force_arena(arena_problem(problem, names, alignment)))
    return min(arenas)


def keeps_its_word(seed: int) -> bool:
    """Whether the plan of a small network is what it says it is, and the best of all orders."""
    random = Random(seed)
    while True:
        shape, size = random.choice(SHAPES), random.choice((5, 40))
        problem = build_problem(random.randint, random.randint(1, 5), shape, size, overlaps=True)
        alignment = random.choice((1, 4, 16))
        if len(arena_problem(problem, problem.operators, alignment).blocks) <= 6:
            break
    plan = mg.plan(problem, alignment=alignment)
    blocks = arena_problem(problem, plan.order, alignment)
    best = best_of_all_orders(problem, alignment)
    assert plan.optimal, seed
    assert check_plan(blocks, plan) == brute_force_arena(blocks) >= best, seed
    return plan.arena == best


@pytest.mark.parametrize("seed", range(30))
def test_plans_of_networks_are_the_smallest_of_their_order(seed: int) -> None:
    keeps_its_word(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_plans_of_many_networks_are_the_smallest_of_their_order(block: int) -> None:
    for seed in range(30 + 50 * block, 80 + 50 * block):
        keeps_its_word(seed)


@given(arenas(max_blocks=8, overlaps=True))
def test_the_bound_is_the_largest_live_set_of_the_finer_times(problem: ArenaProblem) -> None:
    needed: dict[int, int] = {}
    for begin, end, size in (span for row in problem.spans() for span in row):
        for time in range(begin, end):
            needed[time] = needed.get(time, 0) + size
    assert problem.bound == max(needed.values(), default=0)


@given(arenas(max_blocks=6, shares=True, overlaps=True))
def test_the_bound_takes_off_the_most_that_pairs_can_share_at_each_time(
    problem: ArenaProblem,
) -> None:
    def least(here: dict[int, int], pairs: list[tuple[int, int]]) -> int:
        """Bytes of what is needed, less the most of all choices of pairs."""
        if not pairs:
            return sum(here.values())
        (a, b), *rest = pairs
        apart = [(c, d) for c, d in rest if c != a and d != b]
        return min(least(here, rest), least(here, apart) - here[b])

    found = [0]
    for time in {begin for row in problem.spans() for begin, _, _ in row}:
        here = {
            i: size
            for i, row in enumerate(problem.spans())
            for begin, end, size in row
            if begin <= time < end and size
        }
        found.append(least(here, [p for p in set(problem.shares) if here.keys() >= set(p)]))
    assert problem.bound == max(found)


def over(
    *blocks: Block, leads: tuple[tuple[int, int, int], ...], pairs: tuple[tuple[int, int], ...] = ()
) -> ArenaProblem:
    return ArenaProblem(blocks, 1, pairs, leads)


A, B, C = Block("a", 4, 0, 2), Block("b", 4, 1, 3), Block("c", 4, 1, 3)


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (over(A, leads=((0, 1, 0),)), "does not exist"),
        (over(A, Block("b", 4, 2, 3), leads=((0, 1, 0),)), "'b' cannot lie over 'a': it does"),
        (over(A, Block("b", 4, 0, 3), leads=((0, 1, 0),)), "'b' cannot lie over 'a': it does"),
        (over(A, leads=((0, 0, 0),)), "'a' cannot lie over 'a': it does"),
        (over(A, B, leads=((0, 1, -1),)), "the lead -1 is negative"),
        (over(A, B, leads=((0, 1, 1), (0, 1, 2))), "names them twice"),
        (over(A, B, leads=((0, 1, 1),), pairs=((0, 1),)), "follow it in place as well"),
        (over(A, B, C, leads=((0, 1, 1), (0, 2, 2))), "'c'.*'a': at that time, 'b' lies over"),
        (over(A, B, C, leads=((0, 1, 1),), pairs=((1, 2),)), "'c' cannot follow 'b'.*lies over"),
        (
            over(A.at(4), B.at(3), leads=((0, 1, 2),)),
            "fixed offsets of 'a' and 'b' make them overlap",
        ),
    ],
)
def test_overlaps_that_cannot_hold_are_refused(problem: ArenaProblem, said: str) -> None:
    with pytest.raises(mg.GraphError, match=said):
        mg.plan(problem)


def window_lead(height: int, width: int, read: int, made: int, size: int, stride: int) -> int:
    """The lead of a convolution that writes pixel by pixel: what it reads last, write by write."""
    rows, columns = -(-height // stride), -(-width // stride)
    top = max((rows - 1) * stride + size - height, 0) // 2
    left = max((columns - 1) * stride + size - width, 0) // 2
    lead, least = 0, rows * columns * made  # at the end, nothing is read any more
    for y, x in reversed(list(product(range(rows), range(columns)))):
        pixel = y * columns + x
        lead = max(lead, (pixel + 1) * made - least)  # its last byte; the next ones still read
        low = max(y * stride - top, 0) * width + max(x * stride - left, 0)
        least = min(least, low * read)
        lead = max(lead, (pixel + 1) * made - 1 - least)  # all others, while it still reads itself
    return lead


def inverted_bottlenecks(random: Random, side: int, blocks: int) -> Problem:
    """A row of layers as in MobileNetV2, with sums where the shapes allow."""
    sizes, shape = [side * side * 3], (side, 3)
    inputs, outputs, overlaps = [], list[tuple[int]](), []

    def layer(source: int, made: int, size: int, stride: int) -> int:
        nonlocal shape
        lead = window_lead(shape[0], shape[0], shape[1], made, size, stride)
        shape = (-(-shape[0] // stride), made)
        return add((source,), (lead,), shape[0] ** 2 * made)

    def add(read: tuple[int, ...], leads: tuple[int, ...], size: int) -> int:
        new = len(sizes)
        sizes.append(size)
        inputs.append(read)
        outputs.append((new,))
        overlaps.append(tuple((t, new, lead) for t, lead in zip(read, leads, strict=True)))
        return new

    at = layer(0, 16, 3, 2)
    for _ in range(blocks):
        before, old = at, shape
        made, stride = shape[1] + random.choice((0, 0, 8)), random.choice((1, 1, 2))
        at = layer(at, shape[1] * random.choice((3, 4, 6)), 1, 1)
        at = layer(at, shape[1], random.choice((3, 5)), stride)
        at = layer(at, made, 1, 1)
        if shape == old:
            at = add((before, at), (0, 0), sizes[at])
    names = tuple(range(len(sizes)))
    return Problem(
        names,
        tuple(sizes),
        tuple(range(len(inputs))),
        tuple(inputs),
        tuple(outputs),
        graph_inputs=(0,),
        graph_outputs=(at,),
        overlaps=tuple(overlaps),
    )


@pytest.mark.parametrize("seed", range(12))
def test_rows_of_layers_are_proven_in_a_few_rounds(seed: int) -> None:
    """Also where, as in most of them, no plan is as small as the largest live set."""
    random = Random(seed)
    problem = inverted_bottlenecks(random, random.choice((32, 48)), random.randint(6, 24))
    blocks = arena_problem(problem, problem.operators)
    packing = Packing(blocks, Limits(None), Limits(None))
    packing.search(9, Limits(None))
    assert packing.done
    assert packing.arena * packing.items.unit < replace(blocks, overlaps=()).bound


def test_a_row_may_need_more_than_its_largest_live_set() -> None:
    plan = mg.plan(over(A, B, Block("c", 4, 2, 4), leads=((0, 1, 1), (1, 2, 1))))
    assert (plan.peak, plan.arena, plan.lower_bound) == (5, 6, 6)


def test_fixed_offsets_may_overlap_as_far_as_the_lead() -> None:
    plan = mg.plan(over(A.at(4), B.at(2), leads=((0, 1, 2),)))
    assert (plan.arena, plan.optimal) == (8, True)


def network_with_overlaps() -> Problem:
    """X is read again by g, a and b die under c."""
    return Problem(
        tensors=("x", "a", "b", "c"),
        sizes=(40, 40, 24, 64),
        operators=("f", "g", "h"),
        inputs=((0,), (0,), (1, 2)),
        outputs=((1,), (2,), (3,)),
        graph_inputs=(0,),
        graph_outputs=(3,),
        overlaps=(((0, 1, 0),), ((0, 2, 20),), ((1, 3, 8), (2, 3, 30))),
    )


def test_overlaps_of_an_order() -> None:
    """Of inputs that die; an arena sees leads and sizes rounded up."""
    problem = network_with_overlaps()
    blocks = arena_problem(problem, problem.operators, 16)
    assert blocks.overlaps == ((0, 2, 20), (1, 3, 8), (2, 3, 30))
    # x and a, and b over x or beside it: 48 + 48 + max(32, 32 - 16); then a and b under c.
    assert blocks.bound == 48 + 48 + 32
    plan = mg.plan(problem, problem.operators, alignment=16)
    assert plan.optimal
    aligned = aligned_problem(problem, 16)
    assert aligned.overlaps == (((0, 1, 0),), ((0, 2, 32),), ((1, 3, 16), (2, 3, 32)))
    kept = replace(problem, graph_outputs=(0, 3))
    assert arena_problem(kept, kept.operators, 16).overlaps == ((1, 3, 8), (2, 3, 30))
    outside = replace(problem, count_inputs=False)
    assert arena_problem(outside, outside.operators, 16).overlaps == ((0, 2, 8), (1, 2, 30))


@given(problems(min_operators=2, max_operators=6, overlaps=True))
def test_steps_that_do_not_pack_are_told_by_the_blocks(problem: Problem) -> None:
    """The finer times of overlaps are no steps."""
    blocks = arena_problem(problem, problem.operators, 4)
    packing = Packing(blocks, Limits(None), Limits(None))
    high = [
        block
        for block, offset in zip(blocks.blocks, packing.block_offsets(), strict=True)
        if offset + blocks.aligned(block.size) > blocks.bound
    ]
    steps = range(len(problem.operators))
    expected = {t for t in steps if any(b.lower - 3 <= t < b.upper + 3 for b in high)}
    assert expected == set(judgement_of(packing).spots).intersection(steps)


def test_a_csv_has_no_overlaps() -> None:
    with pytest.raises(mg.UsageError, match="no column for 'overlaps'"):
        to_csv(over(A, B, leads=((0, 1, 2),)))
