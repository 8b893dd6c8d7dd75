"""Saliences and schedules; and what a pruner refuses before any training."""

from typing import Any

import numpy as np
import pytest

import mcugraph as mg

torch = pytest.importorskip("torch")

from mcugraph.prune import Gradual, OneShot, Pruner, Salience, ScoredLayer  # noqa: E402
from mcugraph.prune.schedules import uniform  # noqa: E402

INPUT = torch.zeros(1, 1, 10, 10)
PLENTY = {"macs": 10**12}
PAPER = {"method": "paper"}


def step(pruner: Pruner, training: Any) -> None:
    x, y = training.task(32)
    pruner.step(lambda: torch.nn.functional.cross_entropy(pruner.model(x), y))


def space_of(model: Any) -> mg.Space:
    return mg.widths(mg.from_torch(model, INPUT), precision="int8")


# Saliences


def scores(training: Any, rule: Any, prepare: Any = None) -> dict[str, np.ndarray]:
    torch.manual_seed(0)
    model = training.Residual()
    if prepare is not None:
        with torch.no_grad():
            prepare(model)
    pruner = Pruner(model, INPUT, PLENTY, interval=1, salience=rule)
    step(pruner, training)
    parts = np.split(pruner._scores, pruner._classes.starts[1:])
    return {group.name: p for group, p in zip(pruner.space.groups, parts, strict=True)}


def test_the_default_is_the_largest_absolute_scale_of_the_norms_of_a_group(training: Any) -> None:
    def prepare(model: Any) -> None:
        model.stem[1].weight.copy_(torch.linspace(-1, 1, 12))
        model.b[1].weight.copy_(torch.linspace(0.5, 0, 12))

    found = scores(training, "batch_norm", prepare)["stem.0"]
    one, other = np.abs(np.linspace(-1, 1, 12)), np.linspace(0.5, 0, 12)
    np.testing.assert_allclose(found, np.maximum(one, other), atol=1e-7)


def test_without_a_norm_it_is_the_norm_of_the_weights(training: Any) -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(100, 8), torch.nn.ReLU(), torch.nn.Linear(8, 4)
    )
    pruner = Pruner(model, INPUT, PLENTY, interval=1)
    step(pruner, training)
    np.testing.assert_allclose(pruner._scores, model[1].weight.detach().norm(dim=1), rtol=1e-6)


@pytest.mark.parametrize(("rule", "order"), [("l1", 1), ("l2", 2)])
def test_norms_of_the_weights(training: Any, rule: str, order: int) -> None:
    torch.manual_seed(0)
    weight = training.Residual().a[0].weight.detach().flatten(1)
    expected = torch.linalg.vector_norm(weight, ord=order, dim=1)
    np.testing.assert_allclose(scores(training, rule)["a.0"], expected, rtol=1e-6)


def test_gradients_are_those_of_the_model_without_masks(training: Any) -> None:
    torch.manual_seed(0)
    model, (x, y) = training.Residual(), training.task(32)
    torch.nn.functional.cross_entropy(model(x), y).backward()
    expected = model.a[0].weight.grad.abs().sum((1, 2, 3))
    np.testing.assert_allclose(scores(training, "gradient")["a.0"], expected, rtol=1e-5)


def test_activity_is_the_share_of_activations_above_zero(training: Any) -> None:
    def prepare(model: Any) -> None:
        model.a[1].bias.copy_(torch.linspace(-9, 9, 16))

    found = scores(training, "activation", prepare)["a.0"]
    assert found[0] == 0
    assert found[-1] == 1
    assert (np.diff(found) >= 0).all()


def test_a_function_of_ones_own(training: Any) -> None:
    seen: list[ScoredLayer] = []

    def rule(layer: ScoredLayer) -> torch.Tensor:
        seen.append(layer)
        return torch.arange(len(layer.weight), dtype=torch.float32)

    assert (scores(training, rule)["a.0"] == np.arange(16)).all()
    assert [layer.name for layer in seen] == ["stem.0", "a.0", "b.0"]
    assert seen[1].weight.shape == (16, 12 * 9)
    assert seen[1].gamma.shape == (16,)
    assert seen[1].gradient is None
    scores(training, Salience(rule, gradient=True, activity=True))
    assert seen[4].gradient.shape == (16, 12 * 9)
    assert seen[4].activity.shape == (16,)


