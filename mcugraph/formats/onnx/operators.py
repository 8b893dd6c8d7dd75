"""ONNX operators in the words of ``mcugraph.ops``: one line or function an operator type.

Source: the ONNX operator specification, all opsets (attributes that became inputs are read from
wherever the model keeps them).
"""

from collections.abc import Callable
from typing import Any

from mcugraph.errors import GraphError
from mcugraph.formats.onnx.node import Computed, Node, Translation
from mcugraph.formats.onnx.types import DTYPES
from mcugraph.ir import DType, Op
from mcugraph.ops.attention import Attention
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.creation import Generate, OneHot, ShapeOf
from mcugraph.ops.elementwise import Convert, Elementwise
from mcugraph.ops.linear import Dense, Einsum, MatMul
from mcugraph.ops.movement import (
    DepthToSpace,
    Expand,
    Flatten,
    Reshape,
    SpaceToDepth,
    Squeeze,
    Transpose,
    Unsqueeze,
)
from mcugraph.ops.normalization import BatchNorm, Normalization
from mcugraph.ops.opaque import Declared
from mcugraph.ops.pooling import GlobalPool, Pool
from mcugraph.ops.recurrent import Recurrent
from mcugraph.ops.reduction import Cumulate, Reduce, TopK
from mcugraph.ops.selection import (
    Concat,
    Gather,
    GatherElements,
    GatherNd,
    Pad,
    Resize,
    Scatter,
    Slice,
    Split,
    Tile,
)

Translator = Callable[[Node], Op | Translation]


def _conv(node: Node, weight: int = 1) -> Conv:
    shape = node.shape(weight)
    rank = len(shape) - 2
    groups = node.int("group", 1)
    return Conv(
        strides=node.ints("strides", (1,) * rank),
        dilations=node.ints("dilations", (1,) * rank),
        padding=node.padding(rank),
        groups=groups,
        depthwise=groups > 1 and shape[1] == 1,
    )


def _conv_transpose(node: Node) -> Op:
    rank = node.rank(1) - 2
    size = node.ints("output_shape", ())
    return ConvTranspose(
        strides=node.ints("strides", (1,) * rank),
        dilations=node.ints("dilations", (1,) * rank),
        padding=node.padding(rank),
        groups=node.int("group", 1),
        weight_out=1,
        weight_in=0,
        output_padding=node.ints("output_padding", ()),
        output_shape=size[-rank:] if size else None,
    )


def _gemm(node: Node) -> Op:
    if node.attributes.get("alpha", 1.0) == 0.0:
        raise GraphError("alpha is 0")
    transposed = node.int("transB", 0)
    return Dense(
        weight_out=0 if transposed else 1,
        weight_in=1 if transposed else 0,
        transposed=bool(node.int("transA", 0)),
    )


def _matmul(node: Node, data: int = 0, weight: int = 1) -> Op:
    """A product with a constant matrix is a dense layer."""
    if node.tensor(weight).is_constant and node.rank(weight) == 2 and node.rank(data) > 1:
        return Dense(weight_out=1, weight_in=0)
    return MatMul()


def _einsum(node: Node) -> Op:
    equation = node.text("equation", "").replace(" ", "")
    if "->" not in equation:
        letters = equation.replace(",", "").replace("...", "")
        once = sorted(letter for letter in set(letters) if letters.count(letter) == 1)
        equation += f"->{'...' if '...' in equation else ''}{''.join(once)}"
    return Einsum(equation)


def _result_type(node: Node, index: int) -> DType:
    """Type of a quantised result: that of its zero point, uint8 where it has none."""
    return node.tensor(index).dtype if node.has(index) else DType.UINT8


def _qlinear_conv(node: Node) -> Translation:
    return Translation(_conv(node, 3), (0, 3, 8), _result_type(node, 7))


def _qlinear_matmul(node: Node) -> Translation:
    return Translation(_matmul(node, 0, 3), (0, 3), _result_type(node, 7))


def _qlinear(function: str) -> Translator:
    """Two-operand arithmetic of ONNX Runtime: (a, scale, zero, b, scale, zero, scale, zero)."""
    return lambda node: Translation(Elementwise(function), (0, 3), _result_type(node, 7))


def _qlinear_unary(function: str) -> Translator:
    return lambda node: Translation(Elementwise(function), (0,), _result_type(node, 4))


def _recurrent(cell: str) -> Translator:
    def translate(node: Node) -> Op:
        batch_first = bool(node.int("layout", 0))
        directions = 2 if node.text("direction", "forward") == "bidirectional" else 1
        names = ("sequence", "state", "cell")
        return Recurrent(
            cell,
            weights=(1, 2),
            biases=(3,),
            hidden=node.int("hidden_size", node.shape(2)[-1]),
            directions=directions,
            batch_axis=0 if batch_first else 1,
            time_axis=1 if batch_first else 0,
            direction_axis=2 if batch_first else 1,
            outputs=names[: len(node.outputs)],
        )

    return translate


