"""Series as images of one row: the form in which TFLite's kernels take them as they are.

A file that reads (channels, length) begins with a transposition and ends with another, which cost
memory; as an image it reads (1, length, channels), which is the order that samples come in.
"""

from collections.abc import Sequence
from typing import TypeVar

from mcugraph.ir import Shape
from mcugraph.nas.builder import Convolution, NetworkBuilder, Pooling

Value = TypeVar("Value")
Layer = TypeVar("Layer", Convolution, Pooling)


class Upright(NetworkBuilder[Value]):
    """Says a network of one spatial axis on to another builder, with an axis of length 1 before.

    Args:
        builder: Who hears the network of images; values are its own.
    """

    def __init__(self, builder: NetworkBuilder[Value]) -> None:
        self._builder = builder

    def shape(self, value: Value) -> Shape:
        channels, *spatial = self._builder.shape(value)
        return (channels, *spatial[1:])

    def input(self, shape: Sequence[int]) -> Value:
        return self._builder.input((shape[0], 1, *shape[1:]))

    def _convolved(self, value: Value, layer: Convolution) -> Value:
        return self._builder._convolved(value, _of_images(layer))

    def dense(self, value: Value, units: int, *, relu: bool = False) -> Value:
        return self._builder.dense(value, units, relu=relu)

    def _pooled(self, value: Value, layer: Pooling) -> Value:
        return self._builder._pooled(value, _of_images(layer))

    def global_average(self, value: Value) -> Value:
        return self._builder.global_average(value)

    def add(self, left: Value, right: Value) -> Value:
        return self._builder.add(left, right)

    def concat(self, values: Sequence[Value]) -> Value:
        return self._builder.concat(values)

    def grow(self, value: Value, spatial: Sequence[int]) -> Value:
        return self._builder.grow(value, (1, *spatial))

    def flatten(self, value: Value) -> Value:
        return self._builder.flatten(value)

    def dropout(self, value: Value, rate: float) -> Value:
        return self._builder.dropout(value, rate)

    def output(self, value: Value) -> None:
        self._builder.output(value)


def _of_images(layer: Layer) -> Layer:
    """A window over the one axis, of one row."""
    channels, *spatial = layer.made
    return layer._replace(
        made=(channels, 1, *spatial), window=(1, *layer.window), stride=(1, *layer.stride)
    )
