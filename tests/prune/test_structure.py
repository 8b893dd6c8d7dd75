"""Which branches go: what is left within the budgets, against all sets of branches."""

import copy
from itertools import combinations
from typing import Any

import numpy as np
import pytest

import mcugraph as mg

torch = pytest.importorskip("torch")

from support.branching_nets import Net, settled  # noqa: E402
from support.loading import network  # noqa: E402

from mcugraph.prune import Pruner, choose_structures, drop, slim, structures  # noqa: E402

X = torch.randn(1, 3, 8, 8)
SUMS = [("add", "plain", None, "module"), ("add", "separable", "single", "nothing")]


def small_net() -> Any:
    torch.manual_seed(0)
    return settled(Net([*SUMS, ("iadd", "plain", None, "in_place")], channels=6))


def space_of(model: Any, inputs: Any = X) -> mg.space.space.Space:
    return mg.widths(mg.from_torch(model, inputs), precision="int8")


def shares(model: Any, inputs: Any = X, **parts: float) -> dict[str, int]:
    space = space_of(model, inputs)
    return {name: int(part * getattr(space, name)(space.full)) for name, part in parts.items()}


def worth(
    model: Any, names: tuple[str, ...], budgets: Any, layers: dict[str, int], price: float
) -> float:
    """What is left of a network without some branches, written down anew."""
    convolutions = [m for m in model.modules() if isinstance(m, torch.nn.Conv2d)]
    depth = 1 + sum(m.groups == 1 for m in convolutions)
    left = depth - sum(layers[name] for name in names)
    space = space_of(drop(model, names, X))
    made = [len({m.layer for m in g.members if m.use == "makes"}) for g in space.groups]
    try:
        w = space.allocate(budgets, made)
    except mg.UsageError:
        return -np.inf
    kept = zip(made, space.full / w, strict=True)
    return sum(s * (1 - ratio) for s, ratio in kept) + price * depth * (1 - depth / left)


@pytest.mark.parametrize(
    ("parts", "price"),
    [
        ({"peak": 0.4, "size": 0.5, "macs": 0.5}, 1.0),
        ({"size": 0.25}, 1.0),
        ({"size": 0.25}, 3.0),
        ({"macs": 0.15}, 2.0),
    ],
)
def test_no_set_of_branches_leaves_more(parts: dict[str, float], price: float) -> None:
    model = small_net()
    budgets = shares(model, **parts)
    found = choose_structures(model, X, budgets, price=price)
    listed = structures(model, X)
    assert [b.name for b in listed] == [
        "sums.0.f.0.0",
        "sums.1.g",
        "sums.1.f.0.0",
        "sums.2.f.0.0",
    ]
    layers = {b.name: len([n for n in b.layers if n != "sums.1.f.0.0"]) for b in listed}
    best = max(
        worth(model, names, budgets, layers, price)
        for count in range(4)
        for names in combinations(sorted(layers), count)
        if not {"sums.1.g", "sums.1.f.0.0"} <= {*names}
    )
    assert found.worth == pytest.approx(best, rel=0.02)
    assert found.worth == pytest.approx(
        worth(model, found.dropped, budgets, layers, price), rel=1e-6
    )
    assert found.worth_of_widths == pytest.approx(
        worth(model, (), budgets, layers, price), rel=1e-6
    )


def test_what_it_promises_is_what_the_model_costs() -> None:
    model, inputs = network("resnet")
    budgets = shares(model, inputs, peak=0.5, size=0.12, macs=0.5)
    found = choose_structures(model, inputs, budgets)
    assert found.dropped
    shallow = drop(model, found.dropped, inputs)
    small = slim(shallow, {name: range(w) for name, w in found.widths.items()}, inputs)
    profile = mg.profile(mg.from_torch(small, inputs), precision="int8")
    costs = {
        "peak": profile.memory.peak,
        "size": profile.flash.weights + profile.flash.biases,
        "macs": profile.macs,
    }
    assert costs == found.costs
    assert all(costs[name] <= limit for name, limit in budgets.items())
    Pruner(shallow, inputs, budgets).remove()


def test_whole_networks_that_fit_stay_whole() -> None:
    found = choose_structures(small_net(), X, shares(small_net(), size=1.0))
    assert (found.dropped, found.worth, found.worth_of_widths) == ((), 0, 0)


def test_the_branch_that_the_loss_can_spare() -> None:
    model = small_net().train()
    with torch.no_grad():
        model.sums[2].f[1][1].weight.zero_()
        model.sums[2].f[1][1].bias.zero_()
    y, before = torch.tensor([0, 1, 2, 1]), copy.deepcopy(model.state_dict())
    x = torch.randn(4, 3, 8, 8)

    def loss() -> Any:
        return torch.nn.functional.cross_entropy(model(x), y)

    found = choose_structures(model, X, shares(model, size=0.9), loss)
    assert found.dropped == ("sums.2.f.0.0",)
    assert found.rises["sums.2.f.0.0"] == pytest.approx(0, abs=1e-6)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert not any("forward" in vars(module) for module in model.modules())
    quiet = copy.deepcopy(model)
    quiet.sums[0].f.register_forward_hook(lambda module, args, out: torch.zeros_like(out))
    with torch.no_grad():
        rise = torch.nn.functional.cross_entropy(quiet(x), y) - loss()
    assert found.rises["sums.0.f.0.0"] == pytest.approx(float(rise), abs=1e-5)


def test_budgets_that_widths_alone_do_not_meet() -> None:
    model = small_net()
    space = space_of(model)
    least = int(space.macs(space.round(np.ones(len(space.full)))))
    found = choose_structures(model, X, {"macs": least - 1})
    assert found.worth_of_widths is None
    assert found.dropped
    assert found.costs["macs"] < least


def test_refusals() -> None:
    model = small_net()
    with pytest.raises(mg.UsageError, match="unknown budget 'ram'"):
        choose_structures(model, X, {"ram": 1})
    with pytest.raises(mg.UsageError, match=r"budget size: .* are needed even with one channel"):
        choose_structures(model, X, {"size": 1})
    with pytest.raises(mg.UsageError, match="price: a number from 0 on"):
        choose_structures(model, X, {"size": 500}, price=-1)
    with pytest.raises(mg.UsageError, match="loss: a function is needed, not Tensor"):
        choose_structures(model, X, {"size": 500}, torch.zeros(()))  # type: ignore[arg-type]
    with pytest.raises(mg.UsageError, match=r"loss\(\) has to give a finite number, not nan"):
        choose_structures(model, X, {"size": 500}, lambda: float("nan"))
    pruner = Pruner(model, X, {"size": 500})
    with pytest.raises(mg.UsageError, match="the model has a pruner already"):
        choose_structures(model, X, {"size": 500})
    pruner.remove()
