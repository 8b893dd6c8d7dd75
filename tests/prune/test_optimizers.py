"""Optimizers that go on with a slimmed model."""

from typing import Any

import pytest

import mcugraph as mg

torch = pytest.importorskip("torch")

from mcugraph.prune import Pruner, branches, carry_over, drop, slim  # noqa: E402

INPUT = torch.zeros(1, 1, 10, 10)


def trained(training: Any, kind: str) -> tuple[Any, Any, Pruner]:
    torch.manual_seed(0)
    model = training.Residual()
    make = {
        "sgd": lambda p: torch.optim.SGD(p, 0.05, momentum=0.9, weight_decay=1e-4),
        "adam": lambda p: torch.optim.AdamW(p, 1e-3),
    }[kind]
    optimizer = make(model.parameters())
    pruner = Pruner(model, INPUT, {"macs": 60_000}, interval=1, phase=20)
    training.train(model, pruner, 40, optimizer=optimizer)
    pruner.freeze()
    return model, optimizer, pruner


@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_the_slimmed_model_trains_on_as_the_masked_one_would(training: Any, kind: str) -> None:
    """But for decay of what is masked, which the small one does not have."""
    model, optimizer, pruner = trained(training, kind)
    masks = pruner.masks
    training.train(model, pruner, 5, seed=7, optimizer=optimizer)
    expected = slim(model_of(pruner), masks, INPUT)

    model, optimizer, pruner = trained(training, kind)
    small = pruner.slim()
    carry_over(optimizer, model, small)
    training.train(small, None, 5, seed=7, optimizer=optimizer)
    for (name, a), b in zip(small.named_parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5, msg=name)


def model_of(pruner: Pruner) -> Any:
    pruner.remove()
    return pruner.model


def test_a_model_that_is_slimmed_twice_keeps_its_momentum(training: Any) -> None:
    model, optimizer, pruner = trained(training, "sgd")
    once = pruner.slim()
    carry_over(optimizer, model, once)
    twice = slim(once, {"a.0": [1, 2]}, INPUT)
    before = optimizer.state[once.a[0].weight]["momentum_buffer"].clone()
    carry_over(optimizer, once, twice)
    after = optimizer.state[twice.a[0].weight]["momentum_buffer"]
    assert torch.equal(after, before[[1, 2]])
    assert optimizer.param_groups[0]["params"] == list(twice.parameters())


def test_another_model_is_refused(training: Any) -> None:
    model, optimizer, pruner = trained(training, "sgd")
    with pytest.raises(mg.UsageError, match="not what the first one was slimmed to"):
        carry_over(optimizer, model, training.Residual())
    with pytest.raises(mg.UsageError, match="not the model's"):
        carry_over(torch.optim.SGD([torch.nn.Parameter(INPUT)]), model, pruner.slim())


def test_parameters_of_a_branch_that_was_dropped_go(training: Any) -> None:
    model, optimizer, _ = trained(training, "sgd")
    (branch,) = branches(model, INPUT)
    small = drop(model, [branch.name], INPUT)
    carry_over(optimizer, model, small)
    held = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    assert [id(p) for p in held] == [id(p) for p in small.parameters()]
    assert len(held) < len(list(model.parameters()))
    assert set(optimizer.state) == set(held)
    training.train(small, None, 2, optimizer=optimizer)


@pytest.mark.parametrize("layout", ["contiguous_format", "channels_last"])
def test_a_fused_step_is_that_of_a_plain_one(training: Any, layout: str) -> None:
    """A fused step goes through memory, so what is remembered has to lie as the parameter does."""
    ends = []
    for fused in (False, True):
        torch.manual_seed(0)
        model = training.Residual()
        optimizer = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9, fused=fused)
        x, y = torch.randn(8, 1, 10, 10), torch.randint(4, (8,))

        def step(current: Any, optimizer: Any = optimizer, x: Any = x, y: Any = y) -> None:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(current(x), y).backward()
            optimizer.step()

        step(model)
        small = slim(model, {"a.0": [1, 2]}, INPUT).to(memory_format=getattr(torch, layout))
        carry_over(optimizer, model, small)
        step(small)
        ends.append([p.detach().clone() for p in small.parameters()])
    for plain, fused_end in zip(*ends, strict=True):
        torch.testing.assert_close(plain, fused_end, rtol=1e-5, atol=1e-6)
