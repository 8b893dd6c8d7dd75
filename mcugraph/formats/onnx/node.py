"""One ONNX node as the translations see it: attributes, types and known values of inputs."""

from collections.abc import Callable, Container, Iterable
from typing import Any

from mcugraph.errors import GraphError
from mcugraph.formats.computed import Computed
from mcugraph.formats.onnx.weights import SMALL, StoredValue
from mcugraph.ir import Array, DType, Op, Shape, Tensor
from mcugraph.ops.window import SAME_LOWER, SAME_UPPER, VALID, Padding, explicit
from mcugraph.records import dataclass

_AUTO_PAD = {"SAME_UPPER": SAME_UPPER, "SAME_LOWER": SAME_LOWER, "VALID": VALID}


@dataclass(frozen=True, slots=True)
class Translation:
    """An operator in the words of ``mcugraph.ops``.

    Attributes:
        op: The operator.
        order: Which inputs of the node it takes, in its own order; None: all, as they come.
        dtype: Type of the first output, where it is not the one that the operator infers.
        scaled: Quantised inputs, each with the input that is its scale; the zero point follows.
        result_scale: The input that is the scale of the first output, if it is quantised.
        reshaped: Inputs, by their number after ``order``, that it reads in another shape.
    """

    op: Op
    order: tuple[int, ...] | None = None
    dtype: DType | None = None
    scaled: tuple[tuple[int, int], ...] = ()
    result_scale: int | None = None
    reshaped: tuple[tuple[int, Shape], ...] = ()

    @property
    def as_it_comes(self) -> bool:
        """Whether it reads what the node does, and nobody says how any of it is quantised."""
        if self.order is not None or self.result_scale is not None:
            return False
        return not self.scaled and not self.reshaped


@dataclass(slots=True)
class OnnxNode:
    """A node, read once, with its attributes decoded.

    Attributes:
        type: The operator type, without its domain.
        domain: Its domain; empty for ONNX's own.
        name: As in the file; may be empty.
        opset: Version of the domain that the model imports.
        attributes: By name, as Python values.
        reads: Names of the inputs; empty for one left out.
        inputs: Tensors; None for one left out.
        outputs: Names; empty for one left out.
        values: The value of a tensor by name, where it is known.
        parameters: Names of constants that the file has as initialisers, or makes of some.
        proto: The NodeProto.
    """

    type: str
    domain: str
    name: str
    opset: int
    attributes: dict[str, Any]
    reads: list[str]
    inputs: list[Tensor | None]
    outputs: list[str]
    values: Callable[[str], Array | None]
    parameters: Container[str]
    proto: Any

    @property
    def native(self) -> str:
        """The operator type with its domain."""
        return f"{self.domain}::{self.type}" if self.domain else self.type

    @property
    def label(self) -> str:
        """What to call it, also where the file gives it no name."""
        return self.name or next(filter(None, self.outputs), self.type)

    def value_of(self, index: int) -> Array | None:
        """The value of an input, where it is known."""
        name = self.reads[index]
        return self.values(name) if name else None

    def numbers(self, index: int) -> list[Any] | None:
        """The elements of an input one after another, where its value is known."""
        tensor = self.inputs[index]
        if tensor is not None and tensor.constant is not None and tensor.elements <= SMALL:
            load = tensor.constant.load
            if isinstance(load, StoredValue):
                return load.numbers()
        value = self.value_of(index)
        return None if value is None else value.ravel().tolist()

    def filled(self, index: int, number: float) -> bool:
        """Whether an input is there and known to be one number all over."""
        value = self.value_of(index) if self.has(index) else None
        return value is not None and bool((value == number).all())

    def wanting(self, index: int, neutral: float) -> bool:
        """Whether an input is left out, or written in the graph for want of a parameter.

        Where ONNX demands an operand, tools write a ``Constant`` of a number that changes nothing.
        A parameter may have the same value before it is trained, so an initialiser counts.
        """
        if not self.has(index):
            return True
        return self.reads[index] not in self.parameters and self.filled(index, neutral)

    def has(self, index: int) -> bool:
        """Whether an input is there."""
        return index < len(self.inputs) and self.inputs[index] is not None

    def tensor(self, index: int) -> Tensor:
        """An input that the operator cannot do without."""
        tensor = self.inputs[index] if index < len(self.inputs) else None
        if tensor is None:
            raise GraphError(f"input {index} is missing")
        return tensor

    def shape(self, index: int) -> Shape:
        """The shape of an input."""
        shape = self.tensor(index).shape
        if shape is None:
            raise Computed
        return shape

    def rank(self, index: int = 0) -> int:
        """The number of axes of an input."""
        return len(self.shape(index))

    def integer(self, name: str, default: int) -> int:
        """An integer attribute."""
        return int(self.attributes.get(name, default))

    def integers(self, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """An attribute that is a list of integers."""
        value = self.attributes.get(name)
        return default if value is None else tuple(map(int, value))

    def text(self, name: str, default: str) -> str:
        """An attribute that is a string."""
        value = self.attributes.get(name)
        if value is None:
            return default
        return value.decode() if isinstance(value, bytes) else str(value)

    def known(self, index: int) -> tuple[int, ...]:
        """The value of an input as a flat tuple of ints."""
        numbers = self.numbers(index)
        if numbers is None:
            raise Computed
        return tuple(map(int, numbers))

    def argument(self, name: str, index: int) -> tuple[int, ...] | None:
        """Integers that are an attribute in old opsets and an input in new ones."""
        if name in self.attributes:
            return self.integers(name, ())
        return self.known(index) if self.has(index) else None

    def padding(self, rank: int) -> Padding:
        """Explicit or automatic padding of convolutions and pooling."""
        mode = self.text("auto_pad", "NOTSET")
        if mode != "NOTSET":
            if mode not in _AUTO_PAD:
                raise GraphError(f"auto_pad is {mode!r}, not one of {', '.join(_AUTO_PAD)}")
            return _AUTO_PAD[mode]
        pads = self.attributes.get("pads")
        if pads is None:
            return VALID
        if len(pads) != 2 * rank:
            raise GraphError(f"{len(pads)} pads for {rank} spatial axes")
        if not any(pads):
            return VALID
        return explicit(list(zip(map(int, pads[:rank]), map(int, pads[rank:]), strict=True)))


Translator = Callable[[OnnxNode], Op | Translation]


def result_type(node: OnnxNode, index: int) -> DType:
    """Type of a quantised result: that of its zero point, uint8 where it has none."""
    return node.tensor(index).dtype if node.has(index) else DType.UINT8


# AttributeProto.type -> the field that holds the value, or the values.
_ONE = {1: "f", 2: "i", 3: "s", 4: "t", 5: "g", 11: "sparse_tensor", 13: "tp"}
_SEVERAL = {
    6: "floats", 7: "ints", 8: "strings", 9: "tensors", 10: "graphs", 12: "sparse_tensors",
    14: "type_protos",
}  # fmt: skip


def decoded(attributes: Iterable[Any]) -> dict[str, Any]:
    """The values of attributes by name: numbers, bytes, lists, tensors or graphs."""
    values = {}
    for attribute in attributes:
        name, kind = attribute.name, attribute.type
        if kind in _ONE:
            values[name] = getattr(attribute, _ONE[kind])
        elif kind in _SEVERAL:
            values[name] = getattr(attribute, _SEVERAL[kind])[:]
        else:
            raise GraphError(f"attribute {name!r} has the unknown type {kind}")
    return values
