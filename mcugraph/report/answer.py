"""What every command prints as JSON."""

import json
from collections.abc import Mapping
from typing import Any

SCHEMA_VERSION = 1
"""Changes when a field is taken away or changes its meaning; fields may be added."""


def as_json(data: Mapping[str, Any]) -> str:
    """An answer as JSON, indented, its ``schema_version`` first."""
    return json.dumps({"schema_version": SCHEMA_VERSION, **data}, indent=2)
