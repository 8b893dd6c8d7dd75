"""Forward methods with other sizes in them.

Only the modules whose own code names a size that changes are traced, with their children as they
are; the traced form takes the module's place. What each call reads and makes is found by running
the traced form once more, with each call in a module of its own, through the exporter: operators
bear the path of the module that made them.

Then the traced forms run in the slimmed model, on the example. A size that is computed stays so
where it comes out as it has to; otherwise a number takes its place.
"""

import copy
import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from mcugraph.errors import GraphError
from mcugraph.ir import Graph, Operator
from mcugraph.ops.attention import Attention
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.movement import Expand, Reshape
from mcugraph.ops.normalization import Normalization
from mcugraph.ops.selection import Pad, Slice, Split
from mcugraph.records import dataclass
from mcugraph.slimming.cutting import duplicate
from mcugraph.slimming.example_runs import calls_of, run
from mcugraph.slimming.kept import Kept
from mcugraph.slimming.label_flow import described, paired
from mcugraph.slimming.literals import RULES, SEVERAL, Site, Written, rewritten

if TYPE_CHECKING:
    from mcugraph.slimming.tracing import Traced

_STEP = re.compile(r"^whole\.(?:(.*)\.)?mcugraph_step_(\d+)")
_SIZED = (Reshape, Expand, Split, Slice, Pad, Attention, Normalization, Conv, ConvTranspose)


class Rewriting:
    """The forward methods of a model that name sizes which change.

    Args:
        model: The whole model.
        kept: The classes that stay.
        export: Makes a graph of a form of the model.
        example: What one inference takes: by position, and by name.

    Attributes:
        modules: Path of a module -> its traced code.
        failures: Names of operators -> why their module could not be traced.
        located: Names of operators that a call was found for.
    """

    def __init__(
        self,
        model: Any,
        kept: Kept,
        export: Callable[[Any], Graph],
        example: tuple[Any, Mapping[str, Any]],
    ) -> None:
        # Tracing may leave constants in a module.
        self._model, self._kept = duplicate(model), kept
        self._export, self._example = export, example
        self.modules: dict[str, Traced] = {}
        self.failures: dict[str, str] = {}
        self.located: set[str] = set()
        self._steps: dict[tuple[str, int], list[list[Operator]]] = defaultdict(list)
        from mcugraph.slimming.tracing import traced

        owners = self._owners()
        calls: dict[str, list[Any]] = {}
        for path, operators in owners.items():
            try:
                calls = calls or calls_of(self._model, owners, *self._example)
                self.modules[path] = traced(self._model.get_submodule(path), calls[path])
            except Exception as error:  # whatever the model's own code raises on a proxy
                reason = str(error).strip().partition("\n")[0].partition(". ")[0]
                for operator in operators:
                    self.failures[operator] = reason or type(error).__name__

    def _owners(self) -> dict[str, list[str]]:
        """Path of a module -> the operators in its own code that may name a size that changes."""
        paths = {path for path, _ in self._model.named_modules(remove_duplicate=False)}
        found: dict[str, list[str]] = defaultdict(list)
        for operator in self._kept.space.graph.operators:
            sized = isinstance(operator.op, _SIZED) and self._changes(operator)
            if sized or self._computes(operator):
                path = re.split(r"[#/]", operator.name)[0]
                while path and path not in paths:
                    path = path.rpartition(".")[0]
                if not _own_parameters(self._model.get_submodule(path)):
                    found[path].append(operator.name)
        return found

    def _computes(self, operator: Operator) -> bool:
        """Whether it reads what the model's code computes, maybe of sizes."""
        tensors = self._kept.space.graph.tensors
        read = [tensors[name].constant for name in operator.inputs if name is not None]
        return any(held is not None and not isinstance(held.key, str) for held in read)

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
        probe, forms = duplicate(small), {}
        for path, entry in self._inside_out():
            forms[path] = _Form(copy.deepcopy(entry.graph), entry.sizes)
            probe = replaced(probe, path, copy.deepcopy(entry.graph), self._model)
            probe.get_submodule(path).forward = _Trial(
                probe.get_submodule(path), forms[path], partial(self._literals, path)
            ).run
        with suppress(RuntimeError, ValueError, IndexError, TypeError, AssertionError):
            run(probe, *self._example)  # how far it gets shows when it is exported
        for path, _ in self._inside_out():
            if forms[path].changed:
                small = replaced(small, path, forms[path].graph, self._model)
        return small

    def _inside_out(self) -> "list[tuple[str, Traced]]":
        return sorted(
            self.modules.items(), key=lambda item: -len(item[0].split(".")) * bool(item[0])
        )

    def _locate(self) -> None:
        """Find out which operators each call becomes."""
        from mcugraph.slimming.module import Whole

        tagged = duplicate(self._model)
        for path, entry in self._inside_out():
            graph = copy.deepcopy(entry.graph)
            tagged = replaced(tagged, path, graph, self._model, steps=True)
        for operator, other in paired(self._kept.space.graph, self._export(Whole(tagged))):
            step = _STEP.match(other.name)
            if step is None:
                continue
            self.located.add(operator.name)
            calls = self._steps[step[1] or "", int(step[2])]
            if calls and _follows(calls[-1], operator):
                calls[-1].append(operator)
            else:
                calls.append([operator])

    def _literals(self, path: str, number: int, written: Written) -> Written:
        """One call with the numbers that it needs in the slimmed model.

        Raises:
            GraphError: It would need others each time.
        """
        activations = self._kept.space.labelling.activations
        found = []
        for operators in self._steps[path, number]:
            first, last = operators[0], operators[-1]
            data = activations.get(first.inputs[0] or "")
            if data is None:
                continue
            makers = operators if written.name in SEVERAL else [last]
            results = tuple(activations[name] for entry in makers for name in entry.outputs)
            try:
                found.append(rewritten(written, Site(self._kept, data, results)))
            except GraphError as error:
                raise GraphError(f"{described(first)}: {error}") from None
        if any(entry != found[0] for entry in found):
            operator = self._steps[path, number][0][0]
            raise GraphError(f"{described(operator)}: it runs more than once, with other sizes")
        return found[0] if found else written


