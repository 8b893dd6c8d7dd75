"""The pruner by its default method: widths that make the most of the budgets, within a phase."""

import io
from typing import Any

import numpy as np
import pytest

import mcugraph as mg

torch = pytest.importorskip("torch")

from mcugraph.prune import OneShot, Pruner  # noqa: E402

INPUT = torch.zeros(1, 1, 10, 10)
FAST = {"trained": True, "interval": 2, "phase": 20}


def part(model: Any, **fractions: float) -> dict[str, int]:
    space = mg.widths(mg.from_torch(model, INPUT), precision="int8")
    return {n: int(getattr(space, n)(space.full) * part) for n, part in fractions.items()}


@pytest.mark.parametrize("network", ["Chain", "Residual", "Branching"])
@pytest.mark.parametrize("sram", ["peak", "arena", "overlap_arena"])
def test_the_budgets_are_met_when_the_phase_ends(network: str, sram: str, training: Any) -> None:
    torch.manual_seed(0)
    model = getattr(training, network)()
    budgets = part(model, **{sram: 0.7, "size": 0.4, "macs": 0.4})
    pruner = Pruner(model, INPUT, budgets, **FAST)
    assert not pruner.met
    training.train(model, pruner, 20)
    assert pruner.met
    assert pruner.frozen
    assert pruner.settled()
    assert (pruner.widths == pruner.space.allocate(budgets)).all()
    assert pruner.use == {n: pruner.resources[n] / most for n, most in budgets.items()}
    assert 0.9 < max(pruner.use.values()) <= 1
    small = pruner.slim()
    x, _ = training.task(8, seed=1)
    torch.testing.assert_close(small.eval()(x), model.eval()(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("phase", "interval", "steps"), [(11, 3, 9), (2, 3, 3), (5, 1, 5)])
def test_the_last_update_within_the_phase_meets_the_budgets(
    phase: int, interval: int, steps: int, training: Any
) -> None:
    model = training.Chain()
    options = {"interval": interval, "phase": phase, "trained": True}
    pruner = Pruner(model, INPUT, part(model, macs=0.2), **options)
    for step in range(1, steps + 1):
        pruner.step()
        assert pruner.met == (step == steps)


def test_widths_fall_evenly_in_their_logarithms(training: Any) -> None:
    model = training.Chain()
    pruner = Pruner(model, INPUT, part(model, macs=0.2), **FAST)
    training.train(model, pruner, 20)
    full, target = pruner.space.full, pruner.widths
    for step, widths in zip(pruner.history.step, pruner.history.widths, strict=True):
        ideal = full * (target / full) ** (step / 20)
        assert (np.abs(widths - ideal) <= 0.5 + 1e-9).all()
    assert (np.diff(pruner.history.widths, axis=0) <= 0).all()


def test_what_is_masked_stays_so(training: Any) -> None:
    model = training.Chain()
    pruner = Pruner(model, INPUT, part(model, macs=0.3), interval=1, phase=6, trained=True)
    gone = {name: np.zeros(len(mask), bool) for name, mask in pruner.masks.items()}
    for _ in range(6):
        pruner.step()
        for name, mask in pruner.masks.items():
            assert not (mask & gone[name]).any()
            gone[name] |= ~mask
        with torch.no_grad():
            for unit, name in ((model.a, "a.0"), (model.b, "b.0"), (model.c, "c.0")):
                unit[1].weight[torch.from_numpy(gone[name])] = 100
    assert pruner.met


def test_no_loss_is_asked_for(training: Any) -> None:
    model = training.Residual()
    pruner = Pruner(model, INPUT, part(model, macs=0.5), interval=1, phase=3, trained=True)
    for _ in range(3):
        assert pruner.step()
    assert not pruner.step()  # frozen
    assert np.isnan(pruner.history.task_loss).all()


def test_masks_can_stay_free(training: Any) -> None:
    model = training.Chain()
    pruner = Pruner(model, INPUT, part(model, macs=0.5), freeze_when_met=False, **FAST)
    training.train(model, pruner, 24)
    assert pruner.met
    assert not pruner.frozen
    assert len(pruner.history) == 12


def test_what_is_worth_more_stays_wider(training: Any) -> None:
    budgets = part(training.Chain(), macs=0.3)
    found = []
    for utility in (None, [1, 1, 8]):
        pruner = Pruner(training.Chain(), INPUT, budgets, utility=utility, phase=1, interval=1)
        pruner.step()
        found.append(pruner.widths[2])
    assert found[1] > found[0]


def test_enforce_takes_only_what_exceeded_budgets_need(training: Any) -> None:
    """Of a chain whose peak is in its second layer, the others stay as they are."""
    model = training.Chain()
    pruner = Pruner(model, INPUT, {**part(model, peak=0.7), "macs": 10**9})
    pruner.enforce()
    assert pruner.met
    assert pruner.frozen
    kept = dict(zip([g.name for g in pruner.space.groups], pruner.widths.tolist(), strict=True))
    assert kept["a.0"] == 12
    assert kept["b.0"] < 16
    assert kept["c.0"] == 24
    before = pruner.widths.copy()
    pruner.enforce()
    assert (pruner.widths == before).all()
    for group in range(3):
        wider = np.minimum(pruner.widths + np.eye(3, dtype=int)[group], pruner.space.full)
        assert (wider == pruner.widths).all() or pruner.budgets.unmet(wider)


def test_enforced_at_once_are_the_widths_of_the_phase(training: Any) -> None:
    budgets = part(training.Residual(), peak=0.6, macs=0.4)
    options = {"utility": [1, 5], "concavity": 0.5}
    walked = Pruner(training.Residual(), INPUT, budgets, interval=1, phase=1, **options)
    walked.step()
    at_once = Pruner(training.Residual(), INPUT, budgets, **options)
    at_once.enforce()
    assert (walked.widths == at_once.widths).all()


def test_a_state_restored_in_mid_phase_gives_the_same_run(training: Any) -> None:
    def start() -> tuple[Any, Pruner, Any]:
        torch.manual_seed(0)
        model = training.Residual()
        pruner = Pruner(model, INPUT, part(model, peak=0.6, macs=0.5), **FAST)
        return model, pruner, torch.optim.SGD(model.parameters(), 0.05, momentum=0.9)

    model, pruner, optimizer = start()
    training.train(model, pruner, 10, seed=1, optimizer=optimizer)
    saved = io.BytesIO()
    torch.save([p.state_dict() for p in (model, optimizer, pruner)], saved)
    training.train(model, pruner, 14, seed=2, optimizer=optimizer)
    again, other, resumed = start()
    saved.seek(0)
    for p, state in zip((again, resumed, other), torch.load(saved, weights_only=True), strict=True):
        p.load_state_dict(state)
    training.train(again, other, 14, seed=2, optimizer=resumed)
    assert other.frozen
    for name, column in pruner.history.arrays().items():
        np.testing.assert_array_equal(column, other.history.arrays()[name], err_msg=name)
    for name, mask in pruner.masks.items():
        assert (mask == other.masks[name]).all()


@pytest.mark.parametrize(
    ("options", "other"),
    [({}, {"method": "paper"}), ({"method": "paper"}, {"schedule": OneShot()})],
)
def test_a_state_is_of_its_method(options: Any, other: Any, training: Any) -> None:
    budgets = {"macs": 50_000}
    state = Pruner(training.Chain(), INPUT, budgets, **options).state_dict()
    Pruner(training.Chain(), INPUT, budgets, **options).load_state_dict(state)
    with pytest.raises(mg.UsageError, match="the state is of a pruner that goes by"):
        Pruner(training.Chain(), INPUT, budgets, **other).load_state_dict(state)


def test_an_option_of_the_paper_alone_means_its_method(training: Any) -> None:
    with pytest.warns(DeprecationWarning, match="alpha is an option of method='paper'"):
        pruner = Pruner(training.Chain(), INPUT, {"macs": 50_000}, alpha=0.5)
    assert pruner.method == "paper"
    with pytest.raises(TypeError, match="unexpected keyword argument 'rate'"):
        Pruner(training.Chain(), INPUT, {"macs": 50_000}, rate=0.5)  # type: ignore[call-arg]
    with pytest.warns(DeprecationWarning, match="need not wait for calm masks"):
        assert not pruner.settled(tolerance=0.01, updates=5)


def test_what_stands_where_is_said(training: Any) -> None:
    model = training.Chain()
    budgets = part(model, macs=0.5)
    pruner = Pruner(model, INPUT, budgets, **FAST)
    assert "method='allocation'" in repr(pruner)
    assert f"of {budgets['macs']:,} (200.0%); budgets not met)" in repr(pruner)
    training.train(model, pruner, 20)
    share = f"({pruner.use['macs']:.1%})"
    assert share in repr(pruner)
    assert share in pruner.progress()
    assert repr(pruner).endswith("budgets met, frozen)")
    assert f"of {budgets['macs']:,} (" in pruner._repr_html_()


def test_only_what_is_masked_is_multiplied(training: Any) -> None:
    """A parameter of which everything stays is used as it is, which takes no time."""
    model = training.Chain()
    pruner = Pruner(model, INPUT, part(model, macs=0.2), **FAST)
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    held = {id(value) for value in model.parameters()}
    own: list[bool] = []
    for norm in norms:
        norm.register_forward_pre_hook(lambda m, _: own.append(id(m.weight) in held))
    model(training.task(4)[0])
    assert norms
    assert all(own)
    pruner.enforce()
    own.clear()
    model(training.task(4)[0])
    assert not any(own)
