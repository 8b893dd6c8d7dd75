"""What is printed: names come from files, and a terminal or a spreadsheet obeys some characters."""

from collections.abc import Iterable

# How a spreadsheet tells a formula.
_FORMULA = ("=", "+", "-", "@")
_LONGEST = 1_000  # characters of a message


def clean(text: str) -> str:
    r"""A text on one line that only shows: no line ends, escape sequences, or marks of direction.

    What is not printable is shown as Python escapes it, as in ``\x1b`` or ``\u202e``.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def message(text: str) -> str:
    """An error as one clean line that can be read: the middle of a very long one is left out."""
    line = clean(" ".join(text.split()))
    if len(line) <= _LONGEST:
        return line
    return f"{line[: _LONGEST // 2]} ... {line[-_LONGEST // 2 :]}"


def page(lines: Iterable[str]) -> str:
    """Lines as one text, each of them clean: a name cannot make a line of its own."""
    return "\n".join(map(clean, lines))


def cell(value: object) -> object:
    """A value for CSV: a text is clean and no formula, for it then begins with an apostrophe."""
    if not isinstance(value, str):
        return value
    shown = clean(value)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
