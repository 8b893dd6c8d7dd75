"""Where a model's own code sums, or joins, what can vanish.

The module around a branch or a part is traced, and the model exported once with each call of the
traced code in a module of its own: so it shows which operators of the graph each call becomes.
"""

import copy
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mcugraph.errors import GraphError, McuGraphError, UsageError
from mcugraph.formats.torch.importer import from_torch
from mcugraph.records import dataclass, replace
from mcugraph.slimming.cutting import duplicate
from mcugraph.slimming.edits import Edits, inlined, replaced
from mcugraph.slimming.example_runs import calls_of
from mcugraph.slimming.label_flow import paired
from mcugraph.slimming.reducing import Reducible, Reduction
from mcugraph.slimming.vanishing import HEAD, Structure

if TYPE_CHECKING:
    from mcugraph.slimming.tracing import Traced

_NUMBER = re.compile(r"mcugraph_step_(\d+)")


@dataclass(frozen=True, slots=True)
class Ending:
    """A call that sums, or joins, what a structure computes.

    Attributes:
        node: Name of the call in the traced code.
        side: Which of its operands goes.
        activations: Of the activations that read a sum, the operator's name -> the call's.
    """

    node: str
    side: int
    activations: Mapping[str, str]


@dataclass(frozen=True)
class Sites:
    """What of a model can vanish, and the code around it.

    Attributes:
        whole: The graph of the model.
        source: A copy of the model in which its modules were traced.
        codes: Path of a module -> its traced code.
        opened: Path of a module -> those in it whose code is a part of its own.
        structures: By name, in the order in which they run.
        endings: Name of a structure -> path of the module whose code it ends in, and the calls; a
            head ends in none.
    """

    whole: Reducible
    source: Any
    codes: "Mapping[str, Traced]"
    opened: Mapping[str, frozenset[str]]
    structures: Mapping[str, Structure]
    endings: Mapping[str, tuple[str, tuple[Ending, ...]]]

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
        return _SiteSearch(model, Reducible.of(graph), (example_inputs, kwargs)).run()

    def without(self, names: Iterable[str]) -> Reduction:
        """What the graph becomes without some structures.

        Raises:
            UsageError: There is no such one.
        """
        wanted = set(names)
        for name in sorted(wanted - self.structures.keys()):
            known = ", ".join(self.structures) or "none that can vanish"
            raise UsageError(f"there is no structure {name!r}; the structures are {known}")
        return self.whole.without(s for name, s in self.structures.items() if name in wanted)

    def edits(self, reduction: Reduction) -> Edits:
        """The code of each module in which one of some structures ends, without them.

        Args:
            reduction: What goes.
        """
        stays = {operator.name for operator in reduction.bare.operators}
        found: dict[str, list[Ending]] = defaultdict(list)
        for structure in reduction.chosen:
            path, endings = self.endings.get(structure.name, ("", ()))
            for e in endings:
                idle = {o: n for o, n in e.activations.items() if o not in stays}
                found[path].append(replace(e, activations=idle))
        changed = {
            path: _without(copy.deepcopy(self.codes[path].graph), endings)
            for path, endings in sorted(found.items(), key=lambda item: -_depth(item[0]))
        }
        return Edits(self.whole.graph, self.source, self.codes, self.opened, changed)


def _depth(path: str) -> int:
    return len(path.split(".")) * bool(path)


