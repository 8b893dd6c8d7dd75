"""ReLUs of what is not negative, which change nothing; a converter makes exponentials of them."""

from typing import Any

from mcugraph.export.tools import called
from mcugraph.ops.elementwise import NEVER_NEGATIVE

_CALLED = {"hardsigmoid": "hard_sigmoid"}


def drop_bounds(module: Any) -> None:
    """Rewrite a ``torch.fx.GraphModule`` that ``torch.export`` gave."""
    for node in list(module.graph.nodes):
        if called(node).removesuffix("_") == "relu":
            name = called(node.args[0]).removesuffix("_")
            if _CALLED.get(name, name) in NEVER_NEGATIVE:
                node.replace_all_uses_with(node.args[0])
                module.graph.erase_node(node)