def _function(function: str) -> Translator:
    return lambda node: Elementwise(function)


def _clip(node: Node) -> Translation:
    low, high = node.attributes.get("min"), node.attributes.get("max")
    for index in (1, 2):
        if node.has(index):
            value = node.value_of(index)
            if value is None:
                return Translation(Elementwise("clip"))
            bound = float(value.ravel()[0])
            low, high = (bound, high) if index == 1 else (low, bound)
    names = {(0, None): "relu", (0, 6): "relu6", (-1, 1): "relu_n1_to_1", (0, 1): "relu_0_to_1"}
    unbounded = high is not None and high > 3e38
    function = names.get((low, None if unbounded else high))
    if function is None:
        return Translation(Elementwise("clip", bounds=(low, high)), (0,))
    return Translation(Elementwise(function), (0,))


def _cast(node: Node) -> Translation:
    return Translation(Convert("cast", DTYPES[node.int("to", 1)]))


def _quantize(node: Node) -> Translation:
    given = node.int("output_dtype", 0)
    dtype = DTYPES[given] if given else _result_type(node, 2)
    return Translation(Convert("quantize", dtype))


def _dequantize(node: Node) -> Translation:
    return Translation(Convert("dequantize", node.tensor(1).dtype))


def _pool(function: str) -> Translator:
    def translate(node: Node) -> Op:
        window = node.ints("kernel_shape", ())
        rank = len(window)
        return Pool(
            function,
            window=window,
            strides=node.ints("strides", (1,) * rank),
            padding=node.padding(rank),
            dilations=node.ints("dilations", ()),
            ceil=bool(node.int("ceil_mode", 0)),
            index_dtype=DType.INT64 if len(node.outputs) > 1 else None,
        )

    return translate


def _reduce(function: str) -> Translator:
    def translate(node: Node) -> Translation:
        axes = node.argument("axes", 1)
        if not axes:
            axes = () if node.int("noop_with_empty_axes", 0) else None
        return Translation(Reduce(function, axes, bool(node.int("keepdims", 1))), (0,))

    return translate


def _arg(function: str) -> Translator:
    return lambda node: Reduce(
        function, (node.int("axis", 0),), bool(node.int("keepdims", 1)), DType.INT64
    )


def _normalization(function: str, axis: int = -1) -> Translator:
    return lambda node: Normalization(function, (node.int("axis", axis),))


def _layer_norm(function: str) -> Translator:
    def translate(node: Node) -> Op:
        rank = node.rank()
        first = node.int("axis", -1) % rank
        return Normalization(
            function, tuple(range(first, rank)), statistics=max(len(node.outputs) - 1, 0)
        )

    return translate


def _spatial_norm(function: str) -> Translator:
    return lambda node: Normalization(
        function, tuple(range(2, node.rank())), groups=node.int("num_groups", 1)
    )


def _reshape(node: Node) -> Translation:
    target = node.argument("shape", 1)
    if target is None:
        raise GraphError("the target shape is missing")
    return Translation(Reshape(target, keep_zero=not node.int("allowzero", 0)), (0,))


def _squeeze(node: Node) -> Translation:
    return Translation(Squeeze(node.argument("axes", 1)), (0,))


def _unsqueeze(node: Node) -> Translation:
    axes = node.argument("axes", 1)
    if axes is None:
        raise GraphError("the axes are missing")
    return Translation(Unsqueeze(axes), (0,))


def _split(node: Node) -> Translation:
    sizes = node.argument("split", 1)
    parts = None if sizes else len(node.outputs)
    return Translation(Split(node.int("axis", 0), sizes or None, parts), (0,))


def _slice(node: Node) -> Translation:
    starts, ends = node.argument("starts", 1), node.argument("ends", 2)
    if starts is None or ends is None:
        raise GraphError("starts or ends are missing")
    axes = node.argument("axes", 3) or tuple(range(len(starts)))
    steps = (node.known(4) if node.has(4) else None) or (1,) * len(starts)
    index: list[slice | int | None] = [slice(None)] * node.rank()
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        index[axis] = slice(start, end, step)
    return Translation(Slice(tuple(index)), (0,))


def _pad(node: Node) -> Translation:
    flat = node.argument("paddings" if "paddings" in node.attributes else "pads", 1)
    if flat is None:
        raise GraphError("the pads are missing")
    rank = node.rank()
    axes = node.known(3) if node.has(3) else tuple(range(rank))
    pads = [(0, 0)] * rank
    for axis, before, after in zip(axes, flat[: len(axes)], flat[len(axes) :], strict=True):
        pads[axis] = (before, after)
    return Translation(Pad(tuple(pads), node.text("mode", "constant")), (0,))


