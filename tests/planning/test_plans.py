"""Plans: against brute force, through the checker, and on graphs of real networks."""

import signal
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mcugraph as mg
from mcugraph.planning.arena import ArenaProblem, Block, Plan
from mcugraph.planning.checked import checked_plan
from mcugraph.planning.choices import Shares
from mcugraph.planning.exact import fits
from mcugraph.planning.items import best_items, items_of
from mcugraph.planning.minimalloc import read_csv, to_csv
from mcugraph.planning.order_blocks import arena_problem
from mcugraph.planning.packing import Packing
from mcugraph.planning.placing import first_fit
from mcugraph.planning.stages import METHODS, fitted, plan_blocks
from mcugraph.scheduling.entry import schedule
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.testing import (
    SHAPES,
    arenas,
    brute_force_arena,
    build_arena,
    build_problem,
    check_plan,
    check_schedule,
    problems,
)

SHARED = Path(__file__).resolve().parents[3] / "shared"
GRAPHS = sorted((SHARED / "graphs").glob("*.json"))
HARD = Path(__file__).parents[2] / "fixtures" / "graphs" / "swiftnetlike_hpd_96.json"


@given(arenas())
def test_smallest_arena(problem: ArenaProblem) -> None:
    plan = mg.plan(problem)
    assert check_plan(problem, plan) == brute_force_arena(problem)
    assert plan.optimal
    assert plan.peak == problem.bound <= plan.arena


@given(arenas(max_blocks=5, fixed=True, shares=True))
def test_smallest_arena_with_fixed_offsets_and_shares(problem: ArenaProblem) -> None:
    plan = mg.plan(problem)
    assert check_plan(problem, plan) == brute_force_arena(problem)
    assert plan.optimal


@pytest.mark.slow
@pytest.mark.parametrize("block", range(50))
def test_equals_brute_force_on_many(block: int) -> None:
    """Blocks of their own, and those of orders of problems: scratch, in place, ties by rounding."""
    for seed in range(100 * block, 100 * block + 100):
        random = Random(seed)
        if seed % 2:
            count = random.choice((2, 3, 4, 5, 5, 6, 6))
            size = random.choice((3, 9, 40))
            problem = build_arena(random.randint, count, size, random.random() < 0.6, True)
            plan = mg.plan(problem)
        else:
            order, problem = order_of_few_blocks(random)
            plan = mg.plan(order, order.operators, alignment=problem.alignment)
            assert [b.name for b in plan.blocks] == [b.name for b in problem.blocks]
        assert check_plan(problem, plan) == brute_force_arena(problem), seed
        assert plan.optimal, seed


def order_of_few_blocks(random: Random) -> tuple[Problem, ArenaProblem]:
    """A scheduling problem, and the blocks of its file order: few enough for brute force."""
    while True:
        shape = random.choice(SHAPES)
        n, most = random.randint(1, 5), random.choice((5, 40))
        order = build_problem(random.randint, n, shape, most, overlaps=True)
        problem = arena_problem(order, order.operators, random.choice((1, 4, 16)))
        if len(problem.blocks) <= 6 and len(problem.shares) <= 6:
            return order, problem


@given(arenas(max_blocks=7), st.integers(0, 3))
def test_the_search_alone_finds_what_there_is(problem: ArenaProblem, less: int) -> None:
    items = best_items(problem, Shares(problem))
    best = brute_force_arena(problem) // items.unit
    found = fits(items, best, lambda: None)
    assert found is not None
    assert items.arena(found) <= best
    assert not best or fits(items, max(best - 1 - less, 0), lambda: None) is None


@pytest.mark.parametrize("method", METHODS)
@given(problem=problems(max_operators=8, max_size=40, overlaps=True))
def test_every_method_keeps_the_rules(method: str, problem: Problem) -> None:
    order = problem.operators
    plan = mg.plan(problem, order, alignment=4, method=method)
    blocks = arena_problem(problem, order, 4)
    check_plan(blocks, plan)
    assert plan.order == order
    assert plan.arena >= plan.lower_bound >= blocks.bound
    if method == "auto":
        assert plan.optimal


