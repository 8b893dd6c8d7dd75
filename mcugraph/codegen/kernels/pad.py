"""A constant put around a tensor.

Sources: tensorflow/lite/kernels/internal/reference/pad.h,
tensorflow/lite/micro/kernels/pad_common.cc.
"""

from collections.abc import Mapping
from math import prod

from mcugraph.codegen.c_program import Field, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import (
    Kernel,
    attributes,
    constant,
    refused_scales,
    zero_point,
)
from mcugraph.errors import GraphError
from mcugraph.ops.selection import Pad
from mcugraph.tflm.kernels.access.raster import element, straight
from mcugraph.tflm.kernels.needs import KernelNode

_AXES = 5  # MG_PAD_AXES


class PadBytes(Kernel):
    """``mg_pad``."""

    files = ("mg_pad",)

    def refusal(self, node: KernelNode) -> str | None:
        op = attributes(node, Pad)
        _axes(node)
        _value(node)
        if op.mode not in ("constant", "lowest") or min(map(min, op.pads)) < 0:
            return f"padding of the kind {op} is not known"
        return refused_scales(node.input(0), node.outputs[0])

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        size = element(node.input(0))
        sizes, before, after = zip(*_axes(node), strict=True)
        longer = [n + a + b for n, a, b in _axes(node)]
        fields: dict[str, Field] = {
            "sizes": sizes,
            "before": before,
            "after": after,
            "inner": tuple(prod(longer[i + 1 :]) * size for i in range(_AXES)),
            "row": size,
            "width": size,
            "value": _value(node),
        }
        return KernelCall("mg_pad", Parameters("mg_pad_params", fields), (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        size = element(node.input(0))
        written = read = size
        found = 0
        for i, (length, before, after) in enumerate(reversed(_axes(node))):
            # Of the last axis, all is copied at once.
            found += before * written + (straight(length, written, read) if i else 0)
            written, read = written * (length + before + after), read * length
        return {0: found}


def _axes(node: KernelNode) -> list[tuple[int, int, int]]:
    """Length, elements before and elements behind of each axis, filled up at the front.

    Raises:
        GraphError: There are too many.
    """
    shape, pads = node.input(0).shape, attributes(node, Pad).pads
    merged: list[tuple[int, int, int]] = []
    for length, (before, after) in zip(shape, pads, strict=True):
        if merged and before == after == 0:
            # What is not padded goes together with the axis before it.
            a, b, c = merged[-1]
            merged[-1] = (a * length, b * length, c * length)
        else:
            merged.append((length, before, after))
    if len(merged) > _AXES:
        raise GraphError(f"{len(merged)} padded axes are too many, {_AXES} are known")
    return [(1, 0, 0)] * (_AXES - len(merged)) + merged


def _value(node: KernelNode) -> int:
    """What is put there, as its bytes are stored.

    Raises:
        GraphError: It is not known.
    """
    given = node.optional(2)
    if given is None:
        return 0 if node.outputs[0].dtype.is_float else zero_point(node.outputs[0])
    data = constant(given).ravel()
    return int.from_bytes(data[:1].tobytes(), "little", signed=True)
