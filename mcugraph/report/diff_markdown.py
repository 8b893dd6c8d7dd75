"""What changed in a model, as Markdown: for a comment on a change."""

from mcugraph.printed import clean
from mcugraph.profiles import Profile
from mcugraph.report.diff_report import change_of, pairs_of
from mcugraph.report.figure_names import NAMES

# Shown even where they stay the same.
_MAIN = ("tflm_total", "peak", "file", "macs")
# What a cell of a table, or the markup around it, would take for its own.
_SPECIAL = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_{}[]()<>#|~!"})


def to_markdown(title: str, before: Profile | None, after: Profile) -> str:
    """A heading and a table of the figures that changed.

    Args:
        title: Of the model, such as its path.
        before: What it was; None: it was not there.
        after: What it is.
    """
    lines = [f"### {_text(title)}", ""]
    found = {name: (a, b) for name, a, b in pairs_of(before, after)}
    shown = [
        name
        for name in NAMES
        if found[name][1] is not None and (name in _MAIN or found[name][0] != found[name][1])
    ]
    if before is None:
        lines += ["New.", "", "| figure | bytes or count |", "|---|--:|"]
        lines += [f"| {NAMES[name].strip()} | {found[name][1]:,} |" for name in shown]
    else:
        lines += ["| figure | before | after | change |", "|---|--:|--:|--:|"]
        for name in shown:
            a, b = found[name]
            was = "?" if a is None else f"{a:,}"
            lines.append(f"| {NAMES[name].strip()} | {was} | {b:,} | {change_of(a, b)} |")
    notes = [f"does not run, since {each}" for each in after.refusals]
    notes += [] if after.complete else ["figures are lower bounds"]
    return "\n".join([*lines, *(f"\n**{_text(note)}**" for note in notes), ""])


def _text(text: str) -> str:
    return clean(text).translate(_SPECIAL)