@settings(max_examples=40, deadline=None)
@given(problems(max_operators=10, max_size=20))
def test_no_size_is_too_large(problem: Problem) -> None:
    """Beyond what a machine word or a float holds, sizes are numbers like others."""
    factor = 10**400
    larger = replace(
        problem,
        sizes=tuple(size * factor for size in problem.sizes),
        scratch=tuple(size * factor for size in problem.scratch),
    )
    plain, scaled = mg.plan(problem, alignment=1), mg.plan(larger, alignment=1)
    assert scaled.arena == plain.arena * factor
    assert scaled.lower_bound == plain.lower_bound * factor


@given(problems(max_operators=8, max_size=40, overlaps=True))
def test_bound_is_the_peak_of_the_order(problem: Problem) -> None:
    """Without alignment, the largest live set is what the checker of schedules finds."""
    order = schedule(problem).order
    assert arena_problem(problem, order, 1).bound == check_schedule(problem, order)


@settings(max_examples=50)
@given(problems(max_operators=9, max_size=40, overlaps=True))
def test_order_of_its_own(problem: Problem) -> None:
    plan = mg.plan(problem, alignment=1)
    check_plan(arena_problem(problem, plan.order, 1), plan)
    assert plan.peak == schedule(problem).peak


def test_in_place() -> None:
    problem = Problem.from_json(
        {
            "tensors": [{"id": name, "size": 100} for name in "abc"],
            "ops": [
                {"id": "f", "inputs": ["a"], "outputs": ["b"], "inplace": [["a", "b"]]},
                {"id": "g", "inputs": ["b"], "outputs": ["c"], "scratch": 7},
            ],
            "graph_inputs": ["a"],
            "graph_outputs": ["c"],
        }
    )
    plan = mg.plan(problem, alignment=4)
    assert plan.arena == 208
    assert plan.offsets["a"] == plan.offsets["b"]
    assert set(plan.scratch) == {"g"}
    assert mg.plan(problem, alignment=4, method="tflm").arena == 208


def test_the_order_is_changed_for_the_arena() -> None:
    """One where the first order is proven not to pack, and another of the same peak does."""
    random = Random(265)
    count, shape = random.randint(8, 14), random.choice(("layered", "random", "cell"))
    problem = build_problem(random.randint, count, shape, max_size=9, plain=True)
    order = [f"op{i}" for i in (0, 10, 1, 3, 6, 9, 12, 4, 7, 5, 13, 8, 11, 2)]
    kept = mg.plan(problem, order, alignment=1)
    assert (kept.arena, kept.lower_bound, kept.peak) == (40, 40, 39)
    plan = mg.plan(problem, alignment=1)
    assert plan.arena == plan.lower_bound == 39
    assert check_schedule(problem, plan.order) == schedule(problem).peak == 39


# What no order found yet packs into its peak.
OPEN = {"swiftnetlike_hpd_96"}


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)
def test_graphs_of_networks_pack_into_their_peak(path: Path) -> None:
    problem = Problem.from_json(path)
    hard = path.stem in OPEN
    plan = mg.plan(problem, time_limit=1 if hard else None)
    blocks = arena_problem(problem, plan.order, 16)
    check_plan(blocks, plan)
    for method in METHODS[1:]:
        assert plan.arena <= mg.plan(problem, plan.order, method=method).arena
    assert plan.peak == blocks.bound
    if not hard:
        assert plan.optimal
        assert plan.arena == plan.peak == schedule(problem).peak


def hard() -> ArenaProblem:
    """Blocks for which no plan at the bound is known, and no proof that there is none."""
    problem = Problem.from_json(HARD)
    return arena_problem(problem, schedule(problem).order, 16)


