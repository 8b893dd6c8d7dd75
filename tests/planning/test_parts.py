"""The parts of planning, each against its definition: what meets, what can be chosen, what fits."""

import itertools
from dataclasses import replace
from itertools import combinations, pairwise
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mcugraph.errors import GraphError
from mcugraph.planning import judging
from mcugraph.planning.arena import ArenaProblem, Block, Plan
from mcugraph.planning.choices import Choice, Shares
from mcugraph.planning.descent import Descent
from mcugraph.planning.exact import Fitting, fits
from mcugraph.planning.goal import Goal
from mcugraph.planning.items import Items, items_of
from mcugraph.planning.joint import Lifetimes, _moved, better_orders
from mcugraph.planning.order_blocks import arena_problem
from mcugraph.planning.packing import Packing
from mcugraph.planning.placing import SEQUENCES, first_fit, ranks
from mcugraph.planning.sections import sections
from mcugraph.planning.sides import _ABOVE, _BELOW, Sides
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.solving.limits import LimitReached, Limits
from mcugraph.testing import (
    arenas,
    brute_force_arena,
    build_arena,
    build_problem,
    check_plan,
    problems,
)

Span = tuple[int, int]
lifetimes = st.lists(
    st.tuples(st.integers(0, 6), st.integers(1, 6)).map(lambda t: (t[0], t[0] + t[1])), max_size=7
)


def overlap(a: Span, b: Span) -> bool:
    return a[0] < b[1] and b[0] < a[1]


@given(lifetimes)
def test_sections_are_the_largest_sets_that_are_needed_at_one_time(drawn: list[Span]) -> None:
    at_times = [{i for i, (lo, hi) in enumerate(drawn) if lo <= t < hi} for t in range(13)]
    expected = [
        here
        for t, here in enumerate(at_times)
        if here and here not in at_times[:t] and not any(here < other for other in at_times)
    ]
    found = [(set(members), list(new)) for members, new in sections(drawn)]
    assert [members for members, _ in found] == expected
    seen: set[int] = set()
    for members, new in found:
        assert sorted(new) == sorted(members - seen)
        seen |= members
    assert seen == set(range(len(drawn)))


@given(arenas(max_blocks=5, fixed=True, overlaps=True), st.data())
def test_blocks_are_disjoint_at_each_time_where_the_rule_holds(
    problem: ArenaProblem, data: st.DataObject
) -> None:
    offsets = [data.draw(st.integers(0, 9)) * problem.alignment for _ in problem.blocks]
    placed = tuple(replace(b, offset=o) for b, o in zip(problem.blocks, offsets, strict=True))
    loose = replace(problem, blocks=tuple(replace(b, offset=None) for b in placed))
    ends = [o + loose.aligned(b.size) for b, o in zip(placed, offsets, strict=True) if b.size]
    arena = max(ends, default=0)
    meet = any(
        overlap((lower, upper), (begin, end)) and low < high + other and high < low + size
        for (i, row), (j, column) in combinations(enumerate(problem.spans()), 2)
        for lower, upper, size in row
        for begin, end, other in column
        for low, high in [(offsets[i], offsets[j])]
        if problem.blocks[i].size and problem.blocks[j].size
    )
    assert holds(loose, Plan(placed, arena, arena, arena, problem.alignment)) != meet


@given(arenas(max_blocks=5, overlaps=True))
def test_spans_follow_each_other(problem: ArenaProblem) -> None:
    for block, row in zip(problem.blocks, problem.spans(), strict=True):
        assert all(lower < upper for lower, upper, _ in row)
        assert all(a[1] == b[0] and a[2] < b[2] for a, b in pairwise(row))
        assert row[-1][2] == problem.aligned(block.size)
    plain = replace(problem, overlaps=())
    assert plain.spans() == [((b.lower, b.upper, problem.aligned(b.size)),) for b in plain.blocks]
    assert plain.bound >= problem.bound


