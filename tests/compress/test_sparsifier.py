"""Masks on weights while a model trains."""

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcugraph.errors import UsageError

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.ao.pruning import WeightNormSparsifier  # noqa: E402
from torch.nn.utils import prune  # noqa: E402

from mcugraph.compress import AGP, Blocks, NofM, OneShot, ScoredWeight, Sparsifier  # noqa: E402
from mcugraph.compress.element_patterns import spread_blocks, sums_of_blocks  # noqa: E402
from mcugraph.compress.weight_rows import rows_of  # noqa: E402
from mcugraph.prune import Gradual  # noqa: E402

INPUT = torch.zeros(1, 1, 10, 10)


def network(seed: int = 0) -> Any:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, 6, 3),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.Conv2d(6, 8, 3, bias=False),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(8 * 3 * 3, 5),
    )


def train(model: Any, sparsifier: Any, steps: int, seed: int = 0) -> list[float]:
    """The sparsity after each step."""
    optimizer = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9, weight_decay=1e-3)
    generator, seen = torch.Generator().manual_seed(seed), []
    for _ in range(steps):
        x = torch.randn(8, 1, 10, 10, generator=generator)
        y = torch.randint(0, 5, (8,), generator=generator)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        sparsifier.step()
        for name, mask in sparsifier.masks.items():
            assert not model.get_parameter(name)[~mask].any()
        seen.append(sparsifier.sparsity)
    return seen


def test_agp_is_equation_1_from_the_sparsity_that_is_there() -> None:
    model = network()
    sparsifier = Sparsifier(model, 0.2, modules=["6"])
    sparsifier.finish()
    weight = model[6].weight
    sparsifier = Sparsifier(model, 0.9, modules=["6"], schedule=AGP(begin=2, end=10, every=2))
    seen = train(model, sparsifier, 12)
    for step, found in enumerate(seen, 1):
        passed = min(max(step - 2, 0), 8) // 2 * 2
        wanted = 0.9 + (0.2 - 0.9) * (1 - passed / 8) ** 3
        assert found == pytest.approx(wanted, abs=1 / weight.numel())
    assert sparsifier.done
    assert (weight == 0).sum() == round(0.9 * weight.numel())


@settings(max_examples=25)
@given(
    heuristic=st.sampled_from(["level", "gradient", "taylor", "random"]),
    scope=st.sampled_from(["layer", "global"]),
    sparsity=st.sampled_from([0.0, 0.37, 0.9, 0.99]),
    schedule=st.sampled_from([OneShot(at=2), AGP(1, 6, 2), Gradual(steps=4)]),
    pattern=st.sampled_from([None, Blocks(1, 4), Blocks(2, 3)]),
    seed=st.integers(0, 3),
)
def test_what_is_masked_stays_masked_and_is_as_much_as_was_asked_for(
    heuristic: str, scope: str, sparsity: float, schedule: Any, pattern: Any, seed: int
) -> None:
    model = network(seed)
    sparsifier = Sparsifier(
        model,
        sparsity,
        heuristic=heuristic,
        scope=scope,
        schedule=schedule,
        pattern=pattern,
        example_inputs=INPUT,
        seed=seed,
    )
    before = sparsifier.masks
    for _ in range(8):
        train(model, sparsifier, 1)
        after = sparsifier.masks
        assert all(not (after[name] & ~before[name]).any() for name in after)
        before = after
    rows = rows_of(model, None, INPUT if pattern else None)
    matrices = {name: rows[name].matrix(mask) for name, mask in before.items()}
    unit = pattern or Blocks(1, 1)
    blocks = {name: sums_of_blocks(matrix.float(), unit) > 0 for name, matrix in matrices.items()}
    for name, kept in blocks.items():
        assert torch.equal(spread_blocks(kept, unit, matrices[name].shape), matrices[name])
        assert kept.any()
        if scope == "layer":
            gone = kept.numel() - int(kept.sum())
            assert abs(gone - sparsity * kept.numel()) <= 1
    gone = sum(kept.numel() - int(kept.sum()) for kept in blocks.values())
    assert abs(gone - sparsity * sum(kept.numel() for kept in blocks.values())) <= len(blocks)


@pytest.mark.parametrize("scope", ["layer", "global"])
def test_level_keeps_the_largest(scope: str) -> None:
    model = network()
    whole = copy.deepcopy(model)
    sparsifier = Sparsifier(model, 0.6, scope=scope)
    masks = sparsifier.masks
    together = [list(masks)] if scope == "global" else [[name] for name in masks]
    for names in together:
        kept = torch.cat([whole.get_parameter(n)[masks[n]].abs() for n in names])
        gone = torch.cat([whole.get_parameter(n)[~masks[n]].abs() for n in names])
        assert kept.min() >= gone.max()


