"""Transposed convolution of int8 by weights of int8, quantised as a whole or by channel.

Sources: tensorflow/lite/kernels/internal/reference/integer_ops/transpose_conv.h,
tensorflow/lite/micro/kernels/transpose_conv.cc.
"""

from collections.abc import Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel, attributes, constant
from mcugraph.codegen.kernels.conv_s8 import refused_weights, scaled_channels, stored_range
from mcugraph.codegen.kernels.transposed_windows import (
    in_order,
    lead_by_results,
    refused_kind,
    transposed_fields,
)
from mcugraph.ir import DType
from mcugraph.ops.convolution import ConvTranspose
from mcugraph.tflm.kernels.needs import KernelNode


class TransposeConvS8(Kernel):
    """``mg_transpose_conv_s8``."""

    files = ("mg_transpose_conv_s8",)
    computes = DType.INT8

    def refusal(self, node: KernelNode) -> str | None:
        return refused_kind(node) or refused_weights(in_order(node))

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        node = in_order(node)
        op, weights = attributes(node, ConvTranspose), constant(node.input(1))
        # Only what lies under a window counts, so the zero point is taken off the inputs.
        fields: dict[str, Field] = {
            "weights": FlashTable(weights, "weights"),
            **scaled_channels(node, np.zeros(len(weights), np.int64), rounding),
            **transposed_fields(node),
            **stored_range(node, op.activation),
        }
        parameters = Parameters("mg_transpose_conv_s8_params", fields)
        return KernelCall("mg_transpose_conv_s8", parameters, (2,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        return {2: lead_by_results(in_order(node))}
