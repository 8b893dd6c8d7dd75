"""Transposed convolution of floats.

Source: tensorflow/lite/kernels/internal/reference/transpose_conv.h.
"""

from collections.abc import Mapping

from mcugraph.codegen.c_program import Field, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel, attributes
from mcugraph.codegen.kernels.floating import bounds, layer_tables, refused_floats
from mcugraph.codegen.kernels.transposed_windows import (
    in_order,
    lead_by_results,
    refused_kind,
    transposed_fields,
)
from mcugraph.ir import DType
from mcugraph.ops.convolution import ConvTranspose
from mcugraph.tflm.kernels.needs import KernelNode


class TransposeConvF32(Kernel):
    """``mg_transpose_conv_f32``."""

    files = ("mg_transpose_conv_f32",)
    computes = DType.FLOAT32

    def refusal(self, node: KernelNode) -> str | None:
        return refused_kind(node) or refused_floats(node, 0)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        node = in_order(node)
        fields: dict[str, Field] = {
            **layer_tables(node),
            **transposed_fields(node),
            **bounds(attributes(node, ConvTranspose).activation),
        }
        parameters = Parameters("mg_transpose_conv_f32_params", fields)
        return KernelCall("mg_transpose_conv_f32", parameters, (2,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        return {2: lead_by_results(in_order(node))}
