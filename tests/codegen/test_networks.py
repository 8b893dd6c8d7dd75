"""Whole networks in C against TFLM's wheel and LiteRT, byte for byte, on random inputs."""

from pathlib import Path

import pytest
from support.deployed import (
    as_bytes,
    check_equal,
    compiled,
    needs_compiler,
    outputs,
    program_of,
    random_inputs,
)
from support.int16_operators import network
from support.running import litert_answers

pytestmark = needs_compiler

SHARED = Path(__file__).resolve().parents[3] / "shared" / "models" / "tflite"
FIXTURES = [
    *("autoencoder", "branching", "densenet", "detector", "ds_cnn", "efficientnet", "inception"),
    *("mobilenet_v2", "resnet", "shufflenet", "siamese", "tight_arena", "unet"),
]
OTHERS = [
    *("mlperftiny_kws_ref_model", "tflm_person_detect", "mlperftiny_vww_96_int8"),
    *("mlperftiny_ad01_int8", "mltk_image_example1", "mww_vad", "mww_hey_jarvis"),
    *("tflm_trained_lstm_int8", "coral_keras_lstm_mnist_ptq"),
]


@pytest.mark.oracle("tflite_micro")
def test_fixtures(models: Path, tmp_path: Path) -> None:
    check_equal([models / f"{name}_int8.tflite" for name in FIXTURES], tmp_path)


@pytest.mark.oracle("tflite_micro")
def test_networks_of_int16(tmp_path: Path) -> None:
    check_equal([network(seed) for seed in range(4)], tmp_path)


@pytest.mark.oracle("ai_edge_litert")
def test_fixtures_rounded_once(models: Path, tmp_path: Path) -> None:
    check_equal([models / f"{name}_int8.tflite" for name in FIXTURES], tmp_path, 10, "litert")


@pytest.mark.oracle("ai_edge_litert")
def test_fixtures_of_floats(models: Path, tmp_path: Path) -> None:
    """Bit for bit what LiteRT's reference kernels make."""
    paths = [models / f"{name}_float.tflite" for name in FIXTURES]
    programs = [program_of(path, tmp_path) for path in paths]
    host = compiled(programs, tmp_path)
    for i, (path, program) in enumerate(zip(paths, programs, strict=True)):
        inputs = random_inputs(program, 3, i)
        assert outputs(host, as_bytes(inputs), i) == litert_answers(path.read_bytes(), inputs), path


@pytest.mark.slow
@pytest.mark.oracle("tflite_micro")
@pytest.mark.skipif(not SHARED.is_dir(), reason="there are no shared models")
@pytest.mark.parametrize("name", OTHERS)
def test_other_peoples_networks(name: str, tmp_path: Path) -> None:
    check_equal([SHARED / f"{name}.tflite"], tmp_path)
