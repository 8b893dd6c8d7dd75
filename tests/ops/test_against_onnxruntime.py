"""Shapes, element types and folded values are those that ONNX Runtime computes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

pytest.importorskip("onnxruntime")

Compare = Callable[..., None]
Array = np.ndarray[Any, Any]


def data(*shape: int, dtype: Any = np.float32) -> Array:
    """Distinct small numbers."""
    values = np.arange(int(np.prod(shape)), dtype=np.int64) % 97 + 1
    return np.asarray(values.reshape(shape), dtype)


def ints(*values: int) -> Array:
    return np.array(values, np.int64)


def attempt(compare: Compare, refused: type[Exception], *args: Any, **more: Any) -> None:
    """Compare, or let hypothesis look for another example that the runtime takes."""
    try:
        compare(*args, **more)
    except refused:
        assume(False)


@st.composite
def windows(draw: Any, ranks: tuple[int, ...] = (1, 2, 3), ceil: bool = False) -> dict[str, Any]:
    """Spatial sizes and window attributes, in ONNX's words."""
    rank = draw(st.sampled_from(ranks))

    def each(low: int, high: int) -> list[int]:
        return draw(st.lists(st.integers(low, high), min_size=rank, max_size=rank))

    case: dict[str, Any] = {
        "kernel_shape": each(1, 4),
        "strides": each(1, 3),
        "dilations": each(1, 2),
    }
    mode = draw(st.sampled_from(["NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]))
    padded = [0] * rank
    if mode == "NOTSET":
        limit = [k - 1 for k in case["kernel_shape"]] * 2
        case["pads"] = [draw(st.integers(0, most)) for most in limit]
        padded = [a + b for a, b in zip(case["pads"][:rank], case["pads"][rank:], strict=True)]
    else:
        case["auto_pad"] = mode
    # At least one window fits.
    windows = zip(case["kernel_shape"], case["dilations"], padded, each(0, 6), strict=True)
    case["size"] = [max((k - 1) * d + 1 - p, 1) + extra for k, d, p, extra in windows]
    if ceil:
        case["ceil_mode"] = draw(st.integers(0, 1))
    return case


@settings(max_examples=150)
@given(case=windows(), groups=st.sampled_from([1, 2, 3]), bias=st.booleans())
def test_conv(
    case: dict[str, Any],
    groups: int,
    bias: bool,
    against_runtime: Compare,
    refused: type[Exception],
) -> None:
    size, kernel = case.pop("size"), case["kernel_shape"]
    inputs = {"a": data(2, 2 * groups, *size)}
    constants = {"b": data(3 * groups, 2, *kernel)}
    if bias:
        constants["c"] = data(3 * groups)
    attempt(against_runtime, refused, "Conv", inputs, 1, constants, group=groups, **case)


@settings(max_examples=150)
@given(case=windows((1, 2)), groups=st.sampled_from([1, 2]), extra=st.integers(0, 2))
def test_conv_transpose(
    case: dict[str, Any],
    groups: int,
    extra: int,
    against_runtime: Compare,
    refused: type[Exception],
) -> None:
    size, kernel = case.pop("size"), case["kernel_shape"]
    limits = [max(s, d) - 1 for s, d in zip(case["strides"], case["dilations"], strict=True)]
    case["output_padding"] = [min(extra, limit) for limit in limits]
    if "auto_pad" in case:
        # The specification has size * stride, which the runtime misses for narrow windows.
        case["dilations"] = [1] * len(size)
        assume(all(k >= s for k, s in zip(kernel, case["strides"], strict=True)))
    inputs = {"a": data(1, 2 * groups, *size)}
    constants = {"b": data(2 * groups, 3, *kernel)}
    attempt(against_runtime, refused, "ConvTranspose", inputs, 1, constants, group=groups, **case)


@pytest.mark.parametrize("shape", [[9, 11], [10, 12]])
def test_conv_transpose_of_a_given_size(shape: list[int], against_runtime: Compare) -> None:
    inputs, constants = {"a": data(1, 2, 5, 6)}, {"b": data(2, 3, 3, 3)}
    against_runtime("ConvTranspose", inputs, 1, constants, strides=[2, 2], output_shape=shape)


@settings(max_examples=200)
@given(
    case=windows(ceil=True),
    type_=st.sampled_from(["MaxPool", "AveragePool", "LpPool"]),
    indices=st.booleans(),
)
def test_pool(
    case: dict[str, Any],
    type_: str,
    indices: bool,
    against_runtime: Compare,
    refused: type[Exception],
) -> None:
    size = case.pop("size")
    if "auto_pad" in case:
        case["dilations"] = [1] * len(size)  # the runtime forgets them there
    outputs = 2 if indices and type_ == "MaxPool" else 1
    attempt(against_runtime, refused, type_, {"a": data(1, 2, *size)}, outputs, **case)


@pytest.mark.parametrize("opset", [1, 7, 8, 10, 11, 12, 18, 22])
def test_max_pool_of_all_opsets(opset: int, against_runtime: Compare) -> None:
    against_runtime(
        "MaxPool",
        {"a": data(1, 2, 7, 7)},
        opset=opset,
        kernel_shape=[3, 3],
        strides=[2, 2],
        pads=[1, 1, 0, 0],
    )


@pytest.mark.parametrize("type_", ["GlobalAveragePool", "GlobalMaxPool"])
@pytest.mark.parametrize("shape", [(2, 3, 5), (1, 3, 4, 5), (1, 2, 3, 4, 5)])
def test_global_pool(type_: str, shape: tuple[int, ...], against_runtime: Compare) -> None:
    against_runtime(type_, {"a": data(*shape)})


@pytest.mark.parametrize("stored", [False, True])
@settings(max_examples=100)
@given(draw=st.data())
def test_slice(stored: bool, draw: st.DataObject, against_runtime: Compare) -> None:
    shape = draw.draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    axes = draw.draw(st.lists(st.sampled_from(range(len(shape))), min_size=1, unique=True))
    bound = st.one_of(st.integers(-7, 7), st.sampled_from([2**62, -(2**62)]))
    count = len(axes)
    steps = [draw.draw(st.sampled_from([-3, -2, -1, 1, 2, 3])) for _ in axes]
    starts, ends = ([draw.draw(bound) for _ in axes] for _ in range(2))
    negative = [draw.draw(st.booleans()) for _ in axes]
    axes = [axis - len(shape) if n else axis for axis, n in zip(axes, negative, strict=True)]
    value = {"a": data(*shape)}
    constants = {"b": ints(*starts), "c": ints(*ends), "d": ints(*axes), "e": ints(*steps)}
    assert len(starts) == count
    against_runtime("Slice", {} if stored else value, 1, {**constants, **(value if stored else {})})


def test_slice_of_old_opsets(against_runtime: Compare) -> None:
    for attributes in ({"axes": [1, 2]}, {}):
        against_runtime(
            "Slice", {"a": data(4, 5, 6)}, opset=9, starts=[1, -3], ends=[-1, 9], **attributes
        )


@settings(max_examples=60)
@given(draw=st.data())
def test_pad(draw: st.DataObject, against_runtime: Compare, refused: type[Exception]) -> None:
    shape = draw.draw(st.lists(st.integers(2, 4), min_size=1, max_size=4))
    mode = draw.draw(st.sampled_from(["constant", "reflect", "edge", "wrap"]))
    low = -1 if mode == "constant" else 0
    pads = [draw.draw(st.integers(low, 1)) for _ in range(2 * len(shape))]
    attempt(
        against_runtime, refused,
        "Pad", {"a": data(*shape)}, 1, {"b": ints(*pads)}, mode=mode,
    )  # fmt: skip


def test_pad_of_some_axes_and_old_opsets(against_runtime: Compare) -> None:
    constants = {"b": ints(1, 2, 3, 4), "d": ints(-1, 0)}
    against_runtime("Pad", {"a": data(2, 3, 4)}, 1, constants)
    against_runtime("Pad", {"a": data(2, 3)}, opset=2, pads=[1, 0, 2, 3])


REDUCTIONS = ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL2"]


@pytest.mark.parametrize("type_", REDUCTIONS)
@pytest.mark.parametrize("axes", [None, [0], [-1], [0, 2], [2, 0, 1], []])
@pytest.mark.parametrize("keep", [0, 1])
@pytest.mark.parametrize("stored", [False, True])
def test_reduce(
    type_: str, axes: list[int] | None, keep: int, stored: bool, against_runtime: Compare
) -> None:
    if stored and type_ == "ReduceL2":
        pytest.skip("nobody needs its value folded")
    value = {"a": data(2, 3, 4)}
    constants = {} if axes is None else {"b": ints(*axes)}
    if stored:
        against_runtime(type_, {}, 1, {**value, **constants}, keepdims=keep)
    else:
        against_runtime(type_, value, 1, constants, keepdims=keep)
    if axes == []:
        against_runtime(type_, value, 1, constants, keepdims=keep, noop_with_empty_axes=1)
    if axes:
        against_runtime(type_, value, opset=11, axes=axes, keepdims=keep)


@pytest.mark.parametrize("type_", ["ArgMax", "ArgMin"])
@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("keep", [0, 1])
def test_arg(type_: str, axis: int, keep: int, against_runtime: Compare) -> None:
    against_runtime(type_, {"a": data(2, 3, 4)}, axis=axis, keepdims=keep)


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij,jk->ik", [(2, 3), (3, 4)]),
        ("ij,jk", [(2, 3), (3, 4)]),
        ("bij,bjk->bik", [(5, 2, 3), (5, 3, 4)]),
        ("...ij,...jk->...ik", [(5, 2, 3), (1, 3, 4)]),
        ("bhqd,bhkd->bhqk", [(1, 2, 3, 4), (1, 2, 5, 4)]),
        ("ii->i", [(3, 3)]),
        ("ij->ji", [(2, 3)]),
        ("ij->", [(2, 3)]),
        ("i,j->ij", [(2,), (3,)]),
        ("i,i", [(3,), (3,)]),
        ("ba", [(2, 3)]),
        ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 5)]),
    ],
)
def test_einsum(equation: str, shapes: list[tuple[int, ...]], against_runtime: Compare) -> None:
    inputs = {chr(97 + i): data(*shape) for i, shape in enumerate(shapes)}
    against_runtime("Einsum", inputs, equation=equation)


