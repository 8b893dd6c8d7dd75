"""Where a model's own code sums what a branch computes.

The module around a branch is traced, and the model exported once with each call of the traced code
in a module of its own: so it shows which operators of the graph each call becomes.
"""

import copy
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mcugraph.errors import GraphError, McuGraphError
from mcugraph.formats.torch.importer import from_torch
from mcugraph.ir import Graph
from mcugraph.records import dataclass, replace
from mcugraph.slimming.cutting import duplicate
from mcugraph.slimming.example_runs import calls_of
from mcugraph.slimming.label_flow import paired
from mcugraph.slimming.residual import Branch, branches_of
from mcugraph.slimming.rewriting import replaced

if TYPE_CHECKING:
    from mcugraph.slimming.tracing import Traced

_NUMBER = re.compile(r"mcugraph_step_(\d+)")


@dataclass(frozen=True, slots=True)
class Sum:
    """A call that sums.

    Attributes:
        node: Name of the call in the traced code.
        other: Name of what it adds that stays.
        activations: Of the activations that read the sum, the operator's name -> the call's.
    """

    node: str
    other: str
    activations: Mapping[str, str]


@dataclass(frozen=True)
class Sites:
    """The branches of a model that can vanish, and the code around them.

    Attributes:
        graph: Of the whole model.
        source: A copy of the model in which its modules were traced.
        codes: Path of a module -> its traced code.
        branches: By name, in the order in which they run.
        sums: Name of a branch -> path of the module whose code sums it, and the call.
    """

    graph: Graph
    source: Any
    codes: "Mapping[str, Traced]"
    branches: Mapping[str, Branch]
    sums: Mapping[str, tuple[str, Sum]]

    @classmethod
    def of(cls, model: Any, example_inputs: Any, kwargs: Mapping[str, Any]) -> "Sites":
        """Find them.

        Args:
            model: A module; it stays as it is.
            example_inputs: As for ``from_torch``.
            kwargs: As for ``from_torch``.

        Raises:
            FormatError: ``torch.export`` rejects the model.
        """
        graph = from_torch(model, example_inputs, kwargs)
        return _SumSearch(model, graph, (example_inputs, kwargs)).run()

    def rewritten(self, chosen: Sequence[Branch], graph: Graph) -> dict[str, tuple[Any, list[str]]]:
        """The code of each module that sums one of some branches, without them.

        Args:
            chosen: The branches that go.
            graph: What is left of the whole graph without them.

        Returns:
            Path -> code, and the names in the module that the code uses no more.
        """
        stays = {operator.name for operator in graph.operators}
        found: dict[str, list[Branch]] = defaultdict(list)
        for branch in chosen:
            found[self.sums[branch.name][0]].append(branch)
        return {
            path: _without(copy.deepcopy(self.codes[path].graph), self._calls(branches, stays))
            for path, branches in sorted(found.items(), key=lambda item: -_depth(item[0]))
        }

    def _calls(self, branches: Sequence[Branch], stays: set[str]) -> list[Sum]:
        """The calls that go: of activations, those whose operators are gone too."""
        sums = [self.sums[branch.name][1] for branch in branches]
        return [
            replace(s, activations={o: n for o, n in s.activations.items() if o not in stays})
            for s in sums
        ]


def _depth(path: str) -> int:
    return len(path.split(".")) * bool(path)


class _SumSearch:
    """One model while its code is searched."""

    def __init__(self, model: Any, graph: Graph, example: tuple[Any, Mapping[str, Any]]) -> None:
        self.graph, self.example = graph, example
        self.source = duplicate(model)  # tracing may leave constants in a module
        self.modules = dict(self.source.named_modules(remove_duplicate=False))

    def run(self) -> Sites:
        branches = branches_of(self.graph)
        opened = self._opened(branches)
        codes = self._traced(opened)
        calls = self._located(codes) if codes else {}
        sums, found = {}, {}
        for branch in branches:
            path = self._around(branch, opened)
            site = _sum(branch, codes[path], calls[path]) if path in codes else None
            if site is not None:
                sums[branch.name] = path, site
                found[branch.name] = replace(branch, activations=tuple(site.activations))
        return Sites(self.graph, self.source, codes, found, sums)

    def _opened(self, branches: Iterable[Branch]) -> dict[str, set[str]]:
        """Path of a module around a branch -> those in it whose code is a part of the sum's."""
        found: dict[str, set[str]] = {}
        for branch in branches:
            outer = self._common((branch.total, *branch.operators))
            found.setdefault(outer, set()).update(self._between(outer, branch))
        while True:  # what is opened in another one is no code of its own
            inner = next(((p, o) for o in found for p in found if p in found[o]), None)
            if inner is None:
                return found
            path, outer = inner
            found[outer] |= found.pop(path)

    def _between(self, outer: str, branch: Branch) -> set[str]:
        """The modules of the model's own between a module and an operator in it that sums."""
        path, found = self._path(branch.total), set()
        while path != outer:
            module = self.modules[path]
            if module._modules or not type(module).__module__.startswith("torch."):
                found.add(path)
            path = path.rpartition(".")[0]
        return found

    def _around(self, branch: Branch, opened: Mapping[str, set[str]]) -> str:
        """The module whose code sums a branch."""
        path = self._common((branch.total, *branch.operators))
        while path and path not in opened:
            path = path.rpartition(".")[0]
        return path

    def _common(self, operators: Sequence[str]) -> str:
        """The innermost module around all of some operators."""
        paths = [self._path(name).split(".") for name in operators]
        same = []
        for parts in zip(*paths, strict=False):
            if len(set(parts)) > 1:
                break
            same.append(parts[0])
        return ".".join(same)

    def _path(self, operator: str) -> str:
        """The module whose code an operator is a part of."""
        path = re.split(r"[#/]", operator)[0]
        while path and path not in self.modules:
            path = path.rpartition(".")[0]
        return path

    def _traced(self, opened: Mapping[str, set[str]]) -> "dict[str, Traced]":
        """The code of modules that run once; without those whose code cannot be traced."""
        from mcugraph.slimming.tracing import traced

        calls, found = calls_of(self.source, opened, *self.example), {}
        for path, inner in opened.items():
            within = frozenset(name[len(path) + 1 :] if path else name for name in inner)
            if len(calls[path]) == 1:
                try:
                    found[path] = traced(self.modules[path], calls[path], within)
                except Exception:  # whatever the model's own code raises on a proxy
                    continue
        return found

    def _located(self, codes: "Mapping[str, Traced]") -> dict[str, dict[str, list[str]]]:
        """Path of a module -> name of a call -> the operators that it becomes."""
        from mcugraph.slimming.module import Step, Whole

        tagged, places = duplicate(self.source), list[tuple[str, str]]()
        for path in sorted(codes, key=_depth, reverse=True):
            graph, owner = copy.deepcopy(codes[path].graph), tagged.get_submodule(path)
            for node in graph.nodes:
                if node.op.startswith("call_") and node.name not in codes[path].sizes:
                    inner = node.op == "call_module"
                    target = owner.get_submodule(node.target) if inner else node.target
                    name = f"mcugraph_step_{len(places)}"
                    owner.add_module(name, Step(node.op == "call_method", target))
                    places.append((path, node.name))
                    node.op, node.target = "call_module", name
            tagged = replaced(tagged, path, graph, self.source)
        found: dict[str, dict[str, list[str]]] = {path: defaultdict(list) for path in codes}
        try:
            pairs = paired(self.graph, from_torch(Whole(tagged), *self.example))
        except McuGraphError:
            return found
        for operator, other in pairs:
            for number in dict.fromkeys(_NUMBER.findall(other.name)):
                path, name = places[int(number)]
                found[path][name].append(operator.name)
        return found


