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
            cls.__init__ = _Late(cls, "__init__", lambda: _initializer(cls, fields, frozen))
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


def _compiled(name: str, head: str, lines: list[str], names: dict[str, Any]) -> Any:
    """A function, from its source and the names that this uses."""
    scope = dict(names)
    exec("\n ".join([f"def made{head}:", *lines]), scope)  # names of fields alone go into it
    made = scope["made"]
    made.__name__, made.__qualname__ = name.rpartition(".")[2], name
    return made


def _initializer(cls: type, fields: tuple[Any, ...], frozen: bool) -> Any:
    head, lines = ["self"], []
    names: dict[str, Any] = {"absent": _FACTORY}
    for field in fields:
        name, value = field.name, field.name
        if field.default_factory is not dataclasses.MISSING:
            names[f"make_{name}"] = field.default_factory
            head.append(f"{name}=absent")
            value = f"make_{name}() if {name} is absent else {name}"
        elif field.default is not dataclasses.MISSING:
            names[f"default_{name}"] = field.default
            head.append(f"{name}=default_{name}")
        else:
            head.append(name)
        place: Any = getattr(cls, name, None)
        if not frozen:
            lines.append(f"self.{name} = {value}")
        elif hasattr(place, "__set__"):
            names[f"set_{name}"] = place.__set__
            lines.append(f"set_{name}(self, {value})")
        else:
            lines.append(f"self.__dict__[{name!r}] = {value}")
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
