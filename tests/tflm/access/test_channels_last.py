"""Leads of graphs whose channels come first: those of the file that they become."""

from pathlib import Path

import pytest
from support import kernel_nodes as nodes

import mcugraph as mg
from mcugraph.ops.convolution import Conv
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.movement import SpaceToDepth, Transpose
from mcugraph.ops.pooling import Pool
from mcugraph.ops.reduction import Reduce
from mcugraph.ops.selection import Concat, Pad, Slice
from mcugraph.ops.window import SAME_UPPER
from mcugraph.records import replace
from mcugraph.tflm.kernels import KernelNode

FOUR = frozenset({4})


def last(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (shape[0], *shape[2:], shape[1])


def pair(native: str, first: object, after: object, *shapes: tuple[int, ...]) -> None:
    """Hold an operator on channels first against the same one on channels last."""
    *read, made = shapes
    names = [f"a{i}" for i in range(len(read))]
    inputs = [nodes.tensor(name, shape) for name, shape in zip(names, read, strict=True)]
    turned = [nodes.tensor(name, last(shape)) for name, shape in zip(names, read, strict=True)]
    weights = [nodes.weights((made[1], read[0][1], 3, 3))] if isinstance(first, Conv) else []
    stored = [nodes.weights((made[1], 3, 3, read[0][1]))] if isinstance(first, Conv) else []
    ours = nodes.node(native, first, [*inputs, *weights], nodes.tensor("b", made))
    theirs = nodes.node(native, after, [*turned, *stored], nodes.tensor("b", last(made)))
    found = nodes.leads(replace(ours, channels_first=FOUR))
    assert found == nodes.leads(theirs) != {}


def test_operators_that_become_those_of_a_file() -> None:
    conv = Conv((1, 1), (1, 1), SAME_UPPER)
    stored = replace(conv, channel_axis=-1, weight_in=-1)
    pair("CONV_2D", conv, stored, (1, 3, 7, 5), (1, 4, 7, 5))
    pool = Pool("max", (3, 3), (2, 2), SAME_UPPER)
    pair("MAX_POOL_2D", pool, replace(pool, channel_axis=-1), (2, 3, 7, 5), (2, 3, 4, 3))
    shapes = (1, 2, 4, 5), (1, 3, 4, 5), (1, 5, 4, 5)
    pair("CONCATENATION", Concat(1), Concat(3), *shapes)
    pair("CONCATENATION", Concat(-3), Concat(-1), *shapes)
    pads = (0, 0), (0, 1), (1, 2), (3, 0)
    pair("PAD", Pad(pads), Pad((pads[0], *pads[2:], pads[1])), (1, 3, 4, 5), (1, 4, 7, 8))
    cut = slice(0, 1), slice(0, 2), slice(1, 3)
    whole = slice(None)
    turned = Slice((cut[0], cut[2], whole, cut[1]))
    pair("SLICE", Slice(cut), turned, (1, 3, 4, 5), (1, 2, 2, 5))
    add = Elementwise("add")
    pair("ADD", add, add, (1, 3, 4, 5), (1, 3, 1, 1), (1, 3, 4, 5))
    block = SpaceToDepth(2)
    pair("SPACE_TO_DEPTH", block, replace(block, channel_axis=-1), (1, 2, 4, 4), (1, 8, 2, 2))


def test_a_reduction_of_rows_and_columns() -> None:
    data, made = nodes.tensor("a", (1, 5, 3, 3), mg.ir.DType.FLOAT32), (1, 5, 1, 1)
    result = nodes.tensor("b", made, mg.ir.DType.FLOAT32)
    mean = nodes.node("MEAN", Reduce("mean", (2, 3), True), [data], result)
    assert nodes.leads(mean) == {}
    assert nodes.leads(replace(mean, channels_first=FOUR)) == {0: 0}


def test_axes_that_nobody_knows_about_do_not_overlap() -> None:
    a, b = nodes.tensor("a", (1, 2, 3, 4)), nodes.tensor("b", (1, 2, 4, 3))
    turn = nodes.node("TRANSPOSE", Transpose((0, 1, 3, 2)), [a], b)
    assert nodes.leads(turn) != {}
    assert nodes.leads(replace(turn, channels_first=FOUR)) == {}


def test_tensors_of_other_ranks_are_as_they_are() -> None:
    a, b = nodes.tensor("a", (3, 4)), nodes.tensor("b", (4, 3))
    turn: KernelNode = nodes.node("TRANSPOSE", Transpose((1, 0)), [a], b)
    assert nodes.leads(replace(turn, channels_first=FOUR)) == nodes.leads(turn) != {}


@pytest.mark.parametrize("name", ["branching", "densenet", "ds_cnn", "inception", "unet"])
def test_a_model_takes_the_arena_with_overlaps_of_the_file_it_becomes(
    models: Path, name: str
) -> None:
    ours = mg.profile(mg.load(models / f"{name}.onnx")).to_dict()["memory"]
    theirs = mg.profile(mg.load(models / f"{name}_float.tflite")).to_dict()["memory"]
    assert ours["overlap_arena"] == theirs["overlap_arena"] < theirs["planned_arena"]