def _expand(node: Node) -> Translation:
    return Translation(Expand(node.known(1)), (0,))


def _tile(node: Node) -> Translation:
    if node.opset < 6:
        repeats = [1] * node.rank()
        repeats[node.known(2)[0]] = node.known(1)[0]
        return Translation(Tile(tuple(repeats)), (0,))
    return Translation(Tile(node.known(1)), (0,))


def _resize(node: Node) -> Translation:
    method = node.text("mode", "nearest")
    if "scales" in node.attributes:  # Upsample-7
        return Translation(Resize(method, scales=tuple(node.attributes["scales"])), (0,))
    scales = 1 if node.type == "Upsample" or node.opset < 11 else 2
    axes = node.ints("axes", tuple(range(node.rank())))
    if node.has(3):
        size = [-1] * node.rank()
        for axis, length in zip(axes, node.known(3), strict=True):
            size[axis] = length
        return Translation(Resize(method, size=tuple(size)), (0,))
    value = node.value_of(scales)
    if value is None:
        raise Computed
    factors = [1.0] * node.rank()
    for axis, factor in zip(axes, value.ravel(), strict=True):
        factors[axis] = float(factor)
    return Translation(Resize(method, scales=tuple(factors)), (0,))


def _depth_to_space(node: Node) -> Op:
    return DepthToSpace(
        node.int("blocksize", 1), columns_first=node.text("mode", "DCR") == "CRD"
    )


def _shape(node: Node) -> Op:
    end = node.attributes.get("end")
    return ShapeOf(DType.INT64, start=node.int("start", 0), end=None if end is None else int(end))


def _top_k(node: Node) -> Translation:
    (k,) = (node.int("k", 1),) if "k" in node.attributes else node.known(1)
    return Translation(TopK(k, node.int("axis", -1)), (0,))


def _one_hot(node: Node) -> Op:
    return OneHot(node.known(1)[0], node.int("axis", -1))


