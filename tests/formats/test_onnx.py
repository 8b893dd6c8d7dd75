"""ONNX files made by hand: initialisers, functions, control flow, sequences, dynamic sizes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import mcugraph as mg
from mcugraph.ir import DType

Make = Callable[..., Path]
FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


def value(name: str, shape: Any, dtype: int = FLOAT) -> Any:
    return helper.make_tensor_value_info(name, dtype, shape)


def stored(name: str, array: Any, dtype: Any = np.float32) -> Any:
    return numpy_helper.from_array(np.asarray(array, dtype), name)


def node(type_: str, inputs: list[str], outputs: list[str], **attributes: Any) -> Any:
    return helper.make_node(type_, inputs, outputs, **attributes)


W = stored("w", np.zeros((4, 3)))


def test_initialisers_that_are_inputs_too(onnx_file: Make) -> None:
    """As files up to IR version 3 list them."""
    path = onnx_file(
        [node("MatMul", ["x", "w"], ["y"])],
        [value("x", [1, 4]), value("w", [4, 3])],
        [value("y", [1, 3])],
        [W],
    )
    graph = mg.load(path)
    assert graph.inputs == ("x",)
    profile = mg.profile(graph)
    assert profile.flash.weights == 48
    assert profile.memory.peak == 16 + 12
    assert profile.macs == 12


def test_external_data_may_be_absent(onnx_file: Make) -> None:
    weight = TensorProto(name="w", data_type=FLOAT, dims=[512, 512])
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="elsewhere.bin")
    path = onnx_file(
        [node("MatMul", ["x", "w"], ["y"])],
        [value("x", [1, 512])],
        [value("y", [1, 512])],
        [weight],
    )
    profile = mg.profile(path)
    assert profile.flash.weights == 4 * 512 * 512
    assert profile.macs == 512 * 512
    assert profile.complete
    with pytest.raises(mg.FormatError, match=r"'w' lies in elsewhere.bin, which is missing"):
        mg.load(path).tensors["w"].constant.array()  # type: ignore[union-attr]


def test_constants_made_by_nodes(onnx_file: Make) -> None:
    path = onnx_file(
        [
            node("Constant", [], ["shape"], value_ints=[4, 3]),
            node("ConstantOfShape", ["shape"], ["w"]),
            node("Constant", [], ["b"], value=stored("b", np.zeros(3))),
            node("Gemm", ["x", "w", "b"], ["y"]),
        ],
        [value("x", [1, 4])],
        [value("y", [1, 3])],
    )
    profile = mg.profile(path)
    assert profile.model.operators == 1
    assert (profile.flash.weights, profile.flash.biases) == (48, 12)
    assert profile.macs == 12
    assert profile.complete


def test_constant_of_shape_keeps_its_type(onnx_file: Make) -> None:
    path = onnx_file(
        [
            node("ConstantOfShape", ["s"], ["k"], value=stored("v", [7], np.int8)),
            node("MatMulInteger", ["x", "k"], ["y"]),
        ],
        [value("x", [1, 4], TensorProto.INT8)],
        [value("y", [1, 3], TensorProto.INT32)],
        [stored("s", [4, 3], np.int64)],
    )
    graph = mg.load(path)
    assert graph.tensors["k"].dtype is DType.INT8
    assert mg.profile(graph).flash.weights == 12


def test_large_constants_are_not_made(onnx_file: Make) -> None:
    """A terabyte of zeros is a size, not an array."""
    path = onnx_file(
        [node("ConstantOfShape", ["s"], ["w"]), node("MatMul", ["x", "w"], ["y"])],
        [value("x", [1, 1 << 20])],
        [value("y", [1, 1 << 18])],
        [stored("s", [1 << 20, 1 << 18], np.int64)],
    )
    assert mg.profile(path).flash.weights == 4 << 38


def test_local_functions(onnx_file: Make) -> None:
    body = helper.make_function(
        "mine",
        "Twice",
        ["a"],
        ["c"],
        [node("Relu", ["a"], ["b"]), node("Add", ["b", "b"], ["c"])],
        [helper.make_opsetid("", 18)],
    )
    path = onnx_file(
        [
            helper.make_node("Twice", ["x"], ["h"], domain="mine"),
            helper.make_node("Twice", ["h"], ["y"], domain="mine"),
        ],
        [value("x", [1, 8])],
        [value("y", [1, 8])],
        functions=[body],
        opsets=[helper.make_opsetid("mine", 1)],
    )
    profile = mg.profile(path)
    assert [layer.type for layer in profile.layers] == ["Relu", "Add", "Add"]
    # The second ReLU is fused into the addition before it.
    assert profile.complete


def test_shape_arithmetic_is_gone(onnx_file: Make) -> None:
    """View code that exporters leave: Shape, Gather, Mul, Concat, Reshape."""
    path = onnx_file(
        [
            node("Shape", ["x"], ["s"]),
            node("Gather", ["s", "zero"], ["n"], axis=0),
            node("Unsqueeze", ["n", "axes"], ["n1"]),
            node("Concat", ["n1", "rest"], ["t"], axis=0),
            node("Reshape", ["x", "t"], ["h"]),
            node("MatMul", ["h", "w"], ["y"]),
        ],
        [value("x", ["batch", 2, 2])],
        [value("y", ["batch", 3])],
        [
            stored("zero", 0, np.int64),
            stored("axes", [0], np.int64),
            stored("rest", [-1], np.int64),
            W,
        ],
    )
    profile = mg.profile(path)
    assert [layer.type for layer in profile.layers] == ["Reshape", "MatMul"]
    assert profile.layers[0].output_shape == (1, 4)
    assert "the dynamic batch of 'x' is taken as 1" in profile.assumptions
    three = mg.profile(mg.load(path, {"batch": 3}))
    assert three.layers[0].output_shape == (3, 4)
    assert three.macs == 3 * profile.macs
    assert mg.profile(mg.load(path, {("x", 0): 3})).macs == three.macs


def test_a_symbol_means_the_same_everywhere(onnx_file: Make) -> None:
    path = onnx_file(
        [node("Add", ["a", "b"], ["y"])],
        [value("a", ["n", "seq"]), value("b", ["n", "seq"])],
        [value("y", ["n", "seq"])],
    )
    graph = mg.load(path, {"seq": 5})
    assert graph.tensors["a"].shape == graph.tensors["b"].shape == (1, 5)
    with pytest.raises(mg.DimensionError, match=r"axis 1 \('seq'\) of input 'a' .*--dim seq=VALUE"):
        mg.load(path)
    with pytest.raises(mg.DimensionError, match="no input has a dimension 'length'"):
        mg.load(path, {"seq": 5, "length": 2})


def test_dimensions_without_names(onnx_file: Make) -> None:
    path = onnx_file([node("Relu", ["x"], ["y"])], [value("x", [1, None, 4])], [value("y", None)])
    with pytest.raises(mg.DimensionError, match=r"axis 1 of input 'x' .*--dim x:1=VALUE"):
        mg.load(path)
    assert mg.load(path, {("x", 1): 6}).tensors["y"].shape == (1, 6, 4)


# ---- control flow ------------------------------------------------------------------------------


def dense_branch(name: str, units: int) -> Any:
    """Reads ``x`` of the graph around it: 4 -> units -> 2."""
    return helper.make_graph(
        [
            node("MatMul", ["x", f"{name}_w"], [f"{name}_h"]),
            node("MatMul", [f"{name}_h", f"{name}_v"], [f"{name}_y"]),
        ],
        name,
        [],
        [value(f"{name}_y", [1, 2])],
        [stored(f"{name}_w", np.zeros((4, units))), stored(f"{name}_v", np.zeros((units, 2)))],
    )


def test_if_with_captures(onnx_file: Make) -> None:
    path = onnx_file(
        [
            node(
                "If",
                ["c"],
                ["h"],
                then_branch=dense_branch("small", 3),
                else_branch=dense_branch("large", 10),
            ),
            node("Relu", ["h"], ["y"]),
        ],
        [value("c", [], BOOL), value("x", [1, 4])],
        [value("y", [1, 2])],
    )
    profile = mg.profile(path)
    assert profile.macs == 60  # the costlier branch
    assert profile.flash.weights == 4 * (18 + 60)  # both are stored
    # c, x and h around; inside the large branch the 10 units and its result. x counts outside.
    assert profile.memory.peak == 1 + 16 + 8 + 40 + 8
    assert any("costlier branch" in text for text in profile.assumptions)
    assert profile.complete


@pytest.mark.parametrize(("condition", "macs"), [(True, 18), (False, 60)])
def test_an_if_that_is_decided_is_no_operator(condition: bool, macs: int, onnx_file: Make) -> None:
    path = onnx_file(
        [
            node(
                "If",
                ["c"],
                ["h"],
                then_branch=dense_branch("small", 3),
                else_branch=dense_branch("large", 10),
            ),
            node("Relu", ["h"], ["y"]),
        ],
        [value("x", [1, 4])],
        [value("y", [1, 2])],
        [stored("c", condition, np.bool_)],
    )
    graph = mg.load(path)
    assert [op.native for op in graph.operators] == ["MatMul", "MatMul", "Relu"]
    assert graph.operators[1].outputs == ("h",)
    assert graph.subgraphs == {}
    profile = mg.profile(graph)
    assert profile.macs == macs
    assert profile.flash.weights == 4 * macs
    assert profile.assumptions == () or not any("branch" in t for t in profile.assumptions)


def test_a_decided_if_that_hands_on_what_it_captured(onnx_file: Make) -> None:
    """The usual ``squeeze if there is something to squeeze``: the other branch is x itself."""

    def branch(name: str, *nodes: Any, result: str) -> Any:
        return helper.make_graph(list(nodes), name, [], [value(result, None)])

    path = onnx_file(
        [
            node("Relu", ["x"], ["r"]),
            node("Shape", ["r"], ["s"]),
            node("Gather", ["s", "one"], ["n"]),
            node("Equal", ["n", "one"], ["c"]),
            node(
                "If",
                ["c"],
                ["h"],
                then_branch=branch("then", node("Squeeze", ["r"], ["q"]), result="q"),
                else_branch=branch("else", node("Identity", ["r"], ["q"]), result="q"),
            ),
            node("MatMul", ["h", "w"], ["y"]),
        ],
        [value("x", [1, 4])],
        [value("y", None)],
        [stored("one", 1, np.int64), W],
    )
    profile = mg.profile(path)
    assert [layer.type for layer in profile.layers] == ["Relu", "MatMul"]
    assert profile.layers[-1].output_shape == (1, 3)
    assert profile.macs == 12


def test_a_branch_that_cannot_run_is_left_out_and_said(onnx_file: Make) -> None:
    path = onnx_file(
        [
            node(
                "If",
                ["c"],
                ["y"],
                then_branch=dense_branch("good", 3),
                else_branch=helper.make_graph(
                    [node("MatMul", ["x", "q"], ["z"])],
                    "bad",
                    [],
                    [value("z", [1, 2])],
                    [stored("q", np.zeros((5, 2)))],
                ),
                name="choice",
            )
        ],
        [value("c", [], BOOL), value("x", [1, 4])],
        [value("y", [1, 2])],
    )
    profile = mg.profile(path)
    assert profile.macs == 18
    assert not profile.complete
    assert any("else_branch of 'choice' cannot run" in text for text in profile.assumptions)


def loop_body(carried: int = 4) -> Any:
    """Carries a vector through a square matrix and hands out a copy each time."""
    return helper.make_graph(
        [
            node("Identity", ["go"], ["goes_on"]),
            node("MatMul", ["v", "m"], ["next"]),
            node("Add", ["next", "x"], ["out"]),  # x comes from around the loop
        ],
        "body",
        [value("i", [], INT64), value("go", [], BOOL), value("v", [1, carried])],
        [value("goes_on", [], BOOL), value("next", [1, carried]), value("out", [1, carried])],
        [stored("m", np.zeros((carried, carried)))],
    )


def test_a_loop_of_known_length(onnx_file: Make) -> None:
    path = onnx_file(
        [node("Loop", ["n", "t", "x"], ["last", "all"], body=loop_body())],
        [value("x", [1, 4])],
        [value("last", [1, 4]), value("all", None)],
        [stored("n", 5, np.int64), stored("t", True, np.bool_)],
    )
    graph = mg.load(path)
    assert graph.tensors["all"].shape == (5, 1, 4)
    profile = mg.profile(graph)
    assert profile.macs == 5 * 16
    assert profile.flash.weights == 64
    assert not any("iteration" in text for text in profile.assumptions)


def test_a_loop_of_unknown_length(onnx_file: Make) -> None:
    path = onnx_file(
        [node("Loop", ["n", "", "x"], ["last", "all"], body=loop_body())],
        [value("x", [1, 4]), value("n", [], INT64)],
        [value("last", [1, 4]), value("all", None)],
    )
    profile = mg.profile(path)
    assert profile.macs == 16
    assert any("one iteration" in text for text in profile.assumptions)


@pytest.mark.parametrize(
    ("axes", "stacked"),
    [
        ({}, (7, 1, 4)),
        ({"scan_output_axes": [1]}, (1, 7, 4)),
        ({"scan_output_axes": [2]}, (1, 4, 7)),
        ({"scan_output_axes": [-1]}, (1, 4, 7)),
        ({"scan_output_axes": [-3]}, (7, 1, 4)),
    ],
)
def test_scan(onnx_file: Make, axes: dict[str, Any], stacked: tuple[int, ...]) -> None:
    body = helper.make_graph(
        [
            node("MatMul", ["s", "m"], ["p"]),
            node("Add", ["p", "e"], ["n"]),
            node("Relu", ["n"], ["o"]),
        ],
        "body",
        [value("s", [1, 4]), value("e", [1, 4])],
        [value("n", [1, 4]), value("o", [1, 4])],
        [stored("m", np.zeros((4, 4)))],
    )
    path = onnx_file(
        [node("Scan", ["s0", "xs"], ["last", "ys"], body=body, num_scan_inputs=1, **axes)],
        [value("s0", [1, 4]), value("xs", [7, 1, 4])],
        [value("last", [1, 4]), value("ys", None)],
    )
    graph = mg.load(path)
    assert graph.tensors["ys"].shape == stacked
    assert graph.tensors["last"].shape == (1, 4)
    assert mg.profile(graph).macs == 7 * 16


# ---- sequences ---------------------------------------------------------------------------------


def test_sequences(onnx_file: Make) -> None:
    path = onnx_file(
        [
            node("SplitToSequence", ["x", "two"], ["parts"], axis=1),
            node("SequenceAt", ["parts", "one"], ["second"]),
            node("SequenceConstruct", ["x", "second"], ["both"]),
            node("SequenceInsert", ["both", "second"], ["three"]),
            node("SequenceErase", ["three", "zero"], ["left"]),
            node("SequenceLength", ["left"], ["n"]),
            node("ConcatFromSequence", ["left"], ["y"], axis=1),
        ],
        [value("x", [1, 5])],
        [value("y", None), value("n", None, INT64)],
        [stored(n, v, np.int64) for n, v in (("two", 2), ("one", 1), ("zero", 0))],
    )
    graph = mg.load(path)
    shapes = {name: tensor.shape for name, tensor in graph.tensors.items()}
    assert shapes["parts"] == (5,)  # 2 + 2 + 1 elements in all
    assert shapes["second"] == (1, 2)
    assert shapes["both"] == (7,)
    assert shapes["left"] == (4,)
    assert shapes["y"] == (1, 4)
    assert shapes["n"] == ()
    assert mg.profile(graph).complete


# ---- what is wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        (
            [node("MatMul", ["x", "w"], ["y"], name="fc")],
            "operator 'fc' (MatMul): data (1, 5) does not fit 4 input units",
        ),
        (
            [node("MatMul", ["x", "nothing"], ["y"])],
            "nothing defines the tensor 'nothing'",
        ),
        (
            [node("Reshape", ["x", "s"], ["y"])],
            "operator 'y' (Reshape): data of shape (1, 5) cannot become (3, 3)",
        ),
        (
            [node("Relu", ["x"], ["h"]), node("Relu", ["x"], ["h"]), node("Relu", ["h"], ["y"])],
            "writes 'h', which has a value already",
        ),
        ([node("Concat", ["x", "w"], ["y"], axis=3)], "axis 3 does not exist in 2 dimensions"),
        ([node("Relu", [], ["y"])], "operator 'y' (Relu)"),
        (
            [node("Slice", ["x", "one", "two", "one", "zero"], ["y"])],
            "operator 'y' (Slice): a slice has the step 0",
        ),
        (
            [node("QuantizeLinear", ["x"], ["y"])],
            "operator 'y' (QuantizeLinear): its scale is missing",
        ),
        (
            [node("DequantizeLinear", ["x"], ["y"])],
            "operator 'y' (DequantizeLinear): input 1 is missing",
        ),
        (
            [node("Transpose", ["x"], [], name="lost"), node("Relu", ["x"], ["y"])],
            "operator 'lost' (Transpose): it has no outputs",
        ),
        (
            [node("Transpose", ["x"], [""], name="lost"), node("Relu", ["x"], ["y"])],
            "operator 'lost' (Transpose): it has no outputs",
        ),
        ([node("Relu", ["x"], ["h"])], "nothing defines the tensor 'y'"),
        ([node("Transpose", ["x"], ["y"], perm=[0, 5])], "operator 'y' (Transpose)"),
        (
            [node("Conv", ["x4", "w4"], ["y"], dilations=[1])],
            "operator 'y' (Conv): its inputs and attributes do not fit together",
        ),
        (
            [node("Conv", ["x4", "w4"], ["y"], pads=[1, 1, 1])],
            "operator 'y' (Conv): 3 pads for 2 spatial axes",
        ),
        (
            [node("Conv", ["x4", "w4"], ["y"], auto_pad="SAME")],
            "operator 'y' (Conv): auto_pad is 'SAME', not one of SAME_UPPER, SAME_LOWER, VALID",
        ),
    ],
)
def test_contradictions_are_one_line(nodes: Any, message: str, onnx_file: Make) -> None:
    path = onnx_file(
        nodes,
        [value("x", [1, 5])],
        [value("y", None)],
        [
            W,
            stored("s", [3, 3], np.int64),
            stored("zero", [0], np.int64),
            stored("one", [1], np.int64),
            stored("two", [2], np.int64),
            stored("x4", np.zeros((1, 3, 5, 5))),
            stored("w4", np.zeros((2, 3, 3, 3))),
        ],
    )
    with pytest.raises(mg.FormatError) as caught:
        mg.load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_operators_keep_their_shapes(onnx_file: Make) -> None:
    path = onnx_file(
        [helper.make_node("Thing", ["x"], ["y"], domain="mine")],
        [value("x", [1, 5])],
        [value("y", [1, 7])],
        opsets=[helper.make_opsetid("mine", 1)],
    )
    profile = mg.profile(path)
    assert profile.unknown_operators == ("mine::Thing (y)",)
    assert profile.memory.peak == 20 + 28
    assert not profile.complete


@pytest.mark.parametrize(
    ("type_", "attributes", "message"),
    [
        ("MaxPool", {"kernel_shape": [-2, 2]}, "a window cannot have -2 elements along an axis"),
        ("AveragePool", {"kernel_shape": [2, 0]}, "a window cannot have 0 elements along an axis"),
        ("MaxPool", {"kernel_shape": [2, 2], "strides": [0, 1]}, "cannot move by 0"),
        ("MaxPool", {"kernel_shape": [2, 2], "dilations": [1, -1]}, "nor spread by -1"),
        ("Pad", {"pads": [0, 0, -3, 0, 0, 0, -9, 0]}, r"cannot have the shape \(1, 2, -4, 8\)"),
        ("Tile", {"repeats": [1, 1 << 61, 1, 1]}, "cannot have the shape"),
    ],
)
def test_lengths_that_cannot_be(
    type_: str, attributes: dict[str, list[int]], message: str, onnx_file: Make
) -> None:
    """Each is one line that names the file and the operator."""
    stored_ones = {"Pad": "pads", "Tile": "repeats"}
    constants = []
    if type_ in stored_ones:
        constants = [stored("k", attributes.pop(stored_ones[type_]), np.int64)]
    names = ["x", *(entry.name for entry in constants)]
    path = onnx_file(
        [node(type_, names, ["y"], name="it", **attributes)],
        [value("x", [1, 2, 8, 8])],
        [value("y", None)],
        constants,
    )
    with pytest.raises(mg.FormatError, match=message) as caught:
        mg.load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "'it'" in str(caught.value)


def test_a_function_that_calls_itself(tmp_path: Path) -> None:
    own = [helper.make_opsetid("mine", 1), helper.make_opsetid("", 17)]
    body = [node("F", ["a"], ["b"], domain="mine")]
    function = helper.make_function("mine", "F", ["a"], ["b"], body, own)
    graph = helper.make_graph(
        [node("F", ["x"], ["y"], domain="mine")], "net", [value("x", [1])], [value("y", [1])]
    )
    path = tmp_path / "net.onnx"
    proto = helper.make_model(graph, opset_imports=own, functions=[function])
    path.write_bytes(proto.SerializeToString())
    with pytest.raises(mg.FormatError, match=r"its local function .F. calls itself") as caught:
        mg.load(path)
    assert "\n" not in str(caught.value)


def test_names_that_are_no_text(tmp_path: Path) -> None:
    """Protobuf hands on any bytes."""
    path = tmp_path / "net.onnx"
    relu = helper.make_node("Relu", ["xxxx"], ["yyyy"], name="nnnn")
    ends = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["size", 4])]
        for name in ("xxxx", "yyyy")
    ]
    data = helper.make_model(helper.make_graph([relu], "gggg", *ends)).SerializeToString()
    for name in (b"Relu", b"xxxx", b"yyyy", b"nnnn", b"gggg", b"size"):
        path.write_bytes(data.replace(name, b"\xff" + name[1:]))
        with pytest.raises(mg.FormatError, match=r"the name b'\\xff.* in it is no UTF-8"):
            mg.load(path)


@pytest.mark.parametrize(
    ("equation", "words"),
    [
        ("ij,jk->iz", "its result has 'z'"),
        ("i..j,jk->ik", "is no Einstein sum"),
        ("ij,jk,kl->il", "does not take 2 operands"),
        ("ji,ik->jk", None),
        ("ij,ij->i", "the axes 'j' are 4 and 3 long"),
    ],
)
def test_einstein_sums_that_are_none(onnx_file: Make, equation: str, words: str | None) -> None:
    path = onnx_file(
        [node("Einsum", ["x", "w"], ["y"], equation=equation, name="sum")],
        [value("x", [1, 4])],
        [value("y", None)],
        [W],
    )
    if words is None:
        assert mg.profile(mg.load(path)).macs == 12
        return
    with pytest.raises(mg.McuGraphError, match=rf"made\.onnx: operator 'sum' \(Einsum\).*{words}"):
        mg.load(path)