def test_gradients_are_the_mean_size_since_the_last_update() -> None:
    model, given = network(), list[ScoredWeight]()

    def heuristic(layer: ScoredWeight) -> Any:
        given.append(layer)
        return layer.gradient

    from mcugraph.compress import ElementHeuristic

    rule = ElementHeuristic(heuristic, gradient=True)
    sparsifier = Sparsifier(model, 0.5, heuristic=rule, schedule=OneShot(at=3), modules=["6"])
    seen = []
    for i in range(3):
        model.zero_grad()
        model(torch.randn(4, 1, 10, 10)).square().sum().backward()
        seen.append(model[6].weight.grad.abs().clone())
        assert sparsifier.step() == (i == 2)
    (layer,) = given
    torch.testing.assert_close(layer.gradient, torch.stack(seen).mean(0))
    assert layer.name == "6.weight"


@settings(max_examples=8)
@given(n=st.integers(1, 3), more=st.integers(1, 5), seed=st.integers(0, 5))
def test_n_of_m_holds_as_a_device_reads_the_weights(n: int, more: int, seed: int) -> None:
    """Channels last, and behind a flatten in the order of the flattened image of a device."""
    model = network(seed)
    pattern = NofM(n, n + more)
    sparsifier = Sparsifier(
        model, pattern=pattern, example_inputs=INPUT, schedule=AGP(0, 5, 1), seed=seed
    )
    train(model, sparsifier, 6)
    conv = model[3].weight.detach().permute(0, 2, 3, 1).reshape(8, -1).numpy()
    dense = model[6].weight.detach().reshape(5, 8, 3, 3).permute(0, 2, 3, 1).reshape(5, -1).numpy()
    for matrix in (conv, dense):
        assert pattern.refusal(matrix) is None
        groups = matrix[:, : matrix.shape[1] // pattern.m * pattern.m].reshape(-1, pattern.m)
        assert (np.count_nonzero(groups, axis=1) == n).all()


@pytest.mark.parametrize("heuristic", ["level", "gradient", "random"])
def test_a_training_goes_on_from_its_state(heuristic: str) -> None:
    def begun() -> tuple[Any, Any]:
        model = network()
        options = {"heuristic": heuristic, "schedule": AGP(0, 8, 2), "seed": 4}
        return model, Sparsifier(model, 0.8, **options)

    model, sparsifier = begun()
    train(model, sparsifier, 3)
    saved = copy.deepcopy((model.state_dict(), sparsifier.state_dict()))
    train(model, sparsifier, 6, seed=1)
    other, again = begun()
    other.load_state_dict(saved[0])
    again.load_state_dict(saved[1])
    train(other, again, 6, seed=1)
    for name, mask in sparsifier.masks.items():
        assert torch.equal(mask, again.masks[name])
    for one, two in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, two)


def test_layers_are_named_as_one_likes() -> None:
    by_name = Sparsifier(network(), {"6": 0.9, "3.weight": 0.5})
    of_torchao = Sparsifier(
        network(),
        [
            {"tensor_fqn": "6.weight", "sparsity_level": 0.9},
            {"tensor_fqn": "3.weight", "sparsity_level": 0.5},
        ],
    )
    assert by_name.sparsities == {"6.weight": 0.9, "3.weight": 0.5}
    assert of_torchao.sparsities == by_name.sparsities
    lstm = nn.LSTM(4, 6)
    assert Sparsifier(lstm, {"weight_ih_l0": 0.5}).sparsities == {"weight_ih_l0": 0.5}


def test_of_several_names_the_nearest_counts() -> None:
    wanted = {"0.weight": 0.5, "3.weight": 0.5, "6.weight": 0.75}
    for names in ({"": 0.5, "6": 0.75}, {"6": 0.75, "": 0.5}):
        assert Sparsifier(network(), names).sparsities == wanted
    some = Sparsifier(network(), {"6": 0.75}, modules=["3", "6"])
    assert some.sparsities == {"3.weight": 0.0, "6.weight": 0.75}


def test_finish_takes_what_the_schedule_has_left() -> None:
    sparsifier = Sparsifier(network(), 0.75, schedule=AGP(0, 1000, 10))
    model = sparsifier.finish()
    zeros = [int((model[i].weight == 0).sum()) for i in (0, 3, 6)]
    assert zeros == [round(0.75 * model[i].weight.numel()) for i in (0, 3, 6)]
    assert repr(sparsifier) == "Sparsifier(74.94% of 3 weights masked; done)"


def test_layers_of_attention_keep_patterns() -> None:
    """Whose projections are weights of no layer."""
    model = nn.Sequential(nn.Linear(6, 8), nn.TransformerEncoderLayer(8, 2, 12, batch_first=True))
    options = {"pattern": NofM(2, 4), "example_inputs": torch.zeros(1, 5, 6)}
    sparsifier = Sparsifier(model.eval(), **options)
    sparsifier.step()
    assert len(sparsifier.masks) == 4
    for name, mask in sparsifier.masks.items():
        full = nn.functional.pad(mask, (0, -mask.shape[1] % 4))
        assert (full.reshape(len(mask), -1, 4).sum(2) == 2).all(), name


def by_nothing(model: Any) -> Any:
    return model


