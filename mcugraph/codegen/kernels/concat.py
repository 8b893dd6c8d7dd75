"""Tensors of one type, and of one scale where they have one, put together or taken apart.

Sources: tensorflow/lite/micro/kernels/concatenation.cc, pack.cc, split.cc, split_v.cc, unpack.cc.
"""

from collections.abc import Mapping
from itertools import accumulate
from math import prod

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel, attributes, refused_scales
from mcugraph.ops.selection import Concat, Split, Stack, Unstack
from mcugraph.tflm.kernels.access.raster import straight
from mcugraph.tflm.kernels.needs import KernelNode


class ConcatBytes(Kernel):
    """``mg_concat``."""

    files = ("mg_concat",)

    def refusal(self, node: KernelNode) -> str | None:
        _rows(node)
        operands = [node.input(i) for i in range(len(node.inputs))]
        if isinstance(node.op, Concat) and node.op.activation is not None:
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
    result, op = node.outputs[0], attributes(node, Concat | Stack)
    count = prod(result.shape[: op.axis % len(result.shape)])
    operands = [node.input(i) for i in range(len(node.inputs))]
    return count, tuple(operand.nbytes // count for operand in operands)


class SplitBytes(Kernel):
    """``mg_split``, for what is split or unpacked.

    Args:
        data: Which input is taken apart.
    """

    files = ("mg_split",)

    def __init__(self, data: int) -> None:
        self._data = data

    def refusal(self, node: KernelNode) -> str | None:
        self._count(node)
        return refused_scales(node.input(self._data), *node.outputs)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        count = self._count(node)
        rows = np.array([part.nbytes // count for part in node.outputs], np.int32)
        fields: dict[str, Field] = {
            "rows": FlashTable(rows, "rows"),
            "results": len(rows),
            "count": count,
        }
        parameters = Parameters("mg_split_params", fields)
        return KernelCall("mg_split", parameters, (self._data,), gathered=True)

    def _count(self, node: KernelNode) -> int:
        """How many rows each result has."""
        shape, op = node.input(self._data).shape, attributes(node, Split | Unstack)
        return prod(shape[: op.axis % len(shape)])
