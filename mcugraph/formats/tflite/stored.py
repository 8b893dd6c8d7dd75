"""A TFLite file as an interpreter finds it: every tensor of every subgraph, in its order."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mcugraph.formats.tflite import reader
from mcugraph.ir import DType, Graph
from mcugraph.ir.stored import StoredGraph, StoredModel, StoredOperator, StoredTensor

# Name of the metadata that holds a memory plan: version, subgraph, count, then the offsets
# (tensorflow/lite/micro/docs/memory_management.md).
_PLAN = "OfflineMemoryAllocation"


def stored_model(
    model: Any, graphs: Sequence[Graph], dtypes: Sequence[DType], bodies: Sequence[Any], limit: int
) -> StoredModel:
    """What the file holds.

    Args:
        model: The flatbuffer.
        graphs: The translation of each subgraph, for the attributes of its operators.
        dtypes: Element types by their number in the schema.
        bodies: For each subgraph and operator, the indices of the subgraphs that it calls.
        limit: Bytes of the file.
    """
    buffers = reader.tables(model, "Buffers", limit)
    subgraphs = tuple(
        StoredGraph(
            tuple(_tensor(t, buffers, dtypes) for t in reader.tables(table, "Tensors", limit)),
            tuple(
                StoredOperator(
                    operator.native,
                    operator.op,
                    tuple(reader.numbers(raw, "Inputs")),
                    tuple(reader.numbers(raw, "Outputs")),
                    tuple(called),
                    bytes(bytearray(reader.numbers(raw, "CustomOptions"))),
                )
                for raw, operator, called in zip(
                    reader.tables(table, "Operators", limit), graph.operators, calls, strict=True
                )
            ),
            tuple(reader.numbers(table, "Inputs")),
            tuple(reader.numbers(table, "Outputs")),
        )
        for table, graph, calls in zip(
            reader.tables(model, "Subgraphs", limit), graphs, bodies, strict=True
        )
    )
    return StoredModel(subgraphs, _offsets(model, buffers, limit, subgraphs))


def _tensor(raw: Any, buffers: Sequence[Any], dtypes: Sequence[DType]) -> StoredTensor:
    table = raw.Quantization()
    buffer = buffers[raw.Buffer()] if raw.Buffer() < len(buffers) else None
    filled = buffer is not None and (buffer.Offset() > 1 or buffer.DataLength() > 0)
    return StoredTensor(
        dtypes[raw.Type()] if raw.Type() < len(dtypes) else DType.UNKNOWN,
        tuple(reader.numbers(raw, "Shape")),
        constant=filled,
        variable=bool(raw.IsVariable()),
        scales=0 if table is None else table.ScaleLength(),
        zero_points=0 if table is None else table.ZeroPointLength(),
    )


def _offsets(
    model: Any, buffers: Sequence[Any], limit: int, subgraphs: Sequence[StoredGraph]
) -> tuple[int, ...] | None:
    """The memory plan that the file brings along; None where it has none that fits it."""
    for entry in reader.tables(model, "Metadata", limit):
        if reader.text(entry.Name()) != _PLAN or entry.Buffer() >= len(buffers):
            continue
        data = buffers[entry.Buffer()].DataAsNumpy()
        if not isinstance(data, np.ndarray) or data.nbytes < 12 or data.nbytes % 4:
            continue
        words = data.view("<i4").tolist()
        if words[2] == sum(len(g.tensors) for g in subgraphs) <= len(words) - 3:
            return tuple(words[3 : 3 + words[2]])
    return None
