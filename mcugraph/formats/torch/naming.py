"""What operators are called: the path of the module that made them."""

import re
from typing import Any

_STRICT = re.compile(r"^L\['self'\]\.?|@\d+$")


class Paths:
    """The module paths of one program."""

    def __init__(self, nodes: list[Any], parameters: list[str]) -> None:
        self._inner: set[str] = set()
        paths = {path for node in nodes for path in _stack(node)}
        paths.update(name.rpartition(".")[0] for name in parameters)
        for path in paths:
            while path:
                path = path.rpartition(".")[0]
                self._inner.add(path)

    def label(self, node: Any, weight: str | None) -> str:
        """What the operators of a node are named after.

        That of a module without submodules bears its path, and so does a layer whose weight
        belongs to a module further down, though its parent calls it. Others are named after the
        node, in the module that calls them.

        Args:
            node: The node.
            weight: The name of the parameter that it multiplies by, if it does.
        """
        path = next(reversed(_stack(node)), "")
        owner = "" if weight is None else weight.rpartition(".")[0]
        if owner and (not path or owner.startswith(f"{path}.")) and owner not in self._inner:
            return owner
        if path and path not in self._inner:
            return path
        return self.inside(node)

    def inside(self, node: Any) -> str:
        """The node's own name, in the module that it was made in."""
        path = next(reversed(_stack(node)), "")
        return f"{path}.{node.name}" if path else str(node.name)


def _stack(node: Any) -> list[str]:
    """The paths of the modules that a node was made in, from the outside."""
    stack = node.meta.get("nn_module_stack") or {}
    return [_STRICT.sub("", str(path)) for path, _ in stack.values()]
