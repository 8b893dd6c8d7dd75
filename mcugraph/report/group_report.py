"""Which channels can be pruned, and which only together."""

from typing import TYPE_CHECKING, Any

from mcugraph.printed import page

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def to_text(space: "Space", classes: bool) -> str:
    """The same as lines; with ``classes``, the channels of every class too."""
    lines = [f"{_count(len(space.groups), 'width group')}, of {_count(sum(space.full), 'class')}"]
    for entry in space.groups:
        each = f", of {entry.granularity} channels each" if entry.granularity > 1 else ""
        lines += ["", f"{entry.name}: {_count(entry.width, 'class')}{each}"]
        for use, said in (("makes", "made by"), ("follows", "followed by"), ("reads", "read by")):
            found = _layers(entry.members, use)
            if found:
                lines.append(f"  {said:<12} {', '.join(found)}")
    if space.equal:
        lines += ["", "What has to stay equal:"]
        for equal in space.equal:
            sums = [" + ".join(space.groups[number].name for number in p) for p in equal.groups]
            lines.append(f"  {' = '.join(text or 'what stays' for text in sums)}")
            lines.append(f"    {equal.reason}")
    if space.averaged:
        lines += ["", "What averages over channels, so that a masked one still counts:"]
        lines += [f"  {name}: {', '.join(groups)}" for name, groups in space.averaged.items()]
    if space.refused:
        lines += ["", "What cannot be pruned:"]
        lines += [f"  {name}: {why}" for name, why in space.refused.items()]
    if classes:
        lines += ["", "Classes:"]
        for entry in space.groups:
            lines.append(f"  {entry.name}")
            for members in entry.classes:
                lines.append("    " + " ".join(f"{layer}[{i}]" for layer, i in sorted(members)))
    return page(lines)


def _layers(members: "Sequence[Member]", use: str) -> list[str]:
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
        found[f"{name}{axis}{times}"] = None
    return list(found)


def _count(number: int, noun: str) -> str:
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"
