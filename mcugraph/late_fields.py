"""Fields of a record that are worked out when somebody first reads them.

A record says so of its fields with ``with_late_fields``, and gets ``Later.part`` for some of their
values. What reads a field sees its value alone: comparisons, copies and ``dataclasses.asdict`` do.
"""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Generic, TypeVar, cast

_Value = TypeVar("_Value")
_Part = TypeVar("_Part")


class Later(Generic[_Value]):
    """A value that is worked out once, when it is first called for.

    Args:
        make: Works it out. It is let go then, with all that it holds.
    """

    __slots__ = ("_make", "_value")

    def __init__(self, make: Callable[[], _Value]) -> None:
        self._make: Callable[[], _Value] | None = make

    def __call__(self) -> _Value:
        """The value. Threads that call for it at once may each work it out."""
        make = self._make
        if make is not None:
            self._value = make()
            self._make = None
        return self._value

    def part(self, of: Callable[[_Value], _Part]) -> _Part:
        """A field's value that is a part of this one; to type checkers, the value itself."""
        return cast(_Part, Later(lambda: of(self())))


def with_late_fields(record: type[_Value]) -> type[_Value]:
    """A dataclass with slots whose fields may get values that are worked out later."""
    for field in fields(cast(Any, record)):
        setattr(record, field.name, _LateField(vars(record)[field.name]))
    return record


class _LateField:
    """A slot that may hold what its value is worked out by."""

    __slots__ = ("_slot",)

    def __init__(self, slot: Any) -> None:
        self._slot = slot

    def __get__(self, record: Any, owner: Any) -> Any:
        if record is None:
            return self
        value = self._slot.__get__(record)
        if type(value) is Later:
            value = value()
            self._slot.__set__(record, value)
        return value

    def __set__(self, record: Any, value: Any) -> None:
        self._slot.__set__(record, value)

    def __delete__(self, record: Any) -> None:
        self._slot.__delete__(record)
