"""TFLite: element by element."""

from collections.abc import Callable

from mcugraph.formats.tflite.node import TfliteNode, Translator, activation
from mcugraph.ir import Op
from mcugraph.ops.elementwise import Convert, Elementwise


def _arithmetic(function: str, table: str) -> Callable[[TfliteNode], Op]:
    return lambda node: Elementwise(function, activation(node.options(table)))


def _function(function: str) -> Callable[[TfliteNode], Op]:
    return lambda node: Elementwise(function)


def _leaky_relu(node: TfliteNode) -> Op:
    return Elementwise("leaky_relu", parameters=(float(node.options("LeakyRelu").alpha),))


def _gelu(node: TfliteNode) -> Op:
    return Elementwise("gelu", parameters=(float(node.options("Gelu").approximate),))


def _convert(function: str) -> Callable[[TfliteNode], Op]:
    return lambda node: Convert(function, node.outputs[0].dtype)


TRANSLATIONS: dict[str, Translator] = {
    "ADD": _arithmetic("add", "Add"),
    "SUB": _arithmetic("sub", "Sub"),
    "MUL": _arithmetic("mul", "Mul"),
    "DIV": _arithmetic("div", "Div"),
    "ADD_N": _function("add"),
    "CAST": _convert("cast"),
    "GELU": _gelu,
    "LEAKY_RELU": _leaky_relu,
    "QUANTIZE": _convert("quantize"),
    "DEQUANTIZE": _convert("dequantize"),
    **{
        name: _function(function)
        for name, function in {
            "MAXIMUM": "maximum",
            "MINIMUM": "minimum",
            "POW": "pow",
            "SQUARED_DIFFERENCE": "squared_difference",
            "FLOOR_DIV": "floor_div",
            "FLOOR_MOD": "floor_mod",
            "ATAN2": "atan2",
            "ABS": "abs",
            "CEIL": "ceil",
            "COS": "cos",
            "EXP": "exp",
            "FLOOR": "floor",
            "LOG": "log",
            "NEG": "neg",
            "ROUND": "round",
            "RSQRT": "rsqrt",
            "SIGN": "sign",
            "SIN": "sin",
            "SQRT": "sqrt",
            "SQUARE": "square",
            "ELU": "elu",
            "HARD_SWISH": "hard_swish",
            "LOGISTIC": "sigmoid",
            "PRELU": "prelu",
            "RELU": "relu",
            "RELU6": "relu6",
            "RELU_0_TO_1": "relu_0_to_1",
            "RELU_N1_TO_1": "relu_n1_to_1",
            "TANH": "tanh",
            "FAKE_QUANT": "fake_quant",
            "ZEROS_LIKE": "zeros_like",
            "EQUAL": "equal",
            "NOT_EQUAL": "not_equal",
            "GREATER": "greater",
            "GREATER_EQUAL": "greater_equal",
            "LESS": "less",
            "LESS_EQUAL": "less_equal",
            "LOGICAL_AND": "and",
            "LOGICAL_NOT": "not",
            "LOGICAL_OR": "or",
            "SELECT": "select",
            "SELECT_V2": "select",
            "BITWISE_XOR": "bitwise_xor",
            "RIGHT_SHIFT": "right_shift",
        }.items()
    },
}
