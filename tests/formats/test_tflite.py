"""TFLite files made by hand: what each peculiarity of the format means for the figures."""

from typing import Any

import numpy as np
import pytest

import mcugraph as mg
from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.ir import DType, Kind

CONV = {0: ("i8", 0), 1: ("i32", 1), 2: ("i32", 1), 4: ("i32", 1), 5: ("i32", 1)}  # SAME, 1, 1


def conv_net(t: Any, batch: int = 1, signature: Any = None) -> Any:
    """8x8x3 -> 3x3 convolution to 4 channels -> ReLU."""
    return t.G(
        [
            t.T("x", (batch, 8, 8, 3), signature=signature),
            t.T("w", (4, 3, 3, 3), data=bytes(108), scales=[0.1] * 4),
            t.T("b", (4,), "int32", data=bytes(16)),
            t.T("c", (batch, 8, 8, 4), signature=signature and (-1, 8, 8, 4)),
            t.T("y", (batch, 8, 8, 4), signature=signature and (-1, 8, 8, 4)),
        ],
        [t.O("CONV_2D", [0, 1, 2], [3], CONV), t.O("RELU", [3], [4])],
        [0],
        [4],
    )


def test_a_small_network_by_hand(tflite: Any) -> None:
    path = tflite.write(conv_net(tflite))
    profile = mg.profile(path)
    assert profile.macs == 64 * 27 * 4
    assert profile.elementwise == 256
    assert profile.memory.peak == profile.memory.file_order_peak == 512  # c and y
    assert profile.memory.state == 0
    flash = profile.flash
    assert (flash.weights, flash.biases, flash.quantization) == (108, 16, 4 * 4 + 4 * 8)
    assert flash.file == path.stat().st_size
    assert flash.other == flash.file - 108 - 16 - 48
    assert profile.model.parameters == 112
    assert profile.complete
    assert [layer.type for layer in profile.layers] == ["CONV_2D", "RELU"]


def test_a_dynamic_batch_is_one_unless_bound(tflite: Any) -> None:
    net = conv_net(tflite, signature=(-1, 8, 8, 3))
    one = tflite.profile(net)
    assert any("dynamic batch of 'x' is taken as 1" in text for text in one.assumptions)
    four = mg.profile(tflite.load(net, dims={("x", 0): 4}))
    assert four.macs == 4 * one.macs
    assert four.memory.peak == 4 * one.memory.peak
    assert four.memory.file_order_peak == 4 * one.memory.file_order_peak
    assert four.elementwise == 4 * one.elementwise
    assert four.flash.weights == one.flash.weights
    assert four.complete
    assert not any("batch" in text for text in four.assumptions)


def test_a_dynamic_size_has_to_be_bound(tflite: Any) -> None:
    t = tflite
    net = conv_net(t, signature=(1, -1, 8, 3))
    with pytest.raises(mg.DimensionError, match=r"axis 1 of input 'x' .*--dim x:1=VALUE"):
        t.load(net)
    tall = mg.profile(t.load(net, dims={("x", 1): 16}))
    assert tall.macs == 2 * 64 * 27 * 4


@pytest.mark.parametrize(
    ("dims", "message"),
    [
        ({("x", 1): 9}, "axis 1 of input 'x' is 8 in the model"),
        ({("q", 0): 9}, "no input has a dimension q:0"),
        ({"seq": 9}, "no input has a dimension 'seq'"),
        ({("x", 0): -1}, "dimension x:0 cannot be -1"),
    ],
)
def test_bindings_that_do_not_fit(tflite: Any, dims: Any, message: str) -> None:
    with pytest.raises(mg.DimensionError, match=message):
        tflite.load(conv_net(tflite), dims=dims)


def test_int4_packs_two_to_a_byte_in_each_tensor(tflite: Any) -> None:
    t = tflite
    net = t.G(
        [
            t.T("x", (1, 5), "int4"),
            t.T("w", (3, 5), "int4", data=bytes(8)),
            t.T("y", (1, 3), "int4"),
        ],
        [t.O("FULLY_CONNECTED", [0, 1, -1], [2])],
        [0],
        [2],
    )
    profile = t.profile(net)
    assert profile.flash.weights == 8  # 15 elements
    assert profile.memory.peak == 3 + 2
    assert profile.macs == 15
    assert profile.model.parameters == 15


