"""What operators of old opsets meant: attributes that became inputs, axes that became numpy's.

Oracles: the specification said with numpy; ONNX Runtime where it still runs the old version, or
behind ONNX's version converter; ONNX's reference evaluator.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mcugraph as mg
from mcugraph.formats.dims import Bindings
from mcugraph.formats.onnx.importer import load_onnx
from mcugraph.ir import DType
from mcugraph.ops.normalization import Normalization

onnx = pytest.importorskip("onnx")

Array = np.ndarray[Any, Any]
Arrays = Mapping[str, Array]

BINARY = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.divide,
    "Pow": np.power,
    "Equal": np.equal,
    "Greater": np.greater,
    "Less": np.less,
    "And": np.logical_and,
    "Or": np.logical_or,
    "Xor": np.logical_xor,
}


def distinct(*shape: int) -> Array:
    return np.arange(1, np.prod(shape, dtype=int) + 1, dtype=np.float32).reshape(shape)


def model(
    type_: str,
    inputs: Arrays,
    constants: Arrays,
    opset: int,
    outputs: Sequence[int] = (1,),
    **attributes: Any,
) -> Any:
    """One node; inputs are called in the order of the alphabet, outputs have these types."""
    from onnx import helper, numpy_helper

    kinds = {name: helper.np_dtype_to_tensor_dtype(value.dtype) for name, value in inputs.items()}
    results = [f"y{i}" for i in range(len(outputs))]
    graph = helper.make_graph(
        [helper.make_node(type_, sorted([*inputs, *constants]), results, **attributes)],
        "one",
        [helper.make_tensor_value_info(n, kinds[n], v.shape) for n, v in inputs.items()],
        [helper.make_tensor_value_info(n, k, None) for n, k in zip(results, outputs, strict=True)],
        [numpy_helper.from_array(v, n) for n, v in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


def ours(proto: Any) -> mg.Graph:
    return load_onnx("old.onnx", proto.SerializeToString(), Bindings("old.onnx", None))


def run(proto: Any, inputs: Arrays) -> list[Array]:
    """What ONNX Runtime computes."""
    runtime = pytest.importorskip("onnxruntime")
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    session = runtime.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    results: list[Array] = session.run(None, dict(inputs))
    return results


def converted(proto: Any, opset: int) -> Any:
    from onnx import version_converter

    return version_converter.convert_version(proto, opset)


def evaluated(proto: Any, inputs: Arrays) -> list[Array]:
    """What ONNX's reference evaluator computes."""
    import onnx.reference

    results: list[Array] = onnx.reference.ReferenceEvaluator(proto).run(None, dict(inputs))
    return results


@st.composite
def part_of_a_shape(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...], int | None]:
    """A shape, a contiguous part of it, and where that begins; None: at the end, unsaid."""
    whole = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=4)))
    first = draw(st.integers(0, len(whole)))
    last = draw(st.integers(first, len(whole)))
    said = last < len(whole) or draw(st.booleans())
    return whole, whole[first:last], first if said else None


@np.errstate(over="ignore")  # 81 ** 82
def by_axis(function: Any, a: Array, b: Array, axis: int | None) -> Array:
    """The specification of opset 6, said with numpy."""
    behind = 0 if axis is None else a.ndim - axis - b.ndim
    return np.asarray(function(a, b.reshape(b.shape + (1,) * behind)))


@settings(max_examples=200, deadline=None)
@given(
    case=part_of_a_shape(),
    type_=st.sampled_from(sorted(BINARY)),
    stored=st.sampled_from(["", "b", "ab"]),
    opset=st.sampled_from([1, 5, 6]),
)
def test_the_second_operand_lies_where_axis_says(
    case: tuple[tuple[int, ...], tuple[int, ...], int | None],
    type_: str,
    stored: str,
    opset: int,
) -> None:
    whole, part, axis = case
    values = {"a": distinct(*whole), "b": distinct(*part) + 1}
    if type_ in ("And", "Or", "Xor"):
        values = {name: value % 3 > 1 for name, value in values.items()}
    constants = {name: value for name, value in values.items() if name in stored}
    fed = {name: value for name, value in values.items() if name not in stored}
    more = {} if axis is None else {"axis": axis}
    graph = ours(model(type_, fed, constants, opset, broadcast=1, **more))
    expected = by_axis(BINARY[type_], values["a"], values["b"], axis)
    tensor = graph.tensors["y0"]
    assert tensor.shape == expected.shape == whole
    if tensor.constant is not None:
        np.testing.assert_allclose(tensor.constant.array(), expected, rtol=1e-6)
    else:
        # Whoever reads the operator sees operands that numpy broadcasts to the same places.
        (operator,) = (op for op in graph.operators if op.outputs == ("y0",))
        read = [graph.tensors[name or ""] for name in operator.inputs]
        lengths = [t.shape for t in read]
        assert lengths[0] == whole
        assert lengths[1] is not None
        again = values["b"].reshape(lengths[1])
        np.testing.assert_array_equal(by_axis(BINARY[type_], values["a"], again, None), expected)
        if read[1].constant is not None:
            np.testing.assert_array_equal(read[1].constant.array(), again)


