"""Attributes as the constants of a TFLite file, held against what its operators make of them."""

import numpy as np
import pytest

from mcugraph.ir import DType, Graph, Op, Operator, Source, Tensor, TensorType, verify
from mcugraph.ops.movement import Transpose
from mcugraph.ops.reduction import Cumulate, Reduce
from mcugraph.ops.selection import Item, Pad, Slice, Split
from mcugraph.rewrite.arguments import store_arguments
from mcugraph.rewrite.edit import rewritten

SHAPE = (4, 5, 6)
DATA = np.arange(4 * 5 * 6).reshape(SHAPE)


def arguments(op: Op, dtype: DType = DType.FLOAT32) -> list[np.ndarray]:
    """What an operator reads besides its data."""
    results = op.infer([TensorType(dtype, SHAPE)]) or ()
    names = [f"y{i}" for i in range(len(results))]
    tensors = {"x": Tensor("x", dtype, SHAPE)}
    tensors |= {name: Tensor(name, *kind) for name, kind in zip(names, results, strict=True)}
    operator = Operator("a", op, ("x",), tuple(names), op.kind)
    graph = rewritten(
        Graph("g", (operator,), tensors, ("x",), tuple(names), Source("onnx")), store_arguments
    )
    verify(graph)
    held = [graph.tensors[name or ""] for name in graph.operators[0].inputs[1:]]
    values = [tensor.constant.array() for tensor in held if tensor.constant is not None]
    for tensor, value in zip(held, values, strict=True):
        assert (tensor.dtype.numpy, tensor.shape) == (value.dtype, value.shape)
    return values


def strided(begin: np.ndarray, end: np.ndarray, step: np.ndarray) -> np.ndarray:
    """STRIDED_SLICE without masks: a bound below 0 counts from the end, and is then clipped."""
    picked = DATA
    for axis, (low, high, by) in enumerate(zip(begin, end, step, strict=True)):
        length = DATA.shape[axis]
        low, high = (int(v) + length if v < 0 else int(v) for v in (low, high))
        least, most = (0, length) if by > 0 else (-1, length - 1)
        low, high = min(max(low, least), most), min(max(high, least), most)
        picked = picked.take(range(low, high, int(by)), axis)
    return picked


@pytest.mark.parametrize(
    "index",
    [
        (slice(1, 3), slice(None), slice(2, None)),
        (slice(None, -1), slice(-3, None)),
        (slice(None, None, 2), slice(3, 1), slice(5, 2)),
        (slice(None, None, -1), slice(4, 0, -2), slice(-1, None, -3)),
        (2, slice(None), slice(1, 4)),
        (slice(None), -1, slice(None, None, 5)),
    ],
)
def test_slices(index: tuple[Item, ...]) -> None:
    wanted, found = DATA[index], arguments(Slice(index))
    if len(found) == 2:
        begin, size = found
        assert tuple(size) == wanted.shape
        picked = DATA[tuple(slice(b, b + s) for b, s in zip(begin, size, strict=True))]
    else:
        picked = strided(*found)
    np.testing.assert_array_equal(picked.ravel(), wanted.ravel())


def test_a_new_axis_has_a_place_in_the_bounds() -> None:
    begin, end, step = arguments(Slice((slice(1, 2), None, slice(None))))
    assert [*zip(begin, end, step, strict=True)] == [(1, 2, 1), (0, 1, 1), (0, 5, 1), (0, 6, 1)]


@pytest.mark.parametrize("dtype", [DType.FLOAT32, DType.FLOAT16, DType.INT8, DType.UINT8])
def test_a_maximum_passes_over_what_is_put_around_it(dtype: DType) -> None:
    pads = ((0, 0), (1, 2), (0, 1))
    (amounts,) = arguments(Pad(pads), dtype)
    assert amounts.tolist() == [list(pair) for pair in pads]
    amounts, value = arguments(Pad(pads, "lowest"), dtype)
    assert amounts.tolist() == [list(pair) for pair in pads]
    limits = np.finfo if dtype.is_float else np.iinfo
    assert value.shape == ()
    assert value == limits(value.dtype).min


def test_axes_and_sizes() -> None:
    assert [v.tolist() for v in arguments(Cumulate("cumsum", -1))] == [2]
    assert [v.tolist() for v in arguments(Reduce("mean", (-1, 0)))] == [[2, 0]]
    assert [v.tolist() for v in arguments(Reduce("mean", None))] == [[0, 1, 2]]
    assert [v.tolist() for v in arguments(Transpose((2, 0, 1)))] == [[2, 0, 1]]
    assert [v.tolist() for v in arguments(Split(1, sizes=(2, 3)))] == [[2, 3], 1]
    assert [v.tolist() for v in arguments(Split(2, parts=3))] == [2]
