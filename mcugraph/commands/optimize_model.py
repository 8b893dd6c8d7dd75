"""``mcugraph optimize IN -o OUT``."""

import argparse
import json
from typing import Any

from mcugraph.commands import arguments
from mcugraph.optimizer.result import Optimization
from mcugraph.report.table import table
from mcugraph.units import exact, kib


def add(commands: Any) -> None:
    """The arguments of the command."""
    command = commands.add_parser(
        "optimize",
        help="write a model back with less memory",
        description="Reorder the operators of a TFLite or ONNX file, plan its tensors (TFLite), "
        "and write the file back; all else in it stays as it is.",
    )
    command.add_argument("model", metavar="IN", help="a .tflite or .onnx file")
    command.add_argument("-o", "--output", required=True, metavar="OUT", help="the file to write")
    command.add_argument(
        "--force", action="store_true", help="write order and plan although nothing is saved"
    )
    command.add_argument(
        "--verify",
        action="store_true",
        help="run both files on random inputs and compare the outputs bit for bit",
    )
    command.add_argument(
        "--time-limit",
        type=arguments.seconds,
        default=10.0,
        metavar="S",
        help="seconds that each search may take (default: 10)",
    )
    command.add_argument(
        "--dim",
        action="append",
        default=[],
        type=arguments.dimension,
        metavar="NAME=VALUE",
        help="bind a dynamic dimension, by its name or as INPUT:AXIS=VALUE; repeatable",
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the file and print what came of it; always 0."""
    from mcugraph.optimizer.entry import optimize

    result = optimize(
        options.model,
        options.output,
        options.force,
        options.verify,
        options.time_limit,
        dict(options.dim),
    )
    print(json.dumps(result.to_dict(), indent=2) if options.json else _text(result))
    return 0


def _text(result: Optimization) -> str:
    before, after = result.before, result.after
    rows = [
        ("TFLM arena, head", before.tflm_arena, after.tflm_arena),
        ("TFLM arena, tail", before.tflm_persistent, after.tflm_persistent),
        ("peak, file order", before.peak, after.peak),
        ("model file", before.file, after.file),
    ]
    cells = [
        (label, exact(was), exact(now), exact(now - was) if now != was else "")
        for label, was, now in rows
        if was is not None and now is not None
    ]
    if result.changed:
        done = f"{result.path_out}: {_done(result)}"
    else:
        done = f"{result.path_out}: an unchanged copy of {result.path_in}"
    lines = [done, "", table(("bytes", "before", "after", ""), cells, right=(1, 2, 3)), ""]
    if result.saved:
        base = before.peak
        if result.format == "tflite" and before.tflm_arena is not None:
            base = before.tflm_arena
        lines.append(
            f"Saved: {exact(result.saved)} B of SRAM "
            f"({kib(result.saved)}, {100 * result.saved / base:.1f} %)"
        )
    if result.verified:
        lines.append(f"Verified: {result.verified} computes the same outputs from both files")
    lines += [f"Left: {text}" for text in result.left]
    lines += [f"Note: {text}" for text in result.notes]
    return "\n".join(lines).rstrip()


def _done(result: Optimization) -> str:
    parts = []
    if result.moved:
        parts.append(f"{exact(result.moved)} operators moved")
    if result.planned:
        parts.append(f"{exact(result.planned)} tensors planned")
    return ", ".join(parts) or "changed"
