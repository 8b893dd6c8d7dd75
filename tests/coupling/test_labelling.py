"""What follows from labels of parts, heads and constants, each worked out by hand."""

import numpy as np
import pytest

import mcugraph as mg
from mcugraph.coupling.propagate import Labelling, _cut, _shared_out, layer_name
from mcugraph.ir import Array, Constant, DType, Graph, Kind, Operator, Source, Tensor
from mcugraph.ops.convolution import Conv


def shuffled() -> tuple[Labelling, Array, Array, Array]:
    """Two parts of four channels that keep equally many, and the line in which they lie in turn."""
    labelling = Labelling()
    one, other = labelling.unions.fresh(4), labelling.unions.fresh(4)
    labelling.equal.append(((one, other), "shuffle"))
    return labelling, one, other, np.stack([one, other], 1).ravel()


def lists(found: list[tuple[tuple[Array, ...], str]]) -> list[list[list[int]]]:
    assert all(reason == "why" for _, reason in found)
    return [[part.tolist() for part in parts] for parts, _ in found]


def test_groups_of_shuffled_channels() -> None:
    labelling, one, other, line = shuffled()

    def asked(groups: int, whole: Array | None) -> list[list[list[int]]]:
        op = Conv((1, 1), (1, 1), ((0, 0), (0, 0)), groups=groups)
        return lists(_shared_out(labelling, whole, op, "why"))

    image = np.broadcast_to(line[None, :, None, None], (1, 8, 2, 2))
    cut = [[part[i : i + 2].tolist() for part in (one, other)] for i in (0, 2)]
    assert asked(2, image) == cut
    assert asked(4, image) == [
        [part[i : i + 1].tolist() for part in (one, other)] for i in range(4)
    ]
    assert asked(1, image) == asked(2, None) == asked(2, image[:, :7]) == asked(16, image) == []
    assert asked(2, np.roll(image, 1, 1)) == []  # they lie otherwise


def test_pieces_of_shuffled_channels() -> None:
    labelling, one, other, line = shuffled()
    whole = np.broadcast_to(line[None, :, None], (1, 8, 3))

    def asked(piece: Array) -> list[list[list[int]]]:
        return lists(_cut(labelling, whole, piece, "why"))

    assert asked(whole[:, 2:6]) == [[one[1:3].tolist(), other[1:3].tolist()]]
    assert asked(whole) == asked(whole[:, :0]) == asked(whole[0, 2:6]) == []
    assert asked(whole[:, 1:3]) == asked(whole[:, 2:5]) == []  # not whole rounds
    assert asked(whole[:, ::2]) == []
    assert _cut(labelling, None, whole, "why") == []


def test_the_axis_that_gets_shorter() -> None:
    """Heads stay, and each gets fewer channels, wherever they lie."""
    for turned, axis in ((False, 1), (True, 0)):
        labelling = Labelling()
        heads = labelling.unions.fresh(6).reshape(2, 3)
        labels = heads.T if turned else heads
        assert labelling.shrinks(labels) == 1
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
