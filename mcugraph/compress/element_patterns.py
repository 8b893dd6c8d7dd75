"""Which weights of a layer go, by their scores, and in what pattern."""

import torch

from mcugraph.errors import UsageError
from mcugraph.storage.block_rows import Blocks
from mcugraph.storage.n_of_m import NofM

SINGLE = Blocks(1, 1)
Pattern = Blocks | NofM


def check_pattern(pattern: object) -> None:
    """Hold a pattern against what it can be.

    Raises:
        UsageError: It is none.
    """
    if not isinstance(pattern, Blocks | NofM):
        raise UsageError(f"pattern: NofM(2, 4), Blocks(1, 4) or None is needed, not {pattern!r}")


def sums_of_blocks(matrix: torch.Tensor, pattern: Blocks) -> torch.Tensor:
    """The sum of each block of a matrix, shape (blocks down, blocks across)."""
    down, across = -matrix.shape[0] % pattern.rows, -matrix.shape[1] % pattern.columns
    full = torch.nn.functional.pad(matrix, (0, across, 0, down))
    rows, columns = full.shape
    blocks = (rows // pattern.rows, pattern.rows, columns // pattern.columns, pattern.columns)
    return full.reshape(blocks).sum((1, 3))


def spread_blocks(blocks: torch.Tensor, pattern: Blocks, shape: torch.Size) -> torch.Tensor:
    """A matrix of a shape with the value of its block at each place."""
    wide = blocks.repeat_interleave(pattern.rows, 0).repeat_interleave(pattern.columns, 1)
    return wide[: shape[0], : shape[1]]


def kept_of_groups(
    scores: torch.Tensor, kept: torch.Tensor, pattern: NofM, progress: float
) -> torch.Tensor:
    """Of each M weights that lie side by side, those that stay.

    Args:
        scores: Shape (rows, columns).
        kept: Those that are left, of the same shape; what is gone stays so.
        pattern: N and M.
        progress: From 0, where none has to go, to 1, where N are left.
    """
    left = pattern.m - round(progress * (pattern.m - pattern.n))
    ranked = scores.masked_fill(~kept, -torch.inf)
    short = -ranked.shape[1] % pattern.m
    full = torch.nn.functional.pad(ranked, (0, short), value=-torch.inf)
    order = full.reshape(len(full), -1, pattern.m).argsort(dim=2, descending=True, stable=True)
    stays = torch.zeros(order.shape, dtype=torch.bool, device=order.device)
    stays.scatter_(2, order[:, :, :left], value=True)
    return stays.reshape(len(full), -1)[:, : scores.shape[1]] & kept


def least(scores: list[torch.Tensor], kept: list[torch.Tensor], count: int) -> list[torch.Tensor]:
    """All but the lowest scores stay, of several tensors together; of equal ones the later.

    Args:
        scores: One number each.
        kept: Those that are left, in the same shapes; what is gone stays so, and counts.
        count: How many are gone in the end. Of each tensor, the highest score of all stays.
    """
    ranked = torch.cat(
        [s.masked_fill(~k, -torch.inf).flatten() for s, k in zip(scores, kept, strict=True)]
    )
    start = 0
    for entry in scores:  # a layer without weights would end the network
        part = ranked[start : start + entry.numel()]
        part[part.argmax()] = torch.inf
        start += entry.numel()
    stays = torch.ones(len(ranked), dtype=torch.bool, device=ranked.device)
    stays[ranked.argsort(stable=True)[: min(count, len(ranked) - len(scores))]] = False
    sizes = [entry.numel() for entry in scores]
    parts = torch.split(stays, sizes)
    return [part.reshape(k.shape) & k for part, k in zip(parts, kept, strict=True)]