def dense(t: Any, *tensors: Any, operators: Any) -> Any:
    return t.G(list(tensors), operators, [0], [len(tensors) - 1])


def test_shared_buffers_count_once(tflite: Any) -> None:
    t = tflite
    net = dense(
        t,
        t.T("x", (1, 6)),
        t.T("w1", (6, 6), buffer=1),
        t.T("w2", (6, 6), buffer=1),
        t.T("h", (1, 6)),
        t.T("y", (1, 6)),
        operators=[
            t.O("FULLY_CONNECTED", [0, 1, -1], [3]),
            t.O("FULLY_CONNECTED", [3, 2, -1], [4]),
        ],
    )
    profile = t.profile(net, buffers=[bytes(36)])
    assert profile.flash.weights == 36
    assert profile.model.parameters == 36
    assert profile.macs == 72
    # Each layer still says what it reads.
    assert [layer.weights for layer in profile.layers] == [36, 36]


def test_a_tensor_read_twice_counts_once(tflite: Any) -> None:
    t = tflite
    net = dense(t, t.T("x", (1, 6)), t.T("y", (1, 6)), operators=[t.O("ADD", [0, 0], [1])])
    assert t.profile(net).memory.peak == 12


def test_a_tensor_written_twice_is_two_values(tflite: Any) -> None:
    t = tflite
    net = dense(
        t,
        t.T("x", (1, 6)),
        t.T("h", (1, 10)),
        t.T("y", (1, 6)),
        operators=[
            t.O("CUSTOM_A", [0], [1]),
            t.O("CUSTOM_B", [1], [1]),
            t.O("CUSTOM_C", [1], [2]),
        ],
    )
    graph = t.load(net)
    assert [op.outputs for op in graph.operators] == [("h",), ("h#2",), ("y",)]
    assert graph.operators[2].inputs == ("h#2",)
    assert mg.profile(graph).memory.peak == 20


def test_an_input_that_is_written_again(tflite: Any) -> None:
    t = tflite
    net = dense(
        t,
        t.T("x", (1, 6)),
        t.T("y", (1, 6)),
        operators=[t.O("RELU", [0], [0]), t.O("RELU", [0], [1])],
    )
    graph = t.load(net)
    assert graph.inputs == ("x",)
    assert graph.operators[0].inputs == ("x",)
    assert graph.operators[0].outputs == ("x#2",)
    assert graph.operators[1].inputs == ("x#2",)


def test_what_nobody_writes_is_an_input(tflite: Any) -> None:
    t = tflite
    net = dense(
        t,
        t.T("x", (1, 6)),
        t.T("extra", (1, 6)),
        t.T("y", (1, 6)),
        operators=[t.O("ADD", [0, 1], [2])],
    )
    graph = t.load(net)
    assert graph.inputs == ("x", "extra")
    assert any("'extra'" in text and "never written" in text for text in graph.assumptions)
    assert mg.profile(graph).memory.peak == 18


def test_variable_tensors_are_state(tflite: Any) -> None:
    t = tflite
    # Rank 1: 8 filters over 10 features, a memory of 6 steps.
    net = t.G(
        [
            t.T("x", (1, 10), "float32"),
            t.T("feature", (8, 10), "float32", data=bytes(320)),
            t.T("time", (8, 6), "float32", data=bytes(192)),
            t.T("bias", (8,), "float32", data=bytes(32)),
            t.T("memory", (1, 48), "float32", variable=True),
            t.T("y", (1, 8), "float32"),
        ],
        [t.O("SVDF", [0, 1, 2, 3, 4], [5], {0: ("i32", 1)})],
        [0],
        [5],
    )
    profile = t.profile(net)
    assert profile.memory.state == 4 * 48
    assert profile.memory.peak == 40 + 32  # without state
    assert profile.macs == 80 + 48
    assert profile.flash.weights == 320 + 192
    assert profile.flash.biases == 32
    quantised = t.profile(net, precision="int8")
    assert quantised.memory.state == 48
    assert quantised.flash.weights == 80 + 48


