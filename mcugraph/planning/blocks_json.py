"""The JSON form of blocks: read into the fields of an arena problem."""

from collections.abc import Mapping
from os import PathLike
from typing import Any

from mcugraph.checks import path_text
from mcugraph.errors import FormatError
from mcugraph.scheduling.json_values import (
    bytes_of,
    load_object,
    name_of,
    overlaps_of,
    pairs_of,
    whole_of,
)

Source = str | PathLike[str] | Mapping[str, Any]

_FORM = "a list of blocks"
_TENSOR = "tensor"  # what a block is of which nothing is said


def read_fields(source: Source) -> tuple[dict[str, Any], str]:
    """The fields of an arena problem by name, and what an error message calls the source.

    Blocks are mappings of their fields.

    Raises:
        UsageError: It is neither a mapping nor a path.
        FormatError: The file cannot be read, or it is not of this form.
    """
    if isinstance(source, Mapping):
        return _fields(source, "blocks"), "blocks"
    source = path_text(source, f"{_FORM} is a mapping or the path of a JSON file")
    return _fields(load_object(source, _FORM), source), source


def holds_blocks(path: str) -> bool:
    """Whether a JSON file is one of blocks, and not of an operator graph.

    Raises:
        FormatError: It cannot be read, or holds no object.
    """
    return "blocks" in load_object(path, f"an operator graph or {_FORM}")


def _fields(given: Mapping[str, Any], where: str) -> dict[str, Any]:
    try:
        names = [name_of(item["id"]) for item in given["blocks"]]
        kinds = [str(item.get("kind", _TENSOR)) for item in given["blocks"]]
        if len({*zip(names, kinds, strict=True)}) < len(names):
            raise ValueError("two blocks of one kind have one id")
        # Scratch is called as its operator is, which may be called as a tensor is.
        place = {
            name: number
            for number, (name, kind) in enumerate(zip(names, kinds, strict=True))
            if kind == _TENSOR
        }
        return {
            "blocks": [
                {
                    "name": name,
                    "size": bytes_of(item["size"], name),
                    "lower": whole_of(item["lower"]),
                    "upper": whole_of(item["upper"]),
                    "offset": _offset(item.get("offset"), name),
                    "kind": kind,
                }
                for name, kind, item in zip(names, kinds, given["blocks"], strict=True)
            ],
            "alignment": whole_of(given.get("alignment", 1)),
            "shares": pairs_of(given.get("shares", ()), place),
            "overlaps": overlaps_of(given.get("overlaps", ()), place),
        }
    except KeyError as error:
        raise FormatError(f"{where}: not {_FORM}: no {error.args[0]!r}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"{where}: not {_FORM}: {error}") from None


def _offset(value: object, name: object) -> int | None:
    return None if value is None else bytes_of(value, name)
