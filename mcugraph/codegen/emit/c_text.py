"""Numbers, comments and arrays in C; nothing from a model can end a comment or a line."""

import math
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
    entries = rows(number(value, element) for value in flat.tolist())
    return f"MG_ALIGNED(4) {kind} {element} {name}[{flat.size}] = {{\n{entries}\n}};\n"


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
