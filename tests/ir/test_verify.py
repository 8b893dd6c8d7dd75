"""Every way in which a graph can contradict itself is told in one line."""

from dataclasses import replace

import pytest

from mcugraph.errors import GraphError, McuGraphError
from mcugraph.ir import DType, Graph, Kind, Operator, Source, Tensor, verify
from mcugraph.ops.control import Call
from mcugraph.ops.elementwise import Elementwise


def relu(name: str, source: str | None, *results: str) -> Operator:
    return Operator(name, Elementwise("relu"), (source,), results, "RELU")


def graph(*operators: Operator, inputs: tuple[str, ...] = ("x",), **more: object) -> Graph:
    names = ("x", "y", "z")
    tensors = {name: Tensor(name, DType.INT8, (4,)) for name in names}
    tensors["w"] = Tensor("w", DType.INT8, (4,), Kind.CONSTANT)
    base = Graph("net", operators, tensors, inputs, ("y",), Source("test"))
    return replace(base, **more)  # type: ignore[arg-type]


def shaped(name: str, shape: tuple[int, ...]) -> Graph:
    """A good graph but for the shape of one tensor."""
    good = graph(relu("a", "x", "y"))
    return replace(good, tensors={**good.tensors, name: replace(good.tensors[name], shape=shape)})


GOOD = graph(relu("a", "x", "z"), relu("b", "z", "y"))


def test_a_good_graph() -> None:
    verify(GOOD)
    verify(graph(relu("a", "w", "y")))
    verify(graph(relu("a", None, "y")))


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (graph(relu("a", "q", "y")), "graph 'net', operator 'a': reads 'q', which is no tensor"),
        (graph(relu("a", "x", "q")), "graph 'net', operator 'a': writes 'q', which is no tensor"),
        (
            graph(relu("b", "z", "y"), relu("a", "x", "z")),
            "graph 'net', operator 'b': reads 'z' before anything writes it",
        ),
        (
            graph(relu("a", "x", "y"), relu("b", "x", "y")),
            "graph 'net', operator 'b': writes 'y', which has a value already",
        ),
        (
            graph(relu("a", "x", "y", "y")),
            "graph 'net', operator 'a': writes 'y', which has a value already",
        ),
        (
            graph(relu("a", "x", "x"), relu("b", "x", "y")),
            "graph 'net', operator 'a': writes 'x', which has a value already",
        ),
        (
            graph(relu("a", "x", "w"), relu("b", "x", "y")),
            "graph 'net', operator 'a': writes 'w', which has a value already",
        ),
        (
            graph(relu("a", "x", "z"), relu("a", "z", "y")),
            "graph 'net', operator 'a': a second operator has this name",
        ),
        (graph(relu("a", "x", "z")), "graph 'net': output 'y' is never written"),
        (
            shaped("y", (4, -1)),
            "graph 'net', operator 'a': tensor 'y' cannot have the shape (4, -1)",
        ),
        (
            shaped("y", (1 << 32, 1 << 31)),
            f"graph 'net', operator 'a': tensor 'y' cannot have the shape {(1 << 32, 1 << 31)}",
        ),
        (
            shaped("x", (-4,)),
            "graph 'net', operator 'a': tensor 'x' cannot have the shape (-4,)",
        ),
        (shaped("y", (1,) * 33), "graph 'net': tensor 'y' has 33 axes"),
        (
            shaped("y", (1 << 30, 1 << 18)),
            f"graph 'net', operator 'a': tensor 'y' cannot have the shape {(1 << 30, 1 << 18)}",
        ),
        (
            graph(
                *(relu(f"o{i}", "x", f"t{i}") for i in range(8)),
                relu("a", "x", "y"),
                tensors={
                    "x": Tensor("x", DType.INT8, (4,)),
                    "y": Tensor("y", DType.INT8, (4,)),
                    **{f"t{i}": Tensor(f"t{i}", DType.INT8, (1 << 45,)) for i in range(8)},
                },
            ),
            "graph 'net': all tensors together take 281,474,976,710,664 bytes",
        ),
        (shaped("w", (-4, -1)), "graph 'net': tensor 'w' cannot have the shape (-4, -1)"),
        (
            replace(GOOD, tensors={**GOOD.tensors, "q": GOOD.tensors["w"]}),
            "graph 'net': tensor 'q' calls itself 'w'",
        ),
        (
            graph(relu("a", "x", "y"), inputs=("x", "q")),
            "graph 'net': input or output 'q' is no tensor of it",
        ),
        (
            graph(Operator("c", Call(("body",)), ("x",), ("y",), "CALL_ONCE")),
            "graph 'net' calls 'body', which is no subgraph",
        ),
    ],
)
def test_contradictions(bad: Graph, message: str) -> None:
    with pytest.raises(GraphError) as caught:
        verify(bad)
    assert str(caught.value) == message
    assert isinstance(caught.value, McuGraphError)


def test_subgraphs_are_checked_too() -> None:
    inner = replace(graph(relu("a", "z", "y")), name="body")
    call = Operator("c", Call(("body",)), ("x",), ("y",), "CALL_ONCE")
    with pytest.raises(GraphError, match="graph 'body', operator 'a': reads 'z' before"):
        verify(graph(call, subgraphs={"body": inner}))
    # What nothing calls is not looked at.
    verify(replace(GOOD, subgraphs={"body": inner}))


def test_subgraphs_do_not_call_themselves() -> None:
    call = Operator("c", Call(("body",)), ("x",), ("y",), "CALL_ONCE")
    inner = replace(graph(call), name="body")
    with pytest.raises(GraphError, match="subgraph 'body' calls itself"):
        verify(graph(call, subgraphs={"body": inner}))


def calling(levels: int, calls: int) -> Graph:
    """Subgraphs each of which calls the next several times; the last one calls none."""

    def body(level: int) -> Graph:
        names = [f"{level}.{i}" for i in range(calls if level < levels else 0)]
        op = Call((f"b{level + 1}",))
        operators = [Operator(name, op, ("x",), (name,), "CALL") for name in names]
        tensors = {name: Tensor(name, DType.INT8, (4,)) for name in ("x", "y", *names)}
        made = Graph(
            f"b{level}", (*operators, relu("a", "x", "y")), tensors, ("x",), ("y",), SOURCE
        )
        return made

    return replace(body(0), subgraphs={f"b{i}": body(i) for i in range(1, levels + 1)})


SOURCE = Source("test")


def test_calls_in_calls() -> None:
    verify(calling(100, 1))
    verify(calling(15, 2))
    with pytest.raises(GraphError, match=r"subgraph 'b101' lies more than 100 calls deep"):
        verify(calling(101, 1))
    with pytest.raises(GraphError, match=r"'b0' calls subgraphs 131,070 times, and 100,000 is the"):
        verify(calling(16, 2))
    with pytest.raises(GraphError, match="calls subgraphs 2,535,301,200,456,458,802,993,406,410,7"):
        verify(calling(100, 2))
