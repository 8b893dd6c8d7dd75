"""ONNX files to graphs."""

from typing import Any

from mcugraph.errors import FormatError, GraphError
from mcugraph.formats.dims import Bindings
from mcugraph.formats.folded_values import Folding
from mcugraph.formats.load_limits import DEFAULT_LIMITS, LoadLimits
from mcugraph.formats.onnx import constants, control, sequences
from mcugraph.formats.onnx.functions import inlined
from mcugraph.formats.onnx.messages import message_class, no_text
from mcugraph.formats.onnx.node_counts import NodeCounts
from mcugraph.formats.onnx.qdq import collapse
from mcugraph.formats.onnx.scope import Scope
from mcugraph.formats.onnx.shared_state import Model
from mcugraph.formats.onnx.unread import without_unread
from mcugraph.formats.onnx.weights import Weights
from mcugraph.ir import Graph, Source, verify
from mcugraph.ir.names import Names


def load_onnx(
    path: str, data: bytes, bindings: Bindings, limits: LoadLimits = DEFAULT_LIMITS
) -> Graph:
    """The graph of an ONNX model.

    Constants are folded, so shape arithmetic is gone, and quantise/dequantise pairs are read as
    the quantised network that they stand for. Weights that lie in another file may be absent.

    Args:
        path: Named in errors and kept as the source.
        data: The whole file.
        bindings: Values for dynamic dimensions.
        limits: How much it may become.

    Raises:
        FormatError: The bytes are no ONNX model, an operator in it contradicts itself, or it
            exceeds a limit.
        DimensionError: A dynamic dimension other than the batch is not bound.
    """
    model = inlined(path, data, _parse(path, data), limits)
    file = Model(
        opsets={entry.domain or "ai.onnx": entry.version for entry in model.opset_import},
        bindings=bindings,
        weights=Weights(path),
        names=Names(),
        folding=Folding(path, limits),
        counts=NodeCounts(path, limits),
        handlers={**constants.HANDLERS, **control.HANDLERS, **sequences.HANDLERS},
    )
    try:
        graph = Scope(file, model.graph).translate(Source("onnx", path, len(data)))
        result = collapse(without_unread(graph, file.unread))
        verify(result)
    except GraphError as error:
        raise FormatError(f"{path}: {error}") from error
    return result


def _parse(path: str, data: bytes) -> Any:
    """The model as the file has it.

    Raises:
        FormatError: The bytes are no ONNX model, or a name in it is no text.
    """
    from google.protobuf.message import DecodeError

    model = message_class("ModelProto")()
    try:
        model.ParseFromString(data)
    except (DecodeError, UnicodeDecodeError):  # the second is that of protobuf without C
        name = no_text(data)
        if name is None:
            raise FormatError(_refusal(path)) from None
        raise FormatError(
            f"{path}: the name {name!r} in it is no UTF-8; the file is damaged, copy it again"
        ) from None
    if not model.HasField("graph") or not (model.graph.node or model.graph.output):
        raise FormatError(_refusal(path))
    return model


def _refusal(path: str) -> str:
    if path.lower().endswith(".onnx"):
        return f"{path}: truncated or damaged ONNX file; copy or export it again"
    if path.lower().endswith((".tflite", ".lite")):
        return f"{path}: no TFLite model (the identifier TFL3 is missing); copy it again"
    return f"{path}: not a model that can be read; give a .tflite or .onnx file"
