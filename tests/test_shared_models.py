"""Real models by other people, where a copy of them lies beside the project; skipped elsewhere."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

import mcugraph as mg
from mcugraph.cli import main

SHARED = Path(__file__).resolve().parents[2] / "shared" / "models"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="there are no shared models")


def manifest() -> Iterator[dict[str, str]]:
    """The rows of the list of models; none where it is absent."""
    path = SHARED / "MANIFEST.tsv"
    if path.is_file():
        with path.open(newline="") as file:
            yield from csv.DictReader(file, delimiter="\t")


ROWS = list(manifest())
FILES = [row["file"] for row in ROWS]

# What has to be said about dynamic dimensions other than the batch.
DIMS: dict[str, dict[str | tuple[str, int], int]] = {
    "onnx/onnx2c_lstm_k1_b1_r1_relu.onnx": {"M1": 4},
    # Two rates in one file; 256 samples are what both branches take.
    "onnx/silero_silero_vad.onnx": {("input", 1): 256, ("state", 1): 1},
    "onnx/silero_silero_vad_half.onnx": {"sequence": 512},
}

# Files whose reference counts less than the file does, and why.
REFERENCE_IS_WRONG = {
    # CONV_3D is no kind that the reference counts: 3 x 40 x 600 x 600 x 2 results, each of a
    # window of 1 x 2 x 2 over 2 channels.
    "tflite/litert_conv3d_huge_im2col.tflite": {"macs": 3 * 40 * 600 * 600 * 2 * 8},
    # One step of an LSTM cell, an operator that the reference does not count: 2 inputs and 2
    # units, so 4 gates x 2 x 2 for each of data and state, and a projection of 2 x 2. The file
    # gives the result no shape; the reference takes it as a scalar, it is 2 floats.
    "tflite/litert_lstm.tflite": {"macs": 36, "peak": 16},
    "tflite/litert_custom_lstm.tflite": {"macs": 36, "peak": 16},
}

# Families of models that are ordinary networks: nothing in them may be unknown.
ORDINARY = ("mlperftiny", "person_detect", "mobilenet", "onnx_light_")


def profiled(file: str) -> mg.Profile:
    return mg.profile(mg.load(SHARED / file, DIMS.get(file)), time_limit=60)


@pytest.mark.parametrize("row", ROWS, ids=FILES)
def test_every_file_profiles(row: dict[str, str]) -> None:
    file = row["file"]
    profile = profiled(file)
    memory = profile.memory
    assert memory.operator_bound <= memory.cut_bound <= memory.peak <= memory.file_order_peak
    assert memory.peak_lower_bound <= memory.peak
    assert profile.model.operators == len(profile.layers)
    if file.endswith(".tflite"):
        assert profile.model.format == "tflite"
        assert profile.flash.file == (SHARED / file).stat().st_size == int(row["bytes"])
        parts = (profile.flash.weights, profile.flash.biases, profile.flash.quantization)
        assert profile.flash.other is not None
        assert sum(parts) + profile.flash.other == profile.flash.file
        assert profile.flash.other >= 0
    if profile.unknown_operators:
        assert not profile.complete
    other = REFERENCE_IS_WRONG.get(file, {})
    if row["macs_reference"]:
        assert profile.macs == other.get("macs", int(row["macs_reference"]))
    if row["live_peak_reference"]:
        assert memory.file_order_peak == other.get("peak", int(row["live_peak_reference"]))


def test_exceptions_are_used() -> None:
    assert REFERENCE_IS_WRONG.keys() <= set(FILES)
    assert DIMS.keys() <= set(FILES)
    references = {row["file"]: row["macs_reference"] for row in ROWS}
    for file, figures in REFERENCE_IS_WRONG.items():
        assert references[file] != str(figures["macs"])


def ordinary(file: str) -> bool:
    custom = "vela" in file or "posenet" in file
    return any(part in file for part in ORDINARY) and not custom


@pytest.mark.parametrize("file", [file for file in FILES if ordinary(file)])
def test_ordinary_networks_are_complete(file: str) -> None:
    profile = profiled(file)
    assert profile.complete
    assert profile.unknown_operators == ()
    assert profile.macs > 0
    assert profile.memory.peak_is_optimal


@pytest.mark.parametrize(
    ("name", "macs"),
    [("tflm_person_detect.tflite", 7_157_888), ("mlperftiny_kws_ref_model.tflite", 2_656_768)],
)
def test_published_counts(name: str, macs: int) -> None:
    assert mg.profile(SHARED / "tflite" / name).macs == macs


@pytest.mark.parametrize("file", DIMS)
def test_unbound_dimensions_are_named(file: str) -> None:
    with pytest.raises(mg.DimensionError) as caught:
        mg.load(SHARED / file)
    key = next(iter(DIMS[file]))
    option = key if isinstance(key, str) else f"{key[0]}:{key[1]}"
    assert str(caught.value).startswith(str(SHARED / file))
    assert f"--dim {option}=VALUE" in str(caught.value)
    assert "axis 1" in str(caught.value)


BAD = sorted((SHARED / "bad").iterdir()) if SHARED.is_dir() else []

# What the line has to say, by file.
SAYS = {
    "empty.onnx": "empty",
    "kws_badident.tflite": "TFL3",
    "lfs_pointer.onnx": "git lfs pull",
    "litert_0_subgraphs.tflite": "no graph",
    "litert_test_model_broken.tflite": "TFL3",
    "mbv2_trunchalf.onnx": "truncated",
    "mlperftiny_kws_ref_model_trunchalf.tflite": "truncated",
    "squeezenet_trunc5000.onnx": "truncated",
    "tflm_person_detect_trunc1000.tflite": "truncated",
}


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.name)
def test_bad_files_give_one_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", str(path)]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert output.err.startswith(f"mcugraph: {path}")
    assert SAYS.get(path.name, "") in output.err


@pytest.mark.parametrize("file", [file for file in FILES if file.startswith("tflite/mww")])
def test_the_head_is_below_the_peak_by_handles_at_the_most(file: str) -> None:
    graph = mg.load(SHARED / file)
    found = mg.profile(graph)
    handles = sum(operator.native == "VAR_HANDLE" for operator in graph.operators)
    assert found.memory.tflm_arena is not None
    assert found.memory.planned_arena is not None
    assert found.memory.tflm_arena >= found.memory.file_order_peak - 4 * handles
    assert found.memory.planned_arena >= found.memory.peak - 4 * handles
    assert len([text for text in found.assumptions if "by 4 bytes for each" in text]) == 1
