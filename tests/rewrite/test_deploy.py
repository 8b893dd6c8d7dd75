"""What a conversion to TFLite does to a graph, one rewrite at a time."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

import mcugraph as mg
from mcugraph.ir import (
    Constant,
    DType,
    Graph,
    Kind,
    Op,
    Operator,
    Quantization,
    Source,
    Tensor,
    verify,
)
from mcugraph.ops.convolution import Conv
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.linear import Dense, MatMul
from mcugraph.ops.movement import Expand
from mcugraph.ops.normalization import BatchNorm
from mcugraph.ops.pooling import Pool
from mcugraph.ops.recurrent import Recurrent
from mcugraph.ops.window import SAME_UPPER, symmetric
from mcugraph.rewrite.accounting import counted_forms
from mcugraph.rewrite.biases import biases_apart
from mcugraph.rewrite.cleaning import drop_identities
from mcugraph.rewrite.deploy import fold_constants
from mcugraph.rewrite.edit import rewritten
from mcugraph.rewrite.folding import fold_batch_norm
from mcugraph.rewrite.fusing import fuse_activations
from mcugraph.rewrite.padding import pad_before
from mcugraph.rewrite.precision import quantize
from mcugraph.rewrite.splitting import split_silu
from mcugraph.testing import graphs

CONV = Conv((1, 1), (1, 1), SAME_UPPER)
SHAPE = (1, 4, 8, 8)


def graph(
    operators: Sequence[tuple[str, Op, Sequence[str]]],
    constants: dict[str, tuple[int, ...]] | None = None,
    outputs: Sequence[str] | None = None,
    shape: tuple[int, ...] = SHAPE,
) -> Graph:
    """Operators named after their only result, all of one shape, from the input x."""
    tensors = [Tensor("x", DType.FLOAT32, shape)]
    tensors += [Tensor(name, DType.FLOAT32, shape) for name, _, _ in operators]
    for name, size in (constants or {}).items():
        constant = Constant(name, lambda: pytest.fail("no weight is decoded"))
        tensors.append(Tensor(name, DType.FLOAT32, size, Kind.CONSTANT, constant))
    made = Graph(
        "g",
        tuple(Operator(n, op, tuple(inputs), (n,), op.kind) for n, op, inputs in operators),
        {t.name: t for t in tensors},
        ("x",),
        tuple(outputs or [operators[-1][0]]),
        Source("onnx"),
    )
    verify(made)
    return made


def kinds(made: Graph) -> list[str]:
    verify(made)
    return [operator.op.kind for operator in made.operators]


W = {"w": (4, 4, 3, 3), "v": (4, 4, 3, 3)}
NORM = {"scale": (4,), "shift": (4,), "mean": (4,), "var": (4,)}


def relu(function: str = "relu") -> Elementwise:
    return Elementwise(function)


@pytest.mark.parametrize("function", ["relu", "relu6", "relu_n1_to_1"])
@pytest.mark.parametrize(
    ("op", "more"),
    [
        (CONV, ["w"]),
        (Elementwise("add"), ["x"]),
        (Elementwise("mul"), ["x"]),
        (Pool("max", (3, 3), (1, 1), SAME_UPPER), []),
    ],
)
def test_activations_are_fused(function: str, op: Op, more: list[str]) -> None:
    made = rewritten(
        graph([("a", op, ["x", *more]), ("b", relu(function), ["a"])], W), fuse_activations
    )
    (operator,) = made.operators
    assert operator.op.activation == function  # type: ignore[attr-defined]
    assert operator.outputs == ("b",)
    assert "a" not in made.tensors
    verify(made)


def test_what_is_repeated_for_an_operator_without_some_operands_stays() -> None:
    lstm = Recurrent("lstm", (1, 2), (), 8)
    made = graph([("a", Expand((1, 1, 8)), ["x"]), ("b", lstm, ["x"])], shape=(1, 1, 1))
    first, last = made.operators
    last = replace(last, inputs=("x", None, None, None, None, "a", "a"))
    long = replace(made.tensors["a"], shape=(1, 1, 8))
    made = replace(made, operators=(first, last), tensors={**made.tensors, "a": long})
    assert kinds(rewritten(made, drop_identities)) == ["expand", "lstm"]


@pytest.mark.parametrize("function", ["hard_swish", "gelu", "tanh", "sigmoid", "leaky_relu"])
def test_other_activations_stay(function: str) -> None:
    made = rewritten(
        graph([("a", CONV, ["x", "w"]), ("b", relu(function), ["a"])], W), fuse_activations
    )
    assert kinds(made) == ["conv2d", function]


@pytest.mark.parametrize(
    ("operators", "outputs"),
    [
        # Somebody else reads what the activation reads.
        (
            [("a", CONV, ["x", "w"]), ("b", relu(), ["a"]), ("c", Elementwise("add"), ["a", "b"])],
            ["c"],
        ),
        # It is a result of the graph.
        ([("a", CONV, ["x", "w"]), ("b", relu(), ["a"])], ["a", "b"]),
        # The operator before it has no such kernel, or one activation already.
        ([("a", Elementwise("maximum"), ["x", "x"]), ("b", relu(), ["a"])], ["b"]),
        ([("a", MatMul(), ["x", "x"]), ("b", relu(), ["a"])], ["b"]),
        ([("a", replace(CONV, activation="relu"), ["x", "w"]), ("b", relu("relu6"), ["a"])], ["b"]),
        # Nothing is before it.
        ([("b", relu(), ["x"])], ["b"]),
    ],
)  # fmt: skip
def test_activations_that_are_not_fused(operators: Any, outputs: list[str]) -> None:
    before = graph(operators, W, outputs)
    assert kinds(rewritten(before, fuse_activations)) == kinds(before)


def test_batch_norm_is_folded_into_the_layer_before() -> None:
    made = rewritten(
        graph([("a", CONV, ["x", "w"]), ("b", BatchNorm(), ["a", *NORM])], {**W, **NORM}),
        fold_batch_norm,
    )
    (conv,) = made.operators
    assert conv.outputs == ("b",)
    assert conv.stands_for == ("a", "b")
    # The weights keep their name, and the shift becomes a bias of one element a channel.
    assert conv.inputs[1] == "w"
    bias = made.tensors[str(conv.inputs[2])]
    assert (bias.shape, bias.is_constant) == ((4,), True)
    assert set(made.tensors) == {"x", "w", "b", bias.name}


def test_batch_norm_uses_the_bias_that_is_there() -> None:
    constants = {**W, **NORM, "b0": (4,)}
    made = rewritten(
        graph([("a", CONV, ["x", "w", "b0"]), ("b", BatchNorm(), ["a", *NORM])], constants),
        fold_batch_norm,
    )
    assert made.operators[0].inputs == ("x", "w", "b0")


def test_quantised_weights_take_no_batch_norm_in() -> None:
    before = graph([("a", CONV, ["x", "w"]), ("b", BatchNorm(), ["a", *NORM])], {**W, **NORM})
    weights = replace(before.tensors["w"], dtype=DType.INT8, quantization=Quantization(4, 16))
    before = before.replace(tensors={**before.tensors, "w": weights})
    assert kinds(rewritten(before, fold_batch_norm)) == ["conv2d", "batch_norm"]


@pytest.mark.parametrize(
    ("operators", "outputs"),
    [
        ([("b", BatchNorm(), ["x", *NORM])], ["b"]),
        ([("r", relu(), ["x"]), ("b", BatchNorm(), ["r", *NORM])], ["b"]),
        ([("a", CONV, ["x", "w"]), ("b", BatchNorm(), ["a", *NORM])], ["a", "b"]),
        ([("a", CONV, ["x", "x"]), ("b", BatchNorm(), ["a", *NORM])], ["b"]),
    ],
)
def test_batch_norm_that_stays(operators: Any, outputs: list[str]) -> None:
    before = graph(operators, {**W, **NORM}, outputs)
    assert kinds(rewritten(before, fold_batch_norm)) == kinds(before)


def test_layers_that_share_all_share_the_folded_weights() -> None:
    """As the two halves of a siamese network."""
    made = rewritten(
        graph(
            [
                ("a", CONV, ["x", "w"]),
                ("b", BatchNorm(), ["a", *NORM]),
                ("c", CONV, ["b", "w"]),
                ("d", BatchNorm(), ["c", *NORM]),
                ("e", CONV, ["d", "v"]),
                ("f", BatchNorm(), ["e", *NORM]),
            ],
            {**W, **NORM},
        ),
        fold_batch_norm,
    )
    weights = [made.tensors[str(operator.inputs[1])].key for operator in made.operators]
    assert weights[0] == weights[1] != weights[2]
    # Without biases of their own, the batch norm alone makes the bias.
    assert len({made.tensors[str(operator.inputs[2])].key for operator in made.operators}) == 1
    # At int8 each has one, since its scale is that of its data.
    apart = rewritten(quantize(made), biases_apart)
    assert len({apart.tensors[str(operator.inputs[2])].key for operator in apart.operators}) == 3


def test_a_bias_of_layers_with_other_scales_is_stored_for_each() -> None:
    """At int8 a bias has the scales of its layer's data and weights; floats have none."""
    made = graph(
        [("a", CONV, ["x", "w", "k"]), ("b", CONV, ["a", "v", "k"]), ("c", CONV, ["b", "v", "k"])],
        {**W, "k": (4,)},
    )
    assert mg.profile(made).flash.biases == 4 * 4
    assert mg.profile(made, precision="int8").flash.biases == 3 * 4 * 4


