"""Several models, a row each."""

from collections.abc import Sequence

from mcugraph.profiles import Profile
from mcugraph.report.screen import PLAIN, Cell, Line, Screen, Styled
from mcugraph.report.table import columns
from mcugraph.units import exact

_OPTIONAL = (6, 3)  # what a narrow screen leaves out


def to_text(found: Sequence[tuple[Profile, int | None]], screen: Screen = PLAIN) -> str:
    """A row for each model: what it takes, and the arena to reserve once it is optimized.

    Args:
        found: Profiles, each with what ``mcugraph optimize`` would make of the arena to reserve.
        screen: What it is for.
    """
    rows = [_row(profile, least) for profile, least in found]
    header = ("model", "arena to reserve", "optimized", "peak", "model file", "MACs", "operators")
    lines: list[Line] = columns(header, rows, range(1, 7), screen, _OPTIONAL, cut=_end)
    for profile, _ in found:
        name = profile.model.path or profile.model.name
        for reason in profile.refusals:
            text = f"{name}: does not run: {reason}"
            lines += [Styled(line, "bad") for line in screen.wrapped(text, 2)]
        if not profile.complete:
            lines += screen.wrapped(f"{name}: incomplete, see `mcugraph profile {name}`", 2)
    return screen.page(lines)


def _row(profile: Profile, least: int | None) -> list[Cell]:
    memory = profile.memory
    total = memory.tflm_total
    less = least is not None and total is not None and least < total
    return [
        profile.model.path or profile.model.name,
        _bytes(total),
        Styled(_bytes(least), "good") if less else _bytes(least),
        _bytes(memory.peak),
        _bytes(profile.flash.file),
        exact(profile.macs),
        exact(profile.model.operators),
    ]


def _bytes(value: int | None) -> str:
    return "?" if value is None else f"{exact(value)} B"


def _end(path: str, width: int) -> str:
    """The end of a path, which tells files apart."""
    return path if len(path) <= width else f"…{path[1 - width :]}"
