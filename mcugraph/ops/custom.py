"""Operators of a user's own: a few rules, registered under the name that files use."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mcugraph.errors import UsageError
from mcugraph.ir import Dim, Op, Role, Signature, TensorType
from mcugraph.ops.base import Rules, count
from mcugraph.records import dataclass

Attributes = Mapping[str, Any]
Shapes = Callable[[Sequence[TensorType | None]], tuple[TensorType, ...]]


@dataclass(frozen=True, slots=True)
class CustomOp(Rules):
    """An operator given by functions; for one with attributes of its own, subclass ``Op``.

    Attributes:
        name: Its kind, as reports show it.
        count_macs: Shapes to multiply-accumulates; None: it does no linear algebra.
        count_elementwise: Shapes to other operations; None: one an output element.
        shapes: Types of the inputs to types of the outputs; None: the model declares them.
    """

    name: str
    count_macs: Callable[[Signature], Dim] | None = None
    count_elementwise: Callable[[Signature], Dim] | None = None
    shapes: Shapes | None = None

    @property
    def kind(self) -> str:
        return self.name

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...] | None:
        return None if self.shapes is None else self.shapes(inputs)

    def macs(self, s: Signature) -> Dim | None:
        return 0 if self.count_macs is None else self.count_macs(s)

    def elementwise(self, s: Signature) -> Dim | None:
        if self.count_elementwise is None:
            return sum(count(shape) for shape in s.outputs)
        return self.count_elementwise(s)

    def role(self, index: int) -> Role:
        return Role.WEIGHT


_REGISTERED: dict[str, Callable[[Attributes], Op]] = {}


def register(native: str, rule: Op | Callable[[Attributes], Op]) -> None:
    """Teach every importer an operator, in place of what it knows of it, if anything.

    Args:
        native: The operator's type as ``unknown_operators`` shows it: ``"CUSTOM:Name"`` in a
            TFLite file, ``"domain::Name"`` (or ``"Name"`` of the standard domain) in ONNX.
        rule: The operator, or a function that makes it from the node's attributes by name (in
            TFLite: ``{"custom_options": bytes}``).

    Raises:
        UsageError: The rule is neither, or the type is no text.
    """
    if not isinstance(native, str):
        raise UsageError(f"native: the name of an operator type is needed, not {native!r}")
    if isinstance(rule, Op):
        _REGISTERED[native] = lambda attributes: rule
    elif callable(rule):
        _REGISTERED[native] = rule
    else:
        raise UsageError(f"the rule for {native!r} is no Op and no function that makes one")


def registered(native: str, attributes: Callable[[], Attributes]) -> Op | None:
    """The user's operator of this type, if there is one.

    Args:
        native: The operator's type.
        attributes: Makes the attributes, where they are needed.
    """
    make = _REGISTERED.get(native)
    return None if make is None else make(attributes())
