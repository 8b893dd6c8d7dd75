"""Small networks as people write them, with sizes in their code that channels depend on."""

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from support.loading import load_module
from torch import nn


def unit(i: int, o: int, k: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(i, o, k, stride, k // 2, bias=False), nn.BatchNorm2d(o), nn.ReLU()
    )


# ---- decoders ----------------------------------------------------------------------------------


class Decoder(nn.Module):
    """A dense layer whose units become images; ``how`` says in which words."""

    def __init__(self, how: str, norm: bool = False) -> None:
        super().__init__()
        self.how = how
        self.code, self.fc = nn.Linear(6, 5), nn.Linear(5, 8 * 4 * 4)
        self.norm = nn.BatchNorm2d(8) if norm else nn.Identity()
        self.up, self.cut = nn.ConvTranspose2d(8, 6, 2, 2), nn.Unflatten(1, (8, 4, 4))
        self.mid, self.out = nn.BatchNorm2d(6), nn.Conv2d(6, 1, 3, padding=1)

    def forward(self, x: Any) -> Any:
        x = self.fc(F.relu(self.code(x)))
        if self.how == "view":
            x = x.view(x.shape[0], 8, 4, 4)
        elif self.how == "rest":
            x = x.view(-1, 8, 4, 4)
        elif self.how == "channels":
            x = x.reshape(x.size(0), -1, 4, 4)
        elif self.how == "unflatten":
            x = self.cut(x)
        else:
            x = x.view(x.shape[0], 4, 4, 8).permute(0, 3, 1, 2)
        return self.out(F.relu(self.mid(self.up(F.relu(self.norm(x))))))


class AutoEncoder(nn.Module):
    """Images to a code and back; the shape in between is remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.code = unit(1, 8, stride=2), nn.Linear(8 * 16, 5)
        self.back, self.up = nn.Linear(5, 8 * 16), nn.ConvTranspose2d(8, 1, 2, 2)

    def forward(self, x: Any) -> Any:
        b, c, h, w = (x := self.down(x)).shape
        x = self.back(F.relu(self.code(x.flatten(1))))
        return self.up(F.relu(x.view(b, c, h, w)))


# ---- parts -------------------------------------------------------------------------------------


class C2f(nn.Module):
    """YOLOv8's block: halves, a chain of bottlenecks, and all of them joined."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, self.cv1, self.cv2 = how, unit(3, 8, 1), unit(16, 6, 1)
        self.m = nn.ModuleList(nn.Sequential(unit(4, 4), unit(4, 4)) for _ in range(2))
        self.fc = nn.Linear(6, 3)

    def forward(self, x: Any) -> Any:
        x = self.cv1(x)
        if self.how == "list":
            y = list(x.chunk(2, 1))
        elif self.how == "star":
            y = [*x.split(4, dim=1)]
        elif self.how == "split":
            y = list(x.split((4, 4), 1))
        else:
            y = list(torch.tensor_split(x, 2, 1))
        y.extend(m(y[-1]) for m in self.m)
        return self.fc(self.cv2(torch.cat(y, 1)).mean((2, 3)))


class Uneven(nn.Module):
    """Parts of uneven lengths, each with layers of its own."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, self.a = how, unit(3, 9)
        sizes = (5, 4) if how in ("tensor_split", "chunk") else (3, 6)
        self.b, self.c = nn.Conv2d(sizes[0], 4, 1), nn.Conv2d(sizes[1], 4, 3, padding=1)
        self.fc = nn.Linear(8, 3)

    def forward(self, x: Any) -> Any:
        x = self.a(x)
        if self.how == "tensor_split":
            y, z = torch.tensor_split(x, 2, dim=1)
        elif self.how == "indices":
            y, z = x.tensor_split([3], dim=1)
        elif self.how == "chunk":
            y, z = x.chunk(2, dim=1)
        else:
            y, z = x[:, :3], x[:, 3:]
        return self.fc(F.relu(torch.cat([self.b(y), self.c(z)], 1)).mean((2, 3)))


class Glu(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(3, 12, 3), nn.Conv2d(6, 10, 1), nn.Linear(5, 3)

    def forward(self, x: Any) -> Any:
        x = F.glu(self.a(x), 1)
        u, v = self.b(x).chunk(2, 1)
        return self.c((torch.sigmoid(u) * v).mean((2, 3)))


class Branches(nn.Module):
    """As many branches as the list has, joined and shuffled by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = unit(3, 6)
        self.branches = nn.ModuleList(unit(6, 4, k) for k in (1, 3))
        self.last, self.fc = unit(8, 5), nn.Linear(5, 3)

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        y = torch.cat([branch(x) for branch in self.branches], 1)
        b, c, h, w = y.size()
        groups = len(self.branches)
        y = y.view(b, groups, c // groups, h, w).transpose(1, 2).contiguous().view(b, c, h, w)
        return self.fc(self.last(y).mean((2, 3)))


class Excite(nn.Module):
    """Squeeze and excite with a view of sizes that are read off."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.fc = unit(3, 8), nn.Linear(8, 3)
        self.gate = nn.Sequential(nn.Linear(8, 3), nn.ReLU(), nn.Linear(3, 8), nn.Sigmoid())

    def forward(self, x: Any) -> Any:
        x = self.a(x)
        b, c, _, _ = x.size()
        x = x * self.gate(F.adaptive_avg_pool2d(x, 1).view(b, c)).view(b, c, 1, 1).expand_as(x)
        return self.fc(x.mean((2, 3)))


class Selective(nn.Module):
    """Selective kernels: a softmax over branches, channel by channel."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.squeeze = unit(3, 6, 1), unit(3, 6), nn.Linear(6, 4)
        self.pick, self.fc = nn.Linear(4, 12), nn.Linear(6, 3)

    def forward(self, x: Any) -> Any:
        both = torch.stack([self.a(x), self.b(x)], 1)
        b, n, c = both.shape[:3]
        s = F.relu(self.squeeze(both.sum(1).mean((2, 3))))
        w = self.pick(s).view(b, n, c).softmax(1)
        return self.fc((both * w[:, :, :, None, None]).sum(1).mean((2, 3)))


# ---- attention ---------------------------------------------------------------------------------


class ViT(nn.Module):
    """A vision transformer's attention as timm writes it, without norms; ``scale`` says whose."""

    def __init__(self, scale: str = "attribute", fused: bool = False) -> None:
        super().__init__()
        self.heads, self.scale, self.kind, self.fused = 2, 4**-0.5, scale, fused
        self.patch, self.qkv = nn.Conv2d(3, 8, 4, 4), nn.Linear(8, 24, bias=False)
        self.proj, self.up, self.down = nn.Linear(8, 8), nn.Linear(8, 12), nn.Linear(12, 8)
        self.fc = nn.Linear(8, 3)

    def attend(self, x: Any) -> Any:
        b, n, c = x.shape
        qkv = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        if self.fused:
            x = F.scaled_dot_product_attention(q, k, v)
        else:
            if self.kind == "attribute":
                weights = (q @ k.transpose(-2, -1)) * self.scale
            elif self.kind == "root":
                weights = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))
            else:
                weights = (q * (q.shape[-1] ** -0.5)) @ k.transpose(-2, -1)
            x = weights.softmax(-1) @ v
        return self.proj(x.transpose(1, 2).reshape(b, n, c))

    def forward(self, x: Any) -> Any:
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = x + self.attend(x)
        x = x + self.down(F.gelu(self.up(x)))
        return self.fc(x.mean(1))


