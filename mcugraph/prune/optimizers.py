"""Optimizers that go on with a slimmed model."""

from typing import Any

import numpy as np
import torch

from mcugraph.errors import UsageError
from mcugraph.formats.torch.given import plain_module
from mcugraph.ir import Array
from mcugraph.slimming.cutting import taken


def carry_over(
    optimizer: torch.optim.Optimizer, model: torch.nn.Module, small: torch.nn.Module
) -> None:
    """Let the optimizer of a model train what the model was slimmed to.

    Its parameters are replaced in place, so that schedules of its learning rate go on, and what it
    remembers of them, such as momentum, is cut as they were. Parameters of branches that were
    dropped go.

    Args:
        optimizer: Of the model.
        model: The model that was slimmed.
        small: What ``slim``, ``drop`` or one after the other made of it.

    Raises:
        UsageError: ``small`` was not made of ``model``, the optimizer has other parameters, or
            it remembers something that cannot be cut.
    """
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise UsageError(f"carry_over takes an optimizer, not {type(optimizer).__name__}")
    model, small = (plain_module(entry, "carry_over") for entry in (model, small))
    names = {id(value): name for name, value in model.named_parameters()}
    target = dict(small.named_parameters(remove_duplicate=False))
    gone = set(names.values()) - set(target)
    dropped = getattr(small, "mcugraph_dropped", ()) != getattr(model, "mcugraph_dropped", ())
    if not hasattr(small, "mcugraph_kept") or (gone and not dropped):
        raise UsageError("the second model is not what the first one was slimmed to")
    groups: list[list[torch.Tensor]] = []
    state: dict[torch.Tensor, Any] = {}
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            if id(parameter) not in names:
                raise UsageError("the optimizer has a parameter that is not the model's")
        stay = [names[id(p)] for p in group["params"] if names[id(p)] not in gone]
        groups.append([target[name] for name in stay])
    for parameter, held in optimizer.state.items():
        name = names[id(parameter)]
        if name in gone:
            continue
        entries = _entries(name, model, small)
        state[target[name]] = {
            key: _cut(name, key, value, parameter, entries, target[name])
            for key, value in held.items()
        }
    for group, parameters in zip(optimizer.param_groups, groups, strict=True):
        group["params"] = parameters
    optimizer.state.clear()
    optimizer.state.update(state)


def _entries(name: str, model: Any, small: Any) -> dict[int, Array]:
    """Axis -> which entries of a parameter of the model are left."""
    before = getattr(model, "mcugraph_kept", {}).get(name, {})
    return {
        axis: _positions(numbers, before.get(axis))
        for axis, numbers in small.mcugraph_kept.get(name, {}).items()
    }


def _positions(numbers: Any, before: Any) -> Array:
    """Numbers in the first model of all, as positions in one that was slimmed already."""
    array = np.array(numbers)
    if before is None:
        return array
    if array.ndim == 2:
        rows = zip(array.tolist(), before, strict=True)
        return np.array([[list(old).index(n) for n in row] for row, old in rows])
    place = {number: position for position, number in enumerate(before)}
    return np.array([place[number] for number in array.tolist()])


def _cut(
    name: str, key: str, value: Any, parameter: Any, entries: dict[int, Array], small: torch.Tensor
) -> Any:
    """What is left of an entry, in memory as the smaller parameter is: fused steps need that."""
    if not isinstance(value, torch.Tensor) or value.numel() == 1:
        return value
    if value.shape != parameter.shape:
        raise UsageError(
            f"what the optimizer remembers of {name} ({key}) does not have its shape and cannot"
            " be cut; make a new optimizer"
        )
    with torch.no_grad():
        return torch.empty_like(small, dtype=value.dtype).copy_(taken(value, entries))
