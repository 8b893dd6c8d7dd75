"""How far the results of a module are moved when its tensors are rounded to a few bits.

That is what an int8 file of it may differ by, whatever the network: some bear rounding well, and
some do not.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from mcugraph.export.calibration import Joined
from mcugraph.export.schemes import Scheme
from mcugraph.export.tools import arguments_of, called, value_of, weight_axis

# Results whose scale is the kernel's, whatever values they take.
_RANGES = {
    **dict.fromkeys(("sigmoid", "softmax", "_softmax"), (0.0, 1.0)),
    "tanh": (-1.0, 1.0),
    "log_softmax": (-16.0, 0.0),
}
# What is one operator to PyTorch, and many in the file: each of those rounds, step after step.
_INSIDE = {
    f"{kind}{cell}" for kind in ("lstm", "gru", "rnn_tanh", "rnn_relu") for cell in ("", "_cell")
}


def rounding_errors(
    module: Any,
    samples: Sequence[tuple[Any, ...]],
    calibration: Sequence[tuple[Any, ...]],
    scheme: Scheme,
    join: Joined,
) -> list[float]:
    """The root mean square by which rounding moves each result of a module.

    Activations get one range each, of the calibration samples, and are clipped to it, inside of
    recurrent layers too; weights get one range for each channel, or for all of a layer.

    Args:
        module: A ``torch.fx.GraphModule`` that returns a tuple of tensors.
        samples: Its inputs, for which results are compared.
        calibration: Its inputs, on which ranges are measured.
        scheme: What is rounded, and how.
        join: Makes one range of those of samples.
    """
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    class Inside(TorchDispatchMode):  # type: ignore[no-untyped-call]
        """Does to what is computed inside of an operator what is done to results."""

        def __init__(self, node: Any, act: Callable[..., Any]) -> None:
            super().__init__()  # type: ignore[no-untyped-call]
            self.node, self.act, self.number = node, act, 0

        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            value = func(*args, **(kwargs or {}))
            (alias, *_) = [made.alias_info for made in func._schema.returns]
            floats = isinstance(value, torch.Tensor) and value.is_floating_point()
            if not floats or (alias is not None and not alias.is_write):
                return value  # a view of what was seen already
            self.number += 1
            name = func.overloadpacket.__name__.removesuffix("_")
            made = self.act((self.node, self.number), name, value)
            return made if alias is None else value.copy_(made)

    class Watching(torch.fx.Interpreter):
        """Runs the module, and measures or rounds each result on its way."""

        def __init__(self, weights: Callable[..., Any], act: Callable[..., Any]) -> None:
            super().__init__(module)
            self.weights, self.act = weights, act

        def run_node(self, n: Any) -> Any:
            if called(n) in _INSIDE:
                with _without_fused_kernels(), Inside(n, self.act):
                    return super().run_node(n)
            value = super().run_node(n)
            if not isinstance(value, torch.Tensor) or not value.is_floating_point():
                return value
            return self.weights(n, value) if n.op == "get_attr" else self.act(n, called(n), value)

    ranges: dict[Any, tuple[float, float]] = {}
    with torch.no_grad():
        for sample in calibration if scheme.integers else ():
            Watching(_as_it_is, partial(_measured, join, ranges)).run(*sample)
        plain = [module(*sample) for sample in samples]
        weights = partial(_weights, module, scheme)
        rounded = partial(_rounded, ranges) if scheme.integers else _as_it_is
        moved = [Watching(weights, rounded).run(*sample) for sample in samples]
    return [
        float(
            torch.stack([a[i].double() - b[i].double() for a, b in zip(plain, moved, strict=True)])
            .square()
            .mean()
            .sqrt()
        )
        for i in range(len(plain[0]))
    ]


@contextmanager
def _without_fused_kernels() -> Iterator[None]:
    """Recurrent layers by the operators that they are made of."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of hardware that is not there
        with torch.backends.mkldnn.flags(enabled=False):
            yield


def _as_it_is(*given: Any) -> Any:
    return given[-1]


def _measured(
    join: Joined, ranges: dict[Any, tuple[float, float]], place: Any, name: str, value: Any
) -> Any:
    if value.numel():
        ranges[place] = join(ranges.get(place), (float(value.min()), float(value.max())))
    return value


def _rounded(ranges: Mapping[Any, tuple[float, float]], place: Any, name: str, value: Any) -> Any:
    low, high = _RANGES.get(name, ranges.get(place, (0.0, 0.0)))
    low, high = min(low, 0.0), max(high, 0.0)
    step = max(high - low, 1e-30) / 255
    return (value.clamp(low, high) / step).round() * step


def _weights(module: Any, scheme: Scheme, node: Any, value: Any) -> Any:
    """The weights of a layer, rounded as its file has them; anything else as it is."""
    for user in node.users:
        axis = _axis_of(user, node, value)
        if axis is not None:
            others = [i for i in range(value.dim()) if i != axis]
            step = value.abs().amax(others, keepdim=True)
            layer = scheme.of_layer(user, value)
            if not layer.per_channel:
                factor = folded(module, user, step)
                step = (step * factor).max() / factor
            step = (step / layer.largest).clamp_min(1e-30)
            return (value / step).round() * step
    return value


def _axis_of(user: Any, node: Any, value: Any) -> int | None:
    """The axis of a layer's outputs in what it reads, where that is its weights; else None."""
    if called(user) in _INSIDE:
        return 0 if value.dim() == 2 else None
    return weight_axis(user) if len(user.args) > 1 and user.args[1] is node else None


def folded(module: Any, layer: Any, like: Any) -> Any:
    """What the file multiplies each channel of a layer's weights by: a batch norm's, or 1."""
    import torch

    readers = list(layer.users)
    if len(readers) != 1 or called(readers[0]) != "batch_norm":
        return torch.ones_like(like)
    given = arguments_of(readers[0])
    variance = value_of(module, given["running_var"])
    gamma = 1.0 if given["weight"] is None else value_of(module, given["weight"]).abs()
    factor: Any = gamma * (variance + given["eps"]).rsqrt()
    return factor.reshape(like.shape).clamp_min(1e-30)
