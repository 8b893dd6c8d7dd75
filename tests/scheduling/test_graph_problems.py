"""Graphs as scheduling problems: what takes SRAM, what may be in place, what a call takes."""

from random import Random

import pytest

import mcugraph as mg
from mcugraph.errors import UsageError
from mcugraph.ir import DType, Graph, Kind, Op, Operator, Source, Tensor
from mcugraph.ops.control import Call, If
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.opaque import Opaque
from mcugraph.scheduling.bounds import cut_bound, operator_bound
from mcugraph.scheduling.entry import schedule
from mcugraph.scheduling.figures import LiveSetProblems, file_order
from mcugraph.scheduling.order_checker import check_schedule
from mcugraph.scheduling.problem import Problem
from mcugraph.scheduling.runtime import RUNTIMES, Runtime, find_runtime
from mcugraph.testing import brute_force_peak, build_graph

TFLM, INPLACE, ELSEWHERE = (RUNTIMES[n] for n in ("tflm", "inplace", "inputs_elsewhere"))


def made(
    steps: list[tuple[Op, list[str], str]],
    sizes: dict[str, int],
    kinds: dict[str, Kind] | None = None,
    subgraphs: dict[str, Graph] | None = None,
) -> Graph:
    """A graph from x to the result of its last step; ``sizes`` are bytes."""
    tensors = {
        name: Tensor(name, DType.INT8, (size,), (kinds or {}).get(name, Kind.ACTIVATION))
        for name, size in sizes.items()
    }
    operators = tuple(
        Operator(f"op{i}", op, tuple(inputs), (output,), op.kind.upper())
        for i, (op, inputs, output) in enumerate(steps)
    )
    ends = (operators[-1].outputs[0],)
    return Graph("g", operators, tensors, ("x",), ends, Source("test"), subgraphs or {})


ADD, RELU, OTHER = Elementwise("add"), Elementwise("relu"), Opaque("OTHER")


def test_what_takes_sram() -> None:
    """Activations, each once an operator; no constants, no state."""
    sizes = {"x": 8, "w": 100, "s": 50, "y": 4, "z": 2}
    kinds = {"w": Kind.CONSTANT, "s": Kind.STATE}
    steps = [(OTHER, ["x", "w", "x", "s"], "y"), (RELU, ["y"], "z")]
    graph = made(steps, sizes, kinds).replace(after=(("op0", "op1"),))
    problem = Problem.as_it_stands(graph, TFLM, {"op1": 7})
    assert problem == Problem(
        ("x", "y", "z"),
        (8, 4, 2),
        ("op0", "op1"),
        ((0,), (1,)),
        ((1,), (2,)),
        (0,),
        (2,),
        scratch=(0, 7),
        inplace=((), ()),
        after=((0, 1),),
    )
    assert not Problem.as_it_stands(graph, ELSEWHERE).count_inputs
    assert LiveSetProblems.of(graph, TFLM).state == 50


def test_what_may_be_in_place() -> None:
    sizes = {"x": 8, "small": 4, "c": 8, "y": 8, "z": 8, "u": 8, "v": 4}
    steps = [
        (ADD, ["x", "small"], "y"),  # what is broadcast is smaller than the result
        (ADD, ["c", "y"], "z"),  # a constant lies in flash
        (ADD, ["z", "z"], "u"),
        (OTHER, ["u"], "v"),  # the operator's rule does not allow it
    ]
    graph = made(steps, sizes, {"c": Kind.CONSTANT}).replace(inputs=("x", "small"))
    problem = Problem.as_it_stands(graph, INPLACE)
    number = {name: i for i, name in enumerate(problem.tensors)}
    pairs = [("x", "y")], [("y", "z")], [("z", "u")], []
    assert problem.inplace == tuple(tuple((number[a], number[b]) for a, b in row) for row in pairs)
    assert Problem.as_it_stands(graph, TFLM).inplace == ((), (), (), ())


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("runtime", [TFLM, INPLACE, ELSEWHERE], ids=lambda runtime: runtime.name)
def test_figures_are_those_of_the_problem(seed: int, runtime: Runtime) -> None:
    graph = build_graph(Random(seed).randint, 1 + seed % 6)
    problem = Problem.as_it_stands(graph, runtime)
    found = LiveSetProblems.of(graph, runtime).figures()
    least = brute_force_peak(problem)
    assert found.best.optimal
    assert found.best.peak == check_schedule(problem, found.best.order) == least
    assert found.in_file_order.order == problem.operators
    assert found.in_file_order.peak == check_schedule(problem, problem.operators)
    assert found.in_file_order.peak == file_order(problem).peak
    assert found.operator_bound == operator_bound(problem) == file_order(problem).lower_bound
    assert found.in_file_order.lower_bound == found.operator_bound
    assert found.cut_bound == cut_bound(problem)
    assert found.operator_bound <= found.cut_bound <= least <= found.in_file_order.peak


