"""The search for chains in slabs of rows: against single ones, and what TFLM then takes."""

from pathlib import Path
from typing import ClassVar

import pytest
from support.running import tflm_head
from support.tflite_writer import G, Node, T, tflite_bytes

import mcugraph as mg
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.tflm.loaded import TflmProgram, program_of
from mcugraph.tflm.splits.row_chains import row_chains
from mcugraph.tflm.splits.split_file import split_file
from mcugraph.tflm.splits.split_prices import Outline, PlannedPrice
from mcugraph.tflm.splits.split_program import split_program
from mcugraph.tflm.splits.split_search import SplitChoice, best_splits, slice_counts

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "models"
SHARED = Path(__file__).resolve().parents[4] / "shared" / "models" / "tflite"


class Peaks(PlannedPrice):
    """Prices as if every plan came to the peak of its order: no time decides."""

    def head(self, program: TflmProgram, outline: Outline, seconds: float) -> int:
        return outline.peak


def loaded(path: Path) -> tuple[TflmProgram, int]:
    """A program, and its multiply-accumulates."""
    graph = mg.load(path)
    program, problems = program_of(graph)
    assert program is not None, problems
    return program, mg.profile(graph).macs


def head(choice: SplitChoice | None) -> int:
    assert choice is not None
    assert choice.head is not None
    return choice.head


@pytest.mark.parametrize("overlapping", [False, True], ids=["apart", "over"])
@pytest.mark.parametrize("name", ["branching", "mobilenet_v2", "tight_arena", "unet"])
def test_no_single_chain_is_better(name: str, overlapping: bool) -> None:
    of, macs = loaded(FIXTURES / f"{name}_int8.tflite")
    pricing, allowed = Peaks(overlapping), macs // 5
    heads, totals = [], []
    for chain in row_chains(of):
        for count in slice_counts(chain):
            extra = chain.extra_macs(count)
            if extra is None or extra > allowed:
                continue
            made = split_program(of, [(chain, count)])
            assert made is not None
            outline = pricing.outline(made.program)
            assert outline is not None
            heads.append(outline.peak)
            totals.append(outline.total(outline.peak))
    smallest = best_splits(of, pricing, "head", extra_macs=allowed)
    least = best_splits(of, pricing, extra_macs=allowed)
    without = best_splits(of, pricing, "head"), best_splits(of, pricing)
    assert smallest is not None
    assert least is not None
    assert max(smallest.extra_macs, least.extra_macs) <= allowed
    assert head(smallest) <= min(head(without[0]), *heads)
    assert least.outline.total(head(least)) <= min(
        *(choice.outline.total(head(choice)) for choice in without if choice), *totals
    )


def test_more_may_be_added_for_more() -> None:
    """Rows and channels together; with more multiply-accumulates the head is never larger."""
    of, macs = loaded(FIXTURES / "mobilenet_v2_int8.tflite")
    choices = [
        best_splits(of, Peaks(overlapping=True), "head", extra_macs=share * macs // 100)
        for share in (0, 5, 10, 20, 50)
    ]
    heads = [head(choice) for choice in choices]
    assert heads == sorted(heads, reverse=True)
    assert heads[2] < 0.7 * heads[0]
    assert choices[0] is not None
    assert not any(chain.along == "rows" for chain, _ in choices[0].splits)
    assert choices[2] is not None
    assert {chain.along for chain, _ in choices[2].splits} == {"channels", "rows"}


@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize("kernels", ["any", "reference"])
def test_tflm_takes_what_was_foreseen(tmp_path: Path, kernels: str) -> None:
    source = FIXTURES / "branching_int8.tflite"
    of, macs = loaded(source)
    pricing = PlannedPrice(overlapping=kernels != "any")
    choice = best_splits(of, pricing, extra_macs=macs // 10)
    before = best_splits(of, pricing)
    assert choice is not None
    assert before is not None
    made = tmp_path / "slabs.tflite"
    made.write_bytes(split_file(str(source), source.read_bytes(), of.model, choice.splits))
    result = mg.optimize(made, tmp_path / "planned.tflite", kernels=kernels, verify=True)
    assert mg.profile(made).macs == macs + choice.extra_macs
    assert result.after.operators == len(of.model.subgraphs[0].operators) + choice.operators
    assert (result.after.tflm_arena, result.after.tflm_persistent) == (
        choice.head,
        choice.outline.tail,
    )
    assert tflm_head(tmp_path / "planned.tflite") == choice.head
    assert choice.outline.total(head(choice)) < before.outline.total(head(before))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "share", "most", "overlapping"),
    [
        ("tflm_person_detect", 5, 30_336, 20_752),
        ("tflm_person_detect", 20, 27_648, 19_984),
        ("mltk_image_example1", 20, 24_176, 22_272),
        ("mlperftiny_vww_96_int8", 20, 44_928, 29_200),
    ],
)
def test_heads_of_real_files(name: str, share: int, most: int, overlapping: int) -> None:
    """27,648 bytes for person_detect is what a prototype of patches came to."""
    if not SHARED.is_dir():
        pytest.skip("the shared models are not here")
    of, macs = loaded(SHARED / f"{name}.tflite")
    for over, limit in ((False, most), (True, overlapping)):
        choice = best_splits(of, PlannedPrice(over), "head", extra_macs=share * macs // 100)
        assert head(choice) <= limit


def test_time_is_kept() -> None:
    of, macs = loaded(FIXTURES / "mobilenet_v2_int8.tflite")
    ticks = iter(range(1 << 20))
    limits = Limits(60, clock=lambda: next(ticks))
    choice = best_splits(of, Peaks(), limits=limits, extra_macs=macs // 5)
    assert choice is not None
    assert next(ticks) < 90


class Counted(Peaks):
    """Prices that are counted."""

    asked: ClassVar[list[TflmProgram]] = []

    def outline(self, program: TflmProgram) -> Outline | None:
        self.asked.append(program)
        return PlannedPrice.outline(self, program)


def test_a_head_of_the_inputs_alone_is_not_made_smaller(tmp_path: Path) -> None:
    """The third operator makes the peak; slices of channels bring it down to the input."""
    tensors = [
        T("x", [1, 32, 32, 4], scales=[0.1]),
        T("a", [1, 8, 8, 4], scales=[0.1]),
        T("w", [128, 1, 1, 4], data=bytes(512), scales=[0.1]),
        *(T(name, [1, 8, 8, 128], scales=[0.1]) for name in "bc"),
        T("y", [1, 2, 2, 128], scales=[0.1]),
    ]
    window = {0: ("i8", 1), 1: ("i32", 4), 2: ("i32", 4), 3: ("i32", 4), 4: ("i32", 4)}
    nodes = [
        Node("MAX_POOL_2D", [0], [1], window),
        Node("CONV_2D", [1, 2, -1], [3], {0: ("i8", 1), 1: ("i32", 1), 2: ("i32", 1)}),
        Node("RELU", [3], [4]),
        Node("MAX_POOL_2D", [4], [5], window),
    ]
    path = tmp_path / "network.tflite"
    path.write_bytes(tflite_bytes(G(tensors, nodes, [0], [5])))
    of, macs = loaded(path)
    heads, asked = [], []
    for minimise in ("head", "total"):
        Counted.asked.clear()
        heads.append(head(best_splits(of, Counted(overlapping=True), minimise, extra_macs=macs)))
        asked.append(len(Counted.asked))
    assert heads[0] == 32 * 32 * 4
    assert asked[0] < asked[1]
