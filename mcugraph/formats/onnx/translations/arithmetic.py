"""ONNX: element by element, and changes of type."""

from mcugraph.errors import GraphError
from mcugraph.formats.onnx.node import OnnxNode, Translation, Translator, result_type
from mcugraph.formats.onnx.types import DTYPES, NUMBERS
from mcugraph.ir import Shape
from mcugraph.ops.elementwise import Convert, Elementwise, clip
from mcugraph.ops.opaque import Declared


def _function(function: str) -> Translator:
    found = Translation(Elementwise(function))
    return lambda node: found


def with_parameters(function: str, **defaults: float) -> Translator:
    """A function that takes numbers, by their names in ONNX."""

    def translate(node: OnnxNode) -> Translation:
        given = (node.attributes.get(name, value) for name, value in defaults.items())
        return Translation(Elementwise(function, parameters=tuple(map(float, given))))

    return translate


def _shrink(node: OnnxNode) -> Translation:
    """What is near 0 as 0, and the rest moved towards it by a bias."""
    bound, bias = (float(node.attributes.get(n, v)) for n, v in (("lambd", 0.5), ("bias", 0.0)))
    known = {0.0: "hard_shrink", bound: "soft_shrink"}
    if bias not in known:
        return Translation(Elementwise("shrink"))
    return Translation(Elementwise(known[bias], parameters=(bound,)))


def _binary(function: str) -> Translator:
    """Two operands; numpy's broadcasting since opset 7, an axis of the first one before."""
    op = Elementwise(function)
    found = Translation(op)

    def translate(node: OnnxNode) -> Translation:
        if node.opset >= 7 or not node.integer("broadcast", 0):
            return found
        return Translation(op, reshaped=along_axis(node))

    return translate


def along_axis(node: OnnxNode) -> tuple[tuple[int, Shape], ...]:
    """The second operand as numpy's broadcasting has to see it, in opsets before 7.

    Its axes are those of the first operand from ``axis`` on; the last ones without it.
    """
    whole, part = node.shape(0), node.shape(1)
    last = len(whole) - len(part)
    axis = node.integer("axis", last)
    axis += len(whole) if axis < 0 else 0
    fits = 0 <= axis <= last and all(
        own in (1, length) for own, length in zip(part, whole[axis:], strict=False)
    )
    if not fits:
        raise GraphError(f"shape {part} is no part of {whole} from axis {axis} on")
    return ((1, (*part, *(1,) * (last - axis))),) if axis < last else ()


def _prelu(node: OnnxNode) -> Translation:
    """Slopes: one a channel before opset 7, broadcast since."""
    slopes = node.tensor(1).shape
    op = Elementwise("prelu")
    if node.opset >= 7 or slopes is None or len(slopes) != 1 or slopes[0] == 1:
        return Translation(op)
    return Translation(op, reshaped=((1, (*slopes, *(1,) * (node.rank() - 2))),))


def _clip(node: OnnxNode) -> Translation:
    low: float | None = node.attributes.get("min")
    high: float | None = node.attributes.get("max")
    for index in (1, 2):
        if node.has(index):
            numbers = node.numbers(index)
            if numbers is None:
                return Translation(Elementwise("clip"))
            bound = float(numbers[0])
            low, high = (bound, high) if index == 1 else (low, bound)
    return Translation(clip(low, high), (0,))


def _cast(node: OnnxNode) -> Translation:
    given = node.attributes.get("to", 1)
    if isinstance(given, bytes):  # before opset 6 the type is a name
        given = NUMBERS.get(given.decode(errors="replace").upper(), -1)
    if given not in DTYPES:
        raise GraphError(f"the type {node.attributes['to']!r} is unknown")
    return Translation(Convert("cast", DTYPES[given]))


def _quantize(node: OnnxNode) -> Translation:
    if not node.has(1):
        raise GraphError("its scale is missing")
    given = node.integer("output_dtype", 0)
    dtype = DTYPES[given] if given else result_type(node, 2)
    return Translation(Convert("quantize", dtype, _scale_axis(node)))


def _dequantize(node: OnnxNode) -> Translation:
    return Translation(Convert("dequantize", node.tensor(1).dtype, _scale_axis(node)))


def _scale_axis(node: OnnxNode) -> int | None:
    """The axis of the data that several scales lie along; None: there is one."""
    return node.integer("axis", 1) if node.tensor(1).elements > 1 else None


# Those that had ``broadcast`` and ``axis`` before opset 7.
_BINARY = {
    "Add": "add", "And": "and", "Div": "div", "Equal": "equal", "Greater": "greater",
    "Less": "less", "Mul": "mul", "Or": "or", "Pow": "pow", "Sub": "sub", "Xor": "xor",
}  # fmt: skip

_FUNCTIONS = {
    "Abs": "abs", "Acos": "acos", "Acosh": "acosh", "Asin": "asin",
    "Asinh": "asinh", "Atan": "atan", "Atanh": "atanh", "BitShift": "bit_shift",
    "BitwiseAnd": "bitwise_and", "BitwiseNot": "bitwise_not", "BitwiseOr": "bitwise_or",
    "BitwiseXor": "bitwise_xor", "Ceil": "ceil", "Cos": "cos", "Cosh": "cosh",
    "Erf": "erf", "Exp": "exp", "Floor": "floor",
    "Gelu": "gelu", "GreaterOrEqual": "greater_equal",
    "HardSwish": "hard_swish", "Identity": "identity",
    "IsInf": "isinf", "IsNaN": "isnan",
    "LessOrEqual": "less_equal", "Log": "log", "Max": "maximum", "Mean": "mean",
    "Min": "minimum", "Mish": "mish", "Mod": "mod", "Neg": "neg", "Not": "not",
    "Reciprocal": "reciprocal", "Relu": "relu",
    "Round": "round", "Sigmoid": "sigmoid", "Sign": "sign",
    "Sin": "sin", "Sinh": "sinh", "Softplus": "softplus", "Softsign": "softsign",
    "Sqrt": "sqrt", "Sum": "add", "Swish": "silu", "Tan": "tan", "Tanh": "tanh",
    "Where": "select", "Affine": "affine",
}  # fmt: skip


TRANSLATIONS: dict[str, Translator] = {
    **{name: _function(function) for name, function in _FUNCTIONS.items()},
    **{name: _binary(function) for name, function in _BINARY.items()},
    "Celu": with_parameters("celu", alpha=1.0),
    "Elu": with_parameters("elu", alpha=1.0),
    "HardSigmoid": with_parameters("hard_sigmoid", alpha=0.2, beta=0.5),
    "LeakyRelu": with_parameters("leaky_relu", alpha=0.01),
    "Selu": with_parameters("selu", alpha=1.6732632423543772, gamma=1.0507009873554805),
    "Shrink": _shrink,
    "ThresholdedRelu": with_parameters("thresholded_relu", alpha=1.0),
    "PRelu": _prelu,
    "Clip": _clip,
    "Dropout": lambda node: Translation(Elementwise("dropout"), (0,)),
    "Cast": _cast,
    "CastLike": lambda node: Translation(Convert("cast", node.tensor(1).dtype), (0,)),
    "QuantizeLinear": _quantize,
    "DequantizeLinear": _dequantize,
    "DynamicQuantizeLinear": lambda node: Declared("dynamic_quantize"),
}
