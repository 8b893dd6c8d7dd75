"""Numbers, comments and arrays in C; nothing from a model can end a comment or a line."""

import math
import textwrap
from collections.abc import Iterable

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


def rows(values: Iterable[str], indent: str = "    ") -> str:
    """Entries of an initialiser, as many a line as fit."""
    return textwrap.fill(
        ", ".join(values),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def array(name: str, values: Array) -> str:
    """The definition of an array."""
    kind = element_type(values)
    flat = values.ravel()
    entries = rows(number(value, kind) for value in flat.tolist())
    return f"MG_ALIGNED(4) static const {kind} {name}[{flat.size}] = {{\n{entries}\n}};\n"


def said(text: str) -> str:
    """A text of the model's as it may stand within a comment: ASCII, on one line, never its end."""
    line = clean(text).encode("ascii", "backslashreplace").decode()
    return line.replace("*/", "*_/").replace("/*", "/_*").replace("??", "?_?")


def comment(text: str) -> str:
    """A comment of one paragraph, broken into lines."""
    lines = textwrap.wrap(text, WIDTH - 6, break_long_words=False, break_on_hyphens=False)
    if len(lines) <= 1:
        return f"/* {text} */"
    return "/* " + "\n * ".join(lines) + " */"
