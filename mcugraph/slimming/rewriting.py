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
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import field
from functools import partial
from operator import mul
from typing import TYPE_CHECKING, Any

from mcugraph.errors import GraphError
from mcugraph.ir import Graph, Operator
from mcugraph.ops.attention import Attention
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.movement import Expand, Reshape
from mcugraph.ops.normalization import Normalization
from mcugraph.ops.scattering import SliceScatter
from mcugraph.ops.selection import Pad, Slice, Split
from mcugraph.records import dataclass
from mcugraph.slimming.cutting import duplicate, shapes_of
from mcugraph.slimming.edits import Edits, inlined, replaced
from mcugraph.slimming.example_runs import calls_of, run
from mcugraph.slimming.label_flow import described, paired
from mcugraph.slimming.literals import RULES, SEVERAL, Site, Written, rewritten
from mcugraph.slimming.remains import Remains
from mcugraph.slimming.stored_labels import StoredLabels
from mcugraph.slimming.unread_calls import leave_out_unread, unread_calls

if TYPE_CHECKING:
    from mcugraph.slimming.tracing import Traced

_STEP = re.compile(r"^whole\.(?:(.*)\.)?mcugraph_step_(\d+)")
_SIZED = (
    Reshape,
    Expand,
    Split,
    Slice,
    SliceScatter,
    Pad,
    Attention,
    Normalization,
    Conv,
    ConvTranspose,
)


