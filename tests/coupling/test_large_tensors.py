"""How much of a network labels can tell apart."""

import pytest

import mcugraph as mg
from mcugraph.ir import Constant, DType, Graph, Kind, Operator, Source, Tensor
from mcugraph.ops.elementwise import Elementwise


def test_tensors_that_are_too_large_to_label() -> None:
    def through(rows: int) -> Graph:
        tensors = [Tensor("x", DType.INT8, (rows, 4)), Tensor("y", DType.INT8, (rows, 4))]
        relu = Operator("relu", Elementwise("relu"), ("x",), ("y",), "RELU")
        named = {tensor.name: tensor for tensor in tensors}
        return Graph("net", (relu,), named, ("x",), ("y",), Source("test"))

    assert mg.widths(through(1 << 25)).groups == ()
    with pytest.raises(mg.GraphError, match=r"net: tensor 'x' of shape .* is too large to follow"):
        mg.widths(through((1 << 25) + 1))


def test_constants_are_told_apart_by_the_entries_of_an_axis() -> None:
    """Its values are not looked at: how many there are does not matter."""

    def beside(shape: tuple[int, ...]) -> Graph:
        constant = Constant("w", lambda: pytest.fail("it is not needed"))
        tensors = {
            "w": Tensor("w", DType.INT8, shape, Kind.CONSTANT, constant),
            "x": Tensor("x", DType.INT8, (4,)),
            "y": Tensor("y", DType.INT8, (4,)),
        }
        relu = Operator("relu", Elementwise("relu"), ("x",), ("y",), "RELU")
        return Graph("net", (relu,), tensors, ("x",), ("y",), Source("test"))

    for shape in ((1 << 14, 1 << 14), (1 << 27,), (0,), ()):
        assert mg.widths(beside(shape)).groups == ()
    with pytest.raises(mg.GraphError, match=r"net: tensor 'w' of shape .* is too large to follow"):
        mg.widths(beside((2, 1 << 28)))
