"""ONNX: element by element, and changes of type."""

from mcugraph.formats.onnx.node import Node, Translation, Translator, result_type
from mcugraph.formats.onnx.types import DTYPES
from mcugraph.ops.elementwise import Convert, Elementwise
from mcugraph.ops.opaque import Declared


def _function(function: str) -> Translator:
    return lambda node: Elementwise(function)


# (low, high) -> the activation that a clip to these bounds is.
_CLIPS = {(0.0, 6.0): "relu6", (-1.0, 1.0): "relu_n1_to_1", (0.0, 1.0): "relu_0_to_1"}


def _clip(node: Node) -> Translation:
    low: float | None = node.attributes.get("min")
    high: float | None = node.attributes.get("max")
    for index in (1, 2):
        if node.has(index):
            value = node.value_of(index)
            if value is None:
                return Translation(Elementwise("clip"))
            bound = float(value.ravel()[0])
            low, high = (bound, high) if index == 1 else (low, bound)
    if low == 0 and (high is None or high > 3e38):
        return Translation(Elementwise("relu"), (0,))
    if low is not None and high is not None and (low, high) in _CLIPS:
        return Translation(Elementwise(_CLIPS[low, high]), (0,))
    return Translation(Elementwise("clip", bounds=(low, high)), (0,))


def _cast(node: Node) -> Translation:
    return Translation(Convert("cast", DTYPES[node.integer("to", 1)]))


def _quantize(node: Node) -> Translation:
    given = node.integer("output_dtype", 0)
    dtype = DTYPES[given] if given else result_type(node, 2)
    return Translation(Convert("quantize", dtype))


def _dequantize(node: Node) -> Translation:
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


# What training tools write to mark arbitrary precision (QONNX): a value rounded, not stored.
_FAKE_QUANTIZERS = ("Quant", "BipolarQuant", "FloatQuant", "IntQuant", "Trunc")


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
