"""Variances and standard deviations, in operators that TFLM has for 8 bits, by their recipe."""

from math import prod
from typing import Any

from mcugraph.export.blocks import square
from mcugraph.export.tools import arguments_of, called, computed
from mcugraph.rewrite.norm_recipe import corrected, variance


def split_variances(module: Any) -> None:
    """Rewrite a ``torch.fx.GraphModule`` that reduces images with their channels last."""
    for node in list(module.graph.nodes):
        if called(node) not in ("std", "var"):
            continue
        given = arguments_of(node)
        data = next(iter(given.values()))
        shape = tuple(data.meta["val"].shape)
        axes = given.get("dim")
        axes = [axes] if isinstance(axes, int) else axes or range(len(shape))
        axes = sorted(axis % len(shape) for axis in axes)
        correction = given.get("unbiased", given.get("correction"))
        correction = 1.0 if correction is None else float(correction)
        steps = _VarianceNodes(module, node, axes, bool(given.get("keepdim")))
        made = variance(steps, data, corrected(prod(shape[a] for a in axes), correction))
        if called(node) == "std":
            made = steps.add("sqrt", made)
        node.replace_all_uses_with(made)
        module.graph.erase_node(node)


class _VarianceNodes:
    """Steps that are nodes of a traced program, before the one that they stand for."""

    def __init__(self, module: Any, node: Any, axes: list[int], keeps: bool) -> None:
        self._module, self._node, self._axes, self._keeps = module, node, axes, keeps

    def add(self, function: str, *inputs: Any) -> Any:
        import torch

        if function == "mul" and inputs[0] is inputs[1]:
            return self._call(square, inputs[0], made=inputs[0].meta["val"])
        target = getattr(torch.ops.aten, function)
        return self._call(target.default if len(inputs) == 1 else target.Tensor, *inputs)

    def mean(self, data: Any, inside: bool) -> Any:
        import torch

        return self._call(torch.ops.aten.mean.dim, data, self._axes, inside or self._keeps)

    def number(self, value: float) -> float:
        return value

    def _call(self, target: Any, *args: Any, made: Any = None) -> Any:
        with self._module.graph.inserting_before(self._node):
            return computed(self._module.graph, target, *args, like=self._node, made=made)