def test_the_bound_counts_what_dying_inputs_cover_together() -> None:
    """Of the output's 64 bytes, a covers 24 from 8 on, and c, from 48 on, 16 with 24 of its own."""
    a, c, d = Block("a", 24, 0, 2), Block("c", 24, 0, 2), Block("d", 5, 1, 3)
    b = Block("b", 64, 1, 2)
    problem = ArenaProblem((a, b, c, d), 1, (), ((0, 1, 8), (2, 1, 48)))
    assert problem.bound == 5 + 64 + 8
    assert replace(problem, overlaps=((0, 1, 8),)).bound == 5 + 64 + 24


def consistent(problem: ArenaProblem, pairs: tuple[tuple[int, int], ...]) -> bool:
    """Whether pairs can be used at once."""
    if len({a for a, _ in pairs}) < len(pairs) or len({b for _, b in pairs}) < len(pairs):
        return False
    chains = [{i} for i in range(len(problem.blocks))]
    for a, b in pairs:
        joined = chains[a] | chains[b]
        for i in joined:
            chains[i] = joined
    return all(len({problem.blocks[i].offset for i in chain} - {None}) <= 1 for chain in chains)


def most_needed(problem: ArenaProblem, pairs: tuple[tuple[int, int], ...]) -> int:
    """The most bytes at one time, where the later block of a pair lies in the earlier one."""
    most = 0
    for t in range(8):
        here = {i for i, b in enumerate(problem.blocks) if b.lower <= t < b.upper}
        saved = sum(
            problem.aligned(problem.blocks[b].size) for a, b in pairs if a in here and b in here
        )
        most = max(most, sum(problem.aligned(problem.blocks[i].size) for i in here) - saved)
    return most


def choices(problem: ArenaProblem) -> list[frozenset[tuple[int, int]]]:
    """Every set of pairs of blocks with bytes that can be used at once, the forced ones in it."""
    blocks = problem.blocks
    pairs = [(a, b) for a, b in problem.shares if blocks[a].size and blocks[b].size]
    forced = {
        (a, b) for a, b in pairs if blocks[a].offset is not None and blocks[b].offset is not None
    }
    return [
        frozenset(chosen)
        for count in range(len(pairs) + 1)
        for chosen in combinations(pairs, count)
        if forced <= set(chosen) and consistent(problem, chosen)
    ]


shared_arenas = arenas(max_blocks=5, fixed=True, shares=True)


@given(shared_arenas, st.integers(0, 30))
def test_every_choice_that_no_time_forbids(problem: ArenaProblem, capacity: int) -> None:
    everything = choices(problem)
    assume(everything)  # forced pairs can contradict each other: then there is no plan at all
    expected = [chosen for chosen in everything if most_needed(problem, (*chosen,)) <= capacity]
    found = [frozenset(chosen) for chosen in Shares(problem).within(capacity)]
    assert len(found) == len(set(found))
    assert set(found) == set(expected)


def test_a_forced_pair_saves_while_both_are_needed() -> None:
    a, b, c = Block("a", 8, 0, 3, 0), Block("b", 8, 2, 5, 0), Block("c", 4, 0, 1)
    d = Block("d", 4, 2, 3)
    shares = Shares(ArenaProblem((a, b, c, d), 1, ((0, 1),)))
    assert shares.forced == [(0, 1)]
    assert list(shares.within(12)) == [((0, 1),)]
    assert list(shares.within(11)) == []


@given(shared_arenas, st.integers(0, 9))
def test_choices_can_be_used(problem: ArenaProblem, seed: int) -> None:
    everything, shares = choices(problem), Shares(problem)
    assume(everything)
    assert frozenset(shares.some(Random(seed))) in everything
    assert frozenset(shares.best()) in everything
    assert frozenset(shares.least()) == min(everything, key=len)
    if all(block.offset is None for block in problem.blocks):
        least = min(most_needed(problem, (*chosen,)) for chosen in everything)
        assert most_needed(problem, shares.best()) >= least >= problem.bound


