"""Dataclasses that cost little to define and to make.

Python's own compiles six methods for every class, which takes half a millisecond: for the hundred
classes that a command needs, a third of its time from start to end. And it searches for the place
of each field whenever it makes a frozen instance. Here methods are shared, but for two, which are
compiled when somebody first asks for them and know the places. All else is the same, for what is
used here: ``dataclasses.fields`` and its like know these classes, and type checkers see Python's
own. But a child has to be made here, too: Python's own does not know that they are frozen.
"""

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass", "replace"]

if TYPE_CHECKING:
    from dataclasses import dataclass, replace
else:

    def dataclass(cls=None, /, *, frozen=False, slots=False, eq=True, repr=True):
        """A class whose annotations are its fields; as ``dataclasses.dataclass``."""

        def made(cls: type) -> type:
            own = vars(cls).keys() & {"__eq__", "__repr__"}
            cls = dataclasses.dataclass(init=False, eq=False, repr=False, slots=slots)(cls)
            fields = dataclasses.fields(cls)
            for field in fields:
                if not field.init or field.kw_only or field.hash is not None:
                    raise TypeError(f"{cls.__name__}.{field.name}: no init, kw_only or hash here")
            make = _initializer_of_many if frozen and slots and fields[_FEW:] else _initializer
            cls.__init__ = _Late(cls, "__init__", lambda: make(cls, fields, frozen))
            cls.__replace__ = _Late(cls, "__replace__", lambda: _replacer(cls, fields))
            if repr and "__repr__" not in own:
                cls.__repr__ = _representation([field.name for field in fields if field.repr])
            if eq and "__eq__" not in own:
                cls.__eq__, by_value = _comparison([f.name for f in fields if f.compare])
                cls.__hash__ = by_value if frozen else None
            if frozen:
                _freeze(cls, [field.name for field in fields], slots)
            return cls

        return made if cls is None else made(cls)

    def replace(record, /, **changes):
        """The same with other values in some fields; as ``dataclasses.replace``."""
        return record.__replace__(**changes)


class _Late:
    """Stands in a class for a method until somebody asks for that."""

    __slots__ = ("_class", "_make", "_name")

    def __init__(self, cls: type, name: str, make: Callable[[], Any]) -> None:
        self._class, self._name, self._make = cls, name, make

    def __get__(self, instance: Any, owner: type) -> Any:
        method = self._make()
        setattr(self._class, self._name, method)
        return method.__get__(instance, owner)


class _Factory:
    """The default of a field whose value is made for each; as Python's own shows it."""

    def __repr__(self) -> str:
        return "<factory>"


_FACTORY = _Factory()

# Fields that are set one by one as quickly.
_FEW = 2


def _compiled(name: str, head: str, lines: list[str], names: dict[str, Any]) -> Any:
    """A function, from its source and the names that this uses."""
    scope = dict(names)
    exec("\n ".join([f"def made{head}:", *lines]), scope)  # names of fields alone go into it
    made = scope["made"]
    made.__name__, made.__qualname__ = name.rpartition(".")[2], name
    return made


def _initializer(cls: type, fields: tuple[Any, ...], frozen: bool) -> Any:
    head, values, names = _parameters(fields)
    lines = _settings(cls, values, names) if frozen else _assignments(values)
    return _made_initializer(cls, fields, head, lines, names)


def _initializer_of_many(cls: Any, fields: tuple[Any, ...], frozen: bool) -> Any:
    """While its fields get their values, a frozen record is of a child that is not frozen.

    So Python sets each at once, at a tenth of what asking for its place takes.
    """
    head, values, names = _parameters(fields)
    unlocked = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    names |= {
        "closed_class": cls,
        "open_class": type(cls)(cls.__name__, (cls,), {"__slots__": (), **unlocked}),
        "become": vars(object)["__class__"].__set__,
    }
    lines = [
        "if self.__class__ is closed_class:",
        *(f" {line}" for line in ["become(self, open_class)", *_assignments(values)]),
        " self.__class__ = closed_class",
        "else:",  # of a child that may have more
        *(f" {line}" for line in _settings(cls, values, names)),
    ]
    return _made_initializer(cls, fields, head, lines, names)


def _parameters(fields: tuple[Any, ...]) -> tuple[list[str], dict[str, str], dict[str, Any]]:
    """What an initializer takes, what it gives each field, and the names that this uses."""
    head, values = ["self"], {}
    names: dict[str, Any] = {"absent": _FACTORY}
    for field in fields:
        name = values[field.name] = field.name
        if field.default_factory is not dataclasses.MISSING:
            names[f"make_{name}"] = field.default_factory
            head.append(f"{name}=absent")
            values[name] = f"make_{name}() if {name} is absent else {name}"
        elif field.default is not dataclasses.MISSING:
            names[f"default_{name}"] = field.default
            head.append(f"{name}=default_{name}")
        else:
            head.append(name)
    return head, values, names


def _assignments(values: dict[str, str]) -> list[str]:
    return [f"self.{name} = {value}" for name, value in values.items()]


def _settings(cls: type, values: dict[str, str], names: dict[str, Any]) -> list[str]:
    """The same of a record that refuses assignments; what sets a field comes to the names."""
    lines = []
    for name, value in values.items():
        place: Any = getattr(cls, name, None)
        if hasattr(place, "__set__"):
            names[f"set_{name}"] = place.__set__
            lines.append(f"set_{name}(self, {value})")
        else:
            lines.append(f"self.__dict__[{name!r}] = {value}")
    return lines


def _made_initializer(
    cls: type, fields: tuple[Any, ...], head: list[str], lines: list[str], names: dict[str, Any]
) -> Any:
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    name, arguments = f"{cls.__qualname__}.__init__", ", ".join(head)
    made = _compiled(name, f"({arguments})", lines or ["pass"], names)
    made.__annotations__ = {field.name: field.type for field in fields} | {"return": None}
    return made


def _replacer(cls: type, fields: tuple[Any, ...]) -> Any:
    names = [field.name for field in fields]
    head = ", ".join(["self", *(["*"] if names else []), *(f"{name}=absent" for name in names)])
    values = ", ".join(f"self.{name} if {name} is absent else {name}" for name in names)
    line = f"return self.__class__({values})"
    name = f"{cls.__qualname__}.__replace__"
    return _compiled(name, f"({head})", [line], {"absent": dataclasses.MISSING})


def _representation(names: list[str]) -> Any:
    def represent(self: Any) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{self.__class__.__qualname__}({shown})"

    return represent


def _comparison(names: list[str]) -> tuple[Any, Any]:
    """Equality of two of one class, and the hash that goes with it."""
    values = attrgetter(*names) if names else lambda self: ()

    def equal(self: Any, other: Any) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    return equal, lambda self: hash(values(self))


def _freeze(cls: Any, names: list[str], slots: bool) -> None:
    """Refuse changes of an instance, and let it be copied and pickled all the same."""

    def refuse(self: Any, name: str, *value: Any) -> None:
        if type(self) is cls or name in names:
            what = "assign to" if value else "delete"
            raise dataclasses.FrozenInstanceError(f"cannot {what} field {name!r}")
        (object.__setattr__ if value else object.__delattr__)(self, name, *value)

    def state(self: Any) -> list[Any]:
        return [getattr(self, name) for name in names]

    def restore(self: Any, state: list[Any]) -> None:
        for name, value in zip(names, state, strict=True):
            object.__setattr__(self, name, value)

    cls.__setattr__, cls.__delattr__ = refuse, refuse
    if slots:
        cls.__getstate__, cls.__setstate__ = state, restore
