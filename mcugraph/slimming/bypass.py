"""A model that computes what it would without some of its structures, with all its parameters.

Code that sums goes by the operand that stays. What parts and heads make, and what reads it, is
multiplied with zeros.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from mcugraph.ir import Array
from mcugraph.slimming.call_sites import Sites
from mcugraph.slimming.cutting import default, holders_of, shapes_of
from mcugraph.slimming.vanishing import BRANCH


class Bypass:
    """Structures of a model that are passed by.

    Args:
        model: Of which the sites are.
        sites: Where its structures are.
        names: Of those that go.

    Attributes:
        reduction: What the graph becomes.
        cuts: What stays of the model's tensors.

    Raises:
        UsageError, GraphError: The model cannot run without them.
    """

    def __init__(self, model: Any, sites: Sites, names: Iterable[str]) -> None:
        self.model, self.sites = model, sites
        self.reduction = sites.without(names)
        shapes = shapes_of(model)
        self.graph = self.reduction.graph
        self.cuts = default(self.reduction.remains, shapes)
        self.staying = self.cuts.staying(shapes)
        branches = [s for s in self.reduction.chosen if s.kind == BRANCH]
        self._edits = sites.edits(sites.whole.without(branches))
        self._stack: ExitStack | None = None

    def attach(self) -> None:
        """Go by the branches from now on."""
        from mcugraph.slimming.module import SlimModule

        if self._stack is not None:
            return
        self._stack = ExitStack()
        for path, (code, _) in self._edits.changed.items():
            module, source = self.model.get_submodule(path), self.sites.source.get_submodule(path)
            short = SlimModule.of(module, code)
            for name, value in vars(source).items():
                if name.startswith("_tensor_constant"):
                    short.__dict__.setdefault(name, value)
            module.forward = _Passing(module, short).forward
            self._stack.callback(delattr, module, "forward")

    def detach(self) -> None:
        """Run all of the model again."""
        if self._stack is not None:
            self._stack.close()
            self._stack = None

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Meanwhile the model runs without any of the structures; outside of autograd."""
        held = _parameters(self.model, self.staying)
        before = {name: value.detach().clone() for name, value in held.items()}
        self.attach()
        try:
            for name, value in held.items():
                value.data[~self._mask(name, value)] = 0
            yield
        finally:
            self.detach()
            for name, value in held.items():
                value.data.copy_(before[name])

    def _mask(self, name: str, value: Any) -> Any:
        import torch

        return torch.from_numpy(self.staying[name]).to(value.device)


class _Passing:
    """Other code of a module, in the module's mode."""

    def __init__(self, module: Any, short: Any) -> None:
        self.module, self.short = module, short

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run it."""
        self.short.training = self.module.training
        return self.short.forward(*args, **kwargs)


def _parameters(model: Any, staying: Mapping[str, Array]) -> dict[str, Any]:
    """The parameters of a model that are cut, by name; buffers say nothing of zeros."""
    import torch

    holders = holders_of(model)
    found = {name: holders[name][0] for name in staying}
    return {name: v for name, v in found.items() if isinstance(v, torch.nn.Parameter)}
