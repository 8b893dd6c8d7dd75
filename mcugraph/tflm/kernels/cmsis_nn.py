"""Kernels that TFLM takes from CMSIS-NN, on a Cortex-M4 with its DSP extension, built with GCC.

Convolutions, fully connected layers, pooling, softmax and addition, whose figures were measured on
such a core; all others are counted as the reference ones. Sources: in TFLM
tensorflow/lite/micro/kernels/cmsis_nn/*.cc, and in CMSIS-NN Source/*/*_get_buffer_sizes_*.c and
Include/arm_nnsupportfunctions.h.
"""

from mcugraph.ir import DType
from mcugraph.ops.convolution import Conv
from mcugraph.records import replace
from mcugraph.tflm.abi import Abi, align_up
from mcugraph.tflm.kernels.linear import CONV, FULLY_CONNECTED, made_along
from mcugraph.tflm.kernels.linear import RULES as LINEAR
from mcugraph.tflm.kernels.needs import KernelNode, Needs, Rule
from mcugraph.tflm.kernels.plain import POOL, POOL_OPTIONS, SOFTMAX
from mcugraph.tflm.kernels.plain import RULES as PLAIN

# The data of the reference kernel, and the index of a scratch buffer.
_CONV = f"({CONV})i"
_POOL = f"({POOL})i"
# The same, then two scratch buffers, sums of weights, and the sizes of the product.
_FULLY_CONNECTED = f"({FULLY_CONNECTED})2ip3i"
# The same, then the number of rows and their length.
_SOFTMAX = f"({SOFTMAX})2i"

_INTEGERS = (DType.INT8, DType.INT16)


def _convolution(reference: Rule) -> Rule:
    """No tables of channels for float data, and columns of the data as scratch for integers."""

    def rule(node: KernelNode, abi: Abi) -> Needs:
        needs = reference(node, abi)
        integer = node.input(0).dtype in _INTEGERS
        return replace(
            needs,
            init=(abi.sizeof(_CONV),),
            prepare=needs.prepare if integer else (),
            scratch=tuple(filter(None, (_columns(node, node.op),))) if integer else (),
        )

    return rule


def _columns(node: KernelNode, op: Conv) -> int:
    """Bytes of the scratch buffer of a convolution (``arm_*_wrapper_*_get_buffer_size``)."""
    data, weights = node.input(0), node.input(1)
    sweeps = op.sweeps((data.shape, weights.shape))
    window = 1
    for sweep in sweeps.values():
        window *= sweep.kernel
    channels = data.shape[op.channel_axis]
    before = {op.pads((data.shape, weights.shape))[axis][0] for axis in sweeps}
    undilated = all(sweep.dilation == 1 for sweep in sweeps.values())
    if node.native == "DEPTHWISE_CONV_2D":
        made = node.outputs[0].shape[op.channel_axis]
        if data.dtype is DType.INT16 or data.shape[0] > 1 or channels != made or not undilated:
            return 0
        small = all(sweep.kernel == 3 for sweep in sweeps.values()) and max(before) <= 1
        return 0 if small and weights.dtype is DType.INT8 else 2 * channels * window
    if data.dtype is DType.INT16:
        return 4 * channels * window
    plain_product = window == 1 and undilated and before == {0} and op.groups == 1
    return 0 if plain_product else 4 * align_up(channels * window, 4)


def _fully_connected(node: KernelNode, abi: Abi) -> Needs:
    needs = LINEAR["FULLY_CONNECTED"](node, abi)
    return replace(
        needs, init=(abi.sizeof(_FULLY_CONNECTED),), scratch=_as_convolution(node, needs)
    )


def _as_convolution(node: KernelNode, needs: Needs) -> tuple[int, ...]:
    """Multipliers and shifts by channel, to run a product of several rows as a convolution."""
    weights, result = node.input(1), node.outputs[0]
    depth = weights.elements // weights.shape[made_along(node, 0)]
    int8 = node.input(0).dtype is DType.INT8 and weights.dtype is not DType.INT4
    possible = int8 and len(result.shape) > 2 and depth % 4 == 0
    return (8 * result.shape[-1],) if possible and not needs.prepare else ()


def _average_pool(node: KernelNode, abi: Abi) -> Needs:
    """Sums of all channels; the kernel looks at its tensors once more."""
    data = node.input(0)
    sums = 4 * data.shape[node.op.channel_axis]
    return Needs(
        POOL_OPTIONS,
        init=(abi.sizeof(_POOL),),
        scratch=(sums,) if data.dtype in _INTEGERS else (),
        temporary=(data, node.outputs[0]),
    )


def _max_pool(node: KernelNode, abi: Abi) -> Needs:
    return Needs(POOL_OPTIONS, init=(abi.sizeof(_POOL),))


def _softmax(node: KernelNode, abi: Abi) -> Needs:
    return replace(PLAIN["SOFTMAX"](node, abi), init=(abi.sizeof(_SOFTMAX),))


# TFLM has kernels by CMSIS-NN for these, too, which take other memory than the reference ones.
COUNTED_AS_REFERENCE = ("BATCH_MATMUL", "SVDF", "TRANSPOSE_CONV", "UNIDIRECTIONAL_SEQUENCE_LSTM")

RULES: dict[str, Rule] = {
    "AVERAGE_POOL_2D": _average_pool,
    "CONV_2D": _convolution(LINEAR["CONV_2D"]),
    "DEPTHWISE_CONV_2D": _convolution(LINEAR["DEPTHWISE_CONV_2D"]),
    "FULLY_CONNECTED": _fully_connected,
    "MAX_POOL_2D": _max_pool,
    "SOFTMAX": _softmax,
}
