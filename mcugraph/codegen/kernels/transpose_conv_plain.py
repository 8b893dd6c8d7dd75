"""Transposed convolution of floats or int16.

Source: tensorflow/lite/kernels/internal/reference/transpose_conv.h.
"""

from collections.abc import Mapping

from mcugraph.codegen.c_program import KernelCall
from mcugraph.codegen.kernels.contract import attributes, constant
from mcugraph.codegen.kernels.layers import LayerKernel
from mcugraph.codegen.kernels.transposed_windows import (
    in_order,
    lead_by_results,
    refused_kind,
    transposed_fields,
)
from mcugraph.ops.convolution import ConvTranspose
from mcugraph.tflm.kernels.needs import KernelNode


class TransposeConvPlain(LayerKernel):
    """``mg_transpose_conv_f32``, ``mg_transpose_conv_w8`` and ``mg_transpose_conv_s16``."""

    family = "transpose_conv"

    def refusal(self, node: KernelNode) -> str | None:
        return refused_kind(node) or self.refused_types(in_order(node))

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        node = in_order(node)
        activation = attributes(node, ConvTranspose).activation
        sizes, channels = transposed_fields(node), constant(node.input(1))
        parameters = self.parameters(node, sizes, activation, channels)
        return KernelCall(self.function, parameters, (2,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        return {2: lead_by_results(in_order(node))}
