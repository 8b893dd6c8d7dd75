"""Activations and functions that TFLite or TFLM does not have, in operators that they do have.

Each recipe is written once, over steps that whoever follows it gives a meaning to: a rewrite of
graphs counts them (``mcugraph.rewrite.spelling``), the exporter of int8 files runs them
(``mcugraph.export.activations``). A file so has the operators that were counted.

All kernels used are those that TFLM has for 8 bits and that quantisers know: an ELU is a table,
and so is all that it can be scaled to; a softplus is ``relu(x) - log(sigmoid(abs(x)))``, which
overflows nowhere; bounds are those of a ReLU6 between a scaling and its inverse, which mostly go
into the layers around. What jumps is a ReLU6 so steep that it jumps from one integer to the next.
"""

from collections.abc import Callable, Mapping
from math import pi, sqrt
from typing import Protocol, TypeVar

# Of self-normalising networks (Klambauer et al., arXiv:1706.02515).
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805

# The slope of what jumps. The integers of any data that spans 0.02 or more lie further apart than
# the ramp is wide, and products with it fit into 32 bits up to a span of 700.
_STEEP = 65536.0

# "Gaussian Error Linear Units" (Hendrycks and Gimpel, arXiv:1606.08415), by a sigmoid of a cubic.
_GELU_SLOPE = 2.0 * sqrt(2.0 / pi)
_GELU_CUBIC = 0.044715
QUICK_GELU_SLOPE = 1.702

_Value = TypeVar("_Value")


class Steps(Protocol[_Value]):
    """Something that does one operator after another."""

    def add(self, function: str, *inputs: _Value, parameter: float = 1.0) -> _Value:
        """One more operator; its result."""

    def number(self, value: float) -> _Value:
        """A number as an operand."""


Recipe = Callable[..., _Value]


def scaled(steps: Steps[_Value], data: _Value, factor: float) -> _Value:
    """A multiplication by a number, which is none where that is 1."""
    return data if factor == 1.0 else steps.add("mul", data, steps.number(factor))


def shifted(steps: Steps[_Value], data: _Value, amount: float) -> _Value:
    """An addition of a number, which is none where that is 0."""
    return data if amount == 0.0 else steps.add("add", data, steps.number(amount))


def _elu(
    steps: Steps[_Value],
    data: _Value,
    alpha: float = 1.0,
    scale: float = 1.0,
    input_scale: float = 1.0,
) -> _Value:
    """Above 0 ``scale * x``, below ``scale * alpha * (exp(input_scale * x) - 1)``."""
    result = steps.add("elu", scaled(steps, data, input_scale))
    # An ELU keeps signs: what is below 0 is what a leaky ReLU scales.
    if alpha * input_scale != 1.0:
        result = steps.add("leaky_relu", result, parameter=alpha * input_scale)
    return scaled(steps, result, scale / input_scale)


def _celu(steps: Steps[_Value], data: _Value, alpha: float) -> _Value:
    return _elu(steps, data, alpha, 1.0, 1.0 / alpha)


def _selu(
    steps: Steps[_Value], data: _Value, alpha: float = SELU_ALPHA, scale: float = SELU_SCALE
) -> _Value:
    return _elu(steps, data, alpha, scale)


def _low(steps: Steps[_Value], data: _Value) -> _Value:
    """The logarithm of the sigmoid of what is never above 0 otherwise."""
    return steps.add("log", steps.add("sigmoid", steps.add("abs", data)))


def _softplus(steps: Steps[_Value], data: _Value, beta: float = 1.0) -> _Value:
    """Smooth beyond PyTorch's threshold too, where that is off by ``exp(-threshold) / beta``."""
    data = scaled(steps, data, beta)
    low = _low(steps, data)
    return scaled(steps, steps.add("sub", steps.add("relu", data), low), 1.0 / beta)


def _mish(steps: Steps[_Value], data: _Value) -> _Value:
    return steps.add("mul", data, steps.add("tanh", _softplus(steps, data)))