def test_what_is_quantised_already_becomes_no_bias() -> None:
    made = graph(
        [("a", CONV, ["x", "w"]), ("b", Elementwise("add"), ["a", "k"])], {**W, "k": (4, 1, 1)}
    )
    stored = replace(made.tensors["k"], dtype=DType.INT8, quantization=Quantization(1, 12))
    assert kinds(rewritten(made, fold_constants)) == ["conv2d"]
    assert kinds(
        rewritten(made.replace(tensors={**made.tensors, "k": stored}), fold_constants)
    ) == [
        "conv2d",
        "add",
    ]


def test_new_names_are_free_ones() -> None:
    """Models may use the very names that parts of an operator would get."""
    silu = Elementwise("silu")
    made = graph(
        [("a", silu, ["x"]), ("a/sigmoid", CONV, ["a", "w"]), ("b", silu, ["a/sigmoid"])],
        {**W, "a/sigmoid/zero_bias": (4,)},
        ["a/sigmoid", "b"],
    )
    made = made.replace(outputs=(*made.outputs, "a/sigmoid/zero_bias"))
    deployed = counted_forms(made, "deployed").runs
    assert kinds(deployed) == ["sigmoid", "mul", "conv2d", "sigmoid", "mul"]
    assert deployed.outputs == made.outputs
    (layer,) = (o for o in deployed.operators if o.op.kind == "conv2d")
    assert layer.outputs == ("a/sigmoid",)
    assert layer.inputs[2] != "a/sigmoid/zero_bias"
    assert mg.profile(made).macs == 4 * 4 * 9 * 64


