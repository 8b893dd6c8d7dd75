"""What every command prints as JSON."""

from collections.abc import Mapping
from typing import Any

from mcugraph.schema import SCHEMA_VERSION


def as_json(data: Mapping[str, Any]) -> str:
    """An answer as JSON, indented, its ``schema_version`` first."""
    import json  # which takes a while, and most answers are text

    return json.dumps({"schema_version": SCHEMA_VERSION, **data}, indent=2)
