"""Element types, tensors, and what a graph says about itself."""

from dataclasses import FrozenInstanceError

import pytest

from mcugraph.ir import DType, Graph, Kind, Operator, Signature, Source, Tensor
from mcugraph.ops.control import Call
from mcugraph.ops.elementwise import Elementwise


@pytest.mark.parametrize(
    ("dtype", "count", "nbytes"),
    [
        (DType.FLOAT32, 3, 12),
        (DType.FLOAT16, 3, 6),
        (DType.INT64, 2, 16),
        (DType.INT8, 5, 5),
        (DType.BOOL, 5, 5),
        (DType.INT4, 4, 2),
        (DType.INT4, 5, 3),  # rounded up for each tensor
        (DType.INT2, 5, 2),
        (DType.UINT4, 1, 1),
        (DType.COMPLEX64, 2, 16),
        (DType.RESOURCE, 1, 4),  # a handle
        (DType.STRING, 7, 0),  # no known size
        (DType.INT4, 0, 0),
    ],
)
def test_bytes_of_elements(dtype: DType, count: int, nbytes: int) -> None:
    assert dtype.nbytes(count) == nbytes


def test_what_quantisation_replaces() -> None:
    assert {dtype.label for dtype in DType if dtype.is_float} == {
        *("float64", "float32", "float16", "bfloat16", "float8", "float4")
    }
    assert {dtype.label for dtype in DType if not dtype.has_size} == {"string", "unknown"}


def test_tensors() -> None:
    tensor = Tensor("t", DType.FLOAT32, (2, 3))
    assert (tensor.elements, tensor.nbytes, tensor.has_size) == (6, 24, True)
    scalar = Tensor("t", DType.FLOAT32, ())
    assert (scalar.elements, scalar.nbytes) == (1, 4)
    unknown = Tensor("t", DType.FLOAT32, None)
    assert (unknown.elements, unknown.nbytes, unknown.has_size) == (0, 0, False)
    assert not Tensor("t", DType.STRING, (2,)).has_size
    with pytest.raises(FrozenInstanceError):
        tensor.name = "u"  # type: ignore[misc]


def small() -> Graph:
    tensors = [
        Tensor("x", DType.INT8, (2, 3)),
        Tensor("w", DType.INT8, (3,), Kind.CONSTANT),
        Tensor("y", DType.INT8, (2, 3)),
        Tensor("z", DType.INT8, None),
    ]
    operators = (
        Operator("square", Elementwise("mul"), ("x", "x"), ("y",), "MUL"),
        Operator("shift", Elementwise("add"), ("y", "w", None), ("z",), "ADD"),
    )
    return Graph("g", operators, {t.name: t for t in tensors}, ("x",), ("z",), Source("test"))


def test_producers_and_consumers() -> None:
    graph = small()
    square, shift = graph.operators
    assert graph.producers() == {"y": square, "z": shift}
    # What reads a tensor twice is listed once.
    assert graph.consumers() == {"x": [square], "w": [shift], "y": [shift], "z": []}


def test_signatures() -> None:
    graph = small()
    assert graph.signature(graph.operators[0]) == Signature(((2, 3), (2, 3)), ((2, 3),))
    assert graph.signature(graph.operators[1]) is None


def test_called_graphs_come_once() -> None:
    leaf = small().replace(name="leaf")
    call = Operator("c", Call(("leaf",)), (), (), "CALL_ONCE")
    middle = small().replace(name="middle", operators=(call,))
    twice = Operator("d", Call(("middle", "leaf")), (), (), "CALL_ONCE")
    root = small().replace(operators=(twice,), subgraphs={"leaf": leaf, "middle": middle})
    assert [part.name for part in root.walk()] == ["g", "leaf", "middle"]
