"""Masks on the channels of a model while it trains.

While a module runs, its masked parameters are replaced by their products with the masks; before
and after it holds the parameters themselves. Optimizers, checkpoints and weight decay see nothing
of the masks, and gradients pass through them.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from typing import Any

import numpy as np
import torch

from mcugraph.errors import UsageError
from mcugraph.ir import Array, Graph
from mcugraph.prune.numbered_classes import Classes
from mcugraph.prune.placement import Factor, place
from mcugraph.records import replace
from mcugraph.slimming.cutting import Cuts, holders_of, shapes_of


class Masks:
    """One mask entry for each class of channels.

    Args:
        model: It is masked from ``attach`` to ``detach``.
        classes: Of its space.
        cuts: What stays of tensors in the model whose space that is; the rest is masked always.
            None: that is the model itself.

    Raises:
        GraphError: There are channels that cannot be masked.
    """

    def __init__(self, model: torch.nn.Module, classes: Classes, cuts: Cuts | None = None) -> None:
        self.model, self.count = model, classes.count
        self.hard = np.ones(self.count, np.bool_)
        self._values = torch.ones(self.count + 2)  # of classes, of what stays, of what is gone
        self._handles: list[Any] = []
        holders = holders_of(model)
        shapes, cuts = shapes_of(model), cuts or Cuts()
        swaps: dict[str, list[_Masked]] = defaultdict(list)
        of_parameter: dict[str, list[Factor]] = defaultdict(list)
        for factor in place(classes, cuts.shapes(shapes)):
            name = factor.parameter
            spread = cuts.spread(name, factor.classes, shapes[name], classes.count)
            of_parameter[name].append(replace(factor, classes=spread))
        gone = {
            name: np.where(stays, classes.count, classes.count + 1)
            for name, stays in cuts.staying(shapes).items()
            if isinstance(holders[name][0], torch.nn.Parameter)
        }
        users = _users(classes.space.graph)
        for name, numbers in gone.items():
            of_parameter[name].append(Factor(name, users[name], numbers))
        for name, factors in of_parameter.items():
            path = _called(model, _common(name, factors))
            for owner, attribute in holders[name][1]:
                found = _Masked(owner, attribute, [factor.classes for factor in factors])
                swaps[path].append(found)
        self._swaps = [_Swap(model.get_submodule(path), masked) for path, masked in swaps.items()]
        self.set(self.hard)

    def set(self, hard: Array) -> None:
        """Keep the classes that are marked, shape (classes,)."""
        self.hard = np.asarray(hard, np.bool_)
        kept = np.append(self.hard, [True, False])
        values = torch.from_numpy(kept.astype(np.float32))
        self._fill(values.to(next(self.model.parameters()).device), kept)

    @contextmanager
    def differentiable(self, everything: bool = False) -> Iterator[torch.Tensor]:
        """Meanwhile the model is a function of the masks.

        Args:
            everything: Meanwhile, no class is masked.

        Yields:
            The masks, shape (classes + 1,), as a leaf of autograd.
        """
        start = torch.ones_like(self._values) if everything else self._values
        leaf = start[:-1].detach().clone().requires_grad_()
        with torch.enable_grad():
            self._fill(torch.cat((leaf, leaf.new_zeros(1))))
        try:
            yield leaf
        finally:
            self.set(self.hard)

    def attach(self) -> None:
        """Mask the model from now on.

        Raises:
            UsageError: Other masks are on it.
        """
        if not self._handles:
            check_unmasked(self.model)
            self._handles = [handle for swap in self._swaps for handle in swap.attach()]

    def detach(self) -> None:
        """Leave the model as it was before."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    @property
    def attached(self) -> bool:
        """Whether the model is masked."""
        return bool(self._handles)

    def _fill(self, values: torch.Tensor, kept: Array | None = None) -> None:
        """Mask with these values, shape (classes + 2,).

        Args:
            values: Ones and zeros, or a leaf of autograd.
            kept: The same as bools; None: each value counts, as a variable.
        """
        self._values = values
        for swap in self._swaps:
            for masked in swap.masked:
                masked.fill(values, kept)