class Unbound(nn.Module):
    """Queries, keys and values by ``unbind`` and ``chunk``, heads by ``unflatten``."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, self.embed, self.qkv = how, nn.Linear(6, 8), nn.Linear(8, 24)
        self.proj, self.fc = nn.Linear(8, 8), nn.Linear(8, 3)

    def forward(self, x: Any) -> Any:
        x = self.embed(x)
        b, n, _ = x.shape
        if self.how == "unbind":
            q, k, v = self.qkv(x).view(b, n, 3, 2, -1).permute(2, 0, 3, 1, 4).unbind(0)
        else:
            parts = self.qkv(x).chunk(3, dim=-1)
            q, k, v = (p.unflatten(-1, (2, 4)).transpose(1, 2) for p in parts)
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        return self.fc(F.relu(x + self.proj(y)))


class Packed(nn.Module):
    """PyTorch's own attention."""

    def __init__(self, first: bool = True, weights: bool = False, bias: bool = True) -> None:
        super().__init__()
        self.first, self.weights = first, weights
        self.embed, self.fc = nn.Linear(6, 8), nn.Linear(8, 3)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=first, bias=bias)

    def forward(self, x: Any) -> Any:
        x = self.embed(x)
        x = x if self.first else x.transpose(0, 1)
        y, _ = self.attention(x, x, x, need_weights=self.weights)
        return self.fc(F.relu(x + y))


