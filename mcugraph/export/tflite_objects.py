"""A TFLite file as objects of TFLite's schema, which can be changed and written again."""

from collections.abc import Callable
from typing import Any


def unpacked(data: bytes, schema: Any) -> Any:
    """The model in a file.

    Args:
        data: The file.
        schema: The classes of TFLite's schema, with its object interface.
    """
    return schema.ModelT.InitFromPackedBuf(data, 0)


def packed(model: Any, flatbuffers: Any) -> bytes:
    """The file of a model; what constants it holds that nothing reads any more is left out.

    Args:
        model: As ``unpacked`` gives it.
        flatbuffers: The package that writes it.
    """
    read = {tensor.buffer for graph in model.subgraphs for tensor in graph.tensors}
    read |= {entry.buffer for entry in model.metadata or ()}
    for index, buffer in enumerate(model.buffers):
        if index not in read:
            buffer.data = None  # its place stays: others are known by their numbers
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def with_data_inside(data: bytes, schema: Any, flatbuffers: Any) -> bytes:
    """A file whose constants stand in its tables, the only place where TFLM looks for them.

    Tools may store large ones behind the tables, as files of over 2 GiB have to.

    Args:
        data: The file.
        schema: The classes of TFLite's schema, with its object interface.
        flatbuffers: The package that writes it.
    """
    import numpy as np

    model = unpacked(data, schema)
    behind = [buffer for buffer in model.buffers if buffer.offset > 1]
    if not behind:
        return data
    for buffer in behind:
        buffer.data = np.frombuffer(data, np.uint8, buffer.size, buffer.offset)
        buffer.offset = buffer.size = 0
    return packed(model, flatbuffers)


def kinds_of(model: Any, schema: Any) -> Callable[[Any], str]:
    """What gives the native name of an operator of a model; empty: the schema has none."""
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if name[0] != "_"}

    def kind(operator: Any) -> str:
        code = model.operatorCodes[operator.opcodeIndex]
        return str(names.get(max(code.builtinCode, code.deprecatedBuiltinCode), ""))

    return kind
