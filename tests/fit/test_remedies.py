"""What `check` says of `mcugraph optimize` is what that comes to."""

import re
import shlex
from pathlib import Path

import pytest

import mcugraph as mg
from mcugraph.cli import main
from mcugraph.fit.advice import by_abi, fitting_after
from mcugraph.fit.boards import boards
from mcugraph.fit.model_needs import Allowance
from mcugraph.fit.remedies import best_order, remedies
from mcugraph.fit.verdict import judge
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


SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "models" / "tflite"
REAL = [
    *("mlperftiny_kws_ref_model", "mlperftiny_vww_96_int8", "mlperftiny_vww_96_float"),
    *("mww_hey_jarvis", "tflm_person_detect", "coral_keras_lstm_mnist_ptq", "litert_add"),
    *("litert_norm", "litert_add_shared_tensors", "tflm_trained_lstm_int8"),
]


@pytest.mark.skipif(not SHARED.is_dir(), reason="there are no shared models")
@pytest.mark.parametrize("name", REAL)
def test_a_profile_promises_what_optimize_does(name: str, tmp_path: Path) -> None:
    """Also where it promises nothing."""
    source, out = SHARED / f"{name}.tflite", tmp_path / "out.tflite"
    _hold_promises(source, out)


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="there are no shared models")
def test_profiles_of_all_models_by_other_people_promise_what_optimize_does(tmp_path: Path) -> None:
    small = [path for path in sorted(SHARED.glob("*.tflite")) if path.stat().st_size < 8e6]
    assert len(small) > 100
    for path in small:
        try:
            mg.load(path)
        except mg.McuGraphError:
            continue
        _hold_promises(path, tmp_path / "out.tflite")


def _hold_promises(source: Path, out: Path) -> None:
    graph = mg.load(source)
    found = mg.profile(graph)
    said = {each.command: each.total for each in remedies(graph, found, splits=False)}
    total = found.memory.tflm_total
    if total is None:
        assert not said
        return
    for command, kernels in (("", "any"), (" --kernels reference", "reference")):
        after = mg.optimize(source, out, kernels=kernels).after.tflm_total
        assert after is not None
        total = min(total, said.get(f"mcugraph optimize{command}", total))
        # A search that goes on for longer may find more.
        assert total - 16 <= after <= total


@pytest.mark.parametrize("name", ["branching", "inception", "ds_cnn"])
def test_the_order_of_an_onnx_file(models: Path, tmp_path: Path, name: str) -> None:
    source = models / f"{name}.onnx"
    graph = mg.load(source)
    promised = best_order(graph, mg.profile(graph))
    result = mg.optimize(source, tmp_path / "out.onnx")
    assert result.after.peak == (result.before.peak if promised is None else promised)


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
