"""The pruner in training by the method of the paper: budgets in, a model that meets them out."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcugraph as mg

torch = pytest.importorskip("torch")

from mcugraph.prune import Pruner  # noqa: E402

INPUT = torch.zeros(1, 1, 10, 10)
PAPER = {"method": "paper", "interval": 2, "max_step": 0.1}


def full(model: Any, **options: Any) -> dict[str, float]:
    """What the whole model costs."""
    space = mg.widths(mg.from_torch(model, INPUT), precision="int8", **options)
    costs = {"peak": space.peak, "size": space.size, "macs": space.macs}
    return {name: cost(space.full) for name, cost in costs.items()}


def part(model: Any, **fractions: float) -> dict[str, int]:
    costs = full(model)
    return {name: int(costs[name] * fraction) for name, fraction in fractions.items()}


@pytest.mark.parametrize("network", ["Chain", "Residual", "Branching"])
def test_every_budget_is_met_by_the_model_that_comes_out(network: str, training: Any) -> None:
    torch.manual_seed(0)
    model = getattr(training, network)()
    budgets = part(model, peak=0.6, size=0.4, macs=0.4)
    pruner = Pruner(model, INPUT, budgets, **PAPER)
    assert not pruner.satisfied
    training.train(model, pruner, 160)
    assert pruner.satisfied
    small = pruner.slim()
    graph = mg.from_torch(small, INPUT)
    data = mg.profile(graph, precision="int8").to_dict()
    measured = {
        "peak": data["memory"]["peak"],
        "size": data["flash"]["weights"] + data["flash"]["biases"],
        "macs": data["macs"],
    }
    assert measured == pruner.resources
    assert all(measured[name] <= budget for name, budget in budgets.items())
    x, _ = training.task(8, seed=1)
    torch.testing.assert_close(small.eval()(x), model.eval()(x), rtol=1e-5, atol=1e-5)
    assert not any(module._forward_pre_hooks for module in small.modules())


def test_only_the_bottleneck_shrinks_where_only_the_peak_is_over_budget(training: Any) -> None:
    model = training.Chain()
    pruner = Pruner(model, INPUT, part(model, peak=0.7, size=1.0, macs=1.0), **PAPER)
    start = pruner.multipliers
    training.train(model, pruner, 60)
    assert pruner.satisfied
    moved = dict(
        zip([g.name for g in pruner.space.groups], pruner.multipliers < start, strict=True)
    )
    # The second layer's result and the same with its padding, for the third with stride 2.
    assert moved == {"a.0": False, "b.0": True, "c.0": False}


def test_without_focus_the_task_loss_moves_all_layers(training: Any) -> None:
    model = training.Chain()
    budgets = part(model, peak=0.7)
    pruner = Pruner(model, INPUT, budgets, focus=False, **PAPER)
    start = pruner.multipliers
    training.train(model, pruner, 20)
    assert (pruner.multipliers != start).all()


def test_the_operator_bound_lets_a_branching_network_exceed_its_budget(training: Any) -> None:
    """Where branches wait for each other, the bound is met before the memory is."""
    over = {}
    for peak_by in ("optimal", "operator_bound"):
        torch.manual_seed(0)
        model = training.Branching()
        budgets = part(model, peak=0.5)
        pruner = Pruner(model, INPUT, budgets, peak_by=peak_by, **PAPER)
        training.train(model, pruner, 160)
        assert pruner.satisfied
        over[peak_by] = pruner.resources["peak"] / budgets["peak"]
    assert over["optimal"] <= 1 < over["operator_bound"]


def test_a_peak_that_is_left_out_is_not_held_against_its_budget(training: Any) -> None:
    model = training.Chain()
    pruner = Pruner(model, INPUT, part(model, peak=0.5, macs=1.0), peak_by=None)
    assert pruner.satisfied
    assert pruner.resources["peak"] > pruner.budgets.limits["peak"]


@pytest.mark.parametrize(
    "options",
    [
        {"objective": "task"},
        {"objective": "resources"},
        {"scalarisation": "sum"},
        {"threshold": "percentile"},
        {"smoothing": False},
        {"alpha": 0.0},
        {"salience": "l1"},
        {"salience": "l2"},
        {"salience": "gradient"},
        {"salience": "activation"},
        {"salience": "random"},
        {"max_step": None},
        {"learning_rate": 0.01},
        {"accounting": "paper", "precision": None},
    ],
    ids=lambda options: ",".join(f"{k}={v}" for k, v in options.items()),
)
def test_options_change_what_is_learned_and_nothing_else(
    options: dict[str, Any], training: Any
) -> None:
    found = []
    for chosen in ({}, options):
        torch.manual_seed(0)
        model = training.Residual()
        plain = {**PAPER, **chosen}
        pruner = Pruner(model, INPUT, {"macs": 60_000, "size": 3000}, **plain)
        training.train(model, pruner, 24)
        assert np.isfinite(pruner.multipliers).all()
        found.append((pruner.multipliers, pruner._masks.hard))
    same = [np.array_equal(a, b) for a, b in zip(*found, strict=True)]
    assert not all(same)


def test_a_seed_gives_the_same_run(training: Any) -> None:
    runs = []
    for _ in range(2):
        torch.manual_seed(0)
        model = training.Residual()
        pruner = Pruner(model, INPUT, part(model, peak=0.6, macs=0.5), seed=3, **PAPER)
        training.train(model, pruner, 50)
        runs.append(pruner.history.arrays())
    for name, column in runs[0].items():
        np.testing.assert_array_equal(column, runs[1][name], err_msg=name)


def test_a_state_restored_in_mid_training_gives_the_same_run(training: Any) -> None:
    def start() -> tuple[Any, Pruner, Any]:
        torch.manual_seed(0)
        model = training.Residual()
        pruner = Pruner(model, INPUT, part(model, peak=0.6, macs=0.5), **PAPER)
        return model, pruner, torch.optim.SGD(model.parameters(), 0.05, momentum=0.9)

    model, pruner, optimizer = start()
    saved = io.BytesIO()

    def save(step: int) -> None:
        if step == 24:
            parts = (model, optimizer, pruner)
            torch.save([p.state_dict() for p in parts], saved)

    training.train(model, pruner, 25, seed=1, after=save, optimizer=optimizer)
    training.train(model, pruner, 35, seed=2, optimizer=optimizer)

    again, other, resumed = start()
    saved.seek(0)
    for p, state in zip((again, resumed, other), torch.load(saved, weights_only=True), strict=True):
        p.load_state_dict(state)
    training.train(again, other, 35, seed=2, optimizer=resumed)
    assert other.steps == pruner.steps == 60
    for name, column in pruner.history.arrays().items():
        np.testing.assert_array_equal(column, other.history.arrays()[name], err_msg=name)
    for a, b in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_step_leaves_statistics_and_gradients_as_they_are(training: Any) -> None:
    model = training.Residual().train()
    options = {"interval": 1, "salience": "gradient", "trained": True}
    pruner = Pruner(model, INPUT, part(model, macs=0.5), **options)
    x, y = training.task(16)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert pruner.step(lambda: torch.nn.functional.cross_entropy(model(x), y))
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert all(parameter.grad is None for parameter in model.parameters())
    assert model.training


def test_masks_follow_the_saliences_until_they_are_frozen(training: Any) -> None:
    model = training.Chain()
    pruner = Pruner(model, INPUT, part(model, macs=0.5), interval=1, max_step=0.1, method="paper")
    while not pruner.satisfied:
        pruner.step(lambda: model(training.task(8)[0]).square().mean())
    widths, masks = pruner.widths.copy(), pruner.masks
    with torch.no_grad():
        gone = int(np.flatnonzero(~masks["c.0"])[0])
        model.c[1].weight[gone] = 100
    pruner.step(lambda: model(training.task(8)[0]).square().mean())
    assert pruner.masks["c.0"][gone]
    assert (pruner.widths == widths).all()
    pruner.freeze()
    with torch.no_grad():
        model.c[1].weight[gone] = 0
    assert not pruner.step()
    assert pruner.masks["c.0"][gone]


def test_masks_freeze_once_the_budgets_are_met_if_asked_to(training: Any) -> None:
    model = training.Chain()
    pruner = Pruner(model, INPUT, part(model, macs=0.7), freeze_when_met=True, **PAPER)
    training.train(model, pruner, 80)
    assert pruner.satisfied
    assert pruner.frozen
    assert pruner.settled()


def test_a_training_that_ends_too_early_can_be_made_to_meet_its_budgets(training: Any) -> None:
    torch.manual_seed(0)
    model = training.Residual()
    budgets = part(model, peak=0.5, size=0.3, macs=0.3)
    pruner = Pruner(model, INPUT, budgets, **PAPER)
    training.train(model, pruner, 8)
    with pytest.raises(mg.UsageError, match=r"not met yet: .*peak [\d,]+ of [\d,]+.*enforce"):
        pruner.slim()
    over = pruner.slim(over_budget=True)
    assert sum(p.numel() for p in over.parameters()) < sum(p.numel() for p in model.parameters())
    pruner.enforce()
    assert pruner.satisfied
    assert all(pruner.resources[name] <= budget for name, budget in budgets.items())
    grown = pruner.space.round(pruner.widths + 1)
    assert (grown > pruner.widths).any()
    assert pruner.budgets.unmet(grown)  # and hardly more than needed
    pruner.slim()


def test_progress_is_reported_once_an_epoch(training: Any) -> None:
    lines: list[str] = []
    model = training.Chain()
    budgets = part(model, macs=0.8)
    options = {**PAPER, "steps_per_epoch": 10, "report": lines.append}
    training.train(model, Pruner(model, INPUT, budgets, **options), 40)
    assert [line.split(":")[0] for line in lines] == [f"epoch {n}" for n in range(1, 5)]
    assert f"macs {budgets['macs'] - budgets['macs'] % 1:,}" not in lines[0]
    assert f"of {budgets['macs']:,}" in lines[0]
    assert "budgets not met" in lines[0]
    assert lines[-1].endswith("budgets met")


def test_the_history_is_arrays_and_a_figure(tmp_path: Path, training: Any) -> None:
    pytest.importorskip("matplotlib")
    model = training.Chain()
    pruner = Pruner(model, INPUT, part(model, peak=0.7, macs=0.6), **PAPER)
    with pytest.raises(mg.UsageError, match="no update to draw"):
        pruner.history.plot()
    training.train(model, pruner, 40)
    arrays = pruner.history.arrays()
    np.savez(tmp_path / "history.npz", **arrays)
    assert arrays["widths"].shape == arrays["multipliers"].shape == (20, 3)
    assert {column.shape[0] for column in arrays.values()} == {20}
    assert (np.diff(arrays["step"]) == 2).all()
    assert arrays["resource_loss"][0] > 0 == arrays["resource_loss"][-1]
    assert arrays["macs"][-1] == pruner.resources["macs"]
    figure = pruner.history.plot(tmp_path / "history.png")
    assert (tmp_path / "history.png").stat().st_size > 10_000
    assert len(figure.axes) == 4
    pruner.history.report(tmp_path / "history.html")
    page = (tmp_path / "history.html").read_text()
    assert page.count("<polyline") == 3
    assert f"{int(arrays['macs'][-1]):,}" in page


def test_a_model_on_another_device_is_pruned_there(training: Any) -> None:
    if not torch.cuda.is_available():
        pytest.skip("there is no other device")
    model = training.Residual().cuda()
    pruner = Pruner(model, INPUT, part(model, macs=0.5), interval=1)
    x, y = (value.cuda() for value in training.task(16))
    pruner.step(lambda: torch.nn.functional.cross_entropy(model(x), y))
    assert pruner._masks._values.device.type == "cuda"


@pytest.mark.parametrize("network", ["Chain", "Branching"])
def test_the_arena_of_the_model_that_comes_out_is_within_its_budget(
    network: str, training: Any
) -> None:
    """TFLM rounds offsets up and plans greedily: it may need more than the peak."""
    torch.manual_seed(0)
    model = getattr(training, network)()
    whole = mg.profile(mg.from_torch(model, INPUT), precision="int8").memory
    budget = int(whole.tflm_arena * 0.45)
    pruner = Pruner(model, INPUT, {"arena": budget}, **PAPER)
    assert not pruner.satisfied
    training.train(model, pruner, 160)
    assert pruner.satisfied
    small = mg.profile(mg.from_torch(pruner.slim(), INPUT), precision="int8").memory
    assert small.tflm_arena == pruner.resources["arena"] <= budget
    assert pruner.history.arena[-1] == small.tflm_arena
    assert small.peak == pruner.resources["peak"]


def test_an_arena_is_enforced_too(training: Any) -> None:
    model = training.Branching()
    whole = mg.profile(mg.from_torch(model, INPUT), precision="int8").memory
    pruner = Pruner(model, INPUT, {"arena": whole.tflm_arena // 3})
    pruner.enforce()
    small = mg.profile(mg.from_torch(pruner.slim(), INPUT), precision="int8").memory
    assert small.tflm_arena <= whole.tflm_arena // 3
    with pytest.raises(mg.UsageError, match=r"budget arena: .* even with one channel a group"):
        Pruner(training.Branching(), INPUT, {"arena": 150})


def test_what_fits_from_the_start_is_left_as_it_is(training: Any) -> None:
    model = training.Chain()
    whole = mg.profile(mg.from_torch(model, INPUT), precision="int8").memory
    pruner = Pruner(model, INPUT, {"arena": whole.tflm_arena}, interval=1, method="paper")
    start = pruner.multipliers
    training.train(model, pruner, 3)
    assert pruner.satisfied
    assert pruner._masks.hard.all()
    assert (pruner.multipliers == start).all()
    assert np.isnan(pruner.history.task_loss).all()


def test_multipliers_stay_between_0_and_1_whatever_the_step(training: Any) -> None:
    model = training.Chain()
    options = {"learning_rate": 1e9, "method": "paper", "interval": 1}
    pruner = Pruner(model, INPUT, part(model, macs=0.5), **options)
    training.train(model, pruner, 4)
    assert ((pruner.multipliers > 0) & (pruner.multipliers < 1)).all()
    assert (pruner.widths >= 1).all()


def test_the_last_step_goes_no_farther_than_the_budgets_ask(training: Any) -> None:
    """Without the task loss, what is left of the budget is less than one channel takes."""
    model = training.Chain()
    options = {"objective": "resources", "interval": 1, "max_step": 0.3, "method": "paper"}
    pruner = Pruner(model, INPUT, part(model, macs=0.5), **options)
    training.train(model, pruner, 10)
    assert pruner.satisfied
    more = [pruner.widths + row for row in np.eye(3, dtype=int)]
    assert any(pruner.budgets.unmet(widths) for widths in more)
    assert pruner.resources["macs"] > 0.85 * pruner.budgets.limits["macs"]
