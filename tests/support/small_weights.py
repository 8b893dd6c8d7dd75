"""Layers of floats whose weights have eight or four bits."""

from typing import Any

import numpy as np
import pytest

schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
flatbuffers = pytest.importorskip("flatbuffers")


def unpacked(model: bytes) -> Any:
    return schema.ModelT.InitFromPackedBuf(model, 0)


def packed(file: Any) -> bytes:
    builder = flatbuffers.Builder(1 << 12)
    builder.Finish(file.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def with_floats(model: bytes, seed: int, weights: str) -> bytes:
    """An int8 layer of floats.

    Args:
        model: The layer.
        seed: Of its constants, but for the weights.
        weights: ``"stored"``: they stay; ``"before"``: a DEQUANTIZE before the layer makes floats
            of them; ``"floats"``: they are stored as floats.
    """
    random = np.random.default_rng(seed)
    file = unpacked(model)
    (graph,) = file.subgraphs
    (layer,) = graph.operators
    for index, tensor in enumerate(graph.tensors):
        if index == layer.inputs[1] or tensor.quantization is None:
            continue
        if tensor.quantization.scale is None:
            continue
        tensor.type, tensor.quantization = schema.TensorType.FLOAT32, None
        buffer = file.buffers[tensor.buffer]
        if buffer.data is not None and len(buffer.data):
            values = random.normal(size=tuple(tensor.shape)).astype("<f4")
            buffer.data = np.frombuffer(values.tobytes(), np.uint8)
    stored = graph.tensors[layer.inputs[1]]
    stored.quantization.zeroPoint = [0] * len(stored.quantization.scale)
    if weights == "before":
        _dequantise(file)
    elif weights == "floats":
        scales = np.asarray(stored.quantization.scale, "<f4")
        along = [1] * len(stored.shape)
        along[stored.quantization.quantizedDimension] = len(scales)
        values = file.buffers[stored.buffer].data.view(np.int8).reshape(stored.shape)
        values = (values * scales.reshape(along)).astype("<f4")
        file.buffers[stored.buffer].data = np.frombuffer(values.tobytes(), np.uint8)
        stored.type, stored.quantization = schema.TensorType.FLOAT32, None
    return packed(file)


def in_four_bits(model: bytes) -> bytes:
    """The layer of a file with weights between -8 and 7, two to a byte."""
    file = unpacked(model)
    (graph,) = file.subgraphs
    stored = graph.tensors[graph.operators[0].inputs[1]]
    buffer = file.buffers[stored.buffer]
    values = np.clip(buffer.data.view(np.int8) >> 4, -8, 7).view(np.uint8) & 15
    pairs = np.pad(values, (0, values.size % 2)).reshape(-1, 2)
    buffer.data = pairs[:, 0] | pairs[:, 1] << 4
    stored.type = schema.TensorType.INT4
    return packed(file)


def _dequantise(file: Any) -> None:
    """Put a DEQUANTIZE before the layer of a file, of its weights."""
    (graph,) = file.subgraphs
    (layer,) = graph.operators
    made, code, first = schema.TensorT(), schema.OperatorCodeT(), schema.OperatorT()
    made.name, made.type = b"floats", schema.TensorType.FLOAT32
    made.shape = graph.tensors[layer.inputs[1]].shape
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.DEQUANTIZE
    first.opcodeIndex = len(file.operatorCodes)
    first.inputs, first.outputs = [layer.inputs[1]], [len(graph.tensors)]
    layer.inputs = [*layer.inputs]
    layer.inputs[1] = len(graph.tensors)
    graph.tensors.append(made)
    file.operatorCodes.append(code)
    graph.operators = [first, layer]