fixed_blocks = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(1, 3), st.integers(0, 6)),
    max_size=4,
)


@given(fixed_blocks, st.sampled_from([1, 4]), st.booleans())
def test_fixed_blocks_may_not_overlap(drawn, alignment: int, paired: bool) -> None:
    """Unless one may take over the memory of the other, and lies where that does."""
    blocks = [
        Block(f"b{i}", size, lower, lower + time, offset * alignment)
        for i, (size, lower, time, offset) in enumerate(drawn)
    ]
    problem = ArenaProblem(tuple(blocks), alignment)
    if paired:
        follows = (
            (a, b)
            for a, one in enumerate(blocks)
            for b, other in enumerate(blocks)
            if holds_alone(replace(problem, blocks=(one, other), shares=((0, 1),)), a, b)
        )
        problem = replace(problem, shares=tuple(follows)[:1])

    def meet(a: int, b: int) -> bool:
        one, other = blocks[a], blocks[b]
        low, high = (block.offset or 0 for block in (one, other))
        return bool(
            one.size
            and other.size
            and overlap((one.lower, one.upper), (other.lower, other.upper))
            and overlap(
                (low, low + problem.aligned(one.size)), (high, high + problem.aligned(other.size))
            )
            and not (low == high and {(a, b), (b, a)} & set(problem.shares))
        )

    wrong = any(meet(a, b) for a, b in combinations(range(len(blocks)), 2))
    if wrong:
        with pytest.raises(GraphError, match="make them overlap"):
            problem.verify()
    else:
        problem.verify()


def holds_alone(pair: ArenaProblem, a: int, b: int) -> bool:
    """Whether the second of two blocks at one offset may follow the first in place."""
    one, other = pair.blocks
    return (
        a != b
        and one.offset == other.offset
        and one.lower <= other.lower < one.upper <= other.upper
        and pair.aligned(other.size) <= pair.aligned(one.size)
    )


def test_a_plan_by_name() -> None:
    blocks = (Block("a", 3, 0, 1, 0), Block("f", 5, 0, 1, 4, "scratch"), Block("b", 2, 1, 2, 8))
    plan = Plan(blocks, 10, 9, 9, 4)
    assert plan.offsets == {"a": 0, "b": 8}
    assert plan.scratch == {"f": 4}
    assert (plan.optimal, plan.gap) == (False, 1)
    assert replace(plan, lower_bound=10).optimal
    first = replace(plan, blocks=(Block("f", 5, 0, 1, 0, "scratch"),))
    assert first.scratch == {"f": 0}


def placed(problem: ArenaProblem, items: Items, offsets: list[int]) -> Plan:
    """The plan that gives items their offsets, with the arena that they say it takes."""
    found = items.block_offsets(problem, offsets)
    blocks = tuple(replace(b, offset=o) for b, o in zip(problem.blocks, found, strict=True))
    arena = items.arena(offsets) * items.unit
    return Plan(blocks, arena, arena, arena, problem.alignment)


def holds(problem: ArenaProblem, plan: Plan) -> bool:
    try:
        check_plan(problem, plan)
    except GraphError:
        return False
    return True


def keeps_apart(items: Items, offsets: list[int]) -> bool:
    """Whether offsets keep every distance that the items ask for, and every fixed offset."""
    return all(
        offsets[j] >= offsets[i] + above or offsets[j] <= offsets[i] - below
        for i, row in enumerate(items.apart)
        for j, above, below in row
    ) and all(f < 0 or f == o for f, o in zip(items.fixed, offsets, strict=True))


@given(arenas(max_blocks=4, fixed=True, overlaps=True), st.data())
def test_items_are_apart_where_their_blocks_are(problem: ArenaProblem, data: st.DataObject) -> None:
    items = items_of(problem, ())
    offsets = [data.draw(st.integers(0, 12)) for _ in items.height]
    # A unit divides the alignment's multiples that sizes are, but need not be one itself.
    assume(all(o * items.unit % problem.alignment == 0 for o in offsets))
    assert keeps_apart(items, offsets) == holds(problem, placed(problem, items, offsets))


