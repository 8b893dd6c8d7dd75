"""Operators that work element by element, with numpy's broadcasting."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from mcugraph.ir import Array, Dim, DType, Quantization, Role, Signature, TensorType
from mcugraph.late_numpy import np
from mcugraph.ops.base import Fusable, Rules, broadcast, count
from mcugraph.ops.labels import Channels, meet, through, varies, vector
from mcugraph.records import dataclass


def _divide(a: Array, b: Array) -> Any:
    """Division as ONNX and TFLite define it: towards zero for integers."""
    if np.issubdtype(a.dtype, np.integer):
        return np.where(b == 0, 0, np.trunc(a / np.where(b == 0, 1, b))).astype(a.dtype)
    return np.divide(a, b)


@cache
def _values() -> dict[str, Callable[..., Any]]:
    """What to compute; of other functions the name alone is known."""
    return {
        "abs": np.abs,
        "add": np.add,
        "and": np.logical_and,
        "ceil": np.ceil,
        "div": _divide,
        "equal": np.equal,
        "exp": np.exp,
        "floor": np.floor,
        "floor_div": np.floor_divide,
        "floor_mod": np.mod,
        "greater": np.greater,
        "greater_equal": np.greater_equal,
        "identity": lambda a: a,
        "less": np.less,
        "less_equal": np.less_equal,
        "log": np.log,
        "maximum": np.maximum,
        "minimum": np.minimum,
        "mod": np.mod,
        "mul": np.multiply,
        "neg": np.negative,
        "not": np.logical_not,
        "not_equal": np.not_equal,
        "or": np.logical_or,
        "pow": np.power,
        "relu": lambda a: np.maximum(a, np.zeros((), a.dtype)),
        "round": np.round,
        "rsqrt": lambda a: 1 / np.sqrt(a),
        "select": np.where,
        "sign": np.sign,
        "sqrt": np.sqrt,
        "square": np.square,
        "squared_difference": lambda a, b: np.square(a - b),
        "sub": np.subtract,
        "xor": np.logical_xor,
    }


# Arithmetic whose kernels can end in an activation.
FUSING = frozenset({"add", "sub", "mul", "div"})

# What follows a layer to make it non-linear.
ACTIVATIONS = frozenset(
    {"relu", "relu6", "relu_n1_to_1", "relu_0_to_1", "leaky_relu", "prelu", "elu", "selu", "celu"}
    | {"sigmoid", "hard_sigmoid", "tanh", "silu", "hard_swish", "gelu", "quick_gelu", "mish"}
    | {"softplus", "softsign", "clip", "thresholded_relu"}
)

# What changes nothing at inference; a deployment drops it.
IDENTITIES = frozenset({"identity", "dropout"})

# Of whatever operand; a ReLU of it changes nothing.
NEVER_NEGATIVE = frozenset(
    {"abs", "exp", "hard_sigmoid", "relu", "relu6", "relu_0_to_1", "sigmoid", "softplus", "square"}
)

# Functions of one operand that are 0 at 0.
_ZERO_AT_ZERO = frozenset(
    {"abs", "ceil", "floor", "neg", "round", "sign", "sqrt", "square", "trunc", "frac"}
    | {"asin", "asinh", "atan", "atanh", "erf", "expm1", "log1p", "sin", "sinh", "tan", "tanh"}
    | {"relu", "relu6", "relu_n1_to_1", "relu_0_to_1", "leaky_relu", "prelu", "elu", "selu"}
    | {"celu", "silu", "hard_swish", "gelu", "quick_gelu", "mish", "softsign", "identity"}
    | {"dropout", "hard_shrink", "soft_shrink", "tanh_shrink"}
)

_COMPARISONS = frozenset(
    {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"}
    | {"and", "or", "not", "xor", "isnan", "isinf"}
)


@dataclass(frozen=True, slots=True)
class Elementwise(Fusable):
    """Any function of one or more broadcast operands.

    Attributes:
        function: Its name, like ``"add"``, ``"relu"``, ``"select"`` or ``"sigmoid"``.
        activation: Applied to the result by the same kernel.
        bounds: (low, high) of a clip, where they are known; None: not bounded, or not known.
        parameters: Numbers that it takes, in the order in which its front-ends have them: the
            alpha of an ELU, CELU or leaky ReLU, the beta of a softplus, the bound of a shrink,
            slope and offset of a hard sigmoid, threshold and value of a thresholded ReLU. Empty:
            those that are usual, or it takes none.
    """

    function: str
    activation: str | None = None
    bounds: tuple[float | None, float | None] | None = None
    parameters: tuple[float, ...] = ()

    @property
    def kind(self) -> str:
        return self.function

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        present, function = [t for t in inputs if t is not None], self.function
        dtype, shape = present[1 if function == "select" else 0]
        # The slopes of a PReLU follow the channels, wherever those are.
        if len(present) > 1 and function != "prelu":
            shape = broadcast([t.shape for t in present])
        return (TensorType(DType.BOOL if function in _COMPARISONS else dtype, shape),)

    @property
    def fuses(self) -> bool:
        return self.function in FUSING

    def elementwise(self, s: Signature) -> Dim | None:
        operands = len(s.inputs) - s.inputs.count(None)
        steps = operands - 1 if self.function in {"add", "mul", "maximum", "minimum"} else 1
        return count(s.outputs[0]) * max(steps, 1)

    def role(self, index: int) -> Role:
        return Role.PARAMETER if self.function == "clip" and index else Role.WEIGHT

    @property
    def inplace(self) -> tuple[int, ...]:
        return (1, 2) if self.function == "select" else (0, 1)

    def evaluate(self, inputs: Sequence[Array | None]) -> tuple[Array, ...] | None:
        function = _values().get(self.function)
        operands = [value for value in inputs if value is not None]
        if function is None or self.activation or len(operands) != len(inputs):
            return None
        with np.errstate(all="ignore"):  # a device goes on with infinities, and so do constants
            result = function(*operands[: 3 if self.function == "select" else 2])
            for operand in operands[len(operands) if self.function == "select" else 2 :]:
                result = function(result, operand)
        with_type = self.function in _COMPARISONS
        return (np.asarray(result, None if with_type else operands[-1].dtype),)

    def keeps_zero(self, zero: Sequence[bool | None]) -> bool:
        if self.function == "mul":
            return any(zero)
        if self.function in ("add", "sub", "maximum", "minimum"):
            return all(zero)
        if self.function == "clip":
            low, high = self.bounds or (1, 0)
            return zero[0] is True and (low is None or low <= 0) and (high is None or high >= 0)
        return zero[0] is True and (self.function in _ZERO_AT_ZERO or self.function == "div")

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        if self.function == "prelu":
            return _slopes(channels)
        return (meet(channels),)


# (low, high) -> the activation that a clip to these bounds is.
_CLIPS = {(0.0, 6.0): "relu6", (-1.0, 1.0): "relu_n1_to_1", (0.0, 1.0): "relu_0_to_1"}
_LARGEST = 3e38  # a bound that no float32 reaches is none


def clip(low: float | None, high: float | None) -> Elementwise:
    """The operator that keeps values between two bounds; None: not bounded on that side."""
    if low == 0 and (high is None or high > _LARGEST):
        return Elementwise("relu")
    if low is not None and high is not None and (low, high) in _CLIPS:
        return Elementwise(_CLIPS[low, high])
    bounds = (None if low is None else float(low), None if high is None else float(high))
    return Elementwise("clip", bounds=bounds)


def _slopes(channels: Channels) -> tuple[Array, ...] | None:
    """A PReLU has one slope for all channels, or one for each."""
    data, slopes = channels.labels(0), channels.shapes[1]
    if data is None or slopes is None or channels.labels(1) is not None:
        return None
    axes = [axis for axis in range(data.ndim) if varies(data, axis)]
    along = vector(data, axes[0]) if len(axes) == 1 else None
    for axis, length in enumerate(slopes):
        if along is not None and length == len(along) > 1:
            channels.bind(1, axis, along)
    return (data,)


@dataclass(frozen=True, slots=True)
class Convert(Rules):
    """A change of element type: ``"cast"``, ``"quantize"`` or ``"dequantize"``.

    Attributes:
        function: Which of them.
        dtype: The type that it makes.
        axis: Of the data, the axis that several scales lie along.
    """

    function: str
    dtype: DType
    axis: int | None = None

    @property
    def kind(self) -> str:
        return self.function

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        shape = broadcast([t.shape for t in inputs[:1] if t is not None])
        return (TensorType(self.dtype, shape),)

    def evaluate(self, inputs: Sequence[Array | None]) -> tuple[Array, ...] | None:
        with np.errstate(all="ignore"):
            return self._converted(inputs)

    def _converted(self, inputs: Sequence[Array | None]) -> tuple[Array, ...] | None:
        if inputs[0] is None or self.dtype.numpy is None:
            return None
        if self.function == "quantize" and len(inputs) > 1 and inputs[1] is not None:
            scales = inputs[1]
            zero_points = (*inputs[2:3], None)[0]
            zeros = np.zeros(0, np.int64) if zero_points is None else zero_points
            by = Quantization(scales.size, 0, self.axis, lambda: (scales, zeros))
            return (by.stored(inputs[0], self.dtype),)
        if self.function != "cast":
            return None
        return (inputs[0].astype(self.dtype.numpy),)

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        return through(lambda labels: labels, channels)
