"""Names of the model as identifiers of C: valid, unique, short, and as they were where they can."""

import re

from mcugraph.errors import UsageError
from mcugraph.ir.names import Names

_LONGEST = 40
# Of C and of C++, which may include the header.
_KEYWORDS = """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl
    concept const consteval constexpr constinit const_cast continue co_await co_return co_yield
    decltype default delete do double dynamic_cast else enum explicit export extern false float
    for friend goto if inline int long main mutable namespace new noexcept not not_eq nullptr
    operator or or_eq private protected public register reinterpret_cast requires restrict
    return short signed sizeof static static_assert static_cast struct switch template this
    thread_local throw true try typedef typeid typename typeof union unsigned using virtual void
    volatile wchar_t while xor xor_eq
"""
# Of the C library, which the model's own header would hide, and of the project.
_FILES = """
    assert complex ctype errno features fenv float inttypes iso646 limits locale machine main_host
    main_qemu math setjmp signal stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib
    stdnoreturn string tgmath threads time uchar wchar wctype
"""


class Identifiers:
    """Hands out identifiers of one file, each once.

    Each ends in what it is, like ``_weights``, so none is a keyword or a name of the C library.
    """

    def __init__(self) -> None:
        self._names = Names(separator="_")

    def of(self, name: str, role: str) -> str:
        """An identifier for a thing of a name."""
        plain = re.sub(r"[^0-9A-Za-z]+", "_", name).strip("_")
        if len(plain) > _LONGEST:  # the first word, and as much of the end as there is room for
            first, _, rest = plain.partition("_")
            plain = f"{first[:8]}_{rest[8 - _LONGEST :].strip('_')}"
        if not plain or plain[0].isdigit() or plain.lower().startswith("mg_"):
            plain = f"t_{plain}".rstrip("_")
        return self._names.unique(f"{plain}_{role}")


def check_prefix(name: str) -> str:
    """A name that the user chose for the model, which is that of files and functions as well.

    Raises:
        UsageError: It is no identifier of C, or one that is taken.
    """
    if check_symbol(name).lower() in _FILES.split():
        raise UsageError(f"name {name!r}: a file that is included or compiled has this name")
    return name


def check_arena(name: str, prefix: str) -> str:
    """A name that the user chose for an arena that the model of a prefix shares.

    Raises:
        UsageError: It is no identifier of C, or one of the model's own.
    """
    if re.fullmatch(rf"{prefix}_(invoke|reset|(in|out)put_\d+|_.*)", check_symbol(name)):
        raise UsageError(f"name {name!r}: the model has something else of this name")
    return name


def check_symbol(name: str) -> str:
    """A name that the user chose for something in the program.

    Raises:
        UsageError: It is no identifier of C, or one that is taken.
    """
    valid = re.fullmatch(r"[A-Za-z][0-9A-Za-z_]{0,63}", name)
    if not valid or name in _KEYWORDS.split() or name.lower().startswith("mg_"):
        raise UsageError(
            f"name {name!r}: up to 64 letters, digits and _ are needed, a letter first, "
            "no keyword of C, and not mg_, which the runtime uses"
        )
    return name