def test_constants_may_be_more_than_a_float_holds() -> None:
    values = {"a": np.float32([100, 2, -1]), "b": np.float32([100, 3, 0])}
    for type_, expected in (("Pow", [np.inf, 8, 1]), ("Div", [1, np.float32(2) / 3, -np.inf])):
        (name,) = (graph := ours(model(type_, {}, values, 7))).outputs
        constant = graph.tensors[name].constant
        assert constant is not None
        np.testing.assert_array_equal(constant.array(), np.float32(expected))


def test_axis_as_the_version_converter_has_it() -> None:
    """It is right for axis 0 alone: any other it takes for 0."""
    values = {"a": distinct(3, 3, 3, 3), "b": distinct(3)}
    proto = model("Mul", {"a": values["a"]}, {"b": values["b"]}, 6, broadcast=1, axis=0)
    new = ours(converted(proto, 8))
    old = ours(proto)
    shapes = [
        [graph.tensors[name or ""].shape for op in graph.operators for name in op.inputs]
        for graph in (old, new)
    ]
    # Where channels are as many as columns, the last axis would be the wrong one, silently.
    assert shapes == [[(3, 3, 3, 3), (3, 1, 1, 1)]] * 2


def test_an_axis_that_does_not_fit_is_an_error() -> None:
    values = {"a": distinct(1, 4, 5, 6), "b": distinct(4)}
    with pytest.raises(mg.FormatError, match=r"\(4,\) is no part of \(1, 4, 5, 6\) from axis 2"):
        ours(model("Add", values, {}, 6, broadcast=1, axis=2))
    with pytest.raises(mg.FormatError, match="from axis 3 on"):
        ours(model("Add", values, {}, 6, broadcast=1))
    with pytest.raises(mg.FormatError, match="from axis 4 on"):
        ours(model("Add", values, {}, 6, broadcast=1, axis=4))


def test_a_bias_that_is_added_along_an_axis_becomes_the_bias_of_its_layer() -> None:
    """Convolution and bias, as exporters of that time wrote them; 5 channels, 5 columns."""
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["c"], kernel_shape=[1, 1]),
            helper.make_node("Add", ["c", "b"], ["y"], broadcast=1, axis=1),
        ],
        "old",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 4, 5])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 5, 4, 5])],
        [
            numpy_helper.from_array(distinct(5, 3, 1, 1), "w"),
            numpy_helper.from_array(distinct(5), "b"),
        ],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 6)], ir_version=9)
    profile = mg.profile(ours(proto))
    assert len(profile.layers) == 1
    assert (profile.flash.weights, profile.flash.biases) == (60, 20)
    assert profile.macs == 300


def test_the_bytes_of_an_operand_are_counted_once() -> None:
    """Two operators read one constant in two shapes."""
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        [
            helper.make_node("Mul", ["x", "s"], ["a"], broadcast=1, axis=1),
            helper.make_node("Add", ["a", "s"], ["y"], broadcast=1, axis=3),
        ],
        "old",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 4, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3, 4, 3])],
        [numpy_helper.from_array(distinct(3), "s")],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 6)], ir_version=9)
    assert mg.profile(ours(proto)).flash.weights == 12


DATA = distinct(2, 3, 4, 4)

