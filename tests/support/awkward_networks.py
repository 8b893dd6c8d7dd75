"""Small networks whose channels are awkward to take out."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn


def unit(i: int, o: int, k: int = 3, groups: int = 1, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(i, o, k, stride, k // 2, groups=groups, bias=False), nn.BatchNorm2d(o), nn.ReLU()
    )


class Grouped(nn.Module):
    """Grouped convolutions and their transpose, and a depthwise one with two channels each."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = unit(3, 12), unit(12, 18, groups=3), unit(18, 8, 1)
        self.d = unit(8, 16, groups=8)
        self.up = nn.ConvTranspose2d(16, 12, 2, 2, groups=2)
        self.each = nn.ConvTranspose2d(12, 12, 2, 2, groups=12)
        self.fc = nn.Linear(12, 5)

    def forward(self, x: Any) -> Any:
        y = self.up(self.d(self.c(self.b(self.a(x)))))
        return self.fc(self.each(F.relu(y)).mean((2, 3)))


class Shared(nn.Module):
    """A block that runs twice, and two layers with one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.twice = unit(3, 8), unit(8, 8)
        self.one, self.other = nn.Conv2d(8, 8, 1), nn.Conv2d(8, 8, 1)
        self.other.weight = self.one.weight
        self.fc = nn.Linear(8, 4)

    def forward(self, x: Any) -> Any:
        x = self.twice(self.twice(self.a(x)))
        return self.fc((F.relu(self.one(x)) + F.relu(self.other(x))).mean((2, 3)))


class PixelShuffle(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.out = unit(3, 16), unit(4, 24), nn.Conv2d(6, 2, 1)

    def forward(self, x: Any) -> Any:
        return self.out(F.pixel_shuffle(self.b(F.pixel_shuffle(self.a(x), 2)), 2))


class Pyramid(nn.Module):
    """A feature pyramid: lateral layers, upsampling, sums and several outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.c1, self.c2, self.c3 = unit(3, 8), unit(8, 12, stride=2), unit(12, 16, stride=2)
        self.l1, self.l2, self.l3 = nn.Conv2d(8, 10, 1), nn.Conv2d(12, 10, 1), nn.Conv2d(16, 10, 1)
        self.smooth, self.head = nn.ModuleList(unit(10, 6) for _ in range(3)), nn.Conv2d(6, 4, 1)

    def forward(self, x: Any) -> Any:
        a = self.c1(x)
        b = self.c2(a)
        p3 = self.l3(self.c3(b))
        p2 = self.l2(b) + F.interpolate(p3, scale_factor=2)
        p1 = self.l1(a) + F.interpolate(p2, scale_factor=2)
        levels = zip(self.smooth, (p1, p2, p3), strict=True)
        return tuple(self.head(layer(p)) for layer, p in levels)


class Ghost(nn.Module):
    """GhostNet's module, with more channels made than used: ``[:, :out]`` cuts them."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.first, self.cheap = unit(3, 8), unit(8, 7, 1), unit(7, 7, groups=7)
        self.next, self.fc = unit(13, 10, 1), nn.Linear(10, 4)

    def forward(self, x: Any) -> Any:
        y = self.first(self.stem(x))
        y = torch.cat([y, self.cheap(y)], 1)[:, :13]
        return self.fc(self.next(y).mean((2, 3)))


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.e1, self.e2, self.e3 = unit(3, 6), unit(6, 10), unit(10, 14)
        self.up2, self.d2 = nn.ConvTranspose2d(14, 9, 2, 2), unit(19, 8)
        self.d1, self.out = unit(14, 6), nn.Conv2d(6, 2, 1)

    def forward(self, x: Any) -> Any:
        a = self.e1(x)
        b = self.e2(F.max_pool2d(a, 2))
        c = self.up2(self.e3(F.max_pool2d(b, 2)))
        y = F.interpolate(self.d2(torch.cat([b, c], 1)), scale_factor=2, mode="bilinear")
        return self.out(self.d1(torch.cat([a, y], 1)))


class Literal(nn.Module):
    """Sizes written out: of views, splits, slices, padding, groups and expansions."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = unit(3, 12), unit(8, 6), unit(4, 6)
        self.weight = nn.Parameter(torch.randn(6, 1, 3, 3))
        self.scale, self.shift = nn.Parameter(torch.rand(6)), nn.Parameter(torch.randn(1, 6, 1, 1))
        self.d, self.cut = unit(6, 8), nn.Unflatten(1, (8, 1))
        self.fc = nn.Linear(8 * 16, 4)

    def forward(self, x: Any) -> Any:
        x = self.a(x)
        y = self.b(x.narrow(1, 4, 8)) + self.c(x[:, :4])
        y = F.conv2d(y, self.weight, None, 1, 1, 1, 6) * self.scale.view(1, -1, 1, 1) + self.shift
        y = F.avg_pool2d(self.d(F.relu(y)), 4)
        y = self.cut(y).squeeze(2).expand(-1, 8, 4, 4)
        return self.fc(y.reshape(-1, 8 * 16))


