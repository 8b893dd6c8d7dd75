"""What every page has: its head, its style, its data and its scripts, all in one file.

Names come from files that anybody may have written. They get into a page as text and as data only,
never as markup or script: text is escaped, data is JSON in which no ``<`` stands, and scripts put
it on the page as text. The page forbids itself to load anything or to be sent anywhere.
"""

import json
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from mcugraph.printed import clean

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:; form-action 'none'; base-uri 'none'"
)


def html(title: str, body: str, data: Any = None, scripts: Sequence[str] = ()) -> str:
    """A whole page.

    Args:
        title: As plain text.
        body: As HTML: what it is made of has been escaped.
        data: What scripts find as JSON in the element ``data``; texts in it are cleaned of what
            does not show.
        scripts: Names of files in ``assets``, in the order in which they run.
    """
    name = escape(clean(title))
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{name}</title>\n<style>\n{_asset('page.css')}</style>\n</head>\n<body>",
        body,
    ]
    if data is not None:
        parts.append(f'<script type="application/json" id="data">{_embedded(data)}</script>')
    if scripts:
        code = "\n".join(map(_asset, scripts))
        parts.append(f'<script>\n(() => {{\n"use strict";\n{code}}})();\n</script>')
    parts.append("</body>\n</html>\n")
    return "\n".join(parts)


def _embedded(data: Any) -> str:
    """JSON that no element can be ended in, nor a comment begun."""
    text = json.dumps(_cleaned(data), separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(key)): _cleaned(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(entry) for entry in value]
    return value


@cache
def _asset(name: str) -> str:
    return files(__package__).joinpath("assets", name).read_text(encoding="utf-8")
