"""Models that are not trained yet: how they are told, and how they are cut."""

import io
from collections.abc import Callable
from typing import Any

import pytest

import mcugraph as mg

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from mcugraph.prune import OneShot, Pruner, carry_over  # noqa: E402
from mcugraph.prune.new_models import looks_new  # noqa: E402

INPUT = torch.zeros(1, 1, 10, 10)


def part(model: Any, **fractions: float) -> dict[str, int]:
    space = mg.widths(mg.from_torch(model, INPUT), precision="int8")
    return {n: int(getattr(space, n)(space.full) * part) for n, part in fractions.items()}


def zero_residual(model: Any) -> None:
    """Begin a branch at nothing, as is usual with residual networks."""
    nn.init.zeros_(model.b[1].weight)


def seen(model: Any) -> None:
    """Statistics of a batch: nothing is learned by them."""
    model.train()(torch.randn(4, 1, 10, 10))


def learned(model: Any) -> None:
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    model.train()(torch.randn(4, 1, 10, 10)).square().mean().backward()
    optimizer.step()


def kept_norms(model: Any) -> None:
    """Norms that are not to learn tell nothing."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.requires_grad_(False)


@pytest.mark.parametrize(
    ("change", "new"),
    [(lambda model: None, True), (zero_residual, True), (seen, True), (learned, False),
     (kept_norms, None)],
)  # fmt: skip
def test_norms_tell(change: Callable[[Any], None], new: bool | None, training: Any) -> None:
    torch.manual_seed(0)
    model = training.Residual()
    change(model)
    assert looks_new(model) is new
    assert Pruner(model, INPUT, part(model, macs=0.5)).trained is not (new is True)


def test_one_norm_that_has_learned_is_enough(training: Any) -> None:
    """A new head on a trained body."""
    model = nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 8), nn.GroupNorm(2, 8), nn.Linear(8, 2))
    assert looks_new(model)
    with torch.no_grad():
        model[0].bias[3] = 0.1
    assert looks_new(model) is False
    assert looks_new(model[1]) is None


def test_a_frozen_body_is_trained() -> None:
    """Whether it has norms that have learned, or none."""
    torch.manual_seed(0)
    head = nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 2))
    norm = nn.BatchNorm1d(8).requires_grad_(False)
    assert looks_new(nn.Sequential(nn.Linear(8, 8), norm, head))
    norm.weight[2] = 1.5
    assert looks_new(nn.Sequential(nn.Linear(8, 8), norm, head)) is False
    assert looks_new(nn.Sequential(nn.Linear(8, 8).requires_grad_(False), head)) is False
    assert looks_new(nn.Sequential(nn.Linear(8, 8), head))


def test_norms_without_numbers_tell_nothing() -> None:
    assert looks_new(nn.Sequential(nn.LazyConv2d(8, 3), nn.LazyBatchNorm2d())) is None
    assert looks_new(nn.BatchNorm2d(8, device="meta")) is None


def test_a_new_model_is_cut_at_the_first_step(training: Any) -> None:
    torch.manual_seed(0)
    model, lines = training.Residual(), list[str]()
    budgets = part(model, peak=0.6, size=0.4)
    pruner = Pruner(model, INPUT, budgets, report=lines.append)
    assert not pruner.trained
    assert not pruner.met
    optimizer = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9)
    training.train(model, pruner, 1, optimizer=optimizer)
    assert pruner.met
    assert pruner.frozen
    assert (pruner.widths == pruner.space.allocate(budgets)).all()
    assert pruner.history.step.tolist() == [1]
    (line,) = lines
    assert "the model is new, since its norms have learned nothing" in line
    small = pruner.slim()
    x, _ = training.task(8, seed=1)
    torch.testing.assert_close(small.eval()(x), model.eval()(x), rtol=1e-5, atol=1e-5)
    carry_over(optimizer, model, small)
    training.train(small, None, 60, optimizer=optimizer)
    assert len(pruner.history) == 1


def test_weights_are_as_large_as_if_drawn_for_what_is_left(training: Any) -> None:
    torch.manual_seed(0)
    model = training.Residual()
    before = {name: value.clone() for name, value in model.named_parameters()}
    pruner = Pruner(model, INPUT, part(model, macs=0.2), report=lambda line: None)
    pruner.enforce()
    kept = {name: int(mask.sum()) for name, mask in pruner.masks.items()}
    inputs = {"a.0": ("stem.0", 12), "b.0": ("a.0", 16), "fc": ("stem.0", 12)}
    for name, value in model.named_parameters():
        layer, what = name.rsplit(".", 1)
        scale = 1.0
        if what == "weight" and layer in inputs:
            read, full = inputs[layer]
            assert kept[read] < full
            scale = (full / kept[read]) ** 0.5
        torch.testing.assert_close(value, before[name] * scale)
    once = model.fc.weight.clone()
    pruner.step()
    pruner.enforce()
    assert torch.equal(model.fc.weight, once)


@pytest.mark.parametrize(
    "options", [{"trained": True}, {"method": "paper"}, {"schedule": OneShot()}]
)
def test_weights_of_trained_models_stay(options: dict[str, Any], training: Any) -> None:
    torch.manual_seed(0)
    model = training.Residual()
    before = {name: value.clone() for name, value in model.named_parameters()}
    pruner = Pruner(model, INPUT, part(model, macs=0.3), interval=1, **options)
    pruner.step(lambda: model(INPUT).square().mean())
    pruner.enforce()
    for name, value in model.named_parameters():
        assert torch.equal(value, before[name]), name


def test_depthwise_and_grouped_layers_go_by_the_inputs_of_a_channel() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.BatchNorm2d(16), nn.ReLU(),
        nn.Conv2d(16, 16, 3, groups=16), nn.BatchNorm2d(16), nn.ReLU(),
        nn.Conv2d(16, 8, 3, groups=2), nn.BatchNorm2d(8), nn.ReLU(),
        nn.Flatten(), nn.Linear(8 * 4 * 4, 4),
    )  # fmt: skip
    before = {name: value.clone() for name, value in model.named_parameters()}
    pruner = Pruner(model, INPUT, part(model, macs=0.3), report=lambda line: None)
    pruner.enforce()
    kept = [int(mask.sum()) for mask in pruner.masks.values()]
    small = pruner.slim()
    assert torch.equal(model[3].weight, before["3.weight"])
    left = small[6].weight.shape[1]
    assert left < 8
    torch.testing.assert_close(model[6].weight, before["6.weight"] * (8 / left) ** 0.5)
    left = small[10].weight.shape[1]
    torch.testing.assert_close(model[10].weight, before["10.weight"] * (128 / left) ** 0.5)
    assert min(kept) > 0


def test_what_is_said_counts(training: Any) -> None:
    budgets = part(training.Chain(), macs=0.3)
    model = training.Chain()
    told = Pruner(model, INPUT, budgets, interval=2, phase=8, trained=True)
    for _ in range(8):
        assert not told.met
        told.step()
    assert told.met
    learned(model := training.Chain())
    lines: list[str] = []
    cut = Pruner(model, INPUT, budgets, trained=False, report=lines.append)
    assert cut.step()
    assert cut.met
    assert not lines
    with pytest.raises(mg.UsageError, match="trained=False: a new model is cut at once by"):
        Pruner(training.Chain(), INPUT, budgets, trained=False, method="paper")
    with pytest.raises(mg.UsageError, match="trained: bool is needed, not 'no'"):
        Pruner(training.Chain(), INPUT, budgets, trained="no")  # type: ignore[arg-type]


def test_a_run_goes_on_from_a_checkpoint(training: Any) -> None:
    torch.manual_seed(0)
    model = training.Residual()
    budgets = part(model, macs=0.3)
    pruner = Pruner(model, INPUT, budgets, report=lambda line: None)
    training.train(model, pruner, 4)
    saved = io.BytesIO()
    torch.save([model.state_dict(), pruner.state_dict()], saved)
    saved.seek(0)
    weights, state = torch.load(saved, weights_only=True)
    again = training.Residual()
    again.load_state_dict(weights)
    resumed = Pruner(again, INPUT, budgets)
    assert resumed.trained
    resumed.load_state_dict(state)
    assert resumed.met
    assert (resumed.multipliers == pruner.multipliers).all()
    training.train(again, resumed, 2)
    training.train(model, pruner, 2)
    for (name, one), other in zip(model.named_parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(one, other, msg=name)