class Cross(nn.Module):
    """PyTorch's own attention over another sequence, of another width."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.fc = nn.Linear(6, 8), nn.Linear(6, 10), nn.Linear(8, 3)
        self.attention = nn.MultiheadAttention(8, 2, kdim=10, vdim=10, batch_first=True)

    def forward(self, x: Any) -> Any:
        q, m = self.a(x), F.relu(self.b(x))
        return self.fc(F.relu(self.attention(q, m, m)[0]))


class CrossPacked(nn.Module):
    """The same where both are of one width: queries, keys and values share a parameter."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, options = how, {"add_bias_kv": True} if how == "biases" else {}
        self.a, self.b, self.fc = nn.Linear(6, 8), nn.Linear(6, 8), nn.Linear(8, 3)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True, **options)

    def forward(self, x: Any) -> Any:
        q, m = self.a(x), F.relu(self.b(x))[:, 1:]
        if self.how == "positions":  # DETR's encoder: in queries and keys, and not in values
            return self.fc(F.relu(self.attention(q + x.mean(-1, keepdim=True), q, F.relu(q))[0]))
        if self.how == "shares":
            y, shares = self.attention(q, m, m, average_attn_weights=False)
            return self.fc(F.relu(y)) + shares.mean((1, 2, 3))[:, None, None]
        return self.fc(F.relu(q + self.attention(q, m, m, need_weights=False)[0]))


class WeightParts(nn.Module):
    """Layers whose weights are parts of one parameter, as slimmable networks have them."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, self.a = how, nn.Conv2d(3, 8, 1)
        self.weight = nn.Parameter(torch.randn(10, 8, 3, 3))
        self.bias = nn.Parameter(torch.randn(10))
        self.c, self.fc = nn.Conv2d(6, 4, 1), nn.Linear(4, 3)

    def forward(self, x: Any) -> Any:
        x = F.relu(self.a(x))
        if self.how == "inside":
            x = F.conv2d(x[:, :5], self.weight[2:8, :5], self.bias[2:8], padding=1)
            return self.fc(F.relu(self.c(F.relu(x))).mean((2, 3)))
        w, v = self.weight.split([6, 4])
        x, y = F.conv2d(x, w, self.bias[:6]), F.conv2d(x, v, self.bias[6:])
        return self.fc((F.relu(self.c(F.relu(x))) + y).mean((2, 3)))


class Encoder(nn.Module):
    """PyTorch's own transformer, one layer or several."""

    def __init__(self, layers: int, first: bool = False) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, 12, batch_first=True, norm_first=first)
        self.embed, self.fc = nn.Linear(6, 8), nn.Linear(8, 3)
        self.layers = layer if layers == 1 else nn.TransformerEncoder(layer, layers)

    def forward(self, x: Any) -> Any:
        return self.fc(self.layers(self.embed(x)).mean(1))


