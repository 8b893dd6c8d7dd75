"""Variables: state that lives between inferences, behind a handle."""

from collections.abc import Sequence

from mcugraph.ir import Dim, Role, Signature, TensorType
from mcugraph.ops.base import Rules, count
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class Variable(Rules):
    """A handle of a variable made, or the variable read or assigned.

    Attributes:
        function: ``"var_handle"``, ``"read_variable"`` or ``"assign_variable"``.
        variable: Name of the state tensor; None where the handle comes from elsewhere.
        result: Type of the output, if there is one.
    """

    function: str
    variable: str | None
    result: TensorType | None = None

    @property
    def kind(self) -> str:
        return self.function

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        return () if self.result is None else (self.result,)

    def elementwise(self, s: Signature) -> Dim | None:
        if self.function == "assign_variable":
            value = s.inputs[1]
            return None if value is None else count(value)
        return 0 if self.function == "var_handle" else count(s.outputs[0])

    def role(self, index: int) -> Role:
        return Role.WEIGHT
