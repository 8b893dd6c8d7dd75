"""One call of an ATen operator as the translations see it: arguments by name, types of results."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from mcugraph.errors import GraphError
from mcugraph.ir import DType, Op, Shape, Tensor, TensorType
from mcugraph.ops.base import normal_axis
from mcugraph.records import dataclass

Inputs = Sequence[Tensor | None]


class Builder(Protocol):
    """What a translation may add to the graph."""

    def emit(
        self,
        call: "AtenCall",
        op: Op,
        inputs: Inputs,
        types: Sequence[TensorType],
        part: str | None,
    ) -> tuple[Tensor, ...]:
        """Append an operator; its results."""

    def scalar(self, call: "AtenCall", argument: str, value: Any, dtype: DType) -> Tensor:
        """A constant of one element."""

    def before_transpose(self, tensor: Tensor) -> Tensor | None:
        """The constant matrix that a constant is the transpose of, if it is one."""

    def integers(self, call: "AtenCall", argument: str, values: Sequence[int]) -> Tensor:
        """A constant vector of indices."""


@dataclass(frozen=True, slots=True)
class BoundOp:
    """An operator in the words of ``mcugraph.ops``, and what it reads in its own order."""

    op: Op
    inputs: Inputs


@dataclass(frozen=True, slots=True)
class AtenCall:
    """A call with its arguments bound to the names of the operator's schema.

    Attributes:
        type: The ATen operator without its overload and without the ``_`` of an in-place one.
        overload: The overload, like ``"Tensor"``.
        native: The full name, like ``"aten::conv2d"``.
        label: What the operators made from it are named after.
        arguments: By name; tensors as ``Tensor``, sizes as ints, defaults filled in.
        results: Types of the results, as PyTorch's own shape inference has them.
        used: Which results anything reads.
        builder: Takes the operators of a translation that needs more than one.
    """

    type: str
    overload: str
    native: str
    label: str
    arguments: dict[str, Any]
    results: tuple[TensorType, ...]
    used: tuple[bool, ...]
    builder: Builder

    def has(self, name: str) -> bool:
        """Whether an argument is there and not None."""
        return self.arguments.get(name) is not None

    def get(self, name: str, default: Any = None) -> Any:
        """An argument, or the default where it is left out."""
        value = self.arguments.get(name)
        return default if value is None else value

    def maybe(self, name: str) -> Tensor | None:
        """An optional tensor."""
        value = self.arguments.get(name)
        return value if isinstance(value, Tensor) else None

    def tensor(self, name: str = "self") -> Tensor:
        """A tensor that the operator cannot do without."""
        value = self.maybe(name)
        if value is None:
            raise GraphError(f"argument {name!r} is no tensor")
        return value

    def data(self) -> Tensor:
        """The first tensor: what schemas call ``self`` or ``input``."""
        return self.tensors()[0]

    def tensors(self) -> list[Tensor]:
        """All tensors among the arguments, in the order of the schema, lists laid out."""
        found: list[Tensor] = []
        for value in self.arguments.values():
            entries = value if isinstance(value, list | tuple) else [value]
            found += [entry for entry in entries if isinstance(entry, Tensor)]
        return found

    def listed(self, name: str) -> list[Tensor]:
        """A list of tensors."""
        return [entry for entry in self.get(name, ()) if isinstance(entry, Tensor)]

    @property
    def rank(self) -> int:
        """The number of axes of the first tensor."""
        return len(shape_of(self.data()))

    @property
    def shape(self) -> Shape:
        """The shape of the first result."""
        return self.results[0].shape

    def axis(self, name: str = "dim", default: int = 0) -> int:
        """An axis of the first tensor, counted from the front."""
        return normal_axis(int(self.get(name, default)), self.rank)

    def axes(self, name: str = "dim") -> tuple[int, ...] | None:
        """Axes of the first tensor, counted from the front; None: all of them."""
        value = self.arguments.get(name)
        if value is None or value == []:
            return None
        entries = value if isinstance(value, list | tuple) else [value]
        return tuple(normal_axis(int(entry), self.rank) for entry in entries)

    def spread(self, name: str, count: int, default: int) -> tuple[int, ...]:
        """One int for each of ``count`` axes; a single one stands for all."""
        value = self.arguments.get(name)
        if value is None or value == []:
            return (default,) * count
        entries = [int(v) for v in value] if isinstance(value, list | tuple) else [int(value)]
        return tuple(entries * count if len(entries) == 1 else entries)

    def operand(self, name: str) -> Tensor:
        """A tensor, or a number as a constant of one element."""
        value = self.arguments.get(name)
        if isinstance(value, Tensor):
            return value
        return self.builder.scalar(self, name, value, self.data().dtype)

    def emit(
        self, op: Op, inputs: Inputs, part: str | None = None, last: bool = False
    ) -> tuple[Tensor, ...]:
        """Append one of several operators that stand for this call.

        Args:
            op: The operator; it has to know the types of its results unless it is the last one.
            inputs: What it reads.
            part: Told apart from the operator that bears the call's own name by this.
            last: Its results are those of the call.
        """
        if last:
            return self.builder.emit(self, op, inputs, self.results, part)
        types = op.infer([None if t is None else type_of(t) for t in inputs])
        if types is None:
            raise GraphError(f"the types of {op.kind} are not known")
        return self.builder.emit(self, op, inputs, types, part)


Translator = Callable[[AtenCall], "Op | BoundOp | tuple[Tensor | None, ...]"]


def shape_of(tensor: Tensor) -> Shape:
    """The shape of a tensor, which is always known here."""
    if tensor.shape is None:
        raise GraphError(f"the shape of {tensor.name!r} is not known")
    return tensor.shape


def type_of(tensor: Tensor) -> TensorType:
    """The type of a tensor."""
    return TensorType(tensor.dtype, shape_of(tensor))
