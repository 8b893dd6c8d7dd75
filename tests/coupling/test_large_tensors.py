"""How much of a network labels can tell apart."""

import pytest

import mcugraph as mg
from mcugraph.ir import DType, Graph, Operator, Source, Tensor
from mcugraph.ops.elementwise import Elementwise


def test_tensors_that_are_too_large_to_label() -> None:
    def through(rows: int) -> Graph:
        tensors = [Tensor("x", DType.INT8, (rows, 4)), Tensor("y", DType.INT8, (rows, 4))]
        relu = Operator("relu", Elementwise("relu"), ("x",), ("y",), "RELU")
        named = {tensor.name: tensor for tensor in tensors}
        return Graph("net", (relu,), named, ("x",), ("y",), Source("test"))

    assert mg.widths(through(1 << 10)).groups == ()
    with pytest.raises(mg.GraphError, match=r"net: tensor 'x' of shape .* is too large to follow"):
        mg.widths(through(1 << 26))
