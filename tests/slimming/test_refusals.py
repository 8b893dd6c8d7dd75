"""What cannot be slimmed is refused, by the name of the group or the operator."""

from collections.abc import Callable
from typing import Any

import pytest

import mcugraph as mg
from mcugraph.slimming.slimmer import slim

torch = pytest.importorskip("torch")
nn = torch.nn

X = torch.randn(2, 3, 8, 8) if hasattr(torch, "randn") else None


def two() -> Any:
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.Conv2d(4, 2, 1)).eval()


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        ({"9": [0]}, "no group '9'"),
        ({"0": []}, "group '0': at least one class"),
        ({"0": [False] * 4}, "group '0': at least one class"),
        ({"0": [True] * 3}, "group '0' has 4 classes, the mask 3"),
        ({"0": [4]}, "group '0' has classes 0 to 3, no 4"),
        ({"0": [-1]}, "group '0' has classes 0 to 3, no -1"),
        ({"0": [1, 1]}, "group '0': a class is kept twice"),
        ({"0": [0.5]}, "group '0': classes are numbers or bools"),
        ({"0": [[1]]}, "group '0': a vector"),
    ],
)
def test_keep_sets(keep: Any, words: str) -> None:
    with pytest.raises(mg.UsageError, match=words):
        slim(two(), keep, X)


def test_unequal_heads(case: Callable[[str], Any]) -> None:
    entry = case("heads")
    with pytest.raises(mg.UsageError, match=r"view.* q = 1; q#2 = 4"):
        slim(entry.model, {"q": [0]}, entry.inputs, space=entry.space)


def test_unequal_groups_of_a_convolution(case: Callable[[str], Any]) -> None:
    entry = case("grouped")
    with pytest.raises(mg.UsageError, match=r"b\.0: equal channels in every group"):
        slim(entry.model, {"a.0": [0, 1]}, entry.inputs, space=entry.space)


def test_a_space_of_another_model() -> None:
    other = nn.Sequential(nn.Conv2d(3, 6, 1), nn.Conv2d(6, 2, 1))
    with pytest.raises(mg.UsageError, match="not of this model"):
        slim(two(), {"0": [0]}, X, space=mg.widths(mg.from_torch(other, X)))


class Loop(nn.Module):
    """Its code cannot be traced: it loops over the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 1), nn.Conv2d(4, 2, 1)

    def forward(self, x: Any) -> Any:
        y = self.a(x)
        for _ in range(x.shape[0]):
            y = torch.relu(y)
        return self.b(y[:, :4])


class Computed(nn.Module):
    """A factor that is computed from a parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.gate = (
            nn.Conv2d(3, 8, 1),
            nn.Conv2d(8, 2, 1),
            nn.Parameter(torch.rand(8)),
        )

    def forward(self, x: Any) -> Any:
        return self.b(self.a(x) * self.gate.softmax(0).view(1, -1, 1, 1))


@pytest.mark.parametrize(
    ("make", "shape", "words"),
    [
        (Loop, (2, 3, 8, 8), "operator 'slice_1': its sizes cannot be rewritten"),
    ],
)
def test_code_that_cannot_be_rewritten(make: Any, shape: Any, words: str) -> None:
    model, x = make().eval(), torch.randn(shape)
    space = mg.widths(mg.from_torch(model, x))
    widths = space.round(space.full * 0.5)
    keep = {g.name: range(int(w)) for g, w in zip(space.groups, widths, strict=True)}
    with pytest.raises(mg.GraphError, match=words):
        slim(model, keep, x, space=space)


def test_what_is_computed_is_not_offered() -> None:
    space = mg.widths(mg.from_torch(Computed().eval(), torch.randn(2, 3, 8, 8)))
    assert not space.groups
    assert "'view' is computed by the model's code" in space.refused["a"]


def test_channels_that_are_taken_in_steps_of_a_part_are_refused_by_name() -> None:
    class Part(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = torch.nn.Linear(4, 8), torch.nn.Linear(3, 2)

        def forward(self, x: Any) -> Any:
            return self.b(self.a(x)[:, 1:7:2])

    space = mg.widths(mg.from_torch(Part(), torch.randn(1, 4)))
    assert "taken in steps of 2, not of the whole axis" in space.refused["a"]


class Written(nn.Module):
    """Numbers that are written in its code: a factor of each channel, and an order of them."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 6, 1), nn.Conv2d(6, 5, 1)
        self.fc = nn.Linear(5, 3)

    def forward(self, x: Any) -> Any:
        x = self.a(x) * torch.tensor([1.0, 2.0, 3.0, 4.0]).view(1, -1, 1, 1)
        return self.fc(self.c(self.b(x)[:, [0, 2, 4, 1, 3, 5]]).mean((2, 3)))


def test_channels_that_meet_numbers_written_in_code_are_refused_and_others_slimmed() -> None:
    model = Written().eval()
    space = mg.widths(mg.from_torch(model, X))
    assert [group.name for group in space.groups] == ["c"]
    assert "is written in the model's code" in space.refused["a"]
    assert "gather" in space.refused["b"]
    assert slim(model, {"c": [0, 3]}, X, space=space)(X).shape == (2, 3)
