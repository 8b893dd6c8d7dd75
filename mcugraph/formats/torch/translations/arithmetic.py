"""PyTorch: element by element, and changes of type."""

from mcugraph.formats.torch.call import AtenCall, BoundOp, Translator
from mcugraph.formats.torch.types import dtype_of
from mcugraph.ir import Op, Tensor
from mcugraph.ops.elementwise import Convert, Elementwise, clip


def _unary(function: str) -> Translator:
    return lambda call: BoundOp(Elementwise(function), (call.data(),))


def _with_parameters(function: str, **defaults: float) -> Translator:
    """A function that takes numbers, by their names in PyTorch."""

    def translate(call: AtenCall) -> BoundOp:
        parameters = tuple(float(call.get(name, value)) for name, value in defaults.items())
        return BoundOp(Elementwise(function, parameters=parameters), (call.data(),))

    return translate


def _rrelu(call: AtenCall) -> BoundOp:
    """Of a random slope, its mean, which is what inference takes."""
    slope = (float(call.get("lower", 1 / 8)) + float(call.get("upper", 1 / 3))) / 2
    return BoundOp(Elementwise("leaky_relu", parameters=(slope,)), (call.data(),))


def _binary(function: str) -> Translator:
    """Two operands, of which one may be a number."""

    def translate(call: AtenCall) -> BoundOp | tuple[Tensor | None, ...]:
        first, second = list(call.arguments)[:2]
        left, right = call.operand(first), _times_alpha(call, call.operand(second))
        return BoundOp(Elementwise(function), (left, right))

    return translate


def _times_alpha(call: AtenCall, operand: Tensor) -> Tensor | None:
    if call.get("alpha", 1) == 1:
        return operand
    scale = call.builder.scalar(call, "alpha", call.get("alpha"), operand.dtype)
    (scaled,) = call.emit(Elementwise("mul"), (operand, scale), "scale")
    return scaled


def _reversed(call: AtenCall) -> BoundOp:
    """``rsub(a, b)`` is b - alpha * a."""
    own = _times_alpha(call, call.tensor())
    return BoundOp(Elementwise("sub"), (call.operand("other"), own))


def _round(call: AtenCall) -> BoundOp:
    """To a whole number, or to so many decimals, for which TFLite has no operator."""
    function = "round" if call.get("decimals", 0) == 0 else "round_decimals"
    return BoundOp(Elementwise(function), (call.data(),))


def _div(call: AtenCall) -> BoundOp:
    mode = call.get("rounding_mode")
    function = {"floor": "floor_div", "trunc": "trunc_div"}.get(mode, "div")
    return BoundOp(Elementwise(function), (call.operand("self"), call.operand("other")))


def _all_operands(function: str) -> Translator:
    return lambda call: BoundOp(Elementwise(function), call.tensors())


def _clip(low_name: str, high_name: str) -> Translator:
    def translate(call: AtenCall) -> BoundOp:
        low, high = call.get(low_name), call.get(high_name)
        if isinstance(low, Tensor) or isinstance(high, Tensor):
            return BoundOp(Elementwise("clip"), call.tensors())
        return BoundOp(clip(low, high), (call.data(),))

    return translate


def _threshold(call: AtenCall) -> BoundOp:
    parameters = float(call.get("threshold")), float(call.get("value"))
    if parameters == (0.0, 0.0):
        return BoundOp(Elementwise("relu"), (call.data(),))
    return BoundOp(Elementwise("thresholded_relu", parameters=parameters), (call.data(),))


def _where(call: AtenCall) -> Op | BoundOp:
    operands = (call.tensor("condition"), call.operand("self"), call.operand("other"))
    return BoundOp(Elementwise("select"), operands)


def _masked_fill(call: AtenCall) -> BoundOp:
    operands = (call.tensor("mask"), call.operand("value"), call.tensor())
    return BoundOp(Elementwise("select"), operands)


def _same(call: AtenCall) -> tuple[Tensor | None, ...]:
    """Nothing happens at inference: the result is the argument."""
    return (call.data(),)


def _dropout(call: AtenCall) -> BoundOp:
    return BoundOp(Elementwise("dropout"), (call.data(),))


def _convert(call: AtenCall) -> BoundOp | tuple[Tensor | None, ...]:
    """A change of type, device or memory format; only the first is anything here."""
    data = call.data()
    if call.results[0].dtype is data.dtype:
        return (data,)
    return BoundOp(Convert("cast", call.results[0].dtype), (data,))


def _quantize(function: str) -> Translator:
    def translate(call: AtenCall) -> BoundOp:
        dtype = call.results[0].dtype
        if function == "quantize" and call.has("dtype"):
            dtype = dtype_of(call.get("dtype"))
        return BoundOp(Convert(function, dtype), (call.data(),))

    return translate


def _glu(call: AtenCall) -> tuple[Tensor | None, ...]:
    """The first half of an axis, times the sigmoid of the second."""
    from mcugraph.ops.selection import Split

    first, second = call.emit(Split(call.axis(default=-1), parts=2), (call.data(),), "split")
    (gate,) = call.emit(Elementwise("sigmoid"), (second,), "sigmoid")
    return call.emit(Elementwise("mul"), (first, gate), last=True)


