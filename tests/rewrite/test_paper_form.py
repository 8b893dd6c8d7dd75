"""The form that the paper counts: sums of sums are one step."""

from mcugraph.ir import DType, Graph, Operator, Source, Tensor
from mcugraph.ops.elementwise import Elementwise
from mcugraph.rewrite.edit import rewritten
from mcugraph.rewrite.paper import merge_additions


def sums(*inputs: tuple[str | None, ...]) -> list[tuple[str | None, ...]]:
    """What is left of sums one after the other, named by their places; all of one shape."""
    made = [f"s{i}" for i in range(len(inputs))]
    names = dict.fromkeys([*"abc", *made])
    operators = tuple(
        Operator(name, Elementwise("add"), read, (name,), "ADD")
        for name, read in zip(made, inputs, strict=True)
    )
    tensors = {name: Tensor(name, DType.INT8, (4,)) for name in names}
    graph = Graph("g", operators, tensors, tuple("abc"), (made[-1],), Source("test"))
    return [operator.inputs for operator in rewritten(graph, merge_additions).operators]


def test_sums_of_sums_are_one() -> None:
    assert sums(("a", "b"), ("s0", "c")) == [("a", "b", "c")]
    assert sums(("a", "b"), ("c", "s0"), ("s1", "a")) == [("c", "a", "b", "a")]
    assert sums(("a", "b"), ("s0", "c"), ("s0", "s1")) == [("a", "b"), ("s0", "s0", "c")]
    assert sums(("a", "b"), ("a", "s0"), ("s1", "s0")) == [("a", "b"), ("a", "s0", "s0")]


def test_a_sum_that_lacks_an_operand_stays() -> None:
    assert sums(("a", None), ("s0", "c")) == [("a", None), ("s0", "c")]
    assert sums(("a", "b"), ("s0", None)) == [("a", "b"), ("s0", None)]
