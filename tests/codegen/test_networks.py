"""Whole networks in C against TFLM's wheel, byte for byte, on random inputs."""

from pathlib import Path

import pytest
from support.deployed import check_equal, needs_compiler

pytestmark = [needs_compiler, pytest.mark.oracle("tflite_micro")]

SHARED = Path(__file__).resolve().parents[3] / "shared" / "models" / "tflite"
FIXTURES = [
    *("autoencoder", "branching", "densenet", "detector", "ds_cnn", "efficientnet", "inception"),
    *("mobilenet_v2", "resnet", "shufflenet", "siamese", "tight_arena", "unet"),
]
OTHERS = [
    *("mlperftiny_kws_ref_model", "tflm_person_detect", "mlperftiny_vww_96_int8"),
    *("mlperftiny_ad01_int8", "mltk_image_example1", "mww_vad", "mww_hey_jarvis"),
]


def test_fixtures(models: Path, tmp_path: Path) -> None:
    check_equal([models / f"{name}_int8.tflite" for name in FIXTURES], tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="there are no shared models")
@pytest.mark.parametrize("name", OTHERS)
def test_other_peoples_networks(name: str, tmp_path: Path) -> None:
    check_equal([SHARED / f"{name}.tflite"], tmp_path)
