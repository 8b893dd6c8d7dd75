"""Forward methods with other sizes in them.

Only the modules whose own code names a size that changes are traced, with their children as they
are; the traced form takes the module's place. What each call reads and makes is found by running
the traced form once more, with each call in a module of its own, through the exporter: operators
bear the path of the module that made them.
"""

import copy
import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from mcugraph.errors import GraphError
from mcugraph.ir import Graph, Operator
from mcugraph.ops.attention import Attention
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.movement import Expand, Reshape
from mcugraph.ops.normalization import Normalization
from mcugraph.ops.selection import Pad, Slice, Split
from mcugraph.slimming.kept import Kept
from mcugraph.slimming.label_flow import described, paired
from mcugraph.slimming.literals import RULES, Site, Written, rewritten

_STEP = re.compile(r"^whole\.(?:(.*)\.)?mcugraph_step_(\d+)")
_SIZED = (Reshape, Expand, Split, Slice, Pad, Attention, Normalization, Conv, ConvTranspose)


class Rewriting:
    """The forward methods of a model that name sizes which change.

    Args:
        model: The whole model.
        kept: The classes that stay.
        export: Makes a graph of a form of the model.

    Attributes:
        modules: Path of a module -> its traced code, ``torch.fx.Graph``.
        failures: Names of operators -> why their module could not be traced.
        located: Names of operators that a call was found for.
    """

    def __init__(self, model: Any, kept: Kept, export: Callable[[Any], Graph]) -> None:
        # Tracing may leave constants in a module.
        self._model, self._kept, self._export = copy.deepcopy(model), kept, export
        self.modules: dict[str, Any] = {}
        self.failures: dict[str, str] = {}
        self.located: set[str] = set()
        self._steps: dict[tuple[str, int], list[list[Operator]]] = defaultdict(list)
        from mcugraph.slimming.tracing import traced

        for path, operators in self._owners().items():
            try:
                self.modules[path] = traced(self._model.get_submodule(path))
            except Exception as error:  # whatever the model's own code raises on a proxy
                reason = str(error).strip().partition("\n")[0].partition(". ")[0]
                for operator in operators:
                    self.failures[operator] = reason or type(error).__name__

    def _owners(self) -> dict[str, list[str]]:
        """Path of a module -> the operators in its own code that may name a size that changes."""
        paths = {path for path, _ in self._model.named_modules(remove_duplicate=False)}
        found: dict[str, list[str]] = defaultdict(list)
        for operator in self._kept.space.graph.operators:
            if isinstance(operator.op, _SIZED) and self._changes(operator):
                path = re.split(r"[#/]", operator.name)[0]
                while path and path not in paths:
                    path = path.rpartition(".")[0]
                if not _own_parameters(self._model.get_submodule(path)):
                    found[path].append(operator.name)
        return found

    def _changes(self, operator: Operator) -> bool:
        """Whether channels go from what an operator reads or makes."""
        activations = self._kept.space.labelling.activations
        names = {n for n in (*operator.inputs, *operator.outputs) if n in activations}
        return any(not self._kept.mask(activations[name]).all() for name in names)

    def apply(self, small: Any) -> Any:
        """Rewrite the modules of a model whose parameters have been cut.

        Returns:
            The model; another module if its own code had to change.

        Raises:
            GraphError: A call is run twice and would need different sizes.
        """
        if not self._steps:
            self._locate()
        for path, graph in self._inside_out():
            new = copy.deepcopy(graph)
            calls = [node for node in new.nodes if _name(node) in RULES]
            changed = [self._node(path, number, node) for number, node in enumerate(calls)]
            if any(changed):
                small = _replaced(small, path, new, self._model)
        return small

    def _inside_out(self) -> list[tuple[str, Any]]:
        return sorted(
            self.modules.items(), key=lambda item: -len(item[0].split(".")) * bool(item[0])
        )

    def _locate(self) -> None:
        """Find out which operators each call becomes."""
        from mcugraph.slimming.module import Whole

        tagged = copy.deepcopy(self._model)
        for path, graph in self._inside_out():
            tagged = _replaced(tagged, path, copy.deepcopy(graph), self._model, steps=True)
        for operator, other in paired(self._kept.space.graph, self._export(Whole(tagged))):
            step = _STEP.match(other.name)
            if step is None:
                continue
            self.located.add(operator.name)
            calls = self._steps[step[1] or "", int(step[2])]
            if calls and isinstance(operator.op, Slice) and _follows(calls[-1], operator):
                calls[-1].append(operator)
            else:
                calls.append([operator])

    def _node(self, path: str, number: int, node: Any) -> bool:
        """Rewrite one call; whether it had to be."""
        written = Written(_name(node), tuple(node.args[1:]), dict(node.kwargs))
        found = []
        for operators in self._steps[path, number]:
            first, last = operators[0], operators[-1]
            activations = self._kept.space.labelling.activations
            data = activations.get(first.inputs[0] or "")
            if data is None or not node.args:
                continue
            site = Site(self._kept, data, tuple(activations[name] for name in last.outputs))
            try:
                found.append(rewritten(written, site))
            except GraphError as error:
                raise GraphError(f"{described(first)}: {error}") from None
        if not found or all(entry == written for entry in found):
            return False
        if any(entry != found[0] for entry in found):
            operator = self._steps[path, number][0][0]
            raise GraphError(f"{described(operator)}: it runs more than once, with other sizes")
        node.args = (node.args[0], *found[0].arguments)
        node.kwargs = found[0].options
        if found[0].swapped:
            node.op, node.target = "call_method", found[0].name
        return True


def _follows(calls: list[Operator], operator: Operator) -> bool:
    return operator.inputs[0] in calls[-1].outputs and isinstance(calls[-1].op, Slice)


def _own_parameters(module: Any) -> bool:
    """Whether it is one of PyTorch's layers, whose attributes say what its sizes are."""
    from torch import nn

    known = type(module).__module__.startswith("torch.nn")
    return (
        known
        and bool(module._parameters or module._buffers)
        and not isinstance(module, nn.MultiheadAttention)
    )


def _name(node: Any) -> str:
    if node.op == "call_method":
        return str(node.target)
    if node.op == "call_function":
        return str(getattr(node.target, "__name__", ""))
    return ""


def _replaced(model: Any, path: str, graph: Any, source: Any, steps: bool = False) -> Any:
    """The model with a traced form in the place of a module, wherever it holds that.

    Args:
        model: Changed in place, unless the module is the model itself.
        path: Of the module.
        graph: Its traced code.
        source: The model that it was traced in, which holds constants of the code.
        steps: Whether to put each call into a module of its own.
    """
    from mcugraph.slimming.module import SlimModule, Step

    old = model.get_submodule(path)
    for name, value in vars(source.get_submodule(path)).items():
        if name.startswith("_tensor_constant") and not hasattr(old, name):
            setattr(old, name, value)
    if steps:
        calls = [node for node in graph.nodes if _name(node) in RULES]
        for number, node in enumerate(calls):
            name = f"mcugraph_step_{number}"
            old.add_module(name, Step(node.op == "call_method", node.target))
            node.op, node.target = "call_module", name
    new = SlimModule.of(old, graph)
    for parent in model.modules():
        for name, child in parent._modules.items():
            if child is old:
                parent._modules[name] = new
    return model if path else new
