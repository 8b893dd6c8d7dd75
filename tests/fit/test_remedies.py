"""What `check` says of `mcugraph optimize` is what that comes to."""

import re
import shlex
from pathlib import Path

import pytest

import mcugraph as mg
from mcugraph.cli import main
from mcugraph.fit.remedies import remedies
from mcugraph.fit.verdict import Allowance, judge

NAMES = ["ds_cnn", "branching", "tight_arena", "resnet", "mobilenet_v2", "detector", "unet"]


@pytest.mark.parametrize("kernels", ["reference", "cmsis-nn"])
@pytest.mark.parametrize("name", NAMES)
def test_each_command_comes_to_what_is_said(
    models: Path, tmp_path: Path, name: str, kernels: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = models / f"{name}_int8.tflite", tmp_path / "out.tflite"
    graph = mg.load(source)
    found = mg.profile(graph, kernels=kernels)
    totals = [found.memory.tflm_total]
    for remedy in remedies(graph, found):
        words = shlex.split(remedy.command)
        assert words[0] == "mcugraph"
        assert main([*words[1:2], str(source), "-o", str(out), *words[2:]]) == 0
        assert mg.profile(out, kernels=kernels).memory.tflm_total == remedy.total
        totals.append(remedy.total)
    assert totals == sorted(totals, reverse=True)
    capsys.readouterr()


def test_the_simplest_that_fits(models: Path) -> None:
    graph = mg.load(models / "tight_arena_int8.tflite")
    found = mg.profile(graph)
    known = list(remedies(graph, found))
    assert len(known) > 1
    for remedy in known:
        budget = Allowance("tight", sram=remedy.total)
        (said,) = (text for text in judge(graph, budget, found, ()).advice if "optimize" in text)
        assert re.search(rf"fits after `{re.escape(remedy.command)}`: {remedy.total:,} B", said)
    budget = Allowance("tight", sram=known[-1].total - 1)
    said = " ".join(judge(graph, budget, found, ()).advice)
    assert f"`{known[-1].command}` it takes {known[-1].total:,} B of SRAM" in said


def test_what_can_not_be_planned_has_no_remedy(models: Path) -> None:
    graph = mg.load(models / "branching.onnx")
    assert not list(remedies(graph, mg.profile(graph)))
