"""Concatenation of tensors of one type and, where they have one, of one scale.

Source: tensorflow/lite/micro/kernels/concatenation.cc.
"""

from collections.abc import Mapping
from itertools import accumulate
from math import prod

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel, attributes, refused_scales
from mcugraph.ops.selection import Concat
from mcugraph.tflm.kernels.access.raster import straight
from mcugraph.tflm.kernels.needs import KernelNode


class ConcatBytes(Kernel):
    """``mg_concat``."""

    files = ("mg_concat",)

    def refusal(self, node: KernelNode) -> str | None:
        _rows(node)
        operands = [node.input(i) for i in range(len(node.inputs))]
        if attributes(node, Concat).activation is not None:
            return "it has a fused activation"
        return refused_scales(*operands, node.outputs[0])

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        count, rows = _rows(node)
        fields: dict[str, Field] = {
            "rows": FlashTable(np.array(rows, np.int32), "rows"),
            "operands": len(rows),
            "count": count,
        }
        parameters = Parameters("mg_concat_params", fields)
        return KernelCall("mg_concat", parameters, tuple(range(len(rows))), gathered=True)

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        count, rows = _rows(node)
        begins, row = accumulate((0, *rows)), sum(rows)
        # A row of an operand is copied when all of the output before it is written.
        pairs = zip(rows, begins, strict=False)
        return {i: straight(count, row, own) + begin for i, (own, begin) in enumerate(pairs)}


def _rows(node: KernelNode) -> tuple[int, tuple[int, ...]]:
    """How many rows each operand has, and of how many bytes."""
    result, op = node.outputs[0], attributes(node, Concat)
    count = prod(result.shape[: op.axis % len(result.shape)])
    operands = [node.input(i) for i in range(len(node.inputs))]
    return count, tuple(operand.nbytes // count for operand in operands)
