"""Element types that TFLM's kernels refuse when a model is loaded.

Only refusals in ``Prepare`` are listed; a few more types fail when the kernel is run. Found with
one model an operator and type, and in the kernels' sources.
"""

from mcugraph.ir import DType
from mcugraph.tflm.kernels.needs import KernelNode

_FLOAT = frozenset({DType.FLOAT32})
_FLOAT_OR_INT8 = _FLOAT | {DType.INT8}
_USUAL = _FLOAT_OR_INT8 | {DType.INT16}
_QUANTIZED = frozenset({DType.INT8, DType.INT16, DType.UINT8})

# Types of the first input.
_ACCEPTED = {
    "ADD_N": _FLOAT_OR_INT8,
    "AVERAGE_POOL_2D": _USUAL,
    "BATCH_MATMUL": _USUAL,
    "CEIL": _FLOAT,
    "CONCATENATION": _USUAL | {DType.INT32, DType.INT64, DType.BOOL},
    "CONV_2D": _USUAL,
    "CUMSUM": _FLOAT_OR_INT8,
    "DEQUANTIZE": _QUANTIZED,
    "EXP": _FLOAT,
    "GATHER": _FLOAT_OR_INT8,
    "GATHER_ND": _FLOAT_OR_INT8,
    "L2_NORMALIZATION": _FLOAT_OR_INT8,
    "L2_POOL_2D": _FLOAT,
    "MAX_POOL_2D": _USUAL,
    "QUANTIZE": _USUAL | {DType.INT32, DType.UINT8},
    "REDUCE_ALL": frozenset({DType.BOOL}),
    "ROUND": _FLOAT,
    "SOFTMAX": _USUAL,
    "SPACE_TO_DEPTH": _FLOAT_OR_INT8,
}

# Where weights and data lie: the two have to be of one kind.
_WEIGHTED = {
    "CONV_2D": (1, 0),
    "DEPTHWISE_CONV_2D": (1, 0),
    "FULLY_CONNECTED": (1, 0),
    "TRANSPOSE_CONV": (1, 2),
    "BATCH_MATMUL": (1, 0),
}


# add_common.cc and sub_common.cc check that small integers have a scale.
_SCALED = ("ADD", "SUB")


def refusal(node: KernelNode) -> str | None:
    """Why TFLM does not load a model with this operator; None: no reason is known."""
    accepted, data = _ACCEPTED.get(node.native), node.optional(0)
    if accepted is not None and data is not None and data.dtype not in accepted:
        return f"its {node.native} takes no {data.dtype.label} data"
    if node.native in _WEIGHTED:
        weights, data = (node.optional(i) for i in _WEIGHTED[node.native])
        hybrid = data is not None and data.dtype.is_float
        if hybrid and weights is not None and not weights.dtype.is_float:
            return f"its {node.native} takes no {weights.dtype.label} weights for float data"
    if node.native == "BATCH_MATMUL":
        left, right = node.optional(0), node.optional(1)
        if left is not None and right is not None and left.dtype is not right.dtype:
            types = f"{left.dtype.label} and {right.dtype.label}"
            return f"its BATCH_MATMUL takes no operands of two types, {types}"
    if node.native in _SCALED and node.outputs:
        result = node.outputs[0]
        if result.dtype in (DType.INT8, DType.INT16) and not result.scales:
            return f"its {node.native} takes no {result.dtype.label} tensors without a scale"
    return None
