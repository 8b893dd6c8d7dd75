"""How results show themselves: a line, a table in a notebook, a data frame, a plot."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mcugraph.errors import UsageError
from mcugraph.printed import clean

Facts = Sequence[tuple[str, str]]  # what, and how much

_FEW = 4  # facts that fit into a line
_LONG = 72  # characters of one of them; converters make names of hundreds


class Shown:
    """What has a title and facts, and shows them instead of all of its fields."""

    __slots__ = ()

    def _title(self) -> str:
        """What it is about, in a word or two; may be empty."""
        raise NotImplementedError

    def _facts(self) -> Facts:
        """What matters most, the first things first."""
        raise NotImplementedError

    def __repr__(self) -> str:
        title = f" {self._title()}" if self._title() else ""
        facts = ", ".join(f"{what} {_cut(value)}" for what, value in self._facts()[:_FEW])
        return clean(f"<{type(self).__name__}{title}: {facts}>")

    def _repr_html_(self) -> str:
        """As a table, for notebooks."""
        title = f"{type(self).__name__} {self._title()}".strip()
        rows = [
            f'<tr><th style="text-align:left">{_text(what)}</th>'
            f'<td style="text-align:left">{_text(value)}</td></tr>'
            for what, value in self._facts()
        ]
        caption = f'<caption style="text-align:left"><b>{_text(title)}</b></caption>'
        return f"<table>{caption}{''.join(rows)}</table>"


def _cut(text: str) -> str:
    """A fact without its middle, where it is long: the end of a name tells most."""
    return text if len(text) <= _LONG else f"{text[: _LONG // 3]}…{text[_LONG // 3 + 1 - _LONG :]}"


def _text(text: str) -> str:
    from html import escape  # whose names of characters take longer to load than a command has

    return escape(clean(text))


def frame(rows: Iterable[Mapping[str, Any]]) -> Any:
    """Rows as a ``pandas.DataFrame``.

    Raises:
        UsageError: pandas is not installed.
    """
    try:
        from pandas import DataFrame
    except ImportError:
        raise UsageError("pandas is not installed: pip install pandas") from None
    return DataFrame.from_records(list(rows))


def new_figure(width: float, height: float) -> Any:
    """An empty ``matplotlib.figure.Figure``, so many inches wide and high.

    Raises:
        UsageError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError("matplotlib is not installed: pip install 'mcugraph[plot]'") from None
    return Figure(figsize=(width, height), layout="constrained")


def finished(figure: Any, path: Any) -> Any:
    """The figure, saved to a path unless that is None.

    Raises:
        UsageError: It cannot be saved there.
    """
    if path is not None:
        try:
            figure.savefig(path, dpi=150)
        except (OSError, ValueError) as error:
            raise UsageError(f"{path}: the figure cannot be saved: {error}") from None
    return figure
