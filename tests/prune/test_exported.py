"""From budgets to a file: what a pruner's model costs, predicted, exported, and on TFLM itself."""

from pathlib import Path
from typing import Any

import pytest
from support.running import run_tflite, tflm_head

import mcugraph as mg

torch = pytest.importorskip("torch")

from mcugraph.prune import Pruner  # noqa: E402

INPUT = torch.zeros(1, 1, 10, 10)


@pytest.fixture(scope="module", params=["Chain", "Residual", "Branching"])
def pruned(request: pytest.FixtureRequest, training: Any) -> Pruner:
    """A pruner in whose training every budget was met."""
    torch.manual_seed(0)
    model = getattr(training, request.param)()
    found = mg.profile(mg.from_torch(model, INPUT), precision="int8").to_dict()
    size = found["flash"]["weights"] + found["flash"]["biases"]
    budgets = {
        "arena": int(found["memory"]["tflm_arena"] * 0.5),
        "size": int(size * 0.4),
        "macs": int(found["macs"] * 0.4),
    }
    pruner = Pruner(model, INPUT, budgets, interval=2, phase=20)
    training.train(model, pruner, 160)
    assert pruner.satisfied
    return pruner


def test_the_onnx_file_costs_what_was_predicted(pruned: Pruner, tmp_path: Path) -> None:
    exported = pruned.export_onnx(tmp_path / "small.onnx")
    predicted = pruned.resources
    assert exported.figures == {name: predicted[name] for name in ("peak", "size", "macs")}
    assert exported.arena == predicted["arena"]
    assert exported.exceeded() == {}


@pytest.mark.oracle("litert_torch", "ai_edge_quantizer", "tflite_micro")
def test_tflm_runs_the_int8_file_within_the_budgets(
    pruned: Pruner, training: Any, tmp_path: Path
) -> None:
    exported = pruned.export_tflite(tmp_path / "small.tflite", [training.task(64)])
    predicted = pruned.resources
    assert dict(exported.unexplained) == {"peak": 0, "size": 0, "macs": 0}
    assert exported.figures["macs"] == predicted["macs"]
    assert tflm_head(exported.path) == exported.arena
    if exported.added:  # what the converter puts in beside may take some arena
        assert set(exported.exceeded()) <= {"arena"}
    else:
        assert exported.figures == {name: predicted[name] for name in ("peak", "size", "macs")}
        assert exported.arena <= pruned.budgets.limits["arena"]
        assert exported.exceeded() == {}
    assert f"of {pruned.budgets.limits['arena']:,} B" in str(exported)

    x, y = training.task(128, seed=5)
    small = pruned.slim().eval()
    with torch.no_grad():
        floats = small(x).argmax(1)
    ints = torch.tensor([run_tflite(exported.path, image[None])[0].argmax() for image in x])
    assert (floats == ints).float().mean() > 0.9
    assert (ints == y).float().mean() > 0.8


def test_a_file_that_exceeds_its_budgets_says_so(pruned: Pruner, tmp_path: Path) -> None:
    exported = pruned.export_onnx(tmp_path / "whole.onnx", pruned.model)
    assert set(exported.exceeded()) == {"arena", "size", "macs"}
    assert "B too much" in str(exported)


def test_inputs_by_keyword_have_no_place_in_a_tflite_file(training: Any, tmp_path: Path) -> None:
    pruner = Pruner(training.Chain(), (), {"macs": 10**9}, kwargs={"x": INPUT})
    with pytest.raises(mg.UsageError, match="no inputs by keyword"):
        pruner.export_tflite(tmp_path / "m.tflite", [])
