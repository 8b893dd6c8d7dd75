"""The network that is really built at some widths costs what its space says, to the unit."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mcugraph as mg
from mcugraph.space.space import Space

torch = pytest.importorskip("torch")
Tensor = torch.Tensor
nn = torch.nn
F = torch.nn.functional

Widths = Mapping[str, int]  # name of a group -> width
COUNTED = [("deployed", None), ("deployed", "int8"), ("paper", None)]


def conv_bn(i: int, o: int, k: int = 3, s: int = 1, g: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(i, o, k, s, k // 2, groups=g, bias=False), nn.BatchNorm2d(o), nn.ReLU()
    )


class Plain(nn.Module):
    full: ClassVar[Widths] = {"a.0": 8, "b.0": 12, "fc1": 10}

    def __init__(self, w: Widths) -> None:
        super().__init__()
        self.a, self.b = conv_bn(3, w["a.0"], s=2), conv_bn(w["a.0"], w["b.0"], s=2)
        self.fc1, self.fc2 = nn.Linear(16 * w["b.0"], w["fc1"]), nn.Linear(w["fc1"], 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.relu(self.fc1(self.b(self.a(x)).flatten(1))))


class Residual(nn.Module):
    full: ClassVar[Widths] = {"stem.0": 8, "a.0": 12, "c.0": 10, "d.0": 16}

    def __init__(self, w: Widths) -> None:
        super().__init__()
        s, c = w["stem.0"], w["c.0"]
        self.stem, self.a, self.b = conv_bn(3, s), conv_bn(s, w["a.0"]), conv_bn(w["a.0"], s)
        self.c, self.short = conv_bn(s, c, s=2), nn.Conv2d(s, c, 1, 2)
        self.d, self.fc = conv_bn(c, w["d.0"]), nn.Linear(w["d.0"], 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        x = x + self.b(self.a(x))
        return self.fc(self.d(self.c(x) + self.short(x)).mean((2, 3)))


class Depthwise(nn.Module):
    full: ClassVar[Widths] = {"stem.0": 6, "e.0": 24, "p": 8, "h.0": 20}

    def __init__(self, w: Widths) -> None:
        super().__init__()
        s, e, p = w["stem.0"], w["e.0"], w["p"]
        self.stem, self.e, self.dw = conv_bn(3, s), conv_bn(s, e, 1), conv_bn(e, e, 3, 2, e)
        self.p, self.h = nn.Conv2d(e, p, 1), conv_bn(p, w["h.0"], 1)
        self.fc = nn.Linear(w["h.0"], 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.h(self.p(self.dw(self.e(self.stem(x))))).mean((2, 3)))


class Branches(nn.Module):
    """Branches that wait for each other, so that the order matters."""

    full: ClassVar[Widths] = {
        "stem.0": 6,
        "a1.0": 16,
        "a2.0": 4,
        "b1.0": 20,
        "b2.0": 5,
        "c1.0": 9,
        "h.0": 8,
    }

    def __init__(self, w: Widths) -> None:
        super().__init__()
        s = w["stem.0"]
        self.stem, self.c1 = conv_bn(3, s), conv_bn(s, w["c1.0"], 1)
        self.a1, self.a2 = conv_bn(s, w["a1.0"]), conv_bn(w["a1.0"], w["a2.0"], 1)
        self.b1, self.b2 = conv_bn(s, w["b1.0"]), conv_bn(w["b1.0"], w["b2.0"], 1)
        self.h = conv_bn(w["a2.0"] + w["b2.0"] + w["c1.0"], w["h.0"])
        self.fc = nn.Linear(w["h.0"], 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        a, b, c = self.a1(x), self.b1(x), self.c1(x)
        return self.fc(self.h(torch.cat([self.a2(a), self.b2(b), c], 1)).mean((2, 3)))


class UNet(nn.Module):
    full: ClassVar[Widths] = {
        "e1.0": 8,
        "e2.0": 12,
        "e3.0": 16,
        "u2": 10,
        "d2.0": 12,
        "u1": 6,
        "d1.0": 8,
    }

    def __init__(self, w: Widths) -> None:
        super().__init__()
        self.e1, self.e2 = conv_bn(3, w["e1.0"]), conv_bn(w["e1.0"], w["e2.0"])
        self.e3, self.u2 = (
            conv_bn(w["e2.0"], w["e3.0"]),
            nn.ConvTranspose2d(w["e3.0"], w["u2"], 2, 2),
        )
        self.d2 = conv_bn(w["e2.0"] + w["u2"], w["d2.0"])
        self.u1 = nn.ConvTranspose2d(w["d2.0"], w["u1"], 2, 2)
        self.d1, self.out = conv_bn(w["e1.0"] + w["u1"], w["d1.0"]), nn.Conv2d(w["d1.0"], 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = self.e1(x)
        b = self.e2(F.max_pool2d(a, 2))
        c = self.u2(self.e3(F.max_pool2d(b, 2)))
        return self.out(self.d1(torch.cat([a, self.u1(self.d2(torch.cat([b, c], 1)))], 1)))


class Excite(nn.Module):
    full: ClassVar[Widths] = {"stem.0": 8, "squeeze": 4, "h.0": 10}

    def __init__(self, w: Widths) -> None:
        super().__init__()
        s = w["stem.0"]
        self.stem, self.squeeze = conv_bn(3, s), nn.Conv2d(s, w["squeeze"], 1)
        self.excite, self.h = nn.Conv2d(w["squeeze"], s, 1), conv_bn(s, w["h.0"])
        self.fc = nn.Linear(w["h.0"], 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        gate = torch.sigmoid(self.excite(F.silu(self.squeeze(F.adaptive_avg_pool2d(x, 1)))))
        return self.fc(self.h(x * gate).mean((2, 3)))


class Dense(nn.Module):
    """Batch norm before the convolutions, and concatenations that grow."""

    full: ClassVar[Widths] = {"stem": 8, "c1": 6, "c2": 6}

    def __init__(self, w: Widths) -> None:
        super().__init__()
        s, a, b = w["stem"], w["c1"], w["c2"]
        self.stem, self.n1, self.n2 = (
            nn.Conv2d(3, s, 3, padding=1),
            nn.BatchNorm2d(s),
            nn.BatchNorm2d(s + a),
        )
        self.c1, self.c2 = nn.Conv2d(s, a, 3, padding=1), nn.Conv2d(s + a, b, 3, padding=1)
        self.fc = nn.Linear(s + a + b, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        x = torch.cat([x, self.c1(F.relu(self.n1(x)))], 1)
        x = torch.cat([x, self.c2(F.relu(self.n2(x)))], 1)
        return self.fc(x.mean((2, 3)))


class Shuffle(nn.Module):
    """Classes of four channels each."""

    full: ClassVar[Widths] = {"a": 5, "b": 6}

    def __init__(self, w: Widths) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4 * w["a"], 3, padding=1), nn.Conv2d(w["a"], w["b"], 3)
        self.out = nn.Conv2d(w["b"], 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(F.relu(self.b(F.pixel_shuffle(self.a(x), 2))))


class Attention(nn.Module):
    """Two heads; the widths of both are equal."""

    full: ClassVar[Widths] = {"e": 8, "q": 4, "q#2": 4, "v": 6, "v#2": 6}

    def __init__(self, w: Widths) -> None:
        super().__init__()
        e, self.d, self.u = w["e"], w["q"], w["v"]
        self.e, self.q, self.k = (
            nn.Linear(48, e),
            nn.Linear(e, 2 * w["q"]),
            nn.Linear(e, 2 * w["q"]),
        )
        self.v, self.o, self.out = (
            nn.Linear(e, 2 * w["v"]),
            nn.Linear(2 * w["v"], e),
            nn.Linear(e, 3),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.e(x.reshape(1, 16, 48))
        q, k = (m(x).view(1, 16, 2, self.d).transpose(1, 2) for m in (self.q, self.k))
        v = self.v(x).view(1, 16, 2, self.u).transpose(1, 2)
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(1, 16, 2 * self.u)
        return self.out(x + self.o(y))


class Norms(nn.Module):
    """Norms by the mean and the spread of their data: of groups of channels, of each, of all."""

    full: ClassVar[Widths] = {"a": 4, "a#2": 4, "b": 6, "fc": 8}

    def __init__(self, w: Widths) -> None:
        super().__init__()
        a, b, fc = w["a"] + w["a#2"], w["b"], w["fc"]
        self.a, self.n1, self.b = nn.Conv2d(3, a, 3), nn.GroupNorm(2, a), nn.Conv2d(a, b, 1)
        self.n2, self.n3 = nn.InstanceNorm2d(b, affine=True), nn.GroupNorm(1, b)
        self.fc, self.n4, self.out = nn.Linear(b, fc), nn.LayerNorm(fc), nn.Linear(fc, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.n2(self.b(F.relu(self.n1(self.a(x)))))
        return self.out(F.relu(self.n4(self.fc(self.n3(x).mean((2, 3))))))


FAMILIES: dict[str, Callable[[Widths], nn.Module]] = {
    family.__name__: family
    for family in (
        Plain, Residual, Depthwise, Branches, UNet, Excite, Dense, Shuffle, Attention, Norms,
    )
}  # fmt: skip


def graph_at(family: str, widths: Widths) -> mg.Graph:
    model = FAMILIES[family](widths).eval()
    return mg.from_torch(model, (torch.zeros(1, 3, 16, 16),))


@cache
def space_of(family: str, accounting: str, precision: str | None) -> Space:
    full: Widths = FAMILIES[family].full  # type: ignore[attr-defined]
    space = mg.widths(graph_at(family, full), accounting, precision)
    assert {entry.name: entry.width for entry in space.groups} == full
    return space


@pytest.mark.parametrize("family", FAMILIES)
@given(data=st.data())
@settings(max_examples=5)
def test_built_network_costs_the_same(family: str, data: st.DataObject) -> None:
    space = space_of(family, *COUNTED[0])
    drawn = [data.draw(st.integers(1, entry.width), entry.name) for entry in space.groups]
    w = space.round(drawn)
    assert space.feasible(w)
    names = [entry.name for entry in space.groups]
    graph = graph_at(family, dict(zip(names, w.tolist(), strict=True)))
    for accounting, precision in COUNTED:
        space = space_of(family, accounting, precision)
        profile = mg.profile(graph, accounting=accounting, precision=precision, time_limit=60)
        assert profile.memory.peak_is_optimal
        assert space.macs(w) == profile.macs
        assert space.size(w) == profile.flash.weights + profile.flash.biases
        assert space.peak(w) == profile.memory.peak
        assert space.peak_by("file_order")(w) == profile.memory.file_order_peak
        assert space.peak_by("operator_bound")(w) == profile.memory.operator_bound
