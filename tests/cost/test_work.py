"""Work of operators and of the subgraphs that they call."""

from dataclasses import replace

import pytest

from mcugraph.cost.work import total, work_of
from mcugraph.errors import GraphError
from mcugraph.ir import DType, Graph, Kind, Op, Operator, Source, Tensor
from mcugraph.ops.control import Call, If, Loop
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.linear import Dense
from mcugraph.ops.opaque import Opaque
from mcugraph.ops.pooling import GlobalPool
from mcugraph.ops.reduction import Reduce
from mcugraph.units import MOST

SHAPE = (1, 8, 4, 4)


def graph(*ops: Op, subgraphs: dict[str, Graph] | None = None, units: int = 4) -> Graph:
    """Operators one after the other, from x; each dense layer has ``units`` of 4 inputs."""
    tensors = [Tensor("x", DType.INT8, SHAPE), Tensor("w", DType.INT8, (units, 4), Kind.CONSTANT)]
    operators, last = [], "x"
    for i, op in enumerate(ops):
        name = f"y{i}"
        tensors.append(Tensor(name, DType.INT8, (*SHAPE[:-1], units if i == 0 else 4)))
        more = ("w",) if isinstance(op, Dense) else ()
        operators.append(Operator(f"op{i}", op, (last, *more), (name,), op.kind.upper()))
        last = name
    names = {tensor.name: tensor for tensor in tensors}
    return Graph("g", tuple(operators), names, ("x",), (last,), Source("test"), subgraphs or {})


def test_one_entry_an_operator() -> None:
    works = work_of(graph(Dense(), Elementwise("relu")))
    assert [(work.macs, work.elementwise) for work in works] == [(32 * 4 * 4, 0), (0, 128)]
    assert total(works).macs == 512
    assert total(works).elementwise == 128


def test_the_paper_counts_pooling_means_and_sums() -> None:
    ops = (Elementwise("add"), Elementwise("mul"), Elementwise("relu"))
    pool = graph(GlobalPool("average"), Reduce("mean", (2, 3)), Reduce("max", (2, 3)), *ops)
    assert total(work_of(pool)).macs == 0
    counted = [work.macs for work in work_of(pool, "paper")]
    # Global pooling and means one an element of the data; an addition of one operand with
    # itself alone counts one; products, maxima and activations none.
    assert counted[0] == counted[1] == 128
    assert counted[2] == counted[4] == counted[5] == 0


@pytest.mark.parametrize(
    ("op", "times"),
    [
        (If(("small", "large")), (0, 1)),
        (Loop(("small", "large")), (1, 1)),
        (Loop(("large",), trips=5), (0, 5)),
        (Loop(("large",), trips=0), (0, 0)),
        (Call(("small",)), (1, 0)),
    ],
)
def test_control_flow_counts_bodies(op: Op, times: tuple[int, int]) -> None:
    bodies = {"small": graph(Dense(), units=2), "large": graph(Dense(), units=6)}
    (work,) = work_of(graph(op, subgraphs=bodies))
    assert work.macs == times[0] * 32 * 4 * 2 + times[1] * 32 * 4 * 6
    assert work.elementwise == 0


def test_bodies_in_bodies() -> None:
    inner = graph(Dense())
    middle = graph(Loop(("inner",), trips=3))
    outer = graph(Loop(("middle",), trips=2), subgraphs={"inner": inner, "middle": middle})
    (work,) = work_of(outer)
    assert work.macs == 6 * 512


def test_what_is_unknown_in_a_body_is_told() -> None:
    body = graph(Opaque("THING"), Dense())
    (work,) = work_of(graph(Loop(("body",)), subgraphs={"body": body}))
    assert work.unknown == ("THING (op0)",)
    assert work.macs == 512
    (said,) = work.assumptions
    assert said == "LOOP (op0) runs one iteration, since its trip count is not known"


def test_shapes_that_contradict_the_operator_are_one_error() -> None:
    bad = graph(Dense())
    scalar = {**bad.tensors, "y0": Tensor("y0", DType.INT8, ())}
    with pytest.raises(GraphError, match=r"g: operator 'op0' \(DENSE\): its shapes do not fit"):
        work_of(bad.replace(tensors=scalar))


def test_more_operations_than_anybody_counts() -> None:
    body = graph(Dense())
    work_of(graph(Loop(("body",), trips=(1 << 63) // 512 - 1), subgraphs={"body": body}))
    for operators in ([Loop(("body",), trips=(1 << 63) // 512)], [Loop(("twice",), trips=1 << 60)]):
        twice = graph(Loop(("body",), trips=1 << 50))
        with pytest.raises(GraphError, match=r"operator 'op0' \(LOOP\) computes more than"):
            work_of(graph(*operators, subgraphs={"body": body, "twice": twice}))


def test_as_many_operations_as_anybody_counts() -> None:
    shapes = {"x": (1, 1), "w": (1, 1), "y0": (1, 1)}
    one = graph(Dense())
    body = one.replace(
        tensors={name: replace(one.tensors[name], shape=shape) for name, shape in shapes.items()}
    )
    (work,) = work_of(graph(Loop(("body",), trips=MOST), subgraphs={"body": body}))
    assert work.macs == MOST
    with pytest.raises(GraphError, match="computes more than"):
        work_of(graph(Loop(("body",), trips=MOST + 1), subgraphs={"body": body}))


def test_an_operator_of_unknown_shapes_counts_nothing_and_is_told() -> None:
    known = graph(Dense(), Elementwise("relu"))
    unknown = {**known.tensors, "y0": Tensor("y0", DType.INT8, None)}
    first, second = work_of(known.replace(tensors=unknown))
    assert (first.macs, first.elementwise, first.unknown) == (0, 0, ("DENSE (op0)",))
    assert (second.macs, second.elementwise, second.unknown) == (0, 0, ("RELU (op1)",))


def test_one_operator_of_more_operations_than_anybody_counts() -> None:
    for op, shape in ((Dense(), (1 << 30, 1 << 30, 4)), (Elementwise("relu"), (1 << 40, 1 << 40))):
        small = graph(op)
        large = {name: Tensor(name, DType.INT8, shape) for name in ("x", "y0")}
        with pytest.raises(GraphError, match=r"operator 'op0' .* computes more than"):
            work_of(small.replace(tensors={**small.tensors, **large}))


def test_the_paper_counts_each_addition() -> None:
    """One fewer than there are operands, an element."""
    tensors = {name: Tensor(name, DType.INT8, (1, 8)) for name in "abcy"}
    for function, macs in (("add", 16), ("mul", 0), ("maximum", 0)):
        step = Operator("op", Elementwise(function), ("a", "b", "c"), ("y",), function)
        three = Graph("g", (step,), tensors, ("a", "b", "c"), ("y",), Source("test"))
        (work,) = work_of(three, pools_and_sums=True)
        assert (work.macs, work.elementwise) == (macs, 16)
        (work,) = work_of(three)
        assert (work.macs, work.elementwise) == (0, 16)
