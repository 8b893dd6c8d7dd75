"""Blocks of known networks: their classes, worked out by hand."""

import pytest

torch = pytest.importorskip("torch")
Tensor = torch.Tensor
nn = torch.nn
F = torch.nn.functional

from support.channel_classes import IMAGE, Build, members, tied  # noqa: E402


class DepthMultiplier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 8, 3, groups=4)
        self.out = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(F.relu(self.b(F.relu(self.a(x)))))


def test_depthwise_with_two_outputs_a_channel(space_of: Build) -> None:
    space = space_of(DepthMultiplier(), IMAGE)
    expected = {frozenset({("a", i), ("b", 2 * i), ("b", 2 * i + 1)}) for i in range(4)}
    assert set(space.channel_classes) == expected
    assert ("b.weight", 0, 2, "follows") in members(space, "a")


def test_a_depthwise_layer_follows(space_of: Build) -> None:
    """Its weights have one entry a channel, which neither makes nor reads channels of others."""
    layers = [nn.Conv2d(3, 8, 1), nn.Conv2d(8, 8, 3, groups=8), nn.Conv2d(8, 4, 1)]
    space = space_of(nn.Sequential(*layers), IMAGE)
    assert members(space, "0") == {
        ("0.weight", 0, 1, "makes"),
        ("0.bias", 0, 1, "follows"),
        ("1.weight", 0, 1, "follows"),
        ("1.bias", 0, 1, "follows"),
        ("2.weight", 1, 1, "reads"),
    }


class Pyramid(nn.Module):
    """A feature pyramid over three scales, with heads on two of them."""

    def __init__(self) -> None:
        super().__init__()
        self.c1, self.c2, self.c3 = (
            nn.Conv2d(i, o, 3, 2, 1) for i, o in ((3, 6), (6, 10), (10, 12))
        )
        self.l1, self.l2, self.l3 = (nn.Conv2d(i, 8, 1) for i in (6, 10, 12))
        self.s1, self.s2 = nn.Conv2d(8, 5, 3, 1, 1), nn.Conv2d(8, 7, 3, 1, 1)
        self.o1, self.o2 = nn.Conv2d(5, 2, 1), nn.Conv2d(7, 2, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        a = F.relu(self.c1(x))
        b = F.relu(self.c2(a))
        p2 = self.l2(b) + F.interpolate(self.l3(F.relu(self.c3(b))), scale_factor=2)
        p1 = self.l1(a) + F.interpolate(p2, scale_factor=2)
        return self.o1(self.s1(p1)), self.o2(self.s2(p2))


def test_feature_pyramid(space_of: Build) -> None:
    space = space_of(Pyramid(), IMAGE)
    alone = (("c1", 6), ("c2", 10), ("c3", 12), ("s1", 5), ("s2", 7))
    expected = tied(8, "l1", "l2", "l3").union(*(tied(n, layer) for layer, n in alone))
    assert set(space.channel_classes) == expected
    assert set(space.refused) == {"o1", "o2"}


class Ghost(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.primary, self.norm = nn.Conv2d(3, 6, 1), nn.BatchNorm2d(6)
        self.cheap = nn.Conv2d(6, 6, 3, padding=1, groups=6)
        self.h, self.out = nn.Conv2d(12, 8, 1), nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = F.relu(self.norm(self.primary(x)))
        return self.out(F.relu(self.h(torch.cat([a, F.relu(self.cheap(a))], 1))))


def test_ghost_module(space_of: Build) -> None:
    space = space_of(Ghost(), IMAGE)
    assert set(space.channel_classes) == tied(6, "primary", "cheap") | tied(8, "h")
    assert ("h.weight", 1, 2, "reads") in members(space, "primary")


class ConvNeXt(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.dw = nn.Conv2d(3, 6, 4, 4), nn.Conv2d(6, 6, 7, padding=3, groups=6)
        self.norm, self.up, self.down = nn.LayerNorm(6), nn.Linear(6, 24), nn.Linear(24, 6)
        self.gamma, self.out = nn.Parameter(torch.ones(6)), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        y = self.norm(self.dw(x).permute(0, 2, 3, 1))
        y = self.gamma * self.down(F.gelu(self.up(y)))
        return self.out((x + y.permute(0, 3, 1, 2)).mean((2, 3)))


def test_convnext_block(space_of: Build) -> None:
    space = space_of(ConvNeXt(), IMAGE)
    assert set(space.channel_classes) == tied(6, "stem", "dw", "down") | tied(24, "up")
    assert ("gamma", 0, 1, "follows") in members(space, "stem")


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.e1, self.e2 = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 12, 3, padding=1)
        self.up, self.d = nn.ConvTranspose2d(12, 6, 2, 2), nn.Conv2d(14, 8, 3, padding=1)
        self.out = nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = F.relu(self.e1(x))
        b = self.up(F.relu(self.e2(F.max_pool2d(a, 2))))
        return self.out(F.relu(self.d(torch.cat([a, b], 1))))


def test_unet(space_of: Build) -> None:
    space = space_of(UNet(), IMAGE)
    alone = (("e1", 8), ("e2", 12), ("up", 6), ("d", 8))
    assert set(space.channel_classes) == set().union(*(tied(n, layer) for layer, n in alone))
    assert members(space, "up") == {
        ("up.weight", 1, 1, "makes"),
        ("up.bias", 0, 1, "follows"),
        ("d.weight", 1, 1, "reads"),
    }
    assert members(space, "e2") == {
        ("e2.weight", 0, 1, "makes"),
        ("e2.bias", 0, 1, "follows"),
        ("up.weight", 0, 1, "reads"),
    }


class Excite(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.squeeze, self.excite = (
            nn.Conv2d(3, 8, 3, padding=1),
            nn.Linear(8, 4),
            nn.Linear(4, 8),
        )
        self.b, self.out = nn.Conv2d(8, 6, 1), nn.Conv2d(6, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.a(x))
        gate = torch.sigmoid(self.excite(F.relu(self.squeeze(x.mean((2, 3))))))
        return self.out(self.b(x * gate[:, :, None, None]))


def test_squeeze_and_excite(space_of: Build) -> None:
    space = space_of(Excite(), IMAGE)
    expected = tied(8, "a", "excite") | tied(4, "squeeze") | tied(6, "b")
    assert set(space.channel_classes) == expected
