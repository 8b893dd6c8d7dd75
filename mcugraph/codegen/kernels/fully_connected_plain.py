"""Fully connected layers of floats or int16.

Source: tensorflow/lite/kernels/internal/reference/fully_connected.h.
"""

from collections.abc import Mapping

from mcugraph.codegen.c_program import Field, KernelCall
from mcugraph.codegen.kernels.contract import attributes, constant
from mcugraph.codegen.kernels.layers import LayerKernel, refused_layer
from mcugraph.ops.linear import Dense
from mcugraph.tflm.kernels.access.raster import element, straight
from mcugraph.tflm.kernels.needs import KernelNode


class FullyConnectedPlain(LayerKernel):
    """``mg_fully_connected_f32``, ``mg_fully_connected_w8`` and ``mg_fully_connected_s16``."""

    family = "fully_connected"
    narrow = True

    def refusal(self, node: KernelNode) -> str | None:
        return refused_layer(node) or self.refused_types(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        rows, depth, units = _sizes(node)
        sizes: dict[str, Field] = {"rows": rows, "depth": depth, "units": units}
        activation = attributes(node, Dense).activation
        parameters = self.parameters(node, sizes, activation, constant(node.input(1)))
        return KernelCall(self.function, parameters, (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        rows, depth, units = _sizes(node)
        # A row is read whole for each of its units, the last time when all others are written.
        return {0: (straight(rows, units, depth) + units - 1) * element(node.input(0))}


def _sizes(node: KernelNode) -> tuple[int, int, int]:
    """Rows, and the input and output units of each."""
    units, depth = node.input(1).shape
    return node.input(0).elements // depth, depth, units
