"""Labels that are given: what they join is joined, and nothing else changes."""

from collections.abc import Hashable, Iterable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.hand_made import SIDE, HandMade

from mcugraph.coupling.labelling import Labelling
from mcugraph.coupling.propagate import label
from mcugraph.coupling.seeds import FIRST, Seeds
from mcugraph.ir import Graph
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.labels import FIXED
from mcugraph.ops.selection import Concat

Sets = set[frozenset[Hashable]]
MADE = {"a": 4, "b": 4, "c": 3, "d": 5, "out": 2}  # channels of each layer


def network() -> Graph:
    """Two layers that are summed, a third beside them, and one that reads all of it."""
    net = HandMade()
    for name in "ab":
        net.conv(name, "x", MADE[name])
    net.add("sum", Elementwise("add"), ("a", "b"), 4)
    net.conv("c", "sum", MADE["c"])
    net.add("cat", Concat(1), ("sum", "c"), 7)
    net.conv("d", "cat", MADE["d"])
    net.conv("out", "d", MADE["out"])
    return net.graph("out")


def roots(labelling: Labelling, layer: str) -> list[int]:
    return labelling.unions.roots(labelling.layers[layer]).tolist()


def found(labelling: Labelling, classes: int = 0) -> Sets:
    """Channels of one class, with the number of the class that was given, and what stays."""
    by_root: dict[int, set[Hashable]] = {FIXED: {"stays"}}
    for number in range(classes):
        by_root.setdefault(labelling.unions.find(FIRST + number), set()).add(number)
    for layer in MADE:
        for index, root in enumerate(roots(labelling, layer)):
            by_root.setdefault(root, set()).add((layer, index))
    return {frozenset(found) for found in by_root.values()}


def merged(sets: Iterable[frozenset[Hashable]]) -> Sets:
    """Sets that overlap as one."""
    result: Sets = set()
    for entry in sets:
        overlapping = {other for other in result if other & entry}
        result = result - overlapping | {entry.union(*overlapping)}
    return result


@settings(max_examples=40)
@given(st.data())
def test_channels_that_are_given_one_class(data: st.DataObject) -> None:
    """As without, and the channels of each class joined, with whatever they were joined to."""
    classes = data.draw(st.integers(0, 3), "classes")
    number = st.integers(-1, classes - 1)
    given_layers = data.draw(st.sets(st.sampled_from(sorted(MADE))), "layers")
    made = {
        layer: np.array(data.draw(st.lists(number, min_size=n, max_size=n), layer))
        for layer, n in MADE.items()
        if layer in given_layers
    }
    graph = network()
    expected = found(label(graph)) | {frozenset({number}) for number in range(classes)}
    pairs = {
        frozenset[Hashable]({(layer, index), int(number)})
        for layer, numbers in made.items()
        for index, number in enumerate(numbers)
        if number >= 0
    }
    assert found(label(graph, Seeds(classes, made)), classes) == merged(expected | pairs)


def test_a_class_that_nothing_has_is_no_channel() -> None:
    assert label(network()).layers["a"].tolist() == [FIRST, FIRST + 1, FIRST + 2, FIRST + 3]
    assert found(label(network(), Seeds(2)), 2) == found(label(network())) | {
        frozenset({0}),
        frozenset({1}),
    }


def test_an_operand_that_is_joined_as_one_class() -> None:
    """There it is all of one class; where it is read otherwise it stays what it is."""
    net = HandMade()
    net.conv("a", "x", 2)
    net.conv("b", "x", 3)
    net.add("cat", Concat(1), ("a", "b", "b"), 8)
    net.conv("c", "cat", 4)
    net.conv("d", "b", 4)
    net.add("sum", Elementwise("add"), ("c", "d"), 4)
    graph = net.graph("sum")
    labelling = label(graph, Seeds(2, {}, {("cat", 1): 1}))
    a, b = roots(labelling, "a"), roots(labelling, "b")
    assert len({FIXED, *a, *b, FIRST, FIRST + 1}) == 8
    image = labelling.unions.roots(labelling.activations["cat"])
    assert image.shape == (1, 8, SIDE, SIDE)
    assert (image == image[:, :, :1, :1]).all()
    assert image[0, :, 0, 0].tolist() == a + [FIRST + 1] * 3 + b
    for layer, read in (("c", image[0, :, 0, 0].tolist()), ("d", b)):
        weights = labelling.constants[f"{layer}.weight", 1]
        assert labelling.unions.roots(weights).tolist() == read
    assert (labelling.activations["b"] == labelling.layers["b"][:, None, None]).all()
