"""Training examples, varied at random: shifted and mirrored."""

import torch
import torch.nn.functional as F  # noqa: N812


def varied(
    batch: torch.Tensor, random: torch.Generator, *, shift: int = 0, flip: bool = False
) -> torch.Tensor:
    """A batch, each of its examples shifted and mirrored by itself.

    Args:
        batch: Examples: channels, then spatial axes; without these they stay as they are.
        random: Of the CPU: what is drawn comes from here.
        shift: Elements by which an example moves at most along each spatial axis, up or down; zeros
            follow.
        flip: Whether each second example, by chance, is mirrored along its last axis.
    """
    sizes = batch.shape[2:]
    if not sizes:
        return batch
    count, device = len(batch), batch.device
    if flip:
        mirrored = (torch.rand(count, generator=random) < 0.5).to(device)
        batch = torch.where(mirrored.view(-1, *[1] * (batch.ndim - 1)), batch.flip(-1), batch)
    if shift:
        batch = F.pad(batch, [shift] * (2 * len(sizes)))
        for axis, size in enumerate(sizes, 2):
            first = torch.randint(0, 2 * shift + 1, (count, 1), generator=random)
            kept = (first + torch.arange(size)).to(device)
            kept = kept.view(
                count, *[size if along == axis else 1 for along in range(1, batch.ndim)]
            )
            wanted = list(batch.shape)
            wanted[axis] = size
            batch = batch.gather(axis, kept.expand(wanted))
    return batch
