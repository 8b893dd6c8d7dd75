"""TFLite files made by hand, field by field."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

# Numbers of the schema.
DTYPES = {
    **{"float32": 0, "float16": 1, "int32": 2, "uint8": 3, "int64": 4, "string": 5, "bool": 6},
    **{"int16": 7, "int8": 9, "uint64": 12, "resource": 13, "uint32": 15, "int4": 17},
}
# Operators by another name than the schema's.
ALIASES = {"LSTM_SEQUENCE": "UNIDIRECTIONAL_SEQUENCE_LSTM"}


@dataclass
class T:
    """A tensor; ``buffer`` is an index, ``data`` makes a buffer of its own."""

    name: str
    shape: Sequence[int] | None
    dtype: str = "int8"
    data: bytes | None = None
    buffer: int | None = None
    variable: bool = False
    signature: Sequence[int] | None = None
    scales: Sequence[float] = ()
    zero_point: int = 0
    axis: int = 0


@dataclass
class Node:
    """An operator.

    Attributes:
        options: Slot -> (kind, value).
        union: Which of the schema's options these are, like ``"Pool2DOptions"``; most readers go
            by the operator.
        custom: The options of a custom operator.
    """

    code: str
    inputs: Sequence[int]
    outputs: Sequence[int]
    options: dict[int, tuple[str, Any]] = field(default_factory=dict)
    union: str = ""
    custom: bytes = b""


@dataclass
class G:
    """A subgraph."""

    tensors: Sequence[T]
    operators: Sequence[Node]
    inputs: Sequence[int]
    outputs: Sequence[int]
    name: str = "main"


class _Writer:
    def __init__(self) -> None:
        import flatbuffers

        self.builder = flatbuffers.Builder(1024)

    def vector(self, kind: str, values: Sequence[Any]) -> int:
        b = self.builder
        if kind == "bytes":
            return int(b.CreateByteVector(bytes(values)))
        width = {"i32": 4, "i64": 8, "f32": 4, "tables": 4}[kind]
        b.StartVector(width, len(values), width)
        put = {
            "i32": b.PrependInt32,
            "i64": b.PrependInt64,
            "f32": b.PrependFloat32,
            "tables": b.PrependUOffsetTRelative,
        }[kind]
        for value in reversed(values):
            put(value)
        return int(b.EndVector())

    def table(self, fields: dict[int, tuple[str, Any]]) -> int:
        b = self.builder
        ready: dict[int, tuple[str, Any]] = {}
        for slot, (kind, value) in fields.items():
            if value is None:
                continue
            if kind == "text":
                ready[slot] = ("offset", b.CreateString(value))
            elif kind in ("bytes", "i32s", "i64s", "f32s", "tables"):
                ready[slot] = (
                    "offset",
                    self.vector(kind.removesuffix("s") if kind[0] in "if" else kind, value),
                )
            elif kind == "table":
                ready[slot] = ("offset", self.table(value))
            else:
                ready[slot] = (kind, value)
        b.StartObject(max(ready, default=-1) + 1)
        for slot, (kind, value) in ready.items():
            put = {
                "offset": b.PrependUOffsetTRelativeSlot,
                "i8": b.PrependInt8Slot,
                "f32": b.PrependFloat32Slot,
                "u8": b.PrependUint8Slot,
                "i32": b.PrependInt32Slot,
                "u32": b.PrependUint32Slot,
                "u64": b.PrependUint64Slot,
                "bool": b.PrependBoolSlot,
            }[kind]
            # A default that no value equals, so that every field is written.
            put(slot, value, 0 if kind == "offset" else None)
        return int(b.EndObject())


def tflite_bytes(*graphs: G, buffers: Sequence[bytes] = ()) -> bytes:
    """A TFLite file; ``buffers`` are those that tensors name by index, from 1 on."""
    from tflite.BuiltinOperator import BuiltinOperator
    from tflite.BuiltinOptions import BuiltinOptions

    writer = _Writer()
    stored: list[bytes] = [b"", *buffers]
    names = list(dict.fromkeys(o.code for g in graphs for o in g.operators))
    subgraphs = []
    for graph in graphs:
        tensors = []
        for tensor in graph.tensors:
            index = tensor.buffer or 0
            if tensor.data is not None:
                index = len(stored)
                stored.append(tensor.data)
            zero_points = [tensor.zero_point] * len(tensor.scales)
            quantization = {
                2: ("f32s", tensor.scales),
                3: ("i64s", zero_points),
                6: ("i32", tensor.axis or None),
            }
            tensors.append(
                writer.table(
                    {
                        0: ("i32s", tensor.shape),
                        1: ("i8", DTYPES[tensor.dtype]),
                        2: ("u32", index),
                        3: ("text", tensor.name),
                        4: ("table", quantization if tensor.scales else None),
                        5: ("bool", tensor.variable),
                        7: ("i32s", tensor.signature),
                    }
                )
            )
        operators = [
            writer.table(
                {
                    0: ("u32", names.index(o.code)),
                    1: ("i32s", o.inputs),
                    2: ("i32s", o.outputs),
                    3: ("u8", getattr(BuiltinOptions, o.union) if o.union else None),
                    4: ("table", o.options or None),
                    5: ("bytes", o.custom or None),
                }
            )
            for o in graph.operators
        ]
        subgraphs.append(
            writer.table(
                {
                    0: ("tables", tensors),
                    1: ("i32s", graph.inputs),
                    2: ("i32s", graph.outputs),
                    3: ("tables", operators),
                    4: ("text", graph.name),
                }
            )
        )
    codes = []
    for name in names:
        known = getattr(BuiltinOperator, ALIASES.get(name, name), None)
        number = BuiltinOperator.CUSTOM if known is None else known
        custom = name if known is None else None
        codes.append(
            writer.table(
                {
                    0: ("i8", min(number, 127)),
                    1: ("text", custom),
                    2: ("i32", 1),
                    3: ("i32", number),
                }
            )
        )
    tables = [writer.table({0: ("bytes", data or None)}) for data in stored]
    model = writer.table(
        {
            0: ("u32", 3),
            1: ("tables", codes),
            2: ("tables", subgraphs),
            4: ("tables", tables),
        }
    )
    writer.builder.Finish(model, b"TFL3")
    return bytes(writer.builder.Output())
