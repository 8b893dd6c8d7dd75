"""Networks whose code sums products, writes into parts of tensors, or shares over branches."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import einsum, nn

TOKENS, IMAGE = (2, 5, 6), (2, 3, 8, 8)


def unit(i: int, o: int, k: int = 3) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(i, o, k, padding=k // 2, bias=False), nn.BatchNorm2d(o), nn.ReLU()
    )


class Ends(nn.Module):
    """Something between a layer for channels and a classifier."""

    def __init__(self, made: int, image: bool, width: int = 8) -> None:
        super().__init__()
        self.image = image
        self.first = unit(3, width) if image else nn.Linear(6, width)
        self.out = nn.Linear(made, 3)

    def forward(self, x: Any) -> Any:
        y = self.inner(self.first(x))
        return self.out(y.mean((2, 3)) if self.image else y)

    def inner(self, x: Any) -> Any:
        raise NotImplementedError


class Matrix(Ends):
    """A matrix of one's own; ``equation`` says how it lies."""

    def __init__(self, equation: str, shape: tuple[int, ...], made: int) -> None:
        super().__init__(made, image="h" in equation)
        self.equation, self.matrix = equation, nn.Parameter(torch.randn(shape) / 3)

    def inner(self, x: Any) -> Any:
        first = self.equation.index(",") == 2
        operands = (self.matrix, F.relu(x)) if first else (F.relu(x), self.matrix)
        return F.relu(einsum(self.equation, *operands))


class Heads(Ends):
    """An attention of products that are written out; ``kind`` says in which form."""

    def __init__(self, kind: str) -> None:
        super().__init__(8, image=False)
        self.kind, self.project = kind, nn.Linear(8, 8)
        self.q, self.k, self.v = (nn.Linear(8, 8, bias=False) for _ in range(3))
        self.mixed = nn.Parameter(torch.randn(2, 2))

    def inner(self, x: Any) -> Any:
        b, n, _ = x.shape
        q, k, v = (layer(x).view(b, n, 2, -1) for layer in (self.q, self.k, self.v))
        if self.kind == "last":
            scores = einsum("bnhd,bmhd->bhnm", q, k) / 2
            y = einsum("bhnm,bmhd->bnhd", scores.softmax(-1), v).reshape(b, n, -1)
        elif self.kind == "cosine":
            q, k, v = (t.transpose(1, 2) for t in (q, k, v))
            scores = F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1)
            y = (scores.softmax(-1) @ v).transpose(1, 2).reshape(b, n, -1)
        elif self.kind == "linear":  # Katharopoulos et al., arXiv:2006.16236
            q, k, v = (t.transpose(1, 2) for t in (F.relu(q), F.relu(k), v))
            total = 1 / (einsum("bhnd,bhd->bhn", q, k.sum(2)) + 1e-6)
            y = einsum("bhnd,bhde,bhn->bhne", q, einsum("bhnd,bhne->bhde", k, v), total)
            y = y.transpose(1, 2).reshape(b, n, -1)
        else:
            q, k, v = (t.transpose(1, 2) for t in (q, k, v))
            scores = einsum("b h i d, b h j d -> b h i j", q, k) / 2
            if self.kind == "talking":  # Shazeer et al., arXiv:2003.02436
                scores = einsum("b h i j, h g -> b g i j", scores, self.mixed)
            y = einsum("b h i j, b h j d -> b h i d", scores.softmax(-1), v)
            y = y.transpose(1, 2).reshape(b, n, -1)
        return x + self.project(y)


class HeadMatrices(Ends):
    """Queries, keys and values by weights with an axis for heads."""

    def __init__(self) -> None:
        super().__init__(8, image=False)
        self.q, self.k, self.v = (nn.Parameter(torch.randn(8, 2, 4) / 3) for _ in range(3))
        self.o = nn.Parameter(torch.randn(2, 4, 8) / 3)

    def inner(self, x: Any) -> Any:
        q, k, v = (einsum("bnc,chd->bhnd", x, w) for w in (self.q, self.k, self.v))
        scores = einsum("bhnd,bhmd->bhnm", q, k).mul(0.5).softmax(-1)
        return x + einsum("bhnd,hdc->bnc", einsum("bhnm,bhmd->bhnd", scores, v), self.o)


