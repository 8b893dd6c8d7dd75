"""Layers that run for nothing: no output of the model depends on what they make.

The last block of a WaveNet makes an input for a next one that there is not. The exporter leaves
such calls out, so nothing says which channels of theirs would go; the code has to leave them out
as well.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from mcugraph.formats.torch.values import identity
from mcugraph.ir import Graph
from mcugraph.slimming.example_runs import calls_of


def unread_calls(
    model: Any, graph: Graph, example: tuple[Any, Mapping[str, Any]]
) -> dict[str, set[str]]:
    """Where the code of a model calls layers for nothing.

    Args:
        model: The whole model.
        graph: Its graph.
        example: What one inference takes: by position, and by name.

    Returns:
        Path of a module -> paths, within it, of what its code calls without need.
    """
    from torch import nn

    named = dict(model.named_parameters(remove_duplicate=False))
    # Of parameters that are tied, the graph knows one name.
    read = {identity(named[name]) for name in _read(graph) & named.keys()}
    own = {path: _parameters(module) for path, module in model.named_modules()}
    held = {path for path, parameters in own.items() if parameters}
    unread = {path for path in held if read.isdisjoint(own[path])}
    alive = {"", *(outer for path in held - unread for outer in _around(path))}
    called: dict[str, str] = {}
    for path in sorted(unread - alive):
        running = [
            outer
            for outer in _around(path)
            if not isinstance(model.get_submodule(outer), nn.ModuleList | nn.ModuleDict)
        ]
        first = next(i for i, outer in enumerate(running) if outer in alive)
        called[running[first - 1]] = running[first]
    found: dict[str, set[str]] = defaultdict(set)
    for path, calls in (calls_of(model, called, *example) if called else {}).items():
        if calls:
            outer = called[path]
            found[outer].add(path.removeprefix(f"{outer}."))
    return found


def _parameters(module: Any) -> list[Any]:
    """What tells the parameters of a module's own apart from others."""
    return [identity(value) for value in module.parameters(recurse=False)]


def _read(graph: Graph) -> set[str]:
    """The names of the model's tensors that operators read, or that constants are made of."""
    found: set[str] = set()
    for tensor in (tensor for part in graph.walk() for tensor in part.tensors.values()):
        if tensor.constant is not None:
            found.add(str(tensor.constant.key))
            derivation = tensor.constant.derivation
            found.update(derivation.sources if derivation is not None else ())
    return found


def _around(path: str) -> list[str]:
    """A module's path, and those of the modules around it, from the inside out."""
    parts = path.split(".")
    return [".".join(parts[:count]) for count in range(len(parts), -1, -1)]


def leave_out_unread(graph: Any, paths: Collection[str]) -> bool:
    """Take calls for nothing out of traced code.

    Args:
        graph: The code; changed in place.
        paths: Of the modules that it calls for nothing.

    Returns:
        Whether there were such.
    """
    gone: dict[Any, None] = {}
    pending = [node for node in graph.nodes if node.op == "call_module" and node.target in paths]
    while pending:
        node = pending.pop()
        if node not in gone:
            gone[node] = None
            pending += node.users
    if any(node.op == "output" for node in gone):
        return False
    for node in reversed([node for node in graph.nodes if node in gone]):
        graph.erase_node(node)
    return bool(gone)
