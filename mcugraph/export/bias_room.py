"""Scales of weights that leave room for their biases.

An int8 layer adds its bias as an integer of 32 bits, in steps of the input's scale times that of
the weights. A channel whose weights are all zero, or next to it, gets so fine a step from a
quantiser that its bias does not fit, and is cut off. Pruned layers have such channels. Their
weights count for nothing beside the bias, so a coarser step costs nothing.
"""

from typing import Any

import numpy as np

from mcugraph.export.tflite_objects import kinds_of, packed, unpacked
from mcugraph.ir import Array

# Layer -> where its data, weights and bias are among its inputs.
_LAYERS = {
    "CONV_2D": (0, 1, 2),
    "DEPTHWISE_CONV_2D": (0, 1, 2),
    "FULLY_CONNECTED": (0, 1, 2),
    "TRANSPOSE_CONV": (2, 1, 3),
}
_MOST = 1 << 30  # of a bias: the sum of the products is added to it


def with_bias_room(data: bytes, plain: bytes, schema: Any, flatbuffers: Any) -> bytes:
    """A quantised file in which every bias fits.

    Args:
        data: The quantised file.
        plain: The float file that it was made of, whose constants bear the same names.
        schema: The classes of TFLite's schema, with its object interface.
        flatbuffers: The package that writes them.
    """
    file, floats = unpacked(data, schema), _constants(unpacked(plain, schema), schema)
    (graph,) = file.subgraphs
    kind, changed = kinds_of(file, schema), False
    for operator in graph.operators:
        places, read = _LAYERS.get(kind(operator)), list(map(int, operator.inputs))
        if places is None or len(read) <= places[-1] or read[places[-1]] < 0:
            continue
        source, weights, bias = (graph.tensors[read[place]] for place in places)
        types = schema.TensorType
        if (weights.type, bias.type) == (types.INT8, types.INT32) and bias.name in floats:
            changed |= _widen(file, source, weights, bias, floats[bias.name], schema)
    return packed(file, flatbuffers) if changed else data


def _constants(file: Any, schema: Any) -> dict[bytes, Array]:
    """The float constants of a file by their names."""
    (graph,) = file.subgraphs
    found = {}
    for tensor in graph.tensors:
        stored = file.buffers[tensor.buffer].data
        if stored is not None and len(stored) and tensor.type == schema.TensorType.FLOAT32:
            found[tensor.name] = np.asarray(stored, np.uint8).view(np.float32)
    return found


def _widen(file: Any, source: Any, weights: Any, bias: Any, values: Array, schema: Any) -> bool:
    """Make the steps of weights coarser where a bias needs it; whether one does."""
    by, step = weights.quantization, float(source.quantization.scale[0])
    scales = np.asarray(by.scale, np.float64)
    needed = np.abs(values.astype(np.float64)) / (step * _MOST)
    if len(scales) == 1:
        needed = needed.max(keepdims=True)
    if len(needed) != len(scales) or (needed <= scales).all():
        return False
    wider = np.maximum(scales, needed).astype(np.float32)
    stored = np.asarray(file.buffers[weights.buffer].data, np.uint8).view(np.int8)
    shape = [1] * len(weights.shape)
    shape[by.quantizedDimension if len(scales) > 1 else 0] = len(scales)
    ratio = (scales / wider).reshape(shape)
    fewer = np.round(stored.reshape(tuple(weights.shape)) * ratio).astype(np.int8)
    weights.buffer = _added(file, fewer, schema)
    by.scale = wider
    bias.quantization.scale = (wider.astype(np.float64) * step).astype(np.float32)
    whole = np.round(values / bias.quantization.scale.astype(np.float64))
    bias.buffer = _added(file, whole.astype(np.int32), schema)
    return True


def _added(file: Any, values: Array, schema: Any) -> int:
    """The number of a new buffer: another tensor may have the old one."""
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(values.tobytes(), np.uint8)
    file.buffers.append(buffer)
    return len(file.buffers) - 1