def test_an_lstm_by_hand(tflite: Any) -> None:
    t = tflite
    matrices = [t.T(f"w{i}", (5, 3), data=bytes(15)) for i in range(4)]
    recurrent = [t.T(f"r{i}", (5, 5), data=bytes(25)) for i in range(4)]
    biases = [t.T(f"b{i}", (5,), "int32", data=bytes(20)) for i in range(4)]
    state = [t.T("h", (1, 5), variable=True), t.T("c", (1, 5), "int16", variable=True)]
    tensors = [t.T("x", (1, 7, 3)), *matrices, *recurrent, *biases, *state, t.T("y", (1, 7, 5))]
    inputs = [0, *range(1, 9), -1, -1, -1, *range(9, 13), -1, -1, 13, 14]
    net = t.G(tensors, [t.O("LSTM_SEQUENCE", inputs, [15], {3: ("bool", False)})], [0], [15])
    profile = t.profile(net)
    assert profile.macs == 7 * 4 * (15 + 25)
    assert profile.flash.weights == 4 * (15 + 25)
    assert profile.flash.biases == 4 * 20
    assert profile.memory.state == 5 + 10
    assert profile.memory.peak == 21 + 35
    assert profile.complete


def branch(t: Any, name: str, units: int) -> Any:
    """X of 4 -> dense layer of ``units`` -> dense layer of 2."""
    return t.G(
        [
            t.T("x", (1, 4)),
            t.T("w", (units, 4), data=bytes(4 * units)),
            t.T("h", (1, units)),
            t.T("v", (2, units), data=bytes(2 * units)),
            t.T("y", (1, 2)),
        ],
        [t.O("FULLY_CONNECTED", [0, 1, -1], [2]), t.O("FULLY_CONNECTED", [2, 3, -1], [4])],
        [0],
        [4],
        name,
    )


def test_if_takes_the_costlier_branch(tflite: Any) -> None:
    t = tflite
    main = t.G(
        [t.T("c", (1,), "bool"), t.T("x", (1, 4)), t.T("y", (1, 2)), t.T("z", (1, 2))],
        [
            t.O("IF", [0, 1], [2], {0: ("i32", 1), 1: ("i32", 2)}),
            t.O("RELU", [2], [3]),
        ],
        [0, 1],
        [3],
    )
    profile = t.profile(main, branch(t, "small", 3), branch(t, "large", 10))
    assert profile.macs == 60  # 40 + 20, not 12 + 6 or both
    # Both branches are in flash.
    assert profile.flash.weights == 18 + 60
    # The caller's live set (c, x, y) and the largest callee's own peak (x and h).
    assert profile.memory.peak == 1 + 4 + 2 + 14
    assert profile.memory.file_order_peak == 21
    assert any("costlier branch" in text for text in profile.assumptions)
    assert profile.complete


def test_subgraphs_of_one_name_are_two(tflite: Any) -> None:
    """Names within a body, and the body's own, say nothing about another body."""
    t = tflite
    main = t.G(
        [t.T("c", (1,), "bool"), t.T("x", (1, 4)), t.T("y", (1, 2))],
        [t.O("IF", [0, 1], [2], {0: ("i32", 1), 1: ("i32", 2)})],
        [0, 1],
        [2],
    )

    def figures(first: str, second: str) -> dict[str, Any]:
        found: dict[str, Any] = t.profile(
            main, branch(t, first, 3), branch(t, second, 10)
        ).to_dict()
        return {key: found[key] for key in ("macs", "memory", "flash", "order", "complete")}

    same, told_apart = figures("body", "body"), figures("small", "large")
    assert same["memory"] == told_apart["memory"]
    assert same["memory"]["tflm_arena"] is not None
    assert same["macs"] == told_apart["macs"] == 60
    assert same["flash"]["weights"] == 18 + 60


