"""``mcugraph groups MODEL``: which channels can be pruned, and which only together."""

import argparse
import json
from typing import Any

from mcugraph.commands import arguments


def add(commands: Any) -> None:
    """The arguments of the command."""
    command = commands.add_parser(
        "groups",
        help="which channels can be pruned, and which only together",
        description="The width groups of a model: channels that can only be removed together, "
        "the weights that they run through, and what cannot be pruned.",
    )
    command.add_argument("model", metavar="MODEL", help="a .tflite, .onnx or .pt2 file")
    command.add_argument("--classes", action="store_true", help="list every class of channels too")
    arguments.reading(command)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the groups; always 0."""
    from mcugraph.space.space import widths

    space = widths(arguments.loaded(options, options.model))
    print(json.dumps(_plain(space), indent=2) if options.json else _text(space, options.classes))
    return 0


def _plain(space: Any) -> dict[str, Any]:
    return {
        "schema_version": 1,
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


def _text(space: Any, classes: bool) -> str:
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
        for entry in space.equal:
            sums = [" + ".join(space.groups[number].name for number in p) for p in entry.groups]
            lines.append(f"  {' = '.join(text or 'what stays' for text in sums)}")
            lines.append(f"    {entry.reason}")
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
    return "\n".join(lines)


def _layers(members: Any, use: str) -> list[str]:
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
