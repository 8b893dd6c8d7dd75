"""Code of modules that is put in the place of their own."""

import copy
from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from mcugraph.ir import Graph
from mcugraph.records import dataclass

if TYPE_CHECKING:
    from mcugraph.slimming.tracing import Traced


@dataclass(frozen=True)
class Edits:
    """Code of modules without some structures.

    Attributes:
        graph: Of the whole model.
        source: A copy of the model in which its modules were traced.
        codes: Path of a module -> its code as it was traced.
        opened: Path of a module -> those in it whose code is a part of its own.
        changed: Path of a module -> its new code, and the names in the module that it uses no more.
    """

    graph: Graph
    source: Any = None
    codes: "Mapping[str, Traced]" = field(default_factory=dict)
    opened: Mapping[str, frozenset[str]] = field(default_factory=dict)
    changed: Mapping[str, tuple[Any, list[str]]] = field(default_factory=dict)

    def home(self, path: str) -> str:
        """The module whose traced code the code of a module is a part of."""
        return next((outer for outer in self.changed if path in self.opened[outer]), path)

    def apply(self, model: Any) -> Any:
        """A model with the new code, without what that does not use.

        Args:
            model: Changed in place, unless its own code is another.
        """
        for path, (code, unused) in self.changed.items():
            model = _put(model, path, code, unused, self.source)
        return model


def _put(model: Any, path: str, code: Any, unused: list[str], source: Any) -> Any:
    """A model with other code in one of its modules, without what the code does not use."""
    from torch import nn

    if path and _changes_nothing(code, model.get_submodule(path)):
        old, new = model.get_submodule(path), nn.Identity()
        new.train(old.training)
        for parent in model.modules():
            for name, child in parent._modules.items():
                if child is old:
                    parent._modules[name] = new
        return model
    model = replaced(model, path, copy.deepcopy(code), source)
    for name in unused:
        _remove(model.get_submodule(path), name)
    return model


def _changes_nothing(code: Any, module: Any) -> bool:
    """Whether code gives the one thing that it is given."""
    from torch import nn

    first, *rest = code.nodes
    return first.op == "placeholder" and all(
        node.args == (before,)
        and (
            node.op == "output"
            or (node.op == "call_module" and type(module.get_submodule(node.target)) is nn.Identity)
        )
        for before, node in zip((first, *rest), rest, strict=False)
    )


def _remove(module: Any, name: str) -> None:
    """Take a part out of a module, and what is empty then."""
    outer, _, last = name.rpartition(".")
    owner = module.get_submodule(outer)
    for held in (owner._modules, owner._parameters, owner._buffers):
        if last in held:
            del held[last]
    if outer and not any((owner._modules, owner._parameters, owner._buffers)):
        _remove(module, outer)


def inlined(model: Any, path: str) -> frozenset[str]:
    """Modules in a module whose code the exporter takes for a part of that around it.

    Such are traced ones: operators in them bear the path of who calls them.

    Args:
        model: The whole model.
        path: Of the module.

    Returns:
        Their paths in the model.
    """
    import torch

    inner = model.get_submodule(path).named_modules(prefix=path)
    return frozenset(
        name for name, part in inner if name != path and isinstance(part, torch.fx.GraphModule)
    )


def replaced(model: Any, path: str, graph: Any, source: Any) -> Any:
    """The model with a traced form in the place of a module, wherever it holds that.

    Args:
        model: Changed in place, unless the module is the model itself.
        path: Of the module.
        graph: Its traced code.
        source: The model that it was traced in, which holds constants of the code.
    """
    from mcugraph.slimming.module import SlimModule

    old = model.get_submodule(path)
    for name, value in vars(source.get_submodule(path)).items():
        if name.startswith("_tensor_constant") and not hasattr(old, name):
            setattr(old, name, value)
    new = SlimModule.of(old, graph)
    if hasattr(old, "_qkv_same_embed_dim"):
        # Otherwise a layer around PyTorch's attention reads its weights, and does not call it.
        vars(new)["_qkv_same_embed_dim"] = False
    for parent in model.modules():
        for name, child in parent._modules.items():
            if child is old:
                parent._modules[name] = new
    return model if path else new