_UNARY = {
    "abs": "abs", "acos": "acos", "acosh": "acosh", "asin": "asin", "asinh": "asinh",
    "atan": "atan", "atanh": "atanh", "bitwise_not": "bitwise_not", "ceil": "ceil",
    "cos": "cos", "cosh": "cosh", "erf": "erf", "erfc": "erfc", "exp": "exp",
    "exp2": "exp2", "expm1": "expm1", "fix": "trunc", "floor": "floor",
    "frac": "frac", "gelu": "gelu",
    "hardsigmoid": "hard_sigmoid", "hardswish": "hard_swish", "isfinite": "isfinite",
    "isinf": "isinf", "isnan": "isnan", "log": "log",
    "log10": "log10", "log1p": "log1p", "log2": "log2", "log_sigmoid": "log_sigmoid",
    "logical_not": "not", "logit": "logit", "mish": "mish", "nan_to_num": "nan_to_num",
    "neg": "neg", "negative": "neg", "reciprocal": "reciprocal", "relu": "relu",
    "relu6": "relu6", "rsqrt": "rsqrt",
    "selu": "selu", "sgn": "sign", "sigmoid": "sigmoid", "sign": "sign", "silu": "silu",
    "sin": "sin", "sinh": "sinh",
    "softsign": "softsign", "special_erf": "erf", "sqrt": "sqrt", "square": "square",
    "tan": "tan", "tanh": "tanh", "tril": "trilu", "triu": "trilu", "trunc": "trunc",
    "log_sigmoid_forward": "log_sigmoid", "absolute": "abs", "arccos": "acos",
    "arccosh": "acosh", "arcsin": "asin", "arcsinh": "asinh", "arctan": "atan",
    "arctanh": "atanh", "digamma": "digamma", "erfinv": "erfinv", "isneginf": "isinf",
    "isposinf": "isinf", "lgamma": "lgamma", "signbit": "signbit", "sinc": "sinc",
    "deg2rad": "deg2rad", "rad2deg": "rad2deg", "special_expit": "sigmoid",
}  # fmt: skip

_BINARY = {
    "add": "add", "atan2": "atan2", "arctan2": "atan2", "bitwise_and": "bitwise_and",
    "bitwise_left_shift": "bit_shift", "bitwise_or": "bitwise_or",
    "bitwise_right_shift": "bit_shift", "bitwise_xor": "bitwise_xor", "eq": "equal",
    "floor_divide": "floor_div", "floor_div": "floor_div", "fmax": "maximum",
    "fmin": "minimum", "fmod": "mod", "ge": "greater_equal", "greater": "greater",
    "greater_equal": "greater_equal", "gt": "greater", "le": "less_equal", "less": "less",
    "less_equal": "less_equal", "logical_and": "and", "logical_or": "or",
    "logical_xor": "xor", "lt": "less", "maximum": "maximum", "minimum": "minimum",
    "mul": "mul", "multiply": "mul", "ne": "not_equal", "not_equal": "not_equal",
    "pow": "pow", "remainder": "floor_mod", "sub": "sub", "subtract": "sub",
    "xlogy": "xlogy", "hypot": "hypot", "float_power": "pow", "copysign": "copysign",
    "heaviside": "heaviside", "logaddexp": "logaddexp", "logaddexp2": "logaddexp",
    "isclose": "isclose", "ldexp": "ldexp", "gcd": "gcd", "lcm": "lcm",
}  # fmt: skip

# What copies, moves between devices or only marks the tensor.
_SAME = (
    *("alias", "clone", "contiguous", "detach", "lift", "lift_fresh", "lift_fresh_copy"),
    *("conj", "resolve_conj", "resolve_neg", "positive", "requires_grad"),
    *("alias_copy", "detach_copy"),
)
_DROPOUTS = ("dropout", "alpha_dropout", "feature_dropout", "feature_alpha_dropout")
_CONVERSIONS = ("to", "_to_copy", "type_as", "float", "half", "double", "long", "int", "bool")

TRANSLATIONS: dict[str, Translator] = {
    **{name: _unary(function) for name, function in _UNARY.items()},
    **{name: _binary(function) for name, function in _BINARY.items()},
    "elu": _with_parameters("elu", alpha=1.0),
    "celu": _with_parameters("celu", alpha=1.0),
    "hardshrink": _with_parameters("hard_shrink", lambd=0.5),
    "rrelu": _rrelu,
    "leaky_relu": _with_parameters("leaky_relu", negative_slope=0.01),
    "softplus": _with_parameters("softplus", beta=1.0),
    "softshrink": _with_parameters("soft_shrink", lambd=0.5),
    **dict.fromkeys(_SAME, _same),
    **dict.fromkeys(_DROPOUTS, _dropout),
    **dict.fromkeys(_CONVERSIONS, _convert),
    "round": _round,
    "rsub": _reversed,
    "div": _div,
    "divide": _div,
    "true_divide": _div,
    "prelu": _all_operands("prelu"),
    "_prelu_kernel": _all_operands("prelu"),
    "addcmul": _all_operands("addcmul"),
    "addcdiv": _all_operands("addcdiv"),
    "lerp": _all_operands("lerp"),
    "clamp": _clip("min", "max"),
    "clip": _clip("min", "max"),
    "clamp_min": _clip("min", ""),
    "clamp_max": _clip("", "max"),
    "hardtanh": _clip("min_val", "max_val"),
    "threshold": _threshold,
    "where": _where,
    "masked_fill": _masked_fill,
    "glu": _glu,
    "quantize_per_tensor": _quantize("quantize"),
    "quantize_per_channel": _quantize("quantize"),
    "dequantize_per_tensor": _quantize("dequantize"),
    "dequantize_per_channel": _quantize("dequantize"),
}
