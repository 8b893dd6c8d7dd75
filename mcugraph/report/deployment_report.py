"""What deploying a model came to, as text and as JSON."""

from typing import Any

from mcugraph.codegen.project import Project
from mcugraph.printed import page
from mcugraph.units import exact, kib


def to_text(project: Project) -> str:
    """Where the code is, and what it takes."""
    flash = sum(project.tables.values())
    lines = [
        f"{project.folder}: {len(project.files)} files; `make host` there builds a program",
        "",
        f"Arena: {exact(project.arena)} B of SRAM ({kib(project.arena)})",
        f"Tables: {exact(flash)} B of flash ({kib(flash)})",
    ]
    if project.state:
        lines.insert(3, f"State: {exact(project.state)} B of SRAM ({kib(project.state)})")
    overwritten = [given["name"] for given in project.report["inputs"] if given["overwritten"]]
    if overwritten:
        lines.append(
            f"Note: each inference overwrites its input: {', '.join(overwritten)}; "
            "fill it again before the next"
        )
    return page(lines)


def to_dict(project: Project) -> dict[str, Any]:
    """What ``report.json`` holds, and where it is."""
    return {"folder": project.folder, **project.report}
