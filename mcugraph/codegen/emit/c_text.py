"""Numbers, comments and arrays in C; nothing from a model can end a comment or a line."""

import math
import re
import textwrap
from collections.abc import Iterable

import numpy as np

from mcugraph.errors import GraphError
from mcugraph.ir import Array, DType
from mcugraph.printed import clean

WIDTH = 100
C_TYPES = {
    DType.BOOL: "uint8_t",
    DType.FLOAT32: "float",
    DType.INT8: "int8_t",
    DType.INT16: "int16_t",
    DType.INT32: "int32_t",
    DType.INT64: "int64_t",
    DType.UINT8: "uint8_t",
    DType.UINT16: "uint16_t",
    DType.UINT32: "uint32_t",
}
_OF_NUMPY = {dtype.numpy: name for dtype, name in C_TYPES.items()}
_LEAST = {"int32_t": -(1 << 31), "int64_t": -(1 << 63)}
_INDENT = " " * 4
# As many numbers as a line has room for, the comma behind the last one with them.
_LINE = re.compile(rf"(.{{1,{WIDTH - len(_INDENT) - 1}}})(?:, |\Z)")
_LARGEST_WHOLE = 1e9  # what "%.9g" writes without a point or an exponent is below
_CHUNK = 1 << 16


def c_type(dtype: DType) -> str:
    """The type of C with the same elements.

    Raises:
        GraphError: There is none.
    """
    if dtype not in C_TYPES:
        raise GraphError(f"tensors of {dtype.label} have no type in C")
    return C_TYPES[dtype]


def element_type(values: Array) -> str:
    """The type of C of an array's elements."""
    return _OF_NUMPY[values.dtype]


def number(value: int | float, kind: str = "int32_t") -> str:
    """A number as C reads it.

    Raises:
        GraphError: It is not finite.
    """
    if isinstance(value, float):
        if not math.isfinite(value):
            raise GraphError(f"{value} is no number that C code can hold")
        text = f"{value:.9g}"
        return f"{text}f" if set(text) & set(".e") else f"{text}.0f"
    whole = int(value)
    if whole == _LEAST.get(kind):  # C has no negative literals
        return f"(-{-whole - 1}{'LL' if kind == 'int64_t' else ''} - 1)"
    return f"{whole}{'LL' if kind == 'int64_t' else ''}"


def rows(entries: Iterable[str], indent: str = "    ") -> str:
    """Entries of a list, as many a line as fit; none of them is broken."""
    lines, line = [], indent
    for entry in entries:
        if len(line) + len(entry) + 1 > WIDTH and line != indent:
            lines.append(line.rstrip())
            line = indent
        line += f"{entry}, "
    return "\n".join([*lines, line.removesuffix(", ")])


def array(name: str, values: Array, kind: str = "static const") -> str:
    """The definition of an array; ``kind`` is where and how it is kept."""
    element = element_type(values)
    flat = values.ravel() if values.size else np.zeros(1, values.dtype)  # C has none of length 0
    entries = _INDENT + f",\n{_INDENT}".join(_LINE.findall(_numbers(flat, element)))
    return f"MG_ALIGNED(4) {kind} {element} {name}[{flat.size}] = {{\n{entries}\n}};\n"


def _numbers(flat: Array, element: str) -> str:
    """What `number` makes of each, with commas between; millions of them at once.

    Raises:
        GraphError: One is not finite.
    """
    if element == "float":
        return ", ".join(_floats(flat[i : i + _CHUNK]) for i in range(0, flat.size, _CHUNK))
    if element == "int64_t" or (element in _LEAST and flat.min() == _LEAST[element]):
        return ", ".join(number(value, element) for value in flat.tolist())
    if flat.itemsize == 1:
        return ", ".join(_bytes(flat[i : i + _CHUNK]) for i in range(0, flat.size, _CHUNK))
    return repr(flat.tolist())[1:-1]


def _bytes(flat: Array) -> str:
    """Each looked up in a table of all there are, whose rows end in zeros."""
    kind = np.int8 if flat.dtype == np.int8 else np.uint8
    every = np.arange(256, dtype=np.uint8).view(kind).tolist()
    texts = np.array([f"{value}, ".encode() for value in every])
    found = texts.view(np.uint8).reshape(256, -1)[flat.view(np.uint8)]
    return str(found[found != 0].tobytes(), "ascii").removesuffix(", ")


def _floats(flat: Array) -> str:
    for value in flat[~np.isfinite(flat)][:1].tolist():
        number(value)  # refuses it
    whole = (np.trunc(flat) == flat) & (np.abs(flat) < _LARGEST_WHOLE)
    form = ", ".join(np.where(whole, "%.0f.0f", "%.9gf").tolist())
    return form % tuple(flat.tolist())


def said(text: str) -> str:
    """A text of the model's as it may stand within a comment: ASCII, on one line, never its end."""
    line = clean(text).encode("ascii", "backslashreplace").decode()
    return line.replace("*/", "*_/").replace("/*", "/_*").replace("??", "?_?")


def comment(text: str, indent: str = "") -> str:
    """A comment of one paragraph, broken into lines."""
    room = WIDTH - 6 - len(indent)
    lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
    return f"{indent}/* " + f"\n{indent} * ".join(lines) + " */"


def short(name: str, most: int = 60) -> str:
    """A name of the model's for a comment: where converters joined several, the first one."""
    first = said(name).split(";")[0]
    return first if len(first) <= most else f"...{first[3 - most :]}"
