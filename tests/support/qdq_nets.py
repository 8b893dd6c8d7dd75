"""Small quantised ONNX networks by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

Shape = tuple[int, ...]


class QdqNet:
    """One network of integers from ``x`` to ``y`` while it is written.

    Args:
        shape: Of its input.
        kind: Type of its activations.
    """

    def __init__(self, shape: Shape, kind: Any = np.int8) -> None:
        self.kind = np.dtype(kind)
        self.nodes: list[Any] = []
        self.stored: list[Any] = []
        self._count = 0
        self.shape = shape
        self.x = self._floats("x", *self._parameters(0.05, self._zero(3)))

    def _name(self, what: str) -> str:
        self._count += 1
        return f"{what}{self._count}"

    def _zero(self, zero: int) -> Any:
        """A zero point of activations, given as that of int8."""
        return self.kind.type(zero + (128 if self.kind == np.uint8 else 0))

    def number(self, value: Any) -> str:
        """A constant as it is."""
        name = self._name("c")
        self.stored.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def _parameters(self, scale: Any, zero: Any) -> tuple[str, str]:
        return self.number(np.asarray(scale, np.float32)), self.number(zero)

    def _floats(self, stored: str, scale: str, zero: str, **attributes: Any) -> str:
        return self.float("DequantizeLinear", [stored, scale, zero], **attributes)

    def weights(self, values: Any, scale: Any, zero: int = 0, axis: int = 0) -> str:
        """Integers, dequantised."""
        zeros = np.full(np.shape(scale), zero, values.dtype)
        return self._floats(self.number(values), *self._parameters(scale, zeros), axis=axis)

    def float(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        """An operator; its result, of which nobody says a scale."""
        made = self._name("t")
        self.nodes.append(helper.make_node(kind, inputs, [made], name=f"n_{made}", **attributes))
        return made

    def quantised(self, floats: str, scale: float, zero: int = 0) -> str:
        """Numbers, rounded to a scale."""
        return self._floats(self._integers(floats, scale, zero), *self._last)

    def _integers(self, floats: str, scale: float, zero: int) -> str:
        self._last = self._parameters(scale, self._zero(zero))
        return self.float("QuantizeLinear", [floats, *self._last])

    def save(self, path: Path, floats: str, scale: float, zero: int = 0) -> Path:
        """The file, whose output are the integers of some numbers."""
        kind = helper.np_dtype_to_tensor_dtype(self.kind)
        self.nodes.append(
            helper.make_node("Identity", [self._integers(floats, scale, zero)], ["y"])
        )
        ends = [
            [helper.make_tensor_value_info(name, kind, shape)]
            for name, shape in (("x", self.shape), ("y", None))
        ]
        graph = helper.make_graph(self.nodes, "g", *ends, self.stored)
        opsets = [helper.make_opsetid("", 20)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
        onnx.save(onnx.shape_inference.infer_shapes(model), path)
        return path


# What writes a network: its last result, the scale and the zero point of that.
Build = Callable[[QdqNet], tuple[str, float, int]]