# (type, inputs that are stored, attributes, opset, types of the results, opset to convert to)
CASES: list[tuple[str, Arrays, dict[str, Any], int, Sequence[int], int]] = [
    ("Reshape", {}, {"shape": [0, -1], "consumed_inputs": [0]}, 1, (1,), 8),
    ("Slice", {}, {"starts": [1, -2], "ends": [3, 9], "axes": [1, 3]}, 1, (1,), 13),
    ("Slice", {}, {"starts": [0, 1], "ends": [-1, 2]}, 9, (1,), 13),
    ("Unsqueeze", {}, {"axes": [0, 3]}, 1, (1,), 13),
    ("Pad", {}, {"paddings": [0, 0, 1, 2, 0, 0, 3, 0], "mode": "constant"}, 1, (1,), 0),
    ("Pad", {}, {"pads": [0, 0, 1, 2, 0, 0, 3, 0], "value": 1.0}, 2, (1,), 11),
    ("Clip", {}, {"min": 0.0, "max": 6.0}, 6, (1,), 11),
    ("TopK", {}, {"k": 2, "axis": 1}, 1, (1, 7), 0),
    ("Dropout", {}, {"ratio": 0.5, "is_test": 1}, 6, (1,), 8),
    ("Dropout", {}, {"ratio": 0.5}, 7, (1,), 12),
    ("Softmax", {}, {}, 1, (1,), 13),
    ("Softmax", {}, {"axis": 2}, 11, (1,), 13),
    ("LogSoftmax", {}, {"axis": 0}, 11, (1,), 13),
    ("Hardmax", {}, {"axis": -1}, 11, (1,), 13),
    ("Upsample", {}, {"height_scale": 2.0, "width_scale": 1.5}, 1, (1,), 9),
    ("Upsample", {}, {"scales": [1.0, 1.0, 2.0, 2.5]}, 7, (1,), 9),
    ("Concat", {"b": distinct(2, 1, 4, 4)}, {}, 1, (1,), 8),
    ("Split", {}, {"split": [1, 2], "axis": 1}, 2, (1, 1), 13),
    ("ReduceSum", {}, {"axes": [1, -1], "keepdims": 0}, 11, (1,), 13),
    ("ReduceMean", {}, {"axes": [2]}, 1, (1,), 18),
    ("ReduceMax", {}, {}, 1, (1,), 8),
    ("PRelu", {"b": distinct(3)}, {}, 6, (1,), 8),
    ("BatchNormalization", {n: distinct(3) for n in "bcde"}, {"spatial": 1}, 7, (1,), 9),
    ("BatchNormalization", {n: distinct(3, 4, 4) for n in "bcde"}, {"spatial": 0}, 7, (1,), 0),
    (
        "BatchNormalization",
        {n: distinct(3) for n in "bcde"},
        {"is_test": 1, "consumed_inputs": [0, 0, 0, 1, 1]},
        1,
        (1,),
        8,
    ),
    ("InstanceNormalization", {n: distinct(3) for n in "bc"}, {}, 1, (1,), 8),
    ("MaxPool", {}, {"kernel_shape": [2, 2], "auto_pad": "SAME_UPPER"}, 1, (1,), 8),
    ("AveragePool", {}, {"kernel_shape": [3, 3], "strides": [2, 2]}, 1, (1,), 7),
    ("Flatten", {}, {}, 1, (1,), 8),
    ("Sum", {"b": DATA}, {}, 6, (1,), 8),
    ("Max", {"b": DATA}, {}, 6, (1,), 8),
    ("Relu", {}, {"consumed_inputs": [0]}, 1, (1,), 8),
    ("Cast", {}, {"to": 6}, 6, (6,), 9),
]  # fmt: skip


@pytest.mark.oracle("onnxruntime")
@pytest.mark.parametrize(
    ("type_", "constants", "attributes", "opset", "outputs", "later"),
    CASES,
    ids=[f"{case[0]}-{case[3]}-{i}" for i, case in enumerate(CASES)],
)
def test_shapes_are_those_of_the_runtime(
    type_: str,
    constants: Arrays,
    attributes: dict[str, Any],
    opset: int,
    outputs: Sequence[int],
    later: int,
) -> None:
    """Run as it stands (0), or converted to an opset that the runtime still knows."""
    proto = model(type_, {"a": DATA}, constants, opset, outputs, **attributes)
    newer = converted(proto, later) if later else proto
    try:
        expected = [value.shape for value in run(newer, {"a": DATA})]
    except Exception:
        expected = [value.shape for value in evaluated(newer, {"a": DATA})]
    for graph in (ours(proto), ours(newer)):
        assert [graph.tensors[name].shape for name in graph.outputs] == expected


def test_names_of_types_in_casts() -> None:
    graph = ours(model("Cast", {"a": DATA}, {}, 1, (6,), to="INT32"))
    assert graph.tensors["y0"].dtype is DType.INT32
    with pytest.raises(mg.FormatError, match=r"'y0' \(Cast\): the type b'INT33' is unknown"):
        ours(model("Cast", {"a": DATA}, {}, 1, (6,), to="INT33"))


