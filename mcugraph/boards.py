"""Old name of ``mcugraph.fit.boards``."""

import warnings
from typing import Any

from mcugraph.fit import boards


def __getattr__(name: str) -> Any:
    value = getattr(boards, name)
    warnings.warn(
        f"mcugraph.boards is now mcugraph.fit.boards; import {name} from there",
        DeprecationWarning,
        stacklevel=2,
    )
    return value
