"""A graph as a file: the one that it was read from, or the one that its converter makes of it."""

import csv
from pathlib import Path

import pytest

import mcugraph as mg
from mcugraph.formats.tflite.model import TfliteModel, TfliteOperator, TfliteSubgraph
from mcugraph.records import replace
from mcugraph.rewrite.accounting import counted_forms
from mcugraph.tflm.lowering import lowered

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
