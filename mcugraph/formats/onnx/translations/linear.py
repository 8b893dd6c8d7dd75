"""ONNX: convolutions, products, recurrent cells and attention."""

from collections.abc import Iterator

from mcugraph.errors import GraphError
from mcugraph.formats.onnx.node import OnnxNode, Translation, Translator, result_type
from mcugraph.ir import DType, Op
from mcugraph.ops.attention import Attention
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.linear import Dense, Einsum, MatMul, dense_of, explicit
from mcugraph.ops.recurrent import Recurrent, UnitAxis
from mcugraph.records import replace


def _conv(node: OnnxNode, weight: int = 1) -> Conv:
    shape = node.shape(weight)
    rank = len(shape) - 2
    groups = node.integer("group", 1)
    return Conv(
        strides=node.integers("strides", (1,) * rank),
        dilations=node.integers("dilations", (1,) * rank),
        padding=node.padding(rank),
        groups=groups,
        depthwise=groups > 1 and shape[1] == 1,
    )


def _conv_transpose(node: OnnxNode) -> Op:
    rank = node.rank(1) - 2
    size = node.integers("output_shape", ())
    return ConvTranspose(
        strides=node.integers("strides", (1,) * rank),
        dilations=node.integers("dilations", (1,) * rank),
        padding=node.padding(rank),
        groups=node.integer("group", 1),
        weight_out=1,
        weight_in=0,
        output_padding=node.integers("output_padding", ()),
        output_shape=size[-rank:] if size else None,
    )


def _gemm(node: OnnxNode) -> Op:
    alpha, beta = (float(node.attributes.get(name, 1.0)) for name in ("alpha", "beta"))
    if alpha == 0.0:
        raise GraphError("alpha is 0")
    transposed = node.integer("transB", 0)
    return Dense(
        weight_out=0 if transposed else 1,
        weight_in=1 if transposed else 0,
        transposed=bool(node.integer("transA", 0)),
        factors=(alpha, beta),
    )


def _matmul(node: OnnxNode, data: int = 0, weight: int = 1) -> Op:
    """A product with a constant matrix is a dense layer."""
    if node.tensor(weight).is_constant and node.rank(weight) == 2 and node.rank(data) > 1:
        return Dense(weight_out=1, weight_in=0)
    return MatMul()


def _einsum(node: OnnxNode) -> Op | Translation:
    """A sum of products; of data and a constant matrix, it may be a dense layer."""
    equation = explicit(node.text("equation", ""))
    if equation.count(",") + 1 != len(node.reads):
        raise GraphError(f"{equation!r} does not take {len(node.reads)} operands")
    constant = [node.tensor(index).is_constant for index in range(len(node.reads))]
    if sorted(constant) == [False, True]:
        data = constant.index(False)
        dense = dense_of(equation, data, [node.shape(0), node.shape(1)])
        if dense is not None:
            return Translation(dense, (data, 1 - data))
    return Einsum(equation)


def _qlinear_conv(node: OnnxNode) -> Translation:
    return Translation(_conv(node, 3), (0, 3, 8), result_type(node, 7), ((0, 1), (3, 4)), 6)


def _qlinear_matmul(node: OnnxNode) -> Translation:
    return Translation(_matmul(node, 0, 3), (0, 3), result_type(node, 7), ((0, 1), (3, 4)), 6)


def _recurrent(cell: str) -> Translator:
    def translate(node: OnnxNode) -> Translation:
        batch_first = bool(node.integer("layout", 0))
        directions = 2 if node.text("direction", "forward") == "bidirectional" else 1
        names = ("sequence", "state", "cell")
        op = Recurrent(
            cell,
            weights=(1, 2),
            biases=(3,),
            hidden=node.integer("hidden_size", node.shape(2)[-1]),
            directions=directions,
            batch_axis=0 if batch_first else 1,
            time_axis=1 if batch_first else 0,
            direction_axis=2 if batch_first else 1,
            outputs=names[: len(node.outputs)],
            variant=_variant(node),
            readers=(1,),
            units=tuple(_units(node, directions)),
            states=tuple(index for index in (5, 6) if node.has(index)),
        )
        # States start from zeros where none are given; PyTorch writes the zeros down.
        given = any(node.has(index) and not node.filled(index, 0.0) for index in (5, 6))
        rest = tuple(range(5)) if not given and not node.has(7) else None
        if rest is not None:
            op = replace(op, states=())
        return Translation(op, rest and rest[: len(node.inputs)])

    return translate


def _units(node: OnnxNode, directions: int) -> Iterator[UnitAxis]:
    """Where units lie in weights, biases and peepholes, of both directions along one axis."""
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[node.type]
    for direction in range(directions):
        yield UnitAxis(1, 1, direction, gates)
        yield UnitAxis(2, 1, direction, gates)
        yield UnitAxis(2, 2, direction)
        if node.has(3):
            yield UnitAxis(3, 1, direction, 2 * gates)
        if node.has(7):
            yield UnitAxis(7, 1, direction, 3)


# What each direction of a cell computes with unless the model says something else.
_ACTIVATIONS = {
    "LSTM": ["Sigmoid", "Tanh", "Tanh"],
    "GRU": ["Sigmoid", "Tanh"],
    "RNN": ["Tanh"],
}


def _variant(node: OnnxNode) -> str:
    """What differs from the usual cell, which goes forward."""
    usual, found = _ACTIVATIONS[node.type], []
    given = [name.decode() for name in node.attributes.get("activations", ())]
    if any(given[i : i + len(usual)] != usual for i in range(0, len(given), len(usual))):
        found.append(f"its activations are {', '.join(given)}")
    if node.text("direction", "forward") == "reverse":
        found.append("it goes backwards")
    if "clip" in node.attributes:
        found.append("what goes into its gates is clipped")
    if node.integer("input_forget", 0):
        found.append("two of its gates are one")
    if node.type == "GRU" and not node.integer("linear_before_reset", 0):
        found.append("its reset gate comes before a product")
    return ", ".join(found)


def _attention(node: OnnxNode) -> Op:
    return Attention(
        query_heads=node.integer("q_num_heads", 0) or None,
        key_heads=node.integer("kv_num_heads", 0) or None,
        outputs=len(node.outputs),
        scale=None if "scale" not in node.attributes else float(node.attributes["scale"]),
        variant=", ".join(
            name
            for name in ("is_causal", "softcap", "qk_matmul_output_mode")
            if node.attributes.get(name)
        ),
    )


TRANSLATIONS: dict[str, Translator] = {
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
}
