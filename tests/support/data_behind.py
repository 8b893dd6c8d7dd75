"""TFLite files with constants behind their tables, as tools write large ones."""

from typing import Any


def with_data_behind(data: bytes, least: int = 256) -> bytes:
    """A file whose buffers of at least so many bytes are stored behind the tables."""
    import ai_edge_litert.schema_py_generated as schema
    import flatbuffers

    model: Any = schema.ModelT.InitFromPackedBuf(data, 0)
    moved = {
        i: bytes(buffer.data).ljust(_rounded(len(buffer.data)), b"\0")
        for i, buffer in enumerate(model.buffers)
        if buffer.data is not None and len(buffer.data) >= least
    }
    assert moved
    at = 0
    for _ in range(2):  # the first time to see how large the tables are
        for i, content in moved.items():
            buffer = model.buffers[i]
            if buffer.data is not None:
                buffer.data, buffer.size = None, len(buffer.data)
            buffer.offset = max(at, 2)
            at += len(content)
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        tables = bytes(builder.Output())
        at = _rounded(len(tables))
    return tables.ljust(at, b"\0") + b"".join(moved.values())


def _rounded(size: int) -> int:
    return -(-size // 16) * 16
