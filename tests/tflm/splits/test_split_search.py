"""The search for chains and slices: against all there are, and what TFLM then takes."""

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import pytest
from support.running import tflm_head

import mcugraph as mg
from mcugraph.records import replace
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.tflm.footprint import total_with_plan
from mcugraph.tflm.loaded import TflmProgram, program_of
from mcugraph.tflm.splits.split_chains import Chain, chains
from mcugraph.tflm.splits.split_file import split_file
from mcugraph.tflm.splits.split_prices import Outline, PlannedPrice
from mcugraph.tflm.splits.split_program import split_program
from mcugraph.tflm.splits.split_recipe import Split
from mcugraph.tflm.splits.split_search import SplitChoice, best_splits, slice_counts

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "models"
SHARED = Path(__file__).resolve().parents[4] / "shared" / "models" / "tflite"


def program(path: Path) -> TflmProgram:
    found, problems = program_of(mg.load(path))
    assert found is not None, problems
    return found


class Peaks(PlannedPrice):
    """Prices as if every plan came to the peak of its order: no time decides."""

    def head(self, program: TflmProgram, outline: Outline, seconds: float) -> int:
        return outline.peak


def every_choice(found: Sequence[Chain]) -> Iterator[tuple[Split, ...]]:
    """All ways to split chains that share no operator."""
    counts = [(0, *slice_counts(chain)) for chain in found]
    for chosen in product(*counts):
        splits = tuple((c, k) for c, k in zip(found, chosen, strict=True) if k)
        taken = [number for chain, _ in splits for number in chain.operators]
        if len(taken) == len(set(taken)):
            yield splits


def cost(of: TflmProgram, splits: Sequence[Split], pricing: PlannedPrice) -> tuple[int, int]:
    """Head, and the arena to reserve, of a program with some chains in slices."""
    made = split_program(of, splits)
    assert made is not None
    outline = pricing.outline(made.program)
    assert outline is not None
    head = pricing.head(made.program, outline, 1.0)
    return head, max(head + outline.tail, total_with_plan(made.program, 0))


def total(choice: SplitChoice) -> int:
    assert choice.head is not None
    return choice.outline.total(choice.head)


@pytest.mark.parametrize("overlapping", [False, True], ids=["apart", "over"])
@pytest.mark.parametrize("name", ["tight_arena", "shufflenet", "resnet", "unet", "detector"])
def test_no_choice_is_better(name: str, overlapping: bool) -> None:
    of, pricing = program(FIXTURES / f"{name}_int8.tflite"), Peaks(overlapping)
    everything = [cost(of, splits, pricing) for splits in every_choice(chains(of.model))]
    smallest, least = best_splits(of, pricing, "head"), best_splits(of, pricing)
    assert smallest is not None
    assert least is not None
    assert smallest.head == min(head for head, _ in everything)
    assert total(least) == min(whole for _, whole in everything)


@pytest.mark.oracle("tflite_micro")
def test_tflm_takes_what_was_foreseen(tmp_path: Path) -> None:
    source = FIXTURES / "tight_arena_int8.tflite"
    of = program(source)
    choice = best_splits(of, PlannedPrice())
    assert choice is not None
    made = tmp_path / "split.tflite"
    made.write_bytes(split_file(str(source), source.read_bytes(), of.model, choice.splits))
    result = mg.optimize(made, tmp_path / "planned.tflite", verify=True)
    assert choice.operators == result.after.operators - len(of.model.subgraphs[0].operators)
    assert (result.after.tflm_arena, result.after.tflm_persistent) == (
        choice.head,
        choice.outline.tail,
    )
    assert tflm_head(tmp_path / "planned.tflite") == choice.head
    least = result.after.tflm_total
    assert least is not None
    assert abs(total(choice) - least) < 16  # of padding
    assert total(choice) < 0.9 * cost(of, (), PlannedPrice())[1]


@pytest.mark.parametrize(
    ("name", "head", "overlapping"),
    [
        ("tinyengine_mcunetv2_large", 752_640, 602_112),
        ("mltk_image_example1", 28_224, 26_496),
        ("tflm_person_detect", 36_864, 29_376),
        ("mlperftiny_vww_96_int8", 46_080, 29_392),
    ],
)
def test_heads_of_real_files(name: str, head: int, overlapping: int) -> None:
    if not SHARED.is_dir():
        pytest.skip("the shared models are not here")
    of = program(SHARED / f"{name}.tflite")
    for over, most in ((False, head), (True, overlapping)):
        choice = best_splits(of, PlannedPrice(over), "head")
        assert choice is not None
        assert choice.head is not None
        assert choice.head <= most


def test_nothing_is_split_where_nothing_pays() -> None:
    choice = best_splits(program(FIXTURES / "resnet_int8.tflite"), PlannedPrice())
    assert choice is not None
    assert (choice.splits, choice.made, choice.operators) == ((), None, 0)


def test_what_has_no_price_is_not_split() -> None:
    """A file that uses a tensor twice means its order as it stands."""
    of = program(FIXTURES / "tight_arena_int8.tflite")
    main = of.model.subgraphs[0]
    first, second, *others = main.operators
    twice = replace(second, outputs=first.outputs)
    model = replace(of.model, subgraphs=(replace(main, operators=(first, twice, *others)),))
    assert best_splits(replace(of, model=model), PlannedPrice()) is None


def test_better_choices_are_told_and_time_is_kept() -> None:
    of, told = program(FIXTURES / "efficientnet_int8.tflite"), list[SplitChoice]()
    ticks = iter(range(1 << 20))
    limits = Limits(60, clock=lambda: next(ticks))
    choice = best_splits(of, Peaks(), limits=limits, progress=lambda _, c: told.append(c))
    assert choice is told[-1]
    totals = [total(entry) for entry in told]
    assert totals == sorted(totals, reverse=True)
    assert next(ticks) < 90
    further = best_splits(of, Peaks())
    assert further is not None
    assert total(further) < totals[-1]


def test_nothing_is_split_that_does_not_pay() -> None:
    """Several operators share the peak here: chains relieve them one after the other."""
    of = program(FIXTURES / "efficientnet_int8.tflite")
    choice = best_splits(of, Peaks())
    assert choice is not None
    assert len(choice.splits) > 1
    for left_out in choice.splits:
        others = [split for split in choice.splits if split is not left_out]
        assert cost(of, others, Peaks())[1] > total(choice)


class Loose(Peaks):
    """As if a plan came to the peak only if it was worth some time."""

    def head(self, program: TflmProgram, outline: Outline, seconds: float) -> int:
        return outline.peak + (100_000 if seconds < 1 else 0)


def test_plans_that_did_not_pack_get_more_time() -> None:
    of = program(FIXTURES / "tight_arena_int8.tflite")
    packing, loose = best_splits(of, Peaks(), "head"), best_splits(of, Loose(), "head")
    assert packing is not None
    assert loose is not None
    assert (loose.splits, loose.head) == (packing.splits, packing.head)


def test_more_slices_that_are_no_narrower_are_not_tried() -> None:
    assert slice_counts(Chain((0, 1), 24)) == (2, 3, 4, 5, 6, 8)
    assert slice_counts(Chain((0, 1), 3)) == (2, 3)
