"""Files that come with the library, as text, and templates among them with their holes filled."""

import re
from collections.abc import Mapping
from importlib import resources

_HOLE = re.compile(r"@\{(\w+)\}")


def filled(name: str, holes: Mapping[str, str]) -> str:
    """A template whose holes, like ``@{prefix}``, are filled; C, make and CMake have no such thing.

    Raises:
        KeyError: A hole has nothing to be filled with.
    """
    return _HOLE.sub(lambda found: holes[found[1]], text_of("emit/templates", name))


def text_of(folder: str, name: str) -> str:
    """A file of a folder of ``codegen``."""
    path = resources.files("mcugraph.codegen").joinpath(folder).joinpath(name)
    return path.read_text(encoding="utf-8")
