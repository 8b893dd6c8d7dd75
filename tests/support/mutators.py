"""Inputs that are nearly right: mutators of bytes, of JSON, of ONNX models and of archives."""

import io
import json
import random
import re
import zipfile
from typing import Any

NUMBERS = (0, 1, -1, 2, 3, 7, 127, 255, 1 << 16, 1 << 31, -(1 << 31), (1 << 62) + 1, (1 << 63) - 1)
WORDS = ("", "x", "0", "\x1b[31m", "é", "a" * 300, "-1", "NaN", "__class__", "\ud7ff\n")
RUNS = (b"\xff" * 4, b"\0" * 4, b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\1\0\0\0", b"\xc3\x28")


def mutated_bytes(chance: random.Random, data: bytes) -> bytes:
    """Bytes changed, flipped, taken out, put in, copied, or overwritten."""
    result = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 3, 8])):
        at = chance.randrange(len(result) + 1)
        length = chance.randint(1, 8)
        way = chance.randrange(5)
        if way == 0:
            result[at : at + 1] = bytes([chance.randrange(256)])
        elif way == 1:
            result[at : at + length] = b""
        elif way == 2:
            result[at:at] = chance.randbytes(length)
        elif way == 3:
            source = chance.randrange(len(result) + 1)
            result[at : at + length] = result[source : source + length]
        else:
            run = chance.choice(RUNS)
            result[at : at + len(run)] = run
    return bytes(result)


def mutated_json(chance: random.Random, value: Any) -> Any:
    """The value with some parts of it exchanged, taken out or doubled."""
    value = json.loads(json.dumps(value))
    for _ in range(chance.choice([1, 1, 2, 4])):
        place = _place(chance, value)
        if place is None:
            return _leaf(chance)
        parent, key = place
        way = chance.randrange(4)
        if way == 0:
            del parent[key]
        elif way == 1 and isinstance(parent, list):
            parent.insert(key, json.loads(json.dumps(parent[chance.randrange(len(parent))])))
        elif way == 2 and isinstance(parent[key], int) and not isinstance(parent[key], bool):
            parent[key] += chance.choice([-1, 1, -parent[key], parent[key]])
        else:
            parent[key] = _leaf(chance)
    return value


def _place(chance: random.Random, value: Any) -> tuple[Any, Any] | None:
    """A container in the value and a key of it, at any depth."""
    found = None
    while isinstance(value, dict | list) and value:
        key = (
            chance.choice(list(value)) if isinstance(value, dict) else chance.randrange(len(value))
        )
        found = value, key
        value = value[key]
        if chance.random() < 0.15:
            break
    return found


def _leaf(chance: random.Random) -> Any:
    kinds: list[Any] = [None, True, [], {}, 0.5, [1], {"a": 1}]
    return chance.choice([chance.choice(kinds), chance.choice(NUMBERS), chance.choice(WORDS)])


def mutated_onnx(chance: random.Random, data: bytes) -> bytes:
    """A model with fields of its messages exchanged; at times its bytes on top."""
    from onnx import ModelProto

    model = ModelProto()
    model.ParseFromString(data)
    for _ in range(chance.choice([1, 1, 2, 3])):
        _mutate_message(chance, model)
    result = bytes(model.SerializeToString())
    way = chance.random()
    if way < 0.1:
        return _not_utf8(chance, result, model)
    return mutated_bytes(chance, result) if way < 0.25 else result


def _not_utf8(chance: random.Random, data: bytes, model: Any) -> bytes:
    """The model with a name in it that is no text."""
    names = [text for node in model.graph.node for text in (node.op_type, node.name, *node.input)]
    name = chance.choice([name for name in names if name] or ["x"]).encode()
    return data.replace(name, b"\xff" + name[1:], chance.choice([1, 2, -1]))


def _mutate_message(chance: random.Random, message: Any) -> None:
    """Change one field of a message, or of one of those in it."""
    fields = [pair for pair in message.ListFields() if pair[0].name != "raw_data"]
    if not fields:
        return
    field, value = chance.choice(fields)
    repeated = hasattr(value, "append") or hasattr(value, "add")
    if field.message_type is not None:
        inner = chance.choice(list(value)) if repeated else value
        if repeated and chance.random() < 0.15:
            way = chance.randrange(3)
            if way == 0:
                value.remove(inner)
            elif way == 1:
                value.add().CopyFrom(inner)
            else:
                value.add().CopyFrom(chance.choice(list(value)))
        elif chance.random() < 0.03:
            message.ClearField(field.name)
        else:
            _mutate_message(chance, inner)
        return
    if chance.random() < 0.15:
        message.ClearField(field.name)
        return
    new: Any
    kind = next(iter(value)) if repeated else value
    if isinstance(kind, str):
        new = chance.choice([*OPERATORS, *WORDS])
    elif isinstance(kind, bytes):
        new = chance.choice(WORDS).encode()
    elif isinstance(kind, float):
        new = chance.choice([0.0, -1.0, 1e30, float("nan"), float("inf")])
    else:
        new = chance.choice([*NUMBERS, kind + 1, kind - 1])
    try:
        if not repeated:
            setattr(message, field.name, new)
        elif chance.random() < 0.3:
            value.append(new)
        else:
            value[chance.randrange(len(value))] = new
    except ValueError:  # it does not fit into the field
        message.ClearField(field.name)


# Operators that an exchanged type may become: those with rules about values and shapes.
OPERATORS = (
    "Add", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Constant",
    "ConstantOfShape", "Conv", "ConvTranspose", "DequantizeLinear", "Einsum", "Expand", "Flatten",
    "GRU", "Gather", "GatherND", "Gemm", "GlobalAveragePool", "GroupNormalization", "Identity",
    "If", "LSTM", "Loop", "MatMul", "MaxPool", "Mul", "NonZero", "OneHot", "Pad", "QLinearConv",
    "QuantizeLinear", "Range", "ReduceMean", "Relu", "Reshape", "Resize", "Scan", "ScatterND",
    "SequenceAt", "Shape", "Slice", "Softmax", "SpaceToDepth", "Split", "SplitToSequence",
    "Squeeze", "Tile", "TopK", "Transpose", "Unsqueeze", "Where",
)  # fmt: skip


def mutated_archive(chance: random.Random, data: bytes) -> bytes:
    """A zip archive with a part of it changed, or with its bytes changed."""
    if chance.random() < 0.2:
        return mutated_bytes(chance, data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice([name for name in parts if name.endswith(".json")] or list(parts))
    if chance.random() < 0.2:
        name = chance.choice(list(parts))
        parts[name] = mutated_bytes(chance, parts[name])
    elif name.endswith(".json"):
        parts[name] = json.dumps(mutated_json(chance, json.loads(parts[name]))).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    return buffer.getvalue()


def mutated_numbers(chance: random.Random, data: bytes) -> bytes:
    """A text with some of its words and numbers exchanged."""
    words = re.split(rb"(\W+)", data)
    for _ in range(chance.choice([1, 1, 2, 4])):
        at = chance.randrange(0, len(words), 2)
        if words[at].isdigit() and chance.random() < 0.8:
            old = int(words[at])
            number = chance.choice([*NUMBERS, old + 1, old - 1, 2 * old, 10**30, 1 << 48])
            words[at] = str(number).encode()
        else:
            words[at] = chance.choice([*WORDS, "1.5", "1e9", "nan", "=1", '"', "64KiB"]).encode(
                errors="replace"
            )
    return b"".join(words)
