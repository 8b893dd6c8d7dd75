"""Several models, a row each."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from mcugraph.fit.remedies import Remedy
from mcugraph.profiles import Profile
from mcugraph.report.screen import PLAIN, Cell, Line, Screen, Styled
from mcugraph.report.short_names import in_sentence
from mcugraph.report.table import columns, shorten
from mcugraph.units import exact

_OPTIONAL = (6, 3)  # what a narrow screen leaves out


def to_text(found: Sequence[tuple[Profile, Remedy | None]], screen: Screen = PLAIN) -> str:
    """A row for each model: what it takes, and the arena to reserve once it is optimized.

    Args:
        found: Profiles, each with the command that saves most of the arena to reserve.
        screen: What it is for.
    """
    rows = [_row(profile, best) for profile, best in found]
    header = ("model", "arena to reserve", "optimized", "peak", "model file", "MACs", "operators")
    names = [_name(profile) for profile, _ in found]
    lines: list[Line] = columns(header, rows, range(1, 7), screen, _OPTIONAL, cut=_telling(names))
    for text in _commands(found):
        lines += [Styled(line, "good") for line in screen.wrapped(text, 2)]
    for profile, _ in found:
        name = _name(profile)
        for reason in profile.refusals:
            text = f"{name}: does not run: {in_sentence(reason, profile.layers, screen)}"
            lines += [Styled(line, "bad") for line in screen.wrapped(text, 2)]
        if not profile.complete:
            lines += screen.wrapped(f"{name}: incomplete, see `mcugraph profile {name}`", 2)
    return screen.page(lines)


def _row(profile: Profile, best: Remedy | None) -> list[Cell]:
    memory = profile.memory
    return [
        _name(profile),
        _bytes(memory.tflm_total),
        _bytes(memory.tflm_total) if best is None else Styled(_bytes(best.total), "good"),
        _bytes(memory.peak),
        _bytes(profile.flash.file),
        exact(profile.macs),
        exact(profile.model.operators),
    ]


def _name(profile: Profile) -> str:
    return profile.model.path or profile.model.name


def _bytes(value: int | None) -> str:
    return "?" if value is None else f"{exact(value)} B"


def _commands(found: Sequence[tuple[Profile, Remedy | None]]) -> Iterator[str]:
    """With which commands the models become what is said of them."""
    by_command: dict[str, list[str]] = {}
    for profile, best in found:
        if best is not None:
            by_command.setdefault(best.command, []).append(_name(profile))
    for command, names in by_command.items():
        of = f" of {', '.join(names)}" if len(by_command) > 1 else ""
        yield f"Optimized: by `{command}`{of}"


def _telling(names: Sequence[str]) -> Callable[[str, int], str]:
    """What makes each of these names shorter, and keeps those apart that differ."""
    different = dict.fromkeys(names)

    @cache
    def shared(shorter: Callable[[str, int], str], width: int) -> Counter[str]:
        return Counter(shorter(name, width) for name in different)

    def cut(name: str, width: int) -> str:
        for shorter in (_end, shorten):
            short = shorter(name, width)
            if shared(shorter, width)[short] == 1:
                return short
        place = f"{names.index(name) + 1}: "
        return place + _end(name, max(width - len(place), 1))

    return cut


def _end(path: str, width: int) -> str:
    """The end of a path, which tells files apart."""
    return path if len(path) <= width else f"…{path[len(path) + 1 - width :]}"
