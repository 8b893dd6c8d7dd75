"""Fully connected layers of int8, quantised as a whole or by unit.

Sources: tensorflow/lite/kernels/internal/reference/integer_ops/fully_connected.h,
tensorflow/lite/micro/kernels/fully_connected_common.cc.
"""

from collections.abc import Mapping

import numpy as np

from mcugraph.codegen.c_program import FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import (
    SINGLE,
    Kernel,
    attributes,
    constant,
    scale,
    scales,
)
from mcugraph.codegen.kernels.conv_s8 import refused_weights, shifted_bias, stored_range
from mcugraph.codegen.kernels.fixed_point import multipliers, product_factor
from mcugraph.codegen.kernels.layers import refused_layer
from mcugraph.ir import Array, DType
from mcugraph.ops.linear import Dense
from mcugraph.storage import DenseRows
from mcugraph.tflm.kernels.access.raster import straight
from mcugraph.tflm.kernels.needs import KernelNode


class FullyConnectedS8(Kernel):
    """``mg_fully_connected_s8``.

    Attributes:
        form: How it stores weights.
    """

    form = DenseRows()
    files: tuple[str, ...] = ("mg_fully_connected_s8",)
    headers: tuple[str, ...] = ("mg_dsp",)
    computes = DType.INT8

    def refusal(self, node: KernelNode) -> str | None:
        return refused_layer(node) or refused_weights(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        op, weights = attributes(node, Dense), constant(node.input(1))
        units, depth = weights.shape
        found, shifts = multipliers(unit_factors(node, rounding))
        stored = stored_range(node, op.activation)
        parameters = {
            "weights": FlashTable(weights, "weights"),
            "bias": FlashTable(shifted_bias(node, weights.sum(1, dtype=np.int64)), "bias"),
            "multipliers": FlashTable(found, "multipliers"),
            "shifts": FlashTable(shifts, "shifts"),
            "per_unit": int(len(found) > 1),
            "rows": node.input(0).elements // depth,
            "depth": depth,
            "units": units,
            **{name: stored[name] for name in ("output_zero", "least", "largest")},
        }
        return KernelCall(
            "mg_fully_connected_s8", Parameters("mg_fully_connected_s8_params", parameters), (0,)
        )

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        units, depth = node.input(1).shape
        rows = node.input(0).elements // depth
        # A row is read whole for each two of its units, the last time when all others are written.
        written = (units - 1) // 2 * 2
        return {0: straight(rows, units, depth) + written}


def unit_factors(node: KernelNode, rounding: str) -> Array:
    """What sums are multiplied by: of one scale, the product of two is of single precision."""
    found = scales(node.input(1))
    product = np.float32 if len(found) == 1 else np.float64
    return product_factor(
        scale(node.input(0)), found, scale(node.outputs[0]), rounding == SINGLE, product
    )
