"""Write the JSON schema of what commands print, from the tables of its reference.

    python docs/schema.py

``docs/pages/reference/json.md`` is where fields and types are told; this makes
``answers.schema.json`` beside it, with a definition for each command. ``tests/report/`` validates
what commands print against it.
"""

import json
import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parent / "pages" / "reference" / "json.md"
SCHEMA = PAGE.with_name("answers.schema.json")

_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "object": {"type": "object"},
    "list": {"type": "array"},
    "null": {"type": "null"},
    "list of text": {"type": "array", "items": {"type": "string"}},
    "list of strings": {"type": "array", "items": {"type": "string"}},
    "list of integers": {"type": "array", "items": {"type": "integer"}},
    "list of objects": {"type": "array", "items": {"type": "object"}},
}


def schema(page: str) -> dict[str, Any]:
    """The schema that the tables of a page tell."""
    definitions = {}
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        command, _, text = section.partition("\n")
        parts = re.split(r"^### ", text, flags=re.MULTILINE)
        found = _object(_rows(parts[0]))
        for part in parts[1:]:
            title, _, table = part.partition("\n")
            _put(found, title.strip("` "), _object(_rows(table)))
        found["properties"]["schema_version"] = {"const": 1}
        found["required"] = [
            "schema_version",
            *(n for n in found["required"] if n != "schema_version"),
        ]
        definitions[command.strip()] = found
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What mcugraph prints with --json, a definition for each command",
        "$defs": definitions,
    }


def _rows(text: str) -> list[tuple[str, str, str]]:
    """Field, type and meaning of each row of a table."""
    found = []
    for line in re.findall(r"^\| (`.*) \|$", text, flags=re.MULTILINE):
        names, kind, meaning = line.split(" | ", 2)
        found += [(name, kind.strip(), meaning) for name in re.findall(r"`(\w+)`", names)]
    return found


def _object(rows: list[tuple[str, str, str]]) -> dict[str, Any]:
    properties = {}
    for name, kind, meaning in rows:
        kinds = [dict(_TYPES[each]) for each in kind.split(" or ")] if kind else [{}]
        properties[name] = {**(kinds[0] if len(kinds) == 1 else {"anyOf": kinds})}
        properties[name]["description"] = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", meaning)
    return {"type": "object", "properties": properties, "required": [name for name, _, _ in rows]}


def _put(whole: dict[str, Any], title: str, part: dict[str, Any]) -> None:
    """What a table with a title of its own says of a field, or of the whole."""
    if title == "Top level":
        whole.update(part)
        return
    name = title.removesuffix("[]")
    if name not in whole["properties"]:  # a section of text
        return
    field = whole["properties"][name]
    for kind in field.get("anyOf", [field]):
        if kind.get("type") == "object":
            kind.update(part)
        elif kind.get("type") == "array":
            kind["items"] = part


def main() -> None:
    """Write the schema beside the page."""
    found = schema(PAGE.read_text(encoding="utf-8"))
    SCHEMA.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
