"""Networks with branches that can vanish, in the styles in which people write sums."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812


def unit(i: int, o: int, k: int = 3, groups: int = 1, relu: bool = True) -> nn.Sequential:
    layers = [nn.Conv2d(i, o, k, padding=k // 2, groups=groups, bias=False), nn.BatchNorm2d(o)]
    return nn.Sequential(*layers, *([nn.ReLU(inplace=True)] if relu else []))


def part(kind: str, channels: int) -> nn.Module:
    """What a branch may be; all give as many channels as they get."""
    if kind == "plain":
        return nn.Sequential(unit(channels, channels + 2), unit(channels + 2, channels, relu=False))
    if kind == "separable":
        return nn.Sequential(unit(channels, channels, groups=channels), unit(channels, channels, 1))
    if kind == "nested":
        return Sum("add", "plain", None, channels, "module")
    return nn.Conv2d(channels, channels, 1)


STYLES = ("add", "reversed", "iadd", "method", "function", "in_place", "child")
PARTS = ("plain", "separable", "nested", "single")
AFTER = ("nothing", "module", "in_place", "function", "relu6")


class Plus(nn.Module):
    """A sum as a module of its own."""

    def forward(self, a: Any, b: Any) -> Any:
        return a + b


class Sum(nn.Module):
    """``g(x) + f(x)``, or ``x + f(x)``."""

    def __init__(self, style: str, f: str, g: str | None, channels: int, after: str) -> None:
        super().__init__()
        self.style, self.after = style, after
        self.f = part(f, channels)
        self.g = nn.Identity() if g is None else part(g, channels)
        self.plus, self.relu = Plus(), nn.ReLU(inplace=after == "in_place")

    def forward(self, x: Any) -> Any:
        short, y = self.g(x), self.f(x)
        if self.style == "add":
            y = y + short
        elif self.style == "reversed":
            y = short + y
        elif self.style == "iadd":
            y += short
        elif self.style == "method":
            y = y.add(short)
        elif self.style == "function":
            y = torch.add(short, y)
        elif self.style == "in_place":
            y = y.add_(short)
        else:
            y = self.plus(y, short)
        if self.after == "nothing":
            return y
        if self.after == "function":
            return F.relu(y)
        return y.clamp(0, 6) if self.after == "relu6" else self.relu(y)


class Net(nn.Module):
    """Sums in a row between a stem and a classifier."""

    def __init__(self, sums: list[tuple[str, str, str | None, str]], channels: int = 4) -> None:
        super().__init__()
        self.stem = unit(3, channels)
        self.sums = nn.Sequential(*(Sum(s, f, g, channels, a) for s, f, g, a in sums))
        self.fc = nn.Linear(channels, 3)

    def forward(self, x: Any) -> Any:
        return self.fc(self.sums(self.stem(x)).mean((2, 3)))


class Flat(nn.Module):
    """Two sums in one method, and a third around both."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.a, self.b = unit(3, 4), part("plain", 4), part("separable", 4)
        self.gain = nn.Parameter(torch.full((1, 4, 1, 1), 0.5))
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        y = F.relu(x + self.gain * self.a(x))
        y = y + self.b(y)
        return self.fc((x + y).mean((2, 3)))


class Attention(nn.Module):
    """Attention as people write it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.qkv = heads, nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Any) -> Any:
        b, n, c = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v)
        return self.proj(y.transpose(1, 2).reshape(b, n, c))


class Layer(nn.Module):
    """A layer of a vision transformer."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.attn = nn.LayerNorm(width), Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )
        self.drop = nn.Dropout(0.1)

    def forward(self, x: Any) -> Any:
        x = x + self.drop(self.attn(self.norm1(x)))
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):
    """A vision transformer with two layers."""

    def __init__(self, width: int = 8, heads: int = 2) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, width, 4, 4)
        self.layers = nn.ModuleList([Layer(width, heads), Layer(width, heads)])
        self.norm, self.fc = nn.LayerNorm(width), nn.Linear(width, 3)

    def forward(self, x: Any) -> Any:
        x = self.patch(x).flatten(2).transpose(1, 2)
        for layer in self.layers:
            x = layer(x)
        return self.fc(self.norm(x).mean(1))


class TwoInputs(nn.Module):
    """A branch that alone reads an input."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.fc = nn.Conv2d(3, 4, 1), nn.Conv2d(1, 4, 1), nn.Linear(4, 3)

    def forward(self, x: Any, y: Any) -> Any:
        return self.fc((self.a(x) + self.b(y)).mean((2, 3)))


class Twice(nn.Module):
    """A block that runs twice."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.block = unit(3, 4), Sum("add", "plain", None, 4, "module")
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Any) -> Any:
        return self.fc(self.block(self.block(self.stem(x))).mean((2, 3)))


def settled(model: nn.Module) -> nn.Module:
    """In inference mode, with norms that do something."""
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.3)  # type: ignore[union-attr, operator]
                module.running_var.uniform_(0.5, 1.5)  # type: ignore[union-attr, operator]
                module.weight.uniform_(0.3, 1.5)
                module.bias.normal_(0, 0.5)
    return model.eval()