class Rewriting:
    """The forward methods of a model that name sizes which change.

    Args:
        model: The whole model.
        kept: What stays.
        export: Makes a graph of a form of the model.
        edits: Code in which something of the model's structure is gone.
        example: What one inference takes: by position, and by name.

    Attributes:
        modules: Path of a module -> its traced code.
        failures: Names of operators -> why their module could not be traced.
        located: Names of operators that a call was found for.
    """

    def __init__(
        self,
        model: Any,
        kept: Remains,
        export: Callable[[Any], Graph],
        edits: Edits,
        example: tuple[Any, Mapping[str, Any]],
    ) -> None:
        # Tracing may leave constants in a module.
        self._model, self._kept = duplicate(model), kept
        self._export, self._edits, self._example = export, edits, example
        self.modules: dict[str, Traced] = {}
        self.failures: dict[str, str] = {}
        self.located: set[str] = set()
        self._shapes = shapes_of(model)
        self._steps: dict[tuple[str, str], list[list[Operator]]] = defaultdict(list)
        from mcugraph.slimming.tracing import traced

        owners = self._owners()
        self._unread = unread_calls(self._model, kept.graph, example)
        for path in self._unread:
            owners.setdefault(edits.home(path), [])
        calls: dict[str, list[Any]] = {}
        for path, operators in owners.items():
            if path in edits.changed:
                self.modules[path] = edits.codes[path]
                continue
            try:
                calls = calls or calls_of(self._model, owners, *self._example)
                module, inner = self._model.get_submodule(path), inlined(self._model, path)
                within = frozenset(name.removeprefix(f"{path}.") for name in inner)
                self.modules[path] = traced(module, calls[path], within)
            except Exception as error:  # whatever the model's own code raises on a proxy
                reason = str(error).strip().partition("\n")[0].partition(". ")[0]
                for operator in operators:
                    self.failures[operator] = reason or type(error).__name__

    def _owners(self) -> dict[str, list[str]]:
        """Path of a module -> the operators in its own code that may name a size that changes."""
        paths = {path for path, _ in self._model.named_modules(remove_duplicate=False)}
        found: dict[str, list[str]] = defaultdict(list)
        for operator in self._kept.graph.operators:
            sized = isinstance(operator.op, _SIZED) and self._changes(operator)
            if sized or self._computes(operator):
                path = re.split(r"[#/]", operator.name)[0]
                while path and path not in paths:
                    path = path.rpartition(".")[0]
                path = self._edits.home(path)
                if not _own_parameters(self._model.get_submodule(path)):
                    found[path].append(operator.name)
        return found

    def _computes(self, operator: Operator) -> bool:
        """Whether it reads what the model's code computes, maybe of sizes."""
        tensors = self._kept.graph.tensors
        read = [tensors[name].constant for name in operator.inputs if name is not None]
        return any(held is not None and not isinstance(held.key, str) for held in read)

    def _changes(self, operator: Operator) -> bool:
        """Whether channels go from what an operator reads or makes."""
        activations = self._kept.labelling.activations
        names = {n for n in (*operator.inputs, *operator.outputs) if n in activations}
        return any(not self._kept.mask(activations[name]).all() for name in names)

    def apply(self, small: Any) -> Any:
        """Rewrite the modules of a model whose parameters have been cut.

        Returns:
            The model; another module if its own code had to change.

        Raises:
            GraphError: A call is run twice and would need different sizes.
        """
        import torch

        if not self._steps:
            self._locate()
        probe, forms = duplicate(small), dict[str, _Form]()
        for path, entry in self._inside_out():
            code, source = entry.graph, self._source(path)
            if path in self._edits.changed:
                code = self._edits.changed[path][0]
            graph = copy.deepcopy(code)
            unread = leave_out_unread(graph, self._unread.get(path, ()))
            attends = isinstance(self._model.get_submodule(path), torch.nn.MultiheadAttention)
            if attends:
                self._leave_unread(path, graph, entry.sizes)
            # PyTorch's attention would compute another scale.
            forms[path] = _Form(graph, entry.sizes, attends or unread)
            probe = replaced(probe, path, copy.deepcopy(graph), source)
            probe.get_submodule(path).forward = _Trial(
                probe.get_submodule(path),
                forms[path],
                partial(self._literals, path),
                partial(self._idle, path),
                StoredLabels(self._kept, self._shapes, path),
            ).run
        stops = (RuntimeError, ValueError, IndexError, TypeError, AssertionError, AttributeError)
        with suppress(*stops):
            run(probe, *self._example)  # how far it gets shows when it is exported
        for path, _ in self._inside_out():
            forms[path].leave_out()
            if forms[path].changed:
                small = replaced(small, path, forms[path].graph, self._source(path))
        return small

    def _source(self, path: str) -> Any:
        """The model that a module was traced in."""
        return self._edits.source if path in self._edits.changed else self._model

    def _leave_unread(self, path: str, graph: Any, sizes: Collection[str]) -> None:
        """Let PyTorch's attention not give its shares where nothing reads them.

        No operator of the graph says what their sizes would have to be.
        """
        (output,) = (node for node in graph.nodes if node.op == "output")
        given = output.args[0]
        calls = {node.name for node in sized_calls(graph) if node.name not in sizes}
        if isinstance(given, list | tuple) and hasattr(given[-1], "all_input_nodes"):
            shares = {given[-1], *given[-1].all_input_nodes}
            if any(n.name in calls and (path, n.name) not in self._steps for n in shares):
                output.args = ((*given[:-1], None),)
                graph.eliminate_dead_code()

    def _inside_out(self) -> "list[tuple[str, Traced]]":
        return sorted(
            self.modules.items(), key=lambda item: -len(item[0].split(".")) * bool(item[0])
        )

    def _locate(self) -> None:
        """Find out which operators each call becomes."""
        from mcugraph.slimming.module import Step, Whole

        tagged, names = duplicate(self._model), dict[tuple[str, int], str]()
        for path, entry in self._inside_out():
            graph, owner = copy.deepcopy(entry.graph), tagged.get_submodule(path)
            for number, node in enumerate(sized_calls(graph)):
                names[path, number] = node.name
                owner.add_module(
                    name := f"mcugraph_step_{number}", Step(node.op == "call_method", node.target)
                )
                node.op, node.target = "call_module", name
            tagged = replaced(tagged, path, graph, self._source(path))
        for operator, other in paired(
            self._edits.graph.operators, self._export(Whole(tagged)).operators
        ):
            step = _STEP.match(other.name)
            if step is None:
                continue
            self.located.add(operator.name)
            path = step[1] or ""
            calls = self._steps[path, names[path, int(step[2])]]
            if calls and _follows(calls[-1], operator):
                calls[-1].append(operator)
            else:
                calls.append([operator])

    def _idle(self, path: str, name: str) -> bool:
        """Whether a call has nothing to do any more: the graph has no operator for it."""
        stays = {operator.name for operator in self._kept.graph.operators}
        calls = self._steps.get((path, name), ())
        return bool(calls) and not any(o.name in stays for call in calls for o in call)

    def _literals(self, path: str, name: str, written: Written) -> Written:
        """One call with the numbers that it needs in the slimmed model.

        Raises:
            GraphError: It would need others each time.
        """
        activations = self._kept.labelling.activations
        found = []
        for operators in self._steps.get((path, name), ()):
            first, last = operators[0], operators[-1]
            data = activations.get(first.inputs[0] or "")
            if data is None and isinstance(last.op, SliceScatter):
                data = activations.get(last.outputs[0])  # a constant is as what is written to it
            if data is None or last.outputs[0] not in activations:
                continue
            makers = operators if written.name in SEVERAL else [last]
            results = tuple(activations[name] for entry in makers for name in entry.outputs)
            try:
                found.append(rewritten(written, Site(self._kept, data, results)))
            except GraphError as error:
                raise GraphError(f"{described(first)}: {error}") from None
        if any(entry != found[0] for entry in found):
            operator = self._steps[path, name][0][0]
            raise GraphError(f"{described(operator)}: it runs more than once, with other sizes")
        return found[0] if found else written