class DecoderLayer(nn.Module):
    """PyTorch's own decoder, alone or behind an encoder."""

    def __init__(self, both: bool = False) -> None:
        super().__init__()
        self.embed, self.memory, self.fc = nn.Linear(6, 8), nn.Linear(6, 8), nn.Linear(8, 3)
        make = nn.Transformer if both else nn.TransformerDecoderLayer
        numbers = (8, 2, 1, 1, 12) if both else (8, 2, 12)
        self.layer = make(*numbers, batch_first=True)

    def forward(self, x: Any) -> Any:
        return self.fc(self.layer(self.embed(x), self.memory(x)).mean(1))


# ---- weights that are made of others -----------------------------------------------------------


class Standardised(nn.Conv2d):
    """Weight standardisation (arXiv:1903.10520)."""

    def forward(self, x: Any) -> Any:
        w = self.weight
        w = (w - w.mean((1, 2, 3), keepdim=True)) / (w.std((1, 2, 3), keepdim=True) + 1e-5)
        return F.conv2d(x, w, self.bias, self.stride, self.padding)


def computed(kind: str) -> nn.Module:
    """A layer in the middle whose weights are computed."""
    middle = nn.Conv2d(8, 6, 3, padding=1)
    if kind == "weight_norm":
        middle = nn.utils.parametrizations.weight_norm(middle)
    elif kind == "old_weight_norm":
        middle = torch.nn.utils.weight_norm(middle)
    elif kind == "spectral_norm":
        middle = nn.utils.parametrizations.spectral_norm(middle)
    elif kind == "old_spectral_norm":
        middle = torch.nn.utils.spectral_norm(middle)
    else:
        middle = Standardised(8, 6, 3, padding=1)
    return nn.Sequential(
        nn.Conv2d(3, 5, 1), nn.ReLU(), nn.Conv2d(5, 8, 1), nn.ReLU(), middle, nn.ReLU(),
        nn.Conv2d(6, 2, 1),
    )  # fmt: skip


class Tied(nn.Module):
    """An encoder and its transpose as the decoder."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(6, 8), nn.Linear(8, 2)
        self.weight = nn.Parameter(torch.randn(5, 8))

    def forward(self, x: Any) -> Any:
        x = F.relu(self.a(x))
        return self.b(F.relu(F.linear(F.relu(F.linear(x, self.weight)), self.weight.t())))


class Filled(nn.Module):
    """Zeros made in the forward method stand beside channels."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, self.a, self.b = how, unit(3, 4, 1), unit(3, 6)
        self.fc = nn.Linear(6, 3)

    def forward(self, x: Any) -> Any:
        y = self.a(x)
        if self.how == "pad":
            y = F.pad(y, (0, 0, 0, 0, 0, 2))
        elif self.how == "zeros":
            y = torch.cat([y, torch.zeros(y.shape[0], 2, y.shape[2], y.shape[3])], 1)
        else:
            y = torch.cat([y, y.new_zeros(y.size(0), 6 - y.size(1), *y.shape[2:])], 1)
        return self.fc(F.relu(y + self.b(x)).mean((2, 3)))


class Scaled(nn.Module):
    """A factor that is the number of channels, or its root."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.a, self.fc = nn.Linear(6, 8), nn.Linear(8, 5), nn.Linear(5, 3)

    def forward(self, x: Any) -> Any:
        x = self.table(x)
        x = x * math.sqrt(x.shape[-1])
        return self.fc(F.relu(self.a(x) / x.shape[-1]))


class Looped(nn.Module):
    """A recurrence by hand that starts from zeros, over parts of channels looked at one by one."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.cells, self.b = nn.Linear(6, 8), nn.Linear(4, 4), nn.Linear(8, 5)
        self.again, self.fc = nn.Linear(5, 5), nn.Linear(5, 3)
        self.register_buffer("gain", torch.rand(8))

    def forward(self, x: Any) -> Any:
        x = self.a(x) * self.gain.view(1, 1, -1)
        parts = [F.relu(self.cells(part)) for part in x.split(4, -1)]
        state = torch.zeros(x.shape[0], 5)
        for step in torch.cat([*parts], -1).unbind(1):
            state = torch.tanh(self.b(step) + self.again(state))
        return self.fc(state)


