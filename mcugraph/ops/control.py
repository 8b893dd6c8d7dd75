"""Control flow: operators that run subgraphs. Their own work is none; that of bodies counts."""

from abc import abstractmethod
from collections.abc import Sequence

from mcugraph.ir import Dim, DType, Role, Shape, Signature, TensorType
from mcugraph.ops.base import Rules
from mcugraph.records import dataclass

Results = tuple[tuple[DType, Shape | None], ...]


@dataclass(frozen=True, slots=True)
class Control(Rules):
    """Shared by all control flow.

    Attributes:
        bodies: Names of the subgraphs that may run.
        results: Type of each output, as the model declares them; shape None: not known.
    """

    subgraphs: tuple[str, ...]
    results: Results = ()

    @property
    def bodies(self) -> tuple[str, ...]:
        return self.subgraphs

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...] | None:
        known = [TensorType(dtype, shape) for dtype, shape in self.results if shape is not None]
        return tuple(known) if len(known) == len(self.results) else None

    def elementwise(self, s: Signature) -> Dim | None:
        return 0

    def role(self, index: int) -> Role:
        return Role.WEIGHT

    @abstractmethod
    def combine(self, costs: Sequence[Dim]) -> Dim:
        """The cost of the operator from the cost of one run of each body."""

    @property
    def assumption(self) -> str | None:
        """What ``combine`` takes for granted, as a sentence without its subject."""
        return None


@dataclass(frozen=True, slots=True)
class If(Control):
    """One of two branches; the costlier one counts."""

    @property
    def kind(self) -> str:
        return "if"

    def combine(self, costs: Sequence[Dim]) -> Dim:
        return max(costs, default=0)

    @property
    def assumption(self) -> str | None:
        return "takes its costlier branch"


@dataclass(frozen=True, slots=True)
class Loop(Control):
    """Bodies that run ``trips`` times; once where that is not known."""

    trips: int | None = None

    @property
    def kind(self) -> str:
        return "loop"

    def combine(self, costs: Sequence[Dim]) -> Dim:
        total: Dim = sum(costs)
        return total if self.trips is None else total * self.trips

    @property
    def assumption(self) -> str | None:
        return (
            "runs one iteration, since its trip count is not known" if self.trips is None else None
        )


@dataclass(frozen=True, slots=True)
class Call(Control):
    """A subgraph that runs once: TFLite's CALL_ONCE, or a composite."""

    function: str = "call"

    @property
    def kind(self) -> str:
        return self.function

    def combine(self, costs: Sequence[Dim]) -> Dim:
        return sum(costs)
