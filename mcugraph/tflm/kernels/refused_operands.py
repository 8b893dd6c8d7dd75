"""Ranks, and operands that say where and how much, that TFLM's kernels refuse or misread.

Found, as the types of data are, with one model each on TFLM's wheel and in the kernels' sources.
"""

from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.ir import DType
from mcugraph.tflm.kernels.needs import KernelNode

# The most axes of the data.
_MOST_AXES = {
    **dict.fromkeys(("BATCH_TO_SPACE_ND", "L2_NORMALIZATION", "PRELU"), 4),
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "SPACE_TO_BATCH_ND"), 4),
    "STRIDED_SLICE": 4,
    "REVERSE_V2": 6,
    **dict.fromkeys(("BATCH_MATMUL", "BROADCAST_TO", "PAD", "PADV2", "SLICE", "TRANSPOSE"), 5),
}

_AXIS = {1: "axis"}
_INDICES = {1: "indices"}
_SIZE = {1: "size"}
_PADDINGS = {1: "paddings"}
_BLOCK = {1: "block shape"}
_BOUNDS = {1: "begin", 2: "end", 3: "strides"}
# Operands that are int32: other integers are refused, or read as if they were of 32 bits.
_INT32 = {
    **dict.fromkeys(("ARG_MAX", "ARG_MIN", "CUMSUM", "EXPAND_DIMS", "MEAN", "REDUCE_ALL"), _AXIS),
    **dict.fromkeys(("REDUCE_MAX", "REDUCE_MIN", "REVERSE_V2", "SUM"), _AXIS),
    **dict.fromkeys(("BATCH_TO_SPACE_ND", "SPACE_TO_BATCH_ND"), _BLOCK),
    **dict.fromkeys(("GATHER", "GATHER_ND"), _INDICES),
    **dict.fromkeys(("PAD", "PADV2"), _PADDINGS),
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), _SIZE),
    "EMBEDDING_LOOKUP": {0: "indices"},
    "STRIDED_SLICE": _BOUNDS,
    "TRANSPOSE": {1: "permutation"},
}
# Operands that the file has to hold.
_STORED = {
    **dict.fromkeys(("PAD", "PADV2"), _PADDINGS),
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), _SIZE),
    "BROADCAST_TO": {1: "shape"},
    "EXPAND_DIMS": _AXIS,
    "FILL": {0: "shape"},
    "SPLIT": {0: "axis"},
    "SPLIT_V": {2: "axis"},
    "STRIDED_SLICE": _BOUNDS,
    "TRANSPOSE": {1: "permutation"},
}


def rank_refusal(node: KernelNode) -> str | None:
    """Why TFLM does not run an operator on data with so many axes; None: no reason is known."""
    most = _MOST_AXES.get(node.native)
    tensors = [t for t in (node.optional(0), *node.outputs) if t is not None]
    axes = max((len(tensor.shape) for tensor in tensors), default=0)
    if most is None or axes <= most:
        return None
    return f"its {node.native} takes at most {most} axes, not {axes}"


def operand_refusal(node: KernelNode) -> str | None:
    """Why TFLM does not run an operator with such operands; None: no reason is known.

    Args:
        node: As a TFLite file has it: its operands stand where TFLite wants them.
    """
    kind = node.native
    for index, what in _INT32.get(kind, {}).items():
        operand = node.optional(index)
        if operand is not None and operand.dtype is not DType.INT32:
            return f"its {kind} takes no {operand.dtype.label} {what}"
    for index, what in _STORED.get(kind, {}).items():
        operand = node.optional(index)
        if operand is not None and not _held(operand):
            return f"its {kind} takes no {what} that is computed"
    return None


def _held(operand: TfliteTensor) -> bool:
    """Whether the file holds the value; of nothing there is none to hold."""
    return operand.constant or not operand.elements
