"""Normalisations by the mean and the spread of the data, in operators that TFLM has for 8 bits.

A converter has ways of its own for each of them, of more operators and coarser in 8 bits. Here the
one recipe (``mcugraph.rewrite.norm_recipe``) is followed, where channels are last.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mcugraph.export.blocks import block, square
from mcugraph.export.tools import arguments_of, called, stored, value_of
from mcugraph.rewrite.norm_recipe import BY_CHANNEL, CENTRED, NORMS, Together, in_groups, normalize

# What PyTorch calls them. A batch norm without statistics of its own takes those of the data.
_SPLIT = {name: name for name in NORMS} | {"batch_norm": "mean_variance_norm"}
_LITTLE = 1e-6
_LAST = (0, 2, 3, 1)  # the axes of images, channels last
_FIRST = (0, 3, 1, 2)


def split_norms(module: Any) -> None:
    """Rewrite a ``torch.fx.GraphModule`` that ``torch.export`` gave."""
    number = 0
    for node in list(module.graph.nodes):
        given = arguments_of(node) if called(node) in _SPLIT else {}
        kept = given.get("running_mean") is not None and not given.get("use_input_stats")
        constants = [given.get("weight"), given.get("bias")]
        if given and not kept and all(c is None or c.op == "get_attr" for c in constants):
            number += 1
            _split(module, node, number, given, constants)


def _split(
    module: Any, node: Any, number: int, given: dict[str, Any], constants: Sequence[Any]
) -> None:
    import torch

    source, function = given["input"], _SPLIT[called(node)]
    shape = _shape(source)
    rank, aten = len(shape), torch.ops.aten
    images, by_channel = rank == 4, function in BY_CHANNEL
    own = tuple(shape[axis] for axis in _LAST) if images else shape
    if function == "group_norm":
        together = in_groups(own, given["num_groups"], -1 if images else 1)
    else:
        axes = _axes(function, rank, len(given.get("normalized_shape", ())))
        together = Together(tuple(sorted(_LAST.index(a) if images else a for a in axes)))
    steps = _Nodes(module, node, number, together, own)
    values = [
        entry and steps.constant(part, _aligned(value_of(module, entry), rank, by_channel), entry)
        for part, entry in zip(("scale", "shift"), constants, strict=True)
    ]
    epsilon = given["eps"]
    if epsilon is None:
        epsilon = torch.finfo(source.meta["val"].dtype).eps
    data = steps.call(own, aten.permute.default, source, list(_LAST)) if images else source
    made = normalize(steps, data, function in CENTRED, float(epsilon), *values)
    if images:
        made = steps.call(shape, aten.permute.default, made, list(_FIRST))
    node.replace_all_uses_with(made)
    module.graph.erase_node(node)


def _axes(function: str, rank: int, normalized: int) -> tuple[int, ...]:
    """Over which axes of PyTorch's data a norm without groups goes."""
    if function == "instance_norm":
        return tuple(range(2, rank))
    if function == "mean_variance_norm":
        return (0, *range(2, rank))
    return tuple(range(rank - normalized, rank))


def plus_epsilon(data: Any, epsilon: float) -> Any:
    """The sum of data and a number: a block, or what is read after it would be reshaped."""
    import torch

    return block("ADD", torch.add, data, torch.tensor(epsilon))


class _Nodes:
    """Steps that are nodes of a traced program, before the one that they stand for."""

    def __init__(
        self, module: Any, node: Any, number: int, together: Together, own: Sequence[int]
    ) -> None:
        self._module, self._node, self._number = module, node, number
        self._together, self._own = together, own

    def call(self, shape: Sequence[int], target: Any, *args: Any) -> Any:
        """A call with a result of a shape, and the node's module path for the names in the file."""
        known = self._node.meta
        with self._module.graph.inserting_before(self._node):
            made = self._module.graph.call_function(target, args)
        made.meta = {k: v for k, v in known.items() if k in ("nn_module_stack", "stack_trace")}
        made.meta["val"] = known["val"].new_empty(shape, device="meta")
        return made

    def constant(self, part: str, value: Any, like: Any) -> Any:
        """A constant of the program.

        Of untrained norms all numbers are equal. A converter would take them for one, share them
        with other norms or leave them out, and what a network costs would depend on them: one is
        a little larger, in each norm by another amount.
        """
        if value.numel() > 1 and bool((value == value.flatten()[0]).all()):
            value = value.clone()
            value.view(-1)[0] += _LITTLE * self._number
        return stored(self._module, self._node, f"{self._node.name}_{part}", value, like)

    def add(self, function: str, *inputs: Any) -> Any:
        import torch

        if function == "mul" and inputs[0] is inputs[1]:
            return self.call(_shape(inputs[0]), square, inputs[0])
        shape = np.broadcast_shapes(*map(_shape, inputs))
        overload = "default" if function == "rsqrt" else "Tensor"
        target = getattr(getattr(torch.ops.aten, function), overload)
        return self.call(shape, target, *inputs)

    def mean(self, data: Any) -> Any:
        import torch

        axes = self._together.axes
        shape = [1 if axis in axes else dim for axis, dim in enumerate(_shape(data))]
        return self.call(shape, torch.ops.aten.mean.dim, data, list(axes), True)

    def above(self, data: Any, epsilon: float) -> Any:
        return self.call(_shape(data), plus_epsilon, data, epsilon)

    def reshape(self, data: Any, apart: bool) -> Any:
        import torch

        if self._together.parts is None:
            return data
        shape = self._together.parts if apart else self._own
        return self.call(shape, torch.ops.aten.reshape.default, data, list(shape))


def _shape(node: Any) -> tuple[int, ...]:
    return tuple(node.meta["val"].shape)


def _aligned(value: Any, rank: int, by_channel: bool) -> Any:
    """A scale or a shift, shaped to meet the data where its channels are last."""
    if rank != 4:
        return value.reshape(-1, *(1 for _ in range(rank - 2))) if by_channel else value
    if by_channel:
        return value
    whole = value.reshape(*(1 for _ in range(4 - value.dim())), *value.shape)
    return whole.permute(*_LAST).contiguous()
