"""Operators: the nodes of a graph, and the interface of the rules about them.

``Op`` is what every operator class in ``mcugraph.ops`` implements: attributes plus every rule.
Rules see shapes only (``Signature``), through ``+``, ``*`` and ``//``, so a dimension can be an
int, a numpy array of candidates or a polynomial in layer widths.
"""

from abc import ABCMeta, abstractmethod
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any

from mcugraph.ir.arrays import Array
from mcugraph.ir.tensor import TensorType
from mcugraph.records import dataclass

Dim = Any  # int, numpy array or polynomial: anything with +, * and //
Dims = tuple[Dim, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """The shapes that one operator reads and writes; None: an input left out."""

    inputs: tuple[Dims | None, ...]
    outputs: tuple[Dims, ...]


class Role(Enum):
    """What an input is for where it is a constant; decides its line in the flash account."""

    WEIGHT = "weight"
    BIAS = "bias"
    PARAMETER = "parameter"  # axes, target shapes, paddings: not learned

    __hash__ = object.__hash__  # Enum's own hashes the name, which takes ten times as long


class Abstract(ABCMeta):
    """Abstract classes that nothing is registered with: their own children are all there are.

    So ``isinstance`` need not ask for others, which takes it five times as long.
    """

    __instancecheck__ = type.__instancecheck__
    __subclasscheck__ = type.__subclasscheck__


class Op(metaclass=Abstract):
    """The attributes of one operator and every rule about it.

    Subclasses are frozen dataclasses of attributes. A rule that cannot be applied returns None
    (``macs``, ``elementwise``, ``infer``); it is then reported by name, never counted as 0.
    """

    __slots__ = ()

    @property
    @abstractmethod
    def kind(self) -> str:
        """Name of the operator across formats, like ``"conv"``."""

    @abstractmethod
    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...] | None:
        """Types of the outputs for given types of the inputs; None where they cannot be told.

        Raises:
            GraphError: The inputs do not fit the operator.
        """

    @abstractmethod
    def macs(self, s: Signature) -> Dim | None:
        """Multiply-accumulates of linear algebra, without bias additions."""

    @abstractmethod
    def elementwise(self, s: Signature) -> Dim | None:
        """Operations that are no linear algebra; fused activations and biases count nothing."""

    @abstractmethod
    def role(self, index: int) -> Role:
        """What input ``index`` is for, should it be a constant."""

    @property
    def inplace(self) -> tuple[int, ...]:
        """Inputs whose memory the first output may take over, element by element."""
        return ()

    def evaluate(self, inputs: Sequence[Array | None]) -> tuple[Array, ...] | None:
        """The values of the outputs, for folding constants; None where there is no rule."""
        return None

    def couple(self, channels: Any) -> tuple[Array, ...] | None:
        """Labels of the outputs, from those of the inputs (``mcugraph.ops.labels.Channels``).

        None where there is no rule: whatever the operator reads has to stay.
        """
        return None

    def keeps_zero(self, zero: Sequence[bool | None]) -> bool:
        """Whether some channels are 0 in the outputs.

        Args:
            zero: Of each input, whether they are 0 there; None: it has none of them.

        Returns:
            False where it is not so, or not known.
        """
        return False

    @property
    def bodies(self) -> tuple[str, ...]:
        """Names of the subgraphs that the operator calls."""
        return ()


@dataclass(frozen=True, slots=True)
class Operator:
    """One node of a graph.

    Attributes:
        name: Unique in its graph; the only identity of the node.
        op: Its attributes and rules.
        inputs: Names of the tensors it reads, in the order of the operator's definition;
            None for an optional one left out.
        outputs: Names of the tensors it writes.
        native: The operator's type in the words of the model's format, like ``"CONV_2D"``.
        origins: Of an operator that a rewrite made or changed, the names of those of the
            importer's graph that it stands for; empty: itself alone.
    """

    name: str
    op: Op
    inputs: tuple[str | None, ...]
    outputs: tuple[str, ...]
    native: str
    origins: tuple[str, ...] = ()

    @property
    def stands_for(self) -> tuple[str, ...]:
        """Names of the operators of the importer's graph that this one does the work of."""
        return self.origins or (self.name,)

    def standing_for(self, origins: Iterable[str]) -> "Operator":
        """The operator, doing the work of some of the importer's graph; each is named once."""
        named = tuple(dict.fromkeys(origins))
        return Operator(self.name, self.op, self.inputs, self.outputs, self.native, named)