@dataclass(slots=True)
class _Form:
    """The code of a module while it is rewritten.

    Attributes:
        graph: Its calls.
        sizes: Names of nodes -> the numbers that they stand for in the whole model.
        changed: Whether a call is another.
    """

    graph: Any
    sizes: Mapping[str, int]
    changed: bool = False


class _Trial:
    """A run of a module's code in the slimmed model, which rewrites each call before it is made."""

    def __init__(
        self, module: Any, form: _Form, literals: Callable[[int, Written], Written]
    ) -> None:
        self.module, self.form, self.literals = module, form, literals
        calls = [node for node in form.graph.nodes if _name(node) in RULES]
        self.numbers = {node: number for number, node in enumerate(calls)}
        self.seen: set[Any] = set()

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """The module's forward method."""
        import torch

        bound = inspect.signature(type(self.module).forward).bind(self.module, *args, **kwargs)
        bound.apply_defaults()
        given = list(bound.arguments.values())[1:]
        trial = self

        class Rewriter(torch.fx.Interpreter):
            def run_node(self, n: Any) -> Any:
                trial.visit(n, self.env)
                return super().run_node(n)

        return Rewriter(self.module, graph=self.form.graph).run(*given, enable_io_processing=False)

    def visit(self, node: Any, values: Mapping[Any, Any]) -> None:
        """Rewrite a call the first time that it is made."""
        if node in self.seen or node.op not in ("call_function", "call_method", "call_module"):
            return
        self.seen.add(node)
        if node.name in self.form.sizes:
            return  # computes a size of others
        before = (tuple(node.args), dict(node.kwargs))
        whole = _mapped(before, lambda entry: self.form.sizes.get(entry.name, entry))
        name, swapped = _name(node), False
        wanted: Any = whole
        if node in self.numbers and node.args:
            written = Written(name, whole[0][1:], whole[1])
            found = self.literals(self.numbers[node], written)
            wanted = ((whole[0][0], *found.arguments), found.options)
            name, swapped = found.name, found.swapped
        now = _mapped(before, lambda entry: self._now(entry, values))
        args, kwargs = _reconciled(before, now, wanted)
        if (args, kwargs) != before or swapped:
            self.form.changed = True
            node.args, node.kwargs = args, kwargs
            if swapped:
                node.op, node.target = "call_method", name

    def _now(self, entry: Any, values: Mapping[Any, Any]) -> Any:
        return values[entry] if entry.name in self.form.sizes else entry


def _mapped(given: Any, function: Callable[[Any], Any]) -> Any:
    """Arguments with something in place of each node."""
    if isinstance(given, slice):
        parts = (given.start, given.stop, given.step)
        return slice(*(_mapped(part, function) for part in parts))
    if isinstance(given, Mapping):
        return {key: _mapped(value, function) for key, value in given.items()}
    if isinstance(given, list | tuple):
        entries = [_mapped(value, function) for value in given]
        return tuple(entries) if isinstance(given, tuple) else entries
    return function(given) if hasattr(given, "all_input_nodes") else given


def _reconciled(before: Any, now: Any, wanted: Any) -> Any:
    """Arguments as they are written where that comes to what is wanted; else what is wanted."""
    if isinstance(before, Mapping) and isinstance(wanted, Mapping):
        return {
            key: _reconciled(before[key], now[key], value) if key in before else value
            for key, value in wanted.items()
        }
    if isinstance(before, slice) and isinstance(wanted, slice):
        parts = (
            _reconciled(getattr(before, end), getattr(now, end), getattr(wanted, end))
            for end in ("start", "stop", "step")
        )
        return slice(*parts)
    several = isinstance(before, list | tuple) and isinstance(wanted, list | tuple)
    if several and len(before) == len(wanted):
        entries = [_reconciled(*three) for three in zip(before, now, wanted, strict=True)]
        return tuple(entries) if isinstance(wanted, tuple) else entries
    return before if now is wanted or _equal(now, wanted) else wanted


def _equal(first: Any, second: Any) -> bool:
    return type(first) in (int, bool, float, str) and first == second


def _follows(calls: list[Operator], operator: Operator) -> bool:
    """Whether a slice comes of the same call as others: of several axes, or of several parts."""
    if not isinstance(operator.op, Slice) or not isinstance(calls[-1].op, Slice):
        return False
    first = calls[0]
    if operator.inputs[0] == first.inputs[0]:
        return operator.name.startswith(first.name)
    return operator.inputs[0] in calls[-1].outputs


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


def replaced(model: Any, path: str, graph: Any, source: Any, steps: bool = False) -> Any:
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
    if hasattr(old, "_qkv_same_embed_dim"):
        # Otherwise a layer around PyTorch's attention reads its weights, and does not call it.
        vars(new)["_qkv_same_embed_dim"] = False
    for parent in model.modules():
        for name, child in parent._modules.items():
            if child is old:
                parent._modules[name] = new
    return model if path else new
