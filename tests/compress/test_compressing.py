"""One call from a model to its compressed file, and what it says of it."""

import json
from pathlib import Path
from typing import Any

import pytest

import mcugraph as mg
from mcugraph.errors import UsageError

torch = pytest.importorskip("torch")
pytest.importorskip("litert_torch")
pytest.importorskip("ai_edge_quantizer")

from torch import nn  # noqa: E402
from torch.nn.utils import prune  # noqa: E402

from mcugraph.compress import (  # noqa: E402
    Blocks,
    Sparsifier,
    Training,
    elements,
    masks_from,
    quantise,
    structural,
)

INPUT = torch.zeros(1, 1, 10, 10)


def network() -> Any:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(8 * 4 * 4, 64),
        nn.ReLU(),
        nn.Linear(64, 2),
    )


def training(**options: Any) -> Training:
    torch.manual_seed(1)
    x = torch.randn(320, 1, 10, 10)
    y = torch.randint(0, 2, (320,))
    x[:, 0, :5] += (y - 0.5)[:, None, None]
    batches = list(zip(x.split(16), y.split(16), strict=True))
    given = {"epochs": 4, "report": lambda line: None, **options}
    return Training(batches[:14], batches[14:], **given)


def test_elements_go_and_the_file_is_what_deploy_stores(tmp_path: Path) -> None:
    model, path = network(), tmp_path / "model.tflite"
    before = {name: value.clone() for name, value in model.state_dict().items()}
    lines = list[str]()
    given = training(report=lines.append)
    result = elements(model, INPUT, given, 0.9, qat_epochs=1, path=path)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert list(result.scores) == ["float", "pruned", "rounded", "quantised"]
    assert result.scores["float"] < 0.7 < result.scores["pruned"]
    assert abs(result.scores["quantised"] - result.scores["rounded"]) < 0.05
    assert [int(mask.sum()) for mask in masks_from(result.model).values()] == [7, 819, 13]
    project = mg.deploy(path, tmp_path / "code")
    assert result.after is not None
    assert (result.after.flash, result.after.sram) == (sum(project.tables.values()), project.arena)
    forms = [(each.form, each.nbytes) for each in result.after.layers]
    assert forms[1][0] in ("crs", "bitmap")
    assert sum(size for _, size in forms) == project.tables["weights"] + sum(
        size for role, size in project.tables.items() if role in ("columns", "counts", "bits")
    )
    assert json.loads(json.dumps(result.to_dict()))["parameters"]["after"] == result.parameters[1]
    assert "10.00% " not in str(result)
    assert f"file: {path}" in str(result)
    assert len(lines) == 5
    assert lines[1].endswith("90.00% of weights are zero")


@pytest.mark.parametrize("heuristic", ["l1", "activation"])
def test_channels_go_through_the_same_door(heuristic: str) -> None:
    result = structural(network(), INPUT, training(), 0.5, heuristic=heuristic, scheme=None)
    assert result.method == "structure"
    assert list(result.scores) == ["float", "pruned"]
    assert result.model[0].weight.shape[0] == 4
    assert result.after is not None
    assert result.before is not None
    assert result.after.macs < result.before.macs
    assert result.after.sram < result.before.sram
    assert result.scores["pruned"] > 0.7


def test_zeros_stay_zeros_when_a_model_is_quantised() -> None:
    model = Sparsifier(network(), 0.75).finish()
    wanted = masks_from(model)
    result = quantise(model, INPUT, training(), "int4", qat_epochs=1)
    assert list(result.scores) == ["float", "rounded", "quantised"]
    assert all(torch.equal(mask, wanted[name]) for name, mask in masks_from(result.model).items())


