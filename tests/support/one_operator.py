"""TFLite files of one operator: what a kernel of TFLM is asked about."""

import struct
from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Any

from support.tflite_writer import G, Node, T, tflite_bytes

WIDTHS = {"float32": 4, "int8": 1, "int16": 2, "uint8": 1, "int32": 4, "int64": 8, "bool": 1}


def values(dtype: str, *shape: int, scale: float = 0.5) -> T:
    """An activation; small integers have a scale unless it is 0."""
    scaled = dtype in ("int8", "int16", "uint8") and scale
    return T("", shape, dtype, scales=(scale,) if scaled else ())


def stored(dtype: str, *shape: int) -> T:
    """A constant of zeros."""
    tensor = values(dtype, *shape)
    tensor.data = bytes(WIDTHS[dtype] * prod(shape))
    return tensor


def numbers(*entries: int) -> T:
    """A constant vector of int32."""
    return T("", (len(entries),), "int32", data=struct.pack(f"<{len(entries)}i", *entries))


def one_operator(
    name: str,
    inputs: Sequence[T | None],
    outputs: Sequence[T],
    union: str = "",
    options: dict[int, tuple[str, Any]] | None = None,
    custom: bytes = b"",
) -> bytes:
    """A file of one operator.

    Args:
        name: As the schema has it, or that of a custom one.
        inputs: Each is a tensor of its own; constants and variables are no inputs of the graph.
            None: it is left out.
        outputs: Those of the graph, too.
        union: Which of the schema's options ``options`` are.
        options: Slot -> (kind, value), as ``Node`` has it.
        custom: The options of a custom operator.
    """
    tensors = [t for t in (*inputs, *outputs) if t is not None]
    named = [replace(t, name=f"t{i}") for i, t in enumerate(tensors)]
    places = iter(range(len(tensors)))
    read = [-1 if t is None else next(places) for t in inputs]
    made = list(places)
    node = Node(name, read, made, options or {}, union, custom)
    given = [i for i in read if i >= 0 and named[i].data is None and not named[i].variable]
    return tflite_bytes(G(named, [node], given, made))