def branching(first: int, second: int) -> Graph:
    """X is read by two branches, each of one large tensor, which the file computes side by side."""
    sizes = {"x": 1, "a": first, "b": second, "c": 1, "d": 1, "y": 1}
    steps: list[tuple[Op, list[str], str]] = [
        (OTHER, ["x"], "a"),
        (OTHER, ["x"], "b"),
        (OTHER, ["a"], "c"),
        (OTHER, ["b"], "d"),
        (ADD, ["c", "d"], "y"),
    ]
    return made(steps, sizes)


def test_a_call_takes_the_largest_figure_of_the_same_kind() -> None:
    """Worked by hand: the body of 100 and 50 needs 102 at its best and 151 as it comes."""
    bodies = {"large": branching(100, 50), "small": branching(3, 2)}
    sizes = {"x": 10, "y": 20, "z": 4}
    steps = [(If(("large", "small")), ["x"], "y"), (RELU, ["y"], "z")]
    found = LiveSetProblems.of(made(steps, sizes, subgraphs=bodies), TFLM).figures()
    # The operator bound of the body: 100 and x, or 100 and c. Its cut bound: d or x waits.
    assert found.operator_bound == 30 + 101
    assert found.cut_bound == 30 + 102
    assert found.best.peak == 30 + 102
    assert found.in_file_order.peak == 30 + 151
    assert found.best.optimal


def test_a_body_that_calls_one() -> None:
    inner = branching(100, 50)
    middle = made([(Call(("inner",)), ["x"], "y")], {"x": 5, "y": 6})
    steps = [(Call(("middle",)), ["x"], "y"), (Call(("inner",)), ["y"], "z")]
    graph = made(steps, {"x": 10, "y": 20, "z": 4}, subgraphs={"inner": inner, "middle": middle})
    found = LiveSetProblems.of(graph, TFLM).figures()
    assert found.best.peak == 10 + 20 + 5 + 6 + 102
    assert found.in_file_order.peak == 10 + 20 + 5 + 6 + 151
    assert schedule(graph).peak == found.best.peak
    assert Problem.from_graph(graph).scratch == (11 + 102, 102)


def test_runtimes_by_name() -> None:
    own = Runtime("mine", alignment=4)
    assert find_runtime(own) is own
    assert find_runtime("inplace") is INPLACE
    for wrong in ("arm", None, 3):
        with pytest.raises(UsageError, match="expected one of tflm, inplace, inputs_elsewhere"):
            find_runtime(wrong)
    for alignment in (0, -1, 1.5):
        with pytest.raises(UsageError, match="alignment"):
            Runtime(alignment=alignment)  # type: ignore[arg-type]
    assert Runtime(alignment=1).alignment == 1


def test_what_is_no_problem() -> None:
    for bound in (mg.operator_bound, mg.cut_bound):
        with pytest.raises(UsageError, match="takes a Problem, not list"):
            bound([])  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="schedule takes"):
        schedule([])  # type: ignore[arg-type]
