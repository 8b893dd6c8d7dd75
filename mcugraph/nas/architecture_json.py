"""Architectures as what JSON can hold, and back."""

import dataclasses
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from mcugraph.errors import UsageError

_PLAIN = (bool, int, float, str, type(None))


def to_plain(value: Any) -> Any:
    """A dataclass as a dictionary of its fields, a tuple as a list, all else as it is.

    Raises:
        UsageError: It holds something that JSON cannot.
    """
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        raise UsageError(f"an architecture cannot hold {value!r}: JSON has nothing like it")
    return {name: to_plain(getattr(value, name)) for name in _fields(type(value))}


@cache
def _fields(cls: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(cls))


def from_plain(cls: Any, data: Any) -> Any:
    """What `to_plain` made data of, from the types of the fields.

    Raises:
        UsageError: The data does not fit the type.
    """
    if isinstance(cls, type) and dataclasses.is_dataclass(cls):
        hints = get_type_hints(cls)
        names = _fields(cls)
        if not isinstance(data, dict) or set(data) != set(names):
            raise UsageError(f"{data!r} is no {getattr(cls, '__name__', cls)}")
        made: Any = cls
        return made(**{name: from_plain(hints[name], data[name]) for name in names})
    if get_origin(cls) is tuple:
        item, *rest = get_args(cls)
        if not isinstance(data, list) or rest != [Ellipsis]:
            raise UsageError(f"{data!r} is no list")
        return tuple(from_plain(item, each) for each in data)
    # A flag is a whole number to Python.
    if isinstance(cls, type) and (
        not isinstance(data, cls) or isinstance(data, bool) > (cls is bool)
    ):
        raise UsageError(f"{data!r} is no {cls.__name__}")
    return data
