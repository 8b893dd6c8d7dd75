"""Which weights of a layer go, by their scores, and in what pattern."""

import torch

from mcugraph.checks import check_whole
from mcugraph.errors import UsageError
from mcugraph.records import dataclass
from mcugraph.storage.n_of_m import NofM


@dataclass(frozen=True, slots=True)
class Blocks:
    """Weights go by whole blocks of a layer's matrix.

    Attributes:
        rows: Output channels of a block.
        columns: Weights of each, side by side as the device has them: channels last.

    Raises:
        UsageError: There are no such blocks.
    """

    rows: int = 1
    columns: int = 4

    def __post_init__(self) -> None:
        check_whole("Blocks: rows", self.rows, 1)
        check_whole("Blocks: columns", self.columns, 1)

    def grid(self, matrix: torch.Tensor) -> torch.Tensor:
        """A matrix as (blocks down, rows of a block, blocks across, columns of a block).

        Blocks at the ends are filled up with zeros.
        """
        down, across = -matrix.shape[0] % self.rows, -matrix.shape[1] % self.columns
        full = torch.nn.functional.pad(matrix, (0, across, 0, down))
        rows, columns = full.shape
        return full.reshape(rows // self.rows, self.rows, columns // self.columns, self.columns)

    def sums(self, matrix: torch.Tensor) -> torch.Tensor:
        """The sum of each block, shape (blocks down, blocks across)."""
        return self.grid(matrix).sum((1, 3))

    def spread(self, blocks: torch.Tensor, shape: torch.Size) -> torch.Tensor:
        """A matrix with the value of its block at each place."""
        wide = blocks.repeat_interleave(self.rows, 0).repeat_interleave(self.columns, 1)
        return wide[: shape[0], : shape[1]]


SINGLE = Blocks(1, 1)
Pattern = Blocks | NofM


def check_pattern(pattern: object) -> None:
    """Hold a pattern against what it can be.

    Raises:
        UsageError: It is none.
    """
    if not isinstance(pattern, Blocks | NofM):
        raise UsageError(f"pattern: NofM(2, 4), Blocks(1, 4) or None is needed, not {pattern!r}")


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
