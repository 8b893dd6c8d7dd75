"""The names of budgets, and which budgets can be met at all."""

from collections.abc import Mapping

import numpy as np

from mcugraph.errors import UsageError
from mcugraph.ir import Array
from mcugraph.space.resources import Resource
from mcugraph.units import MOST, checked_count, checked_size

RESOURCES = {
    "peak": "bytes of SRAM",
    "arena": "bytes of SRAM",
    "overlap_arena": "bytes of SRAM",
    "size": "bytes of flash",
    "macs": "multiply-accumulates",
}


def checked_limits(limits: Mapping[str, float | str]) -> dict[str, int]:
    """Budgets as whole numbers; text is read like ``"64KiB"`` and ``"5M"``.

    Raises:
        UsageError: A name or a value is none.
    """
    if not isinstance(limits, Mapping):
        raise UsageError(f"budgets: a dict like {{'peak': 64_000}} is needed, not {limits!r}")
    return {name: _checked(name, value) for name, value in limits.items()}


def check_reachable(
    costs: Mapping[str, Resource], limits: Mapping[str, int], least: Array, at: str
) -> None:
    """Hold budgets against the least widths.

    Args:
        costs: Name -> what a budget of this name is held against.
        limits: Budgets of these names.
        least: Whole widths, shape (groups,).
        at: What these widths are, for the error.

    Raises:
        UsageError: A budget is exceeded even there.
    """
    for name, cost in costs.items():
        needed = round(cost(least))
        if needed > limits[name]:
            raise UsageError(
                f"budget {name}: {needed:,} {RESOURCES[name]} are needed even with {at}, more than"
                f" {limits[name]:,}; raise the budget, or start from another network"
            )


def _checked(name: str, value: float | str) -> int:
    if name not in RESOURCES:
        raise UsageError(f"unknown budget {name!r}; the budgets are {', '.join(RESOURCES)}")
    if isinstance(value, str):
        read = checked_count if name == "macs" else checked_size
        return read(f"budget {name}", value, 1)
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise UsageError(f"budget {name}: a number of {RESOURCES[name]} is needed, not {value!r}")
    if not value >= 1:  # nor is NaN
        raise UsageError(f"budget {name}: it has to be at least 1, not {value!r}")
    if value > MOST:
        raise UsageError(f"budget {name}: it has to be at most {MOST:,}")
    return int(value)
