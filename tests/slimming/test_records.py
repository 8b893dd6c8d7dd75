"""What a slimmed model is besides its function: a module like any other, with records."""

import copy
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mcugraph as mg
from mcugraph.slimming.slimmer import slim

torch = pytest.importorskip("torch")
nn = torch.nn


def same(first: Any, second: Any, inputs: Any) -> bool:
    with torch.no_grad():
        return bool((first(*inputs) == second(*inputs)).all())


@pytest.mark.parametrize("name", ["grouped", "literal", "resnet18"])
def test_a_slimmed_model_can_be_copied_saved_and_loaded(
    name: str, case: Callable[[str], Any]
) -> None:
    entry = case(name)
    small = slim(entry.model, entry.random_keep(7), entry.inputs, space=entry.space)
    copied = copy.deepcopy(small)
    assert same(small, copied, entry.inputs)
    assert copied.mcugraph_kept == small.mcugraph_kept
    data = io.BytesIO()
    torch.save(small, data)
    data.seek(0)
    loaded = torch.load(data, weights_only=False)
    assert same(small, loaded, entry.inputs)
    assert loaded.mcugraph_classes == small.mcugraph_classes
    assert list(small.state_dict()) == list(entry.model.state_dict())
    with torch.no_grad():
        for value in copied.parameters():
            value.zero_()
    copied.load_state_dict(small.state_dict())
    assert same(small, copied, entry.inputs)
    small.train()
    small(*entry.inputs).sum().backward()
    assert all(value.grad is not None for value in small.parameters())


@pytest.mark.parametrize("name", ["literal", "resnet18"])
def test_the_model_stays_as_it_is(name: str, case: Callable[[str], Any]) -> None:
    entry = case(name)
    model = copy.deepcopy(entry.model).train()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    attributes = {path: set(vars(module)) for path, module in model.named_modules()}
    small = slim(model, entry.random_keep(3), entry.inputs, space=entry.space)
    assert model.training
    assert small.training
    assert all(module.training for module in small.modules())
    assert all((before[key] == value).all() for key, value in model.state_dict().items())
    assert attributes == {path: set(vars(module)) for path, module in model.named_modules()}
    kept = {id(value) for value in model.parameters()}
    assert not any(id(value) in kept for value in small.parameters())


def test_modules_keep_their_classes_where_no_size_is_written_out(
    case: Callable[[str], Any],
) -> None:
    entry = case("resnet18")
    small = slim(entry.model, entry.random_keep(0), entry.inputs, space=entry.space)
    assert [type(m) for m in small.modules()] == [type(m) for m in entry.model.modules()]


def test_the_record_says_which_entries_stay(case: Callable[[str], Any]) -> None:
    entry = case("grouped")
    keep = entry.random_keep(5)
    small = slim(entry.model, keep, entry.inputs, space=entry.space)
    assert small.mcugraph_classes == {name: tuple(classes) for name, classes in keep.items()}
    old, new = entry.model.state_dict(), small.state_dict()
    for name, axes in small.mcugraph_kept.items():
        value = old[name]
        if 0 in axes:
            value = value[list(axes[0])]
        if 1 in axes and isinstance(axes[1][0], tuple):
            parts = zip(value.chunk(len(axes[1])), axes[1], strict=True)
            value = torch.cat([part[:, list(columns)] for part, columns in parts])
        elif 1 in axes:
            value = value[:, list(axes[1])]
        assert torch.equal(value, new[name]), name
    assert {name for name in old if old[name].shape != new[name].shape} <= set(small.mcugraph_kept)


def test_slimming_twice_keeps_the_first_numbers() -> None:
    model = nn.Sequential(nn.Conv2d(3, 8, 1), nn.ReLU(), nn.Conv2d(8, 2, 1)).eval()
    x = torch.randn(1, 3, 4, 4)
    once = slim(model, {"0": [1, 3, 5, 7]}, x)
    twice = slim(once, {"0": [0, 3]}, x)
    assert twice.mcugraph_kept["0.weight"][0] == (1, 7)
    assert twice.mcugraph_kept["2.weight"][1] == (1, 7)
    assert torch.equal(twice[0].weight, model[0].weight[[1, 7]])


def test_attributes_of_modules_follow() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.n = nn.Conv2d(3, 8, 1), nn.BatchNorm2d(8, affine=False)
            self.p, self.d = nn.PReLU(8), nn.Conv2d(8, 8, 3, groups=8)
            self.g, self.u = nn.GroupNorm(2, 8), nn.ConvTranspose2d(8, 6, 2)
            self.i = nn.InstanceNorm2d(6, track_running_stats=True)
            self.l1, self.l2 = nn.Linear(6, 5), nn.LayerNorm(5, elementwise_affine=False)
            self.out = nn.Linear(5, 2)

        def forward(self, x: Any) -> Any:
            x = self.i(self.u(self.g(self.d(self.p(self.n(self.a(x)))))))
            return self.out(self.l2(self.l1(x.mean((2, 3)))))

    x = torch.randn(1, 3, 6, 6)
    keep = {"a": [0, 2], "a#2": [1, 3], "u": [1, 2, 4], "l1": [0, 4]}
    small = slim(Net(), keep, x)
    assert (small.a.out_channels, small.n.num_features, small.p.num_parameters) == (4, 4, 4)
    assert (small.d.in_channels, small.d.out_channels, small.d.groups) == (4, 4, 4)
    assert (small.g.num_channels, small.u.in_channels, small.u.out_channels) == (4, 4, 3)
    assert (small.i.num_features, small.l1.in_features, small.l1.out_features) == (3, 3, 2)
    assert (small.l2.normalized_shape, small.out.in_features) == ((2,), 2)
    assert "out_features=2" in repr(small.out)


def test_a_keep_set_is_numbers_or_bools() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Conv2d(4, 2, 1))
    x = torch.randn(1, 3, 4, 4)
    for given in ([3, 1], np.array([1, 3]), [False, True, False, True],
                  torch.tensor([False, True, False, True])):  # fmt: skip
        small = slim(model, {"0": given}, x)
        assert torch.equal(small[0].weight, model[0].weight[[1, 3]])
    whole = slim(model, {}, x)
    assert torch.equal(whole[0].weight, model[0].weight)
    assert mg.slim is slim