class Windows(nn.Module):
    """Windows of an image and back, as in Swin."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.fc = nn.Conv2d(3, 8, 1), nn.Linear(8, 8), nn.Linear(8, 3)

    def forward(self, x: Any) -> Any:
        x = self.a(x).permute(0, 2, 3, 1)
        b, h, w, c = x.shape
        y = x.view(b, h // 4, 4, w // 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, c)
        y = F.relu(self.b(y)).view(b, h // 4, w // 4, 4, 4, -1).permute(0, 1, 3, 2, 4, 5)
        return self.fc((x + y.reshape(b, h, w, c)).mean((1, 2)))


class Positions(nn.Module):
    """Tokens with a table of positions, of which the code takes as much as there are tokens."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, self.a, self.b, self.fc = how, nn.Linear(6, 8), nn.Linear(8, 7), nn.Linear(7, 3)
        self.table = nn.Parameter(torch.randn(1, 9, 8))
        self.first = nn.Parameter(torch.randn(1, 1, 8))
        self.embedding = nn.Embedding(9, 8)
        self.rows = nn.Parameter(torch.randn(9, 3))
        self.columns = nn.Parameter(torch.randn(9, 5))

    def forward(self, x: Any) -> Any:
        x, n = self.a(x), x.shape[1]
        if self.how == "slice":
            x = x + self.table[:, :n]
        elif self.how == "numbers":
            x = x + self.embedding(torch.arange(n))
        elif self.how == "turned":
            x = (x.transpose(1, 2) + 0.1 * self.table[0, :n].t()).transpose(1, 2)
        elif self.how == "joined":
            x = x + torch.cat([self.rows[:n], self.columns[:n]], -1)
        else:
            x = torch.cat([self.first.expand(x.shape[0], -1, -1), x], 1)
            x = x + self.table[:, : n + 1]
        return self.fc(F.relu(self.b(x)).mean(1))


class Rotated(nn.Module):
    """Attention with rotated queries and keys, by as many rows of a table as there are tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(6, 8) for _ in range(3))
        self.o, self.fc = nn.Linear(8, 6), nn.Linear(6, 3)
        angles = torch.outer(torch.arange(9.0), 1 / 10 ** torch.arange(0, 1, 0.5)).repeat(1, 2)
        self.register_buffer("cos", angles.cos())
        self.register_buffer("sin", angles.sin())

    def forward(self, x: Any) -> Any:
        b, n, _ = x.shape
        q, k, v = (f(x).view(b, n, 2, 4).transpose(1, 2) for f in (self.q, self.k, self.v))
        q, k = (self.rotated(t, self.cos[:n], self.sin[:n]) for t in (q, k))
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, 8)
        return self.fc(self.o(y).mean(1))

    def rotated(self, x: Any, cos: Any, sin: Any) -> Any:
        first, second = x.chunk(2, -1)
        return x * cos + torch.cat((-second, first), -1) * sin


class Unpacked(nn.Module):
    """Queries, keys and values unpacked from one tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.fc = nn.Linear(6, 24), nn.Linear(8, 3)

    def forward(self, x: Any) -> Any:
        b, n, _ = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, 2, 4).permute(2, 0, 3, 1, 4)
        shares = (q @ k.transpose(-2, -1) / 2).softmax(-1)
        return self.fc((shares @ v).transpose(1, 2).reshape(b, n, 8).mean(1))


