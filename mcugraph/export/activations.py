"""Activations that a converter would take apart, in operators that TFLM has kernels for.

Left to itself the converter writes them with SELECT, SIGN, GELU and exponentials, which TFLM does
not have at all or not for 8 bits. The recipes (``mcugraph.rewrite.recipes``) are followed here on
tensors, so that the converter sees their operators alone.
"""

import copy
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mcugraph.export.blocks import block, square
from mcugraph.export.tools import called
from mcugraph.ops.base import FUSABLE_ACTIVATIONS
from mcugraph.ops.elementwise import clip
from mcugraph.rewrite.recipes import RECIPES


def in_kernels(module: Any) -> Any:
    """A copy of a ``torch.fx.GraphModule`` whose activations are such that TFLM runs them.

    Operators that the converter knows no way to, or would fuse twice, stand in it as blocks that
    it keeps whole (``mcugraph.export.blocks``).
    """
    own = copy.deepcopy(module)
    for node in list(own.graph.nodes):
        known = _KNOWN.get(called(node).removesuffix("_"))
        written = None if known is None else known(_settings(node))
        if written is not None:
            function, node.args = written
            lies_so = known is _log_softmax  # where its axis is last already
            node.target, node.kwargs = function if lies_so else _channels_last(function), {}
    own.recompile()
    return own


def _settings(node: Any) -> tuple[Any, ...]:
    """All arguments of a call, those that it leaves out too."""
    given = dict(node.kwargs)
    return tuple(
        node.args[i] if i < len(node.args) else given.get(entry.name, entry.default_value)
        for i, entry in enumerate(node.target._schema.arguments)
    )


def _channels_last(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of images of which the converter turns operators, but no blocks, on its own."""

    def turned(x: Any, *settings: Any) -> Any:
        if x.dim() != 4:
            return function(x, *settings)
        return function(x.permute(0, 2, 3, 1), *settings).permute(0, 3, 1, 2)

    return turned


class _Tensors:
    """Steps that are taken on tensors, or numbers, as they are added."""

    def __init__(self, data: Any) -> None:
        self._data = data

    def add(self, function: str, *inputs: Any, parameter: float = 1.0) -> Any:
        """One more operator; its result."""
        import torch

        functional = torch.nn.functional
        if function == "mul" and inputs[0] is inputs[1]:
            return square(*inputs[:1])
        if function in _ARITHMETIC:
            return _ARITHMETIC[function](*inputs)
        if function == "leaky_relu":
            (data,) = inputs
            return functional.leaky_relu(data, parameter)
        if function == "elu":
            return block("ELU", functional.elu, *inputs)
        if function == "relu" and inputs[0] is self._data:
            # Fused, its layer would be run twice, with and without it.
            return block("RELU", torch.relu, *inputs)
        return getattr(functional if function == "relu6" else torch, function)(*inputs)

    def number(self, value: float) -> Any:
        """A number as an operand."""
        return value


_ARITHMETIC: Mapping[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
}

# What stands for a call, and what it is called with; None: the converter knows it well.
_Replacement = tuple[Callable[..., Any], tuple[Any, ...]] | None


def _by_recipe(function: str, count: int | None = None) -> Callable[[Sequence[Any]], _Replacement]:
    """A call that follows a recipe, with so many of its arguments; None: with all of them."""
    recipe = RECIPES[function]

    def follow(x: Any, *settings: Any) -> Any:
        return recipe(_Tensors(x), x, *settings)

    return lambda given: (follow, tuple(given[: None if count is None else count + 1]))


def _bounds(low: int | None, high: int | None) -> Callable[[Sequence[Any]], _Replacement]:
    """A call that keeps values between bounds, by the places of these among its arguments."""

    def replace(given: Sequence[Any]) -> _Replacement:
        limits = [None if place is None else given[place] for place in (low, high)]
        if not all(limit is None or isinstance(limit, int | float) for limit in limits):
            return None  # a tensor
        if clip(*limits).function in FUSABLE_ACTIVATIONS:
            return None
        return _by_recipe("clip")((given[0], *limits))

    return replace


def _prelu(given: Sequence[Any]) -> _Replacement:
    import torch

    def plain(x: Any, slopes: Any) -> Any:
        return torch.where(x > 0, x, slopes * x)

    def whole(x: Any, slopes: Any) -> Any:
        # Channels of images are last by now; those of anything else are the second axis.
        axes = (1,) * (0 if x.dim() == 4 or slopes.numel() == 1 else x.dim() - 2)
        return block("PRELU", plain, x, slopes.reshape(-1, *axes))

    return whole, tuple(given[:2])


def _log_softmax(given: Sequence[Any]) -> _Replacement:
    """Along the last axis, as a device has it."""
    import torch

    def along_last(x: Any) -> Any:
        return torch.log_softmax(x, -1)

    def whole(x: Any) -> Any:
        return block("LOG_SOFTMAX", along_last, x)

    return whole, tuple(given[:1])


def _mean_slope(given: Sequence[Any]) -> _Replacement:
    import torch

    slope = (given[1] + given[2]) / 2  # of a ReLU with random slopes, at inference
    return torch.nn.functional.leaky_relu, (given[0], slope)


_KNOWN: Mapping[str, Callable[[Sequence[Any]], _Replacement]] = {
    "celu": _by_recipe("celu"),
    "clamp": _bounds(1, 2),
    "clamp_max": _bounds(None, 1),
    "clamp_min": _bounds(1, None),
    "clip": _bounds(1, 2),
    "elu": _by_recipe("elu"),
    "gelu": _by_recipe("gelu", 0),
    "hardshrink": _by_recipe("hard_shrink"),
    "hardsigmoid": _by_recipe("hard_sigmoid"),
    "hardtanh": _bounds(1, 2),
    "log_sigmoid": _by_recipe("log_sigmoid"),
    "log_softmax": _log_softmax,
    "mish": _by_recipe("mish"),
    "prelu": _prelu,
    "rrelu": _mean_slope,
    "selu": _by_recipe("selu"),
    "softplus": _by_recipe("softplus", 1),
    "softshrink": _by_recipe("soft_shrink"),
    "threshold": _by_recipe("thresholded_relu"),
}
