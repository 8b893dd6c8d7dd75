"""Fields that are worked out when they are read: once, and seen by nobody before or after."""

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from mcugraph.late_fields import Later, with_late_fields
from mcugraph.records import dataclass, replace


@with_late_fields
@dataclass(frozen=True, slots=True)
class Pair:
    first: int
    second: int


@with_late_fields
@dataclass(frozen=True, slots=True)
class Many:
    a: int
    b: int
    c: int
    d: int
    e: int


def counted(value: Any) -> tuple[Later[Any], list[int]]:
    """A value that is worked out later, and how often that was done."""
    calls: list[int] = []

    def make() -> Any:
        calls.append(1)
        return value

    return Later(make), calls


@pytest.mark.parametrize("record", [Pair, Many])
def test_fields_share_one_value_that_is_made_once(record: type[Any]) -> None:
    value, calls = counted(range(10, 20))
    names = [field.name for field in dataclasses.fields(record)]
    made = record(*(value.part(lambda of, i=i: of[i]) for i in range(len(names))))
    assert calls == []
    for _ in range(2):
        assert [getattr(made, name) for name in names] == [10 + i for i in range(len(names))]
    assert calls == [1]


READS: list[Callable[[Pair], object]] = [
    repr,
    hash,
    dataclasses.asdict,
    dataclasses.astuple,
    copy.copy,
    copy.deepcopy,
    lambda pair: pickle.loads(pickle.dumps(pair)),
    lambda pair: replace(pair, first=3),
    lambda pair: dataclasses.replace(pair, first=3),
    lambda pair: pair == Pair(1, 2),
    lambda pair: Pair(1, 2) == pair,
]


@pytest.mark.parametrize("read", READS)
def test_whoever_reads_sees_values_alone(read: Callable[[Pair], object]) -> None:
    value, calls = counted(2)
    assert read(Pair(1, value.part(int))) == read(Pair(1, 2))
    assert calls == [1]


def test_a_field_that_is_replaced_is_not_worked_out() -> None:
    value, calls = counted(2)
    assert replace(Pair(1, value.part(int)), second=5) == Pair(1, 5)
    assert calls == []


def test_records_stay_frozen() -> None:
    made = Pair(1, Later(lambda: 2).part(int))
    for change in (lambda: setattr(made, "first", 2), lambda: delattr(made, "second")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            change()
    assert made.second == 2


def test_what_fails_is_tried_again() -> None:
    tries = iter([KeyboardInterrupt(), 7])

    def make() -> int:
        found = next(tries)
        if isinstance(found, BaseException):
            raise found
        return found

    made = Pair(1, Later(make).part(int))
    with pytest.raises(KeyboardInterrupt):
        _ = made.second
    assert made.second == 7
