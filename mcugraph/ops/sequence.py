"""Sequences of tensors, as ONNX has them."""

from collections.abc import Sequence
from dataclasses import dataclass

from mcugraph.ir import Role, TensorType
from mcugraph.ops.base import Rules


@dataclass(frozen=True, slots=True)
class SequenceOp(Rules):
    """An operator that makes, changes or reads a sequence; the importer tracks its entries."""

    name: str

    @property
    def kind(self) -> str:
        return self.name

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...] | None:
        return None

    def role(self, index: int) -> Role:
        return Role.WEIGHT