@given(shared_arenas, st.data())
def test_chains_are_apart_where_their_blocks_are(
    problem: ArenaProblem, data: st.DataObject
) -> None:
    """What is joined in one item lies in one place, and what is not does as if it could not be."""
    everything = choices(problem)
    assume(everything)
    choice: Choice = tuple(data.draw(st.sampled_from(everything)))
    items, asked = items_of(problem, choice), replace(problem, shares=choice)
    offsets = [data.draw(st.integers(0, 12)) for _ in items.height]
    assume(all(o * items.unit % problem.alignment == 0 for o in offsets))
    assert keeps_apart(items, offsets) == holds(asked, placed(problem, items, offsets))
    given = [f if f >= 0 else 1000 * (i + 1) for i, f in enumerate(items.fixed)]
    assert items.clash() != keeps_apart(items, given)


@given(arenas(max_blocks=5, fixed=True, overlaps=True), st.data())
def test_first_fit_takes_the_lowest_place(problem: ArenaProblem, data: st.DataObject) -> None:
    items = items_of(problem, ())
    assume(not items.clash())
    sequence = data.draw(st.permutations(range(len(items.height))))
    offsets = first_fit(items, sequence)
    expected = list(items.fixed)
    for i in sequence:
        if expected[i] < 0:
            known = [(j, above, below) for j, above, below in items.apart[i] if expected[j] >= 0]
            expected[i] = next(
                o
                for o in range(200)
                if all(
                    o + above <= expected[j] or o - below >= expected[j]
                    for j, above, below in known
                )
            )
    assert offsets == expected
    assert holds(problem, placed(problem, items, offsets))


@given(arenas(max_blocks=6, fixed=True), st.integers(0, 20))
def test_sequences_have_every_item(problem: ArenaProblem, turn: int) -> None:
    items = items_of(problem, ())
    for sequence in SEQUENCES:
        assert sorted(sequence(items)) == list(range(len(items.height)))
    assert len(ranks(items, turn, Random(turn))) == len(items.height)


@settings(max_examples=200)
@given(
    arenas(max_blocks=6, fixed=True, overlaps=True),
    st.integers(-3, 3),
    st.integers(0, 5),
    st.integers(1, 40),
)
def test_what_fits(problem: ArenaProblem, less: int, seed: int, quota: int) -> None:
    """However short the attempts are, and whatever is tried first, their answer is right."""
    items = items_of(problem, ())
    assume(items.height and not items.clash())
    capacity = brute_force_arena(problem) // items.unit - less
    found = fits(items, capacity, lambda: None)
    assert (found is None) == (less > 0)
    fitting, random = Fitting(items, capacity), Random(seed)
    for turn in range(1000):
        if fitting.attempt(ranks(items, turn, random), quota << turn, lambda: None):
            break
    assert fitting.impossible == (less > 0)
    assert (fitting.offsets is None) == (less > 0)
    for offsets in (found, fitting.offsets):
        if offsets is not None:
            assert items.arena(offsets) <= capacity
            assert holds(problem, placed(problem, items, offsets))


# Problems, by seed, whose answer depends on places that were tried and taken back.
@pytest.mark.parametrize("seed", [299, 805, 961, 1757, 1951, 2072, 2120, 2413, 2822])
def test_places_that_were_taken_back_are_free_again(seed: int) -> None:
    problem = build_arena(Random(seed).randint, 6, 9, seed % 2 > 0, False, seed % 3 > 0)
    items = items_of(problem, ())
    least = brute_force_arena(problem) // items.unit
    for less in (0, 1):
        fitting = Fitting(items, least - less, lambda: None)
        assert fitting.attempt(ranks(items, seed, Random(seed)), None, lambda: None)
        assert fitting.impossible == (less > 0)
        if fitting.offsets is not None:
            assert holds(problem, placed(problem, items, fitting.offsets))
            assert items.arena(fitting.offsets) <= least


