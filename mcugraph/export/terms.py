"""Constants that are added before a dense layer, in its bias: as it is counted.

A converter does so for some of them, by the order in which it comes upon things.
"""

from numbers import Real
from typing import Any

from mcugraph.export.tools import arguments_of, called, stored, value_of

_SIGNS = {"add": 1.0, "add_": 1.0, "sub": -1.0, "sub_": -1.0}


def fold_terms(module: Any) -> None:
    """Rewrite a ``torch.fx.GraphModule`` that ``torch.export`` gave."""
    for node in list(module.graph.nodes):
        if called(node) in _SIGNS and len(node.users) == 1:
            (reader,) = node.users
            found = _data_and_term(module, node)
            if found is not None and called(reader) == "linear" and reader.args[0] is node:
                _fold(module, node, reader, *found)


def _data_and_term(module: Any, node: Any) -> tuple[Any, Any] | None:
    """What is added to, and the tensor or the number that is added; None: it is not constant."""
    given = arguments_of(node)
    if given.get("alpha", 1) != 1:
        return None
    first, second = given["input" if "input" in given else "self"], given["other"]
    pairs = [(first, second)]
    if called(node).startswith("add"):
        pairs.append((second, first))
    for data, term in pairs:
        if isinstance(term, Real):
            return data, term
        if getattr(term, "op", "") == "get_attr" and getattr(data, "op", "") != "get_attr":
            return data, value_of(module, term)
    return None


def _fold(module: Any, node: Any, layer: Any, data: Any, term: Any) -> None:
    """Put a term into the bias of a dense layer, where there is one for all or one a channel."""
    import torch

    weight, bias = layer.args[1], layer.args[2] if len(layer.args) > 2 else None
    if any(entry is not None and entry.op != "get_attr" for entry in (weight, bias)):
        return
    rows, added = value_of(module, weight), torch.as_tensor(term)
    ends = added.shape[-1] if added.dim() else 1
    if added.numel() != ends or ends not in (1, rows.shape[1]):
        return
    if data.meta["val"].shape != node.meta["val"].shape:
        return  # it is spread
    column = _SIGNS[called(node)] * added.double().reshape(-1).expand(rows.shape[1])
    total = rows.double() @ column
    if bias is not None:
        total = total + value_of(module, bias).double()
    own = stored(module, layer, f"{node.name}_term", total.to(rows.dtype), bias or weight)
    layer.args = (data, weight, own)
    module.graph.erase_node(node)
