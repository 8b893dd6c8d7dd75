"""Products that are summed: classes and constraints worked out by hand."""

from typing import Any

import numpy as np
import pytest

import mcugraph as mg
from mcugraph.ops.linear import Dense, Einsum, dense_of, explicit
from mcugraph.ops.scattering import SliceScatter

torch = pytest.importorskip("torch")
Tensor = torch.Tensor
nn = torch.nn

from support.channel_classes import IMAGE, TOKENS, Build, equal, tied  # noqa: E402

from mcugraph.slimming.slimmer import slim  # noqa: E402


class Scores(nn.Module):
    """Two heads of 4, as products of matrices or as Einstein sums."""

    def __init__(self, written: bool) -> None:
        super().__init__()
        self.written = written
        self.q, self.k, self.v = (nn.Linear(6, 8) for _ in range(3))
        self.out = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (f(x).view(1, -1, 2, 4).transpose(1, 2) for f in (self.q, self.k, self.v))
        if self.written:
            scores = torch.einsum("bhid,bhjd->bhij", q, k).softmax(-1)
            y = torch.einsum("bhij,bhjd->bhid", scores, v)
        else:
            y = (q @ k.transpose(-1, -2)).softmax(-1) @ v
        return self.out(y.transpose(1, 2).flatten(2))


@pytest.mark.parametrize("written", [True, False], ids=["einsum", "matmul"])
def test_channels_that_are_summed_go_on_both_sides(written: bool, space_of: Build) -> None:
    space = space_of(Scores(written), TOKENS)
    assert set(space.channel_classes) == tied(8, "q", "k") | tied(8, "v")
    assert equal(space) == {frozenset({("q",), ("q#2",)}), frozenset({("v",), ("v#2",)})}


class Context(nn.Module):
    """Keys by values, and queries by that: channels of two layers along two axes of one tensor."""

    def __init__(self, keys_first: bool) -> None:
        super().__init__()
        self.keys_first = keys_first
        self.q, self.k, self.v = nn.Linear(6, 5), nn.Linear(6, 5), nn.Linear(6, 7)
        self.out = nn.Linear(7, 3)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.q(x), self.k(x), self.v(x)
        if self.keys_first:
            return self.out(q @ (k.transpose(1, 2) @ v))
        return self.out(((v.transpose(1, 2) @ k) @ q.transpose(1, 2)).transpose(1, 2))


@pytest.mark.parametrize("keys_first", [True, False])
def test_channels_of_two_layers_in_one_tensor(keys_first: bool, space_of: Build) -> None:
    space = space_of(Context(keys_first), TOKENS)
    assert set(space.channel_classes) == tied(5, "q", "k") | tied(7, "v")


class OneSided(nn.Module):
    """Channels that are summed against an axis on which there are none."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.out = nn.Linear(6, 8), nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        other = torch.cat([x, x[:, :3]], 1)[..., :5]  # (1, 8, 5)
        return self.out(torch.einsum("bnc,bcm->bnm", self.a(x), other))


def test_channels_that_only_one_side_has_stay(space_of: Build) -> None:
    space = space_of(OneSided(), TOKENS)
    assert "against an axis without channels" in space.refused["a"]


class Kinds(nn.Module):
    """Of each of two branches a channel, summed: they go together."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.out = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 1), nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(torch.einsum("bkchw->bchw", torch.stack([self.a(x), self.b(x)], 1)))


def test_what_is_summed_over_branches_goes_together(space_of: Build) -> None:
    assert set(space_of(Kinds(), IMAGE).channel_classes) == tied(4, "a", "b")


class Part(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.out = nn.Conv2d(3, 5, 1), nn.Conv2d(3, 2, 1), nn.Conv2d(5, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x) * 1.0
        y[:, 1:3] = self.b(x)
        return self.out(y)


def test_what_is_written_over_channels_goes_with_them(space_of: Build) -> None:
    pairs = {frozenset({("a", i + 1), ("b", i)}) for i in range(2)}
    alone = {frozenset({("a", i)}) for i in (0, 3, 4)}
    assert set(space_of(Part(), IMAGE).channel_classes) == pairs | alone


def test_a_part_that_has_to_stay_holds_what_is_as_wide() -> None:
    """The queries stay here, and values are cut out of the same axis by equal parts."""

    class Fixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.qv, self.out = nn.Linear(6, 8), nn.Linear(4, 3)

        def forward(self, x: Tensor) -> Any:
            q, v = self.qv(x).view(1, -1, 2, 4).unbind(2)
            return q, self.out(v)

    model = Fixed().eval()
    space = mg.widths(mg.from_torch(model, TOKENS))
    assert [group.width for group in space.groups] == [4]
    widths = space.round([1])
    assert widths.tolist() == [4]
    small = slim(model, {space.groups[0].name: range(4)}, TOKENS, space=space)
    assert torch.equal(small(TOKENS)[1], model(TOKENS)[1])


def test_dense_layers_that_are_written_as_einstein_sums() -> None:
    assert dense_of("bnc,cd->bnd", 0, [(1, 2, 3), (3, 4)]) == Dense(weight_out=1, weight_in=0)
    assert dense_of("dc,...c->...d", 1, [(4, 3), (1, 3)]) == Dense(weight_out=0, weight_in=1)
    for data, matrix in (((1, 2, 1), (3, 4)), ((1, 2, 3), (1, 4))):  # one repeats the other
        assert dense_of("bnc,cd->bnd", 0, [data, matrix]) is None
    for other in ("bnc,nm->bmc", "bnc,cd->bdn", "bnc,cc->bnc", "bcn,cd->bnd", "bc,bc->b"):
        terms = other.partition("->")[0].split(",")
        assert dense_of(other, 0, [(4,) * len(term) for term in terms]) is None
    assert explicit("ij, jk") == "ij,jk->ik"
    assert Einsum("...ic,co->...io").places(1, [4, 2]) == (None, 3)


def test_a_slice_that_is_written_over() -> None:
    data, values = np.arange(12.0).reshape(3, 4), -np.ones((3, 2))
    (made,) = SliceScatter((slice(None), slice(1, 3))).evaluate([data, values]) or ()
    wanted = torch.slice_scatter(torch.tensor(data), torch.tensor(values), 1, 1, 3)
    assert np.array_equal(made, wanted.numpy())
    assert data[0, 1] == 1  # what it reads is as it was


class Repeated(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x / x.norm(dim=1, keepdim=True).expand_as(x)


def test_nothing_is_repeated_for_who_repeats_it_itself() -> None:
    x = torch.rand(1, 3, 8, 8)
    kinds = [layer.kind for layer in mg.profile(mg.from_torch(Repeated(), x)).layers]
    assert "expand" not in kinds
    assert kinds[-1] == "div"
