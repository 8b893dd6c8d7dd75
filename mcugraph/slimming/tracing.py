"""The code of one module as a graph of calls."""

import operator
from collections.abc import Iterator
from typing import Any

import torch


def traced(module: torch.nn.Module) -> torch.fx.Graph:
    """The forward method of a module, with its children as they are.

    What depends on the mode by being given ``self.training`` still does so.

    Args:
        module: It may get attributes for constants of its code.

    Raises:
        Exception: What the code raises when it is given no tensors but names for them.
    """
    modes, mode = [], module.training
    try:
        for module.training in (False, True):
            modes.append(_Tracer().trace(module))
    finally:
        module.training = mode
    graph = modes[int(mode)]
    pairs = list(zip(*(entry.nodes for entry in modes), strict=False))
    if len(modes[0].nodes) != len(modes[1].nodes) or any(a.target != b.target for a, b in pairs):
        return graph
    for node, (at_rest, in_training) in zip(list(graph.nodes), pairs, strict=True):
        _follow_mode(graph, node, at_rest, in_training)
    return graph


class _Tracer(torch.fx.Tracer):
    """Children stay as they are; results that come in known numbers can be iterated over."""

    trace_asserts = True

    def is_leaf_module(self, m: torch.nn.Module, module_qualified_name: str) -> bool:
        return True

    def iter(self, obj: torch.fx.Proxy) -> Iterator[Any]:
        count = _count(obj.node)
        if count is None:
            return super().iter(obj)
        return (operator.getitem(obj, i) for i in range(count))


def _count(node: torch.fx.Node) -> int | None:
    """How many results a call has, where its arguments say so."""
    name = node.target if node.op == "call_method" else getattr(node.target, "__name__", "")
    given = node.args[1] if len(node.args) > 1 else None
    if name == "chunk":
        given = node.kwargs.get("chunks", given)
        return given if isinstance(given, int) else None
    if name == "split" and isinstance(given, list | tuple):
        return len(given)
    return None


def _follow_mode(
    graph: torch.fx.Graph, node: torch.fx.Node, at_rest: torch.fx.Node, in_training: torch.fx.Node
) -> None:
    """Put ``self.training`` where a call is given False at inference and True in training."""
    places = [i for i, a in enumerate(at_rest.args) if a is False and in_training.args[i] is True]
    names = [k for k, a in at_rest.kwargs.items() if a is False and in_training.kwargs[k] is True]
    if places or names:
        with graph.inserting_before(node):
            flag = graph.create_node("get_attr", "training")
        for place in places:
            node.update_arg(place, flag)
        for name in names:
            node.update_kwarg(name, flag)