def test_what_a_file_holds_is_known_by_number_and_by_name(tflite: Any) -> None:
    """The second value of a tensor has another name in the graph, and the same number."""
    t = tflite
    tensors = [t.T(name, (1, 4), "float32", scales=(0.5,)) for name in ("x", "x", "")]
    relu = [t.O("RELU", [0], [1]), t.O("RELU", [1], [2]), t.O("RELU", [2], [1])]
    graph = t.load(t.G(tensors, relu, [0], [1]))
    model = graph.source.file
    assert isinstance(model, TfliteModel)
    part = model.subgraphs[0]
    assert [tensor.name for tensor in part.tensors] == ["x", "x#2", "tensor_2"]
    assert [operator.name for operator in part.operators] == [o.name for o in graph.operators]
    assert [operator.results for operator in part.operators] == [o.outputs for o in graph.operators]
    assert set(part.index) == set(graph.tensors)
    (result,) = graph.outputs
    assert (result, part.index[result]) == ("x#2#2", 1)
    assert part.tensors[0].scale_values is not None
    assert part.tensors[0].scale_values.tolist() == [0.5]
    # A rewrite leaves nothing that claims to be the file.
    assert graph.replace(assumptions=("said",)).source.file is model
    for change in ({"operators": ()}, {"tensors": {}}, {"outputs": ()}, {"subgraphs": {}}):
        assert graph.replace(**change).source.file is None


def test_while_runs_one_iteration(tflite: Any) -> None:
    t = tflite
    condition = t.G(
        [t.T("x", (1, 4)), t.T("c", (1,), "bool")], [t.O("CUSTOM_LESS", [0], [1])], [0], [1], "c"
    )
    body = t.G(
        [
            t.T("x", (1, 4)),
            t.T("w", (4, 4), data=bytes(16)),
            t.T("y", (1, 4)),
        ],
        [t.O("FULLY_CONNECTED", [0, 1, -1], [2])],
        [0],
        [2],
        "body",
    )
    main = t.G(
        [t.T("x", (1, 4)), t.T("y", (1, 4))],
        [t.O("WHILE", [0], [1], {0: ("i32", 1), 1: ("i32", 2)})],
        [0],
        [1],
    )
    profile = t.profile(main, condition, body)
    assert profile.macs == 16
    assert profile.memory.peak == 8 + 8
    assert any("trip count is not known" in text for text in profile.assumptions)
    assert profile.unknown_operators == ("CUSTOM:CUSTOM_LESS (c)",)
    assert not profile.complete


def test_call_once_and_resource_variables(tflite: Any) -> None:
    t = tflite
    handle = {0: ("text", ""), 1: ("text", "counter")}
    first = t.G(
        [t.T("h", (1,), "resource"), t.T("zero", (1, 12), "float32", data=bytes(48))],
        [t.O("VAR_HANDLE", [], [0], handle), t.O("ASSIGN_VARIABLE", [0, 1], [])],
        [],
        [],
        "init",
    )
    main = t.G(
        [
            t.T("x", (1, 12), "float32"),
            t.T("h", (1,), "resource"),
            t.T("old", (1, 12), "float32"),
            t.T("new", (1, 12), "float32"),
        ],
        [
            t.O("CALL_ONCE", [], [], {0: ("i32", 1)}),
            t.O("VAR_HANDLE", [], [1], handle),
            t.O("READ_VARIABLE", [1], [2]),
            t.O("ADD", [0, 2], [3]),
            t.O("ASSIGN_VARIABLE", [1, 3], []),
        ],
        [0],
        [3],
    )
    graph = t.load(main, first)
    profile = mg.profile(graph)
    # One variable, whichever subgraph names it; a handle is 4 bytes.
    assert profile.memory.state == 48
    assert profile.memory.file_order_peak == 4 + 3 * 48
    assert profile.complete
    # The variable is read before it is written again, and after it was first set.
    names = [operator.name for operator in graph.operators]
    order = {(names.index(a), names.index(b)) for a, b in graph.after}
    assert (0, 2) in order
    assert (2, 4) in order


def test_custom_operators_keep_their_shapes(tflite: Any) -> None:
    t = tflite
    net = t.G([t.T("x", (1, 6)), t.T("y", (1, 20))], [t.O("MyThing", [0], [1])], [0], [1])
    profile = t.profile(net)
    assert profile.memory.peak == 26
    assert profile.unknown_operators == ("CUSTOM:MyThing (y)",)
    assert profile.layers[0].macs is None
    assert not profile.complete


