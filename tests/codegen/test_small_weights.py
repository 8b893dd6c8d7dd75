"""Layers of floats whose weights have eight or four bits: stored so, or made floats of first."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.deployed import (
    as_bytes,
    compiled,
    needs_compiler,
    outputs,
    program_of,
    random_inputs,
    tflm_answers,
)
from support.int8_operators import OPERATORS

import mcugraph as mg

schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
flatbuffers = pytest.importorskip("flatbuffers")

LAYERS = ("convolution", "depthwise", "fully_connected", "transposed_convolution")
pytestmark = [needs_compiler, pytest.mark.oracle("tflite_micro")]


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


@pytest.mark.parametrize("name", LAYERS)
def test_weights_stay_small(name: str, tmp_path: Path) -> None:
    maker: Callable[[int], bytes] = OPERATORS[name]
    for seed in range(3):
        stored, before, floats = (
            with_floats(maker(seed), seed, form) for form in ("stored", "before", "floats")
        )
        programs = [program_of(model, tmp_path) for model in (stored, before)]
        first, second = programs
        assert first.arena == second.arena
        assert [step.native for step in first.steps] == [step.native for step in second.steps]
        inputs = random_inputs(first, 3, seed)
        wanted = np.frombuffer(tflm_answers(floats, inputs), "<f4")
        for host in compiled(programs, tmp_path).values():
            found = outputs(host, as_bytes(inputs), 0)
            assert found == outputs(host, as_bytes(inputs), 1)
            got = np.frombuffer(found, "<f4")
            assert np.abs(got - wanted).max() <= 1e-5 * np.abs(wanted).max()


def test_what_is_more_than_scales_is_refused(tmp_path: Path) -> None:
    file = unpacked(with_floats(OPERATORS["fully_connected"](0), 0, "stored"))
    (graph,) = file.subgraphs
    weights = graph.tensors[graph.operators[0].inputs[1]]
    weights.quantization.zeroPoint = [3] * len(weights.quantization.scale)
    with pytest.raises(mg.GraphError, match=r"FULLY_CONNECTED.*its weights have a zero point"):
        program_of(packed(file), tmp_path)