class _Masked:
    """A parameter where one module holds it, and the factors that it is masked with."""

    def __init__(self, owner: torch.nn.Module, attribute: str, classes: list[Array]) -> None:
        stores = (owner._parameters, owner._buffers, vars(owner))
        self.store: dict[str, Any] = next(store for store in stores if attribute in store)
        self.owner, self.attribute, self.classes = owner, attribute, classes
        self.indices = [torch.from_numpy(np.ascontiguousarray(numbers)) for numbers in classes]
        self.factors: list[torch.Tensor] = []
        self.held: list[Any] = []
        self.product: torch.Tensor | None = None

    def fill(self, values: torch.Tensor, kept: Array | None) -> None:
        like = self.store[self.attribute]
        placed = values.to(like.device, like.dtype)
        self.indices = [index.to(like.device) for index in self.indices]
        # Each run of the model takes the time of these products: none is made for nothing. But a
        # CUDA graph of a run has to have the product before a mask takes a channel.
        factors = [
            placed[index]
            for numbers, index in zip(self.classes, self.indices, strict=True)
            if kept is None or like.is_cuda or not kept[numbers].all()
        ]
        if kept is None or not factors:
            self.factors = factors
        else:
            self.factors = [self._kept(reduce(torch.mul, factors))]

    def _kept(self, product: torch.Tensor) -> torch.Tensor:
        """The product where the last one lay, which is where a CUDA graph reads it."""
        last = self.product
        # Its shape is that of the axes along which something is masked.
        if last is not None and _kind(last) == _kind(product):
            last.data.copy_(product)
            return last
        self.product = product
        return product

    def enter(self) -> None:
        value = self.store[self.attribute]
        self.held.append(value)
        for factor in self.factors:
            value = value * (factor if factor.device == value.device else factor.to(value.device))
        self._hold(value)

    def leave(self) -> None:
        self._hold(self.held.pop())

    def _hold(self, value: Any) -> None:
        self.store[self.attribute] = value
        if isinstance(self.owner, torch.nn.RNNBase):  # it reads its parameters from a list
            place = self.owner._flat_weights_names.index(self.attribute)
            self.owner._flat_weights[place] = value


def _kind(product: torch.Tensor) -> tuple[Any, ...]:
    return product.device, product.dtype, product.shape


class _Swap:
    """What happens before and after a module runs."""

    def __init__(self, module: torch.nn.Module, masked: list[_Masked]) -> None:
        self.module, self.masked = module, masked

    def attach(self) -> list[Any]:
        # Bound methods: a deep copy of the model is masked through copies of this.
        return [
            self.module.register_forward_pre_hook(self.enter),
            self.module.register_forward_hook(self.leave, always_call=True),
        ]

    def enter(self, module: torch.nn.Module, inputs: Any) -> None:
        for masked in self.masked:
            masked.enter()

    def leave(self, module: torch.nn.Module, inputs: Any, outputs: Any) -> None:
        for masked in self.masked:
            if masked.held:  # it is not, where another hook failed before ours
                masked.leave()


def _users(graph: Graph) -> dict[str, tuple[str, ...]]:
    """Of each tensor that the model holds, the operators that read it."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for operator in graph.operators:
        for name in operator.inputs:
            constant = None if name is None else graph.tensors[name].constant
            if constant is not None and isinstance(constant.key, str):
                found[constant.key][operator.name] = None
    return {name: tuple(operators) for name, operators in found.items()}


def check_unmasked(model: Any) -> None:
    """A model without masks.

    Raises:
        UsageError: Masks of a pruner are on it.
    """
    if any(map(_is_masked, model.modules())):
        raise UsageError(
            "the model has a pruner already: call its remove(), or slim the model first"
        )


def _is_masked(module: torch.nn.Module) -> bool:
    hooks = module._forward_pre_hooks.values()
    return any(isinstance(getattr(hook, "__self__", None), _Swap) for hook in hooks)


def _called(model: torch.nn.Module, path: str) -> str:
    """The module that runs a module's code: PyTorch's attention reads its last layer's weights."""
    outer = path.rpartition(".")[0]
    attention = isinstance(model.get_submodule(outer), torch.nn.MultiheadAttention)
    return outer if path and attention else path


def _common(name: str, factors: list[Factor]) -> str:
    """The module inside of which a parameter is used: its owner, or one around it."""
    path = name.split(".")[:-1]
    for factor in factors:
        for operator in factor.operators:
            parts = operator.split(".")
            same = [a == b for a, b in zip(path, parts, strict=False)]
            path = path[: same.index(False) if False in same else len(same)]
    return ".".join(path)