@pytest.mark.parametrize("trans_a", [0, 1])
@pytest.mark.parametrize("trans_b", [0, 1])
@pytest.mark.parametrize("stored", [False, True])
def test_gemm(trans_a: int, trans_b: int, stored: bool, against_runtime: Compare) -> None:
    a = data(3, 2) if trans_a else data(2, 3)
    weight = {"b": data(4, 3) if trans_b else data(3, 4)}
    more: dict[str, Any] = {"transA": trans_a, "transB": trans_b}
    for bias in ({}, {"c": data(4)}, {"c": data(2, 1)}, {"c": data(1)}):
        if stored:
            against_runtime("Gemm", {"a": a}, 1, {**weight, **bias}, **more)
        else:
            against_runtime("Gemm", {"a": a, **weight, **bias}, **more)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((2, 3), (3, 4)),
        ((5, 2, 3), (3, 4)),
        ((5, 2, 3), (5, 3, 4)),
        ((6, 1, 2, 3), (5, 3, 4)),
        ((3,), (3, 4)),
        ((2, 3), (3,)),
        ((3,), (3,)),
        ((5, 2, 3), (3,)),
        ((3,), (5, 3, 4)),
    ],
)
@pytest.mark.parametrize("stored", [False, True])
def test_matmul(
    a: tuple[int, ...], b: tuple[int, ...], stored: bool, against_runtime: Compare
) -> None:
    if stored:
        against_runtime("MatMul", {"a": data(*a)}, 1, {"b": data(*b)})
    else:
        against_runtime("MatMul", {"a": data(*a), "b": data(*b)})
    ints8 = {"a": data(*a, dtype=np.uint8), "b": data(*b, dtype=np.uint8)}
    if len(a) > 1 and len(b) > 1:
        against_runtime("MatMulInteger", ints8)


