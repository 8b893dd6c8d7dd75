"""Branches taken out of a PyTorch model."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from mcugraph.errors import FormatError, GraphError, UsageError
from mcugraph.formats.torch.given import plain_module
from mcugraph.formats.torch.importer import from_torch
from mcugraph.ir import Graph, Operator
from mcugraph.slimming.call_sites import Sites
from mcugraph.slimming.cutting import duplicate
from mcugraph.slimming.label_flow import Mismatch, described, paired
from mcugraph.slimming.residual import Branch, without
from mcugraph.slimming.rewriting import replaced


def branches(
    model: Any, example_inputs: Any = (), kwargs: Mapping[str, Any] | None = None
) -> tuple[Branch, ...]:
    """The branches of a PyTorch model that can vanish whole.

    Such is, where the model computes ``x + f(x)``, all that ``f`` does: without it the model goes
    on with ``x``. Of ``g(x) + f(x)`` either can go, but not both.

    A branch is only there if it has layers with weights, if the model's code can be traced
    around its sum, and if that code runs once.

    Args:
        model: A ``torch.nn.Module``; it stays as it is.
        example_inputs: As for ``from_torch``.
        kwargs: As for ``from_torch``.

    Returns:
        The branches in the order in which they run; each goes by the name of its first layer.

    Raises:
        FormatError: ``torch.export`` rejects the model.
    """
    model = plain_module(model, "branches")
    return tuple(Sites.of(model, example_inputs, kwargs or {}).branches.values())


def drop(
    model: Any,
    names: Iterable[str],
    example_inputs: Any = (),
    kwargs: Mapping[str, Any] | None = None,
    sites: Sites | None = None,
) -> Any:
    """A copy of a PyTorch model without some of its branches.

    It computes what the model would if these branches gave zeros. Activations that change nothing
    any more, as a ReLU of what a ReLU gave, go too. Parameters keep their names. Modules keep
    their classes but for those whose code summed a branch: a ``torch.fx.GraphModule`` takes their
    place, or an ``Identity`` where nothing is left of them. Afterwards the result is exported and
    held against what the whole model's graph becomes, operator by operator.

    The result has the names of what went as a plain attribute, ``mcugraph_dropped``.

    Args:
        model: A ``torch.nn.Module``; it stays as it is.
        names: Names of branches, as ``branches`` gives them.
        example_inputs: As for ``from_torch``.
        kwargs: As for ``from_torch``.
        sites: Where the branches are, to save the time of finding them.

    Returns:
        A plain module, in the same mode.

    Raises:
        UsageError: There is no such branch, or nothing of a sum would be left.
        GraphError: The model cannot run without them: another module reads a part that would be
            gone, say.
        FormatError: ``torch.export`` rejects the model.
    """
    model = plain_module(model, "drop")
    if isinstance(names, str):
        raise UsageError(f"names: a list of branches is needed, like [{names!r}]")
    if sites is None:
        sites = Sites.of(model, example_inputs, kwargs or {})
    chosen = named(sites, names)
    graph = without(sites.graph, chosen)
    small = duplicate(model)
    for path, (code, unused) in sites.rewritten(chosen, graph).items():
        small = _put(small, path, code, unused, sites.source)
    try:
        got = from_torch(small, example_inputs, kwargs)
    except FormatError as error:
        gone = ", ".join(repr(branch.name) for branch in chosen)
        raise GraphError(f"it does not run without branch {gone}: {error}") from error
    _check(graph, got)
    small.mcugraph_kept = dict(getattr(model, "mcugraph_kept", {}))
    small.mcugraph_dropped = (
        *getattr(model, "mcugraph_dropped", ()),
        *(branch.name for branch in chosen),
    )
    return small


def named(sites: Sites, names: Iterable[str]) -> list[Branch]:
    """Branches by their names, in the order in which they run.

    Raises:
        UsageError: There is no such one.
    """
    wanted = set(names)
    for name in sorted(wanted - sites.branches.keys()):
        known = ", ".join(sites.branches) or "none that can vanish"
        raise UsageError(f"there is no branch {name!r}; the branches are {known}")
    return [branch for branch in sites.branches.values() if branch.name in wanted]


@contextmanager
def bypassed(model: Any, sites: Sites, chosen: list[Branch]) -> Iterator[None]:
    """Meanwhile a model runs without some of its branches, with the parameters that it has.

    Args:
        model: The model, of which ``sites`` are.
        sites: Where its branches are.
        chosen: Those that are passed by.
    """
    from mcugraph.slimming.module import SlimModule

    with ExitStack() as stack:
        for path, (code, _) in sites.rewritten(chosen, without(sites.graph, chosen)).items():
            module, source = model.get_submodule(path), sites.source.get_submodule(path)
            short = SlimModule.of(module, code)
            for name, value in vars(source).items():
                if name.startswith("_tensor_constant"):
                    short.__dict__.setdefault(name, value)
            module.forward = short.forward
            stack.callback(delattr, module, "forward")
        yield


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
    model = replaced(model, path, code, source)
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


def _check(wanted: Graph, got: Graph) -> None:
    """A model has to be what was wanted, operator by operator.

    Raises:
        Mismatch: It is not; the message names an operator.
    """
    names: dict[str | None, str | None] = {None: None}
    names.update(zip(wanted.inputs, got.inputs, strict=True))
    for operator, other in paired(wanted, got):
        same = operator.op == other.op and len(operator.inputs) == len(other.inputs)
        if not same or not all(
            _same(wanted, got, a, b, names)
            for a, b in zip(operator.inputs, other.inputs, strict=False)
        ):
            raise Mismatch(f"{described(operator)}: it becomes another one, {_read(other)}")
        names.update(zip(operator.outputs, other.outputs, strict=True))
    if [names.get(name) for name in wanted.outputs] != list(got.outputs):
        raise GraphError("the model's code cannot be rewritten: its outputs would be others")


def _same(
    wanted: Graph,
    got: Graph,
    name: str | None,
    other: str | None,
    names: Mapping[str | None, str | None],
) -> bool:
    """Whether both are one activation, or one constant."""
    if name is None or other is None or not wanted.tensors[name].is_constant:
        return names.get(name) == other and (name is None) == (other is None)
    first, second = wanted.tensors[name], got.tensors[other]
    if first.constant is None or second.constant is None or first.shape != second.shape:
        return False
    if isinstance(first.constant.key, str) or isinstance(second.constant.key, str):
        return bool(first.constant.key == second.constant.key)
    return True


def _read(operator: Operator) -> str:
    return f"which reads {', '.join(str(name) for name in operator.inputs)}"
