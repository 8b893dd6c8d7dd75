"""Networks with tokens that they learn, and tensors that their code makes before it writes."""

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import einsum, nn

TOKENS, IMAGE = (2, 5, 6), (2, 3, 8, 8)


class Latents(nn.Module):
    """Attention of tokens that are learned to an input (Perceiver, arXiv:2103.03206).

    ``how`` says what repeats them for a batch.
    """

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, self.latents, self.norm = how, nn.Parameter(torch.randn(4, 8)), nn.LayerNorm(8)
        self.embed, self.q = nn.Linear(6, 10), nn.Linear(8, 8)
        self.k, self.v = nn.Linear(10, 8), nn.Linear(10, 8)
        self.o, self.up, self.down = nn.Linear(8, 8), nn.Linear(8, 12), nn.Linear(12, 8)
        self.fc = nn.Linear(8, 3)

    def forward(self, x: Any) -> Any:
        x = F.relu(self.embed(x))
        k, v = self.k(x), self.v(x)
        if self.how == "after":
            latents = self.latents
            scores = einsum("nd,bmd->bnm", self.q(latents), k)
        else:
            if self.how == "expand":
                latents = self.latents.unsqueeze(0).expand(x.shape[0], -1, -1)
                queries = self.q(latents)
            else:
                latents = self.latents[None].repeat(x.shape[0], 1, 1)
                queries = self.q(self.norm(latents))
            scores = queries @ k.transpose(1, 2)
        latents = latents + self.o((scores / math.sqrt(8)).softmax(-1) @ v)
        return self.fc((latents + self.down(F.gelu(self.up(latents)))).mean(1))


class Queries(nn.Module):
    """PyTorch's decoder over queries that are learned (DETR, arXiv:2005.12872)."""

    def __init__(self) -> None:
        super().__init__()
        self.memory, self.queries = nn.Linear(6, 8), nn.Embedding(4, 8)
        self.layer, self.fc = (
            nn.TransformerDecoderLayer(8, 2, 12, batch_first=True),
            nn.Linear(8, 3),
        )

    def forward(self, x: Any) -> Any:
        queries = self.queries.weight.unsqueeze(0).repeat(x.shape[0], 1, 1)
        return self.fc(self.layer(queries, F.relu(self.memory(x))))


class Causal(nn.Module):
    """PyTorch's decoder, whose code looks at the type of the mask that it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.fc = nn.Linear(6, 8), nn.Linear(6, 8), nn.Linear(8, 3)
        self.layer = nn.TransformerDecoderLayer(8, 2, 12, batch_first=True)

    def forward(self, x: Any) -> Any:
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        return self.fc(self.layer(self.a(x), F.relu(self.b(x)), tgt_mask=mask).mean(1))


class Interleaved(nn.Module):
    """Channels in turn, written to a tensor that held anything."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(3, 8, 1)
        self.c, self.fc = nn.Conv2d(16, 6, 3), nn.Linear(6, 3)

    def forward(self, x: Any) -> Any:
        y = torch.empty(x.shape[0], 16, 8, 8)
        y[:, ::2], y[:, 1::2] = F.relu(self.a(x)), self.b(x)
        return self.fc(F.relu(self.c(y)).mean((2, 3)))


PATTERNS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    **{
        f"latents_{how}": ((lambda how=how: Latents(how)), TOKENS)
        for how in ("expand", "repeat", "after")
    },
    "learned_queries": (Queries, TOKENS),
    "causal_decoder": (Causal, TOKENS),
    "interleaved": (Interleaved, IMAGE),
}
