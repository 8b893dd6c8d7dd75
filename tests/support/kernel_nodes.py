"""Operators with tensors around them, as rules about kernels see them."""

from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import assume

from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.ir import DType
from mcugraph.ops.convolution import Conv
from mcugraph.ops.window import SAME_UPPER, VALID
from mcugraph.tflm.kernels import KernelNode
from mcugraph.tflm.kernels.access import overlaps
from support.kernel_traces.steps import Step, spoils, unclipped_lead
from support.kernel_traces.windows import fitted

Pair = tuple[int, int]


def tensor(name: str, shape: Sequence[int], dtype: DType = DType.INT8, **more: Any) -> TfliteTensor:
    return TfliteTensor(dtype, tuple(shape), name, **more)


def weights(shape: Sequence[int], dtype: DType = DType.INT8) -> TfliteTensor:
    return tensor("weights", shape, dtype, constant=True)


def node(
    native: str, op: Any, inputs: Sequence[TfliteTensor | None], result: TfliteTensor
) -> KernelNode:
    return KernelNode(native, op, tuple(inputs), (result,))


def placed(
    sides: Pair, kernel: Pair, stride: Pair, dilation: Pair, same: bool
) -> tuple[list[int], list[int]]:
    """Rows and columns of the result and the padding before them; some, or it is no example."""
    axes = zip(sides, kernel, stride, dilation, strict=True)
    found = [fitted(*axis, same) for axis in axes]
    assume(all(count > 0 for count, _ in found))
    return [count for count, _ in found], [pad for _, pad in found]


def convolution(
    shape: Sequence[int],
    filters: Sequence[int],
    result: Sequence[int],
    stride: Pair,
    dilation: Pair,
    same: bool,
    dtype: DType = DType.INT8,
) -> KernelNode:
    """A CONV_2D; filters are (made channels, rows, columns, channels of a group)."""
    groups = max(shape[3] // filters[3], 1)
    padding = SAME_UPPER if same else VALID
    places = {"channel_axis": -1, "weight_out": 0, "weight_in": -1}
    op = Conv(stride, dilation, padding, groups, **places)
    kind = DType.FLOAT32 if dtype is DType.FLOAT32 else DType.INT8
    a, b = tensor("a", shape, dtype), tensor("b", result, dtype)
    return node("CONV_2D", op, [a, weights(filters, kind), None], b)


def depthwise(
    shape: Sequence[int],
    kernel: Pair,
    result: Sequence[int],
    stride: Pair,
    dilation: Pair,
    same: bool,
    dtype: DType = DType.INT8,
) -> KernelNode:
    """A DEPTHWISE_CONV_2D with a window of rows and columns."""
    padding = SAME_UPPER if same else VALID
    places = {"channel_axis": -1, "weight_out": -1, "weight_in": 0}
    op = Conv(stride, dilation, padding, shape[3], depthwise=True, **places)
    kind = DType.FLOAT32 if dtype is DType.FLOAT32 else DType.INT8
    a, b = tensor("a", shape, dtype), tensor("b", result, dtype)
    return node("DEPTHWISE_CONV_2D", op, [a, weights((1, *kernel, result[3]), kind), None], b)


def leads(kernel: KernelNode, kernels: str = "reference") -> dict[int, int]:
    """The lead of each input that the output may lie over."""
    return {overlap.input: overlap.lead for overlap in overlaps(kernel, kernels)}


def check_lead(
    kernel: KernelNode, which: int, steps: Iterable[Step], kernels: str = "reference"
) -> None:
    """Hold what the rule says of an input against a trace of the kernel."""
    steps = list(steps)
    data, result = kernel.input(which), kernel.outputs[0]
    read, written = data.dtype.bits // 8, result.dtype.bits // 8
    apart = result.nbytes
    exact = unclipped_lead(steps, which, read, written)
    wanted = max(0, exact or 0)
    lead = leads(kernel, kernels).get(which, apart)
    assert lead == min(wanted, apart)
    assert not spoils(steps, which, read, written, lead)
    if exact is not None and exact >= 0:
        assert spoils(steps, which, read, written, exact - 1)
