"""Files that compute the same by other operators or kernels, as a user asks for them."""

import json
from pathlib import Path

import pytest

import mcugraph as mg
from mcugraph.cli import main
from mcugraph.optimizer.result import Optimization

SHARED = Path(__file__).resolve().parents[3] / "shared" / "models" / "tflite"


def head(found: Optimization) -> int:
    assert found.after.tflm_arena is not None
    return found.after.tflm_arena


def total(found: Optimization) -> int:
    assert found.after.tflm_total is not None
    return found.after.tflm_total


@pytest.mark.parametrize("kernels", ["any", "reference"])
@pytest.mark.parametrize(
    "name", ["tight_arena_int8", "resnet_int8", "mobilenet_v2_int8", "shufflenet_int8"]
)
def test_splits_never_cost(models: Path, tmp_path: Path, name: str, kernels: str) -> None:
    source, out = models / f"{name}.tflite", tmp_path / "out.tflite"
    whole = mg.optimize(source, out, kernels=kernels)
    both = mg.optimize(source, out, kernels=kernels, split=True)
    assert total(both) <= total(whole)
    least = mg.optimize(source, out, kernels=kernels, split=True, minimise="head")
    assert head(least) <= min(head(both), head(whole))
    found = mg.profile(out)
    assert found.memory.tflm_arena == head(least)
    assert found.macs == mg.profile(source).macs


@pytest.mark.oracle("tflite_micro")
def test_tflm_computes_the_same(models: Path, tmp_path: Path) -> None:
    found = mg.optimize(
        models / "tight_arena_int8.tflite",
        tmp_path / "out.tflite",
        kernels="reference",
        split=True,
        minimise="head",
        verify=True,
    )
    assert [step.what for step in found.steps][-1] == "splits"
    assert any("slices of channels" in note for note in found.notes)
    assert found.verified == "TensorFlow Lite Micro"
    assert found.after.operators > found.before.operators
    assert found.after.macs == found.before.macs


@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize("share", [0.02, 0.3])
def test_slabs_keep_to_what_they_may_add(models: Path, tmp_path: Path, share: float) -> None:
    source, out = models / "ds_cnn_int8.tflite", tmp_path / "out.tflite"
    slices = mg.optimize(source, out, kernels="reference", split=True, minimise="head")
    slabs = mg.optimize(
        source,
        out,
        kernels="reference",
        split=True,
        max_extra_macs=share,
        minimise="head",
        verify=True,
    )
    assert head(slabs) <= head(slices)
    assert slabs.before.macs <= slabs.after.macs <= (1 + share) * slabs.before.macs
    assert slabs.verified == "TensorFlow Lite Micro"
    if slabs.after.macs > slabs.before.macs:
        assert any("slabs of rows" in note for note in slabs.notes)


def test_steering(models: Path, tmp_path: Path) -> None:
    source, out = models / "ds_cnn_int8.tflite", tmp_path / "out.tflite"
    plain = mg.optimize(source, out, kernels="cmsis-nn")
    steered = mg.optimize(source, out, kernels="cmsis-nn", allow_slower=0.2)
    assert head(steered) < head(plain)
    assert steered.steps[-1].what == "kernels"
    assert any("a dilation of 2" in note and "%" in note for note in steered.notes)
    kept = mg.optimize(source, out, kernels="cmsis-nn", allow_slower=1e-9)
    assert head(kept) == head(plain)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"minimise": "flash"}, "unknown minimise 'flash'"),
        ({"allow_slower": -1, "kernels": "cmsis-nn"}, "allow_slower"),
        ({"max_extra_macs": -0.1, "split": True}, "max_extra_macs"),
        ({"kernels": "cmsis"}, "unknown kernels 'cmsis'"),
        ({"progress": 3}, "progress"),
    ],
)
def test_wrong_wishes(models: Path, tmp_path: Path, options: dict[str, object], said: str) -> None:
    with pytest.raises(mg.UsageError, match=said):
        mg.optimize(models / "ds_cnn_int8.tflite", tmp_path / "o.tflite", **options)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_command(models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = str(models / "tight_arena_int8.tflite"), str(tmp_path / "out.tflite")
    asked = ["optimize", source, "-o", out, "--kernels", "reference", "--split"]
    assert main([*asked, "--minimise", "head"]) == 0
    said = capsys.readouterr().out
    assert "splits" in said
    assert "operators" in said
    assert main([*asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["steps"][-1]["figures"] == found["after"]
    assert main([*asked, "--max-extra-macs", "20%"]) == 0
    cmsis = ["optimize", source, "-o", out, "--kernels", "cmsis-nn", "--allow-slower"]
    assert main([*cmsis, "10%"]) == 0
    assert main([*cmsis, "much"]) == 2


@pytest.mark.skipif(not SHARED.is_dir(), reason="the models are not there")
@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("mlperftiny_vww_96_int8", 32_272),
        ("tflm_person_detect", 32_256),
        ("mltk_image_example1", 27_648),
        pytest.param("tinyengine_mcunetv2_large", 752_640, marks=pytest.mark.slow),
    ],
)
def test_published_heads(name: str, most: int, tmp_path: Path) -> None:
    source = SHARED / f"{name}.tflite"
    found = mg.optimize(
        source, tmp_path / "o.tflite", kernels="reference", split=True, minimise="head"
    )
    assert head(found) <= most


@pytest.mark.skipif(not SHARED.is_dir(), reason="the models are not there")
@pytest.mark.parametrize(
    ("name", "most", "slower"),
    [
        ("mlperftiny_vww_96_int8", 36_912, 0.0465),
        ("tflm_person_detect", 36_992, 0.049),
        # Each of its tensors of 8,000 B is made of one as large by a convolution of one by one.
        ("mlperftiny_kws_ref_model", 9_792, 0.094),
    ],
)
def test_published_heads_of_cmsis_nn(name: str, most: int, slower: float, tmp_path: Path) -> None:
    source = SHARED / f"{name}.tflite"
    found = mg.optimize(source, tmp_path / "o.tflite", kernels="cmsis-nn", allow_slower=slower)
    assert head(found) <= most
