"""Functions that TFLite or TFLM does not have as operators that they do have, by the recipes."""

from mcugraph.ir import Operator
from mcugraph.ops.elementwise import Elementwise
from mcugraph.records import replace
from mcugraph.rewrite.cleaning import clip_bounds
from mcugraph.rewrite.edit import Edit
from mcugraph.rewrite.recipes import RECIPES

_SPELLED = frozenset({*RECIPES, "clip", "pow"})


def split_activations(edit: Edit) -> None:
    """ELU, GELU, softplus, shrinks, bounds, squares and the like as what TFLM runs of them."""
    for operator, op in edit.computing(_SPELLED):
        operands = [name for name in operator.inputs if name is not None]
        if not operands or not edit.tensors[operands[0]].dtype.is_float:
            continue
        function = op.function
        parameters: tuple[float | None, ...] = op.parameters
        if function == "pow" and _squares(edit, operator):
            function, parameters, operands = "square", (), operands[:1]
        elif function == "clip":
            found = {name: value for name, (_, value) in clip_bounds(operator).items()}
            if None in found.values():
                continue  # a bound is computed
            parameters = (found.get("maximum"), found.get("minimum"))
            operands = operands[:1]
        recipe = RECIPES.get(function)
        if recipe is not None:
            steps = _Written(edit, operator)
            recipe(steps, *operands, *parameters)
            steps.finish()


class _Written:
    """The operators that do the work of one, as they are written down."""

    def __init__(self, edit: Edit, operator: Operator) -> None:
        self._edit, self._operator = edit, operator
        self._parts: list[Operator] = []

    def add(self, function: str, *inputs: str, parameter: float = 1.0) -> str:
        """One more operator; its result."""
        parameters = () if parameter == 1.0 else (parameter,)
        op = Elementwise(function, parameters=parameters)
        self._parts.append(self._edit.step(self._operator, function, op, inputs))
        return self._parts[-1].outputs[0]

    def number(self, value: float) -> str:
        dtype = self._edit.tensors[self._operator.outputs[0]].dtype
        return self._edit.number(f"{self._operator.name}/number", value, dtype)

    def finish(self) -> None:
        """Put the operators where the one was; the last has its name and its result."""
        if self._parts:
            *before, last = self._parts
            own = replace(self._operator, op=last.op, inputs=last.inputs)
            self._edit.expand(self._operator, [*before, own])


def _squares(edit: Edit, operator: Operator) -> bool:
    """Whether the second operand is 2 and nothing else."""
    *_, name = operator.inputs
    tensor = edit.tensors[name or ""]
    if tensor.constant is None or tensor.elements != 1:
        return False
    return float(tensor.constant.array().reshape(())) == 2.0
