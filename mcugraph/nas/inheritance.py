"""A child's weights from its parent's: the same function where nothing changed, nearly so else.

Layers are matched in their order, so that what was inserted begins anew and what is behind it does
not. Of a matched layer the leading channels are taken; a larger kernel holds the smaller one in its
centre, with zeros around it.
"""

import io
from collections.abc import Mapping
from itertools import groupby
from math import prod
from typing import Any

import numpy as np
import torch
from torch import nn

from mcugraph.errors import FormatError
from mcugraph.ir import Array

Weights = Mapping[str, Array]
# A layer: the names of its arrays, with those of the batch norm behind it.
Layer = list[str]


def to_bytes(module: nn.Module) -> bytes:
    """The parameters and buffers of a module, as the bytes of an .npz file."""
    stream = io.BytesIO()
    arrays: dict[str, Any] = dict(_arrays(module))
    np.savez(stream, **arrays)
    return stream.getvalue()


def from_bytes(data: bytes) -> dict[str, Array]:
    """What `to_bytes` wrote.

    Raises:
        FormatError: It did not write this.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return {name: file[name] for name in file}
    except (OSError, ValueError, EOFError) as error:
        raise FormatError(f"the weights cannot be read: {error}") from error


def inherit(module: nn.Module, weights: Weights) -> None:
    """Give a module the weights of another one, as far as they fit.

    What has no counterpart keeps the values that it has.
    """
    own = _arrays(module)
    for child, parent in _matched(own, weights):
        # A layer without a batch norm takes nothing of one that has it, and the other way round.
        for mine, theirs in zip(child, parent, strict=False):
            if mine.rpartition(".")[2] == theirs.rpartition(".")[2]:
                own[mine] = _fitted(own[mine], weights[theirs])
    restore(module, own)


def restore(module: nn.Module, weights: Weights) -> None:
    """Give a module all of its weights.

    Raises:
        FormatError: They are of another network.
    """
    state = {name: torch.from_numpy(np.array(value)) for name, value in weights.items()}
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        raise FormatError(f"the weights are of another network: {error}") from error


def _arrays(module: nn.Module) -> dict[str, Array]:
    return {name: value.detach().cpu().numpy() for name, value in module.state_dict().items()}


def _layers(weights: Weights) -> list[Layer]:
    """The layers of a network, in its order."""
    made: list[Layer] = []
    for layer, names in groupby(weights, lambda name: name.rpartition(".")[0]):
        if layer.startswith("norm") and made:
            made[-1] += names
        else:
            made.append(list(names))
    return made


def _matched(own: Weights, given: Weights) -> list[tuple[Layer, Layer]]:
    """Layers of two networks that correspond: most of their weights, in the same order."""
    mine, theirs = _layers(own), _layers(given)
    # best[i][j]: how much of the first i and j layers corresponds at most.
    best = [[0.0] * (len(theirs) + 1) for _ in range(len(mine) + 1)]
    for i, child in enumerate(mine):
        for j, parent in enumerate(theirs):
            alike = _likeness(own[child[0]], given[parent[0]])
            best[i + 1][j + 1] = max(best[i][j] + alike, best[i][j + 1], best[i + 1][j])
    pairs = []
    i, j = len(mine), len(theirs)
    while i and j:
        if best[i][j] == best[i - 1][j]:
            i -= 1
        elif best[i][j] == best[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((mine[i], theirs[j]))
    return pairs


def _likeness(child: Array, parent: Array) -> float:
    """From 0, nothing in common, to 1: the share of the larger one's weights that both have."""
    if child.ndim != parent.ndim or child.ndim < 2:
        return 0.0
    # A depthwise convolution has nothing in common with one that mixes channels.
    if child.ndim > 2 and (child.shape[1] == 1) != (parent.shape[1] == 1):
        return 0.0
    common = prod(map(min, child.shape, parent.shape))
    return float(common / max(child.size, parent.size))


def _fitted(mine: Array, theirs: Array) -> Array:
    """One array in the form of another: leading channels, kernels in the centre."""
    if mine.ndim != theirs.ndim:
        return mine
    here, there = [], []
    for axis, (new, had) in enumerate(zip(mine.shape, theirs.shape, strict=True)):
        both = min(new, had)
        spatial = axis > 1
        first, taken = ((new - both) // 2, (had - both) // 2) if spatial else (0, 0)
        here.append(slice(first, first + both))
        there.append(slice(taken, taken + both))
    made = mine.copy()
    if mine.ndim > 2:
        made[tuple(here[:2])] = 0  # around a smaller kernel
    made[tuple(here)] = theirs[tuple(there)]
    return made
