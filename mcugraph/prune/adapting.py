"""What ``to_budget`` and the callbacks of training frameworks do with a pruner alike."""

from collections.abc import Callable, Iterator, Mapping
from itertools import repeat
from typing import Any

import torch

from mcugraph.checks import check_whole
from mcugraph.errors import UsageError
from mcugraph.prune.pruner import Pruner

SHARE = 0.1  # of a training, until the budgets are met
_UPDATES = 10  # of the masks until then at the least, where there are as many steps
_INTERVAL = 20  # steps between them at the most


def through_in(steps: int, options: Mapping[str, Any]) -> dict[str, Any]:
    """Options with which the pruner is through after so many training steps.

    Args:
        steps: At least 1.
        options: Those that were given; they stay.

    Raises:
        UsageError: The interval that was given is none.
    """
    interval = options.get("interval", max(1, min(_INTERVAL, steps // _UPDATES)))
    check_whole("interval", interval, 1)
    made = {"interval": interval, **options}
    if not made.keys() & {"method", "schedule", "phase"}:
        made["phase"] = max(interval, steps // interval * interval)  # the last step is an update
    return made


def by_loss(
    options: Mapping[str, Any], held: Iterator[Any] | None, loss_of: Callable[[Iterator[Any]], Any]
) -> dict[str, Any]:
    """Options in which ``structure="loss"`` stands for the loss of one validation batch.

    Args:
        options: Those that were given; they stay.
        held: Validation batches; None: there are none.
        loss_of: From an iterator of batches to a function that computes the loss of the next one.

    Raises:
        UsageError: It is asked for, and there are no batches.
    """
    if options.get("structure") != "loss":
        return dict(options)
    if held is None:
        raise UsageError("structure='loss' needs validate=, batches to compute the loss of")
    return {**options, "structure": loss_of(repeat(next(held)))}


def slimmed(pruner: Pruner | None) -> torch.nn.Module:
    """What a callback's pruner has left; what is still over a budget goes at once.

    Raises:
        UsageError: No training has begun.
    """
    if pruner is None:
        raise UsageError("there is nothing to slim before the training")
    if not pruner.met:
        pruner.enforce()
    return pruner.slim()


def submodule_of(module: Any, name: str | None) -> torch.nn.Module:
    """The network inside of a ``LightningModule``; no name: the module itself.

    Raises:
        UsageError: There is none of that name.
    """
    if name is None:
        return module  # type: ignore[no-any-return]
    try:
        return module.get_submodule(name)  # type: ignore[no-any-return]
    except AttributeError:
        raise UsageError(f"{type(module).__name__} has no network {name!r}") from None
