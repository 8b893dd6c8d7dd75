"""What every command prints as JSON."""

from collections.abc import Iterable, Mapping
from typing import Any

from mcugraph.schema import SCHEMA_VERSION


def as_json(data: Mapping[str, Any]) -> str:
    """An answer as JSON, indented, its ``schema_version`` first."""
    import json  # which takes a while, and most answers are text

    return json.dumps({"schema_version": SCHEMA_VERSION, **data}, indent=2)


def as_json_list(answers: Iterable[Mapping[str, Any]]) -> str:
    """Several answers as a JSON list, each as ``as_json`` has it."""
    import json

    return json.dumps([{"schema_version": SCHEMA_VERSION, **data} for data in answers], indent=2)