def test_layers_that_pad_the_same_data_alike_share_the_pad() -> None:
    strided = replace(CONV, strides=(2, 2), padding=symmetric((1, 1)))
    more = replace(strided, padding=symmetric((2, 2)))
    steps = [("a", strided, ["x", "w"]), ("b", strided, ["x", "v"]), ("c", more, ["x", "v"])]
    small = dict.fromkeys("ab", (1, 4, 4, 4)) | {"c": (1, 4, 5, 5)}
    made = graph(steps, W, ["a", "b", "c"])
    tensors = {n: replace(t, shape=small.get(n, t.shape)) for n, t in made.tensors.items()}
    deployed = rewritten(made.replace(tensors=tensors), pad_before)
    assert kinds(deployed) == ["pad", "conv2d", "conv2d", "pad", "conv2d"]
    assert deployed.operators[1].inputs[0] == deployed.operators[2].inputs[0]


def test_tensors_are_numbered_as_in_a_file_that_was_converted() -> None:
    """Inputs, constants, then results as they come: TFLM's planner goes by it where sizes tie."""
    deployed = counted_forms(
        graph([("a", CONV, ["x", "w"]), ("b", Elementwise("silu"), ["a"])], W), "deployed"
    ).runs
    assert list(deployed.tensors) == ["x", "w", "a/zero_bias", "a", "b/sigmoid", "b"]


@pytest.mark.parametrize(
    ("constant", "folds"),
    [
        ((4, 1, 1), True),
        ((1, 4, 1, 1), True),
        ((1, 1, 1), True),
        ((8,), False),
        ((4, 8, 8), False),
    ],
)
def test_a_constant_a_channel_becomes_a_bias(constant: tuple[int, ...], folds: bool) -> None:
    for inputs in (["a", "k"], ["k", "a"]):
        made = rewritten(
            graph(
                [("a", CONV, ["x", "w"]), ("b", Elementwise("add"), inputs)],
                {**W, "k": constant},
            ),
            fold_constants,
        )
        assert kinds(made) == (["conv2d"] if folds else ["conv2d", "add"])
        if folds:
            (layer,) = made.operators
            assert (layer.inputs[:2], layer.outputs) == (("x", "w"), ("b",))
            bias = made.tensors[layer.inputs[2] or ""]
            assert bias.shape == (4,)
            assert (bias.key == "k") == (4 in constant)  # who shares it goes on sharing it


