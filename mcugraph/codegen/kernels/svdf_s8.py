"""SVDF of int8, whose state is of int8 or int16.

Source: tensorflow/lite/micro/kernels/svdf_common.cc.
"""

from collections.abc import Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import (
    Kernel,
    attributes,
    constant,
    scale,
    unlike,
    zero_point,
)
from mcugraph.codegen.kernels.fixed_point import multiplier
from mcugraph.ir import DType
from mcugraph.ops.recurrent import Svdf
from mcugraph.tflm.kernels.access.raster import straight
from mcugraph.tflm.kernels.needs import KernelNode

_DATA, _FEATURES, _TIMES, _BIAS, _STATE = range(5)


class SvdfS8(Kernel):
    """``mg_svdf_s8``."""

    files = ("mg_svdf_s8",)
    computes = DType.INT8

    def refusal(self, node: KernelNode) -> str | None:
        bias = None if node.optional(_BIAS) is None else DType.INT32
        state = node.input(_STATE)
        if not state.variable or len(node.input(_DATA).shape) != 2:
            return "its state is no variable tensor, or its data no matrix"
        kept = DType.INT16 if state.dtype is DType.INT16 else DType.INT8
        return unlike(node, DType.INT8, DType.INT8, kept, bias, kept, DType.INT8)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        data, state, result = node.input(_DATA), node.input(_STATE), node.outputs[0]
        features, times = node.input(_FEATURES), node.input(_TIMES)
        rank = attributes(node, Svdf).rank
        inner = scale(data) * scale(features) / scale(state)
        outer = scale(state) * scale(times) / scale(result)
        first, first_shift = multiplier(float(inner))
        second, second_shift = multiplier(float(outer))
        bias = node.optional(_BIAS)
        units = result.shape[1]
        zeros = np.zeros(units, np.int32)
        fields: dict[str, Field] = {
            "features": FlashTable(constant(features), "weights"),
            "times": FlashTable(constant(times), "weights"),
            "bias": FlashTable(zeros if bias is None else constant(bias), "bias"),
            "wide": int(state.dtype is DType.INT16),
            "batches": data.shape[0],
            "inputs": data.shape[1],
            "units": units,
            "rank": rank,
            "memory": times.shape[1],
            "input_zero": zero_point(data),
            "state_zero": zero_point(state),
            "output_zero": zero_point(result),
            "state_multiplier": first,
            "state_shift": first_shift,
            "output_multiplier": second,
            "output_shift": second_shift,
        }
        parameters = Parameters("mg_svdf_s8_params", fields)
        return KernelCall("mg_svdf_s8", parameters, (_DATA, _STATE))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        # A row of the data is read whole before its results are written.
        (batches, inputs), (_, units) = node.input(_DATA).shape, node.outputs[0].shape
        return {_DATA: straight(batches, units, inputs)}
