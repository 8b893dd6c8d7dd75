"""Kernels of int8 that Arm's CMSIS-NN has: ours choose its parameters, and call it.

What they need as scratch memory, and how far their outputs may lie over their inputs, are the same
rules that TFLM's arena is modelled by. Those of scratch memory hold for cores with the DSP
extension and without vectors (Helium).
"""

from collections.abc import Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.arithmetic import Add
from mcugraph.codegen.kernels.contract import DOUBLE, Kernel, attributes, constant
from mcugraph.codegen.kernels.conv_s8 import ConvS8, output_factors, stored_range
from mcugraph.codegen.kernels.fixed_point import activation_range, multiplier, multipliers
from mcugraph.codegen.kernels.fully_connected_s8 import FullyConnectedS8, unit_factors
from mcugraph.codegen.kernels.pool import PoolKernel
from mcugraph.codegen.kernels.softmax_s8 import SoftmaxS8, difference_factor, radius
from mcugraph.codegen.kernels.windows import image_fields
from mcugraph.ir import Array, DType
from mcugraph.ops.convolution import Conv
from mcugraph.ops.linear import Dense
from mcugraph.ops.pooling import Pool
from mcugraph.tflm.abi import find_abi
from mcugraph.tflm.kernels.access import RULES as ACCESS
from mcugraph.tflm.kernels.cmsis_nn import RULES as NEEDS
from mcugraph.tflm.kernels.needs import KernelNode

_NAME = "cmsis-nn"


class _FromArm(Kernel):
    """What all of them share."""

    computes = DType.INT8

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        rule = ACCESS[_NAME].get(node.native)
        return {} if rule is None else rule(node)

    def scratch(self, node: KernelNode) -> int:
        return sum(NEEDS[node.native](node, find_abi("arm")).scratch)


class CmsisConvS8(_FromArm):
    """``mg_cmsis_conv_s8`` and ``mg_cmsis_depthwise_s8``.

    Args:
        function: Which of them.
    """

    files = ("mg_cmsis_conv_s8",)

    def __init__(self, function: str) -> None:
        self._function = function

    def refusal(self, node: KernelNode) -> str | None:
        return ConvS8().refusal(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        op, weights = attributes(node, Conv), node.input(1)
        sizes = image_fields(node, op, (node.input(0).shape, weights.shape))
        factors = output_factors(node, sizes["output_channels"], rounding)
        fields: dict[str, Field] = {
            "weights": FlashTable(constant(weights), "weights"),
            "bias": _bias(node, sizes["output_channels"]),
            **_scaling(factors),
            **sizes,
            "depth": weights.shape[3],
            "scratch": self.scratch(node),
            **stored_range(node, op.activation),
        }
        parameters = Parameters("mg_cmsis_conv_s8_params", fields)
        return KernelCall(self._function, parameters, (0,), scratch=True)


class CmsisFullyConnectedS8(_FromArm):
    """``mg_cmsis_fully_connected_s8``."""

    files = ("mg_cmsis_fully_connected_s8",)

    def refusal(self, node: KernelNode) -> str | None:
        return FullyConnectedS8().refusal(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        op, weights = attributes(node, Dense), node.input(1)
        units, depth = weights.shape
        factors = unit_factors(node, rounding)
        fields: dict[str, Field] = {
            "weights": FlashTable(constant(weights), "weights"),
            "bias": _bias(node, units),
            **_scaling(factors),
            "per_unit": int(len(factors) > 1),
            "rows": node.input(0).elements // depth,
            "depth": depth,
            "units": units,
            **stored_range(node, op.activation),
        }
        parameters = Parameters("mg_cmsis_fully_connected_s8_params", fields)
        return KernelCall("mg_cmsis_fully_connected_s8", parameters, (0,))

    def scratch(self, node: KernelNode) -> int:
        return 0  # rows are multiplied one by one


class CmsisPoolS8(_FromArm):
    """``mg_cmsis_average_pool_s8`` and ``mg_cmsis_max_pool_s8``.

    Args:
        function: Which of them.
    """

    files = ("mg_cmsis_pool_s8",)

    def __init__(self, function: str) -> None:
        self._function = function

    def refusal(self, node: KernelNode) -> str | None:
        return PoolKernel(DType.INT8).refusal(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        op = attributes(node, Pool)
        least, largest = activation_range(node.outputs[0], op.activation)
        fields = image_fields(node, op, (node.input(0).shape,))
        parameters = {
            **{name: size for name, size in fields.items() if "dilation" not in name},
            "scratch": self.scratch(node),
            "least": least,
            "largest": largest,
        }
        struct = Parameters("mg_cmsis_pool_s8_params", parameters)
        return KernelCall(self._function, struct, (0,), scratch=True)


class CmsisSoftmaxS8(_FromArm):
    """``mg_cmsis_softmax_s8``."""

    files = ("mg_cmsis_softmax_s8",)

    def refusal(self, node: KernelNode) -> str | None:
        wide = node.outputs[0].dtype is DType.INT16
        return "it makes int16" if wide else SoftmaxS8().refusal(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        found, shift = multiplier(difference_factor(node))
        depth = node.outputs[0].shape[-1]
        fields: dict[str, Field] = {
            "rows": node.outputs[0].elements // depth,
            "depth": depth,
            "multiplier": found,
            "shift": shift,
            "least": -radius(shift),
        }
        parameters = Parameters("mg_cmsis_softmax_s8_params", fields)
        return KernelCall("mg_cmsis_softmax_s8", parameters, (0,))

    def scratch(self, node: KernelNode) -> int:
        return 0


class CmsisAddS8(_FromArm):
    """``mg_cmsis_add_s8``, of operands of one shape."""

    files = ("mg_cmsis_add_s8",)

    def refusal(self, node: KernelNode) -> str | None:
        if node.input(0).shape != node.input(1).shape:
            return "its operands are of several shapes"
        return Add(DType.INT8).refusal(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        ours = Add(DType.INT8).call(node, DOUBLE).parameters
        assert ours is not None
        left_out = ("sizes", "first", "second", "sign")
        fields: dict[str, Field] = {"count": node.outputs[0].elements}
        fields |= {name: value for name, value in ours.fields.items() if name not in left_out}
        return KernelCall("mg_cmsis_add_s8", Parameters("mg_cmsis_add_s8_params", fields), (0, 1))

    def scratch(self, node: KernelNode) -> int:
        return 0


def _bias(node: KernelNode, units: int) -> FlashTable:
    """Zeros where there is none: of several groups, the library reads behind the first one's."""
    bias = node.optional(2)
    return FlashTable(np.zeros(units, np.int32) if bias is None else constant(bias), "bias")


def _scaling(factors: Array) -> dict[str, Field]:
    """Multipliers and shifts, both as the library takes them."""
    found, shifts = multipliers(factors)
    return {
        "multipliers": FlashTable(found, "multipliers"),
        "shifts": FlashTable(shifts.astype(np.int32), "shifts"),
    }


# By operator as a TFLite file names it.
CMSIS_KERNELS: Mapping[str, Kernel] = {
    "ADD": CmsisAddS8(),
    "AVERAGE_POOL_2D": CmsisPoolS8("mg_cmsis_average_pool_s8"),
    "CONV_2D": CmsisConvS8("mg_cmsis_conv_s8"),
    "DEPTHWISE_CONV_2D": CmsisConvS8("mg_cmsis_depthwise_s8"),
    "FULLY_CONNECTED": CmsisFullyConnectedS8(),
    "MAX_POOL_2D": CmsisPoolS8("mg_cmsis_max_pool_s8"),
    "SOFTMAX": CmsisSoftmaxS8(),
}