def _log_sigmoid(steps: Steps[_Value], data: _Value) -> _Value:
    low = _low(steps, data)
    return steps.add("sub", low, steps.add("relu", scaled(steps, data, -1.0)))


def _neg(steps: Steps[_Value], data: _Value) -> _Value:
    return scaled(steps, data, -1.0)


def _square(steps: Steps[_Value], data: _Value) -> _Value:
    return steps.add("mul", data, data)


def _clip(
    steps: Steps[_Value], data: _Value, low: float | None = None, high: float | None = None
) -> _Value:
    if low is None and high is None:
        return data
    if low is None:
        assert high is not None
        below = steps.add("relu", scaled(steps, shifted(steps, data, -high), -1.0))
        return steps.add("sub", steps.number(high), below)
    if high is None:
        return shifted(steps, steps.add("relu", shifted(steps, data, -low)), low)
    factor = 6.0 / (high - low)
    inner = steps.add("relu6", scaled(steps, shifted(steps, data, -low), factor))
    return shifted(steps, scaled(steps, inner, 1.0 / factor), low)


def _hard_sigmoid(
    steps: Steps[_Value], data: _Value, slope: float = 1.0 / 6.0, offset: float = 0.5
) -> _Value:
    inner = scaled(steps, shifted(steps, data, offset / slope), 6.0 * slope)
    return scaled(steps, steps.add("relu6", inner), 1.0 / 6.0)


def _jump(steps: Steps[_Value], data: _Value) -> _Value:
    """0 where the data is not above 0, else 6."""
    return steps.add("relu6", scaled(steps, data, _STEEP))


def _hard_shrink(steps: Steps[_Value], data: _Value, bound: float = 0.5) -> _Value:
    kept = _jump(steps, shifted(steps, steps.add("abs", data), -bound))
    return scaled(steps, steps.add("mul", data, kept), 1.0 / 6.0)


def _soft_shrink(steps: Steps[_Value], data: _Value, bound: float = 0.5) -> _Value:
    return steps.add("sub", data, _clip(steps, data, -bound, bound))


def _thresholded_relu(
    steps: Steps[_Value], data: _Value, threshold: float, value: float = 0.0
) -> _Value:
    if threshold == value:
        return _clip(steps, data, low=threshold)
    kept = _jump(steps, shifted(steps, data, -threshold))
    gated = steps.add("mul", shifted(steps, data, -value), kept)
    return shifted(steps, scaled(steps, gated, 1.0 / 6.0), value)


def _gelu(steps: Steps[_Value], data: _Value) -> _Value:
    squared = scaled(steps, _square(steps, data), _GELU_SLOPE * _GELU_CUBIC)
    slope = steps.add("mul", data, shifted(steps, squared, _GELU_SLOPE))
    return steps.add("mul", data, steps.add("sigmoid", slope))


def _bias_gelu(steps: Steps[_Value], data: _Value, bias: _Value) -> _Value:
    return _gelu(steps, steps.add("add", data, bias))


def _quick_gelu(steps: Steps[_Value], data: _Value, slope: float = QUICK_GELU_SLOPE) -> _Value:
    return steps.add("mul", data, steps.add("sigmoid", scaled(steps, data, slope)))


RECIPES: Mapping[str, Recipe[object]] = {
    "bias_gelu": _bias_gelu,
    "celu": _celu,
    "clip": _clip,
    "elu": _elu,
    "gelu": _gelu,
    "hard_shrink": _hard_shrink,
    "hard_sigmoid": _hard_sigmoid,
    "log_sigmoid": _log_sigmoid,
    "mish": _mish,
    "neg": _neg,
    "quick_gelu": _quick_gelu,
    "reciprocal": lambda steps, data: steps.add("div", steps.number(1.0), data),
    "relu_0_to_1": lambda steps, data: _clip(steps, data, 0.0, 1.0),
    "selu": _selu,
    "soft_shrink": _soft_shrink,
    "softplus": _softplus,
    "square": _square,
    "thresholded_relu": _thresholded_relu,
}