@pytest.mark.parametrize("scheme", [None, "int8"])
def test_masks_of_pytorch_come_in(scheme: str | None) -> None:
    """On modules that hold products with a gradient, which Python's copies refuse."""
    model = network()
    prune.random_unstructured(model[0], "weight", 0.5)
    wanted = masks_from(model)
    dense = elements(network(), INPUT, training(epochs=0), 0.0, scheme=None)
    result = elements(model, INPUT, training(epochs=1), {"0": 0.75}, scheme=scheme)
    assert prune.is_pruned(model)
    assert masks_from(result.model).keys() == wanted.keys()
    assert not result.model[0].weight[~wanted["0.weight"]].any()
    with pytest.raises(UsageError, match="channels of a model with masks on single weights"):
        structural(model, INPUT, training(), 0.5, scheme=scheme)
    assert result.before.macs == dense.before.macs
    assert result.parameters[0] == dense.parameters[0]


def test_weights_alone_are_quantised_and_deployed() -> None:
    result = quantise(network(), INPUT, training(), "weights-int8")
    assert abs(result.scores["quantised"] - result.scores["float"]) < 0.1
    # Floats are computed with, in no more SRAM; weights are a fourth, but for biases and scales.
    assert result.after.sram == result.before.sram
    assert result.after.flash < 0.4 * result.before.flash


def test_what_cannot_be_is_refused_in_a_line() -> None:
    model = network()
    for said, call in (
        ("unknown scheme 'int2'", lambda: quantise(model, INPUT, training(), "int2")),
        ("unknown schedule 'now'", lambda: elements(model, INPUT, training(), 0.5, schedule="now")),
        (
            "qat_epochs and path go with a scheme",
            lambda: elements(model, INPUT, training(), 0.5, scheme=None, qat_epochs=1),
        ),
        ("epochs: a whole number from 0", lambda: training(epochs=-1)),
        ("learning_rate: a number from 0", lambda: training(learning_rate=-1)),
        ("device 'abacus': ", lambda: training(device="abacus")),
        ("device 'meta': Cannot copy out of meta tensor", lambda: training(device="meta")),
        ("training: a Training is needed, not int", lambda: quantise(model, INPUT, 3)),  # type: ignore[arg-type]
        ("needs a sparsity", lambda: elements(model, INPUT, training())),
        (
            "budgets take the place of sparsity",
            lambda: elements(model, INPUT, training(), 0.5, budgets={"flash": 900}),
        ),
        (
            "budgets: {'flash': bytes} is needed",
            lambda: elements(model, INPUT, training(), budgets={"sram": 900}),
        ),
        (
            "flash: 10 B are too few",
            lambda: elements(model, INPUT, training(), budgets={"flash": 10}),
        ),
    ):
        with pytest.raises(UsageError, match=said) as caught:
            call()
        assert "\n" not in str(caught.value)


def with_all_kinds() -> Any:
    """Layers that a device stores sparse, and others, of which all weights are stored."""
    torch.manual_seed(0)
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, groups=8), nn.ReLU()),
        *(nn.Conv2d(8, 12, 1), nn.ReLU(), nn.ConvTranspose2d(12, 3, 3), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(300, 10), nn.ReLU(), nn.Linear(10, 2)),
    )


@pytest.mark.parametrize("pattern", [None, Blocks(1, 4), Blocks(2, 1)])
@pytest.mark.parametrize("make", [network, with_all_kinds])
def test_a_budget_of_flash_is_met(make: Any, pattern: Blocks | None) -> None:
    model = make()
    whole = int(make is with_all_kinds and 8 * 12 + 8 * 9 + 3 * 12 * 9)
    options: dict[str, Any] = {"schedule": "one-shot", "pattern": pattern}
    result = elements(model, INPUT, training(), budgets={"flash": 1_500}, **options)
    assert result.after is not None
    assert 1_400 < sum(each.nbytes for each in result.after.layers) <= 1_500
    assert result.scores["pruned"] > 0.7
    dense = [each.nbytes for each in result.after.layers if each.form == "dense"]
    assert sum(dense) >= whole
