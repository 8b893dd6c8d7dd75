"""What deploying a model came to, as text and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mcugraph.codegen.project import Project
from mcugraph.report.screen import PLAIN, Line, Screen
from mcugraph.report.short_names import end, short
from mcugraph.report.table import columns
from mcugraph.units import exact, kib


def to_text(project: Project, screen: Screen = PLAIN) -> str:
    """Where the code is, and what it takes."""
    report = project.report
    lines: list[Line] = [
        *screen.wrapped(
            f"{project.folder}: {len(project.files)} files; `make host` there builds a program, "
            f"`make qemu` one for {report['target']['core']}",
            2,
        ),
        "",
        *_amounts(report),
    ]
    if report["instructions"] is not None:
        lines.append(
            f"Instructions: {exact(report['instructions'])} an inference on QEMU's "
            f"{report['target']['machine']}"
        )
    lines += _storage(report["storage"], screen)
    overwritten = [given["name"] for given in report["inputs"] if given["overwritten"]]
    if overwritten:
        lines += screen.wrapped(
            f"Note: each inference overwrites its input: {', '.join(overwritten)}; "
            "fill it again before the next",
            2,
        )
    return screen.page(lines)


def _storage(stored: Sequence[Mapping[str, Any]], screen: Screen) -> list[Line]:
    """The layers whose weights are not stored dense."""
    rows = [
        (
            short(each["operator"], screen),
            each["form"],
            exact(each["bytes"]),
            exact(each["dense"]),
        )
        for each in stored
        if each["form"] != "dense"
    ]
    header = ("stored otherwise than dense", "form", "bytes", "dense")
    return ["", *columns(header, rows, (2, 3), screen, cut=end)] if rows else []


def _amounts(report: Mapping[str, Any]) -> Iterator[str]:
    """Bytes that are known, a line each."""
    sram, flash = report["sram"], report["flash"]
    known = {
        "Arena": ("SRAM", sram["arena"]),
        "State": ("SRAM", sram["state"] or None),
        "Stack": ("SRAM", sram["stack"]),
        "Tables": ("flash", sum(flash["tables"].values())),
        "Code": ("flash", flash["code"]),
        "All": ("flash", flash["total"]),
    }
    for name, (where, size) in known.items():
        if size is not None:
            yield f"{name}: {exact(size)} B of {where} ({kib(size)})"


def to_dict(project: Project) -> dict[str, Any]:
    """What ``report.json`` holds, and where it is."""
    return {"folder": project.folder, **project.report}