class Steps:
    """A clock that goes on by a step whenever somebody looks at it."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def crowd(count: int) -> ArenaProblem:
    """Blocks of which very many meet."""
    random = Random(0)
    blocks = []
    for i in range(count):
        begin = random.randrange(count)
        blocks.append(Block(i, random.randint(1, 999), begin, begin + random.randint(1, count)))
    return ArenaProblem(tuple(blocks))


@pytest.mark.parametrize("looks", [2, 100, 300, 1000])
def test_a_limit_before_the_first_packing(looks: int) -> None:
    blocks = crowd(200)
    clock = Steps(step=1.0)
    limits = Limits(looks, clock=clock)
    plan = plan_blocks(blocks, "auto", limits)
    check_plan(blocks, plan)
    assert plan.stopped == "time limit"
    assert clock.now < looks + 20  # whatever is done without a packing looks at the clock, too


def test_too_many_meetings_to_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcugraph.planning.stages._FIRST_MEMORY", 100_000)
    blocks = crowd(200)
    plan = mg.plan(blocks)
    check_plan(blocks, plan)
    assert plan.arena < mg.plan(blocks, method="tflm").arena  # which is tried first of several
    assert plan.stopped == "memory limit"
    assert mg.plan(crowd(10)).stopped == ""


def test_however_busy_the_machine_blocks_of_which_few_meet_get_a_first_packing() -> None:
    lifetimes = [(i, i + 2 + 7 * (i % 2)) for i in range(4000)]
    blocks = ArenaProblem(tuple([Block(i, 1 + i % 3, *times) for i, times in enumerate(lifetimes)]))
    busy = Limits(0.0, clock=Steps(step=2e-4))
    without_clock = Packing(blocks, Limits(), Limits())
    without_clock.quick(Limits())
    assert fitted(blocks, 0, busy).arena == without_clock.nbytes
    assert busy.elapsed > 1.0
    assert without_clock.nbytes < mg.plan(blocks, method="tflm").arena


@pytest.mark.parametrize("looks", [1, 10, 1000])
def test_time_limit_is_kept(looks: int) -> None:
    clock = Steps(step=1.0)
    blocks = hard()
    plan = plan_blocks(blocks, "auto", Limits(looks, clock=clock))
    check_plan(blocks, plan)
    assert not plan.optimal
    assert plan.stopped == "time limit"
    # The stages look now and then, each at a clock of its own that began when it did.
    assert plan.elapsed < looks + 40


def test_without_a_limit_a_plan_is_the_same_on_every_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mcugraph.planning.stages._PLACE_WORK", 10)
    told: list[int] = []
    plans = []
    for step in (0.0, 1.0, 1e6):
        limits = Limits(progress=lambda *news: told.append(news[2]), clock=Steps(step))
        plans.append(plan_blocks(hard(), "auto", limits))
    assert [plan.stopped for plan in plans] == ["work limit"] * 3
    assert len({tuple(block.offset for block in plan.blocks) for plan in plans}) == 1
    # Each look is told of, where the clock has gone on.
    assert told.count(plans[0].arena) > 20


def test_interrupt_returns_the_best_so_far() -> None:
    blocks = hard()
    seen: list[int] = []

    def interrupt(elapsed: float, lower_bound: int, best: int) -> None:
        seen.append(best)
        if len(seen) == 2:
            signal.raise_signal(signal.SIGINT)

    plan = mg.plan(blocks, progress=interrupt)
    check_plan(blocks, plan)
    assert plan.stopped == "interrupted"
    assert not plan.optimal
    assert plan.arena <= seen[-1]


def test_a_result_that_fails_its_check_does_not_leave() -> None:
    problem = ArenaProblem((Block("a", 8, 0, 2), Block("b", 8, 1, 3)))
    with pytest.raises(mg.InternalError, match=r"'a' and 'b' overlap.* please report this"):
        checked_plan(problem, [0, 4], 16)
    with pytest.raises(mg.InternalError, match="at least 17"):
        checked_plan(problem, [0, 8], 17)


def share(*blocks: Block, pairs: tuple[tuple[int, int], ...]) -> ArenaProblem:
    return ArenaProblem(blocks, 1, pairs)


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (share(Block("a", 4, 0, 2), Block("b", 5, 1, 3), pairs=((0, 1),)), "'b'.*larger"),
        (share(Block("a", 4, 0, 2), Block("b", 4, 0, 2), pairs=((0, 1), (1, 0))), "at once"),
        (
            share(
                Block("a", 4, 0, 3),
                Block("b", 4, 1, 3),
                Block("c", 4, 2, 4),
                pairs=((0, 1), (1, 2)),
            ),
            "all three",
        ),
        (share(Block("a", 4, 0, 2, 0), Block("b", 4, 1, 3, 8), pairs=((0, 1),)), "differ"),
        (share(Block("a", 4, 0, 2), pairs=((0, 0),)), "'a' cannot follow 'a' in place: it"),
        (share(Block("a", 4, 0, 2), pairs=((0, 1),)), "does not exist"),
        (share(Block("a", 4, 0, 1), Block("b", 4, 1, 3), pairs=((0, 1),)), "within its time"),
    ],
)
def test_shares_that_cannot_hold_are_refused(problem: ArenaProblem, said: str) -> None:
    with pytest.raises(mg.GraphError, match=said):
        mg.plan(problem)


def test_what_takes_over_what_is_chosen_for_the_arena() -> None:
    """To take over saves nothing here, and is in the way: b lies better above c than below it."""
    found = 0
    for seed in range(400):
        random = Random(seed)
        problem = build_arena(random.randint, 6, 9, shares=True)
        best = items_of(problem, Shares(problem).best())
        forced = min(
            best.arena(first_fit(best, order)) for order in permutations(range(len(best.height)))
        )
        plan = mg.plan(problem)
        assert plan.optimal
        found += plan.arena < forced * best.unit
    assert found, "never did another choice give a smaller arena"


def challenging() -> list[object]:
    """Problems of MiniMalloc; two of them take some seconds."""
    paths = sorted((SHARED / "plans").glob("*.csv"))
    return [
        pytest.param(path, id=path.stem, marks=[pytest.mark.slow] * (path.stem[0] in "EK"))
        for path in paths
    ]


@pytest.mark.parametrize("path", challenging())
def test_challenging_problems_fit_their_capacity(path: Path) -> None:
    problem = read_csv(path)
    packing = Packing(problem, Limits(), Limits())
    packing.search(1 << 30, Limits())  # a proof, however long it takes
    plan = checked_plan(problem, packing.block_offsets(), packing.lower_bound * packing.items.unit)
    assert plan.optimal
    assert plan.arena == problem.bound <= 1_048_576


@pytest.mark.parametrize(
    ("name", "arena"),
    [
        ("silent_overlap_min.json", 80),
        ("plan_zip_valueerror.json", 32),
        ("zero_size_fixed.csv", 40),
    ],
)
def test_samples_that_failed(name: str, arena: int) -> None:
    path = SHARED / "cases" / "plan" / name
    if not path.exists():
        pytest.skip("no shared cases")
    problem = read_csv(path) if path.suffix == ".csv" else Problem.from_json(path)
    plan = mg.plan(problem)
    blocks = arena_problem(problem, plan.order) if isinstance(problem, Problem) else problem
    assert check_plan(blocks, plan) == arena
    assert plan.optimal


def test_bad_input() -> None:
    two = (Block("a", 8, 0, 2, 0), Block("b", 8, 1, 3, 4))
    with pytest.raises(mg.GraphError, match="'a' and 'b'"):
        mg.plan(ArenaProblem(two))
    with pytest.raises(mg.GraphError, match="'upper' has to be larger"):
        mg.plan(ArenaProblem((Block("a", 8, 2, 2),)))
    with pytest.raises(mg.GraphError, match="no multiple of 16"):
        mg.plan(ArenaProblem((Block("a", 8, 0, 2, 8),), 16))
    with pytest.raises(mg.UsageError, match="unknown method"):
        mg.plan(ArenaProblem(()), method="magic")
    with pytest.raises(mg.UsageError, match="lifetimes already"):
        mg.plan(ArenaProblem(()), order=["f"])
    with pytest.raises(mg.UsageError, match="a sequence of operator names is needed, not 5"):
        mg.plan(ArenaProblem(()), order=5)  # type: ignore[arg-type]
    with pytest.raises(mg.GraphError, match="an alignment of 0 bytes"):
        mg.plan(ArenaProblem((), 0))
    with pytest.raises(mg.GraphError, match="'a' has the negative size -1"):
        mg.plan(ArenaProblem((Block("a", -1, 0, 2),)))
    with pytest.raises(mg.GraphError, match="'a' has the fixed offset -16"):
        mg.plan(ArenaProblem((Block("a", 8, 0, 2, -16),), 16))
    assert mg.plan(ArenaProblem((Block("a", 0, 0, 1, 16),), 16)).arena == 0


def test_the_checker_sees_faults() -> None:
    problem = ArenaProblem((Block("a", 8, 0, 2), Block("b", 8, 1, 3)))
    good = mg.plan(problem)
    overlapping = Plan((Block("a", 8, 0, 2, 0), Block("b", 8, 1, 3, 7)), 15, 15, 15, 1)
    with pytest.raises(mg.GraphError, match="overlap"):
        check_plan(problem, overlapping)
    with pytest.raises(mg.GraphError, match="not 15"):
        check_plan(problem, Plan(good.blocks, 15, 15, 16, 1))
    with pytest.raises(mg.GraphError, match="lies at"):
        check_plan(problem, Plan(problem.blocks, 16, 16, 16, 1))
    with pytest.raises(mg.GraphError, match="1 blocks are placed"):
        check_plan(problem, Plan(good.blocks[:1], 8, 8, 8, 1))


FIXED = Block("a", 8, 0, 2, 16)


@pytest.mark.parametrize(
    ("placed", "said"),
    [
        (replace(FIXED, name="b"), "'a' was changed"),
        (replace(FIXED, size=9), "'a' was changed"),
        (replace(FIXED, lower=1), "'a' was changed"),
        (replace(FIXED, upper=3), "'a' was changed"),
        (replace(FIXED, offset=None), "lies at None"),
        (replace(FIXED, offset=-16), "lies at -16"),
        (replace(FIXED, offset=8), "lies at 8"),
        (replace(FIXED, offset=0), "lies at 0, not at 16"),
    ],
)
def test_the_checker_sees_what_is_not_as_asked(placed: Block, said: str) -> None:
    problem = ArenaProblem((FIXED,), 16)
    assert check_plan(problem, Plan((FIXED,), 32, 32, 32, 16)) == 32
    with pytest.raises(mg.GraphError, match=said):
        check_plan(problem, Plan((placed,), 32, 32, 32, 16))


def test_blocks_next_to_each_other_do_not_overlap() -> None:
    """In space, in time, and in one unit of either."""
    for b, wrong in (
        (Block("b", 8, 0, 2, 8), False),
        (Block("b", 8, 0, 2, 7), True),
        (Block("b", 8, 2, 4, 0), False),
        (Block("b", 8, 1, 4, 0), True),
        (Block("b", 0, 0, 2, 4), False),
    ):
        a = Block("a", 8, 0, 2, 0)
        problem = ArenaProblem((a, b))
        arena = max(8, (b.offset or 0) + b.size)
        if wrong:
            with pytest.raises(mg.GraphError, match="'a' and 'b' overlap"):
                check_plan(problem, Plan((a, b), arena, 0, 0, 1))
        else:
            assert check_plan(problem, Plan((a, b), arena, 0, 0, 1)) == arena


@given(arenas(fixed=True, shares=True, overlaps=True), st.data())
def test_the_checker_goes_by_the_definition(problem: ArenaProblem, data: st.DataObject) -> None:
    offsets = [
        data.draw(st.integers(0, 6)) * problem.alignment if b.offset is None else b.offset
        for b in problem.blocks
    ]
    placed = tuple(b.at(o) for b, o in zip(problem.blocks, offsets, strict=True))
    sized = [(b.offset or 0, (b.offset or 0) + problem.aligned(b.size), b) for b in placed]
    wrong = any(
        a.size and b.size
        and a.lower < b.upper and b.lower < a.upper
        and low < end and start < high
        and not (low == start and (i, j) in problem.shares and end <= high)
        and not (low == start and (j, i) in problem.shares and high <= end)
        and not any(
            ((earlier, later) == (i, j) and low - start >= lead)
            or ((earlier, later) == (j, i) and start - low >= lead)
            for earlier, later, lead in problem.overlaps
        )
        for j, (start, end, b) in enumerate(sized)
        for i, (low, high, a) in enumerate(sized[:j])
    )  # fmt: skip
    arena = max((end for _, end, b in sized if b.size), default=0)
    plan = Plan(placed, arena, 0, 0, problem.alignment)
    if wrong:
        with pytest.raises(mg.GraphError, match="overlap"):
            check_plan(problem, plan)
    else:
        assert check_plan(problem, plan) == arena


@given(arenas(fixed=True))
def test_csv_round_trip(tmp_path_factory: pytest.TempPathFactory, problem: ArenaProblem) -> None:
    path = tmp_path_factory.mktemp("csv") / "problem.csv"
    path.write_text(to_csv(problem))
    assert read_csv(path, problem.alignment) == problem
    plan = mg.plan(problem)
    path.write_text(to_csv(plan))
    solved = read_csv(path, problem.alignment)
    assert mg.plan(solved).arena == plan.arena


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no columns"),
        ("id,lower,upper\na,0,1\n", "names no columns"),
        ("id,lower,upper,size\na,0,1\n", "line 2: expected integers"),
        ("id,lower,upper,size\na,0,x,4\n", "line 2: expected integers"),
        ("id,lower,upper,size\na,0,1,4\na,1,2,4\n", "line 3: a second block"),
        ("id,lower,upper,size\na,3,1,4\n", "'upper' has to be larger"),
        ("id,lower,upper,size\na,0,1,281474976710656\n", "line 2: 'a' and what is before it"),
        ("id,lower,upper,size\na,0,1,4\nb,0,1,281474976710652\n", "line 3: 'b' and what is"),
        ("id,lower,upper,size\na,-281474976710656,1,4\n", "more time or more bytes"),
        ("id,lower,upper,size,offset\na,0,1,4,281474976710656\n", "more time or more bytes"),
        (f"id,lower,upper,size\n{'a' * 200_000},0,1,4\n", "not a CSV file: field larger"),
    ],
)
def test_bad_csv(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(mg.McuGraphError, match=said):
        read_csv(path)


def test_a_lead_says_nothing_of_blocks_that_are_needed_together_for_longer() -> None:
    a, b = Block("a", 8, 0, 3, 0), Block("b", 8, 1, 4, 0)
    with pytest.raises(mg.GraphError, match="'a' and 'b' overlap"):
        check_plan(ArenaProblem((a, b), 1, (), ((0, 1, 0),)), Plan((a, b), 8, 0, 0, 1))
    last = replace(b, lower=2)
    problem = ArenaProblem((a, last), 1, (), ((0, 1, 0),))
    assert check_plan(problem, Plan((a, last), 8, 0, 0, 1)) == 8


def test_a_csv_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(mg.FormatError, match=r"none\.csv: cannot be read: No such file"):
        mg.plan(tmp_path / "none.csv")
    path = tmp_path / "binary.csv"
    path.write_bytes(b"id,lower,upper,size\n\xff,0,1,4\n")
    with pytest.raises(mg.FormatError, match="not a text file; expected id,lower,upper,size"):
        mg.plan(path)


def test_a_csv_as_people_write_it(tmp_path: Path) -> None:
    """Columns in any order and case, others among them, spaces, empty lines."""
    path = tmp_path / "input.CSV"
    path.write_text("Size, ID ,upper, lower,note,Offset\n\n4, a,3,0,x, 8\n , ,\n8,b,9,2,y,\n")
    found = read_csv(path, 4)
    assert found == ArenaProblem((Block("a", 4, 0, 3, 8), Block("b", 8, 2, 9)), 4)
    assert mg.plan(path).offsets == {"a": 8, "b": 0}


def test_example_of_minimalloc(tmp_path: Path) -> None:
    path = tmp_path / "input.csv"
    path.write_text("id,lower,upper,size\nb1,0,3,4\nb2,3,9,4\nb3,0,9,4\nb4,9,21,4\nb5,0,21,4\n")
    assert mg.plan(read_csv(path)).arena == 12
