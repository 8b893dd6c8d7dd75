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
        (shaped("x", (-4,)), "graph 'net': tensor 'x' cannot have the shape (-4,)"),
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