def _sum(branch: Branch, code: "Traced", calls: Mapping[str, list[str]]) -> Sum | None:
    """The call that sums a branch and nothing else; None: there is none."""
    for node in code.graph.nodes:
        operands = [entry for entry in node.args if hasattr(entry, "all_input_nodes")]
        if calls.get(node.name) != [branch.total] or len(operands) != 2:
            continue
        if _written_later(node):
            return None
        readers = {
            name: reader.name
            for reader in node.users
            for name in branch.activations
            if calls.get(reader.name) == [name] and not _written_later(reader)
        }
        return Sum(node.name, operands[1 - branch.side].name, readers)
    return None


def _written_later(node: Any) -> bool:
    """Whether a call writes into what other calls read by its own name."""
    given = [entry for entry in node.args[:1] if hasattr(entry, "all_input_nodes")]
    return _in_place(node) and any(list(entry.users)[-1] is not node for entry in given)


def _in_place(node: Any) -> bool:
    name = str(node.target if node.op == "call_method" else getattr(node.target, "__name__", ""))
    return (name.endswith("_") and not name.endswith("__")) or name in _ARITHMETIC


# Operators of Python that write into what stands on their left.
_ARITHMETIC = ("iadd", "isub", "imul", "itruediv")


def _without(graph: Any, sums: Iterable[Sum]) -> tuple[Any, list[str]]:
    """Code without some branches, and the names of the module that it uses no more."""
    idle = {node.name for node in graph.nodes if not node.users and node.op != "get_attr"}
    before = _parts(graph)
    named = {node.name: node for node in graph.nodes}
    stands_for: dict[Any, Any] = {}
    for entry in sums:
        other = named[entry.other]
        while other in stands_for:
            other = stands_for[other]
        for name in (entry.node, *entry.activations.values()):
            named[name].replace_all_uses_with(other)
            stands_for[named[name]] = other
            idle.discard(name)
        for reader in list(other.users):
            _copying(reader)
    for node in reversed(list(graph.nodes)):
        if not node.users and node.name not in idle and node.op not in ("output", "placeholder"):
            graph.erase_node(node)
    graph.lint()
    used = _parts(graph)
    unused = [name for name in sorted(before) if not any(_within(name, other) for other in used)]
    return graph, [
        name for name in unused if not any(o != name and _holds(o, name) for o in unused)
    ]


def _parts(graph: Any) -> set[str]:
    """The names of a module's parts that its code uses."""
    return {node.target for node in graph.nodes if node.op in ("call_module", "get_attr")}


def _within(name: str, other: str) -> bool:
    """Whether one of two parts is, or holds, the other."""
    return _holds(name, other) or _holds(other, name)


def _holds(outer: str, name: str) -> bool:
    return f"{name}.".startswith(f"{outer}.")


def _copying(node: Any) -> None:
    """Let a call that wrote into a sum of its own not write into what that was a sum of."""
    import operator

    name = getattr(node.target, "__name__", "")
    if name in _ARITHMETIC:
        node.target = getattr(operator, name[1:])
    elif node.op == "call_method" and _in_place(node):
        node.target = node.target[:-1]
    elif node.kwargs.get("inplace"):
        node.kwargs = {**node.kwargs, "inplace": False}
    elif node.op == "call_function" and _in_place(node):
        raise GraphError(f"{name} writes into what it reads: use the form that does not")