class Shuffled(nn.Module):
    """Channel shuffles by hand with sizes written out, and by PyTorch's module."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = unit(3, 8, 1), unit(8, 12, 3, 2), unit(12, 6, 3, 3)
        self.shuffle, self.fc = nn.ChannelShuffle(3), nn.Linear(6, 4)

    def forward(self, x: Any) -> Any:
        x = self.a(x)
        y = x.view(x.shape[0], 2, 4, 8, 8).transpose(1, 2).reshape(x.shape[0], 8, 8, 8)
        return self.fc(self.c(self.shuffle(self.b(y))).mean((2, 3)))


class Gates(nn.Module):
    """Squeeze and excite, PReLU, instance norm and hard activations."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.act = nn.Conv2d(3, 10, 3, padding=1), nn.PReLU(10)
        self.squeeze, self.excite = nn.Linear(10, 4), nn.Linear(4, 10)
        self.b, self.norm, self.fc = nn.Conv2d(10, 6, 1), nn.InstanceNorm2d(6), nn.Linear(6, 3)

    def forward(self, x: Any) -> Any:
        x = self.act(self.a(x))
        gate = torch.sigmoid(self.excite(F.hardswish(self.squeeze(x.mean((2, 3))))))
        x = self.norm(self.b(x * gate[:, :, None, None]))
        return self.fc(F.relu(x).mean((2, 3)))


class Heads(nn.Module):
    """Attention with heads; sizes of heads written out."""

    def __init__(self, fused: bool) -> None:
        super().__init__()
        self.fused, self.heads = fused, 2
        self.embed, self.q, self.k = nn.Linear(6, 12), nn.Linear(12, 8), nn.Linear(12, 8)
        self.v, self.o, self.fc = nn.Linear(12, 10), nn.Linear(10, 12), nn.Linear(12, 3)

    def split(self, x: Any, depth: int) -> Any:
        return x.view(x.shape[0], x.shape[1], self.heads, depth).transpose(1, 2)

    def forward(self, x: Any) -> Any:
        x = self.embed(x)
        q, k, v = self.split(self.q(x), 4), self.split(self.k(x), 4), self.split(self.v(x), 5)
        if self.fused:
            y = F.scaled_dot_product_attention(q, k, v)
        else:
            y = (q @ k.transpose(-2, -1) * 0.5).softmax(-1) @ v
        y = y.transpose(1, 2).reshape(x.shape[0], x.shape[1], 10)
        return self.fc(F.relu(x + self.o(y)))


class Tokens(nn.Module):
    """An embedding and a recurrent-free text classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.a, self.fc = nn.Embedding(11, 8), nn.Conv1d(8, 6, 3), nn.Linear(6, 3)

    def forward(self, x: Any) -> Any:
        return self.fc(F.relu(self.a(self.table(x).transpose(1, 2))).mean(2))


class Mixer(nn.Module):
    """MLP-Mixer: layer norm over channels, so nothing is the same as masking."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 12, 4, 4)
        self.n1, self.t1, self.t2 = nn.LayerNorm(12), nn.Linear(4, 7), nn.Linear(7, 4)
        self.n2, self.c1, self.c2 = nn.LayerNorm(12), nn.Linear(12, 20), nn.Linear(20, 12)
        self.fc = nn.Linear(12, 5)

    def forward(self, x: Any) -> Any:
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = x + self.t2(F.gelu(self.t1(self.n1(x).transpose(1, 2)))).transpose(1, 2)
        x = x + self.c2(F.gelu(self.c1(self.n2(x))))
        return self.fc(x.mean(1))


