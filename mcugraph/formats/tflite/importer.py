"""TFLite files to graphs."""

from mcugraph.errors import FormatError
from mcugraph.formats.dims import Bindings
from mcugraph.formats.load_limits import DEFAULT_LIMITS, LoadLimits
from mcugraph.formats.tflite import reader
from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.formats.tflite.state import hold_order, variables
from mcugraph.formats.tflite.tables import read_model
from mcugraph.formats.tflite.translation import SubgraphTranslation, Task
from mcugraph.ir import Graph, verify
from mcugraph.records import replace


def load_tflite(
    path: str,
    data: bytes,
    bindings: Bindings,
    signature: str | None = None,
    limits: LoadLimits = DEFAULT_LIMITS,
) -> Graph:
    """The graph of a TFLite model.

    Args:
        path: Named in errors and kept as the source.
        data: The whole file.
        bindings: Values for dynamic dimensions.
        signature: Which signature's subgraph to take; None: the first subgraph.
        limits: How much it may list.

    Raises:
        FormatError: The file is damaged, has no such signature, or exceeds a limit.
        DimensionError: A dynamic dimension other than the batch is not bound.
    """
    with reader.guarded(path):
        model = read_model(data, path, limits)
        if not model.subgraphs:
            raise FormatError(f"{path}: this TFLite file has no graph inside")
        main = 0 if signature is None else _subgraph_of(path, model, signature)
        return _graph(Task(path, model, bindings, main))


def _subgraph_of(path: str, model: TfliteModel, signature: str) -> int:
    """The subgraph that a signature enters."""
    if signature not in model.signatures:
        known = ", ".join(map(repr, model.signatures)) or "none"
        raise FormatError(f"{path}: no signature {signature!r}; the model has {known}")
    return model.signatures[signature]


def _graph(task: Task) -> Graph:
    model = task.model
    parts = [SubgraphTranslation(task, i) for i in range(len(model.subgraphs))]
    graphs = [part.translate() for part in parts]
    main = variables(graphs, task.main)
    others = {part.name: graph for part, graph in zip(model.subgraphs, graphs, strict=True)}
    del others[model.subgraphs[task.main].name]
    main = hold_order(replace(main, subgraphs=others))
    if len(set(model.signatures.values())) > 1:
        taken = [key for key, index in model.signatures.items() if index == task.main]
        said = f"the figures are for the signature {', '.join(taken)}, of {len(model.signatures)}"
        main = replace(main, assumptions=(*main.assumptions, said))
    verify(main)
    if task.main or any(part.rebound for part in parts):
        return main  # not what an interpreter of the file runs
    return replace(main, source=replace(main.source, file=model))
