"""Which form of a network is counted, and what of it: as it is deployed, or as the paper does."""

from collections.abc import Callable
from functools import partial

from mcugraph.errors import GraphError, UsageError
from mcugraph.ir import Graph, verify
from mcugraph.records import dataclass
from mcugraph.rewrite.biases import biases_apart
from mcugraph.rewrite.cleaning import drop_identities
from mcugraph.rewrite.deploy import deploy_form
from mcugraph.rewrite.edit import Step, rewritten
from mcugraph.rewrite.paper import paper_form
from mcugraph.rewrite.precision import PRECISIONS, quantize

Rewrite = Callable[[Graph], Graph]


@dataclass(frozen=True, slots=True)
class Accounting:
    """A way to count, as plain fields.

    Attributes:
        name: As users call it.
        runs: Makes what is executed of a graph without subgraphs.
        stores: Makes what lies in flash of it; None: the same.
        quantized: Makes of it, at int8, what else is different then; None: nothing.
        has_islands: At int8, what has no int8 kernel computes with floats.
        takes_files_as_they_stand: A file that the device runs (TFLite) is not rewritten.
        precision: At which everything is counted; None: the model's, or what is asked for.
        bytes_per_parameter: Of weights and biases; None: by their types.
        pools_and_sums: Pooling and additions count as multiply-accumulates too.
        has_arena: What is counted is what TFLM runs, so its arena is known.
    """

    name: str
    runs: Rewrite
    stores: Rewrite | None = None
    quantized: Rewrite | None = None
    has_islands: bool = False
    takes_files_as_they_stand: bool = False
    precision: str | None = None
    bytes_per_parameter: int | None = None
    pools_and_sums: bool = False
    has_arena: bool = False


def _after(step: Step, graph: Graph) -> Graph:
    return rewritten(graph, step)


ACCOUNTINGS = {
    "deployed": Accounting(
        "deployed",
        deploy_form,
        quantized=partial(_after, biases_apart),
        has_islands=True,
        takes_files_as_they_stand=True,
        has_arena=True,
    ),
    "paper": Accounting(
        "paper",
        paper_form,
        stores=partial(_after, drop_identities),
        precision="int8",
        bytes_per_parameter=1,
        pools_and_sums=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Accounted:
    """A network in the form that an accounting counts.

    Attributes:
        runs: What is executed: its operators take steps, memory and work.
        stores: What lies in flash; differs where parameters are kept that no step uses.
        by: How it is counted.
    """

    runs: Graph
    stores: Graph
    by: Accounting


def find_accounting(name: str) -> Accounting:
    """An accounting by its name.

    Raises:
        UsageError: There is no such one.
    """
    _choose("accounting", name, tuple(ACCOUNTINGS))
    return ACCOUNTINGS[name]


def counted_forms(graph: Graph, accounting: str, precision: str | None = None) -> Accounted:
    """The form of a graph, and of its subgraphs, that an accounting counts, at a precision.

    ``"deployed"`` is what TFLite runs (``mcugraph.rewrite.deploy``); a TFLite file is taken as it
    stands. ``"paper"`` follows "Differentiable Network Pruning for Microcontrollers" (Liberis and
    Lane): batch norm keeps its parameters, and neither it nor activations take a step.

    Raises:
        UsageError: Unknown accounting or precision.
        GraphError: The form contradicts itself.
    """
    by = check_forms(accounting, precision)
    if by.takes_files_as_they_stand and graph.source.exact:
        runs = stores = graph
    else:
        runs = _each(graph, by.runs)
        stores = runs if by.stores is None else _each(graph, by.stores)
    if "int8" in (precision, by.precision):
        same = stores is runs
        runs = _quantized(runs, by)
        stores = runs if same else _quantized(stores, by)
    _verify(graph, runs)
    if stores is not runs:
        _verify(graph, stores)
    return Accounted(runs, stores, by)


def _verify(given: Graph, made: Graph) -> None:
    """Check what rewrites made of a graph; one that they left alone was checked when it was read.

    Raises:
        GraphError: They made something that cannot be, such as padding beyond any address space.
    """
    if made is given:
        return
    try:
        verify(made)
    except GraphError as error:
        raise GraphError(f"{given.source.path or given.name}: {error}") from None


def _quantized(graph: Graph, by: Accounting) -> Graph:
    made = quantize(graph, by.has_islands)
    return made if by.quantized is None else _each(made, by.quantized)


def check_forms(accounting: str, precision: str | None) -> Accounting:
    """The accounting of a name, once it and the precision are known to exist.

    Raises:
        UsageError: There is none of that name.
    """
    if precision is not None:
        _choose("precision", precision, PRECISIONS)
    return find_accounting(accounting)


def _choose(what: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UsageError(f"unknown {what} {value!r}; expected one of {', '.join(known)}")


def _each(graph: Graph, rewrite: Rewrite) -> Graph:
    rewritten = rewrite(graph)
    if not graph.subgraphs:
        return rewritten
    parts = {name: rewrite(part) for name, part in graph.subgraphs.items()}
    return rewritten.replace(subgraphs=parts)