class LinearByMatrices(Ends):
    """EfficientViT's attention: values with a row of ones, whose product is the sum to divide by.

    Cai et al., arXiv:2205.14756.
    """

    def __init__(self) -> None:
        super().__init__(8, image=True)
        self.qkv, self.project = nn.Conv2d(8, 24, 1, bias=False), nn.Conv2d(8, 8, 1)

    def inner(self, x: Any) -> Any:
        b, _, h, w = x.shape
        q, k, v = self.qkv(x).reshape(b, 2, -1, h * w).chunk(3, 2)
        v = F.pad(v, (0, 0, 0, 1), value=1.0)
        y = (v @ F.relu(k).transpose(-1, -2)) @ F.relu(q)
        y = y[:, :, :-1] / (y[:, :, -1:] + 1e-6)
        return x + self.project(y.reshape(b, -1, h, w))


class TokensMixed(Ends):
    """Hidden units over tokens, by matrices on that axis."""

    def __init__(self) -> None:
        super().__init__(8, image=False)
        self.up, self.down = nn.Parameter(torch.randn(5, 7)), nn.Parameter(torch.randn(7, 5))

    def inner(self, x: Any) -> Any:
        return x + einsum("bmc,mn->bnc", F.gelu(einsum("bnc,nm->bmc", x, self.up)), self.down)


