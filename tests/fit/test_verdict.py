"""Verdicts: what a model needs against what there is, to the byte."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.tflite_writer import G, Node, T, tflite_bytes

import mcugraph as mg
from mcugraph.fit.advice import by_abi, fitting_boards
from mcugraph.fit.boards import boards
from mcugraph.fit.model_needs import Allowance, board_budget, needs_of, proven
from mcugraph.fit.rates import estimate_latency
from mcugraph.fit.remedies import remedies
from mcugraph.fit.tflm_code import RUNTIME_CODE
from mcugraph.fit.verdict import judge, latency
from mcugraph.profiler import with_dense_by_tensor

PLENTY = 10**9
RESOURCES = ("sram", "flash", "macs")


@pytest.fixture(scope="module")
def graph(models: Path) -> mg.Graph:
    return mg.load(models / "mobilenet_v2_int8.tflite")


@pytest.fixture(scope="module")
def found(graph: mg.Graph) -> mg.Profile:
    return mg.profile(graph)


@pytest.mark.parametrize("name", RESOURCES)
def test_a_budget_is_met_to_the_last_unit(graph: mg.Graph, found: mg.Profile, name: str) -> None:
    (need,) = needs_of(found, Allowance("all", **{name: PLENTY}))
    answers = [(need.likely, True), (need.needed - 1, False)]
    if need.likely > need.needed:  # TFLM's code is a floor and an estimate
        answers += [(need.needed, None), (need.likely - 1, None)]
    for budget, met in answers:
        verdict = judge(graph, Allowance("edge", **{name: budget}), found, ())
        assert verdict.fits is met
        (edge,) = verdict.needs
        assert (edge.met, edge.left) == (met is not False, budget - need.needed)
        assert not (met and verdict.advice)


def test_what_is_needed(found: mg.Profile) -> None:
    sram, flash, macs = needs_of(found, Allowance("all", PLENTY, PLENTY, PLENTY))
    memory = found.memory
    assert memory.tflm_arena is not None
    assert memory.tflm_persistent is not None
    assert sram.needed >= memory.tflm_arena + memory.tflm_persistent
    assert found.flash.file is not None
    assert flash.needed == found.flash.file + RUNTIME_CODE
    assert macs.needed == found.macs
    worst = max(found.layers, key=lambda layer: layer.live_bytes)
    assert sram.culprit is not None
    assert sram.culprit.startswith(f"{worst.name} ({worst.live_bytes:,} B")


def test_words(graph: mg.Graph, found: mg.Profile) -> None:
    total = found.memory.tflm_total or 0
    (board,) = (board for board in boards() if board.key == "nucleo-f446re")
    for sram, word in (
        (total - 1, "does not fit"),
        (total, "tight"),
        (total * 10 // 9 - 2, "tight"),
        (total * 10 // 9 + 2, "fits"),
    ):
        some = replace(board, sram=sram, sram_block=sram)
        verdict = judge(graph, board_budget(some), found, (), some)
        assert verdict.word == word
        assert verdict.fits is (word != "does not fit")
        exact = judge(graph, board_budget(some, reserve_sram=0), found, (), some)
        assert exact.word == ("fits" if verdict.fits else "does not fit")
    unsure = replace(found, complete=False)
    assert judge(graph, board_budget(board), unsure, ()).word == "not known: only a lower bound"
    refused = replace(found, tflm_refusals=("it is odd",))
    assert judge(graph, board_budget(board), refused, ()).word == "does not run"


def test_what_firmware_takes_is_not_there(graph: mg.Graph, found: mg.Profile) -> None:
    (board,) = (board for board in boards() if board.key == "xiao-nrf52840-sense")
    budget = board_budget(board, reserve_sram=1000, reserve_flash=2000)
    assert (budget.sram, budget.flash) == (237_568 - 1000, 811_008 - 2000)
    assert board_budget(board, 10**9).sram == 0
    assert judge(graph, board_budget(board, 10**9), found, ()).fits is False


def test_memories_beside_the_chip(graph: mg.Graph, found: mg.Profile) -> None:
    (board,) = (board for board in boards() if board.key == "stm32f746g-disco")
    small = replace(board, sram=1024, sram_block=1024, flash=100_000)
    verdict = judge(graph, board_budget(small), found, (), small)
    assert any("with --external-ram" in text for text in verdict.advice)
    outside = judge(graph, board_budget(small, external_ram=True, external_flash=True), found, ())
    assert outside.word == "fits"
    assert [need.resource for need in outside.needs] == ["external RAM", "flash", "external flash"]
    (chip,) = (board for board in boards() if board.key == "nucleo-f446re")
    with pytest.raises(mg.UsageError, match="has no external RAM"):
        board_budget(chip, external_ram=True)
    with pytest.raises(mg.UsageError, match="has no external flash"):
        board_budget(chip, external_flash=True)


def test_an_uno_is_too_small(graph: mg.Graph, found: mg.Profile) -> None:
    (board,) = (board for board in boards() if board.key == "arduino-uno-r3")
    verdict = judge(graph, board_budget(board), found, (), board)
    assert (verdict.word, verdict.fits) == ("does not run", False)
    assert "8-bit" in verdict.too_small


def test_no_limit_no_need(graph: mg.Graph, found: mg.Profile) -> None:
    assert needs_of(found, Allowance("nothing")) == ()
    assert judge(graph, Allowance("nothing"), found, ()).fits is True


def test_a_lower_bound_proves_only_that_something_does_not_fit(
    graph: mg.Graph, found: mg.Profile
) -> None:
    unsure = replace(found, complete=False, unknown_operators=("MINE (x)",))
    enough = Allowance("enough", PLENTY, PLENTY, PLENTY)
    verdict = judge(graph, enough, unsure, ())
    assert verdict.fits is None
    assert {need.resource: need.met for need in verdict.needs} == {
        "SRAM": None,
        "flash": True,
        "MACs": None,
    }
    assert judge(graph, replace(enough, sram=1), unsure, ()).fits is False


@pytest.mark.parametrize("unknown", ["tflm_arena", "tflm_persistent"])
def test_half_of_an_arena_is_a_lower_bound(found: mg.Profile, unknown: str) -> None:
    memory = replace(found.memory, **{unknown: None})
    (need,) = needs_of(replace(found, memory=memory), Allowance("enough", sram=PLENTY))
    assert need.met is None
    assert need.needed >= found.memory.file_order_peak


def test_boards_that_fit_are_those_that_do(models: Path) -> None:
    known = boards()
    graph = mg.load(models / "mobilenet_v2_float.tflite")
    found = by_abi(mg.profile(graph), graph, known)
    fitting = fitting_boards(found, known)
    assert 0 < len(fitting) < len(known)
    for board in known:
        needs = needs_of(found[board.abi], board_budget(board))
        runs = not board.too_small
        assert (board in fitting) is (runs and proven(found[board.abi], needs) is not False)
        assert board_budget(board).sram == board.for_arena
    blocks = [board.for_arena for board in fitting]
    assert blocks == sorted(blocks)


def test_advice_has_figures_that_hold(models: Path) -> None:
    graph = mg.load(models / "branching_float.tflite")
    found = mg.profile(graph)
    verdict = judge(graph, Allowance("tight", sram=1000), found, boards())
    said = " ".join(verdict.advice)
    *_, last = remedies(graph, found)
    assert f"after `{last.command}` it takes {last.total:,} B" in said
    small = mg.profile(graph, precision="int8")
    (most,), (least,) = (
        needs_of(each, verdict.budget) for each in (small, with_dense_by_tensor(small, graph))
    )
    assert least.needed < most.needed
    assert (
        f"quantised to int8 it would still not fit: {least.needed:,} to {most.needed:,} B SRAM "
        "(dense layers by tensor, by channel)"
    ) in said
    assert fitting_boards(by_abi(found, graph, boards()), boards())[0].name in said


def test_scales_of_dense_layers_may_decide(models: Path) -> None:
    graph = mg.load(models / "autoencoder_float.tflite")
    found, small = mg.profile(graph), mg.profile(graph, precision="int8")
    least = with_dense_by_tensor(small, graph).memory.tflm_total
    most = small.memory.tflm_total
    assert least is not None
    assert most is not None
    for budget, wanted in (
        (least - 1, f"it would still not fit: {least:,} to {most:,} B SRAM"),
        (least, f"dense layer it would fit: {least:,} B SRAM; "),
        (least, f"channels it would still not fit: {most:,} B SRAM"),
    ):
        verdict = judge(graph, Allowance("edge", sram=budget), found, ())
        (said,) = (text for text in verdict.advice if "quantised" in text)
        assert wanted in said


SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "models" / "tflite"


@pytest.mark.skipif(not SHARED.is_dir(), reason="there are no shared models")
def test_scales_of_dense_layers_are_those_of_real_files() -> None:
    """A float model and the int8 file that its authors made of it, with one scale a layer."""
    real = mg.profile(SHARED / "mlperftiny_ad01_int8.tflite").memory
    graph = mg.load(SHARED / "mlperftiny_ad01_fp32.tflite")
    ours = with_dense_by_tensor(mg.profile(graph, precision="int8"), graph).memory
    assert ours == real
    assert ours.tflm_total == 2700


@pytest.mark.parametrize(
    "network", ["autoencoder", "detector", "mobilenet_v2", "resnet", "siamese"]
)
def test_what_is_int8_is_not_advised_to_be(network: str, models: Path) -> None:
    graph = mg.load(models / f"{network}_int8.tflite")
    verdict = judge(graph, Allowance("tight", 1, 1, 1), mg.profile(graph), ())
    assert verdict.fits is False
    assert not any("quantised" in text for text in verdict.advice)


def test_what_is_int8_but_for_an_island_is_not_advised_to_be(tmp_path: Path) -> None:
    ends = [T("x", (1, 8), scales=(0.1,)), T("y", (1, 8), scales=(0.1,))]
    floats = [T(name, (1, 8), "float32") for name in "ab"]
    nodes = [Node("DEQUANTIZE", [0], [2]), Node("EXP", [2], [3]), Node("QUANTIZE", [3], [1])]
    path = tmp_path / "net.tflite"
    path.write_bytes(tflite_bytes(G([*ends, *floats], nodes, [0], [1])))
    graph = mg.load(path)
    found = mg.profile(graph)
    assert mg.profile(graph, precision="int8").memory == found.memory
    assert judge(graph, Allowance("tight", 1, 1, 1), found, ()).advice == ()


def test_latency_is_for_int8_alone(graph: mg.Graph, found: mg.Profile, models: Path) -> None:
    board = next(b for b in boards() if b.core == "Cortex-M4")
    time = latency(found, graph, board)
    assert time is not None
    kinds: dict[str, int] = {}
    for layer in found.layers:
        kinds[layer.kind] = kinds.get(layer.kind, 0) + (layer.macs or 0)
    assert time[:2] == estimate_latency(board, kinds)
    assert "https://" in time[2]
    floats = mg.load(models / "mobilenet_v2_float.tflite")
    assert latency(mg.profile(floats), floats, board) is None
