"""Leads of kernels that copy elements to other places, against their loops."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import kernel_nodes as nodes
from support.kernel_traces import movement
from support.kernel_traces.steps import Step, spoils, unclipped_lead

from mcugraph.ir import DType
from mcugraph.ops.movement import (
    BatchToSpace,
    DepthToSpace,
    Reshape,
    SpaceToBatch,
    SpaceToDepth,
    Transpose,
)
from mcugraph.ops.selection import Concat, Pad, Resize, Slice, Split, Stack
from mcugraph.tflm.kernels.access import Overlap, overlaps

DTYPES = st.sampled_from([DType.INT8, DType.INT16, DType.FLOAT32])
SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)
FOUR = st.tuples(*(st.integers(1, 3),) * 4)

Shape = tuple[int, ...]


def kernel(
    native: str, op: Any, shape: Shape, made: Shape, dtype: DType = DType.INT8
) -> nodes.KernelNode:
    """An operator of one input; what else it takes are constants that play no part."""
    constant = nodes.tensor("constant", (2,), DType.INT32, constant=True)
    a, b = nodes.tensor("a", shape, dtype), nodes.tensor("b", made, dtype)
    return nodes.node(native, op, [a, constant], b)


@given(SHAPES, DTYPES, st.data())
def test_padding(shape: Shape, dtype: DType, data: st.DataObject) -> None:
    pairs = st.tuples(st.integers(0, 2), st.integers(0, 2))
    pads = tuple(data.draw(pairs) for _ in shape)
    made = tuple(n + sum(pair) for n, pair in zip(shape, pads, strict=True))
    for native in ("PAD", "PADV2"):
        found = kernel(native, Pad(pads), shape, made, dtype)
        nodes.check_lead(found, 0, movement.padded(shape, pads))


@given(SHAPES, DTYPES, st.booleans(), st.data())
def test_mirrored_padding(shape: Shape, dtype: DType, inner: bool, data: st.DataObject) -> None:
    def most(n: int) -> st.SearchStrategy[int]:
        return st.integers(0, n - inner)

    pads = tuple((data.draw(most(n)), data.draw(most(n))) for n in shape)
    made = tuple(n + sum(pair) for n, pair in zip(shape, pads, strict=True))
    op = Pad(pads, "reflect" if inner else "symmetric")
    found = kernel("MIRROR_PAD", op, shape, made, dtype)
    nodes.check_lead(found, 0, movement.mirrored(shape, pads, int(inner)))


@given(SHAPES, DTYPES, st.data())
def test_slices(shape: Shape, dtype: DType, data: st.DataObject) -> None:
    begins = [data.draw(st.integers(0, n - 1)) for n in shape]
    counts = [data.draw(st.integers(1, n - b)) for n, b in zip(shape, begins, strict=True)]
    index = tuple(slice(b, b + n) for b, n in zip(begins, counts, strict=True))
    found = kernel("SLICE", Slice(index), shape, tuple(counts), dtype)
    steps = (1,) * len(shape)
    nodes.check_lead(found, 0, movement.sliced(shape, begins, counts, steps, False))


@given(SHAPES, DTYPES, st.data())
def test_strided_slices(shape: Shape, dtype: DType, data: st.DataObject) -> None:
    index: list[slice | int] = []
    runs = []
    for n in shape:
        run = range(n)[data.draw(st.slices(n))]
        run = run if len(run) else range(n)
        shrinks = len(run) == 1 and data.draw(st.booleans())
        index.append(run.start if shrinks else _as_slice(run))
        runs.append(run)
    counts = [len(run) for run in runs]
    strides = [1 if isinstance(i, int) else run.step for i, run in zip(index, runs, strict=True)]
    kept = tuple(n for n, i in zip(counts, index, strict=True) if isinstance(i, slice))
    found = kernel("STRIDED_SLICE", Slice(tuple(index)), shape, kept, dtype)
    begins = [run.start for run in runs]
    nodes.check_lead(found, 0, movement.sliced(shape, begins, counts, strides, True))


def _as_slice(run: range) -> slice:
    return slice(run.start, None if run.stop < 0 else run.stop, run.step)


@given(SHAPES, DTYPES, st.randoms(use_true_random=False))
def test_transposes(shape: Shape, dtype: DType, random: Any) -> None:
    order = random.sample(range(len(shape)), len(shape))
    made = tuple(shape[axis] for axis in order)
    found = kernel("TRANSPOSE", Transpose(tuple(order)), shape, made, dtype)
    nodes.check_lead(found, 0, movement.transposed(shape, order))


@given(FOUR, st.integers(1, 3), DTYPES)
def test_depth_and_space(shape: Shape, block: int, dtype: DType) -> None:
    b, h, w, c = shape
    deep, wide = (b, h, w, c * block**2), (b, h * block, w * block, c)
    found = kernel("DEPTH_TO_SPACE", DepthToSpace(block, -1), deep, wide, dtype)
    nodes.check_lead(found, 0, movement.depth_to_space(deep, block))
    found = kernel("SPACE_TO_DEPTH", SpaceToDepth(block, -1), wide, deep, dtype)
    nodes.check_lead(found, 0, movement.space_to_depth(wide, block))


@given(FOUR, st.tuples(st.integers(1, 3), st.integers(1, 3)), DTYPES, st.data())
def test_batch_and_space(
    shape: Shape, block: tuple[int, int], dtype: DType, data: st.DataObject
) -> None:
    b, h, w, c = shape
    spread = h * block[0], w * block[1]
    cuts = []
    for n in spread:
        before = data.draw(st.integers(0, min(2, n - 1)))
        cuts.append((before, data.draw(st.integers(0, min(2, n - 1 - before)))))
    many = (b * block[0] * block[1], h, w, c)
    whole = (b, *(n - sum(pair) for n, pair in zip(spread, cuts, strict=True)), c)
    found = kernel("SPACE_TO_BATCH_ND", SpaceToBatch(block, tuple(cuts)), whole, many, dtype)
    nodes.check_lead(found, 0, movement.space_to_batch(whole, many, block, cuts))
    found = kernel("BATCH_TO_SPACE_ND", BatchToSpace(block, tuple(cuts)), many, whole, dtype)
    nodes.check_lead(found, 0, movement.batch_to_space(many, whole, block, cuts))


@given(SHAPES, st.integers(1, 3), DTYPES, st.data())
def test_concatenations(shape: Shape, count: int, dtype: DType, data: st.DataObject) -> None:
    axis = data.draw(st.integers(0, len(shape) - 1))
    lengths = [data.draw(st.integers(1, 3)) for _ in range(count)]
    shapes = [(*shape[:axis], n, *shape[axis + 1 :]) for n in lengths]
    made = (*shape[:axis], sum(lengths), *shape[axis + 1 :])
    tensors = [nodes.tensor(f"a{i}", s, dtype) for i, s in enumerate(shapes)]
    signed = axis - data.draw(st.sampled_from([0, len(shape)]))
    found = nodes.node("CONCATENATION", Concat(signed), tensors, nodes.tensor("b", made, dtype))
    for which in range(count):
        nodes.check_lead(found, which, movement.concatenated(shapes, axis))


@given(SHAPES, st.integers(1, 3), DTYPES, st.data())
def test_packing(shape: Shape, count: int, dtype: DType, data: st.DataObject) -> None:
    axis = data.draw(st.integers(0, len(shape)))
    made = (*shape[:axis], count, *shape[axis:])
    tensors = [nodes.tensor(f"a{i}", shape, dtype) for i in range(count)]
    found = nodes.node("PACK", Stack(axis), tensors, nodes.tensor("b", made, dtype))
    for which in range(count):
        nodes.check_lead(found, which, movement.packed(shape, count, axis))


ALIGNED = [(False, False), (False, True), (True, False)]


@given(FOUR, st.tuples(st.integers(1, 7), st.integers(1, 7)), DTYPES)
def test_resizing(shape: Shape, sides: tuple[int, int], dtype: DType) -> None:
    """The kernel is told how pixels are aligned, the rule is not: it holds for all ways."""
    made = (shape[0], *sides, shape[3])
    traced = [("RESIZE_NEAREST_NEIGHBOR", "nearest", movement.resized_nearest)]
    if dtype is not DType.FLOAT32:
        traced.append(("RESIZE_BILINEAR", "linear", movement.resized_bilinear))
    for native, method, trace in traced:
        found = kernel(native, Resize(method, (-1, *sides, -1)), shape, made, dtype)
        ways: list[list[Step]] = [list(trace(shape, made, *way)) for way in ALIGNED]
        size = dtype.bits // 8
        exact = [unclipped_lead(steps, 0, size, size) for steps in ways]
        known = [lead for lead in exact if lead is not None]
        apart = found.outputs[0].nbytes
        lead = nodes.leads(found).get(0, apart)
        assert lead == min(max(0, *known, 0), apart)
        assert not any(spoils(steps, 0, size, size, lead) for steps in ways)
        if known and max(known) >= 0:
            assert any(spoils(steps, 0, size, size, max(known) - 1) for steps in ways)


def test_which_floats_a_bilinear_resize_reads_is_up_to_the_compiler() -> None:
    op = Resize("linear", (-1, 4, 4, -1))
    found = kernel("RESIZE_BILINEAR", op, (1, 2, 2, 3), (1, 4, 4, 3), DType.FLOAT32)
    assert nodes.leads(found) == {}


def test_a_reshape_copies_nothing_at_one_place() -> None:
    found = kernel("RESHAPE", Reshape((6,)), (2, 3), (6,))
    assert overlaps(found, "reference") == (Overlap(0, 0, 0, in_place=True),)


def test_an_operator_with_several_outputs_has_no_overlap() -> None:
    a = nodes.tensor("a", (4, 2))
    outputs = tuple(nodes.tensor(name, (2, 2)) for name in "bc")
    assert overlaps(nodes.KernelNode("SPLIT", Split(0, parts=2), (a,), outputs), "reference") == ()


@pytest.mark.parametrize("made", [(5,), (2, 2)])
def test_shapes_that_contradict_each_other_do_not_overlap(made: Shape) -> None:
    found = kernel("STRIDED_SLICE", Slice((slice(0, 3), slice(None))), (4, 4), made)
    assert nodes.leads(found) == {}
    assert nodes.leads(kernel("TRANSPOSE", Transpose((0, 1, 2)), (4, 4), made)) == {}
