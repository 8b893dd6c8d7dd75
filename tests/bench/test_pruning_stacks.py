"""Networks that are trained side by side learn what each learns alone, with and without masks."""

import copy
import math
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
import torch.nn.functional as F  # noqa: N812
from pruning_parts.data import Data
from pruning_parts.networks import NETWORKS
from pruning_parts.stacked_ways import factors_of
from pruning_parts.stacks import Stack
from pruning_parts.tables import is_met
from pruning_parts.training import Plan
from pruning_stacked import Work, perform

import mcugraph as mg
from mcugraph.prune.masks import Masks
from mcugraph.prune.numbered_classes import Classes

PLAN = Plan(steps=4, batch=8)
SOME = (
    *("at once", "at once, absolute", "uniform, longer", "without, 1", "L1 one-shot"),
    *("Torch-Pruning", "both", "in a tenth", "warm, default", "warm, L1 one-shot"),
)


def _data() -> Data:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(100, 1, 14, 14, generator=generator, dtype=torch.float64)
    labels = torch.randint(10, (100,), generator=generator)
    part = inputs, labels
    return Data(part, part, part, 10)


@pytest.mark.parametrize("name", ["mobilenet", "resnet", "branching"])
def test_each_learns_as_if_it_were_alone(name: str) -> None:
    data = _data()
    torch.manual_seed(1)
    networks = [NETWORKS[name](1, 10).double() for _ in range(3)]
    alone = copy.deepcopy(networks[1]).train()
    stack = Stack(networks, data, PLAN, [3, 4, 5])
    stack.finish()
    optimizer = torch.optim.SGD(
        alone.parameters(), momentum=0.9, weight_decay=PLAN.decay, nesterov=True
    )
    for step in range(PLAN.steps):
        optimizer.param_groups[0]["lr"] = PLAN.rate_at(step)
        chosen = stack.batches[step, 1]
        optimizer.zero_grad()
        F.cross_entropy(alone(data.train[0][chosen]), data.train[1][chosen]).backward()
        optimizer.step()
    learned = stack.unstacked()[1].state_dict()
    for key, value in alone.state_dict().items():
        if value.is_floating_point():
            assert learned[key].numpy() == pytest.approx(value.numpy(), abs=1e-8)
    found = alone.eval()(data.test[0]).argmax(1) == data.test[1]
    assert stack.accuracies()[1] == pytest.approx(float(found.float().mean()), abs=1e-6)


def test_masks_are_those_of_the_pruner() -> None:
    data = _data()
    torch.manual_seed(1)
    networks = [NETWORKS["mobilenet"](1, 10).double() for _ in range(2)]
    space = mg.widths(mg.from_torch(networks[0], data.example))
    random, masks = np.random.default_rng(0), [Masks(n, Classes(space)) for n in networks]
    stack = Stack(networks, data, PLAN, [0, 1])
    before = stack.whole.eval()(data.test[0].transpose(0, 1)[None].expand(2, -1, -1, -1, -1))
    for each in masks:
        each.set(random.random(each.count) < 0.6)
    stack.mask([factors_of(each) for each in masks])
    found = stack.whole(data.test[0].transpose(0, 1)[None].expand(2, -1, -1, -1, -1))
    for i, each in enumerate(masks):
        each.attach()
        wanted = networks[i].eval()(data.test[0])
        assert found[i].T.detach().numpy() == pytest.approx(wanted.detach().numpy(), abs=1e-8)
    assert not torch.allclose(found, before)


@pytest.mark.parametrize("method", SOME)
def test_ways_side_by_side_meet_their_budgets(method: str, tmp_path: Path) -> None:
    if "Torch-Pruning" in method:
        pytest.importorskip("torch_pruning")
    random = np.random.default_rng(0)
    arrays = {
        f"x_{part}": random.integers(0, 256, (count, 28, 28), np.uint8)
        for part, count in (("train", 120), ("test", 20))
    }
    labels = {f"y_{part}": np.arange(len(arrays[f"x_{part}"])) % 10 for part in ("train", "test")}
    np.savez(tmp_path / "data.npz", **arrays, **labels)

    def rows(method: str, triple: str) -> list[dict]:
        path = str(tmp_path / "data.npz")
        end = math.inf
        work = Work(
            "fashion", "mobilenet", method, triple, (0, 1), 10, 8, path, tmp_path, True, end
        )
        return perform(work)

    if method.startswith("warm"):
        rows("unpruned", "")
    found = rows(method, "flash")
    assert [row["seed"] for row in found] == [0, 1]
    assert all(map(is_met, found))
    assert {row["method"] for row in found} == {method}
