"""ONNX operators of other domains: those of ONNX Runtime and of QONNX that files often hold."""

from mcugraph.formats.computed import Computed
from mcugraph.formats.onnx.node import OnnxNode, Translation, Translator, result_type
from mcugraph.formats.onnx.translations.aggregation import TRANSLATIONS as AGGREGATION
from mcugraph.formats.onnx.translations.arithmetic import TRANSLATIONS as ARITHMETIC
from mcugraph.formats.onnx.translations.arithmetic import with_parameters
from mcugraph.formats.onnx.translations.linear import TRANSLATIONS as LINEAR
from mcugraph.ir import DType, Op
from mcugraph.ops.attention import Attention
from mcugraph.ops.base import Fusable
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.linear import Dense, MatMul
from mcugraph.ops.normalization import Normalization
from mcugraph.ops.pooling import GlobalPool
from mcugraph.ops.selection import Concat
from mcugraph.records import replace

_ACTIVATIONS = {
    "Relu": "relu",
    "LeakyRelu": "leaky_relu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "HardSigmoid": "hard_sigmoid",
    "Clip": "clip",
}


def _fused(translate: Translator) -> Translator:
    """A standard operator with an activation as an attribute."""

    def fused(node: OnnxNode) -> Op:
        op = translate(node)
        activation = _ACTIVATIONS.get(node.text("activation", ""))
        if activation is None or not isinstance(op, Fusable):
            raise Computed
        return op.with_activation(activation)

    return fused


def _fused_matmul(node: OnnxNode) -> Op:
    return MatMul(
        bool(node.integer("transA", 0)),
        bool(node.integer("transB", 0)),
        float(node.attributes.get("alpha", 1.0)),
    )


def _qgemm(node: OnnxNode) -> Translation:
    """(data, scale, zero, weights, scale, zero, bias, scale, zero)."""
    transposed = node.integer("transB", 0)
    op = Dense(
        weight_out=0 if transposed else 1,
        weight_in=1 if transposed else 0,
        transposed=bool(node.integer("transA", 0)),
        # The bias is stored as the products are once they are multiplied by alpha.
        factors=(float(node.attributes.get("alpha", 1.0)), 1.0),
    )
    # Without a scale for it the result is float.
    scaled, order = ((0, 1), (3, 4)), (0, 3, 6)
    if not node.has(7):
        return Translation(op, order, DType.FLOAT32, scaled)
    return Translation(op, order, result_type(node, 8), scaled, 7)


def _qlinear_binary(function: str) -> Translator:
    """(a, scale, zero, b, scale, zero, scale, zero)."""
    scaled = ((0, 1), (3, 4))
    return lambda node: Translation(Elementwise(function), (0, 3), result_type(node, 7), scaled, 6)


def _qlinear_unary(translate: Translator) -> Translator:
    """(data, scale, zero, scale, zero) of what a standard operator does."""

    def translated(node: OnnxNode) -> Translation:
        op = translate(node)
        op = op.op if isinstance(op, Translation) else op
        return Translation(op, (0,), result_type(node, 4), ((0, 1),), 3)

    return translated


def _qlinear_concat(node: OnnxNode) -> Translation:
    """(scale, zero, then data, scale and zero of each part)."""
    parts = tuple(range(2, len(node.inputs), 3))
    scaled = tuple((part, part + 1) for part in parts)
    return Translation(Concat(node.integer("axis", 1)), parts, None, scaled, 0)


def _channels_last(node: OnnxNode) -> int:
    return -1 if node.integer("channels_last", 0) else 1


def _qlinear_pool(node: OnnxNode) -> Op | Translation:
    if node.integer("channels_last", 0):
        raise Computed
    return AGGREGATION["AveragePool"](node)


def _qlinear_softmax(node: OnnxNode) -> Op | Translation:
    """Over all axes from ``axis`` on before the opset that it names."""
    old = replace(node, domain="", opset=node.integer("opset", 13))
    return AGGREGATION["Softmax"](old)


def _skip_layer_norm(node: OnnxNode) -> Translation:
    """(data, what is added to it, scale, shift, bias)."""
    return Translation(Normalization("skip_layer_norm"), (0, 2, 3, 1, 4))


def _multi_head_attention(node: OnnxNode) -> Translation:
    """(query, keys, values, bias, ...), each of three axes."""
    heads = node.integer("num_heads", 0)
    if not heads or not (node.has(1) and node.has(2)) or any(node.rank(i) != 3 for i in range(3)):
        raise Computed
    more = any(node.has(i) for i in range(3, len(node.inputs)))
    variant = "biases or masks" if more or node.integer("unidirectional", 0) else ""
    scale = node.attributes.get("scale")
    op = Attention(heads, heads, scale=None if scale is None else float(scale), variant=variant)
    return Translation(op, (0, 1, 2))


# Training tools mark arbitrary precision with these: a value is rounded, not stored.
_FAKE_QUANTIZERS: dict[str, Translator] = {
    name: lambda node: Translation(Elementwise("fake_quant"), (0,))
    for name in ("Quant", "BipolarQuant", "FloatQuant", "IntQuant", "Trunc")
}

# Domain -> operator type -> translation.
TRANSLATIONS: dict[str, dict[str, Translator]] = {
    "com.microsoft": {
        "FusedConv": _fused(LINEAR["Conv"]),
        "FusedGemm": _fused(LINEAR["Gemm"]),
        "FusedMatMul": _fused_matmul,
        "TransposeMatMul": _fused_matmul,
        "QGemm": _qgemm,
        "QLinearAdd": _qlinear_binary("add"),
        "QLinearMul": _qlinear_binary("mul"),
        "QLinearSigmoid": _qlinear_unary(lambda node: Elementwise("sigmoid")),
        "QLinearLeakyRelu": _qlinear_unary(ARITHMETIC["LeakyRelu"]),
        "QLinearSoftmax": _qlinear_unary(_qlinear_softmax),
        "QLinearConcat": _qlinear_concat,
        "QLinearAveragePool": _qlinear_unary(_qlinear_pool),
        "QLinearGlobalAveragePool": _qlinear_unary(
            lambda node: GlobalPool("average", _channels_last(node))
        ),
        "MultiHeadAttention": _multi_head_attention,
        "SkipLayerNormalization": _skip_layer_norm,
        "QuickGelu": with_parameters("quick_gelu", alpha=1.702),
        "FastGelu": lambda node: Elementwise("bias_gelu" if node.has(1) else "gelu"),
        "BiasGelu": lambda node: Elementwise("bias_gelu"),
        "Gelu": lambda node: Elementwise("gelu"),
        "QuantizeLinear": ARITHMETIC["QuantizeLinear"],
        "DequantizeLinear": ARITHMETIC["DequantizeLinear"],
    },
    # What scikit-learn does with features before a network.
    "ai.onnx.ml": {
        name: lambda node: Elementwise(node.type.lower())
        for name in ("Binarizer", "Imputer", "Normalizer", "Scaler")
    },
    "onnx.brevitas": _FAKE_QUANTIZERS,
    "qonnx.custom_op.general": _FAKE_QUANTIZERS,
    "finn.custom_op.general": _FAKE_QUANTIZERS,
}
