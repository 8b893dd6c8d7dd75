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


def load_tflite(path: str, data: bytes, bindings: Bindings) -> Graph:
    """The graph of a TFLite model.

    Args:
        path: Named in errors and kept as the source.
        data: The whole file.
        bindings: Values for dynamic dimensions.

    Raises:
        FormatError: The file is damaged.
        DimensionError: A dynamic dimension other than the batch is not bound.
    """
    with reader.guarded(path):
        return _graph(File(path, data, bindings))


def _graph(file: File) -> Graph:
    parts = [Subgraph(file, i) for i in range(len(file.subgraphs))]
    graphs = [part.translate() for part in parts]
    main = variables(graphs)
    main = hold_order(replace(main, subgraphs=dict(zip(file.names[1:], graphs[1:], strict=True))))
    verify(main)
    if any(part.rebound for part in parts):
        return main
    calls = [[called(raw, file.codes[raw.OpcodeIndex()]) for raw in p.operators] for p in parts]
    model = stored_model(file.model, [main, *graphs[1:]], DTYPES, calls, len(file.data))
    record = Record(model, main.operators, main.tensors)
    return replace(main, source=replace(main.source, stored=record))
