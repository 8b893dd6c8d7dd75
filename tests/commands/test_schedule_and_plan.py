"""``mcugraph schedule`` and ``mcugraph plan``: answers that hold, as text and JSON."""

import csv
import io
import json
from pathlib import Path

from onnx import TensorProto, helper, save
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


def branching_body(path: Path) -> Path:
    """A model whose operator calls a graph of which order and arena matter."""
    node, info = helper.make_node, helper.make_tensor_value_info
    body = helper.make_graph(
        [
            node("Concat", ["x"] * 5, ["wide"], axis=0),
            node("Concat", [*["x"] * 4, "zeros"], ["broad"], axis=0),
            node("ReduceMax", ["wide"], ["a"], axes=[0]),
            node("ReduceMax", ["broad"], ["b"], axes=[0]),
            node("Add", ["a", "b"], ["z"]),
        ],
        "body",
        [],
        [info("z", TensorProto.FLOAT, [1, 7])],
        [helper.make_tensor("zeros", TensorProto.FLOAT, [1, 7], [0.0] * 7)],
    )
    graph = helper.make_graph(
        [node("If", ["c"], ["y"], then_branch=body, else_branch=body)],
        "calls",
        [info("c", TensorProto.BOOL, []), info("x", TensorProto.FLOAT, [1, 7])],
        [info("y", TensorProto.FLOAT, [1, 7])],
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), path)
    return path


def test_figures_of_called_graphs_are_those_of_a_profile(tmp_path: Path, capsys: Capture) -> None:
    model = branching_body(tmp_path / "calls.onnx")
    found = json.loads(run(capsys, "schedule", model, "--json"))
    memory = mg.profile(model).memory
    names = ("operator_bound", "cut_bound", "peak", "file_order_peak")
    assert [found[name] for name in names] == [getattr(memory, name) for name in names]
    assert memory.operator_bound < memory.peak < memory.file_order_peak
    planned = json.loads(run(capsys, "plan", model, "--json"))
    assert planned["arena"] == mg.plan(model).arena
    apart = json.loads(run(capsys, "plan", model, "--json", "--alignment", "64"))
    assert apart["arena"] == mg.plan(model, alignment=64).arena > planned["arena"]


def test_wrong_usage(models: Path, capsys: Capture) -> None:
    model = models / "resnet_int8.tflite"
    assert "'-1' is no positive number of seconds" in refused(
        capsys, "schedule", model, "--time-limit=-1"
    )
    assert "'lots' is not a size" in refused(capsys, "schedule", model, "--memory-limit", "lots")
    assert "'0' is no positive number" in refused(capsys, "plan", model, "--alignment", "0")
    assert "guess" in refused(capsys, "plan", model, "--method", "guess")
    assert "guess" in refused(capsys, "schedule", model, "--method", "guess")
