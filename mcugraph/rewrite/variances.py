"""Variances and standard deviations of data as what TFLM runs of them."""

from collections.abc import Sequence
from math import prod

from mcugraph.ir import Op, Operator, Shape
from mcugraph.ops.base import broadcast
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.reduction import Reduce
from mcugraph.records import replace
from mcugraph.rewrite.edit import Edit
from mcugraph.rewrite.norm_recipe import corrected, variance


def split_variances(edit: Edit) -> None:
    """Variances as MEAN, SUB, MUL and MEAN, by their recipe; a deviation is the root of one."""
    for operator, op in edit.of(Reduce):
        data = operator.inputs[0]
        shape = None if data is None else edit.tensors[data].shape
        if op.function not in ("std", "var") or data is None or not shape:
            continue
        if not edit.tensors[data].dtype.is_float:
            continue
        axes = tuple(axis % len(shape) for axis in op.axes or range(len(shape)))
        factor = corrected(prod(shape[axis] for axis in axes), op.correction)
        steps = _WrittenVariance(edit, operator, axes, op.keepdims)
        made = variance(steps, data, factor)
        if op.function == "std":
            steps.add("sqrt", made)
        steps.finish()


class _WrittenVariance:
    """The operators that do the work of one, as they are written down."""

    def __init__(self, edit: Edit, operator: Operator, axes: Sequence[int], keeps: bool) -> None:
        self._edit, self._operator = edit, operator
        self._axes, self._keeps = tuple(axes), keeps
        self._parts: list[Operator] = []

    def add(self, function: str, *inputs: str) -> str:
        shape = broadcast([self._edit.tensors[name].shape or () for name in inputs])
        return self._step(function, Elementwise(function), inputs, shape)

    def mean(self, data: str, inside: bool) -> str:
        keeps, shape = inside or self._keeps, self._edit.tensors[data].shape or ()
        kept = [
            1 if axis in self._axes else dim
            for axis, dim in enumerate(shape)
            if keeps or axis not in self._axes
        ]
        return self._step("mean", Reduce("mean", self._axes, keeps), (data,), tuple(kept))

    def number(self, value: float) -> str:
        dtype = self._edit.tensors[self._operator.outputs[0]].dtype
        return self._edit.number(f"{self._operator.name}/number", value, dtype)

    def finish(self) -> None:
        """Put the operators where the one was; the last has its name and its result."""
        *before, last = self._parts
        own = replace(self._operator, op=last.op, inputs=last.inputs)
        self._edit.expand(self._operator, [*before, own])

    def _step(self, name: str, op: Op, inputs: Sequence[str], shape: Shape) -> str:
        self._parts.append(self._edit.step(self._operator, name, op, inputs, shape))
        return self._parts[-1].outputs[0]
