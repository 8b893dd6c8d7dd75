"""A space tried out before a search of it: faults of somebody's own code are told at once."""

import traceback
from pathlib import Path
from random import Random
from typing import Any

from mcugraph.errors import GraphError, McuGraphError, UsageError
from mcugraph.imported import failure
from mcugraph.nas.search_space import Morph, SearchSpace

_DRAWS = 20  # of which one should be a network


def rehearse(space: SearchSpace[Any]) -> None:
    """Draw an architecture of a space, say its network, and look at what is next to it.

    Raises:
        UsageError: The space's code fails, draws what is no architecture of it, says networks with
            another number of outputs than there are classes, or has other things for morphs.
    """
    name, rng = f"space {type(space).__name__}", Random(0)
    try:
        for _ in range(_DRAWS):
            if _fits(space, name, rng):
                return
    except McuGraphError:
        raise
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}, line {last.lineno}, in {last.name}"
        raise UsageError(f"{name}: it fails: {failure(error)} ({where})") from error


def _fits(space: SearchSpace[Any], name: str, rng: Random) -> bool:
    """Whether there is a network of what is drawn; it is as it has to be."""
    arch = space.sample(rng)
    if not isinstance(arch, space.architecture):
        raise UsageError(f"{name}: sample gives {arch!r}, and no {space.architecture.__name__}")
    try:
        graph = space.graph(arch)
    except GraphError:
        return False
    shapes = [graph.tensors[output].shape or () for output in graph.outputs]
    if len(shapes) != 1 or shapes[0][-1:] != (space.classes,):
        outputs = ", ".join(str(shape[-1] if shape else "none") for shape in shapes)
        raise UsageError(
            f"{name}: its networks have outputs for {outputs} classes, and there are "
            f"{space.classes}"
        )
    for morph in space.morphs(arch):
        if not isinstance(morph, Morph):
            raise UsageError(f"{name}: morphs gives {morph!r}, and no Morph")
    return True