class _SiteSearch:
    """One model while its code is searched."""

    def __init__(
        self, model: Any, whole: Reducible, example: tuple[Any, Mapping[str, Any]]
    ) -> None:
        self.whole, self.graph, self.example = whole, whole.graph, example
        self.source = duplicate(model)  # tracing may leave constants in a module
        self.modules = dict(self.source.named_modules(remove_duplicate=False))

    def run(self) -> Sites:
        ending = [s for s in self.whole.structures if s.kind != HEAD]
        opened = self._opened(ending)
        codes = self._traced(opened)
        calls = self._located(codes) if codes else {}
        endings, found = {}, {}
        for structure in self.whole.structures:
            if structure.kind == HEAD:
                found[structure.name] = structure
                continue
            path = self._around(structure, opened)
            sites = self._endings(structure, codes[path], calls[path]) if path in codes else None
            if sites is not None:
                idle = tuple(name for site in sites for name in site.activations)
                endings[structure.name] = path, sites
                found[structure.name] = replace(structure, activations=idle)
        parts = {path: frozenset(inner) for path, inner in opened.items()}
        return Sites(self.whole, self.source, codes, parts, found, endings)

    def _endings(
        self, structure: Structure, code: "Traced", calls: Mapping[str, list[str]]
    ) -> tuple[Ending, ...] | None:
        """The calls that a structure ends in; None: one of them is not there, or does more."""
        nodes = {node.name: node for node in code.graph.nodes}
        found = []
        for end, side in self.whole.without([structure]).operands(structure):
            name = next((n for n in nodes if calls.get(n) == [end.name]), None)
            if name is None or len(_operands(nodes[name])) != len(end.inputs):
                return None
            if _written_later(nodes[name]):
                return None
            readers = {
                entry: reader.name
                for reader in nodes[name].users
                for entry in structure.activations
                if calls.get(reader.name) == [entry] and not _written_later(reader)
            }
            found.append(Ending(name, side, readers))
        return tuple(found)

    def _opened(self, structures: Iterable[Structure]) -> dict[str, set[str]]:
        """Path of a module around a structure -> those in it whose code is a part of its ends'."""
        found: dict[str, set[str]] = {}
        for structure in structures:
            outer = self._common((*structure.ends, *structure.operators))
            found.setdefault(outer, set()).update(self._between(outer, structure))
        while True:  # what is opened in another one is no code of its own
            inner = next(((p, o) for o in found for p in found if p in found[o]), None)
            if inner is None:
                return {path: o | inlined(self.source, path) for path, o in found.items()}
            path, outer = inner
            found[outer] |= found.pop(path)

    def _between(self, outer: str, structure: Structure) -> set[str]:
        """The modules of the model's own between a module and the operators in it that are ends."""
        found = set()
        for end in structure.ends:
            path = self._path(end)
            while path != outer:
                module = self.modules[path]
                if module._modules or not type(module).__module__.startswith("torch."):
                    found.add(path)
                path = path.rpartition(".")[0]
        return found

    def _around(self, structure: Structure, opened: Mapping[str, set[str]]) -> str:
        """The module whose code a structure ends in."""
        path = self._common((*structure.ends, *structure.operators))
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
            pairs = paired(self.graph.operators, from_torch(Whole(tagged), *self.example).operators)
        except McuGraphError:
            return found
        for operator, other in pairs:
            for number in dict.fromkeys(_NUMBER.findall(other.name)):
                path, name = places[int(number)]
                found[path][name].append(operator.name)
        return found


def _operands(node: Any) -> list[Any]:
    """What a call sums, or joins."""
    given = node.args
    if node.args and isinstance(node.args[0], list | tuple):
        given = node.args[0]
    elif "tensors" in node.kwargs:
        given = node.kwargs["tensors"]
    return [entry for entry in given if hasattr(entry, "all_input_nodes")]


def _written_later(node: Any) -> bool:
    """Whether a call writes into what other calls read by its own name."""
    given = [entry for entry in node.args[:1] if hasattr(entry, "all_input_nodes")]
    return _in_place(node) and any(list(entry.users)[-1] is not node for entry in given)


def _in_place(node: Any) -> bool:
    name = str(node.target if node.op == "call_method" else getattr(node.target, "__name__", ""))
    return (name.endswith("_") and not name.endswith("__")) or name in _ARITHMETIC


# Operators of Python that write into what stands on their left.
_ARITHMETIC = ("iadd", "isub", "imul", "itruediv")


def _without(graph: Any, endings: Iterable[Ending]) -> tuple[Any, list[str]]:
    """Code without some structures, and the names of the module that it uses no more."""
    idle = {node.name for node in graph.nodes if not node.users and node.op != "get_attr"}
    before = _parts(graph)
    by_node: dict[str, list[Ending]] = defaultdict(list)
    for entry in endings:
        by_node[entry.node].append(entry)
    for node in [n for n in graph.nodes if n.name in by_node]:
        gone = {entry.side for entry in by_node[node.name]}
        others = [n for side, n in enumerate(_operands(node)) if side not in gone]
        if len(others) > 1:
            _join(node, others)
        elif others:  # none: it is a part of what goes
            named = {entry.name: entry for entry in graph.nodes}
            readers = [name for e in by_node[node.name] for name in e.activations.values()]
            for stood in (node, *(named[name] for name in readers)):
                stood.replace_all_uses_with(others[0])
                idle.discard(stood.name)
            for reader in list(others[0].users):
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


def _join(node: Any, others: list[Any]) -> None:
    """Let a call join these alone."""
    if node.args and isinstance(node.args[0], list | tuple):
        node.update_arg(0, others)
    else:
        node.update_kwarg("tensors", others)


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
