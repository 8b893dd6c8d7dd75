"""Functions of one operand of int16 that scale it, and scales between int16 and int8.

Sources: tensorflow/lite/kernels/internal/reference/requantize.h, leaky_relu.h;
tensorflow/lite/micro/kernels/quantize_common.cc, activations_common.cc, leaky_relu_common.cc.
"""

from collections.abc import Callable, Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import (
    SUFFIXES,
    Kernel,
    attributes,
    scale,
    unlike,
    zero_point,
)
from mcugraph.codegen.kernels.fixed_point import away_from_zero, multiplier
from mcugraph.ir import DType
from mcugraph.ops.elementwise import Elementwise
from mcugraph.tflm.kernels.access.raster import element, straight
from mcugraph.tflm.kernels.needs import KernelNode

# What zero points, factors above and below zero and bounds are, as far as they are not the usual.
_Maker = Callable[[KernelNode], Mapping[str, int | float]]


class Rescale(Kernel):
    """``mg_rescale_s16_s16`` and its kin.

    Args:
        maker: What the function is.
        given: The type of the operand.
        made: That of the result.
    """

    files = ("mg_rescale",)
    computes = DType.INT16

    def __init__(
        self, maker: _Maker, given: DType = DType.INT16, made: DType = DType.INT16
    ) -> None:
        self._maker, self._types = maker, (given, made)

    def refusal(self, node: KernelNode) -> str | None:
        return unlike(node, *self._types)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        data, result = node.input(0), node.outputs[0]
        limits = np.iinfo(result.dtype.label)
        found = {
            "input_zero": zero_point(data),
            "output_zero": zero_point(result),
            "least": int(limits.min),
            "largest": int(limits.max),
            **self._maker(node),
        }
        below = found.get("below", found["above"])
        fields: dict[str, Field] = {"count": data.elements}
        fields |= {name: int(found[name]) for name in ("input_zero", "output_zero")}
        for name, factor in (("above", found["above"]), ("below", abs(below))):
            fields[f"{name}_multiplier"], fields[f"{name}_shift"] = multiplier(float(factor))
        fields["below_sign"] = -1 if below < 0 else 1
        fields |= {name: int(found[name]) for name in ("least", "largest")}
        function = "_".join(("mg_rescale", *(SUFFIXES[kind] for kind in self._types)))
        return KernelCall(function, Parameters("mg_rescale_params", fields), (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        data, result = node.input(0), node.outputs[0]
        return {0: straight(data.elements, element(result), element(data))}


def same_number(node: KernelNode) -> Mapping[str, int | float]:
    """The same number by another scale and zero point."""
    return {"above": float(scale(node.input(0))) / float(scale(node.outputs[0]))}


def rectified(node: KernelNode) -> Mapping[str, int | float]:
    """What is below zero becomes zero."""
    return {"above": _once(node), "least": zero_point(node.outputs[0])}


def rectified_to_six(node: KernelNode) -> Mapping[str, int | float]:
    """What is below zero becomes zero, and what is above six becomes six; as it is stored."""
    zero = zero_point(node.input(0))
    six = zero + away_from_zero(float(np.float32(6) / scale(node.input(0))))
    return {"input_zero": 0, "output_zero": 0, "above": 1.0, "least": zero, "largest": six}


def leaky(node: KernelNode) -> Mapping[str, int | float]:
    """What is below zero is multiplied."""
    (alpha,) = attributes(node, Elementwise).parameters
    return {"above": _once(node), "below": _once(node) * float(np.float32(alpha))}


def _once(node: KernelNode) -> float:
    """From one scale to the other, in double precision."""
    return float(scale(node.input(0))) / float(scale(node.outputs[0]))
