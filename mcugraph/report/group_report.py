"""Which channels can be pruned, and which only together."""

from typing import TYPE_CHECKING, Any

from mcugraph.report.screen import PLAIN, Line, Screen, Styled
from mcugraph.report.short_names import short

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mcugraph.coupling.groups import Member
    from mcugraph.space.space import Space


def to_data(space: "Space") -> dict[str, Any]:
    """Groups, what has to stay equal and what is refused, ready for JSON."""
    return {
        "groups": [
            {
                "name": entry.name,
                "width": entry.width,
                "granularity": entry.granularity,
                "members": [
                    {
                        "layer": member.layer,
                        "tensor": member.tensor,
                        "axis": member.axis,
                        "multiplicity": member.multiplicity,
                        "use": member.use,
                    }
                    for member in entry.members
                ],
                "classes": [sorted(map(list, members)) for members in entry.classes],
            }
            for entry in space.groups
        ],
        "constraints": [
            {
                "equal": [[space.groups[number].name for number in part] for part in entry.groups],
                "reason": entry.reason,
            }
            for entry in space.equal
        ],
        "averaged": [
            {"operator": name, "groups": list(groups)} for name, groups in space.averaged.items()
        ],
        "refused": [{"layer": name, "reason": why} for name, why in space.refused.items()],
    }


def to_text(space: "Space", classes: bool, screen: Screen = PLAIN) -> str:
    """The same as lines; with ``classes``, the channels of every class too."""

    def called(name: str) -> str:
        return short(name, screen)

    lines: list[Line] = [
        f"{_count(len(space.groups), 'width group')}, of {_count(sum(space.full), 'class')}"
    ]
    for entry in space.groups:
        each = f", of {entry.granularity} channels each" if entry.granularity > 1 else ""
        lines += ["", Styled(f"{called(entry.name)}: {_count(entry.width, 'class')}{each}", "bold")]
        for use, said in (("makes", "made by"), ("follows", "followed by"), ("reads", "read by")):
            found = _layers(entry.members, use, called)
            if found:
                lines += screen.wrapped(f"  {said:<12} {', '.join(found)}", 15)
    if space.equal:
        lines += ["", "What has to stay equal:"]
        for equal in space.equal:
            parts = [[called(space.groups[number].name) for number in p] for p in equal.groups]
            sums = [" + ".join(names) or "what stays" for names in parts]
            lines += screen.wrapped(f"  {' = '.join(sums)}", 4)
            lines += screen.wrapped(f"    {equal.reason}", 4)
    if space.averaged:
        lines += ["", "What averages over channels, so that a masked one still counts:"]
        for name, groups in space.averaged.items():
            said = f"  {called(name)}: {', '.join(map(called, groups))}"
            lines += screen.wrapped(said, 4)
    if space.refused:
        lines += ["", "What cannot be pruned:"]
        for name, why in space.refused.items():
            lines += screen.wrapped(f"  {called(name)}: {why}", 4)
    if classes:
        lines += ["", "Classes:"]
        for entry in space.groups:
            lines.append(f"  {called(entry.name)}")
            for members in entry.classes:
                channels = [f"{called(layer)}[{i}]" for layer, i in sorted(members)]
                lines += screen.wrapped("    " + " ".join(channels), 6)
    return screen.page(lines)


def _layers(members: "Sequence[Member]", use: str, called: "Callable[[str], str]") -> list[str]:
    """The layers of some members: with the axis of their weight, and how often a class is there."""
    makers = {member.layer for member in members if member.use == "makes"}
    found: dict[str, None] = {}
    for member in members:
        if member.use != use or (use == "follows" and member.layer in makers):
            continue
        times = f" x{member.multiplicity}" if member.multiplicity > 1 else ""
        own = member.tensor.startswith(member.layer)
        name = member.layer if own or use != "follows" else member.tensor
        axis = "" if use == "follows" and own else f"[{member.axis}]"
        found[f"{called(name)}{axis}{times}"] = None
    return list(found)


def _count(number: int, noun: str) -> str:
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"
