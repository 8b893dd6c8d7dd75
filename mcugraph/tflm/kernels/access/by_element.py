"""Kernels that make each element of their output of the elements at its place.

Sources: tensorflow/lite/kernels/internal/reference/ (add.h, broadcast_loop.h, quantize.h and many
more), tensorflow/lite/micro/kernels/activations_common.cc, elementwise.cc and others. All write in
the order of the output. Of an operand that is spread, older releases read the element anew for
every result, newer ones once a row; the lead holds for both.
"""

from mcugraph.tflm.kernels.access.overlap import AccessRule
from mcugraph.tflm.kernels.access.raster import broadcast
from mcugraph.tflm.kernels.needs import KernelNode
from mcugraph.tflm.kernels.per_element import ARITHMETIC, ONE_OPERAND


def _operands(node: KernelNode, count: int) -> dict[int, int]:
    """Operands as large as the result, or spread; what is constant lies elsewhere."""
    result, places = node.outputs[0], range(count)
    return {i: broadcast(node.input(i), result) for i in places if not node.input(i).constant}


def _one(node: KernelNode) -> dict[int, int]:
    return _operands(node, 1)


def _two(node: KernelNode) -> dict[int, int]:
    return _operands(node, 2)


def _all(node: KernelNode) -> dict[int, int]:
    return _operands(node, len(node.inputs))


def _select(node: KernelNode) -> dict[int, int]:
    """Condition and choices go element by element where none of them is spread."""
    shapes = {node.input(i).shape for i in range(3)}
    return _operands(node, 3) if len(shapes) == 1 else {}


_FURTHER = (
    *("EQUAL", "FLOOR_DIV", "FLOOR_MOD", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"),
    *("LOGICAL_AND", "LOGICAL_OR", "NOT_EQUAL"),
)

RULES: dict[str, AccessRule] = {
    **dict.fromkeys((*ONE_OPERAND, "EXPAND_DIMS"), _one),
    **dict.fromkeys((*ARITHMETIC, *_FURTHER), _two),
    "ADD_N": _all,
    "SELECT_V2": _select,
}
