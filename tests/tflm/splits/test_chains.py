"""Which operators can be computed in slices of channels, and into which."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tflite_writer import G, Node, T, tflite_bytes

import mcugraph as mg
from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.formats.tflite.tables import read_model
from mcugraph.records import replace
from mcugraph.tflm.splits.split_chains import Chain, chains, unsplittable
from mcugraph.tflm.splits.split_recipe import split_recipe


def image(channels: int, name: str = "t") -> T:
    return T(name, [1, 4, 4, channels], scales=[0.1])


def weights(*shape: int) -> T:
    return T("w", shape, data=bytes(int(np.prod(shape))), scales=[0.1])


def ints(*values: int, shape: tuple[int, ...] | None = None) -> T:
    return T("n", shape or (len(values),), "int32", data=np.array(values, "<i4").tobytes())


def conv(data: int, weight: int, out: int) -> Node:
    return Node("CONV_2D", [data, weight, -1], [out])


def model_of(
    tensors: list[T], nodes: list[Node], inputs: list[int], outputs: list[int]
) -> TfliteModel:
    return read_model(tflite_bytes(G(tensors, nodes, inputs, outputs)))


def operators(model: TfliteModel) -> list[tuple[int, ...]]:
    return [chain.operators for chain in chains(model)]


def test_a_chain_grows_up_to_what_reads_all_channels() -> None:
    tensors = [image(3), weights(8, 1, 1, 3), image(8), image(8), weights(4, 1, 1, 8), image(4)]
    nodes = [conv(0, 1, 2), Node("RELU", [2], [3]), conv(3, 4, 5), Node("RELU", [5], [6])]
    model = model_of([*tensors, image(4)], nodes, [0], [6])
    assert chains(model) == (Chain((0, 1), 8), Chain((2, 3), 4))


def test_shorter_ones_are_found_too() -> None:
    tensors = [image(3), weights(8, 1, 1, 3), image(8), image(8), image(8)]
    nodes = [conv(0, 1, 2), Node("RELU", [2], [3]), Node("HARD_SWISH", [3], [4])]
    assert operators(model_of(tensors, nodes, [0], [4])) == [(0, 1), (0, 1, 2)]


def test_two_heads_meet() -> None:
    tensors = [image(3), weights(8, 1, 1, 3), image(8), weights(8, 1, 1, 3), image(8), image(8)]
    nodes = [conv(0, 1, 2), conv(0, 3, 4), Node("ADD", [2, 4], [5])]
    assert operators(model_of(tensors, nodes, [0], [5])) == [(0, 1, 2)]


def test_what_lies_between_is_read_within_alone() -> None:
    tensors = [image(3), weights(8, 1, 1, 3), image(8), image(8), image(8)]
    nodes = [conv(0, 1, 2), Node("RELU", [2], [3]), Node("ADD", [2, 3], [4])]
    assert operators(model_of(tensors, nodes, [0], [4])) == [(0, 1, 2)]
    # It is an output of the graph.
    assert operators(model_of(tensors, nodes, [0], [4, 2])) == []


def test_no_head_reads_whole_what_lies_between() -> None:
    tensors = [image(8), weights(8, 1, 1, 8), image(8), weights(8, 1, 1, 8), image(8), image(8)]
    nodes = [conv(0, 1, 2), conv(2, 3, 4), Node("ADD", [2, 4], [5])]
    assert operators(model_of(tensors, nodes, [0], [5])) == []


def test_a_graph_input_is_no_slice() -> None:
    tensors = [image(8), weights(8, 1, 1, 8), image(8), image(8)]
    nodes = [conv(0, 1, 2), Node("ADD", [2, 0], [3])]
    assert operators(model_of(tensors, nodes, [0], [3])) == []


def test_groups_are_units() -> None:
    tensors = [image(3), weights(12, 1, 1, 3), image(12), weights(6, 1, 1, 4), image(6)]
    nodes = [conv(0, 1, 2), conv(2, 3, 4)]
    assert chains(model_of(tensors, nodes, [0], [4])) == (Chain((0, 1), 3),)


@pytest.mark.parametrize(
    ("around", "found"), [((0, 0, 1, 1, 1, 1, 0, 0), 1), ((0, 0, 0, 0, 0, 0, 1, 0), 0)]
)
def test_padded_channels_are_not_cut(around: tuple[int, ...], found: int) -> None:
    result = T("p", [1, 6, 6, 8] if found else [1, 4, 4, 9], scales=[0.1])
    pads = ints(*around, shape=(4, 2))
    tensors = [image(3), weights(8, 1, 1, 3), image(8), pads, result]
    nodes = [conv(0, 1, 2), Node("PAD", [2, 3], [4])]
    assert len(chains(model_of(tensors, nodes, [0], [4]))) == found


@pytest.mark.parametrize(("axes", "found"), [((1, 2), 1), ((-3, 2), 1), ((3,), 0), ((1, -1), 0)])
def test_sums_over_channels_are_not_cut(axes: tuple[int, ...], found: int) -> None:
    result = T("m", [1, 1, 1, 8], scales=[0.1])
    tensors = [image(3), weights(8, 1, 1, 3), image(8), ints(*axes), result]
    nodes = [conv(0, 1, 2), Node("MEAN", [2, 3], [4], {0: ("bool", True)})]
    assert len(chains(model_of(tensors, nodes, [0], [4]))) == found


def test_weights_that_are_computed_are_not_cut() -> None:
    tensors = [image(3), T("w", [8, 1, 1, 3], scales=[0.1]), image(8), image(8)]
    nodes = [conv(0, 1, 2), Node("RELU", [2], [3])]
    assert operators(model_of(tensors, nodes, [0, 1], [3])) == []


def test_numbered_operators_stay() -> None:
    tensors = [image(3), weights(8, 1, 1, 3), image(8), image(8)]
    model = model_of(tensors, [conv(0, 1, 2), Node("RELU", [2], [3])], [0], [3])
    assert chains(model)
    numbered = replace(model, metadata=("model_control_dependencies",))
    assert "model_control_dependencies" in str(unsplittable(numbered))
    assert not chains(numbered)


@given(units=st.integers(2, 200), count=st.integers(1, 10))
def test_slices_cover_all_channels_once(units: int, count: int) -> None:
    count = min(units, count)
    slices = Chain((0, 1), units).slices(count)
    assert len(slices) == count
    assert [unit for start, stop in slices for unit in range(start, stop)] == list(range(units))
    widths = [stop - start for start, stop in slices]
    assert min(widths) > 0
    assert max(widths) == -(-units // count)


@pytest.mark.parametrize("count", [0, 9, 11])
def test_there_are_so_many_slices_and_no_more(count: int) -> None:
    with pytest.raises(mg.McuGraphError, match=r"8 channels cannot be cut into \d+ slices"):
        Chain((0, 1), 8).slices(count)


def test_chains_that_share_an_operator_exclude_each_other() -> None:
    tensors = [image(3), weights(8, 1, 1, 3), image(8), image(8), image(8)]
    nodes = [conv(0, 1, 2), Node("RELU", [2], [3]), Node("HARD_SWISH", [3], [4])]
    model = model_of(tensors, nodes, [0], [4])
    first, second = chains(model)
    with pytest.raises(mg.McuGraphError, match="share an operator"):
        split_recipe(model, [(first, 2), (second, 2)])
