"""Values for the dynamic dimensions of a model."""

import re
from collections.abc import Iterable, Mapping

from mcugraph.errors import DimensionError, UsageError
from mcugraph.ir import Shape
from mcugraph.records import dataclass

Key = str | tuple[str, int]  # a dimension by its own name, or by input and axis


@dataclass(frozen=True, slots=True)
class _Dynamic:
    """A dimension that the model leaves open."""

    input: str
    axis: int
    symbol: str | None

    def __str__(self) -> str:
        named = f" ({self.symbol!r})" if self.symbol else ""
        return f"axis {self.axis}{named} of input {self.input!r}"

    @property
    def option(self) -> str:
        """What to call it on the command line."""
        plain = self.symbol and not re.search(r"=|:\d+$", self.symbol)
        return self.symbol if plain and self.symbol else f"{self.input}:{self.axis}"


class Bindings:
    """What a caller says about dynamic dimensions, and what was made of it.

    A dimension is found by (input name, axis) or by its own name; the first axis of an input is
    the batch and becomes 1 unless it is bound.
    """

    def __init__(self, path: str, dims: Mapping[Key, int] | None) -> None:
        self._path = path
        if dims is not None and not isinstance(dims, Mapping):
            raise UsageError(
                'dims are a mapping like {"seq": 64} or {("input", 1): 64}, '
                f"not {type(dims).__name__}"
            )
        self._dims = dict(dims or {})
        self.given = bool(dims)  # whether the caller says anything
        self._used: set[Key] = set()
        self._dynamic: list[_Dynamic] = []
        self._batches: list[_Dynamic] = []
        self._open: list[_Dynamic] = []
        for key, value in self._dims.items():
            if not _is_count(value):
                raise DimensionError(f"{path}: dimension {_show(key)} cannot be {value!r}")

    def bind(
        self, name: str, dims: tuple[int | None, ...], symbols: tuple[str | None, ...]
    ) -> Shape:
        """The shape of one input, provisional until ``finish`` has seen that all is bound.

        Args:
            name: The input.
            dims: Its dimensions; None for a dynamic one.
            symbols: The names of dynamic dimensions, where the model has them.

        Raises:
            DimensionError: A dimension is bound to another value than the model's.
        """
        if not self._dims and None not in dims:
            return tuple(dim for dim in dims if dim is not None)
        return tuple(
            self._bind(name, axis, dim, symbol)
            for axis, (dim, symbol) in enumerate(zip(dims, symbols, strict=True))
        )

    def _bind(self, name: str, axis: int, dim: int | None, symbol: str | None) -> int:
        dynamic = _Dynamic(name, axis, symbol)
        if dim is None:
            self._dynamic.append(dynamic)
        for key in ((name, axis), symbol):
            if key in self._dims:
                self._used.add(key)
                if dim not in (None, self._dims[key]):
                    raise DimensionError(
                        f"{self._path}: axis {axis} of input {name!r} is {dim} in the model, "
                        f"it cannot become {self._dims[key]}"
                    )
                return self._dims[key]
        if dim is not None:
            return dim
        if axis != 0:
            self._open.append(dynamic)
            return 1
        self._batches.append(dynamic)
        if symbol is not None:
            # The same name elsewhere means the same number.
            self._dims[symbol] = 1
            self._used.add(symbol)
        return 1

    def finish(self) -> list[str]:
        """What was assumed, as sentences.

        Raises:
            DimensionError: A binding names no dimension of the model, or a dimension is not
                bound and not the batch.
        """
        for key in self._dims:
            if key not in self._used:
                known = ", ".join(dict.fromkeys(entry.option for entry in self._dynamic))
                raise DimensionError(
                    f"{self._path}: no input has a dimension {_show(key)}; "
                    + (f"dynamic are {known}" if known else "none of this model is dynamic")
                )
        if self._open:
            raise DimensionError(f"{self._path}: {_asked(self._open)}")
        if not self._batches:
            return []
        names = ", ".join(dict.fromkeys(repr(entry.input) for entry in self._batches))
        return [f"the dynamic batch of {names} is taken as 1"]

    def hint(self) -> str:
        """What to add to an error that an assumed length may be the reason of; else nothing."""
        if not self._batches:
            return ""
        return f" (taken as 1: {_asked(self._batches)})"


def _asked(entries: Iterable[_Dynamic]) -> str:
    """``axis 1 ('seq') of input 'x' is dynamic; bind it with --dim seq=VALUE``."""
    different = {entry.option: entry for entry in reversed(list(entries))}
    shown = [str(entry) for entry in reversed(different.values())]
    options = " ".join(f"--dim {option}=VALUE" for option in reversed(different))
    if len(shown) == 1:
        return f"{shown[0]} is dynamic; bind it with {options}"
    return f"{', '.join(shown[:-1])} and {shown[-1]} are dynamic; bind them with {options}"


def _is_count(value: object) -> bool:
    """Whether a value, whatever a caller hands in, is a length."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _show(key: Key) -> str:
    return f"{key[0]}:{key[1]}" if isinstance(key, tuple) and len(key) == 2 else repr(key)
