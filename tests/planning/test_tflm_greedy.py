"""The twin of TFLM's greedy planner: worked examples and properties."""

from hypothesis import given
from hypothesis import strategies as st

from mcugraph.planning.tflm_greedy import UNPLANNED, Buffer, place


def test_no_buffers_need_no_arena() -> None:
    assert place([]).arena == 0


def test_the_largest_buffer_lies_at_the_bottom() -> None:
    placement = place([Buffer(16, 0, 1), Buffer(48, 1, 2), Buffer(32, 2, 3)])
    assert placement.offsets == (48, 0, 48)
    assert placement.arena == 80


def test_of_equal_buffers_the_last_goes_first() -> None:
    placement = place([Buffer(16, 0, 5), Buffer(16, 0, 5), Buffer(16, 0, 5)])
    assert placement.offsets == (32, 16, 0)


def test_a_buffer_takes_the_first_gap_that_fits() -> None:
    # 64 bytes lie at 0 until time 2, 48 above them from 2 on; the gap below is free at time 3.
    placement = place([Buffer(64, 0, 2), Buffer(48, 2, 5), Buffer(32, 3, 4)])
    assert placement.offsets == (0, 64, 0)


def test_a_gap_that_is_too_small_is_left_alone() -> None:
    placement = place([Buffer(64, 0, 2), Buffer(48, 2, 5), Buffer(32, 2, 4)])
    assert placement.offsets == (0, 64, 112)


def test_a_common_point_in_time_is_an_overlap() -> None:
    assert place([Buffer(16, 0, 1), Buffer(16, 1, 2)]).arena == 32
    assert place([Buffer(16, 0, 1), Buffer(16, 2, 3)]).arena == 16


def test_offsets_of_an_offline_plan_are_kept() -> None:
    placement = place([Buffer(16, 0, 3), Buffer(32, 0, 1, 64), Buffer(80, 1, 3)])
    assert placement.offsets == (0, 64, 96)
    assert place([Buffer(16, 0, 0, 160)]).arena == 176


def test_an_offline_plan_may_overlap_itself() -> None:
    assert place([Buffer(16, 0, 1, 0), Buffer(32, 0, 1, 0)]).offsets == (0, 0)


@st.composite
def buffers(draw: st.DrawFn) -> list[Buffer]:
    result = []
    for _ in range(draw(st.integers(0, 24))):
        first = draw(st.integers(-1, 12))
        last = draw(st.integers(first, 13))
        result.append(Buffer(16 * draw(st.integers(1, 9)), first, last))
    return result


def together(a: Buffer, b: Buffer) -> bool:
    return a.first <= b.last and b.first <= a.last


@given(buffers())
def test_buffers_that_live_together_are_disjoint(plan: list[Buffer]) -> None:
    offsets = place(plan).offsets
    for i, a in enumerate(plan):
        for j, b in enumerate(plan[:i]):
            if together(a, b):
                apart = offsets[i] + a.size <= offsets[j] or offsets[j] + b.size <= offsets[i]
                assert apart


@given(buffers())
def test_offsets_are_aligned_and_the_arena_is_tight(plan: list[Buffer]) -> None:
    placement = place(plan)
    assert all(offset >= 0 and offset % 16 == 0 for offset in placement.offsets)
    ends = [o + b.size for o, b in zip(placement.offsets, plan, strict=True)]
    assert placement.arena == max(ends, default=0)


@given(buffers())
def test_the_arena_holds_the_largest_live_set(plan: list[Buffer]) -> None:
    times = range(-1, 14)
    live = [sum(b.size for b in plan if b.first <= t <= b.last) for t in times]
    assert max(live) <= place(plan).arena <= sum(b.size for b in plan)


@given(buffers(), st.data())
def test_fixed_offsets_stay(plan: list[Buffer], data: st.DataObject) -> None:
    fixed = [
        Buffer(b.size, b.first, b.last, data.draw(st.sampled_from([UNPLANNED, 0, 32, 160])))
        for b in plan
    ]
    placement = place(fixed)
    for buffer, offset in zip(fixed, placement.offsets, strict=True):
        assert buffer.offset in (UNPLANNED, offset)
