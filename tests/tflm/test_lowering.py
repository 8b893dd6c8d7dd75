"""A graph as a file: the one that it was read from, or the one that its converter makes of it."""

import csv
from pathlib import Path

import pytest

import mcugraph as mg
from mcugraph.formats.tflite.model import TfliteModel, TfliteOperator, TfliteSubgraph
from mcugraph.ir import DType, Kind, Op, Operator, Source, Tensor
from mcugraph.ops.convolution import ConvTranspose
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.linear import Dense
from mcugraph.ops.opaque import Declared
from mcugraph.ops.selection import Pad, Slice, Split
from mcugraph.ops.window import VALID
from mcugraph.records import replace
from mcugraph.rewrite.accounting import counted_forms
from mcugraph.tflm.loaded import program_of
from mcugraph.tflm.lowering import lowered, tflite_name

MODELS = Path(__file__).resolve().parents[2] / "fixtures" / "models"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "models"
# What a graph does not keep of a file: tensors that no operator uses, tensors that are written
# twice, scales of tensors that are no activations, and where SPLIT has its axis.
NOT_KEPT = {
    "coral_keras_lstm_mnist_ptq",
    "litert_add_shared_tensors",
    "litert_test_min_runtime",
    "litert_topo_sort_fork_split",
    "litert_zero_size_constant",
    "tflm_audio_preprocessor_int8",
    "tflm_dtln_noise_suppression",
    "tflm_trained_lstm_int8",
}


def files() -> list[Path]:
    found = sorted(MODELS.glob("*.tflite"))
    if SHARED.is_dir():
        with (SHARED / "MANIFEST.tsv").open(newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        found += [SHARED / row["file"] for row in rows if row["tflm_head"].isdigit()]
    return [path for path in found if path.stem not in NOT_KEPT]


def lowering(graph: mg.Graph) -> TfliteModel:
    model, _ = lowered(graph)
    assert model is not None
    return model


def tensors(graph: TfliteSubgraph) -> dict[str, tuple[object, ...]]:
    return {
        t.name: (t.dtype, t.shape, t.constant, t.variable, t.scales, t.zero_points)
        for t in graph.tensors
    }


def steps(graph: TfliteSubgraph) -> list[tuple[object, ...]]:
    def names(numbers: tuple[int, ...]) -> list[str]:
        return [graph.tensors[t].name if t >= 0 else "" for t in numbers]

    return [(o.native, names(o.inputs), names(o.outputs), o.bodies) for o in graph.operators]


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_a_graph_is_the_file_that_it_was_read_from(path: Path) -> None:
    graph = mg.load(path)
    stored = graph.source.file
    assert isinstance(stored, TfliteModel)
    made = lowering(graph.replace(source=replace(graph.source, file=None)))
    for one, other in zip(stored.subgraphs, made.subgraphs, strict=True):
        assert tensors(one).items() >= tensors(other).items()
        assert steps(one) == steps(other)


def kinds(model: TfliteModel) -> list[str]:
    """Each operator with what its tensors are, in no order."""
    main = model.subgraphs[0]

    def kind(operator: TfliteOperator) -> str:
        ends = (*operator.inputs, *operator.outputs)
        seen = [main.tensors[t] if t >= 0 else None for t in ends]
        parts = [t and (t.dtype.label, t.scales, t.zero_points) for t in seen]
        return f"{operator.native} {parts}"

    return sorted(map(kind, main.operators))


@pytest.mark.parametrize(
    "name",
    ["autoencoder", "branching", "ds_cnn", "inception", "mobilenet_v2", "resnet", "siamese"],
)
def test_a_float_model_gets_the_scales_of_its_int8_file(name: str) -> None:
    """A scale a channel of weights and biases, one for all else, none for shapes and axes."""
    stored = mg.load(MODELS / f"{name}_int8.tflite").source.file
    assert isinstance(stored, TfliteModel)
    for source in (f"{name}.onnx", f"{name}_float.tflite"):
        graph = counted_forms(mg.load(MODELS / source), "deployed", "int8").runs
        assert kinds(lowering(graph)) == kinds(stored), source


@pytest.mark.parametrize(
    ("op", "name"),
    [
        (Dense(), "FULLY_CONNECTED"),
        (Elementwise("and"), "LOGICAL_AND"),
        (Elementwise("relu6"), "RELU6"),
        (Pad(((0, 1),)), "PAD"),
        (Pad(((0, 1),), value=2.0), "PADV2"),
        (Pad(((0, 1),), "lowest"), "PADV2"),
        (Pad(((0, 1),), "reflect"), "MIRROR_PAD"),
        (Split(0, parts=2), "SPLIT"),
        (Split(0, sizes=(1, 2)), "SPLIT_V"),
        (Slice((slice(0, 2),)), "SLICE"),
        (Slice((slice(0, 4, 1),)), "SLICE"),
        (Slice((slice(0, 4, 2),)), "STRIDED_SLICE"),
        (Slice((slice(0, 2), 1)), "STRIDED_SLICE"),
        (Declared("Dynamic_Thing"), "dynamic_thing"),  # no operator of TFLite
    ],
)
def test_names(op: Op, name: str) -> None:
    assert tflite_name(op) == name


def test_what_transposed_convolutions_read_comes_in_another_order() -> None:
    """Shape, weights, data and bias, where the graph has data, weights, bias and shape."""
    sizes = {"x": (1, 4, 4, 8), "w": (6, 1, 1, 8), "b": (6,), "s": (4,), "y": (1, 4, 4, 6)}
    up = ConvTranspose((1, 1), (1, 1), VALID, channel_axis=-1, weight_out=0, weight_in=-1)
    kinds = dict.fromkeys("wbs", Kind.CONSTANT)
    tensors = {
        name: Tensor(name, DType.INT8, shape, kinds.get(name, Kind.ACTIVATION))
        for name, shape in sizes.items()
    }
    for inputs, expected in (
        (("x", "w", "b", "s"), (3, 1, 0, 2)),
        (("x", "w", "b"), (-1, 1, 0, 2)),
        (("x", "w"), (-1, 1, 0, -1)),
        (("x", "w", None, "s"), (3, 1, 0, -1)),
    ):
        step = Operator("up", up, inputs, ("y",), "UP")
        graph = mg.Graph("g", (step,), tensors, ("x",), ("y",), Source("test"))
        (operator,) = lowering(graph).subgraphs[0].operators
        assert (operator.native, operator.inputs) == ("TRANSPOSE_CONV", expected)


def test_a_tensor_of_unknown_shape_is_named() -> None:
    tensors = {"x": Tensor("x", DType.INT8, (1,)), "y": Tensor("y", DType.INT8, None)}
    step = Operator("f", Elementwise("relu"), ("x",), ("y",), "RELU")
    graph = mg.Graph("g", (step,), tensors, ("x",), ("y",), Source("test"))
    model, (said,) = lowered(graph)
    assert model is None
    assert said == "TFLM's figures are not known: tensor 'y' has no known shape"
    assert program_of(graph) == (None, (said,))