def test_sizes_of_a_split_and_repeats_of_a_tile_as_inputs() -> None:
    """Split-1 and Tile-1, which nothing runs any more: by their specifications."""
    sizes = np.array([1, 2], np.float32)
    graph = ours(model("Split", {"a": DATA}, {"b": sizes}, 1, (1, 1), axis=1))
    assert [graph.tensors[n].shape for n in graph.outputs] == [(2, 1, 4, 4), (2, 2, 4, 4)]
    repeats = {"b": np.array([3], np.float32), "c": np.array([1], np.float32)}
    graph = ours(model("Tile", {"a": DATA}, repeats, 1))
    assert graph.tensors["y0"].shape == (2, 9, 4, 4)


def test_softmax_went_over_all_axes_behind_the_first_one() -> None:
    def axes(opset: int, shape: tuple[int, ...], **attributes: int) -> tuple[int, ...]:
        graph = ours(model("Softmax", {"a": distinct(*shape)}, {}, opset, **attributes))
        op = graph.operators[0].op
        assert isinstance(op, Normalization)
        return op.axes

    assert axes(11, (2, 3, 4, 5)) == (1, 2, 3)
    assert axes(11, (2, 3, 4, 5), axis=-2) == (2, 3)
    assert axes(11, (1, 1000, 1, 1)) == (1,)
    assert axes(11, (2, 1, 1)) == (2,)
    assert axes(11, (7,), axis=0) == (0,)
    assert axes(13, (2, 3, 4, 5)) == (-1,)
    assert axes(13, (2, 3, 4, 5), axis=1) == (1,)


def test_slopes_of_a_prelu_were_one_a_channel() -> None:
    graph = ours(model("PRelu", {"a": distinct(1, 4, 4, 4)}, {"b": distinct(4)}, 6))
    (operator,) = graph.operators
    assert graph.tensors[operator.inputs[1] or ""].shape == (4, 1, 1)
    graph = ours(model("PRelu", {"a": distinct(1, 4, 4, 4)}, {"b": distinct(4)}, 7))
    (operator,) = graph.operators
    assert graph.tensors[operator.inputs[1] or ""].shape == (4,)


@pytest.mark.oracle("onnxruntime")
def test_a_scan_with_a_batch() -> None:
    """Scan-8: lengths come first, and all else has a batch before its axes."""
    from onnx import TensorProto, helper

    def info(name: str, *shape: int) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    body = helper.make_graph(
        [
            helper.make_node("Add", ["state", "part"], ["next"]),
            helper.make_node("Concat", ["next", "part"], ["row"], axis=0),
        ],
        "body",
        [info("state", 4), info("part", 4)],
        [info("next", 4), info("row", 8)],
    )
    node = helper.make_node(
        "Scan", ["", "first", "data"], ["last", "rows"], body=body, num_scan_inputs=1
    )
    outputs = [info("last", 2, 4), info("rows", 2, 5, 8)]
    graph = helper.make_graph([node], "main", [info("first", 2, 4), info("data", 2, 5, 4)], outputs)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 8)], ir_version=4)
    expected = [v.shape for v in run(proto, {"first": distinct(2, 4), "data": distinct(2, 5, 4)})]
    found = ours(proto)
    assert [found.tensors[name].shape for name in found.outputs] == expected
    # Five times four sums and a row of eight, for each of the two.
    assert mg.profile(found).elementwise == 2 * 5 * (4 + 8)


def test_bodies_may_store_other_values_under_the_same_name() -> None:
    """Both branches are called alike, as is what they store; each has bytes of its own."""
    from onnx import TensorProto, helper, numpy_helper

    def branch(value: float) -> Any:
        return helper.make_graph(
            [
                helper.make_node("Add", ["x", "w"], ["t"]),
                helper.make_node("Neg", ["w"], ["v"]),
                helper.make_node("Mul", ["t", "v"], ["z"]),
            ],
            "branch",
            [],
            [helper.make_tensor_value_info("z", TensorProto.FLOAT, [8])],
            [numpy_helper.from_array(np.full(8, value, np.float32), "w")],
        )

    node = helper.make_node("If", ["c"], ["y"], then_branch=branch(1), else_branch=branch(2))
    inputs = [
        helper.make_tensor_value_info("c", TensorProto.BOOL, []),
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [8]),
    ]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [8])]
    graph = helper.make_graph([node], "main", inputs, outputs)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    assert mg.profile(ours(proto)).flash.weights == 2 * (32 + 32)
