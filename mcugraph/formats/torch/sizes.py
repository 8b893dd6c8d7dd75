"""Sizes of an exported program, of which some may be symbols."""

from collections.abc import Sequence
from typing import Any

from mcugraph.errors import DimensionError
from mcugraph.formats.dims import Bindings
from mcugraph.ir import Shape


class Sizes:
    """Numbers for symbols: as the shapes of the inputs bind them."""

    def __init__(self, bindings: Bindings) -> None:
        self._bindings = bindings
        self._numbers: dict[Any, int] = {}

    def bind(self, name: str, shape: Sequence[Any]) -> Shape:
        """The shape of an input; its symbols get their numbers."""
        expressions = [_expression(dim) for dim in shape]
        result = self._bindings.bind(
            name,
            tuple(
                dim if isinstance(dim, int) else self._known(e)
                for dim, e in zip(shape, expressions, strict=True)
            ),
            tuple(None if e is None else str(e) for e in expressions),
        )
        for expression, number in zip(expressions, result, strict=True):
            if expression is not None and expression.is_Symbol:
                self._numbers[expression] = number
        return result

    def _known(self, expression: Any) -> int | None:
        if expression is None:
            return None
        value = expression.xreplace(self._numbers)
        return int(value) if getattr(value, "is_number", True) else None

    def shape(self, shape: Sequence[Any]) -> Shape:
        """The shape of any other tensor."""
        return tuple(int(self.resolve(dim)) for dim in shape)

    def resolve(self, value: Any) -> Any:
        """A symbolic number as a plain one; anything else as it is.

        Raises:
            DimensionError: It depends on data.
        """
        expression = None if isinstance(value, int) else _expression(value)
        if expression is None:
            return value
        known = expression.xreplace(self._numbers)
        if not getattr(known, "is_number", True):
            raise DimensionError(f"the size {known} depends on the data that the model is given")
        if type(value).__name__ == "SymFloat":
            return float(known)
        return bool(known) if type(value).__name__ == "SymBool" else int(known)

    def finish(self) -> list[str]:
        """What was assumed, as sentences."""
        return self._bindings.finish()


def _expression(value: Any) -> Any:
    """The sympy expression of a SymInt; None for anything else."""
    return getattr(getattr(value, "node", None), "expr", None)