@given(arenas(max_blocks=5, fixed=True, shares=True), st.integers(-2, 2), st.integers(0, 9))
def test_a_goal_is_reached_or_impossible(problem: ArenaProblem, more: int, seed: int) -> None:
    """Over all choices of what takes over what."""
    assume(choices(problem))
    shares = Shares(problem)
    items = items_of(problem, shares.best())
    assume(items.height)
    least = brute_force_arena(problem)
    goal, random, found = (
        Goal(problem, shares, items, least // items.unit + more),
        Random(seed),
        None,
    )
    while found is None and not goal.impossible:
        found = goal.attempt(random, lambda: None)
    assert goal.impossible == (found is None) == (more < 0)
    if found is not None:
        assert holds(problem, placed(problem, *found))
        assert found[0].arena(found[1]) <= goal.capacity


@pytest.mark.parametrize("seed", range(20))
def test_better_orders_are_better(seed: int) -> None:
    """Each is an order that keeps the peak and packs into less than the one before."""
    problem = build_problem(Random(seed).randint, 7, "random", 99)
    order = range(7)
    names = [problem.operators[v] for v in order]
    limits = Limits(None, None)
    start = Packing(arena_problem(problem, names, 16), limits, limits)
    # As if it had been packed badly, each block above all others.
    ends = itertools.accumulate(start.items.height, initial=0)
    start.offsets = [low for low, _ in zip(ends, start.items.height, strict=False)]
    start.arena = start.items.arena(start.offsets)
    arena, preds = start.arena * start.items.unit, problem.network().preds
    walk = better_orders(problem, order, start, limits, Lifetimes(problem, 16))
    for found, packing in itertools.islice(walk, 5):
        assert sorted(found) == sorted(order)
        assert all(found.index(u) < at for at, v in enumerate(found) for u in preds[v])
        blocks = arena_problem(problem, [problem.operators[v] for v in found], 16)
        assert packing.problem == blocks
        assert blocks.bound <= start.problem.bound
        assert holds(blocks, placed(blocks, packing.items, list(packing.offsets)))
        assert packing.arena * packing.items.unit < arena
        arena = packing.arena * packing.items.unit


@pytest.mark.parametrize("seed", range(10))
def test_a_judgement_is_of_what_there_is_to_pack(seed: int) -> None:
    """Whatever blocks are called and whenever they begin; one that is remembered is no other."""
    problem = build_problem(Random(seed).randint, 9, "random", 99)
    blocks, limits = arena_problem(problem, problem.operators, 16), Limits()
    later = replace(
        blocks,
        blocks=tuple(
            replace(each, name=f"other {i}", lower=each.lower + 5, upper=each.upper + 5)
            for i, each in enumerate(blocks.blocks)
        ),
    )
    for enough in (0, blocks.bound + 16):
        for asked in (blocks, later, blocks):
            judged = judging.judged_by_content(asked, enough, limits)
            assert judged == judging.judgement_of(judging.packed_again(asked, enough, limits))
        assert judged.nbytes >= blocks.bound
    larger = replace(blocks, blocks=(replace(blocks.blocks[0], size=9_999), *blocks.blocks[1:]))
    assert judging.judged_by_content(larger, 0, limits).nbytes >= 9_999


@pytest.mark.parametrize("seed", range(10))
def test_a_judgement_that_is_remembered_takes_as_much_of_a_limit(seed: int) -> None:
    """Else what a walk finds would hang on what was planned before it."""
    problem = build_problem(Random(seed).randint, 9, "random", 98)
    blocks = arena_problem(problem, problem.operators, 16)
    looks = []
    for _ in range(2):
        limits = Limits()
        judging.judged_by_content(blocks, 0, limits)
        looks.append(limits.looks)
    assert looks[0] == looks[1] > 0
    assert judging.judged_by_content(blocks, 0, Limits(work=looks[0])).nbytes >= blocks.bound
    with pytest.raises(LimitReached):
        judging.judged_by_content(blocks, 0, Limits(work=looks[0] - 1))


def test_no_other_order_is_looked_for_where_there_is_one() -> None:
    """A chain that something passes by, packed badly."""
    problem = Problem(
        tensors=("x", "a", "b", "c"),
        sizes=(16, 16, 32, 16),
        operators=("p", "q", "r"),
        inputs=((0,), (1,), (2, 0)),
        outputs=((1,), (2,), (3,)),
        graph_inputs=(0,),
        graph_outputs=(3,),
    )
    limits = Limits()
    start = Packing(arena_problem(problem, ("p", "q", "r"), 16), limits, limits)
    start.arena, looks = 9, limits.looks
    assert list(better_orders(problem, range(3), start, limits, Lifetimes(problem, 16))) == []
    assert limits.looks == looks


@settings(max_examples=200)
@given(arenas(max_blocks=6, fixed=True, overlaps=True), st.integers(-3, 3), st.integers(0, 5))
def test_each_search_is_right_alone(problem: ArenaProblem, less: int, seed: int) -> None:
    """Both, that by valleys and that by sides, also where the other one answers first."""
    items = items_of(problem, ())
    assume(items.height and not items.clash())
    capacity = brute_force_arena(problem) // items.unit - less
    everything = list(range(len(items.height)))
    rank = ranks(items, seed, Random(seed))
    valleys, sides = Descent(items, everything, capacity, rank), Sides(items, everything, capacity)
    for search in (valleys, sides):
        assert search.run(None, lambda: None) == (less <= 0)
        assert search.complete == (less > 0)
        if less <= 0:
            offsets = [search.offset[i] for i in everything]
            assert items.arena(offsets) <= capacity
            assert keeps_apart(items, offsets)


def test_a_circle_of_sides_is_seen_at_once() -> None:
    """Three small items in a large arena, each above the next: no million steps of one unit."""
    blocks = tuple(Block(name, 1, 0, 1) for name in "abc")
    sides = Sides(items_of(ArenaProblem(blocks), ()), [0, 1, 2], 10**12)
    (ab, ac, bc) = sides._pairs
    assert [pair[:2] for pair in (ab, ac, bc)] == [(0, 1), (0, 2), (1, 2)]
    assert sides._decide(0, _ABOVE)  # b above a
    assert sides._decide(2, _ABOVE)  # c above b
    assert not sides._decide(1, _BELOW)  # a above c


@given(problems(min_operators=1, max_operators=6, overlaps=True), st.integers(0, 99))
def test_moves_keep_every_input_before_its_reader(problem, seed: int) -> None:
    net, random = problem.network(), Random(seed)
    order = list(range(len(problem.operators)))
    for _ in range(5):
        order = _moved(net, order, random, range(len(order)))
        where = {v: at for at, v in enumerate(order)}
        assert sorted(order) == sorted(where)
        assert all(where[u] < where[v] for v in order for u in net.preds[v])


@given(problems(min_operators=1, max_operators=5, overlaps=True))
def test_moves_reach_every_place(problem) -> None:
    """Of orders that differ by the place of one operator, each can come next."""
    net = problem.network()
    order = list(range(len(problem.operators)))
    expected = set()
    for at, v in enumerate(order):
        rest = [*order[:at], *order[at + 1 :]]
        for to in range(len(order)):
            moved = [*rest[:to], v, *rest[to:]]
            where = {u: i for i, u in enumerate(moved)}
            if all(where[u] < where[w] for w in moved for u in net.preds[w]):
                expected.add(tuple(moved))
    random = Random(1)
    found = {tuple(_moved(net, order, random, range(len(order)))) for _ in range(400)}
    assert found == expected
