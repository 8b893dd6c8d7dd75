"""ONNX: element by element, and changes of type."""

from mcugraph.formats.onnx.node import OnnxNode, Translation, Translator, result_type
from mcugraph.formats.onnx.types import DTYPES
from mcugraph.ops.elementwise import Convert, Elementwise, clip
from mcugraph.ops.opaque import Declared


def _function(function: str) -> Translator:
    return lambda node: Elementwise(function)


def _clip(node: OnnxNode) -> Translation:
    low: float | None = node.attributes.get("min")
    high: float | None = node.attributes.get("max")
    for index in (1, 2):
        if node.has(index):
            value = node.value_of(index)
            if value is None:
                return Translation(Elementwise("clip"))
            bound = float(value.ravel()[0])
            low, high = (bound, high) if index == 1 else (low, bound)
    return Translation(clip(low, high), (0,))


def _cast(node: OnnxNode) -> Translation:
    return Translation(Convert("cast", DTYPES[node.integer("to", 1)]))


def _quantize(node: OnnxNode) -> Translation:
    given = node.integer("output_dtype", 0)
    dtype = DTYPES[given] if given else result_type(node, 2)
    return Translation(Convert("quantize", dtype))


def _dequantize(node: OnnxNode) -> Translation:
    return Translation(Convert("dequantize", node.tensor(1).dtype))


_FUNCTIONS = {
    "Abs": "abs", "Acos": "acos", "Acosh": "acosh", "Add": "add", "And": "and", "Asin": "asin",
    "Asinh": "asinh", "Atan": "atan", "Atanh": "atanh", "BitShift": "bit_shift",
    "BitwiseAnd": "bitwise_and", "BitwiseNot": "bitwise_not", "BitwiseOr": "bitwise_or",
    "BitwiseXor": "bitwise_xor", "Ceil": "ceil", "Celu": "celu", "Cos": "cos", "Cosh": "cosh",
    "Div": "div", "Elu": "elu", "Equal": "equal", "Erf": "erf", "Exp": "exp", "Floor": "floor",
    "Gelu": "gelu", "Greater": "greater", "GreaterOrEqual": "greater_equal",
    "HardSigmoid": "hard_sigmoid", "HardSwish": "hard_swish", "Identity": "identity",
    "IsInf": "isinf", "IsNaN": "isnan", "LeakyRelu": "leaky_relu", "Less": "less",
    "LessOrEqual": "less_equal", "Log": "log", "Max": "maximum", "Mean": "mean",
    "Min": "minimum", "Mish": "mish", "Mod": "mod", "Mul": "mul", "Neg": "neg", "Not": "not",
    "Or": "or", "PRelu": "prelu", "Pow": "pow", "Reciprocal": "reciprocal", "Relu": "relu",
    "Round": "round", "Selu": "selu", "Shrink": "shrink", "Sigmoid": "sigmoid", "Sign": "sign",
    "Sin": "sin", "Sinh": "sinh", "Softplus": "softplus", "Softsign": "softsign",
    "Sqrt": "sqrt", "Sub": "sub", "Sum": "add", "Swish": "silu", "Tan": "tan", "Tanh": "tanh",
    "ThresholdedRelu": "thresholded_relu", "Where": "select", "Xor": "xor", "Affine": "affine",
}  # fmt: skip


TRANSLATIONS: dict[str, Translator] = {
    **{name: _function(function) for name, function in _FUNCTIONS.items()},
    "Clip": _clip,
    "Dropout": lambda node: Translation(Elementwise("dropout"), (0,)),
    "Cast": _cast,
    "CastLike": lambda node: Translation(Convert("cast", node.tensor(1).dtype), (0,)),
    "QuantizeLinear": _quantize,
    "DequantizeLinear": _dequantize,
    "DynamicQuantizeLinear": lambda node: Declared("dynamic_quantize"),
}
