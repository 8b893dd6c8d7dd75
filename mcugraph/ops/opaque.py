"""Operators without a rule for their shapes: the model itself has to declare those."""

from collections.abc import Sequence

from mcugraph.ir import Dim, Role, Signature, TensorType
from mcugraph.ops.base import Rules
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class Declared(Rules):
    """A known operator without linear algebra whose shapes depend on more than shapes.

    Its arguments are computed at run time, or it works on sequences.
    """

    name: str

    @property
    def kind(self) -> str:
        return self.name

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...] | None:
        return None

    def role(self, index: int) -> Role:
        return Role.WEIGHT


@dataclass(frozen=True, slots=True)
class Opaque(Declared):
    """An operator known by name alone: its work is unknown, and said to be so."""

    def macs(self, s: Signature) -> Dim | None:
        return None

    def elementwise(self, s: Signature) -> Dim | None:
        return None
