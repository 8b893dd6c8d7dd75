"""Networks with heads and parts of concatenations that can vanish, as people write them."""

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from support.branching_nets import unit

ATTENTIONS = ("packed", "three", "by_hand", "torch", "torch_shares")


class Heads(nn.Module):
    """Attention in one of several styles, between dense layers."""

    def __init__(self, style: str, heads: int = 3, depth: int = 2, width: int = 6) -> None:
        super().__init__()
        self.style, self.heads = style, heads
        inner = width if style.startswith("torch") else heads * depth
        self.stem, self.norm = nn.Linear(5, width), nn.LayerNorm(width)
        if style.startswith("torch"):
            self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        elif style == "three":
            self.q, self.k, self.v = (nn.Linear(width, inner) for _ in range(3))
        else:
            self.qkv = nn.Linear(width, 3 * inner, bias=style == "packed")
        if not style.startswith("torch"):
            self.proj = nn.Linear(inner, width)
        self.head = nn.Linear(width, 4)

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        return self.head(x + self.attend(self.norm(x))).mean(1)

    def attend(self, x: Any) -> Any:
        if self.style.startswith("torch"):
            return self.attn(x, x, x, need_weights=self.style == "torch_shares")[0]
        b, n, _ = x.shape
        if self.style == "three":
            # Heads are last but one, and first to go together with the batch.
            q, k, v = (f(x).view(b, n, self.heads, -1) for f in (self.q, self.k, self.v))
            q, k, v = (t.transpose(1, 2).reshape(b * self.heads, n, -1) for t in (q, k, v))
            y = torch.bmm(F.softmax(torch.bmm(q, k.mT) * q.shape[-1] ** -0.5, -1), v)
            y = y.view(b, self.heads, n, -1)
        else:
            parts = self.qkv(x).reshape(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
            q, k, v = parts.unbind(0)
            if self.style == "packed":
                y = F.scaled_dot_product_attention(q, k, v)
            else:
                y = ((q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)).softmax(-1) @ v
        return self.proj(y.transpose(1, 2).reshape(b, n, -1))

    def silent(self, numbers: set[int]) -> None:
        """From now on some heads give zeros to the layer that mixes them."""
        torch_own = self.style.startswith("torch")
        weight = self.attn.out_proj.weight if torch_own else self.proj.weight
        with torch.no_grad():
            for part in numbers:
                weight.view(len(weight), self.heads, -1)[:, part] = 0


class Join(nn.Module):
    """Several units side by side, joined in one of several ways."""

    def __init__(self, style: str, channels: int, counts: tuple[int, ...]) -> None:
        super().__init__()
        self.style = style
        self.parts = nn.ModuleList(
            unit(channels, count, 1 + 2 * (number % 2)) for number, count in enumerate(counts)
        )
        total = sum(counts) + (channels if style == "dense" else 0)
        self.after = nn.BatchNorm2d(total)
        self.last = unit(total, channels, 1)

    def forward(self, x: Any) -> Any:
        if self.style == "dense":  # each reads only the input, and the list grows
            found = [x]
            for part in self.parts:
                found.append(part(x))
            y = torch.cat(found, dim=1)
        elif self.style == "nested":
            y = self.parts[0](x)
            for part in self.parts[1:]:
                y = torch.cat((y, part(x)), 1)
        elif self.style == "star":
            y = torch.concat([part(x) for part in self.parts], axis=1)
        else:
            y = torch.cat(tensors=[part(x) for part in self.parts], dim=1)
        return self.last(self.after(y))

    def silent(self, numbers: set[int]) -> None:
        """From now on nothing is read of what some parts make."""
        counts = [part[0].out_channels for part in self.parts]
        start = self.last[0].in_channels - sum(counts)
        with torch.no_grad():
            for number, count in enumerate(counts):
                if number in numbers:
                    self.last[0].weight[:, start : start + count] = 0
                start += count


JOINS = ("dense", "nested", "star", "named")


class Joins(nn.Module):
    """Such blocks in a row, the last one read by a classifier that names how much it reads."""

    def __init__(self, blocks: list[tuple[str, tuple[int, ...]]], channels: int = 4) -> None:
        super().__init__()
        self.stem = unit(3, channels)
        self.blocks = nn.Sequential(*(Join(style, channels, n) for style, n in blocks))
        self.a, self.b = unit(channels, 3), unit(channels, 2)
        self.fc = nn.Linear(5 * 4, 3)

    def forward(self, x: Any) -> Any:
        x = self.blocks(self.stem(x))
        x = F.adaptive_avg_pool2d(torch.cat((self.a(x), self.b(x)), 1), 2)
        return self.fc(x.view(-1, 5 * 4))
