"""Structures taken out of a PyTorch model."""

from collections.abc import Iterable, Mapping
from typing import Any

from mcugraph.errors import GraphError, UsageError
from mcugraph.formats.torch.given import plain_module
from mcugraph.formats.torch.importer import from_torch
from mcugraph.ir import Graph, Operator
from mcugraph.slimming.call_sites import Sites
from mcugraph.slimming.label_flow import Mismatch, described, paired
from mcugraph.slimming.slimmer import Slimming
from mcugraph.slimming.vanishing import Structure


def structures(
    model: Any, example_inputs: Any = (), kwargs: Mapping[str, Any] | None = None
) -> tuple[Structure, ...]:
    """What of a PyTorch model can vanish whole.

    - Branches: where the model computes ``x + f(x)``, all that ``f`` does; without it the model
      goes on with ``x``. Of ``g(x) + f(x)`` either can go, but not both.
    - Parts: what is computed for concatenations alone. What reads these then reads fewer channels.
      One part of each has to stay.
    - Heads: of an attention with several, one by one; one has to stay. All heads of a residual
      attention can go together, as a branch.

    A branch or a part is only there if it has layers with weights, if the model's code can be
    traced around its end, and if that code runs once.

    Args:
        model: A ``torch.nn.Module``; it stays as it is.
        example_inputs: As for ``from_torch``.
        kwargs: As for ``from_torch``.

    Returns:
        In the order in which they run; each goes by the name of its first layer.

    Raises:
        FormatError: ``torch.export`` rejects the model.
    """
    model = plain_module(model, "structures")
    return tuple(Sites.of(model, example_inputs, kwargs or {}).structures.values())


def drop(
    model: Any,
    names: Iterable[str],
    example_inputs: Any = (),
    kwargs: Mapping[str, Any] | None = None,
    sites: Sites | None = None,
) -> Any:
    """A copy of a PyTorch model without some of its structures.

    It computes what the model would if branches gave zeros, and if parts and heads were zeros where
    a layer reads them. Activations that change nothing any more, as a ReLU of what a ReLU gave,
    go too. Parameters keep their names; those of layers that make or read fewer channels are
    shorter. Modules keep their classes but for those whose code summed or joined what is gone, or
    named a size that changes, as the number of heads: a ``torch.fx.GraphModule`` takes their
    place, or an ``Identity`` where nothing is left of them. Afterwards the result is exported and
    held against what the whole model's graph becomes, operator by operator.

    What a batch norm makes of zeros is left out with a part. Layer norm and group norm average over
    channels, so behind a part that is gone they give something else than behind one of zeros.

    The result has the names of what went as a plain attribute, ``mcugraph_dropped``, and the
    record ``mcugraph_kept`` that ``slim`` gives.

    Args:
        model: A ``torch.nn.Module``; it stays as it is.
        names: Names of structures, as ``structures`` gives them.
        example_inputs: As for ``from_torch``.
        kwargs: As for ``from_torch``.
        sites: Where the structures are, to save the time of finding them.

    Returns:
        A plain module, in the same mode.

    Raises:
        UsageError: There is no such structure, or nothing of a sum, a concatenation or an attention
            would be left.
        GraphError: The model cannot run without them: another module reads a part that would be
            gone, say.
        FormatError: ``torch.export`` rejects the model.
    """
    model = plain_module(model, "drop")
    if isinstance(names, str):
        raise UsageError(f"names: a list of structures is needed, like [{names!r}]")
    example = (example_inputs, kwargs or {})
    if sites is None:
        sites = Sites.of(model, *example)
    reduction = sites.without(names)
    gone = tuple(structure.name for structure in reduction.chosen)
    try:
        wanted = reduction.graph
        small = Slimming(model, reduction.remains, sites.edits(reduction), example).run()
        _check(reduction.bare, wanted, from_torch(small, *example))
    except GraphError as error:
        raise GraphError(f"without {', '.join(map(repr, gone))}: {error}") from error
    small.mcugraph_dropped = (*getattr(model, "mcugraph_dropped", ()), *gone)
    return small


def _check(bare: Graph, wanted: Graph, got: Graph) -> None:
    """A model has to be what was wanted, operator by operator.

    Sizes that operators have as attributes may be told in other words than they were.

    Raises:
        Mismatch: It is not; the message names an operator.
    """
    names: dict[str | None, str | None] = {None: None}
    names.update(zip(wanted.inputs, got.inputs, strict=True))
    for (operator, other), before in zip(
        paired(wanted.operators, got.operators), bare.operators, strict=True
    ):
        sized = operator.op != before.op and type(operator.op) is type(other.op)
        same = (sized or operator.op == other.op) and len(operator.inputs) == len(other.inputs)
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
