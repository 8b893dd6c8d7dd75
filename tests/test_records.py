"""Our dataclasses against Python's own, which they stand for."""

import copy
import dataclasses
import inspect
import pickle
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, get_type_hints

import pytest

from mcugraph import records

Maker = Callable[..., Any]


def family(dataclass: Maker) -> dict[str, type]:
    """The same classes by either decorator."""

    class Root(ABC):
        __slots__ = ()

        @property
        @abstractmethod
        def kind(self) -> str: ...

    @dataclass(frozen=True, slots=True)
    class Base(Root):
        size: int
        shared: ClassVar[int] = 3
        many: tuple[int, ...] = (1,)

        @property
        def kind(self) -> str:
            return "base"

    @dataclass(frozen=True, slots=True)
    class Child(Base):
        extra: dict[str, int] = dataclasses.field(default_factory=dict, compare=False)
        hidden: int | None = dataclasses.field(default=None, repr=False)

        def __post_init__(self) -> None:
            if self.size < 0:
                raise ValueError("negative")

    @dataclass(frozen=True, slots=True)
    class Many(Root):
        a: int
        b: int
        c: tuple[int, ...]
        d: int = 4
        e: list[int] = dataclasses.field(default_factory=list, compare=False)
        kind: str = "many"

        def __post_init__(self) -> None:
            if self.a < 0:
                raise ValueError("negative")

    class Heir(Many):
        """More than a record: what is set besides has a place of its own."""

    @dataclass(frozen=True)
    class Open:
        value: int
        text: str = "a"

    @dataclass(slots=True)
    class Changing:
        value: int
        items: list[int] = dataclasses.field(default_factory=list)

    @dataclass(frozen=True, slots=True, eq=False)
    class Itself:
        value: int

    @dataclass(frozen=True, slots=True, repr=False)
    class Said:
        value: int

        def __repr__(self) -> str:
            return "said"

    @dataclass(frozen=True, slots=True)
    class Empty:
        pass

    found = (Base, Child, Many, Heir, Open, Changing, Itself, Said, Empty)
    for cls in found:
        cls.__qualname__ = cls.__name__
    return {cls.__name__: cls for cls in found}


OURS, THEIRS = family(records.dataclass), family(dataclasses.dataclass)
globals().update(OURS)  # where pickle looks for them
CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("Base", (1,), {}),
    ("Base", (), {"many": (2, 3), "size": 4}),
    ("Child", (1, (2,), {"a": 1}, 5), {}),
    ("Child", (1,), {"hidden": 7}),
    ("Many", (1, 2, (3,)), {"kind": "other"}),
    ("Many", (1, 2, (3,), 5, [6]), {}),
    ("Heir", (1, 2, (3,)), {"d": 7}),
    ("Open", (1,), {"text": "b"}),
    ("Changing", (1,), {}),
    ("Changing", (1, [2]), {}),
    ("Itself", (1,), {}),
    ("Said", (1,), {}),
    ("Empty", (), {}),
]


def outcome(call: Callable[[], Any]) -> Any:
    """What comes of a call; of an error its type and its text."""
    try:
        return call()
    except Exception as error:
        return type(error), str(error).replace("family.<locals>.", "")


@pytest.mark.parametrize(("name", "given", "named"), CALLS)
def test_as_pythons_own(name: str, given: tuple[Any, ...], named: dict[str, Any]) -> None:
    mine, theirs = (known[name](*given, **named) for known in (OURS, THEIRS))
    assert repr(mine) == repr(theirs)
    assert dataclasses.asdict(mine) == dataclasses.asdict(theirs)
    assert type(mine).__match_args__ == type(theirs).__match_args__
    assert hasattr(mine, "__dict__") == hasattr(theirs, "__dict__")
    again = [known[name](*given, **named) for known in (OURS, THEIRS)]
    assert (mine == again[0]) == (theirs == again[1])
    assert (mine == 1) is (theirs == 1) is False
    for value in (mine, theirs):
        if isinstance(value, (OURS["Itself"], THEIRS["Itself"])):
            continue
        for twin in (copy.copy(value), copy.deepcopy(value)):
            assert twin == value
    hashes = [outcome(lambda v=value: hash(v)) for value in (mine, theirs)]
    if name not in ("Itself", "Changing"):
        assert [hash(value) for value in again] == hashes
    if name == "Changing":
        assert [kind for kind, _ in hashes] == [TypeError, TypeError]
    if name not in ("Itself",):
        assert pickle.loads(pickle.dumps(mine)) == mine


@pytest.mark.parametrize(("name", "given", "named"), CALLS)
def test_changed_as_by_pythons_own(
    name: str, given: tuple[Any, ...], named: dict[str, Any]
) -> None:
    mine, theirs = (known[name](*given, **named) for known in (OURS, THEIRS))
    for field in dataclasses.fields(mine):
        new = {field.name: 9}
        changed = records.replace(mine, **new)
        assert repr(changed) == repr(dataclasses.replace(theirs, **new))
        assert getattr(changed, field.name) == 9
        assert repr(dataclasses.replace(mine, **new)) == repr(changed)
    assert type(records.replace(mine)) is type(mine)
    with pytest.raises(TypeError):
        records.replace(mine, nothing=1)


@pytest.mark.parametrize("name", OURS)
def test_fields_are_fixed_where_they_are_frozen(name: str) -> None:
    given = next(call for call in CALLS if call[0] == name)
    for field in dataclasses.fields(OURS[name]):
        said = []
        for known in (OURS, THEIRS):
            value = known[name](*given[1], **given[2])
            said.append(
                (
                    outcome(lambda v=value, a=field.name: setattr(v, a, 1)),
                    outcome(lambda v=value, a=field.name: delattr(v, a)),
                )
            )
        assert said[0] == said[1]


@pytest.mark.parametrize("name", OURS)
def test_signatures_are_known_before_an_instance_is_made(name: str) -> None:
    ours, theirs = family(records.dataclass)[name], THEIRS[name]
    assert str(inspect.signature(ours)) == str(inspect.signature(theirs))
    assert get_type_hints(ours.__init__) == get_type_hints(theirs.__init__)


@pytest.mark.parametrize("option", [{"init": False}, {"kw_only": True}, {"hash": False}])
def test_what_is_not_known_of_fields_is_refused(option: dict[str, bool]) -> None:
    with pytest.raises(TypeError, match=r"Told\.value"):

        @records.dataclass(frozen=True)
        class Told:
            value: int = dataclasses.field(default=0, **option)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("name", "given", "named"),
    [
        ("Base", (), {}),
        ("Base", (1, 2, 3), {}),
        ("Base", (1,), {"size": 1}),
        ("Base", (1,), {"other": 1}),
        ("Child", (-1,), {}),
    ],
)
def test_refused_as_by_pythons_own(
    name: str, given: tuple[Any, ...], named: dict[str, Any]
) -> None:
    for _ in range(2):  # the first call is the one that compiles
        said = [outcome(lambda k=known: k[name](*given, **named)) for known in (OURS, THEIRS)]
        assert said[0] == said[1]


def test_a_factory_makes_a_value_for_each() -> None:
    one, two = OURS["Changing"](1), OURS["Changing"](1)
    assert one.items == two.items == []
    assert one.items is not two.items


def test_children_without_fields_may_have_attributes() -> None:
    class Child(OURS["Base"]):  # type: ignore[name-defined,misc]
        pass

    child = Child(1)
    child.other = 2
    assert child.other == 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        child.size = 2
