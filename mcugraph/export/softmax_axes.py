"""Softmax and log-softmax along the last axis, where images have their channels.

A converter takes those along other axes apart, for the most part into floats.
"""

from typing import Any

from mcugraph.export.tools import arguments_of, called
from mcugraph.rewrite.softmaxes import FROM_IMAGE, IMAGE, turned

# What makes images, or hands them on, whatever is read; and what lays data out anew.
_WINDOWS = ("conv", "max_pool", "avg_pool", "adaptive_")
_ELSEWHERE = frozenset(
    {"bmm", "einsum", "expand", "flatten", "flip", "linear", "matmul", "mm", "movedim", "permute"}
    | {"pixel_shuffle", "pixel_unshuffle", "repeat", "reshape", "roll", "slice", "squeeze"}
    | {"scaled_dot_product_attention", "stack", "t", "transpose", "unflatten", "unsqueeze", "view"}
)


def turn_softmax_axes(module: Any) -> None:
    """Rewrite a ``torch.fx.GraphModule`` that ``torch.export`` gave."""
    import torch

    permute = torch.ops.aten.permute.default
    for node in list(module.graph.nodes):
        if called(node) not in ("softmax", "log_softmax"):
            continue
        given, shape = arguments_of(node), tuple(node.meta["val"].shape)
        if not shape:
            continue
        image = is_image(node.args[0])
        order = turned(len(shape), given["dim"], image)
        if order is None:
            order = IMAGE if image else tuple(range(len(shape)))
        if order == tuple(range(len(shape))):
            continue
        home = sorted(range(len(shape)), key=order.__getitem__)
        data, last = node.args[0], len(shape) - 1
        for target, args, order_now in (
            (permute, (list(order),), order),
            (node.target, (last, *node.args[2:]), order),
            (permute, (home,), range(len(shape))),
        ):
            with module.graph.inserting_before(node):
                data = module.graph.call_function(target, (data, *args))
            kept = ("nn_module_stack", "stack_trace")
            data.meta = {key: v for key, v in node.meta.items() if key in kept}
            moved = [shape[axis] for axis in order_now]
            data.meta["val"] = node.meta["val"].new_empty(moved, device="meta")
        node.replace_all_uses_with(data)
        module.graph.erase_node(node)


def is_image(node: Any) -> bool:
    """Whether data is stored with its second axis last, as ``mcugraph.rewrite.softmaxes`` says."""
    while len(getattr(node.meta.get("val"), "shape", ())) == len(IMAGE):
        name = called(node)
        if node.op == "placeholder" or name.startswith(_WINDOWS):
            return True
        if name == "permute":
            return tuple(axis % len(IMAGE) for axis in node.args[1]) == FROM_IMAGE
        if name in _ELSEWHERE or not node.args:
            return False
        first = node.args[0]
        node = first[0] if isinstance(first, list | tuple) else first
    return False
