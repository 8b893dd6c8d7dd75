"""Batches of examples that lie where a model is trained."""

from collections.abc import Callable, Iterator

import torch

from mcugraph.experiments.data import Arrays

Examples = tuple[torch.Tensor, torch.Tensor]  # and their classes


def placed(arrays: Arrays, device: str | torch.device) -> Examples:
    """Examples and their classes, on a device."""
    examples, classes = arrays
    return torch.from_numpy(examples).to(device), torch.from_numpy(classes).to(device)


class Batches:
    """Examples and their classes in batches, which are made anew each time.

    Args:
        data: All of them.
        size: Of a batch.
        seed: Of the order, a new one each time, which is drawn on the CPU. One example that is left
            over is left out then: of one, a batch norm knows nothing. None: they come as they lie.
        vary: What becomes of the examples of a batch; it draws by the same generator.
    """

    def __init__(
        self,
        data: Examples,
        size: int,
        seed: int | None = None,
        vary: Callable[[torch.Tensor, torch.Generator], torch.Tensor] | None = None,
    ) -> None:
        self._examples, self._classes = data
        self._size, self._vary = size, vary
        self._shuffled = seed is not None
        self._random = torch.Generator().manual_seed(seed or 0)

    def __len__(self) -> int:
        whole, over = divmod(len(self._classes), self._size)
        return max(1, whole + (over > 1)) if self._shuffled else whole + (over > 0)

    def __iter__(self) -> Iterator[Examples]:
        classes = self._classes
        count = len(classes)
        order = torch.arange(count)
        if self._shuffled:
            order = torch.randperm(count, generator=self._random)
        for chosen in torch.split(order.to(classes.device), self._size)[: len(self)]:
            examples = self._examples[chosen]
            if self._vary is not None:
                examples = self._vary(examples, self._random)
            yield examples, classes[chosen]
