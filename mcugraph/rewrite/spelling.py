"""Activations and functions that TFLite or TFLM does not have, as operators that they do have.

These are what our export to int8 files writes (``mcugraph.export.activations``): an ELU is a table
in TFLM, and so is all that it can be scaled to; a softplus is ``relu(x) - log(sigmoid(abs(x)))``,
which overflows nowhere.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from mcugraph.ir import Operator
from mcugraph.ops.elementwise import Elementwise
from mcugraph.records import replace
from mcugraph.rewrite.edit import Edit

# Of self-normalising networks (Klambauer et al., arXiv:1706.02515).
SELU_SCALE = 1.0507009873554805


def split_activations(edit: Edit) -> None:
    """ELU, CELU, SELU, softplus, Mish, negation and squares as what TFLite runs of them."""
    for operator, op in edit.of(Elementwise):
        written = _WRITTEN.get(op.function)
        data = operator.inputs[0] if operator.inputs else None
        if written is None or data is None or not edit.tensors[data].dtype.is_float:
            continue
        steps = _Spelled(edit, operator)
        written(steps, data)
        steps.finish()


class _Spelled:
    """The operators that do the work of one, as they are written down.

    Attributes:
        parameter: Of the operator.
    """

    def __init__(self, edit: Edit, operator: Operator) -> None:
        assert isinstance(operator.op, Elementwise)
        self._edit, self._operator = edit, operator
        self._parts: list[Operator] = []
        self.parameter = operator.op.parameter

    def add(self, function: str, *inputs: str) -> str:
        """One more operator; its result."""
        self._parts.append(self._edit.step(self._operator, function, Elementwise(function), inputs))
        return self._parts[-1].outputs[0]

    def scale(self, data: str, factor: float) -> str:
        """A multiplication by a number, which is none where that is 1; its result."""
        return data if factor == 1.0 else self.add("mul", data, self._number(factor))

    def squared(self) -> bool:
        """Whether the second operand is 2 and nothing else."""
        *_, name = self._operator.inputs
        tensor = self._edit.tensors[name or ""]
        if tensor.constant is None or tensor.elements != 1:
            return False
        return float(tensor.constant.array().reshape(())) == 2.0

    def finish(self) -> None:
        """Put the operators where the one was; the last has its name and its result."""
        if self._parts:
            *before, last = self._parts
            own = replace(self._operator, op=last.op, inputs=last.inputs)
            self._edit.expand(self._operator, [*before, own])

    def _number(self, value: float) -> str:
        dtype = self._edit.tensors[self._operator.outputs[0]].dtype
        load = partial(np.array, value, dtype.numpy)
        name = f"{self._operator.name}/number"
        return self._edit.store(name, dtype, (), ("number", value, dtype), load)


def _elu(steps: _Spelled, data: str) -> None:
    # An ELU keeps signs: what is below 0 is what a leaky ReLU scales.
    result = steps.add("elu", data)
    if steps.parameter != 1.0:
        steps.add("leaky_relu", result)


def _celu(steps: _Spelled, data: str) -> None:
    result = steps.add("elu", steps.scale(data, 1 / steps.parameter))
    steps.scale(result, steps.parameter)


def _selu(steps: _Spelled, data: str) -> None:
    steps.scale(steps.add("leaky_relu", steps.add("elu", data)), SELU_SCALE)


def _softplus(steps: _Spelled, data: str) -> None:
    scaled = steps.scale(data, steps.parameter)
    steps.scale(_plain_softplus(steps, scaled), 1 / steps.parameter)


def _plain_softplus(steps: _Spelled, data: str) -> str:
    low = steps.add("log", steps.add("sigmoid", steps.add("abs", data)))
    return steps.add("sub", steps.add("relu", data), low)


def _mish(steps: _Spelled, data: str) -> None:
    steps.add("mul", data, steps.add("tanh", _plain_softplus(steps, data)))


def _neg(steps: _Spelled, data: str) -> None:
    steps.scale(data, -1.0)


def _square(steps: _Spelled, data: str) -> None:
    steps.add("mul", data, data)


def _pow(steps: _Spelled, data: str) -> None:
    if steps.squared():
        _square(steps, data)


_WRITTEN: dict[str, Callable[[_Spelled, str], None]] = {
    "celu": _celu,
    "elu": _elu,
    "mish": _mish,
    "neg": _neg,
    "pow": _pow,
    "selu": _selu,
    "softplus": _softplus,
    "square": _square,
}
