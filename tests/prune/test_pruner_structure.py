"""A pruner that takes out structures before it makes layers narrow."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

import mcugraph as mg

torch = pytest.importorskip("torch")

from support.branching_nets import Net, settled  # noqa: E402
from support.joining_nets import Heads, Joins  # noqa: E402

from mcugraph.prune import Pruner, choose_structures  # noqa: E402

IMAGE = torch.randn(1, 3, 8, 8)


def joins() -> Any:
    torch.manual_seed(0)
    return settled(Joins([("star", (2, 3, 4))]))


def sums() -> Any:
    torch.manual_seed(0)
    return settled(Net([("add", "plain", None, "module"), ("add", "separable", None, "nothing")]))


def heads() -> Any:
    torch.manual_seed(0)
    model = Heads("torch_shares", heads=6, width=12)
    model.norm = torch.nn.Identity()  # a norm tells a masked channel from one that is gone
    return model.eval()


def budgets_of(model: Any, x: Any, share: float) -> dict[str, int]:
    space = mg.widths(mg.from_torch(model, x), precision="int8")
    return {name: int(share * getattr(space, name)(space.full)) for name in ("size", "macs")}


@pytest.mark.parametrize(
    ("make", "x", "share"),
    [(joins, IMAGE, 0.35), (sums, IMAGE, 0.15), (heads, torch.randn(1, 5, 5), 0.4)],
    ids=["parts", "branches", "heads"],
)
def test_what_it_leaves_is_what_it_masks(make: Callable[[], Any], x: Any, share: float) -> None:
    model = make()
    batch = torch.randn(3, *x.shape[1:])
    with torch.no_grad():
        whole = model(batch)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    budgets = budgets_of(model, x, share)
    pruner = Pruner(model, x, budgets, structure="layers", interval=1, phase=3)
    assert pruner.dropped
    assert pruner.choice is not None
    assert pruner.dropped == pruner.choice.dropped == pruner.history.dropped
    assert f"without {', '.join(pruner.dropped)}, " in repr(pruner)
    for _ in range(3):
        pruner.step()
    assert pruner.met
    twin, small = copy.deepcopy(model), pruner.slim()
    with torch.no_grad():
        masked = model(batch)
        torch.testing.assert_close(twin(batch), masked)
        torch.testing.assert_close(small(batch), masked)
        assert not torch.allclose(masked, whole)
    profile = mg.profile(mg.from_torch(small, x), precision="int8")
    costs = {"size": profile.flash.weights + profile.flash.biases, "macs": profile.macs}
    assert costs == {name: pruner.resources[name] for name in costs}
    assert small.mcugraph_dropped == pruner.dropped

    other = make()
    resumed = Pruner(other, x, budgets, interval=1, phase=3)
    resumed.load_state_dict(pruner.state_dict())
    assert resumed.dropped == pruner.dropped
    with torch.no_grad():
        torch.testing.assert_close(other(batch), masked)
    pruner.remove()
    with torch.no_grad():
        torch.testing.assert_close(model(batch), whole)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_it_trains_in_the_mode_of_the_model() -> None:
    model = sums()
    pruner = Pruner(model, IMAGE, budgets_of(model, IMAGE, 0.15), structure="layers", phase=20)
    gone = model.get_submodule(pruner.dropped[0])
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    x, y = torch.randn(8, 3, 8, 8), torch.randint(0, 3, (8,))
    means = model.stem[1].running_mean.clone()
    model.train()
    for _ in range(2):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    assert gone.weight.grad is None
    assert model.fc.weight.grad.abs().sum() > 0
    assert not torch.equal(model.stem[1].running_mean, means)
    pruner.enforce()
    small = pruner.slim()
    assert all(module.training for module in small.modules())


def test_what_the_loss_can_spare_goes() -> None:
    model = heads()
    model.silent({0, 2, 3, 5})
    model.attn.out_proj.weight.data *= 20
    x, y = torch.randn(6, 5, 5), torch.tensor([0, 1, 2, 3, 0, 1])
    budgets = {"size": int(0.9 * budgets_of(model, x[:1], 1.0)["size"])}

    def loss() -> Any:
        return torch.nn.functional.cross_entropy(model(x), y)

    rises = choose_structures(model, x[:1], budgets, loss).rises
    silent = {f"attn.in_proj[{number}]" for number in (0, 2, 3, 5)}
    assert {name for name, rise in rises.items() if abs(rise) < 1e-6} == silent
    pruner = Pruner(model, x[:1], budgets, structure=loss)
    assert pruner.choice is not None
    assert pruner.choice.rises == rises
    assert pruner.dropped
    assert {*pruner.dropped} <= silent | {"attn.in_proj"}
    pruner.remove()


def test_refusals() -> None:
    model = joins()
    for given in ("loss", 3):
        with pytest.raises(mg.UsageError, match="structure: 'layers' or a function"):
            Pruner(model, IMAGE, {"size": 500}, structure=given)  # type: ignore[arg-type]
    with pytest.raises(mg.UsageError, match="structure and utility"):
        Pruner(model, IMAGE, {"size": 500}, structure="layers", utility=[1, 1])
    pruner = Pruner(model, IMAGE, {"size": 500})
    state = pruner.state_dict()
    del state["dropped"]
    pruner.load_state_dict(state)  # as it was saved before there were structures
    assert pruner.dropped == ()
    pruner.remove()
