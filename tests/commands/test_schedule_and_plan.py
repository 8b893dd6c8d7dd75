"""``mcugraph schedule`` and ``mcugraph plan``: answers that hold, as text and JSON."""

import csv
import io
import json
from pathlib import Path

from support.commands import Capture, refused, run

import mcugraph as mg
from mcugraph.testing import check_schedule


def test_a_schedule(models: Path, capsys: Capture) -> None:
    model = models / "branching_int8.tflite"
    found = json.loads(run(capsys, "schedule", model, "--json"))
    problem = mg.Problem.from_graph(mg.load(model))
    assert check_schedule(problem, found["order"]) == found["peak"]
    assert check_schedule(problem, problem.operators) == found["file_order_peak"]
    assert found["peak"] < found["file_order_peak"]
    assert found["operator_bound"] <= found["cut_bound"] <= found["lower_bound"] == found["peak"]
    assert max(found["timeline"]) == found["peak"]
    assert sum(live["bytes"] for live in found["bottleneck"]["live"]) == found["peak"]
    text = run(capsys, "schedule", model)
    saved = found["file_order_peak"] - found["peak"]
    assert "proven optimal" in text
    (row,) = [line for line in text.splitlines() if line.startswith("saved ")]
    assert f"{saved:,} B ({saved / found['file_order_peak']:.1%})" in row
    (bottleneck,) = [line for line in text.splitlines()[8:] if " * " in line]
    assert bottleneck.endswith(found["bottleneck"]["operator"])


def test_a_plan(models: Path, tmp_path: Path, capsys: Capture) -> None:
    model = models / "branching_int8.tflite"
    found = json.loads(run(capsys, "plan", model, "--json"))
    for block in found["blocks"]:
        assert 0 <= block["offset"] <= found["arena"] - block["size"]
        assert block["offset"] % found["alignment"] == 0
        for other in found["blocks"]:
            alive = block["lower"] < other["upper"] and other["lower"] < block["upper"]
            if other is not block and alive:
                assert (
                    block["offset"] + block["size"] <= other["offset"]
                    or other["offset"] + other["size"] <= block["offset"]
                )
    text = run(capsys, "plan", model, "--limit", "2")
    assert text.startswith(f"{model}: arena {found['arena']:,} B")
    assert f"({len(found['blocks']) - 2} more)" in text
    lifetimes = run(capsys, "plan", model, "--csv")
    assert len(list(csv.DictReader(io.StringIO(lifetimes)))) == len(found["blocks"])


def test_wrong_usage(models: Path, capsys: Capture) -> None:
    model = models / "resnet_int8.tflite"
    assert "'-1' is no positive number of seconds" in refused(
        capsys, "schedule", model, "--time-limit=-1"
    )
    assert "'lots' is not a size" in refused(capsys, "schedule", model, "--memory-limit", "lots")
    assert "'0' is no positive number" in refused(capsys, "plan", model, "--alignment", "0")
    assert "guess" in refused(capsys, "plan", model, "--method", "guess")
    assert "guess" in refused(capsys, "schedule", model, "--method", "guess")
