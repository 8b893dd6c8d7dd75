"""Values for the dynamic dimensions of a model."""

from collections.abc import Mapping

from mcugraph.errors import DimensionError
from mcugraph.ir import Shape

Key = str | tuple[str, int]  # a dimension by its own name, or by input and axis


class Bindings:
    """What a caller says about dynamic dimensions, and what was made of it.

    A dimension is found by (input name, axis) or by its own name; the first axis of an input is
    the batch and becomes 1 unless it is bound.
    """

    def __init__(self, path: str, dims: Mapping[Key, int] | None) -> None:
        self._path = path
        self._dims = dict(dims or {})
        self.given = bool(dims)  # whether the caller says anything
        self._used: set[Key] = set()
        self._batches: dict[str, None] = {}
        for key, value in self._dims.items():
            if not _is_count(value):
                raise DimensionError(f"{path}: dimension {_show(key)} cannot be {value!r}")

    def bind(
        self, name: str, dims: tuple[int | None, ...], symbols: tuple[str | None, ...]
    ) -> Shape:
        """The shape of one input.

        Args:
            name: The input.
            dims: Its dimensions; None for a dynamic one.
            symbols: The names of dynamic dimensions, where the model has them.

        Raises:
            DimensionError: A dimension is not bound and not the batch, or is bound to another
                value than the model's.
        """
        return tuple(
            self._bind(name, axis, dim, symbol)
            for axis, (dim, symbol) in enumerate(zip(dims, symbols, strict=True))
        )

    def _bind(self, name: str, axis: int, dim: int | None, symbol: str | None) -> int:
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
        if axis == 0:
            self._batches[name] = None
            if symbol is not None:
                # The same name elsewhere means the same number.
                self._dims[symbol] = 1
                self._used.add(symbol)
            return 1
        named = f" ({symbol!r})" if symbol else ""
        option = symbol if symbol and "=" not in symbol else f"{name}:{axis}"
        raise DimensionError(
            f"{self._path}: axis {axis}{named} of input {name!r} is dynamic; "
            f"bind it with --dim {option}=VALUE"
        )

    def finish(self) -> list[str]:
        """What was assumed, as sentences.

        Raises:
            DimensionError: A binding names no dimension of the model.
        """
        for key in self._dims:
            if key not in self._used:
                raise DimensionError(f"{self._path}: no input has a dimension {_show(key)}")
        if not self._batches:
            return []
        return [f"the dynamic batch of {', '.join(map(repr, self._batches))} is taken as 1"]


def _is_count(value: object) -> bool:
    """Whether a value, whatever a caller hands in, is a length."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _show(key: Key) -> str:
    return repr(key) if isinstance(key, str) else f"{key[0]}:{key[1]}"
