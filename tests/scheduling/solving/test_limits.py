"""Limits: what is just allowed, what is not, and who is told what when."""

import pytest

from mcugraph.errors import UsageError
from mcugraph.scheduling.solving.limits import MEMORY, TIME, WORK, LimitReached, Limits


class Clock:
    """Stands still unless it is moved."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_time_may_be_used_up_and_not_more() -> None:
    clock = Clock()
    limits = Limits(2.5, clock=clock)
    for clock.now in (100.0, 102.5):
        limits.check()
    assert limits.elapsed == 2.5
    clock.now = 102.6
    with pytest.raises(LimitReached, match=TIME) as caught:
        limits.check()
    assert caught.value.reason == TIME
    assert limits.looks == 3
    Limits(clock=clock).check(1 << 60)


def test_memory_may_be_used_up_and_not_more() -> None:
    limits = Limits(memory=1000)
    limits.check(1000)
    limits.check()
    with pytest.raises(LimitReached, match=MEMORY):
        limits.check(1001)
    with pytest.raises(LimitReached, match=MEMORY):
        Limits(memory=0).check(1)
    Limits(memory=0).check()


def test_who_is_told() -> None:
    """At once of new bounds, and now and then that it goes on."""
    clock, told = Clock(), []
    limits = Limits(progress=lambda *news: told.append(news), every=0.5, clock=clock)
    limits.tell(3, 9)
    limits.tell(3, 9)
    assert told == [(0.0, 3, 9)]
    clock.now = 100.4
    limits.check()
    clock.now = 100.5
    limits.check()
    limits.check()
    assert told[1:] == [(0.5, 3, 9)]
    clock.now = 100.9
    limits.tell(4, 9)
    clock.now = 101.3
    limits.check()  # half a second after what was told last
    assert told[2:] == [(pytest.approx(0.9), 4, 9)]
    clock.now = 101.4
    limits.check()
    assert told[3:] == [(pytest.approx(1.4), 4, 9)]


def test_work_may_be_used_up_and_not_more() -> None:
    limits = Limits(work=2)
    limits.check()
    limits.check()
    with pytest.raises(LimitReached, match=WORK):
        limits.check()


def test_while_a_part_lasts_somebody_is_told_of_the_whole() -> None:
    clock, told = Clock(), []
    whole = Limits(progress=lambda *news: told.append(news), every=0.5, clock=clock)
    part = whole.part(seconds=2.0, work=5).part(work=4)
    clock.now = 101.0
    part.check()
    assert told == []  # nothing is known yet
    whole.tell(3, 9)
    part.tell(1, 2)
    clock.now = 101.5
    part.check()
    assert told == [(1.0, 3, 9), (1.5, 3, 9)]
    assert (part.looks, whole.looks) == (2, 0)


@pytest.mark.parametrize(
    "wrong", [{"seconds": -1}, {"seconds": "x"}, {"memory": -1}, {"memory": 1.5}, {"progress": 3}]
)
def test_limits_that_are_none(wrong: dict) -> None:
    with pytest.raises(UsageError):
        Limits(**wrong)
