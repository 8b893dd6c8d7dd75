"""TFLite files of one operator: what a kernel of TFLM is asked about."""

from collections.abc import Sequence
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
    return T("", (len(entries),), "int32", data=b"".join(n.to_bytes(4, "little") for n in entries))


def one_operator(
    name: str,
    inputs: Sequence[T],
    outputs: Sequence[T],
    union: str = "",
    options: dict[int, tuple[str, Any]] | None = None,
    custom: bytes = b"",
) -> bytes:
    """A file of one operator.

    Args:
        name: As the schema has it, or that of a custom one.
        inputs: Each is a tensor of its own; constants are no inputs of the graph.
        outputs: Those of the graph, too.
        union: Which of the schema's options ``options`` are.
        options: Slot -> (kind, value), as ``Node`` has it.
        custom: The options of a custom operator.
    """
    tensors = [*inputs, *outputs]
    named = [
        T(f"t{i}", t.shape, t.dtype, t.data, scales=t.scales, zero_point=t.zero_point)
        for i, t in enumerate(tensors)
    ]
    read, made = range(len(inputs)), range(len(inputs), len(tensors))
    node = Node(name, read, made, options or {}, union, custom)
    return tflite_bytes(G(named, [node], [i for i in read if named[i].data is None], made))
