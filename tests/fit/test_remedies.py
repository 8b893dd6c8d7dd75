"""What `check` says of `mcugraph optimize` is what that comes to."""

import re
import shlex
from pathlib import Path

import pytest

import mcugraph as mg
from mcugraph.cli import main
from mcugraph.fit.boards import boards
from mcugraph.fit.remedies import remedies
from mcugraph.fit.verdict import Allowance, by_abi, fitting_after, judge
from mcugraph.records import replace
from mcugraph.report.board_report import to_text

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


def test_boards_that_it_fits_after_a_command(models: Path) -> None:
    """Of two boards that differ in SRAM, the one between the totals needs the command."""
    graph = mg.load(models / "tight_arena_int8.tflite")
    found = mg.profile(graph)
    first, *_, last = remedies(graph, found)
    (some,) = [board for board in boards() if board.key == "nrf52840-dk"]
    sizes = {"large": found.memory.tflm_total, "between": first.total, "small": last.total - 1}
    among = [
        replace(some, key=key, sram=size, sram_block=size) for key, size in sizes.items() if size
    ]
    after = fitting_after(graph, by_abi(found, graph, among), among)
    assert after == {"between": first}
    shown = to_text(among, by_abi(found, graph, among), after)
    assert f"After `{first.command}` it takes {first.total:,} B and fits also: between" in shown