@pytest.mark.parametrize("type_", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("outputs", [1, 2])
def test_recurrent(
    type_: str, direction: str, bias: bool, outputs: int, against_runtime: Compare
) -> None:
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[type_]
    both = 2 if direction == "bidirectional" else 1
    constants = {"b": data(both, gates * 5, 3), "c": data(both, gates * 5, 5)}
    if bias:
        constants["d"] = data(both, 2 * gates * 5)
    inputs = {"a": data(7, 2, 3)}
    more: dict[str, Any] = {"direction": direction, "hidden_size": 5}
    against_runtime(type_, inputs, outputs, constants, **more)
    if type_ == "LSTM":
        against_runtime(type_, inputs, 3, constants, **more)


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("opset", [11, 13, 18])
@pytest.mark.parametrize(
    ("length", "sizes", "parts", "axis"),
    [(6, [1, 2, 3], 3, 1), (6, None, 3, 1), (6, None, 2, -1), (7, None, 3, 0), (4, [4], 1, 1)],
)
def test_split(
    length: int,
    sizes: list[int] | None,
    parts: int,
    axis: int,
    opset: int,
    stored: bool,
    against_runtime: Compare,
) -> None:
    shape = [2, 2]
    shape[axis] = length
    value = {"a": data(*shape)}
    more: dict[str, Any] = {"axis": axis, "opset": opset}
    constants = {}
    if opset < 13 and sizes is not None:
        more["split"] = sizes
    elif sizes is not None:
        constants["b"] = ints(*sizes)
    elif opset >= 18:
        more["num_outputs"] = parts
    if length == 7 and opset < 18:
        pytest.skip("uneven parts came with opset 18")
    if stored:
        against_runtime("Split", {}, parts, {**value, **constants}, **more)
    else:
        against_runtime("Split", value, parts, constants, **more)


# Movement and lookup: (type, shape of the data, constants after it, attributes).
MOVES: list[tuple[str, tuple[int, ...], dict[str, Array], dict[str, Any]]] = [
    ("Gather", (4, 3), {"b": ints(0, 2, -1)}, {}),
    ("Gather", (4, 3), {"b": np.array(1)}, {"axis": 1}),
    ("Gather", (4, 3, 2), {"b": np.array([[0, 1], [2, 0]])}, {"axis": -2}),
    ("GatherElements", (4, 3), {"b": np.array([[0, 1, 2], [3, 0, 1]])}, {"axis": 0}),
    ("GatherND", (4, 3, 2), {"b": np.array([[0, 1], [2, 0]])}, {}),
    ("GatherND", (2, 3, 4), {"b": np.array([[1], [0]])}, {"batch_dims": 1}),
    ("Reshape", (2, 3, 4), {"b": ints(0, -1)}, {}),
    ("Reshape", (2, 3, 4), {"b": ints(4, 0, 2)}, {}),
    ("Reshape", (2, 0, 4), {"b": ints(0, 4)}, {"allowzero": 1}),
    ("Reshape", (2, 3), {"b": ints(6)}, {}),
    ("Reshape", (1,), {"b": np.array([], np.int64)}, {}),
    ("Flatten", (2, 3, 4), {}, {}),
    ("Flatten", (2, 3, 4), {}, {"axis": 0}),
    ("Flatten", (2, 3, 4), {}, {"axis": 3}),
    ("Flatten", (2, 3, 4), {}, {"axis": -1}),
    ("Transpose", (2, 3, 4), {}, {}),
    ("Transpose", (2, 3, 4), {}, {"perm": [1, 2, 0]}),
    ("Squeeze", (1, 2, 1, 3), {}, {}),
    ("Squeeze", (1, 2, 1, 3), {"b": ints(-2)}, {}),
    ("Unsqueeze", (2, 3), {"b": ints(0, -1)}, {}),
    ("Unsqueeze", (2, 3), {"b": ints(3, 1)}, {}),
    ("Expand", (3, 1), {"b": ints(2, 1, 4)}, {}),
    ("Expand", (3, 4), {"b": ints(1, 1)}, {}),
    ("Tile", (2, 3), {"b": ints(2, 1)}, {}),
    ("DepthToSpace", (1, 8, 2, 3), {}, {"blocksize": 2}),
    ("DepthToSpace", (1, 8, 2, 3), {}, {"blocksize": 2, "mode": "CRD"}),
    ("DepthToSpace", (2, 18, 1, 2), {}, {"blocksize": 3, "mode": "DCR"}),
    ("SpaceToDepth", (1, 2, 4, 6), {}, {"blocksize": 2}),
    ("SpaceToDepth", (2, 1, 3, 6), {}, {"blocksize": 3}),
    ("Shape", (2, 3, 4), {}, {}),
    ("Shape", (2, 3, 4), {}, {"start": 1}),
    ("Shape", (2, 3, 4), {}, {"start": -2, "end": -1}),
    ("Size", (2, 3, 4), {}, {}),
    ("Identity", (2, 3), {}, {}),
    ("TopK", (3, 5), {"b": ints(2)}, {}),
    ("TopK", (3, 5), {"b": ints(3)}, {"axis": 0, "largest": 0}),
    ("CumSum", (3, 5), {"b": np.array(1)}, {}),
    ("Trilu", (3, 5), {}, {"upper": 0}),
    ("Softmax", (3, 5), {}, {"axis": 0}),
    ("LRN", (1, 5, 2, 2), {}, {"size": 3}),
    ("LpNormalization", (3, 5), {}, {"axis": 1}),
    ("ScatterND", (4, 2), {"b": np.array([[1], [3]]), "c": data(2, 2)}, {}),
    ("ScatterElements", (3, 3), {"b": np.array([[1, 0, 2]]), "c": data(1, 3)}, {}),
    ("Clip", (3, 2), {"b": np.array(0, np.float32), "c": np.array(6, np.float32)}, {}),
    ("Cast", (3, 2), {}, {"to": 6}),
    ("Cast", (3, 2), {}, {"to": 10}),
    ("NonZero", (1,), {}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "shape", "constants", "attributes"), MOVES)
@pytest.mark.parametrize("stored", [False, True])
def test_movement(
    type_: str,
    shape: tuple[int, ...],
    constants: dict[str, Array],
    attributes: dict[str, Any],
    stored: bool,
    against_runtime: Compare,
) -> None:
    value = {"a": data(*shape)}
    outputs = 2 if type_ == "TopK" else 1
    if type_ == "NonZero":
        pytest.skip("its shape depends on the data")
    if stored and type_ not in FOLDED:
        pytest.skip("nobody needs its value folded")
    if stored:
        against_runtime(type_, {}, outputs, {**value, **constants}, **attributes)
    else:
        against_runtime(type_, value, outputs, constants, **attributes)


FOLDED = {
    *("Gather", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Expand", "Tile"),
    *("DepthToSpace", "SpaceToDepth", "Shape", "Size", "Identity", "Cast"),
}


def test_movement_of_old_opsets(against_runtime: Compare) -> None:
    against_runtime("Squeeze", {"a": data(1, 2, 1)}, opset=11, axes=[0])
    against_runtime("Unsqueeze", {"a": data(2)}, opset=11, axes=[0, 2])
    against_runtime("Dropout", {"a": data(2)}, opset=7)
    against_runtime("Softmax", {"a": data(2, 3, 4)}, opset=11)
    against_runtime("Clip", {"a": data(2)}, opset=6, min=0.0, max=6.0)
    against_runtime("TopK", {"a": data(5)}, 2, {"b": ints(2)}, opset=10)


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_concat(axis: int, stored: bool, against_runtime: Compare) -> None:
    shapes = [[2, 3], [2, 3], [2, 3]]
    for extra, shape in enumerate(shapes):
        shape[axis] += extra
    values = {chr(97 + i): data(*shape) for i, shape in enumerate(shapes)}
    if stored:
        against_runtime("Concat", {}, 1, values, axis=axis)
    else:
        against_runtime("Concat", values, axis=axis)


@settings(max_examples=60)
@given(draw=st.data())
def test_resize(draw: st.DataObject, against_runtime: Compare, refused: type[Exception]) -> None:
    mode = draw.draw(st.sampled_from(["nearest", "linear"]))
    shape = (1, 2, draw.draw(st.integers(1, 5)), draw.draw(st.integers(1, 5)))
    value = {"a": data(*shape)}
    scale = st.sampled_from([0.5, 0.75, 1.0, 1.3, 1.5, 2.0, 2.5, 3.0])
    if draw.draw(st.booleans()):
        scales = np.array([1, 1, draw.draw(scale), draw.draw(scale)], np.float32)
        constants = {"c": scales}
    else:
        constants = {"d": ints(1, 2, draw.draw(st.integers(1, 9)), draw.draw(st.integers(1, 9)))}
    attempt(
        against_runtime, refused, "Resize", value, 1, constants,
        mode=mode, nearest_mode="floor", coordinate_transformation_mode="asymmetric",
    )  # fmt: skip


def test_resize_of_old_opsets_and_some_axes(against_runtime: Compare) -> None:
    value = {"a": data(1, 2, 3, 4)}
    scales = np.array([1, 1, 2, 2.5], np.float32)
    against_runtime("Upsample", value, opset=7, scales=[1.0, 1.0, 2.0, 2.5])
    against_runtime("Upsample", value, 1, {"b": scales}, opset=9)
    against_runtime("Resize", value, 1, {"b": scales}, opset=10)
    against_runtime("Resize", value, 1, {"c": scales[2:]}, axes=[2, 3])
    against_runtime("Resize", value, 1, {"d": ints(7, 5)}, axes=[3, 2])


@pytest.mark.parametrize("policy", ["stretch", "not_larger", "not_smaller"])
def test_resize_that_keeps_proportions(policy: str, against_runtime: Compare) -> None:
    value = {"a": data(1, 2, 4, 8)}
    against_runtime(
        "Resize", value, 1, {"d": ints(7, 6)}, axes=[2, 3], keep_aspect_ratio_policy=policy
    )


# Two operands, broadcast.
@pytest.mark.parametrize(
    "type_", ["Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Equal", "Less", "GreaterOrEqual"]
)
@pytest.mark.parametrize(
    ("a", "b"),
    [((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2,)), ((4, 1, 2), (3, 1))],
)
@pytest.mark.parametrize("stored", [False, True])
def test_arithmetic(
    type_: str, a: tuple[int, ...], b: tuple[int, ...], stored: bool, against_runtime: Compare
) -> None:
    values = {"a": data(*a), "b": data(*b)}
    against_runtime(type_, {} if stored else values, 1, values if stored else None)


@pytest.mark.parametrize("type_", ["Add", "Sub", "Mul", "Div", "Mod", "Max"])
def test_arithmetic_of_integers(type_: str, against_runtime: Compare) -> None:
    """Shape arithmetic is integer; division is towards zero."""
    values = {"a": ints(7, -7, 7, -7, 0), "b": ints(2, 2, -2, -2, 5)}
    against_runtime(type_, {}, 1, values)


UNARY = [
    *("Abs", "Neg", "Exp", "Log", "Sqrt", "Floor", "Ceil", "Round", "Sign", "Relu", "Reciprocal"),
    *("Sigmoid", "Tanh", "LeakyRelu", "Elu", "Selu", "HardSigmoid", "HardSwish", "Softplus"),
    *("Erf", "Gelu", "Sin", "Cos", "IsNaN", "Softsign", "ThresholdedRelu", "Mish", "Celu"),
]


@pytest.mark.parametrize("type_", UNARY)
def test_unary(type_: str, against_runtime: Compare) -> None:
    value = {"a": data(3, 2) / 7}
    against_runtime(type_, value)
    if type_ in ("Abs", "Neg", "Exp", "Log", "Sqrt", "Floor", "Ceil", "Round", "Sign", "Relu"):
        against_runtime(type_, {}, 1, value)


def test_where_and_logic(against_runtime: Compare) -> None:
    condition = np.array([[True], [False]])
    against_runtime("Where", {"a": condition, "b": data(3), "c": data(2, 3)})
    against_runtime("Where", {}, 1, {"a": condition, "b": data(3), "c": data(2, 3)})
    against_runtime("And", {"a": condition, "b": condition.T})
    against_runtime("Not", {}, 1, {"a": condition})


def test_prelu_follows_channels(against_runtime: Compare) -> None:
    against_runtime("PRelu", {"a": data(1, 3, 2, 2)}, 1, {"b": data(3, 1, 1)})


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_one_hot(axis: int, against_runtime: Compare) -> None:
    constants = {"b": np.array(5), "c": np.array([0, 1], np.float32)}
    against_runtime("OneHot", {"a": ints(1, 3)}, 1, constants, axis=axis)


@pytest.mark.parametrize(("start", "limit", "delta"), [(0, 5, 1), (2, 9, 3), (5, 0, -2), (3, 3, 1)])
def test_range(start: int, limit: int, delta: int, against_runtime: Compare) -> None:
    constants = {"a": np.array(start), "b": np.array(limit), "c": np.array(delta)}
    against_runtime("Range", {}, 1, constants)
    floats = {name: value.astype(np.float32) for name, value in constants.items()}
    against_runtime("Range", {}, 1, floats)


def test_normalisations(against_runtime: Compare) -> None:
    value = {"a": data(1, 4, 3, 3)}
    four = {"b": data(4), "c": data(4)}
    norm = {**four, "d": data(4), "e": data(4)}
    against_runtime("BatchNormalization", value, 1, norm)
    against_runtime("InstanceNormalization", value, 1, four)
    against_runtime("LayerNormalization", {"a": data(2, 3, 4)}, 1, four)
    against_runtime("LayerNormalization", {"a": data(2, 3, 4)}, 3, four)
    against_runtime("MeanVarianceNormalization", value)
    against_runtime("LogSoftmax", value)


def test_quantised_forms(against_runtime: Compare) -> None:
    scale, zero = np.array(0.1, np.float32), np.array(3, np.int8)
    against_runtime("QuantizeLinear", {"a": data(2, 3)}, 1, {"b": scale, "c": zero})
    against_runtime("QuantizeLinear", {"a": data(2, 3)}, 1, {"b": scale})
    x, w = data(1, 2, 5, 5, dtype=np.uint8), data(3, 2, 3, 3, dtype=np.uint8)
    point = np.array(3, np.uint8)
    constants = {"b": scale, "c": point, "d": w, "e": scale, "f": point, "g": scale, "h": point}
    against_runtime("QLinearConv", {"a": x}, 1, constants, strides=[2, 2])
    against_runtime("ConvInteger", {"a": x, "b": w}, pads=[1, 1, 1, 1])
    a, b = data(2, 3, dtype=np.uint8), data(3, 4, dtype=np.uint8)
    against_runtime("QLinearMatMul", {"a": a}, 1, {**constants, "d": b})
    domain = {"domain": "com.microsoft"}
    against_runtime("QLinearAdd", {"a": a}, 1, {**constants, "d": a}, **domain)
    against_runtime(
        "QLinearSigmoid", {"a": a}, 1, {"b": scale, "c": point, "d": scale, "e": point}, **domain
    )
    against_runtime("DynamicQuantizeLinear", {"a": data(2, 3)}, 3)
    weight = {**constants, "d": b}
    del weight["g"], weight["h"]
    bias = {"g": data(4, dtype=np.int32)}
    against_runtime("QGemm", {"a": a}, 1, {**weight, **bias}, alpha=1.0, **domain)
    scaled = {**weight, **bias, "h": scale, "i": point}
    against_runtime("QGemm", {"a": a}, 1, scaled, alpha=1.0, **domain)
    parts = {"a": scale, "b": point, "d": scale, "e": point, "f": a, "g": scale, "h": point}
    against_runtime("QLinearConcat", {"c": a}, 1, parts, axis=1, **domain)
    image = data(1, 2, 4, 4, dtype=np.uint8)
    four = {"b": scale, "c": point, "d": scale, "e": point}
    pool: dict[str, Any] = {"kernel_shape": [2, 2], "strides": [2, 2], **domain}
    against_runtime("QLinearAveragePool", {"a": image}, 1, four, **pool)
    against_runtime("QLinearGlobalAveragePool", {"a": image}, 1, four, channels_last=0, **domain)