class TokenMixer(nn.Module):
    """Two axes that are mixed in turn, by dense layers and by convolutions, without norms."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.t1, self.t2 = nn.Conv2d(3, 10, 4, 4), nn.Linear(4, 7), nn.Linear(7, 4)
        self.c1, self.c2 = nn.Linear(10, 9), nn.Linear(9, 10)
        self.s1, self.mid, self.s2 = nn.Conv1d(4, 6, 1), nn.Conv1d(6, 5, 1), nn.Conv1d(5, 4, 1)
        self.fc = nn.Linear(10, 5)

    def forward(self, x: Any) -> Any:
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = x + self.t2(torch.sigmoid(self.t1(x.transpose(1, 2)))).transpose(1, 2)
        x = x + self.c2(F.relu(self.c1(x)))
        x = x + self.s2(F.relu(self.mid(F.relu(self.s1(x)))))
        return self.fc(x.mean(1))


class GroupNorm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.n1, self.b = nn.Conv2d(3, 12, 3), nn.GroupNorm(3, 12), nn.Conv2d(12, 8, 1)
        self.n2, self.fc = nn.GroupNorm(2, 8, affine=False), nn.Linear(8, 3)

    def forward(self, x: Any) -> Any:
        return self.fc(self.n2(self.b(F.relu(self.n1(self.a(x))))).mean((2, 3)))


class ConvNeXt(nn.Module):
    """Blocks with layer norm in channels-last order and a learnt scale."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.depth = nn.Conv2d(3, 8, 2, 2), nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.norm, self.up, self.down = nn.LayerNorm(8), nn.Linear(8, 32), nn.Linear(32, 8)
        self.gamma, self.last = nn.Parameter(torch.rand(8)), nn.LayerNorm(8)
        self.fc = nn.Linear(8, 3)

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        y = self.norm(self.depth(x).permute(0, 2, 3, 1))
        y = self.gamma * self.down(F.gelu(self.up(y)))
        x = x + y.permute(0, 3, 1, 2)
        return self.fc(self.last(x.mean((2, 3))))


# Name -> what makes it, the shapes of its inputs, and whether a channel that is masked after the
# norm behind its layer is as good as gone.
NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[tuple[int, ...], ...], bool]] = {
    "grouped": (Grouped, ((2, 3, 8, 8),), True),
    "shared": (Shared, ((2, 3, 8, 8),), True),
    "pixel_shuffle": (PixelShuffle, ((2, 3, 8, 8),), True),
    "pyramid": (Pyramid, ((2, 3, 8, 8),), True),
    "ghost": (Ghost, ((2, 3, 8, 8),), True),
    "unet": (UNet, ((2, 3, 8, 8),), True),
    "literal": (Literal, ((2, 3, 16, 4),), True),
    "shuffled": (Shuffled, ((2, 3, 8, 8),), True),
    "gates": (Gates, ((2, 3, 8, 8),), True),
    "heads": (lambda: Heads(False), ((2, 5, 6),), True),
    "heads_fused": (lambda: Heads(True), ((2, 5, 6),), True),
    "tokens": (Tokens, ((2, 7),), True),
    "mixer": (Mixer, ((2, 3, 8, 8),), False),
    "token_mixer": (TokenMixer, ((2, 3, 8, 8),), True),
    "group_norm": (GroupNorm, ((2, 3, 8, 8),), False),
    "conv_next": (ConvNeXt, ((2, 3, 8, 8),), False),
}


def build(name: str) -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    """A network in inference mode with random statistics, and inputs for it."""
    torch.manual_seed(0)
    make, shapes, _ = NETWORKS[name]
    model = make()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)  # type: ignore[union-attr, operator]
            module.running_var.uniform_(0.5, 1.5)  # type: ignore[union-attr, operator]
            nn.init.uniform_(module.weight, 0.3, 1.5)
            nn.init.normal_(module.bias, 0, 0.5)
    if name == "tokens":
        return model.eval(), (torch.randint(0, 11, shapes[0]),)
    return model.eval(), tuple(torch.randn(shape) for shape in shapes)


def volumes() -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    """A network that TFLM has no kernels for, so that its arena is not known."""
    model = nn.Sequential(nn.Conv3d(1, 4, 3), nn.ReLU(), nn.Conv3d(4, 2, 3))
    return model.eval(), (torch.zeros(1, 1, 8, 8, 8),)
