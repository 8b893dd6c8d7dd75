"""Our plan of TFLM's head: what is known already of the live set must not change what is found."""

import itertools
import random
from pathlib import Path

import pytest

import mcugraph as mg
from mcugraph.formats.tflite.model import TfliteModel, TfliteOperator, TfliteSubgraph, TfliteTensor
from mcugraph.ir import DType
from mcugraph.planning import rows
from mcugraph.records import replace
from mcugraph.rewrite.accounting import counted_forms
from mcugraph.scheduling.figures import LiveSetProblems
from mcugraph.scheduling.runtime import RUNTIMES
from mcugraph.scheduling.solving.network import has_one_order
from mcugraph.tflm.footprint import head_arena
from mcugraph.tflm.head import Head
from mcugraph.tflm.kernels.needs import node_of
from mcugraph.tflm.loaded import TflmProgram, program_of
from mcugraph.tflm.own_plan import OwnArenas

MODELS = Path(__file__).resolve().parents[2] / "fixtures" / "models"


@pytest.mark.parametrize("path", sorted(MODELS.iterdir()), ids=lambda path: path.name)
def test_a_known_schedule_only_saves_time(path: Path) -> None:
    graph = counted_forms(mg.load(path), "deployed").runs
    program, _ = program_of(graph)
    assert program is not None
    arena = head_arena(program)
    best = LiveSetProblems.of(graph, RUNTIMES["tflm"]).figures().best
    found, other = OwnArenas(program, arena, known=best), OwnArenas(program, arena)
    assert (found.planned, found.overlapped) == (other.planned, other.overlapped)
    assert best.lower_bound <= found.planned <= arena


def network(seed: int) -> TflmProgram:
    """Six operators that read what others made, of sizes that pack badly."""
    chance = random.Random(seed)
    made, operators = [0], []
    for i in range(1, 7):
        read = tuple(chance.sample(made, min(len(made), chance.choice([1, 1, 2]))))
        operators.append(TfliteOperator("ADD", read, (i,), f"op{i}"))
        made.append(i)
    used = {t for operator in operators for t in operator.inputs}
    tensors = tuple(TfliteTensor(DType.INT8, (16 * chance.randint(1, 9),)) for _ in made)
    outputs = tuple(t for t in made if t not in used)
    return loaded(TfliteSubgraph(tensors, tuple(operators), (0,), outputs))


def loaded(main: TfliteSubgraph) -> TflmProgram:
    nodes = {(0, i): node_of(main, one, None) for i, one in enumerate(main.operators)}
    return TflmProgram(TfliteModel((main,)), nodes, {}, ())


@pytest.mark.parametrize("seed", range(40))
def test_no_order_has_a_smaller_plan(seed: int) -> None:
    program = network(seed)
    head = Head(program)
    read = {
        i: {t - 1 for t in op.inputs if t} for i, op in enumerate(head.model.subgraphs[0].operators)
    }
    orders = [
        order
        for order in itertools.permutations(read)
        if all(read[v] <= set(order[:at]) for at, v in enumerate(order))
    ]
    least = min(head.packed(order).arena for order in orders)
    assert OwnArenas(program, head_arena(program)).planned == least


def test_one_order_of_the_head_is_one_of_its_network() -> None:
    found = set()
    for path in sorted(MODELS.iterdir()):
        program, _ = program_of(counted_forms(mg.load(path), "deployed").runs)
        assert program is not None
        head = Head(program)
        assert head.has_one_order == has_one_order(head.problem.network())
        found.add(head.has_one_order)
    assert found == {True, False}


def overlapping_network(seed: int) -> TflmProgram:
    """The same where what is read is mostly as large as what is written, so one may be over it."""
    chance = random.Random(seed)
    plain = network(seed).model.subgraphs[0]
    shapes = [(16 * chance.choice([2, 2, 2, 3]),) for _ in plain.tensors]
    tensors = tuple(TfliteTensor(DType.INT8, shape, f"t{i}") for i, shape in enumerate(shapes))
    main = replace(
        plain,
        tensors=tensors,
        operators=tuple(
            replace(one, native="ADD" if len(one.inputs) == 2 else "RELU")
            for one in plain.operators
        ),
    )
    return loaded(main)


@pytest.mark.parametrize("seed", range(40))
def test_no_order_has_a_smaller_plan_with_overlaps(seed: int) -> None:
    program = overlapping_network(seed)
    head = Head(program, overlapping=True)
    operators = head.model.subgraphs[0].operators
    read = {i: {t - 1 for t in one.inputs if t} for i, one in enumerate(operators)}
    orders = [
        order
        for order in itertools.permutations(read)
        if all(read[v] <= set(order[:at]) for at, v in enumerate(order))
    ]
    plans = [head.packed(order) for order in orders]
    least = min(plan.arena for plan in plans)
    assert OwnArenas(program, head_arena(program)).overlapped == least
    for i in range(len(operators)):
        assert rows.fits(head.row(i), least)


def test_tensors_without_operators_lie_where_they_lie() -> None:
    """TFLM plans what no operator touches as well."""
    tensors = tuple(TfliteTensor(DType.INT8, (size,)) for size in (16, 48))
    program = TflmProgram(TfliteModel((TfliteSubgraph(tensors, (), (), ()),)), {}, {}, ())
    assert head_arena(program) == 64
    own = OwnArenas(program, 64)
    assert (own.planned, own.overlapped) == (64, 64)
