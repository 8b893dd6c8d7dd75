"""Published speeds of cores, and the time of one inference that follows from them.

The figures stand in ``boards.toml`` beside this module, each with the document it comes from.
Times are seconds.
"""

from collections.abc import Mapping
from functools import cache

from mcugraph.fit.boards import Board
from mcugraph.fit.toml_tables import DATA, checked, read
from mcugraph.records import dataclass

NETWORK = "network"
"""The kind of a rate that was measured over whole networks."""

_IN_NETWORKS = frozenset({"conv2d", "depthwise_conv2d", "dense"})  # what those networks consist of


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast one core was measured to run one kind of int8 operator.

    Attributes:
        core: As in `Board`.
        kind: An operator kind (``conv2d``, ``depthwise_conv2d``, ``dense``), or `NETWORK`.
        low, high: The slowest and the fastest published figure, in MACs a clock cycle.
        source: Where they are published.
        note: How the figures follow from the source, and with which kernels.
    """

    core: str
    kind: str
    low: float
    high: float
    source: str
    note: str


@cache
def rates() -> tuple[Rate, ...]:
    """All published rates that the library knows."""
    fields: dict[str, type] = {
        "core": str,
        "kind": str,
        "low": float,
        "high": float,
        "source": str,
        "note": str,
    }
    return tuple(
        Rate(**checked(DATA, f"rate {i}", row, fields))
        for i, row in enumerate(read(DATA)["rate"], 1)
    )


def estimate_latency(board: Board, macs_by_kind: Mapping[str, int]) -> tuple[float, float] | None:
    """How long one inference may take, from published rates of the board's core alone.

    If every kind that has MACs has a rate of its own, their times are added; otherwise all MACs
    go by the rate that was measured over whole networks, provided that such networks consist of
    these kinds (``conv2d``, ``depthwise_conv2d``, ``dense``).

    This is an order of magnitude, not a measurement. It holds for int8 networks and for kernels
    such as `Rate.note` names, on one core at its highest clock. Elementwise work is not included,
    beyond what was part of the measured networks; nor are waits for slow flash or external memory,
    nor what a neural accelerator would save.

    Args:
        board: Its ``core`` and ``clock_hz`` are used.
        macs_by_kind: Operator kind, such as ``conv2d``, to multiply-accumulates.

    Returns:
        Shortest and longest time in seconds, or None where nothing is published for this core
        and these kinds, or there are no MACs to go by.
    """
    found = rates_for(board, macs_by_kind)
    if not found:
        return None
    macs = {kind: count for kind, count in macs_by_kind.items() if count > 0}
    if found[0].kind == NETWORK:
        macs = {NETWORK: sum(macs.values())}
    cycles = [(macs[rate.kind] / rate.high, macs[rate.kind] / rate.low) for rate in found]
    fast, slow = (sum(column) / board.clock_hz for column in zip(*cycles, strict=True))
    return fast, slow


def rates_for(board: Board, macs_by_kind: Mapping[str, int]) -> tuple[Rate, ...]:
    """The rates that `estimate_latency` goes by, to be quoted with it; empty if it has none."""
    of_core = {rate.kind: rate for rate in rates() if rate.core == board.core}
    kinds = [kind for kind, count in macs_by_kind.items() if count > 0]
    if kinds and all(kind in of_core for kind in kinds):
        return tuple(of_core[kind] for kind in kinds)
    if kinds and NETWORK in of_core and _IN_NETWORKS.issuperset(kinds):
        return (of_core[NETWORK],)
    return ()
