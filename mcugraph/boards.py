"""Old name of what now stands in ``mcugraph.fit`` and ``mcugraph.units``."""

import warnings
from importlib import import_module
from typing import Any

# Old name -> the module that defines it now.
_HOME = {
    "Board": "mcugraph.fit.boards",
    "boards": "mcugraph.fit.boards",
    "find_board": "mcugraph.fit.boards",
    "load_boards": "mcugraph.fit.boards",
    "NETWORK": "mcugraph.fit.rates",
    "Rate": "mcugraph.fit.rates",
    "estimate_latency": "mcugraph.fit.rates",
    "rates": "mcugraph.fit.rates",
    "rates_for": "mcugraph.fit.rates",
    "parse_count": "mcugraph.units",
    "parse_size": "mcugraph.units",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'mcugraph.boards' has no attribute {name!r}")
    home = _HOME[name]
    warnings.warn(
        f"mcugraph.boards.{name} is now {home}.{name}; import it from there",
        DeprecationWarning,
        stacklevel=2,
    )
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
