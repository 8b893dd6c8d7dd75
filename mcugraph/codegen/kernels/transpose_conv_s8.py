"""Transposed convolution of int8 by weights of int8, quantised as a whole or by channel.

Sources: tensorflow/lite/kernels/internal/reference/integer_ops/transpose_conv.h,
tensorflow/lite/micro/kernels/transpose_conv.cc.
"""

from collections.abc import Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel, attributes, constant
from mcugraph.codegen.kernels.conv_s8 import refused_weights, scaled_channels, stored_range
from mcugraph.codegen.kernels.windows import lead_by_places
from mcugraph.ops.convolution import ConvTranspose
from mcugraph.ops.window import Sweep
from mcugraph.records import replace
from mcugraph.tflm.kernels.needs import KernelNode


class TransposeConvS8(Kernel):
    """``mg_transpose_conv_s8``."""

    files = ("mg_transpose_conv_s8",)

    def refusal(self, node: KernelNode) -> str | None:
        op = attributes(node, ConvTranspose)
        if op.groups != 1 or set(op.dilations) != {1}:
            return f"transposed convolutions of the kind {op} are not known"
        return refused_weights(_in_order(node))

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        node = _in_order(node)
        op, weights = attributes(node, ConvTranspose), constant(node.input(1))
        data, result = node.input(0).shape, node.outputs[0].shape
        (down, top), (across, left) = _sweeps(node)
        # Only what lies under a window counts, so the zero point is taken off the inputs.
        fields: dict[str, Field] = {
            "weights": FlashTable(weights, "weights"),
            **scaled_channels(node, np.zeros(len(weights), np.int64), rounding),
            "batches": data[0],
            "input_height": data[1],
            "input_width": data[2],
            "input_channels": data[3],
            "output_height": result[1],
            "output_width": result[2],
            "output_channels": result[3],
            "window_height": down.kernel,
            "window_width": across.kernel,
            "stride_y": down.stride,
            "stride_x": across.stride,
            "pad_top": top,
            "pad_left": left,
            **stored_range(node, op.activation),
        }
        parameters = Parameters("mg_transpose_conv_s8_params", fields)
        return KernelCall("mg_transpose_conv_s8", parameters, (2,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        node = _in_order(node)
        data, result = node.input(0), node.outputs[0]
        (down, top), (across, left) = _sweeps(node)
        channels = result.shape[3]
        rows = _first_places(down, top, result.shape[1])
        columns = _first_places(across, left, result.shape[2])
        # All channels of a pixel but the last one may be written when that is read for.
        return {
            2: lead_by_places(data, result, rows, columns, lambda pixel: (pixel + 1) * channels - 1)
        }


def _in_order(node: KernelNode) -> KernelNode:
    """The operator with data, weights and bias in the order that other layers have them in."""
    data, weights, bias = node.input(2), node.input(1), node.optional(3)
    return replace(node, inputs=(data, weights) if bias is None else (data, weights, bias))


def _sweeps(node: KernelNode) -> tuple[tuple[Sweep, int], tuple[Sweep, int]]:
    """For rows and columns: the window on its way along the result, and what is cut off there."""
    op, weights, result = attributes(node, ConvTranspose), node.input(1).shape, node.outputs[0]
    down, across = (Sweep(result.shape[i + 1], weights[i + 1], op.strides[i]) for i in range(2))
    return (down, op.padding.amounts(0, down)[0]), (across, op.padding.amounts(1, across)[0])


def _first_places(sweep: Sweep, before: int, made: int) -> list[int | None]:
    """The first element of the data whose window lies on each one of the result."""
    found: list[int | None] = []
    for place in range(before, before + made):
        first = max(0, -((sweep.kernel - 1 - place) // sweep.stride))
        found.append(first if first * sweep.stride <= place else None)
    return found