def test_a_matrix_product_and_an_addition_are_a_dense_layer() -> None:
    made = rewritten(
        graph(
            [("a", Dense(1, 0), ["x", "w"]), ("b", Elementwise("add"), ["a", "k"])],
            {"w": (8, 8), "k": (8,)},
            shape=(2, 8),
        ),
        fold_constants,
    )
    assert kinds(made) == ["dense"]


def test_identities_and_dropouts_are_gone() -> None:
    made = rewritten(
        graph(
            [
                ("a", Elementwise("identity"), ["x"]),
                ("b", CONV, ["a", "w"]),
                ("c", Elementwise("dropout"), ["b"]),
                ("d", Elementwise("identity"), ["c"]),
            ],
            W,
        ),
        drop_identities,
    )
    assert kinds(made) == ["conv2d"]
    assert made.operators[0].inputs == ("x", "w")
    # The output has the name that it had.
    assert made.outputs == made.operators[0].outputs == ("d",)


@pytest.mark.parametrize("function", ["sigmoid", "relu6", "tanh"])
def test_a_relu_of_what_is_never_negative_is_gone_whoever_else_reads_that(function: str) -> None:
    made = rewritten(
        graph(
            [
                ("a", Elementwise(function), ["x"]),
                ("b", relu(), ["a"]),
                ("c", Elementwise("neg"), ["b"]),
                ("d", Elementwise("mul"), ["a", "c"]),
            ]
        ),
        drop_identities,
    )
    stays = ["relu"] if function == "tanh" else []
    assert kinds(made) == [function, *stays, "neg", "mul"]


def test_outputs_stay_when_identities_go() -> None:
    """Two names for one value, and one for an input: all three are still there."""
    before = graph(
        [
            ("r", CONV, ["x", "w"]),
            ("y1", Elementwise("identity"), ["r"]),
            ("y2", Elementwise("identity"), ["r"]),
            ("s", relu(), ["r"]),
            ("t", Elementwise("add"), ["s", "r"]),
            ("z", Elementwise("dropout"), ["x"]),
        ],
        W,
        ["y1", "y2", "z", "t"],
    )
    made = rewritten(before, drop_identities)
    assert made.outputs == ("y1", "y2", "z", "t")
    assert kinds(made) == ["conv2d", "identity", "relu", "add", "dropout"]
    conv, copy, activation, addition, _ = made.operators
    assert conv.outputs == copy.inputs == activation.inputs == ("y1",)
    assert addition.inputs == ("s", "y1")
    deployed = counted_forms(before, "deployed").runs
    assert deployed.outputs == before.outputs
    assert kinds(deployed) == ["conv2d", "reshape", "relu", "add", "reshape"]


@given(graphs())
def test_every_accounting_keeps_the_interface(made: Graph) -> None:
    for accounting in ("deployed", "paper"):
        runs = counted_forms(made, accounting, "int8").runs
        verify(runs)
        assert (runs.inputs, runs.outputs) == (made.inputs, made.outputs)


def test_an_identity_between_a_layer_and_its_activation() -> None:
    before = graph(
        [
            ("a", CONV, ["x", "w"]),
            ("b", Elementwise("identity"), ["a"]),
            ("c", relu(), ["b"]),
        ],
        W,
    )
    assert kinds(counted_forms(before, "deployed").runs) == ["conv2d"]


def test_silu_is_a_sigmoid_and_a_product() -> None:
    made = rewritten(
        graph([("a", CONV, ["x", "w"]), ("b", Elementwise("silu"), ["a"])], W), split_silu
    )
    assert kinds(made) == ["conv2d", "sigmoid", "mul"]
    gate = made.operators[1].outputs[0]
    assert made.operators[2].inputs == ("a", gate)
    assert made.operators[2].outputs == ("b",)


def test_everything_together() -> None:
    before = graph(
        [
            ("a", CONV, ["x", "w"]),
            ("n", BatchNorm(), ["a", *NORM]),
            ("r", relu(), ["n"]),
            ("s", CONV, ["r", "v"]),
            ("t", Elementwise("silu"), ["s"]),
            ("u", Elementwise("add"), ["t", "r"]),
            ("q", relu("relu6"), ["u"]),
        ],
        {**W, **NORM},
    )
    counted = counted_forms(before, "deployed")
    assert kinds(counted.runs) == ["conv2d", "conv2d", "sigmoid", "mul", "add"]
    assert counted.stores is counted.runs
    # The original is as it was.
    assert kinds(before) == ["conv2d", "batch_norm", "relu", "conv2d", "silu", "add", "relu6"]


