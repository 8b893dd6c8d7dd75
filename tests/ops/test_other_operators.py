"""Everything that is no linear algebra: counts and shapes by hand, moves against numpy."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcugraph.errors import GraphError
from mcugraph.ir import DType, Op, Role, Signature, TensorType
from mcugraph.ops.control import Call, If, Loop
from mcugraph.ops.creation import Fill, Generate, OneHot, ShapeOf
from mcugraph.ops.elementwise import Convert, Elementwise
from mcugraph.ops.movement import (
    BatchToSpace,
    DepthToSpace,
    Expand,
    Reshape,
    Reverse,
    SpaceToBatch,
    SpaceToDepth,
    Squeeze,
    Transpose,
    Unsqueeze,
)
from mcugraph.ops.normalization import BatchNorm, Normalization
from mcugraph.ops.opaque import Declared, Opaque
from mcugraph.ops.pooling import GlobalPool, Pool
from mcugraph.ops.reduction import Reduce, TopK
from mcugraph.ops.selection import (
    Concat,
    Gather,
    GatherNd,
    Pad,
    Resize,
    Slice,
    Split,
    Stack,
    Tile,
    Unstack,
)
from mcugraph.ops.variables import Variable
from mcugraph.ops.window import SAME_UPPER, VALID

Shapes = tuple[tuple[int, ...] | None, ...]


def types(shapes: Shapes) -> list[TensorType | None]:
    return [None if shape is None else TensorType(DType.INT8, shape) for shape in shapes]


@pytest.mark.parametrize(
    ("op", "shapes", "elementwise", "results"),
    [
        # One operation an element of the result.
        (Elementwise("relu"), ((2, 3),), 6, [(2, 3)]),
        (Elementwise("sigmoid"), ((2, 3),), 6, [(2, 3)]),
        (Elementwise("add"), ((2, 3), (3,)), 6, [(2, 3)]),
        (Elementwise("sub"), ((2, 1), (1, 3)), 6, [(2, 3)]),
        (Elementwise("select"), ((2, 1), (3,), ()), 6, [(2, 3)]),
        # A fused activation is part of the operation.
        (Elementwise("add", "relu"), ((2, 3), (2, 3)), 6, [(2, 3)]),
        # A sum of three takes two additions an element.
        (Elementwise("add"), ((2, 3),) * 3, 12, [(2, 3)]),
        (Elementwise("maximum"), ((2, 3),), 6, [(2, 3)]),
        # The slopes of a PReLU follow the channels.
        (Elementwise("prelu"), ((1, 3, 2, 2), (3, 1, 1)), 12, [(1, 3, 2, 2)]),
        # A window's elements for each result.
        (Pool("max", (2, 2), (2, 2), VALID), ((1, 3, 4, 4),), 12 * 4, [(1, 3, 2, 2)]),
        (Pool("average", (3, 3), (2, 2), SAME_UPPER, channel_axis=-1), ((1, 5, 5, 2),), 18 * 9,
         [(1, 3, 3, 2)]),
        (Pool("max", (2,), (2,), VALID, ceil=True), ((1, 3, 5),), 9 * 2, [(1, 3, 3)]),
        (Pool("max", (2,), (2,), VALID, index_dtype=DType.INT64), ((1, 3, 4),), 6 * 2,
         [(1, 3, 2), (1, 3, 2)]),
        # One operation an element of the data.
        (GlobalPool("average"), ((1, 3, 4, 4),), 48, [(1, 3, 1, 1)]),
        (GlobalPool("max", -1), ((1, 4, 4, 3),), 48, [(1, 1, 1, 3)]),
        (Reduce("mean", (1, 2)), ((1, 4, 4, 3),), 48, [(1, 3)]),
        (Reduce("mean", (1, 2), keepdims=True), ((1, 4, 4, 3),), 48, [(1, 1, 1, 3)]),
        (Reduce("sum", None), ((2, 3),), 6, [()]),
        (Reduce("sum", ()), ((2, 3),), 6, [(2, 3)]),
        (TopK(2), ((3, 5),), 15, [(3, 2), (3, 2)]),
        # Normalisations keep the shape.
        (BatchNorm(), ((1, 3, 2, 2), (3,), (3,), (3,), (3,)), 12, [(1, 3, 2, 2)]),
        (Normalization("softmax"), ((2, 5),), 10, [(2, 5)]),
        # Movement writes each element once.
        (Reshape((3, -1)), ((2, 3, 4),), 24, [(3, 8)]),
        (Transpose((1, 0)), ((2, 3),), 6, [(3, 2)]),
        (Concat(-1), ((2, 3), (2, 4)), 14, [(2, 7)]),
        (Stack(1), ((2, 3), (2, 3)), 12, [(2, 2, 3)]),
        (Unstack(0), ((2, 3),), 6, [(3,), (3,)]),
        (Split(1, (1, 2)), ((2, 3),), 6, [(2, 1), (2, 2)]),
        (Split(1, (1, -1)), ((2, 3),), 6, [(2, 1), (2, 2)]),
        (Split(1, parts=2), ((2, 5),), 10, [(2, 3), (2, 2)]),
        (Pad(((0, 0), (1, 2))), ((2, 3),), 12, [(2, 6)]),
        (Tile((2, 3)), ((2, 3),), 36, [(4, 9)]),
        (Gather(1), ((2, 5), (4,)), 8, [(2, 4)]),
        (Gather(1, 1), ((2, 5, 3), (2, 4)), 24, [(2, 4, 3)]),
        (GatherNd(), ((4, 5, 6), (3, 2)), 18, [(3, 6)]),
        (Resize("nearest", (-1, 4, 6, -1)), ((1, 2, 3, 5),), 120, [(1, 4, 6, 5)]),
        (Resize("linear", None, (1, 1.5)), ((2, 5),), 14, [(2, 7)]),
        (OneHot(4), ((2, 3), (), (2,)), 24, [(2, 3, 4)]),
        (Fill((2, 3)), (None, ()), 6, [(2, 3)]),
        (Convert("quantize", DType.INT8), ((2, 3),), 6, [(2, 3)]),
    ],
)  # fmt: skip
def test_counts(op: Op, shapes: Shapes, elementwise: int, results: list[tuple[int, ...]]) -> None:
    inferred = op.infer(types(shapes))
    assert inferred is not None
    assert [result.shape for result in inferred] == results
    signature = Signature(shapes, tuple(results))
    assert op.elementwise(signature) == elementwise
    assert op.macs(signature) == 0


def test_types_of_results() -> None:
    eight = types(((2, 3), (2, 3)))

    def dtypes(op: Op) -> list[DType]:
        found = op.infer(eight)
        assert found is not None
        return [kind.dtype for kind in found]

    assert dtypes(Elementwise("add")) == [DType.INT8]
    assert dtypes(Elementwise("less")) == [DType.BOOL]
    assert dtypes(Convert("dequantize", DType.FLOAT32)) == [DType.FLOAT32]
    assert dtypes(Reduce("arg_max", (1,), dtype=DType.INT64)) == [DType.INT64]
    assert dtypes(TopK(1, index_dtype=DType.INT32)) == [DType.INT8, DType.INT32]
    assert dtypes(ShapeOf(DType.INT32)) == [DType.INT32]
    assert dtypes(Generate("range", DType.INT32, (4,))) == [DType.INT32]


def test_what_has_no_rule_counts_nothing_silently() -> None:
    signature = Signature(((2, 3),), ((2, 3),))
    opaque = Opaque("CUSTOM:thing")
    assert opaque.macs(signature) is None
    assert opaque.elementwise(signature) is None
    assert opaque.infer(types(((2, 3),))) is None
    # Known to do no linear algebra, with shapes that only the model tells.
    declared = Declared("NonZero")
    assert declared.macs(signature) == 0
    assert declared.infer(types(((2, 3),))) is None


def test_roles() -> None:
    """What a constant is for decides its line in the flash account."""
    assert [BatchNorm().role(i) for i in range(5)] == [Role.WEIGHT] * 5
    assert [Elementwise("add").role(i) for i in range(2)] == [Role.WEIGHT] * 2
    assert Elementwise("clip").role(1) is Role.PARAMETER
    assert [Pad(()).role(i) for i in (1, 2)] == [Role.PARAMETER] * 2
    assert Reshape(()).role(1) is Role.PARAMETER
    assert Gather().role(0) is Role.WEIGHT  # an embedding


def test_control_flow() -> None:
    assert If(("a", "b")).combine([3, 5]) == 5
    assert Loop(("cond", "body")).combine([3, 5]) == 8
    assert Loop(("body",), trips=4).combine([5]) == 20
    assert Loop(("body",), trips=0).combine([5]) == 0
    assert Call(("init",), function="call_once").combine([5]) == 5
    assert Loop(("body",)).assumption is not None
    assert Loop(("body",), trips=4).assumption is None
    assert If(("a", "b")).bodies == ("a", "b")


def test_variables() -> None:
    read = Variable("read_variable", "v", TensorType(DType.INT8, (4,)))
    assert read.infer([]) == (TensorType(DType.INT8, (4,)),)
    assert read.elementwise(Signature(((),), ((4,),))) == 4
    assign = Variable("assign_variable", "v")
    assert assign.infer([]) == ()
    assert assign.elementwise(Signature(((), (4,)), ())) == 4
    assert Variable("var_handle", "v").elementwise(Signature((), ((),))) == 0


@pytest.mark.parametrize(
    ("op", "shapes", "message"),
    [
        (Elementwise("add"), ((2, 3), (2,)), r"\(2, 3\) and \(2,\) do not broadcast"),
        (Reshape((4, 4)), ((2, 3),), "cannot become"),
        (Reshape((-1, 4)), ((2, 3),), "cannot become"),
        (Squeeze((0,)), ((2, 3),), "does not fit data"),
        (Transpose((0, 2)), ((2, 3),), "does not fit data"),
        (Concat(1), ((2, 3), (3, 3)), "do not join on axis 1"),
        (Concat(2), ((2, 3), (2, 3)), "axis 2 does not exist in 2 dimensions"),
        (Split(1, (1, 1)), ((2, 3),), "do not make up 3"),
        (Pad(((0, 0),)), ((2, 3),), "1 pairs of padding"),
        (Tile((1,)), ((2, 3),), "do not fit data"),
        (DepthToSpace(2), ((1, 6, 2, 2),), "blocks of 2x2"),
        (SpaceToDepth(2), ((1, 1, 3, 2),), "blocks of 2x2"),
        (BatchToSpace((2, 2), ((0, 0), (0, 0))), ((3, 2, 2, 1),), "no batch in blocks"),
        (SpaceToBatch((2, 2), ((0, 0), (0, 0))), ((1, 3, 2, 1),), "does not fall into blocks"),
        (Resize("nearest", None, (1,)), ((2, 3),), "do not fit data"),
        (Reduce("sum", (2,)), ((2, 3),), "axis 2 does not exist"),
        (Gather(3), ((2, 3), (1,)), "axis 3 does not exist"),
        (Expand((4,)), ((2, 3),), "does not fit data"),
    ],
)
def test_inputs_that_do_not_fit(op: Op, shapes: Shapes, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        op.infer(types(shapes))


# ---- moves -------------------------------------------------------------------------------------


def space_to_batch(x: Any, block: tuple[int, ...], pads: Any) -> Any:
    """From the definition: entry (i, j) of a block goes to batch i * width + j."""
    x = np.pad(x, ((0, 0), *pads, (0, 0)))
    parts = [x[:, i :: block[0], j :: block[1]] for i in range(block[0]) for j in range(block[1])]
    return np.concatenate(parts)


@given(
    block=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    size=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    batch=st.integers(1, 2),
    before=st.tuples(st.integers(0, 1), st.integers(0, 1)),
)
@settings(max_examples=40)
def test_space_to_batch_and_back(
    block: tuple[int, int], size: tuple[int, int], batch: int, before: tuple[int, int]
) -> None:
    height, width = (s * b for s, b in zip(size, block, strict=True))
    x = np.arange(1, batch * height * width * 2 + 1).reshape(batch, height, width, 2)
    pads = tuple((a * b, b - a * b) for a, b in zip(before, block, strict=True))
    there = SpaceToBatch(block, pads)
    moved = there.move(x)
    np.testing.assert_array_equal(moved, space_to_batch(x, block, pads))
    assert there.infer([TensorType(DType.INT64, x.shape)]) == (
        TensorType(DType.INT64, moved.shape),
    )
    back = BatchToSpace(block, pads)
    np.testing.assert_array_equal(back.move(moved), x)
    assert back.infer([TensorType(DType.INT64, moved.shape)]) == (TensorType(DType.INT64, x.shape),)


def test_space_to_batch_over_one_axis() -> None:
    x = np.arange(12).reshape(1, 4, 3)
    np.testing.assert_array_equal(
        SpaceToBatch((2,), ((0, 0),)).move(x), np.concatenate([x[:, ::2], x[:, 1::2]])
    )


@given(
    block=st.integers(1, 3),
    shape=st.tuples(st.integers(1, 2), st.integers(1, 2), st.integers(1, 2), st.integers(1, 2)),
    channel_axis=st.sampled_from([1, -1]),
    columns_first=st.booleans(),
)
@settings(max_examples=40)
def test_depth_to_space_and_back(
    block: int, shape: tuple[int, int, int, int], channel_axis: int, columns_first: bool
) -> None:
    n, c, h, w = shape
    sizes = (n, h * block, w * block, c) if channel_axis == -1 else (n, c, h * block, w * block)
    x = np.arange(np.prod(sizes)).reshape(sizes)
    deep = SpaceToDepth(block, channel_axis, columns_first).move(x)
    back = DepthToSpace(block, channel_axis, columns_first).move(deep)
    np.testing.assert_array_equal(back, x)
    # From the definition, position by position.
    first = np.moveaxis(x, channel_axis, 1)
    found = np.moveaxis(deep, channel_axis, 1)
    for i in range(block):
        for j in range(block):
            for k in range(c):
                channel = k * block**2 + i * block + j if columns_first else (i * block + j) * c + k
                np.testing.assert_array_equal(found[:, channel], first[:, k, i::block, j::block])


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        (Reshape((4, 6)), lambda x: x.reshape(4, 6)),
        (Squeeze(), lambda x: x),
        (Unsqueeze((0, 2)), lambda x: x[None, :, None]),
        (Transpose((2, 0, 1)), lambda x: x.transpose(2, 0, 1)),
        (Transpose(), lambda x: x.T),
        (Reverse((0, -1)), lambda x: x[::-1, :, ::-1]),
        (Expand((5, 1, 1, 1)), lambda x: np.broadcast_to(x, (5, 2, 3, 4))),
        (Slice((slice(None), slice(None, None, -1), 1)), lambda x: x[:, ::-1, 1]),
        (Slice((slice(-1, None), None, slice(0, 99, 2))), lambda x: x[-1:, None, ::2]),
    ],
)
def test_moves(op: Any, expected: Any) -> None:
    x = np.arange(24).reshape(2, 3, 4)
    np.testing.assert_array_equal(op.move(x), expected(x))
    np.testing.assert_array_equal(op.evaluate([x])[0], expected(x))
    (result,) = op.infer([TensorType(DType.INT64, x.shape)])
    assert result.shape == expected(x).shape


def test_moving_needs_no_memory() -> None:
    """Shapes of moves over large data are inferred without making that data."""
    huge = [TensorType(DType.FLOAT32, (1 << 20, 1 << 10, 1 << 10))]
    for op in (
        Transpose(),
        Slice((slice(1, None),)),
        Reverse((0,)),
        Unsqueeze((0,)),
        Reshape((-1,)),
    ):
        assert op.infer(huge)
    wide = [TensorType(DType.FLOAT32, (4, 1 << 15, 1 << 15, 16))]
    for block in (
        DepthToSpace(2, -1),
        SpaceToDepth(2, -1),
        SpaceToBatch((2, 2), ((0, 0), (0, 0))),
        BatchToSpace((2, 2), ((0, 0), (0, 0))),
    ):
        assert block.infer(wide)
    assert Tile((1 << 20, 1, 1, 1)).infer(wide)
    assert Expand((1 << 20, 1, 1, 1, 1)).infer(wide)
    assert Pad(((0, 1 << 20),) * 4).infer(wide)


@pytest.mark.parametrize(
    ("op", "inputs", "expected"),
    [
        (Concat(1), [np.eye(2), np.ones((2, 1))], [np.array([[1, 0, 1], [0, 1, 1]])]),
        (Stack(1), [np.arange(2), np.arange(2)], [np.array([[0, 0], [1, 1]])]),
        (Unstack(1), [np.eye(2)], [np.array([1, 0]), np.array([0, 1])]),
        (Split(0, (1, 2)), [np.arange(3)], [np.array([0]), np.array([1, 2])]),
        (Split(0, parts=2), [np.arange(3)], [np.array([0, 1]), np.array([2])]),
        (Tile((2,)), [np.arange(2)], [np.array([0, 1, 0, 1])]),
        (Gather(0), [np.arange(5), np.array([4, -1, 0])], [np.array([4, 4, 0])]),
        (Reduce("prod", None), [np.array([2, 3, 4])], [np.array(24)]),
        (Reduce("max", (0,), keepdims=True), [np.eye(2)], [np.array([[1, 1]])]),
        (Convert("cast", DType.INT32), [np.array([1.7, -1.7])], [np.array([1, -1], np.int32)]),
    ],
)
def test_folding(op: Op, inputs: list[Any], expected: list[Any]) -> None:
    found = op.evaluate(inputs)
    assert found is not None
    assert len(found) == len(expected)
    for value, right in zip(found, expected, strict=True):
        np.testing.assert_array_equal(value, right)
    # What is not known cannot be folded.
    assert op.evaluate([None, *inputs[1:]]) is None


def test_folding_out_of_range_is_an_error() -> None:
    with pytest.raises(GraphError, match="out of bounds"):
        Gather(0).evaluate([np.arange(5), np.array([5])])
