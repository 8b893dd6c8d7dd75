"""The JSON form of blocks: read into the fields of an arena problem."""

from collections.abc import Mapping
from typing import Any

from mcugraph.scheduling.json_values import (
    Source,
    bytes_of,
    load_object,
    name_of,
    object_of,
    overlaps_of,
    pairs_of,
    reading,
    whole_of,
)

_FORM = "a list of blocks"


def read_fields(source: Source, tensor: str) -> tuple[dict[str, Any], str]:
    """The fields of an arena problem by name, and what an error message calls the source.

    Blocks are mappings of their fields.

    Args:
        source: An object of the form, or the path of a file that holds one.
        tensor: The kind of blocks that pairs can name, which a block is that does not say.

    Raises:
        UsageError: It is neither a mapping nor a path.
        FormatError: The file cannot be read, or it is not of this form.
    """
    given, where = object_of(source, _FORM, "blocks")
    with reading(where, _FORM):
        return _fields(given, tensor), where


def holds_blocks(path: str) -> bool:
    """Whether a JSON file is one of blocks, and not of an operator graph.

    Raises:
        FormatError: It cannot be read, or holds no object.
    """
    return "blocks" in load_object(path, f"an operator graph or {_FORM}")


def _fields(given: Mapping[str, Any], tensor: str) -> dict[str, Any]:
    names = [name_of(item["id"]) for item in given["blocks"]]
    kinds = [str(item.get("kind", tensor)) for item in given["blocks"]]
    if len({*zip(names, kinds, strict=True)}) < len(names):
        raise ValueError("two blocks of one kind have one id")
    # Scratch is called as its operator is, which may be called as a tensor is.
    place = {
        name: number
        for number, (name, kind) in enumerate(zip(names, kinds, strict=True))
        if kind == tensor
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


def _offset(value: object, name: object) -> int | None:
    return None if value is None else bytes_of(value, name)
