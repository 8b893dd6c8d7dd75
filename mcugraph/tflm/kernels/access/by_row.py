"""Kernels that read a whole row of their input for what they make of it.

Sources: tensorflow/lite/kernels/internal/reference/softmax.h, log_softmax.h, l2normalization.h,
fully_connected.h, reduce.h, transpose_conv.h and integer_ops/ beside them.
"""

from mcugraph.ir import DType
from mcugraph.ops.reduction import Reduce
from mcugraph.tflm.kernels.access.overlap import AccessRule
from mcugraph.tflm.kernels.access.raster import broadcast, element, straight
from mcugraph.tflm.kernels.needs import KernelNode


def _normalised(node: KernelNode) -> dict[int, int]:
    """Rows are read through once or twice, and then again, each element as it is written."""
    return {0: broadcast(node.input(0), node.outputs[0])}


def _fully_connected(node: KernelNode) -> dict[int, int]:
    """Each row of the input is read whole for every element that is made of it.

    Of a single row only the last element would be free, which is not worth a pair.
    """
    data, result = node.input(0), node.outputs[0]
    made, size = result.shape[-1], element(result)
    rows = result.elements // made
    if rows == 1:
        return {}
    return {0: straight(rows, made * size, data.nbytes // rows) + straight(made, size, 0)}


def _mean(node: KernelNode) -> dict[int, int]:
    """Of floats over rows and columns, it goes channel by channel; else it clears the output."""
    data, op = node.input(0), node.op
    if not isinstance(op, Reduce) or data.dtype is not DType.FLOAT32 or not op.keepdims:
        return {}
    if len(data.shape) != 4 or op.axes not in ((1, 2), (2, 1)):
        return {}
    batches, *_, channels = data.shape
    size = element(data)
    read = data.nbytes // batches if batches else 0
    return {0: straight(batches, channels * size, read) + straight(channels, size, size)}


def _transpose_convolution(node: KernelNode) -> dict[int, int]:
    """Integers are summed up elsewhere before any is written; floats clear the output first."""
    return {2: 0} if node.input(2).dtype in (DType.INT8, DType.INT16) else {}


RULES: dict[str, AccessRule] = {
    "FULLY_CONNECTED": _fully_connected,
    "L2_NORMALIZATION": _normalised,
    "LOG_SOFTMAX": _normalised,
    "MEAN": _mean,
    "SOFTMAX": _normalised,
    "TRANSPOSE_CONV": _transpose_convolution,
}
