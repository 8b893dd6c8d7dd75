"""One TFLite operator as the translations see it: options, types and known values of inputs."""

from collections.abc import Callable
from typing import Any

from mcugraph.errors import GraphError
from mcugraph.formats.computed import Computed
from mcugraph.formats.tflite.model import TfliteOperator
from mcugraph.ir import Array, Op, Shape, Tensor
from mcugraph.ops.window import SAME_UPPER, VALID
from mcugraph.records import dataclass

_ACTIVATIONS = (None, "relu", "relu_n1_to_1", "relu6", "tanh", "sign_bit")
PADDINGS = (SAME_UPPER, VALID)


class LeftOut(Exception):
    """Attributes without which nobody knows what an operator computes are not in the file."""


@dataclass(frozen=True, slots=True)
class TfliteNode:
    """One operator of the file, as the translations see it."""

    operator: TfliteOperator
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    values: tuple[Array | None, ...]
    subgraphs: tuple[str, ...]

    def options(self, name: str) -> Any:
        """The builtin options, by the name of their table without ``Options``."""
        return self.operator.options(f"{name}Options")

    def window(self, name: str) -> Any:
        """The options of an operator with a window, which has no strides by default."""
        if self.operator.table.builtin_options is None:
            raise LeftOut
        return self.options(name)

    def shape(self, index: int) -> Shape:
        """The shape of an input."""
        tensor = self.inputs[index] if index < len(self.inputs) else None
        if tensor is None or tensor.shape is None:
            raise GraphError(f"input {index} has no shape")
        return tensor.shape

    def result(self) -> Shape:
        """The shape that the file declares for the first output."""
        if self.outputs[0].shape is None:
            raise GraphError("the result has no shape")
        return self.outputs[0].shape

    def ints(self, index: int) -> tuple[int, ...] | None:
        """The value of an input as a flat tuple of ints; None where it is no constant."""
        value = self.values[index] if index < len(self.values) else None
        return None if value is None else tuple(int(v) for v in value.ravel())

    def constant(self, index: int) -> tuple[int, ...]:
        """The value of an input that has to be a constant."""
        value = self.ints(index)
        if value is None:
            raise Computed(index)
        return value

    def pairs(self, index: int) -> tuple[tuple[int, int], ...]:
        """The value of an input of shape (n, 2), such as paddings."""
        flat = self.constant(index)
        return tuple(zip(flat[::2], flat[1::2], strict=True))


# An operator, and where the order of its inputs differs from the file's: which of those goes where.
Translation = Op | tuple[Op, tuple[int, ...]]
Translator = Callable[[TfliteNode], Translation]


def activation(options: Any) -> str | None:
    """The activation fused into an operator."""
    return _ACTIVATIONS[options.fused_activation_function]
