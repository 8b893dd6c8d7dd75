"""ONNX files to graphs."""

from typing import Any

from mcugraph.errors import FormatError, GraphError
from mcugraph.formats.dims import Bindings
from mcugraph.formats.onnx import constants, control, sequences
from mcugraph.formats.onnx.qdq import collapse
from mcugraph.formats.onnx.scope import Model, Scope
from mcugraph.formats.onnx.weights import Weights
from mcugraph.ir import Graph, Source, verify
from mcugraph.ir.names import Names


def load_onnx(path: str, data: bytes, bindings: Bindings) -> Graph:
    """The graph of an ONNX model.

    Constants are folded, so shape arithmetic is gone, and quantise/dequantise pairs are read as
    the quantised network that they stand for. Weights that lie in another file may be absent.

    Args:
        path: Named in errors and kept as the source.
        data: The whole file.
        bindings: Values for dynamic dimensions.

    Raises:
        FormatError: The bytes are no ONNX model, or an operator in it contradicts itself.
        DimensionError: A dynamic dimension other than the batch is not bound.
    """
    model = _parse(path, data)
    file = Model(
        proto=model,
        opsets={entry.domain or "ai.onnx": entry.version for entry in model.opset_import},
        bindings=bindings,
        weights=Weights(path),
        names=Names(),
        handlers={**constants.HANDLERS, **control.HANDLERS, **sequences.HANDLERS},
    )
    try:
        graph = Scope(file, model.graph).translate(Source("onnx", path, len(data)))
        result = collapse(graph)
        verify(result)
    except GraphError as error:
        raise FormatError(f"{path}: {error}") from error
    return result


def _parse(path: str, data: bytes) -> Any:
    """The model with its local functions inlined.

    Raises:
        FormatError: The bytes are no ONNX model.
    """
    from google.protobuf.message import DecodeError
    from onnx import ModelProto

    model = ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError:
        raise FormatError(_refusal(path)) from None
    if not model.HasField("graph") or not (model.graph.node or model.graph.output):
        raise FormatError(_refusal(path))
    if model.functions:
        from onnx.checker import ValidationError
        from onnx.inliner import inline_local_functions

        try:
            model = inline_local_functions(model)
        except (ValidationError, RuntimeError, ValueError) as error:
            said = " ".join(str(error).split())
            raise FormatError(f"{path}: its local functions cannot be inlined: {said}") from error
    return model


def _refusal(path: str) -> str:
    if path.lower().endswith(".onnx"):
        return f"{path}: truncated or damaged ONNX file; copy or export it again"
    if path.lower().endswith((".tflite", ".lite")):
        return f"{path}: no TFLite model (the identifier TFL3 is missing); copy it again"
    return f"{path}: not a model that can be read; give a .tflite or .onnx file"