def _range(node: Node) -> Op:
    values = [node.value_of(i) for i in range(3)]
    if any(value is None for value in values):
        raise Computed
    start, limit, delta = (float(value.ravel()[0]) for value in values if value is not None)
    count = max(int(-(-(limit - start) // delta)), 0)
    return Generate("range", node.tensor(0).dtype, (count,))


def _random(node: Node) -> Op:
    if node.type.endswith("Like") or node.type in ("Bernoulli", "EyeLike"):
        shape, dtype = node.shape(0), node.tensor(0).dtype
    else:
        shape, dtype = node.ints("shape", ()), DType.FLOAT32
    given = node.attributes.get("dtype")
    return Generate("random", dtype if given is None else DTYPES[int(given)], shape)


def _attention(node: Node) -> Op:
    return Attention(
        query_heads=node.int("q_num_heads", 0) or None,
        key_heads=node.int("kv_num_heads", 0) or None,
        outputs=len(node.outputs),
    )


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
    "QuickGelu": "quick_gelu", "FastGelu": "gelu", "BiasGelu": "gelu",
}  # fmt: skip

_REDUCTIONS = {
    "ReduceL1": "l1", "ReduceL2": "l2", "ReduceLogSum": "log_sum",
    "ReduceLogSumExp": "log_sum_exp", "ReduceMax": "max", "ReduceMean": "mean",
    "ReduceMin": "min", "ReduceProd": "prod", "ReduceSum": "sum", "ReduceSumSquare": "sum_square",
}  # fmt: skip

# What training tools write to mark arbitrary precision (QONNX): a value rounded, not stored.
_FAKE_QUANTIZERS = ("Quant", "BipolarQuant", "FloatQuant", "IntQuant", "Trunc")

# Known to do no linear algebra, and with shapes that depend on data.
_DECLARED = ("NonZero", "Compress", "Unique", "NonMaxSuppression", "StringNormalizer")

TRANSLATIONS: dict[str, Translator] = {
    # linear algebra
    "Conv": _conv,
    "ConvInteger": lambda node: Translation(_conv(node), (0, 1), DType.INT32),
    "QLinearConv": _qlinear_conv,
    "ConvTranspose": _conv_transpose,
    "Gemm": _gemm,
    "MatMul": _matmul,
    "MatMulInteger": lambda node: Translation(_matmul(node), (0, 1), DType.INT32),
    "QLinearMatMul": _qlinear_matmul,
    "Einsum": _einsum,
    "LSTM": _recurrent("lstm"),
    "GRU": _recurrent("gru"),
    "RNN": _recurrent("rnn"),
    "Attention": _attention,
    # arithmetic and conversions
    **{name: _function(function) for name, function in _FUNCTIONS.items()},
    "Clip": _clip,
    "Dropout": lambda node: Translation(Elementwise("dropout"), (0,)),
    "Cast": _cast,
    "CastLike": lambda node: Translation(Convert("cast", node.tensor(1).dtype), (0,)),
    "QuantizeLinear": _quantize,
    "DequantizeLinear": _dequantize,
    "DynamicQuantizeLinear": lambda node: Declared("dynamic_quantize"),
    "QLinearAdd": _qlinear("add"),
    "QLinearMul": _qlinear("mul"),
    "QLinearSigmoid": _qlinear_unary("sigmoid"),
    "QLinearLeakyRelu": _qlinear_unary("leaky_relu"),
    # pooling, reductions, normalisations
    "MaxPool": _pool("max"),
    "AveragePool": _pool("average"),
    "LpPool": _pool("lp"),
    "GlobalMaxPool": lambda node: GlobalPool("max"),
    "GlobalAveragePool": lambda node: GlobalPool("average"),
    "QLinearGlobalAveragePool": lambda node: Translation(
        GlobalPool("average", -1 if node.int("channels_last", 0) else 1), (0,)
    ),
    "GlobalLpPool": lambda node: GlobalPool("lp"),
    **{name: _reduce(function) for name, function in _REDUCTIONS.items()},
    "ArgMax": _arg("arg_max"),
    "ArgMin": _arg("arg_min"),
    "CumSum": lambda node: Cumulate("cumsum"),
    "TopK": _top_k,
    "BatchNormalization": lambda node: BatchNorm(),
    "LayerNormalization": _layer_norm("layer_norm"),
    "RMSNormalization": _layer_norm("rms_norm"),
    "GroupNormalization": _spatial_norm("group_norm"),
    "InstanceNormalization": _spatial_norm("instance_norm"),
    "LRN": lambda node: Normalization("lrn", (1,)),
    "LpNormalization": _normalization("lp_norm"),
    "MeanVarianceNormalization": lambda node: Normalization(
        "mean_variance_norm", node.ints("axes", (0, 2, 3))
    ),
    "Softmax": _normalization("softmax"),
    "LogSoftmax": _normalization("log_softmax"),
    "Hardmax": _normalization("hardmax"),
    # movement
    "Reshape": _reshape,
    "Flatten": lambda node: Flatten(node.int("axis", 1)),
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Transpose": lambda node: Transpose(node.ints("perm", ()) or None),
    "Concat": lambda node: Concat(node.int("axis", 1)),
    "Split": _split,
    "Slice": _slice,
    "Pad": _pad,
    "Gather": lambda node: Gather(node.int("axis", 0)),
    "GatherND": lambda node: GatherNd(node.int("batch_dims", 0)),
    "GatherElements": lambda node: GatherElements(node.int("axis", 0)),
    "Scatter": lambda node: Scatter(),
    "ScatterElements": lambda node: Scatter(),
    "ScatterND": lambda node: Scatter("scatter_nd"),
    "Trilu": lambda node: Translation(Elementwise("trilu"), (0,)),
    "ReverseSequence": lambda node: Translation(Elementwise("reverse_sequence"), (0,)),
    "Expand": _expand,
    "Tile": _tile,
    "Resize": _resize,
    "Upsample": _resize,
    "DepthToSpace": _depth_to_space,
    "SpaceToDepth": lambda node: SpaceToDepth(node.int("blocksize", 1)),
    # creation
    "Shape": _shape,
    "Size": lambda node: ShapeOf(DType.INT64, "size"),
    "OneHot": _one_hot,
    "Range": _range,
    "EyeLike": _random,
    "Bernoulli": _random,
    "RandomNormal": _random,
    "RandomUniform": _random,
    "RandomNormalLike": _random,
    "RandomUniformLike": _random,
    **{name: (lambda node: Declared(node.type)) for name in _DECLARED},
    **{
        name: (lambda node: Translation(Elementwise("fake_quant"), (0,)))
        for name in _FAKE_QUANTIZERS
    },
}


def decode(attribute: Any) -> Any:
    """The value of an attribute: a number, bytes, a list, a tensor or a graph."""
    kind = attribute.type
    field = _FIELDS.get(kind)
    if field is None:
        raise GraphError(f"attribute {attribute.name!r} has the unknown type {kind}")
    value = getattr(attribute, field)
    return list(value) if kind >= 6 and kind not in (11, 13) else value


# AttributeProto.type -> the field that holds the value.
_FIELDS = {
    1: "f", 2: "i", 3: "s", 4: "t", 5: "g", 6: "floats", 7: "ints", 8: "strings", 9: "tensors",
    10: "graphs", 11: "sparse_tensor", 12: "sparse_tensors", 13: "tp", 14: "type_protos",
}  # fmt: skip