class WrittenNorm(nn.Module):
    """Norms over channels, written by hand."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, self.a, self.b = how, nn.Linear(6, 8), nn.Linear(8, 3)
        self.weight, self.bias = nn.Parameter(torch.rand(8)), nn.Parameter(torch.rand(8))

    def forward(self, x: Any) -> Any:
        x = self.a(x)
        if self.how == "rms":
            x = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)
        else:
            mean = x.mean(-1, keepdim=True)
            spread = (x - mean).pow(2).mean(-1, keepdim=True)
            x = (x - mean) / torch.sqrt(spread + 1e-6)
        return self.b(F.relu(self.weight * x + self.bias)).mean(1)


class Recurrence(nn.Module):
    """Channels that a recurrent layer reads."""

    def __init__(self, cell: str, **options: Any) -> None:
        super().__init__()
        self.a = nn.Sequential(nn.Conv1d(6, 7, 3, padding=1), nn.BatchNorm1d(7), nn.ReLU())
        self.cell = getattr(nn, cell)(7, 4, batch_first=True, **options)
        self.fc = nn.Linear(4 * (1 + bool(options.get("bidirectional"))), 3)

    def forward(self, x: Any) -> Any:
        return self.fc(self.cell(self.a(x.transpose(1, 2)).transpose(1, 2))[0].mean(1))


class Unread(nn.Module):
    """A row of blocks (WaveNet's), of which the last makes something that nobody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.fc = nn.Conv2d(3, 6, 1), nn.Linear(7, 3)
        self.go = nn.ModuleList(nn.Conv2d(6, 6, 1) for _ in range(2))
        self.skip = nn.ModuleList(nn.Conv2d(6, 7, 1) for _ in range(2))

    def forward(self, x: Any) -> Any:
        x, kept = self.a(x), torch.zeros(())
        for go, skip in zip(self.go, self.skip, strict=True):
            y = torch.tanh(x)
            kept = skip(y) + kept
            x = go(y) + x
        return self.fc(F.relu(kept).mean((2, 3)))


class Funnel(nn.Module):
    """Each channel, or what a depthwise layer makes of it (FReLU), by the larger."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.fc = nn.Conv2d(3, 6, 3), nn.Linear(6, 3)
        self.t = nn.Conv2d(6, 6, 3, padding=1, groups=6)

    def forward(self, x: Any) -> Any:
        x = self.a(x)
        x = torch.stack([x, self.t(x)], -1).max(-1)[0]
        return self.fc(x.amax((2, 3)))


class Gate(nn.Module):
    """Half of the channels gates the others, by what it is in all tokens (gMLP)."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.t, self.b = nn.Linear(6, 16), nn.Linear(5, 5), nn.Linear(8, 6)
        self.fc = nn.Linear(6, 3)

    def forward(self, x: Any) -> Any:
        u, v = F.gelu(self.a(x)).chunk(2, -1)
        x = self.b(u * self.t(v.transpose(1, 2)).transpose(1, 2))
        return self.fc(x.mean(1))


class Expanded(nn.Module):
    """A gate for all channels alike, written out before or after what it is multiplied with."""

    def __init__(self, first: bool) -> None:
        super().__init__()
        self.first, self.a, self.gate = first, nn.Conv2d(3, 6, 1), nn.Conv2d(3, 4, 1)
        self.fc = nn.Linear(6, 3)

    def forward(self, x: Any) -> Any:
        if not self.first:
            y = F.relu(self.a(x))
        gate = torch.sigmoid(self.gate(x)).mean(1, keepdim=True).expand(-1, 6, 8, 8)
        if self.first:
            y = F.relu(self.a(x))
        return self.fc((gate * y).mean((2, 3)))


class Turns(nn.Module):
    """Channels in turn, as ``x[:, 0::2]`` and ``x[:, 1::2]`` take them."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.fc = nn.Conv2d(3, 9, 1), nn.Linear(6, 3)
        self.even, self.odd = nn.Conv2d(5, 6, 1), nn.Conv2d(4, 6, 1)

    def forward(self, x: Any) -> Any:
        x = F.relu(self.a(x))
        return self.fc(F.relu(self.even(x[:, 0::2]) + self.odd(x[:, 1::2])).mean((2, 3)))


IMAGE, TOKENS, CODE = (2, 3, 8, 8), (2, 5, 6), (2, 6)

# Name -> what makes it, and the shape of its input.
PATTERNS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    **{
        f"decoder_{how}": ((lambda how=how: Decoder(how)), CODE)
        for how in ("view", "rest", "channels", "unflatten", "channels_last")
    },
    "decoder_norm": (lambda: Decoder("view", norm=True), CODE),
    "auto_encoder": (AutoEncoder, (2, 1, 8, 8)),
    **{
        f"c2f_{how}": ((lambda how=how: C2f(how)), IMAGE)
        for how in ("list", "star", "split", "tensor_split")
    },
    **{
        f"uneven_{how}": ((lambda how=how: Uneven(how)), IMAGE)
        for how in ("tensor_split", "indices", "chunk", "slices")
    },
    "glu": (Glu, IMAGE),
    "branches": (Branches, IMAGE),
    "excite": (Excite, IMAGE),
    "selective": (Selective, IMAGE),
    "vit": (ViT, IMAGE),
    "vit_root": (lambda: ViT("root"), IMAGE),
    "vit_power": (lambda: ViT("power"), IMAGE),
    "vit_fused": (lambda: ViT(fused=True), IMAGE),
    "unbind": (lambda: Unbound("unbind"), TOKENS),
    "chunked_heads": (lambda: Unbound("chunk"), TOKENS),
    "packed": (Packed, TOKENS),
    "packed_sequence_first": (lambda: Packed(first=False), TOKENS),
    "packed_weights": (lambda: Packed(weights=True, bias=False), TOKENS),
    "cross": (Cross, TOKENS),
    "encoder_layer": (lambda: Encoder(1), TOKENS),
    "encoder_norm_first": (lambda: Encoder(1, first=True), TOKENS),
    "encoder": (lambda: Encoder(2), TOKENS),
    **{
        f"cross_packed_{how}": ((lambda how=how: CrossPacked(how)), TOKENS)
        for how in ("memory", "positions", "shares", "biases")
    },
    **{
        f"weight_parts_{how}": ((lambda how=how: WeightParts(how)), IMAGE)
        for how in ("inside", "split")
    },
    "decoder_layer": (DecoderLayer, TOKENS),
    "transformer": (lambda: DecoderLayer(both=True), TOKENS),
    **{
        kind: ((lambda kind=kind: computed(kind)), IMAGE)
        for kind in (
            *("weight_norm", "old_weight_norm", "spectral_norm", "old_spectral_norm"),
            "standardised",
        )
    },
    "tied": (Tied, TOKENS),
    **{f"filled_{how}": ((lambda how=how: Filled(how)), IMAGE) for how in ("pad", "zeros", "new")},
    "scaled": (Scaled, TOKENS),
    "looped": (Looped, TOKENS),
    "windows": (Windows, IMAGE),
    **{
        f"positions_{how}": ((lambda how=how: Positions(how)), TOKENS)
        for how in ("slice", "numbers", "turned", "joined", "class_token")
    },
    "rotated": (Rotated, TOKENS),
    "unread": (Unread, IMAGE),
    "funnel": (Funnel, IMAGE),
    "gate": (Gate, TOKENS),
    "turns": (Turns, IMAGE),
    "expanded_first": (lambda: Expanded(True), IMAGE),
    "expanded_last": (lambda: Expanded(False), IMAGE),
    "unpacked": (Unpacked, TOKENS),
    "written_layer_norm": (lambda: WrittenNorm("layer"), TOKENS),
    "written_rms_norm": (lambda: WrittenNorm("rms"), TOKENS),
    "lstm": (lambda: Recurrence("LSTM", num_layers=2), TOKENS),
    "gru": (lambda: Recurrence("GRU", bidirectional=True), TOKENS),
    **load_module("tests/slimming/products.py").PATTERNS,
    **load_module("tests/slimming/learned_tokens.py").PATTERNS,
    **load_module("tests/slimming/recurrences.py").PATTERNS,
}


def build(name: str) -> tuple[nn.Module, torch.Tensor]:
    """A network in inference mode with random statistics and norms, and an input for it."""
    torch.manual_seed(0)
    make, shape = PATTERNS[name]
    model = make()
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.3)  # type: ignore[union-attr, operator]
                module.running_var.uniform_(0.5, 1.5)  # type: ignore[union-attr, operator]
                module.weight.uniform_(0.3, 1.5)
                module.bias.normal_(0, 0.5)
    return model.eval(), torch.randn(shape)
