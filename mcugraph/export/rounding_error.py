"""How far the results of a module are moved when its tensors are rounded to a few bits.

That is what an int8 file of it may differ by, whatever the network: some bear rounding well, and
some do not.
"""

from collections.abc import Callable, Sequence
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


def rounding_errors(
    module: Any,
    samples: Sequence[tuple[Any, ...]],
    calibration: Sequence[tuple[Any, ...]],
    scheme: Scheme,
    join: Joined,
) -> list[float]:
    """The root mean square by which rounding moves each result of a module.

    Activations get one range each, of the calibration samples, and are clipped to it; weights get
    one range for each channel, or for all of a layer.

    Args:
        module: A ``torch.fx.GraphModule`` that returns a tuple of tensors.
        samples: Its inputs, for which results are compared.
        calibration: Its inputs, on which ranges are measured.
        scheme: What is rounded, and how.
        join: Makes one range of those of samples.
    """
    import torch

    class Watching(torch.fx.Interpreter):
        """Runs the module, and measures or rounds each result on its way."""

        def __init__(self, ranges: dict[Any, tuple[float, float]], act: Callable[..., Any]) -> None:
            super().__init__(module)
            self.ranges, self.act = ranges, act

        def run_node(self, n: Any) -> Any:
            value = super().run_node(n)
            floats = isinstance(value, torch.Tensor) and value.is_floating_point()
            return self.act(n, value, self.ranges) if floats else value

    ranges: dict[Any, tuple[float, float]] = {}
    with torch.no_grad():
        for sample in calibration if scheme.integers else ():
            Watching(ranges, partial(_measured, join)).run(*sample)
        plain = [module(*sample) for sample in samples]
        rounded = partial(_rounded, module, scheme)
        moved = [Watching(ranges, rounded).run(*sample) for sample in samples]
    return [
        float(
            torch.stack([a[i].double() - b[i].double() for a, b in zip(plain, moved, strict=True)])
            .square()
            .mean()
            .sqrt()
        )
        for i in range(len(plain[0]))
    ]


def _measured(join: Joined, node: Any, value: Any, ranges: dict[Any, tuple[float, float]]) -> Any:
    if node.op != "get_attr" and value.numel():
        found = float(value.min()), float(value.max())
        ranges[node] = join(ranges.get(node), found)
    return value


def _rounded(
    module: Any, scheme: Scheme, node: Any, value: Any, ranges: dict[Any, tuple[float, float]]
) -> Any:
    if node.op == "get_attr":
        return _weights(module, scheme, node, value)
    if not scheme.integers:
        return value
    low, high = _RANGES.get(called(node), ranges.get(node, (0.0, 0.0)))
    low, high = min(low, 0.0), max(high, 0.0)
    step = max(high - low, 1e-30) / 255
    return (value.clamp(low, high) / step).round() * step


def _weights(module: Any, scheme: Scheme, node: Any, value: Any) -> Any:
    """The weights of a layer, rounded as its file has them; anything else as it is."""
    for user in node.users:
        axis = weight_axis(user)
        if axis is not None and len(user.args) > 1 and user.args[1] is node:
            others = [i for i in range(value.dim()) if i != axis]
            step = value.abs().amax(others, keepdim=True)
            layer = scheme.of_layer(user, value)
            if not layer.per_channel:
                factor = folded(module, user, step)
                step = (step * factor).max() / factor
            step = (step / layer.largest).clamp_min(1e-30)
            return (value / step).round() * step
    return value


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
