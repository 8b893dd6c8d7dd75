"""One deployed form, on random networks: every answer is about it, and it computes the same."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mcugraph as mg
from mcugraph.ir import Graph, verify
from mcugraph.rewrite.accounting import counted_forms
from mcugraph.testing import graphs

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from support.random_onnx import build_onnx  # noqa: E402

Run = Callable[[Graph, dict[str, np.ndarray]], list[np.ndarray]]


def hold_one_form(graph: Graph, precision: str | None) -> Graph:
    """All that is said of a graph is said of its deployed form, which is returned."""
    deployed = counted_forms(graph, "deployed", precision).runs
    verify(deployed)
    assert (deployed.inputs, deployed.outputs) == (graph.inputs, graph.outputs)
    source = {operator.name for operator in graph.operators}
    assert all(source.issuperset(operator.stands_for) for operator in deployed.operators)

    profile = mg.profile(graph, precision=precision)
    problem = mg.Problem.from_graph(graph, precision=precision)
    schedule = mg.schedule(problem)
    names = {operator.name for operator in deployed.operators}
    assert names == set(schedule.order) == set(profile.order) == set(problem.operators)
    assert [layer.name for layer in profile.layers] == list(problem.operators)
    assert profile.memory.peak == schedule.peak
    if precision is None:
        assert mg.schedule(graph).peak == schedule.peak
        assert mg.plan(graph).arena >= schedule.peak

    space = mg.widths(graph, precision=precision)
    assert space.peak(space.full) == profile.memory.peak
    assert space.macs(space.full) == profile.macs
    assert space.size(space.full) == profile.flash.weights + profile.flash.biases
    if profile.memory.tflm_arena is not None:
        assert space.arena(space.full) == profile.memory.tflm_arena
    return deployed


@given(graphs(), st.sampled_from([None, "int8"]))
@settings(max_examples=25)
def test_random_graphs(graph: Graph, precision: str | None) -> None:
    hold_one_form(graph, precision)


@st.composite
def models(draw: Any) -> Any:
    def integer(low: int, high: int) -> int:
        return int(draw(st.integers(low, high)))

    return build_onnx(integer, integer(1, 8), integer(0, 99))


def hold_values(model: Any, folder: Path, run_graph: Run) -> None:
    """What a model computes, deployed and in a better order, is what onnxruntime computes."""
    path, better = folder / "random.onnx", folder / "better.onnx"
    path.write_bytes(model.SerializeToString())
    feed, names, expected = run_onnx(path)
    graph = mg.load(path)
    deployed = hold_one_form(graph, None)
    found = dict(zip(deployed.outputs, run_graph(deployed, feed), strict=True))
    assert set(found) == set(names)
    for name, wanted in zip(names, expected, strict=True):
        np.testing.assert_allclose(found[name], wanted, rtol=1e-3, atol=1e-3, err_msg=name)
    mg.optimize(path, better)
    for result, wanted in zip(run_onnx(better)[2], expected, strict=True):
        np.testing.assert_allclose(result, wanted, rtol=1e-4, atol=1e-4)
    hold_one_form(graph, "int8")


def run_onnx(path: Path) -> tuple[dict[str, np.ndarray], list[str], list[np.ndarray]]:
    """Random inputs, the names of the outputs and their values."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    # Its own rewrites refuse some of these networks.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    source = np.random.default_rng(0)
    feed = {
        value.name: source.standard_normal(value.shape).astype(np.float32)
        for value in session.get_inputs()
    }
    return feed, [value.name for value in session.get_outputs()], session.run(None, feed)


@pytest.mark.oracle("onnxruntime")
@given(model=models())
@settings(max_examples=25)
def test_random_onnx(model: Any, tmp_path_factory: Any, run_graph: Run) -> None:
    hold_values(model, tmp_path_factory.mktemp("random"), run_graph)


@pytest.mark.slow
@pytest.mark.oracle("onnxruntime")
@pytest.mark.parametrize("block", range(5))
def test_many_random_onnx(block: int, tmp_path: Path, run_graph: Run) -> None:
    for seed in range(100 * block, 100 * block + 100):
        hold_values(build_onnx(random.Random(seed).randint, 10, seed), tmp_path, run_graph)