class Graphs(Ends):
    """ST-GCN's layer: channels of each kind of edge, summed over the kinds."""

    def __init__(self) -> None:
        super().__init__(8, image=True, width=16)
        self.register_buffer("edges", torch.rand(2, 8, 8))

    def inner(self, x: Any) -> Any:
        n, c, t, v = x.shape
        return F.relu(einsum("nkctv,kvw->nctw", x.view(n, 2, c // 2, t, v), self.edges))


class Products(Ends):
    """Products of activations alone; ``kind`` says which."""

    def __init__(self, kind: str) -> None:
        super().__init__(6 if kind == "experts" else 8, image=True)
        self.kind, self.gate = kind, nn.Linear(8, 8)
        self.experts = nn.ModuleList(nn.Conv2d(8, 6, 1) for _ in range(3))

    def inner(self, x: Any) -> Any:
        if self.kind == "gate":
            gate = torch.sigmoid(self.gate(einsum("bchw->bc", x) / 64))
            return einsum("bchw,bc->bchw", x, gate)
        shares = x.mean((2, 3))[:, :3].softmax(-1)
        return F.relu(
            einsum("be,bechw->bchw", shares, torch.stack([e(x) for e in self.experts], 1))
        )


class Written(Ends):
    """Code that writes into parts of tensors; ``kind`` says which."""

    def __init__(self, kind: str) -> None:
        super().__init__(8, image=True)
        self.kind, self.other, self.last = kind, nn.Conv2d(8, 3, 3, padding=1), unit(8, 8)

    def inner(self, x: Any) -> Any:
        y = x.clone()
        if self.kind == "slice":
            y[:, :3] = torch.sigmoid(self.other(x))
        elif self.kind == "sum":
            y[:, 5:] += self.other(x)
        elif self.kind == "channel":
            y[:, 2] = x[:, 4] * 2
        elif self.kind == "zero":
            y[:, :, :1] = 0.0
        else:  # the temporal shift of Lin et al., arXiv:1811.08383
            y = torch.zeros_like(x)
            y[:, :2, :-1] = x[:, :2, 1:]
            y[:, 2:4, 1:, :] = x[:, 2:4, :-1, :]
            y[:, 4:] = x[:, 4:]
        return self.last(y)


class Normalised(Ends):
    """Channels by the root of the sum of their squares."""

    def __init__(self, image: bool, how: str = "normalize") -> None:
        super().__init__(5, image)
        self.how, self.last = how, unit(8, 5) if image else nn.Linear(8, 5)

    def inner(self, x: Any) -> Any:
        axis = 1 if self.image else -1
        if self.how == "normalize":
            return self.last(F.normalize(F.relu(x), dim=axis))
        return self.last(x / x.norm(dim=axis, keepdim=True).clamp_min(1e-6).expand_as(x))


class Shared(Ends):
    """Of several branches, the shares of each channel, or the largest; or one for several."""

    def __init__(self, kind: str) -> None:
        super().__init__(8, image=True)
        self.kind, self.a, self.b = kind, unit(8, 8), nn.Conv2d(8, 16, 3, padding=1)
        self.squeeze, self.picks = nn.Linear(8, 4), nn.ModuleList(nn.Linear(4, 8) for _ in "ab")

    def inner(self, x: Any) -> Any:
        b, _, h, w = x.shape
        if self.kind == "maxout":
            return self.b(x).view(b, -1, 2, h, w).amax(2)
        if self.kind == "sources":  # masks of two sources for one encoder's channels
            return (x.unsqueeze(1) * F.relu(self.b(x)).view(b, 2, -1, h, w)).sum(1)
        both = torch.stack([x, self.a(x)], 0)  # selective kernels, Li et al., arXiv:1903.06586
        squeezed = F.relu(self.squeeze(both.sum(0).mean((2, 3))))
        shares = torch.stack([pick(squeezed)[..., None, None] for pick in self.picks], 0)
        return (both * shares.softmax(0)).sum(0)


class Context(Ends):
    """A mean over places with shares for weights, as a product (GCNet, arXiv:1904.11492)."""

    def __init__(self) -> None:
        super().__init__(8, image=True)
        self.share, self.squeeze, self.back = (nn.Conv2d(*s, 1) for s in ((8, 1), (8, 4), (4, 8)))

    def inner(self, x: Any) -> Any:
        b, c, h, w = x.shape
        shares = self.share(x).view(b, 1, h * w).softmax(2).unsqueeze(-1)
        context = (x.view(b, c, h * w).unsqueeze(1) @ shares).view(b, c, 1, 1)
        return x + self.back(F.relu(self.squeeze(context)))


class SplitAttention(Ends):
    """Shares of two halves, and the halves summed by them (ResNeSt, arXiv:2004.08955)."""

    def __init__(self) -> None:
        super().__init__(8, image=True, width=16)
        self.squeeze, self.back = nn.Conv2d(8, 4, 1), nn.Conv2d(4, 16, 1)

    def inner(self, x: Any) -> Any:
        b, half = x.shape[0], x.shape[1] // 2
        parts = torch.split(x, half, 1)
        shares = self.back(F.relu(self.squeeze(F.adaptive_avg_pool2d(sum(parts), 1))))
        shares = shares.view(b, 1, 2, -1).transpose(1, 2).softmax(1).reshape(b, -1, 1, 1)
        return sum(u * v for u, v in zip(torch.split(shares, half, 1), parts, strict=True))


PATTERNS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "einsum_dense": (lambda: Matrix("bnc,cd->bnd", (8, 7), 7), TOKENS),
    "einsum_turned": (lambda: Matrix("...c,dc->...d", (7, 8), 7), TOKENS),
    "einsum_pointwise": (lambda: Matrix("oc,bchw->bohw", (6, 8), 6), IMAGE),
    "einsum_factors": (lambda: Matrix("bchw,ch->bchw", (8, 8), 8), IMAGE),
    **{
        f"einsum_heads_{kind}": ((lambda kind=kind: Heads(kind)), TOKENS)
        for kind in ("first", "last", "cosine", "linear", "talking")
    },
    "einsum_head_matrices": (HeadMatrices, TOKENS),
    "linear_by_matrices": (LinearByMatrices, IMAGE),
    "einsum_tokens": (TokensMixed, TOKENS),
    "einsum_graphs": (Graphs, IMAGE),
    "context": (Context, IMAGE),
    "split_attention": (SplitAttention, IMAGE),
    "einsum_gate": (lambda: Products("gate"), IMAGE),
    "einsum_experts": (lambda: Products("experts"), IMAGE),
    **{
        f"written_{kind}": ((lambda kind=kind: Written(kind)), IMAGE)
        for kind in ("slice", "sum", "channel", "zero", "shift")
    },
    "normalised_image": (lambda: Normalised(True), IMAGE),
    "normalised_tokens": (lambda: Normalised(False), TOKENS),
    "normalised_expanded": (lambda: Normalised(True, "norm"), IMAGE),
    **{
        f"shared_{kind}": ((lambda kind=kind: Shared(kind)), IMAGE)
        for kind in ("shares", "maxout", "sources")
    },
}