def test_strings_have_no_known_size(tflite: Any) -> None:
    t = tflite
    net = t.G([t.T("x", (1,), "string"), t.T("y", (1, 4))], [t.O("MyThing", [0], [1])], [0], [1])
    profile = t.profile(net)
    assert profile.memory.peak == 4
    assert not profile.complete
    assert any("'x'" in text for text in profile.assumptions)


def test_computed_shapes_are_those_of_the_file(tflite: Any) -> None:
    """RESHAPE whose target is computed: the file's own shape holds."""
    t = tflite
    net = t.G(
        [t.T("x", (2, 6)), t.T("s", (2,), "int32"), t.T("y", (3, 4))],
        [t.O("SHAPE", [0], [1]), t.O("RESHAPE", [0, 1], [2])],
        [0],
        [2],
    )
    graph = t.load(net)
    assert graph.tensors["y"].shape == (3, 4)
    assert mg.profile(graph).complete


def test_newer_field_of_operator_codes_alone(tflite: Any, models: Any) -> None:
    """The fixture's quantiser writes QUANTIZE into the newer field only."""
    kinds = [op.native for op in mg.load(models / "densenet_int8.tflite").operators]
    assert kinds.count("QUANTIZE") == 3


def test_names_are_made_unique(tflite: Any) -> None:
    t = tflite
    net = t.G(
        [t.T("x", (1, 4)), t.T("x", (1, 4)), t.T("", (1, 4))],
        [t.O("RELU", [0], [1]), t.O("RELU", [1], [2])],
        [0],
        [2],
    )
    graph = t.load(net)
    assert list(graph.tensors) == ["x", "x#2", "tensor_2"]
    assert [op.name for op in graph.operators] == ["x#2", "tensor_2"]


def test_values_are_decoded_only_when_asked(tflite: Any) -> None:
    t = tflite
    values = np.arange(24, dtype="<i4").tobytes()
    net = t.G(
        [
            t.T("x", (1, 24), "int32"),
            t.T("w", (24,), "int32", data=values),
            t.T("y", (1, 24), "int32"),
        ],
        [t.O("ADD", [0, 1], [2])],
        [0],
        [2],
    )
    tensor = t.load(net).tensors["w"]
    assert tensor.kind is Kind.CONSTANT
    assert tensor.dtype is DType.INT32
    assert tensor.constant is not None
    np.testing.assert_array_equal(tensor.constant.array().ravel(), np.arange(24))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda t: t.G([t.T("x", (1, -4))], [], [0], [0]), "has the shape"),
        (lambda t: t.G([t.T("x", (4,))], [t.O("RELU", [0], [7])], [0], [0]), "names tensor 7"),
        (lambda t: t.G([t.T("x", (4,))], [t.O("RELU", [9], [0])], [0], [0]), "names tensor 9"),
        (
            lambda t: t.G(
                [t.T("x", (1, 4)), t.T("w", (3, 4), data=bytes(5)), t.T("y", (1, 3))],
                [t.O("FULLY_CONNECTED", [0, 1, -1], [2])],
                [0],
                [2],
            ),
            "'w' needs 12 bytes and has 5",
        ),
        (
            lambda t: t.G(
                [t.T("c", (1,), "bool"), t.T("y", (1,))],
                [t.O("IF", [0], [1], {0: ("i32", 5), 1: ("i32", 6)})],
                [0],
                [1],
            ),
            "names subgraph 5",
        ),
        (lambda t: t.G([t.T("x", (4,), buffer=9)], [], [0], [0]), "damaged"),
    ],
)
def test_contradictions_are_one_line(tflite: Any, make: Any, message: str) -> None:
    path = tflite.write(make(tflite))
    with pytest.raises(mg.FormatError, match=message) as caught:
        mg.load(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_operators_that_do_not_fit_are_named(tflite: Any) -> None:
    t = tflite
    net = t.G(
        [
            t.T("x", (1, 8, 8, 3), signature=(-1, 8, 8, 3)),
            t.T("y", (1, 5)),
            t.T("z", (1, 8, 8, 3)),
        ],
        [t.O("ADD", [0, 1], [2])],
        [0],
        [2],
    )
    with pytest.raises(mg.FormatError, match=r"made.tflite: operator 'z' \(ADD\): shapes"):
        t.load(net, dims={("x", 0): 2})
