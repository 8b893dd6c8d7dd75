"""What follows from labels of parts, heads and constants, each worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
from support.hand_made import SIDE, HandMade

import mcugraph as mg
from mcugraph.coupling.groups import group
from mcugraph.coupling.labelling import Labelling
from mcugraph.coupling.propagate import label, layer_name
from mcugraph.ir import Constant, DType, Graph, Kind, Operator, Source, Tensor
from mcugraph.ops.convolution import Conv
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.labels import FIXED
from mcugraph.ops.movement import Reshape
from mcugraph.ops.opaque import Opaque
from mcugraph.ops.pooling import GlobalPool
from mcugraph.ops.selection import Slice


def test_the_axis_that_gets_shorter() -> None:
    """Heads stay, and each gets fewer channels, wherever they lie."""
    for turned, axis in ((False, 2), (True, 0)):
        labelling = Labelling()
        heads = labelling.unions.fresh(6).reshape(2, 3)
        labels = (heads.T if turned else heads)[:, None]
        assert labelling.shrinks(labels) == 2
        labelling.equal.append((tuple(heads), "heads"))
        assert labelling.shrinks(labels) == axis
        assert list(labelling.shortened(labels)) == [axis]
        labelling.unions.freeze(heads, "all of them")
        assert labelling.shrinks(labels) is None
        assert labelling.shortened(labels) == {}


def convolutions(key: object, source: str, weights: str = "b.weight") -> Graph:
    """Three in a row; the weights of the second go by a key."""
    tensors, operators = [Tensor("x", DType.FLOAT32, (1, 3, 4, 4))], []
    read = "x"
    for name, shape in (("a", (5, 3, 1, 1)), ("b", (6, 5, 1, 1)), ("c", (2, 6, 1, 1))):
        stored = weights if name == "b" else f"{name}.weight"
        constant = Constant(
            key if name == "b" else stored, lambda shape=shape: np.ones(shape, np.float32)
        )
        tensors.append(Tensor(stored, DType.FLOAT32, shape, Kind.CONSTANT, constant))
        tensors.append(Tensor(name, DType.FLOAT32, (1, shape[0], 4, 4)))
        op = Conv((1, 1), (1, 1), ((0, 0), (0, 0)))
        operators.append(Operator(f"op_{name}", op, (read, stored), (name,), "Conv"))
        read = name
    named = {tensor.name: tensor for tensor in tensors}
    return Graph("row", tuple(operators), named, ("x",), ("c",), Source(source))


def test_what_a_file_works_out_of_constants_can_be_cut() -> None:
    """Its result is what is deployed; of a module, the code works it out again each time."""
    folded = ("folded", "w")
    assert len(mg.widths(convolutions(folded, "onnx")).channel_classes) == 11
    space = mg.widths(convolutions(folded, "torch"))
    assert space.channel_classes == ()
    assert "is computed by the model's code" in space.refused["a"]


@pytest.mark.parametrize(
    ("weights", "name"),
    [("b.weight", "b"), ("enc.b_weight", "enc.b"), ("some_kernels", "op_b"), ("weights", "op_b")],
)
def test_what_a_layer_is_called(weights: str, name: str) -> None:
    graph = convolutions("b", "onnx", weights)
    assert [layer_name(graph, operator) for operator in graph.operators] == ["a", name, "c"]


def changed(graph: Graph, *tensors: Tensor, **operators: Operator) -> Graph:
    """A graph with other tensors, and other operators in the place of those of a name."""
    return replace(
        graph,
        tensors=graph.tensors | {tensor.name: tensor for tensor in tensors},
        operators=tuple(operators.get(operator.name, operator) for operator in graph.operators),
    )


def test_an_input_that_is_left_out_says_nothing() -> None:
    graph = convolutions("b", "onnx")
    bare = changed(graph, **{o.name: replace(o, inputs=(*o.inputs, None)) for o in graph.operators})
    space, other = mg.widths(graph), mg.widths(bare)
    assert space.groups == other.groups
    assert [group.width for group in other.groups] == [5, 6]


@pytest.mark.parametrize("kind", [Kind.STATE, Kind.OUTER])
def test_what_meets_a_state_has_to_stay(kind: Kind) -> None:
    """It is read by whoever reads the state next, with all of its channels."""
    graph = convolutions("b", "onnx")
    held = Tensor("held", DType.FLOAT32, (1, 5, 4, 4), kind)
    met = Tensor("met", DType.FLOAT32, (1, 5, 4, 4))
    first, second, third = graph.operators
    add = Operator("op_add", Elementwise("add"), ("a", "held"), ("met",), "Add")
    operators = (first, add, replace(second, inputs=("met", *second.inputs[1:])), third)
    space = mg.widths(replace(changed(graph, held, met), operators=operators))
    assert {layer for found in space.channel_classes for layer, _ in found} == {"b"}
    assert "a" in space.refused


def test_what_an_operator_of_unknown_shapes_reads_has_to_stay() -> None:
    graph = convolutions("b", "onnx")
    unknown = Tensor("b", DType.FLOAT32, None)
    graph = changed(graph, unknown)
    labelling = label(graph)
    roots = {
        layer: set(labelling.unions.roots(labels)) for layer, labels in labelling.layers.items()
    }
    assert roots["a"] == {FIXED}
    assert "op_b: a shape is not known" in labelling.unions.reason(int(labelling.layers["a"][0]))
    assert labelling.activations["b"].tolist() == labelling.activations["c"].flat[0] == FIXED
    assert group(graph, labelling).groups == ()


@pytest.mark.parametrize("kind", [Kind.ACTIVATION, Kind.STATE])
def test_what_is_given_may_be_of_unknown_shape(kind: Kind) -> None:
    """What reads it has to stay; layers behind that have channels of their own."""
    graph = changed(convolutions("b", "onnx"), Tensor("x", DType.FLOAT32, None, kind))
    labelling = label(graph)
    assert (labelling.activations["a"] == FIXED).all()
    found = group(graph, labelling).groups
    assert [(entry.name, entry.width) for entry in found] == [("b", 6)]


def test_only_weights_name_a_layer() -> None:
    """A bias that goes by the name of weights belongs to others, too."""
    graph = convolutions("b", "onnx", "kernels")
    shift = Tensor("shift.weight", DType.FLOAT32, (6,), Kind.CONSTANT, Constant("s", np.ones))
    b = graph.operators[1]
    b = replace(b, inputs=(*b.inputs, "shift.weight"))
    assert layer_name(changed(graph, shift, op_b=b), b) == "op_b"


def test_weights_of_every_group_count() -> None:
    """All channels that a grouped convolution reads and makes lie on the axes of its weights."""
    for groups in (2, 3):
        graph = convolutions("b", "onnx")
        read, made = 2 * groups, 4 * groups
        sizes = {"a": (read, 3), "b": (made, 2), "c": (2, made)}
        tensors = [replace(graph.tensors[name], shape=(1, sizes[name][0], 4, 4)) for name in sizes]
        for name, size in sizes.items():
            old = graph.tensors[f"{name}.weight"]
            tensors.append(replace(old, shape=(*size, 1, 1)))
        b = graph.operators[1]
        graph = changed(graph, *tensors, op_b=replace(b, op=replace(b.op, groups=groups)))
        count = {0: 0, 1: 0}
        for entry in mg.widths(graph).groups:
            for member in entry.members:
                if member.tensor == "b.weight":
                    count[member.axis] += member.multiplicity * entry.width
        assert count == {0: made, 1: read}


def test_a_layer_that_reads_a_constant_too() -> None:
    """What it makes of that is a constant, and meets what it makes of the input."""
    net = HandMade()
    net.conv("a", "x", 4)
    net.constant("image", 1, 3, SIDE, SIDE)
    again = Conv((1, 1), (1, 1), ((0, 0), (0, 0)))
    net.add("again", again, ("image", "a.weight", "a.bias"), 4)
    net.add("sum", Elementwise("add"), ("a", "again"), 4)
    net.conv("b", "sum", 5)
    net.conv("c", "b", 2)
    space = mg.widths(net.graph("c"))
    assert set(space.channel_classes) == {frozenset({("b", i)}) for i in range(5)}
    assert set(space.refused) == {"a", "c"}


def test_biases_that_are_a_single_number() -> None:
    """A file may say so, though no channel has its own then."""
    net = HandMade()
    net.conv("a", "x", 4)
    net.constant("a.bias")
    net.conv("b", "a", 2)
    found = mg.widths(net.graph("b")).channel_classes
    assert set(found) == {frozenset({("a", i)}) for i in range(4)}


def test_an_output_that_is_a_constant_has_no_channels() -> None:
    net = HandMade()
    net.conv("a", "x", 4)
    net.conv("b", "a", 2)
    found = mg.widths(net.graph("b", "a.weight")).channel_classes
    assert set(found) == {frozenset({("a", i)}) for i in range(4)}


def test_what_layers_make_lies_along_their_results() -> None:
    """Also of layers whose channels are those of others, and of layers that run twice."""
    net = HandMade()
    net.conv("a", "x", 4)
    net.conv("b", "a", 8, groups=4)
    net.conv("c", "b", 6, groups=2)
    graph = net.graph("c")
    labelling = label(graph)
    made = {name: labels for found in labelling.made.values() for name, labels in found}
    assert list(made) == list(labelling.layers) == list(labelling.made) == ["a", "b", "c"]
    for name in "abc":
        row = labelling.activations[name][0, :, 0, 0]
        assert row.tolist() == made[name].tolist() == labelling.layers[name].tolist()


@pytest.mark.parametrize("first", [True, False])
def test_weights_that_an_unknown_operator_reads_too_have_to_stay(first: bool) -> None:
    net = HandMade()
    net.constant("a.weight", 5, 3, 1, 1)
    if first:
        net.add("other", Opaque("other"), ("x", "a.weight"), 2)
    net.conv("a", "x", 5)
    if not first:
        net.add("other", Opaque("other"), ("x", "a.weight"), 2)
    net.conv("b", "a", 4)
    net.conv("c", "b", 2)
    space = mg.widths(net.graph("c", "other"))
    assert set(space.channel_classes) == {frozenset({("b", i)}) for i in range(4)}
    assert set(space.refused) == {"a", "c"}


def test_a_bias_that_another_layer_makes_goes_along() -> None:
    """It has an entry for each channel, as a constant has."""
    net = HandMade()
    net.conv("shift", "x", 4)
    net.add("mean", GlobalPool("average"), ("shift",), (1, 4, 1, 1))
    net.add("row", Reshape((4,)), ("mean",), (4,))
    net.conv("a", "x", 4, bias="row")
    net.conv("b", "a", 2)
    found = mg.widths(net.graph("b")).channel_classes
    assert set(found) == {frozenset({("a", i), ("shift", i)}) for i in range(4)}


def test_a_piece_of_a_constant_says_nothing() -> None:
    net = HandMade()
    net.conv("a", "x", 4)
    net.constant("image", 1, 8, SIDE, SIDE)
    net.add("piece", Slice((slice(None), slice(2, 6))), ("image",), 4)
    net.add("sum", Elementwise("add"), ("a", "piece"), 4)
    net.conv("b", "sum", 2)
    assert "a" in mg.widths(net.graph("b")).refused