@dataclass(slots=True)
class _Form:
    """The code of a module while it is rewritten.

    Attributes:
        graph: Its calls.
        sizes: Names of nodes -> the numbers that they stand for in the whole model.
        changed: Whether a call is another.
        idle: Calls that give what they are given.
    """

    graph: Any
    sizes: Mapping[str, int]
    changed: bool = False
    idle: list[Any] = field(default_factory=list)

    def leave_out(self) -> None:
        """Leave out what is idle: sizes in it would be found no more."""
        for node in self.idle:
            node.replace_all_uses_with(node.args[0])
            self.graph.erase_node(node)
        self.changed |= bool(self.idle)


class _Trial:
    """A run of a module's code in the slimmed model, which rewrites each call before it is made."""

    def __init__(
        self,
        module: Any,
        form: _Form,
        literals: Callable[[str, Written], Written],
        idle: Callable[[str], bool],
        stored: StoredLabels,
    ) -> None:
        self.module, self.form, self.literals, self.idle = module, form, literals, idle
        self.stored = stored
        self.sized = set(sized_calls(form.graph))
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
        if node.op == "get_attr":
            self.stored.begin(node)
        if node in self.seen or node.op not in ("call_function", "call_method", "call_module"):
            return
        self.seen.add(node)
        if node.name in self.form.sizes:
            return  # computes a size of others
        before = (tuple(node.args), dict(node.kwargs))
        whole = _mapped(before, lambda entry: self.form.sizes.get(entry.name, entry))
        name, swapped = _name(node), False
        wanted: Any = whole
        if node in self.sized and node.args:
            written = Written(name, whole[0][1:], whole[1])
            site = self.stored.site(node, written)
            found = self.literals(node.name, written) if site is None else rewritten(written, site)
            if self.idle(node.name):
                self.form.idle.append(node)
            wanted = ((whole[0][0], *found.arguments), found.options)
            name, swapped = found.name, found.swapped
        now = _mapped(before, lambda entry: self._now(entry, values))
        args, kwargs = _reconciled(before, now, wanted, partial(self._computed, node, values))
        if (args, kwargs) != before or swapped:
            self.form.changed = True
            node.args, node.kwargs = args, kwargs
            if swapped:
                node.op, node.target = "call_method", name

    def _computed(self, node: Any, values: Any, before: Any, wanted: Any) -> Any:
        """A number that a call needs, from sizes if what stood there was a product of one.

        The length of the batch times the number of heads is such: the batch may be another.
        """
        if getattr(before, "target", None) is not mul or type(wanted) is not int:
            return wanted
        size = next((entry for entry in before.args if entry in before.all_input_nodes), None)
        if size is None or size.name not in self.form.sizes or wanted % values[size]:
            return wanted
        with self.form.graph.inserting_before(node):
            made = self.form.graph.call_function(mul, (size, wanted // values[size]))
        values[made] = wanted
        self.seen.add(made)
        return made

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


def _reconciled(before: Any, now: Any, wanted: Any, computed: Callable[[Any, Any], Any]) -> Any:
    """Arguments as they are written where that comes to what is wanted; else what is wanted."""
    if isinstance(before, Mapping) and isinstance(wanted, Mapping):
        return {
            key: _reconciled(before[key], now[key], value, computed) if key in before else value
            for key, value in wanted.items()
        }
    if isinstance(before, slice) and isinstance(wanted, slice):
        parts = (
            _reconciled(getattr(before, end), getattr(now, end), getattr(wanted, end), computed)
            for end in ("start", "stop", "step")
        )
        return slice(*parts)
    several = isinstance(before, list | tuple) and isinstance(wanted, list | tuple)
    if several and len(before) == len(wanted):
        three = zip(before, now, wanted, strict=True)
        entries = [_reconciled(*entry, computed) for entry in three]
        return tuple(entries) if isinstance(wanted, tuple) else entries
    return before if now is wanted or _equal(now, wanted) else computed(before, wanted)


def _equal(first: Any, second: Any) -> bool:
    return type(first) in (int, bool, float, str) and first == second


def _follows(calls: list[Operator], operator: Operator) -> bool:
    """Whether a slice comes of the same call as others: of several axes, or of several parts."""
    if isinstance(operator.op, SliceScatter):
        # What is written along several axes is put into a slice, and that into the whole.
        last, made = calls[-1], {name for entry in calls for name in entry.outputs}
        whole = isinstance(last.op, SliceScatter) and last.inputs[0] == calls[0].inputs[0]
        return not whole and not made.isdisjoint(operator.inputs)
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


def sized_calls(graph: Any) -> list[Any]:
    """The calls of traced code that may name sizes, in order."""
    return [node for node in graph.nodes if _name(node) in RULES]


def _name(node: Any) -> str:
    if node.op == "call_method":
        return str(node.target)
    if node.op == "call_function":
        return str(getattr(node.target, "__name__", ""))
    return ""
