"""One call from a model to one that meets budgets: nothing is left to chance, or unsaid."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mcugraph as mg

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from mcugraph.fit.boards import Board  # noqa: E402
from mcugraph.prune import Budgeted, budgeted, to_budget  # noqa: E402
from mcugraph.prune.task import cross_entropy, unwatched_cross_entropy  # noqa: E402

INPUT = torch.zeros(1, 1, 10, 10)
BUDGETS = {"arena": 2_500, "size": 2_000, "macs": 250_000}
FAST = {"interval": 2}
Batches = list[tuple[Any, ...]]


def batches(*tensors: Any, size: int = 32) -> Batches:
    return list(zip(*(tensor.split(size) for tensor in tensors), strict=True))


def silent(line: str) -> None:
    """In place of a report."""


@pytest.fixture(scope="module")
def data(training: Any) -> dict[str, Batches]:
    return {"train": batches(*training.task(192)), "validate": batches(*training.task(64, 1))}


def call(model: Any, data: dict[str, Batches], **options: Any) -> Budgeted:
    default = {"epochs": 3, "path": None, "report": silent, "pruner": FAST}
    return to_budget(model, INPUT, **{"budgets": BUDGETS, **data, **default, **options})


def same(one: Any, other: Any) -> bool:
    first, second = one.state_dict(), other.state_dict()
    return all(torch.equal(first[name], second[name]) for name in first | second)


def test_the_budgets_are_met_by_a_plain_model_and_the_given_one_stays(
    training: Any, data: dict[str, Batches]
) -> None:
    torch.manual_seed(0)
    model = training.Residual()
    before, lines = copy.deepcopy(model), []
    slowly = {"trained": True, "epochs": 6, "prune_epochs": 1.5, "learning_rate": 0.02}
    result = call(model, data, **slowly, report=lines.append)
    assert same(model, before)
    assert model.training
    assert not any(part._forward_pre_hooks for part in model.modules())

    assert result.met
    assert not result.model.training
    found = mg.profile(mg.from_torch(result.model, INPUT), precision="int8")
    costs = {"arena": found.memory.tflm_arena, "macs": found.macs, "peak": found.memory.peak}
    assert {name: result.costs[name] for name in costs} == costs
    assert all(result.costs[name] <= BUDGETS[name] < result.costs_before[name] for name in BUDGETS)
    space = mg.widths(mg.from_torch(model, INPUT))
    assert {name: full for name, (full, _) in result.widths.items()} == {
        group.name: group.width for group in space.groups
    }
    assert set(result.scores) == {"before", "pruned", "tuned"}
    assert [epoch.number for epoch in result.epochs] == [1, 2, 3, 4, 5, 6]
    assert {epoch.phase for epoch in result.epochs} == {"pruning", "fine-tuning"}
    assert result.epochs[-1].score == result.scores["tuned"] > 0.5
    assert len(lines) == 7
    assert "of 2,500" in lines[0]
    assert len(result.history) > 0
    assert (result.exported, result.on_tflm, result.on_board) == (None, None, None)
    text = str(result)
    assert f"{result.costs['arena']:,}" in text
    assert "after fine-tuning" in text
    assert repr(result) == text


def test_all_follows_from_the_seed(training: Any, data: dict[str, Batches]) -> None:
    model = training.Chain()
    shuffled = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(*training.task(192)), 32, shuffle=True
    )
    state = torch.get_rng_state()
    first = call(model, {**data, "train": shuffled}, seed=1)
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(3)
    again, other = (call(model, {**data, "train": shuffled}, seed=seed) for seed in (1, 2))
    assert same(first.model, again.model)
    assert first.epochs == again.epochs != other.epochs


class TwoInputs(nn.Module):
    """Numbers from an image and a vector."""

    def __init__(self) -> None:
        super().__init__()
        self.image = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.vector = nn.Sequential(nn.Linear(6, 16), nn.ReLU())
        self.head = nn.Linear(24, 2)

    def forward(self, x: Any, v: Any) -> Any:
        return self.head(torch.cat([self.image(x).mean((2, 3)), self.vector(v)], 1))


def test_numbers_from_two_inputs() -> None:
    torch.manual_seed(0)
    x, v = torch.randn(128, 1, 8, 8), torch.randn(128, 6)
    y = torch.stack([v[:, 0] - v[:, 1], x.mean((1, 2, 3))], 1)
    seen = []

    def error(outputs: Any, targets: Any) -> Any:
        seen.append(len(outputs))
        return (outputs - targets).abs().mean()

    result = to_budget(
        TwoInputs(),
        (x[:1], v[:1]),
        {"size": 200},
        train=batches(x, v, y),
        validate=batches(x[:50], v[:50], y[:50], size=20),
        epochs=12,
        optimizer=lambda parameters: torch.optim.Adam(parameters, 0.02),
        loss=nn.functional.mse_loss,
        metric=error,
        path=None,
        report=silent,
        pruner=FAST,
    )
    assert result.met
    assert result.metric == "error"
    assert set(seen) == {50}  # of all samples at once
    assert result.scores["tuned"] < 0.8 * result.scores["before"]


def test_batches_and_outputs_of_any_form(training: Any) -> None:
    class Wordy(training.Chain):
        def forward(self, x: Any) -> Any:
            return {"logits": super().forward(x)}

    x, y = training.task(96)
    rows = [{"label": b, "image": a} for a, b in batches(x, y)]
    result = call(
        Wordy(),
        {"train": rows, "validate": rows},
        unpack=lambda row: ((row["image"],), row["label"]),
        forward=lambda model, inputs: model(*inputs)["logits"],
        budgets={"macs": 200_000},
    )
    assert result.met
    assert result.metric == "accuracy"


def test_own_fine_tuning_takes_over_when_the_budgets_are_met(
    training: Any, data: dict[str, Batches]
) -> None:
    given = []

    def mine(model: Any) -> Any:
        given.append(model)
        assert model.training
        with torch.no_grad():
            model.fc.bias.fill_(7)

    result = call(training.Chain(), data, fine_tune=mine)
    assert given == [result.model]
    assert (result.model.fc.bias == 7).all()
    assert {epoch.phase for epoch in result.epochs[:-1]} <= {"pruning"}
    other = call(training.Chain(), data, fine_tune=lambda model: copy.deepcopy(model))
    assert other.met
    with pytest.raises(mg.UsageError, match="parameters of other shapes"):
        call(training.Chain(), data, fine_tune=lambda model: training.Chain())
    with pytest.raises(mg.UsageError, match=r"of fine_tune, takes a torch.nn.Module, not int"):
        call(training.Chain(), data, fine_tune=lambda model: 3)


def phases(result: Budgeted) -> set[str]:
    return {epoch.phase for epoch in result.epochs}


def test_a_new_model_is_cut_before_its_first_step(training: Any, data: dict[str, Batches]) -> None:
    torch.manual_seed(0)
    model = training.Residual()
    slowly = {"epochs": 2, "prune_epochs": 1.5}
    result = call(model, data, **slowly)
    assert result.met
    assert phases(result) == {"fine-tuning"}
    training.train(model, None, 5)
    assert phases(call(model, data, **slowly)) == {"pruning", "fine-tuning"}
    assert phases(call(model, data, epochs=2, trained=False)) == {"fine-tuning"}


def test_a_classifier_without_norms_is_new_if_it_guesses(
    training: Any, data: dict[str, Batches]
) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 4)
    )
    options = {"epochs": 2, "prune_epochs": 1.5, "budgets": {"macs": 3_000}}
    lines: list[str] = []
    assert phases(call(model, data, report=lines.append, **options)) == {"fine-tuning"}
    assert "its loss is that of a guess" in lines[0]
    assert phases(call(model, data, distill=0.5, **options)) == {"pruning", "fine-tuning"}
    judged = {"loss": nn.functional.cross_entropy}
    assert phases(call(model, data, **judged, **options)) == {"pruning", "fine-tuning"}
    training.train(model, None, 60)
    assert phases(call(model, data, **options)) == {"pruning", "fine-tuning"}


def test_distillation_pulls_towards_the_given_model(
    training: Any, data: dict[str, Batches]
) -> None:
    torch.manual_seed(0)
    model = training.Chain()
    training.train(model, None, 60)
    x = torch.cat([x for x, _ in data["validate"]])
    wrong = [(x, y.roll(1)) for x, y in data["train"]]  # the teacher knows better

    def agreement(share: float) -> float:
        tuned = call(model, {**data, "train": wrong}, epochs=6, distill=share).model
        with torch.no_grad():
            return float((tuned(x).argmax(1) == model.eval()(x).argmax(1)).float().mean())

    assert agreement(0.95) > agreement(0.0) + 0.2


def test_pruning_ends_when_it_is_told_to(training: Any, data: dict[str, Batches]) -> None:
    slow = {"interval": 1_000}
    result = call(training.Chain(), data, prune_epochs=0.5, pruner=slow)
    assert result.met
    assert result.epochs[0].phase == "fine-tuning"


def test_what_is_not_installed_is_said(
    training: Any, data: dict[str, Batches], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budgeted, "missing_tool", lambda: "litert-torch")
    result = call(training.Chain(), data, path=tmp_path / "m.tflite")
    assert result.notes == (
        "litert-torch is not installed, so no file was written: 'mcugraph[export]'",
    )
    assert result.notes[0] in str(result)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(mg.UsageError, match="qat_epochs: litert-torch is not installed"):
        call(training.Chain(), data, qat_epochs=1)


def test_a_file_that_cannot_be_written_in_the_end_does_not_cost_the_model(
    training: Any, data: dict[str, Batches], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []

    def failing(task: Any, model: Any, loader: Any, path: Any, *rest: Any) -> Any:
        given.append(path)
        if path == tmp_path / "m.tflite":
            raise mg.FormatError("Chain: out of luck")

    found = mg.profile(mg.from_torch(training.Chain(), INPUT), precision="int8")
    monkeypatch.setattr(budgeted, "missing_tool", lambda: None)
    monkeypatch.setattr(budgeted, "write_int8", failing)
    monkeypatch.setattr(budgeted, "load", lambda path: None)
    monkeypatch.setattr(budgeted, "profile", lambda graph: found)
    result = call(training.Chain(), data, path=tmp_path / "m.tflite")
    assert len(given) == 2
    assert result.met
    assert result.exported is None
    assert result.notes == ("no file was written: Chain: out of luck",)


class Crossed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Conv2d(1, 1, 3)
        self.held = [self.net(torch.zeros(1, 1, 3, 3))]


def wrong(name: str, data: dict[str, Batches]) -> dict[str, Any]:
    """Arguments with something wrong about them."""
    x, y = data["train"][0]
    train = {
        "no tuples": [x],
        "no target": [(x,)],
        "floats": [(x, y.float())],
        "too many classes": [(x, y + 1)],
        "other shape": [(x[:, :, 1:], y)],
        "empty": [],
        "once": iter(data["train"]),
        "a dict": [{"x": x, "y": y}],
        "a number": 3,
        "no length": Endless(),
    }
    return {**data, "train": train[name]} if name in train else data


class Endless:
    def __iter__(self) -> Iterator[Any]:
        return iter(())


ERRORS: dict[str, tuple[dict[str, Any], str]] = {
    "no tuples": ({}, r"train gives Tensor, not \(input, target\): say how with unpack="),
    "no target": ({}, r"train gives tuple of Tensor, not \(input, target\)"),
    "a dict": ({}, r"train gives dict, not \(input, target\)"),
    "floats": ({}, "the targets are torch.float32, not classes; for another task give loss="),
    "too many classes": ({}, "the targets go from . to 4, and the model has 4 classes"),
    "other shape": ({}, r"train: input 0 has shape \(32, 1, 9, 10\), not \(batch, 1, 10, 10\)"),
    "empty": ({}, "train is empty"),
    "once": ({}, "train: a DataLoader or a list of batches is needed"),
    "a number": ({}, "train: a DataLoader or a list of batches is needed, not int"),
    "no length": ({}, "train has no length"),
    "impossible": ({"budgets": {"size": 10}}, "budget size: .* even with one channel a group"),
    "no budgets": ({"budgets": None}, "name budgets, .* or a board"),
    "unknown board": ({"budgets": None, "board": "none"}, "unknown board 'none'"),
    "full board": (
        {"budgets": None, "board": "arduino-uno-r4-minima", "reserve_sram": 32 << 10},
        "Minima: 32,768 B of SRAM are reserved, and it has 32,768 B",
    ),
    "nearly full board": (
        {"budgets": None, "board": "arduino-uno-r4-minima", "reserve_sram": "31.5KiB"},
        "Minima: nothing is left for the arena",
    ),
    "epochs": ({"epochs": 0}, "epochs: a whole number from 1 on"),
    "prune epochs": ({"prune_epochs": 4}, "prune_epochs: it has to be above 0 and at most 3"),
    "new and slow": ({"trained": False, "prune_epochs": 1}, "trained=False leaves nothing"),
    "distill": ({"distill": 1.0}, "distill: it has to be below 1"),
    "optimizer": ({"optimizer": "adam"}, "unknown optimizer 'adam'; expected adamw or sgd"),
    "no optimizer": ({"optimizer": lambda p: p}, "optimizer has to give an optimizer, not list"),
    "loss": ({"loss": lambda o, t: o}, r"loss\(outputs, targets\) has to give a scalar"),
    "metric": ({"metric": lambda o, t: "good"}, "has to give a number, not str"),
    "unpack": ({"unpack": lambda batch: batch[0]}, r"unpack has to give \(inputs, targets\)"),
    "no function": ({"metric": 3}, "metric: a function is needed"),
    "folder": ({"path": "/none/m.tflite"}, "/none/m.tflite"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_what_is_wrong_is_said_in_one_line(
    name: str, training: Any, data: dict[str, Batches]
) -> None:
    options, said = ERRORS[name]
    with pytest.raises(mg.UsageError, match=said) as caught:
        call(training.Chain(), wrong(name, data), **options)
    assert "\n" not in str(caught.value)


def test_a_model_that_cannot_be_copied_or_trained_is_refused(data: dict[str, Batches]) -> None:
    with pytest.raises(mg.UsageError, match="the model cannot be copied"):
        call(Crossed(), data)
    frozen = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(256, 4))
    with pytest.raises(mg.UsageError, match="no parameter of the model requires a gradient"):
        call(frozen.requires_grad_(False), data, budgets={"macs": 10_000})


BOARD = Board("toy", "Toy", "m", "Cortex-M4", 10**8, 8_000, 30_000, "", "", "v", 1, 8_000)


@pytest.mark.oracle("litert_torch", "ai_edge_quantizer", "tflite_micro")
def test_the_file_fits_the_board_and_runs(
    training: Any, data: dict[str, Batches], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    path = tmp_path / "small.tflite"
    result = call(
        training.Residual(),
        data,
        budgets={"macs": 200_000},
        board=BOARD,
        reserve_sram=2_000,
        reserve_flash=7_000,
        epochs=6,
        qat_epochs=1,
        path=path,
    )
    assert result.met
    assert result.epochs[-1].phase == "rounding"
    assert list(result.scores) == ["before", "pruned", "tuned", "rounded", "file"]
    assert path.stat().st_size > 1_000
    assert result.exported.exceeded() == {}
    assert set(result.budgets) == {"arena", "size", "macs"}
    assert result.on_board.fits
    assert [need.budget for need in result.on_board.needs] == [6_000, 23_000]
    assert result.on_tflm.head == result.on_tflm.predicted == result.costs["arena"]
    assert result.on_tflm.samples == 64
    assert result.on_tflm.difference < 0.03
    assert abs(result.scores["file"] - result.scores["rounded"]) < 0.1
    assert result.notes == ()
    assert "Toy: fits; SRAM" in str(result)
    assert call(training.Residual(), data, budgets={"macs": 200_000}).exported is None


@pytest.mark.oracle("litert_torch")
def test_a_model_that_cannot_be_a_file_is_refused_before_it_is_trained(
    training: Any, data: dict[str, Batches], tmp_path: Path
) -> None:
    class Odd(training.Chain):
        def forward(self, x: Any) -> Any:
            return torch.fft.fft(super().forward(x)).real

    lines: list[str] = []
    with pytest.raises(mg.FormatError, match="Odd: "):
        call(Odd(), data, path=tmp_path / "m.tflite", report=lines.append)
    assert lines == []
    assert list(tmp_path.iterdir()) == []


def test_whole_branches_go_where_that_leaves_more(training: Any, data: dict[str, Batches]) -> None:
    torch.manual_seed(0)
    model = training.Residual()
    limits = {"size": 300, "macs": 40_000}
    result = call(model, data, budgets=limits, structure="layers")
    assert result.dropped == ("a.0",)
    assert result.met
    assert not hasattr(result.model, "a")
    whole = mg.profile(mg.from_torch(model, INPUT), precision="int8")
    assert result.costs_before["macs"] == whole.macs
    assert "without branches a.0" in str(result)
    # Branches are chosen by the costs that the pruner counts.
    floats = {**FAST, "precision": None}
    wide = call(model, data, budgets={"size": 1_200}, structure="layers", pruner=floats)
    flash = mg.profile(mg.from_torch(model, INPUT)).flash
    assert wide.costs_before["size"] == flash.weights + flash.biases
    assert call(model, data, structure="loss").met
    with pytest.raises(mg.UsageError, match="structure: 'loss', 'layers' or None"):
        call(model, data, structure="yes")


def test_an_accelerator_is_not_waited_for_to_look_at_classes() -> None:
    outputs = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    classes = torch.tensor([0, 2, 1, 1, 0])
    assert torch.equal(unwatched_cross_entropy(outputs, classes), cross_entropy(outputs, classes))
    for wrong in (-1, 3):
        assert unwatched_cross_entropy(outputs, torch.tensor([0, 2, wrong, 1, 0])).isnan()
    # There is nothing on the meta device to wait for: it refuses that.
    assert cross_entropy(outputs.to("meta"), classes.to("meta")).shape == ()
