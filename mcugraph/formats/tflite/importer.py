"""TFLite files to graphs."""

from dataclasses import replace

from mcugraph.formats.dims import Bindings
from mcugraph.formats.tflite import reader
from mcugraph.formats.tflite.fields import DTYPES, called
from mcugraph.formats.tflite.file import File
from mcugraph.formats.tflite.state import hold_order, variables
from mcugraph.formats.tflite.stored import stored_model
from mcugraph.formats.tflite.subgraph import Subgraph
from mcugraph.ir import Graph, verify
from mcugraph.ir.stored import Record


def load_tflite(path: str, data: bytes, bindings: Bindings, signature: str | None = None) -> Graph:
    """The graph of a TFLite model.

    Args:
        path: Named in errors and kept as the source.
        data: The whole file.
        bindings: Values for dynamic dimensions.
        signature: Which signature's subgraph to take; None: the first subgraph.

    Raises:
        FormatError: The file is damaged, or has no such signature.
        DimensionError: A dynamic dimension other than the batch is not bound.
    """
    with reader.guarded(path):
        return _graph(File(path, data, bindings, signature))


def _graph(file: File) -> Graph:
    parts = [Subgraph(file, i) for i in range(len(file.subgraphs))]
    graphs = [part.translate() for part in parts]
    main = variables(graphs, file.main)
    others = dict(zip(file.names, graphs, strict=True))
    del others[file.names[file.main]]
    main = hold_order(replace(main, subgraphs=others))
    if len(set(file.signatures.values())) > 1:
        taken = [key for key, index in file.signatures.items() if index == file.main]
        said = f"the figures are for the signature {', '.join(taken)}, of {len(file.signatures)}"
        main = replace(main, assumptions=(*main.assumptions, said))
    verify(main)
    if file.main or any(part.rebound for part in parts):
        return main
    calls = [[called(raw, file.codes[raw.OpcodeIndex()]) for raw in p.operators] for p in parts]
    model = stored_model(file.model, [main, *graphs[1:]], DTYPES, calls, len(file.data))
    record = Record(model, main.operators, main.tensors)
    return replace(main, source=replace(main.source, stored=record))