def test_random_saliences_stay_what_they_are(training: Any) -> None:
    model = training.Residual()
    pruner = Pruner(model, INPUT, PLENTY, interval=1, salience="random", seed=1)
    other = Pruner(training.Residual(), INPUT, PLENTY, interval=1, salience="random", seed=2)
    step(pruner, training)
    first = pruner._scores.copy()
    step(pruner, training)
    step(other, training)
    assert (pruner._scores == first).all()
    assert (other._scores != first).any()


class Parts(torch.nn.Module):
    """Two layers whose weights are parts of one parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.randn(8, 100))
        self.last = torch.nn.Linear(4, 4)

    def forward(self, x: Any) -> Any:
        first, second = self.weight.chunk(2)
        x = x.flatten(1)
        relu, linear = torch.relu, torch.nn.functional.linear
        return self.last(relu(linear(x, first))) + self.last(relu(linear(x, second)))


def test_weights_that_are_a_part_of_a_parameter_are_ranked_and_masked(training: Any) -> None:
    torch.manual_seed(0)
    model = Parts()
    pruner = Pruner(model, INPUT, {"macs": 700}, interval=1, salience="l2")
    step(pruner, training)
    norms = model.weight.detach().norm(dim=1).reshape(2, 4).amax(0)
    np.testing.assert_allclose(pruner._scores, norms, rtol=1e-6)
    pruner.enforce()
    small, x = pruner.slim(), training.task(32)[0]
    assert mg.profile(mg.from_torch(small, INPUT)).macs <= 700
    torch.testing.assert_close(small(x), model(x))


def test_units_of_a_recurrent_layer_are_ranked_by_all_of_their_gates(training: Any) -> None:
    class Cells(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell, self.last = torch.nn.GRU(10, 6, batch_first=True), torch.nn.Linear(6, 4)

        def forward(self, x: Any) -> Any:
            return self.last(self.cell(x[:, 0])[0][:, -1])

    torch.manual_seed(0)
    model = Cells()
    pruner = Pruner(model, INPUT, {"macs": 1400}, interval=1, salience="l2")
    step(pruner, training)
    gates = (model.cell.weight_ih_l0, model.cell.weight_hh_l0)
    norms = [w.detach().reshape(3, 6, -1).norm(dim=(0, 2)) for w in gates]
    np.testing.assert_allclose(pruner._scores, torch.maximum(*norms), rtol=1e-6)
    pruner.enforce()
    small, x = pruner.slim(), training.task(32)[0]
    assert small.cell.hidden_size == 3
    torch.testing.assert_close(small(x), model(x))


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (lambda layer: layer.weight, r"a tensor of shape \(12,\) is needed, not \(12, 9\)"),
        (lambda layer: 3, r"a tensor of shape \(12,\) is needed, not int"),
        (lambda layer: -torch.ones(len(layer.weight)), "layer 'stem.0': it is negative"),
        (lambda layer: torch.full((len(layer.weight),), float("nan")), "not finite"),
    ],
)
def test_a_function_that_ranks_nothing_is_refused(training: Any, rule: Any, said: str) -> None:
    with pytest.raises(mg.UsageError, match=said):
        scores(training, rule)


# Schedules


def test_gradual_pruning_follows_its_formula(training: Any) -> None:
    model = training.Residual()
    schedule = Gradual(sparsity=0.75, begin=4, steps=16)
    pruner = Pruner(model, INPUT, schedule=schedule, interval=4)
    found = []
    for _ in range(24):
        step(pruner, training)
        found.append(pruner.multipliers[0])
        assert pruner.satisfied == (pruner.steps >= 20)
    expected = [1 - 0.75 * (1 - (1 - min(max((t - 4) / 16, 0), 1)) ** 3) for t in range(1, 25)]
    np.testing.assert_allclose(found, expected)
    assert pruner.history.widths.tolist() == [
        [12, 16], [9, 12], [6, 8], [4, 5], [3, 4], [3, 4],
    ] or (pruner.widths == [3, 4]).all()  # fmt: skip
    small = pruner.slim()
    assert small.a[0].weight.shape == (4, 3, 3, 3)


def test_one_shot_pruning_takes_all_at_once_from_the_groups_that_are_named(training: Any) -> None:
    model = training.Residual()
    schedule = OneShot(sparsity={"a.0": 0.5}, at=6)
    pruner = Pruner(model, INPUT, schedule=schedule, interval=3, salience="l1")
    for _ in range(9):
        step(pruner, training)
    assert pruner.history.widths.tolist() == [[12, 16], [12, 8], [12, 8]]


def test_without_a_sparsity_a_schedule_takes_as_little_as_the_budgets_allow(training: Any) -> None:
    model = training.Residual()
    space = space_of(model)
    budgets = {"peak": int(space.peak(space.full) * 0.6), "macs": int(space.macs(space.full) / 2)}
    pruner = Pruner(model, INPUT, budgets, schedule=OneShot(), interval=1)
    step(pruner, training)
    assert pruner.satisfied
    fraction = uniform(space, pruner.budgets)
    more = space.round(space.full * (fraction + 2e-4))
    assert pruner.budgets.unmet(more)
    assert (pruner.widths == space.round(space.full * fraction)).all()


def test_a_schedule_can_miss_the_budgets(training: Any) -> None:
    model = training.Residual()
    pruner = Pruner(model, INPUT, {"macs": 20_000}, schedule=OneShot(0.1), interval=1)
    step(pruner, training)
    assert not pruner.satisfied
    with pytest.raises(mg.UsageError, match="not met yet: macs"):
        pruner.slim()


# Refusals


@pytest.mark.parametrize(
    ("budgets", "options", "said"),
    [
        ({}, {}, "no budgets: name a peak"),
        (
            {"sram": 9},
            {},
            "unknown budget 'sram'; the budgets are peak, arena, overlap_arena, size, macs",
        ),
        ({"peak": "many"}, {}, "budget peak: 'many' is not a size; write it like 64KiB"),
        ({"peak": [64_000]}, {}, "budget peak: a number of bytes of SRAM is needed, not "),
        ({"peak": 0}, {}, "budget peak: it has to be at least 1"),
        ({"peak": float("nan")}, {}, "budget peak: it has to be at least 1, not nan"),
        ({"peak": 150}, {}, r"budget peak: 2\d\d bytes of SRAM are needed even with one channel"),
        ({"size": 9, "macs": 9e9}, {}, r"budget size: \d+ bytes of flash are needed even with one"),
        (PLENTY, {"interval": 0}, "interval: a whole number from 1 on"),
        (PLENTY, {**PAPER, "alpha": -1}, "alpha: a number from 0 on"),
        (PLENTY, {**PAPER, "learning_rate": "fast"}, "learning_rate: a number from 0 on"),
        (PLENTY, {**PAPER, "initial": 1.0}, "initial: a number between 0 and 1"),
        (PLENTY, {**PAPER, "max_step": 0}, "max_step: a number between 0 and 1"),
        (
            PLENTY,
            {**PAPER, "objective": "accuracy"},
            "unknown objective 'accuracy'; expected one of both",
        ),
        (PLENTY, {**PAPER, "scalarisation": "max"}, "unknown scalarisation 'max'"),
        (PLENTY, {**PAPER, "threshold": "median"}, "unknown threshold 'median'"),
        (PLENTY, {"salience": "taylor"}, "unknown salience 'taylor'; expected one of batch_norm"),
        (PLENTY, {"method": "magic"}, "unknown method 'magic'; expected one of allocation, paper"),
        (PLENTY, {"phase": 0}, "phase: a whole number from 1 on"),
        (PLENTY, {"concavity": -1}, "concavity: a number from 0 on"),
        (PLENTY, {"utility": [1.0]}, "3 widths are needed"),
        (
            PLENTY,
            {**PAPER, "phase": 9},
            "phase is an option of method='allocation'",
        ),
        (PLENTY, {"method": "allocation", "alpha": 1}, "alpha is an option of method='paper'"),
        (PLENTY, {**PAPER, "schedule": OneShot(0.5)}, "a schedule or method='paper', not both"),
        (PLENTY, {"peak_by": "guess"}, "unknown peak 'guess'"),
        (PLENTY, {"precision": "int3"}, "precision"),
        (PLENTY, {"schedule": OneShot(1.5)}, "sparsity: a fraction from 0 to below 1"),
        (PLENTY, {"schedule": OneShot({"z": 0.5})}, "there is no group 'z'; the groups are a.0"),
        ({}, {"schedule": OneShot()}, "no budgets"),
        (["peak"], {}, r"budgets: a dict like .* is needed, not \['peak'\]"),
        (PLENTY, {**PAPER, "max_step": "small"}, "max_step: a number between 0 and 1"),
        (PLENTY, {"schedule": "gradual"}, "schedule: a Gradual or OneShot is needed"),
        (PLENTY, {"schedule": Gradual}, "schedule: a Gradual or OneShot is needed"),
        (PLENTY, {"seed": -1}, "seed: a whole number from 0 on"),
        (PLENTY, {"steps_per_epoch": 0.5}, "steps_per_epoch: a whole number from 1 on"),
    ],
)
def test_bad_options_are_refused_before_training(
    training: Any, budgets: Any, options: Any, said: str
) -> None:
    model = training.Chain()
    with pytest.raises(mg.UsageError, match=said) as error:
        Pruner(model, INPUT, budgets, **options)
    assert "\n" not in str(error.value)
    assert not any(module._forward_pre_hooks for module in model.modules())


def test_a_model_without_prunable_layers_is_refused() -> None:
    flat = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(100, 4))
    with pytest.raises(mg.UsageError, match=r"nothing in Sequential can be pruned: 1: .*output"):
        Pruner(flat, INPUT, PLENTY)
    with pytest.raises(mg.UsageError, match="nothing in ReLU can be pruned: it has no layers"):
        Pruner(torch.nn.ReLU(), INPUT, PLENTY)


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        (None, "needs loss"),
        (lambda model: 1.0, "scalar tensor, not float"),
        (lambda model: model(INPUT), "scalar tensor"),
        (lambda model: model(INPUT).sum().detach(), "without a gradient"),
        (lambda model: torch.ones((), requires_grad=True), "does not depend on the model"),
        (lambda model: model(INPUT).sum() * float("nan"), "gives nan: has the training"),
    ],
)
def test_a_loss_that_is_none_is_refused(training: Any, loss: Any, said: str) -> None:
    model = training.Chain().eval()
    pruner = Pruner(model, INPUT, {"macs": 20_000}, interval=1, method="paper")
    with pytest.raises(mg.UsageError, match=said):
        pruner.step(None if loss is None else lambda: loss(model))
    assert pruner.multipliers == pytest.approx(0.95)  # nothing half done


def test_the_state_of_another_models_pruner_is_refused(training: Any) -> None:
    state = Pruner(training.Chain(), INPUT, PLENTY).state_dict()
    with pytest.raises(mg.UsageError, match="of a pruner of another model"):
        Pruner(training.Residual(), INPUT, PLENTY).load_state_dict(state)


def test_what_is_no_state_of_a_pruner_is_refused(training: Any) -> None:
    model = training.Chain()
    pruner = Pruner(model, INPUT, PLENTY)
    for state in ({}, model.state_dict()):
        with pytest.raises(mg.UsageError, match="the state is not that of a pruner"):
            pruner.load_state_dict(state)


def test_a_loss_that_was_computed_already_is_refused(training: Any) -> None:
    model = training.Chain()
    pruner = Pruner(model, INPUT, {"macs": 20_000}, interval=1, method="paper")
    with pytest.raises(mg.UsageError, match=r"a function that computes the loss, .* not Tensor"):
        pruner.step(model(training.task(4)[0]).sum())


def test_a_step_may_stand_where_no_gradients_are_kept(training: Any) -> None:
    model = training.Chain()
    pruner = Pruner(model, INPUT, {"macs": 20_000}, interval=1, method="paper")
    with torch.no_grad():
        step(pruner, training)
    assert (pruner.multipliers < 0.95).all()


def test_a_second_pruner_on_a_model_is_refused(training: Any) -> None:
    model = training.Chain()
    first = Pruner(model, INPUT, PLENTY)
    with pytest.raises(mg.UsageError, match="has a pruner already"):
        Pruner(model, INPUT, PLENTY)
    first.remove()
    Pruner(model, INPUT, PLENTY)


def test_a_schedule_can_go_by_the_arena(training: Any) -> None:
    whole = mg.profile(mg.from_torch(training.Branching(), INPUT), precision="int8").memory
    budgets = {"arena": whole.tflm_arena // 2}
    pruner = Pruner(training.Branching(), INPUT, budgets, schedule=OneShot(), interval=1)
    step(pruner, training)
    assert pruner.satisfied


def test_a_figure_that_cannot_be_saved_says_so(training: Any, tmp_path: Any) -> None:
    pytest.importorskip("matplotlib")
    pruner = Pruner(training.Chain(), INPUT, {"macs": 20_000}, interval=1)
    step(pruner, training)
    for name in ("nowhere/history.png", "history.nonsense"):
        with pytest.raises(mg.UsageError, match="cannot be saved"):
            pruner.history.plot(tmp_path / name)