def test_a_file_that_is_exact_is_left_alone(models: Path) -> None:
    exact = mg.load(models / "densenet_float.tflite")
    assert counted_forms(exact, "deployed").runs is exact


# ---- the paper ---------------------------------------------------------------------------------


def test_paper_neither_steps_nor_memory_for_norms_and_activations() -> None:
    before = graph(
        [
            ("a", CONV, ["x", "w"]),
            ("n", BatchNorm(), ["a", *NORM]),
            ("r", relu("hard_swish"), ["n"]),
            ("g", Elementwise("sigmoid"), ["r"]),
            ("m", Elementwise("mul"), ["r", "g"]),  # a SiLU, written out
            ("b", CONV, ["m", "v"]),
        ],
        {**W, **NORM},
    )
    counted = counted_forms(before, "paper")
    assert kinds(counted.runs) == ["conv2d", "conv2d"]
    # The parameters of the batch norm stay: four a channel.
    stored = [t for t in counted.stores.tensors.values() if t.is_constant]
    assert sum(t.elements for t in stored) == 2 * 144 + 16


def test_paper_figures_of_a_fixture(models: Path) -> None:
    """autoencoder: weights, biases and 4 parameters for each unit with batch norm, a byte each."""
    profile = mg.profile(models / "autoencoder.onnx", accounting="paper")
    normed = 48 + 48 + 8 + 48 + 48
    assert profile.model.parameters == 20_736 + normed + 160 + 4 * normed
    assert profile.flash.weights + profile.flash.biases == profile.model.parameters
    assert profile.memory.peak == 208
    assert profile.macs == 20_736


def test_paper_counts_pooling_and_additions_as_work(models: Path) -> None:
    deployed = mg.profile(models / "branching.onnx")
    paper = mg.profile(models / "branching.onnx", accounting="paper")
    # Two additions of 8x16x16 and the mean over as much.
    assert paper.macs - deployed.macs == 3 * 2048


# ---- precision ---------------------------------------------------------------------------------


def test_int8_replaces_floats_alone() -> None:
    before = graph([("a", CONV, ["x", "w", "b0"])], {**W, "b0": (4,)})
    others = {
        "i": Tensor("i", DType.INT64, (2,)),
        "u": Tensor("u", DType.UINT8, (2,)),
        "h": Tensor("h", DType.FLOAT16, (2,)),
    }
    made = quantize(before.replace(tensors={**before.tensors, **others}))
    types = {name: tensor.dtype for name, tensor in made.tensors.items()}
    assert types["x"] is types["a"] is types["w"] is types["h"] is DType.INT8
    assert types["b0"] is DType.INT32
    assert types["i"] is DType.INT64
    assert types["u"] is DType.UINT8


def test_int8_reaches_subgraphs() -> None:
    inner = graph([("a", CONV, ["x", "w"])], W)
    outer = graph([("a", relu(), ["x"])]).replace(subgraphs={"body": inner})
    assert quantize(outer).subgraphs["body"].tensors["x"].dtype is DType.INT8


@pytest.mark.parametrize("name", ["resnet", "unet", "efficientnet"])
def test_int8_is_a_quarter_of_float(name: str, models: Path) -> None:
    path = models / f"{name}_float.tflite"
    whole, small = mg.profile(path), mg.profile(path, precision="int8")
    assert whole.memory.peak == 4 * small.memory.peak
    assert whole.flash.weights == 4 * small.flash.weights
    assert whole.flash.biases == small.flash.biases
    assert whole.macs == small.macs
    # What is quantised already stays.
    done = models / f"{name}_int8.tflite"
    assert mg.profile(done).memory == mg.profile(done, precision="int8").memory


def test_what_rewrites_make_is_checked() -> None:
    """What the padding of a convolution comes to as a PAD of its own."""
    huge = 1 << 22
    net = graph([("y", Conv((1, 1), (1, 1), symmetric((huge, huge))), ("x", "w"))], {"w": W["w"]})
    larger = (1, 4, 8 + 2 * huge - 2, 8 + 2 * huge - 2)
    tensors = {**net.tensors, "y": Tensor("y", DType.INT8, larger)}
    tensors["x"] = Tensor("x", DType.INT8, SHAPE)
    with pytest.raises(mg.GraphError, match=r"^g: graph 'g'.*(cannot have the shape|all tensors)"):
        mg.profile(replace(net, tensors=tensors))
