"""What the callbacks of training frameworks share."""

import torch

from mcugraph.errors import UsageError
from mcugraph.prune.pruner import Pruner


def slimmed(pruner: Pruner | None) -> torch.nn.Module:
    """What a callback's pruner has left; what is still over a budget goes at once.

    Raises:
        UsageError: No training has begun.
    """
    if pruner is None:
        raise UsageError("there is nothing to slim before the training")
    if not pruner.satisfied:
        pruner.enforce()
    return pruner.slim()