def by_torch(model: Any) -> Any:
    prune.l1_unstructured(model[3], "weight", amount=0.3)
    prune.random_unstructured(model[6], "bias", amount=0.3)
    return model


def by_torchao(model: Any) -> Any:
    sparsifier = WeightNormSparsifier(sparsity_level=0.6)
    sparsifier.prepare(model, config=[{"tensor_fqn": "6.weight"}])
    sparsifier.step()
    return model


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sparsity": 1.0}, "sparsity: a fraction from 0 to below 1 is needed, not 1.0"),
        ({}, "needs a sparsity, a pattern such as"),
        ({"sparsity": {}}, "no layer is named"),
        ({"sparsity": {"6": 0.5}, "modules": ["3"]}, "sparsity of '6': modules= leaves it out"),
        ({"sparsity": 0.5, "modules": 3}, "modules: names of layers are needed, not int"),
        ({"sparsity": 0.5, "modules": []}, "no layer is named"),
        ({"budgets": 5000}, "{'flash': bytes} is needed, not 5000"),
        ({"sparsity": {"9": 0.5}}, "there is no layer '9' with weights; there are 0, 3, 6"),
        ({"sparsity": {"6": 2}}, "sparsity of '6': a fraction"),
        ({"sparsity": [{"fqn": "6"}]}, "tensor_fqn"),
        ({"sparsity": {"6": 0.5}, "scope": "global"}, "takes one sparsity"),
        ({"sparsity": 0.5, "scope": "all"}, "unknown scope 'all'"),
        ({"sparsity": 0.5, "heuristic": "l1"}, "unknown heuristic 'l1'"),
        ({"sparsity": 0.5, "schedule": 3}, r"schedule: OneShot\(...\) or AGP"),
        ({"sparsity": 0.5, "schedule": AGP}, r"schedule: OneShot\(...\) or AGP"),
        ({"pattern": NofM(2, 4), "example_inputs": "x"}, "example_inputs are inputs, not"),
        ({"sparsity": 0.5, "schedule": Gradual(0.5)}, "goes to the sparsifier"),
        ({"sparsity": 0.5, "pattern": "2:4"}, "pattern: NofM"),
        ({"pattern": NofM(2, 4)}, "a pattern needs example_inputs"),
        (
            {"sparsity": 0.9, "pattern": NofM(2, 4), "example_inputs": INPUT},
            "2:4 masks 50%: leave sparsity out",
        ),
        ({"sparsity": 0.5, "seed": -1}, "seed: a whole number"),
        ({"sparsity": 0.5, "heuristic": lambda layer: 1.0}, "no tensor of the shape of 0.weight"),
        (
            {"sparsity": 0.5, "heuristic": lambda layer: layer.weight * float("nan")},
            "are not finite",
        ),
        ({"budgets": {"flash": 9}}, "flash: 9 B are too few: these weights take"),
        ({"budgets": {"flash": 9000}, "sparsity": 0.5}, "budgets take the place of sparsity"),
        (
            {"budgets": {"flash": 9000}, "pattern": NofM(2, 4), "example_inputs": INPUT},
            "2:4 says how much of a layer stays: leave budgets out, and layers that are to stay",
        ),
    ],
)
@pytest.mark.parametrize("masks", [by_nothing, by_torch, by_torchao])
def test_what_cannot_be_is_refused_in_a_line_and_changes_nothing(
    masks: Any, options: dict[str, Any], said: str
) -> None:
    model = masks(network())
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(UsageError, match=said) as caught:
        Sparsifier(model, **options)
    assert "\n" not in str(caught.value)
    after = model.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(value, before[name]) for name, value in after.items())


def test_wrong_steps_and_states_are_refused() -> None:
    with pytest.raises(UsageError, match="AGP: it ends at step 5, and begins at 5"):
        AGP(5, 5)
    sparsifier = Sparsifier(network(), 0.5, heuristic="gradient")
    with pytest.raises(UsageError, match=r"0.weight has no gradient: call step\(\) after"):
        sparsifier.step()
    with pytest.raises(UsageError, match="goes by gradients"):
        sparsifier.finish()
    with pytest.raises(UsageError, match="not that of a sparsifier"):
        sparsifier.load_state_dict({})
    with pytest.raises(UsageError, match="not that of a sparsifier"):
        sparsifier.load_state_dict(None)  # type: ignore[arg-type]
    assert sparsifier.steps == 0
    other = Sparsifier(nn.Linear(3, 3), 0.5)
    strange = {"gradients": {"7.weight": torch.zeros(3)}}
    for state in (other.state_dict(), {**sparsifier.state_dict(), **strange}):
        with pytest.raises(UsageError, match="of other weights"):
            sparsifier.load_state_dict(state)
    with pytest.raises(UsageError, match="no parameter weight"):
        other.attach(nn.Linear(4, 3))
    with pytest.raises(UsageError, match="no convolution and no dense layer"):
        Sparsifier(nn.Sequential(nn.ReLU()), 0.5)
