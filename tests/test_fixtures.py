"""The fixture networks: figures as stored, worked out by hand, and alike in all formats."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support.loading import load_module

import mcugraph as mg
from mcugraph.ir import Graph, Kind
from mcugraph.rewrite.accounting import counted_forms
from mcugraph.scheduling.entry import schedule
from mcugraph.scheduling.problem import Problem
from mcugraph.testing import check_schedule

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
NETWORKS = sorted(path.stem for path in (FIXTURES / "models").glob("*.onnx"))
FILES = sorted(path.name for path in (FIXTURES / "models").iterdir())


@pytest.fixture(scope="module")
def make_expected() -> ModuleType:
    """The script that writes the expected figures."""
    return load_module("fixtures/make_expected.py")


def test_there_are_files_of_every_network() -> None:
    assert len(NETWORKS) >= 10
    assert len(FILES) == 3 * len(NETWORKS)


@pytest.mark.parametrize("network", NETWORKS)
def test_figures_are_the_stored_ones(network: str, make_expected: ModuleType) -> None:
    stored = json.loads((FIXTURES / "expected" / f"{network}.json").read_text())
    assert make_expected.expected(network) == stored


@pytest.mark.parametrize("file", FILES)
def test_every_file_is_complete(file: str, models: Path) -> None:
    profile = mg.profile(models / file, time_limit=60)
    assert profile.complete
    assert profile.unknown_operators == ()
    assert profile.assumptions == () or profile.model.format == "onnx"
    assert profile.memory.peak_is_optimal


# ---- by hand -----------------------------------------------------------------------------------
#
# Each network as its layers: (MACs, weights, output channels or units), counted from the code in
# fixtures/networks.py with pencil and paper; memory figures are sums of tensors that are alive
# together. Everything is for int8; a float file has 4 times the bytes of everything but of the
# biases, which have 4 bytes each in both.


def conv(positions: int, kernel: int, inputs: int, outputs: int) -> tuple[int, int, int]:
    """MACs, weights and biases of a convolution with ``kernel`` elements a channel."""
    return positions * kernel * inputs * outputs, kernel * inputs * outputs, outputs


AUTOENCODER = [
    conv(1, 1, inputs, outputs)
    for inputs, outputs in [(160, 48), (48, 48), (48, 8), (8, 48), (48, 48), (48, 160)]
]

BRANCHING = [
    conv(256, 9, 3, 8),  # stem, 16x16
    *(conv(256, 1, 8, width) for width in (16, 24, 32)),
    *(conv(256, 9, width, 8) for width in (16, 24, 32)),
    conv(1, 1, 8, 4),
]

TIGHT_ARENA = [
    conv(256, 9, 3, 8),
    conv(256, 9, 8, 6),
    conv(256, 9, 6, 10),
    conv(256, 9, 10, 12),
    conv(1, 1, 12, 4),
]

# 49x10 features, kernel 10x4, stride 2, padding 4 and 1: (49 + 8 - 10) // 2 + 1 = 24 rows,
# (10 + 2 - 4) // 2 + 1 = 5 columns.
DS_CNN = [
    conv(120, 40, 1, 16),
    *(layer for _ in range(4) for layer in (conv(120, 9, 1, 16), conv(120, 1, 16, 16))),
    conv(1, 1, 16, 12),
]

# One embedding; the second input runs through the same weights.
EMBEDDING = [conv(64, 9, 1, 8), conv(16, 9, 8, 16), conv(1, 1, 16, 16)]

BY_HAND: dict[str, dict[str, Any]] = {
    "autoencoder": {
        "macs": sum(macs for macs, _, _ in AUTOENCODER),  # 20,736
        "layers": AUTOENCODER,
        "activations": [160, 48, 48, 8, 48, 48, 160],
        "elementwise": 0,  # all ReLUs are fused
        # A chain: the largest input and output of one layer.
        "peak": 160 + 48,
        "file_order_peak": 160 + 48,
        "operator_bound": 160 + 48,
    },
    "branching": {
        "macs": 1_529_888,
        "layers": BRANCHING,
        # input, stem, widened, narrowed, two sums, mean, output
        "activations": [768, 2048, 4096, 6144, 8192, 2048, 2048, 2048, 2048, 2048, 8, 4],
        "elementwise": 3 * 2048,  # two sums and a mean over 16x16x8
        # Best: the widest branch first, beside it the stem (32 + 8 + 8 channels); then the
        # second with one result (24 + 8 + 8 + 8). File order: stem and all wide ones.
        "peak": 48 * 256,
        "file_order_peak": 80 * 256,
        "operator_bound": (32 + 8) * 256,
    },
    "tight_arena": {
        "macs": 580_656,
        "layers": TIGHT_ARENA,
        "activations": [768, 2048, 1536, 2560, 3072, 192, 12, 4],
        # Max pooling: 4x4x12 results of 16 elements; mean of as many.
        "elementwise": 3072 + 192,
        "peak": 22 * 256,
        "file_order_peak": 22 * 256,
        "operator_bound": 22 * 256,
    },
    "ds_cnn": {
        "macs": 268_992,
        "layers": DS_CNN,
        # input, padded 57x12, nine maps of 24x5x16, mean, output
        "activations": [490, 684, *[1920] * 9, 16, 12],
        "elementwise": 684 + 1920,
        "peak": 2 * 1920,
        "file_order_peak": 2 * 1920,
        "operator_bound": 2 * 1920,
    },
    "siamese": {
        "macs": 2 * sum(macs for macs, _, _ in EMBEDDING) + 32,
        "layers": [*EMBEDDING, conv(1, 1, 16, 2)],
        # Twice: input, padded 18x18, 8x8x8, padded 10x10x8, 4x4x16, mean, embedding.
        "activations": [*[256, 324, 512, 800, 256, 16, 16] * 2, 16, 2],
        # Twice the two paddings and a mean over 4x4x16; a subtraction.
        "elementwise": 2 * (324 + 800 + 256) + 16,
        # The other input waits at the second padding.
        "peak": 256 + 512 + 800,
        "file_order_peak": 256 + 512 + 800,
        "operator_bound": 512 + 800,
    },
}


@pytest.mark.parametrize("network", BY_HAND)
@pytest.mark.parametrize("file", [".onnx", "_float.tflite", "_int8.tflite"])
@pytest.mark.parametrize("precision", [None, "int8"])
def test_small_networks_by_hand(
    network: str, file: str, precision: str | None, models: Path
) -> None:
    hand = BY_HAND[network]
    profile = mg.profile(models / f"{network}{file}", precision=precision)
    # Bytes of a weight or an activation.
    width = 1 if precision or "int8" in file else 4
    weights = sum(count for _, count, _ in hand["layers"])
    biases = sum(count for _, _, count in hand["layers"])
    assert profile.macs == hand["macs"]
    assert profile.elementwise == hand["elementwise"]
    assert profile.flash.weights == weights * width
    for name in ("peak", "file_order_peak", "operator_bound"):
        assert getattr(profile.memory, name) == hand[name] * width, name
    assert profile.memory.state == 0
    if network == "siamese" and width == 1:
        # Two scales of the data make two int32 biases of each shared layer.
        biases += 8 + 16 + 16
    assert profile.flash.biases == biases * 4
    assert profile.model.parameters == weights + biases
    if "int8" in file:
        # A float scale and a 64-bit zero point for each channel of the weights, for each bias
        # and for each activation.
        channels = sum(count for _, _, count in hand["layers"])
        scales = channels + biases + len(hand["activations"])
        assert profile.flash.quantization == 12 * scales
    else:
        assert profile.flash.quantization == 0


@pytest.mark.parametrize("file", [f for f in FILES if f.endswith(".tflite")])
def test_flash_adds_up_to_the_file(file: str, models: Path) -> None:
    flash = mg.profile(models / file).flash
    assert flash.file == (models / file).stat().st_size
    assert flash.other is not None
    assert flash.other > 0
    assert flash.weights + flash.biases + flash.quantization + flash.other == flash.file


# ---- the same network in two formats -----------------------------------------------------------

# Operators that the converter adds, by name, where the layouts of the two formats differ. It knows
# no batch norm either, and makes four operators of one.
ADDED: dict[str, set[str]] = {
    "efficientnet": {"stem/0/transpose"},
    "shufflenet": {
        "grouped/squeeze/2/transpose",
        "grouped/depthwise/0/transpose",
        "split1/transpose",
        "split2/transpose",
        "split2/transpose_2",
    },
}
# The quantiser rescales what meets in a concatenation.
RESCALED: dict[str, set[str]] = {
    "densenet": {
        "transition/1/average_pool_2d_quantized",
        "dense2/concatenation_quantized",
        "dense2/concatenation_2_quantized",
    },
    "detector": {
        "fine_head/reshape_quantized",
        "coarse_head/reshape_quantized",
        "fine_head/reshape_2_quantized",
        "coarse_head/reshape_2_quantized",
    },
    "shufflenet": {"split1/slice_quantized", "split2/slice_quantized"},
    "unet": {"down2/0_quantized", "up1/resize_nearest_neighbor_quantized"},
}


def deployed_int8(path: Path) -> Graph:
    return counted_forms(mg.load(path), "deployed", "int8").runs


def without(graph: Graph, names: Iterable[str]) -> Graph:
    """The graph without operators of one input: what read their results reads what they read."""
    gone = set(names)
    instead: dict[str | None, str | None] = {}
    operators = []
    for operator in graph.operators:
        inputs = tuple(instead.get(name, name) for name in operator.inputs)
        if operator.name in gone:
            instead[operator.outputs[0]] = inputs[0]
        else:
            operators.append(replace(operator, inputs=inputs))
    tensors = {name: t for name, t in graph.tensors.items() if name not in instead}
    outputs = tuple(str(instead.get(name, name)) for name in graph.outputs)
    return replace(graph, operators=tuple(operators), tensors=tensors, outputs=outputs)


def best_peak(graph: Graph) -> int:
    """The proven least peak, checked by replaying the order."""
    problem = Problem.as_it_stands(graph)
    found = schedule(problem)
    assert found.optimal
    assert check_schedule(problem, found.order) == found.peak
    return found.peak


def file_order_peak(graph: Graph) -> int:
    """The largest live set in file order, from first principles."""
    last: dict[str, int] = dict.fromkeys(graph.inputs, 0)
    first: dict[str, int] = dict.fromkeys(graph.inputs, 0)
    for step, operator in enumerate(graph.operators):
        last.update((name, step) for name in operator.inputs if name is not None)
        for name in operator.outputs:
            first[name], last[name] = step, step
    last.update(dict.fromkeys(graph.outputs, len(graph.operators)))
    return max(
        sum(
            graph.tensors[name].nbytes
            for name in first
            if graph.tensors[name].kind is Kind.ACTIVATION and first[name] <= step <= last[name]
        )
        for step in range(len(graph.operators))
    )


@pytest.mark.parametrize("file", FILES)
def test_file_order_peak_from_first_principles(file: str, models: Path) -> None:
    graph = mg.load(models / file)
    profile = mg.profile(models / file)
    if file.endswith(".onnx"):
        graph = counted_forms(graph, "deployed").runs
    assert profile.memory.file_order_peak == file_order_peak(graph)
    assert max(layer.live_bytes for layer in profile.layers) == file_order_peak(graph)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("file", ["float", "int8"])
def test_formats_agree_on_work_and_weights(network: str, file: str, models: Path) -> None:
    onnx = mg.profile(models / f"{network}.onnx", precision="int8")
    tflite = mg.profile(models / f"{network}_{file}.tflite", precision="int8")
    assert onnx.macs == tflite.macs
    assert onnx.flash.biases == tflite.flash.biases
    if network != "densenet":
        assert onnx.flash.weights == tflite.flash.weights


def test_densenet_differs_by_the_form_of_its_batch_norms(models: Path) -> None:
    """Batch norm before a convolution: MUL and ADD, or the converter's SUB, MUL, MUL and ADD.

    So there are two constants a channel or four. The convolutions without a bias have one of
    zeros: 8 channels of the stem and 4 of each of six growing layers. In a float file the converter
    stores equal ones once.
    """
    ours = mg.profile(models / "densenet.onnx", precision="int8").flash
    theirs = mg.profile(models / "densenet_int8.tflite").flash
    channels = [8, 12, 16, 12, 16, 20, 24]  # of the seven batch norms
    kernels = 27 * 8 + 9 * 4 * (8 + 12 + 16) + 20 * 12 + 9 * 4 * (12 + 16 + 20) + 24 * 10
    assert ours.weights == kernels + 2 * sum(channels)
    assert theirs.weights == kernels + 4 * sum(channels)
    assert (
        ours.biases == theirs.biases == 4 * (12 + 10 + 8 + 6 * 4)
    )  # transition, classifier, zeros
    shared = mg.profile(models / "densenet_float.tflite").flash
    assert shared.biases == 4 * (12 + 10 + 8 + 4)
    assert mg.profile(models / "densenet.onnx").flash.biases == ours.biases


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("file", ["float", "int8"])
def test_added_operators_account_for_the_whole_difference(
    network: str, file: str, models: Path
) -> None:
    onnx = deployed_int8(models / f"{network}.onnx")
    tflite = deployed_int8(models / f"{network}_{file}.tflite")
    added = ADDED.get(network, set()) | (RESCALED.get(network, set()) if file == "int8" else set())
    own = Counter(operator.op.kind for operator in onnx.operators)
    for kind, native in (("pad", "PAD"), ("quantize", "QUANTIZE"), ("transpose", "TRANSPOSE")):
        there = {operator.name for operator in tflite.operators if operator.native == native}
        assert len(there - added) <= own[kind], f"{native} that is not listed"
        assert there >= {name for name in added if native.lower() in name.rsplit("/", 1)[-1]}
    # Without the added ones both formats take the same memory, in the best and in file order.
    bare = without(tflite, added)
    assert best_peak(bare) == best_peak(onnx)
    assert file_order_peak(bare) == file_order_peak(onnx)
    if best_peak(tflite) != best_peak(onnx):
        # And what makes the difference at the bottleneck is a tensor that one of them writes.
        live = {entry.tensor: entry.bytes for entry in schedule(Problem.as_it_stands(tflite)).live}
        written = {n for op in tflite.operators if op.name in added for n in op.outputs}
        assert live.keys() & written
        assert sum(live.values()) == best_peak(tflite)
    if not added:
        assert best_peak(tflite) == best_peak(onnx)


@pytest.mark.parametrize(
    ("network", "operator", "live"),
    [
        # A ring of zeros around 32x32x3, 16x16x32 and 8x8x8.
        ("detector", "stem/0/pad", {"input": 3072, "stem/0/pad": 34 * 34 * 3}),
        (
            "mobilenet_v2",
            "blocks/1/depthwise/0/pad",
            {"blocks/1/expand/0": 16 * 16 * 32, "blocks/1/depthwise/0/pad": 18 * 18 * 32},
        ),
        (
            "siamese",
            "embed/1/0/pad",
            {"input_1": 256, "embed/0/0": 512, "embed/1/0/pad": 10 * 10 * 8},
        ),
    ],
)
def test_paddings_that_raise_the_peak_by_hand(
    network: str, operator: str, live: dict[str, int], models: Path
) -> None:
    memory = mg.profile(models / f"{network}_int8.tflite").memory
    assert memory.bottleneck is not None
    assert memory.bottleneck.operator == operator
    assert {entry.tensor: entry.bytes for entry in memory.bottleneck.live} == live
    assert memory.peak == sum(live.values())
