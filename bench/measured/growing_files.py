"""Networks of any number of operators, as ONNX and as TFLite files."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

SHAPE = (1, 8, 8, 16)  # of every tensor but for concatenations, channels last


class Layer(NamedTuple):
    """One operator: ``conv`` (1 x 1), ``relu``, ``add`` or ``concat`` of tensors by number."""

    kind: str
    inputs: tuple[int, ...]
    channels: int = SHAPE[3]


Layers = list[Layer]  # layer i writes tensor i + 1; tensor 0 is the input


def chain(operators: int) -> Layers:
    """Convolutions, one after the other."""
    return [Layer("conv", (i,)) for i in range(operators)]


def residual(operators: int) -> Layers:
    """Blocks of two convolutions and an addition."""
    layers: Layers = []
    while len(layers) + 3 <= operators:
        start = len(layers)
        layers += [Layer("conv", (start,)), Layer("conv", (start + 1,))]
        layers.append(Layer("add", (start, start + 2)))
    return layers


def concat(operators: int) -> Layers:
    """Blocks of eight convolutions that each read all of the block before them, concatenated."""
    layers: Layers = []
    while len(layers) + 17 <= operators:
        parts = [len(layers)]
        for count in range(1, 9):
            layers.append(Layer("conv", (parts[0] if count == 1 else len(layers),)))
            parts.append(len(layers))
            layers.append(Layer("concat", tuple(parts), SHAPE[3] * (count + 1)))
        layers.append(Layer("conv", (len(layers),)))
    return layers


def wide(operators: int) -> Layers:
    """Activations of one tensor side by side, added up one after the other."""
    half = operators // 2
    layers = [Layer("relu", (0,)) for _ in range(half)]
    layers.append(Layer("add", (1, 2)))
    layers += [Layer("add", (half + i, i + 2)) for i in range(1, half - 1)]
    return layers


FAMILIES: dict[str, Callable[[int], Layers]] = {
    "chain": chain, "residual": residual, "concat": concat, "wide": wide
}  # fmt: skip


def channels_of(layers: Layers, tensor: int) -> int:
    return layers[tensor - 1].channels if tensor else SHAPE[3]


def write_onnx(layers: Layers, path: Path) -> None:
    """The network as an ONNX file; each convolution has weights of its own."""
    import onnx
    from onnx import TensorProto, helper

    names = {"conv": "Conv", "relu": "Relu", "add": "Add", "concat": "Concat"}
    batch, height, width, channels = SHAPE
    nodes, weights = [], []
    for i, layer in enumerate(layers):
        inputs = [f"t{t}" for t in layer.inputs]
        if layer.kind == "conv":
            shape = (layer.channels, channels_of(layers, layer.inputs[0]), 1, 1)
            data = bytes(4 * shape[0] * shape[1])
            weights.append(helper.make_tensor(f"w{i}", TensorProto.FLOAT, shape, data, raw=True))
            inputs.append(f"w{i}")
        more = {"axis": 1} if layer.kind == "concat" else {}
        nodes.append(
            helper.make_node(names[layer.kind], inputs, [f"t{i + 1}"], name=f"n{i}", **more)
        )
    ends = [
        helper.make_tensor_value_info(f"t{t}", TensorProto.FLOAT, (batch, c, height, width))
        for t, c in ((0, channels), (len(layers), channels_of(layers, len(layers))))
    ]
    graph = helper.make_graph(nodes, "growth", ends[:1], ends[1:], weights)
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)


def write_tflite(layers: Layers, path: Path) -> None:
    """The network as a TFLite file of float32; all convolutions of one shape share their weights.

    The numbers of slots, types and operators are those of the TFLite schema.
    """
    import flatbuffers

    b = flatbuffers.Builder(1 << 20)
    codes = {"conv": 3, "relu": 19, "add": 0, "concat": 2}  # BuiltinOperator
    options = {"conv": 1, "add": 11, "concat": 10, "relu": 0}  # BuiltinOptions
    code_of = {kind: i for i, kind in enumerate(codes)}
    batch, height, width, channels = SHAPE

    def vector(values: Sequence[int]) -> int:
        return int(b.CreateNumpyVector(_int32(values)))

    def tables(made: Sequence[int]) -> int:
        b.StartVector(4, len(made), 4)
        for one in reversed(made):
            b.PrependUOffsetTRelative(one)
        return int(b.EndVector())

    def table(size: int, fields: Sequence[tuple[str, int, int]]) -> int:
        b.StartObject(size)
        for kind, slot, value in fields:
            getattr(b, f"Prepend{kind}Slot")(slot, value, 0)
        return int(b.EndObject())

    def tensor(name: str, shape: Sequence[int], buffer: int) -> int:
        text, dims = b.CreateString(name), vector(shape)
        where = [(_AT, 0, dims), ("Uint32", 2, buffer), (_AT, 3, text)]
        return table(4, where)

    buffers, tensors = [table(1, [])], [tensor("t0", SHAPE, 0)]
    for i, layer in enumerate(layers):
        tensors.append(tensor(f"t{i + 1}", (batch, height, width, layer.channels), 0))
    filters: dict[int, int] = {}  # channels read -> number of the weights
    operators = []
    for i, layer in enumerate(layers):
        inputs = list(layer.inputs)
        if layer.kind == "conv":
            read = channels_of(layers, inputs[0])
            if read not in filters:
                data = b.CreateByteVector(bytes(4 * read * channels))
                buffers.append(table(1, [(_AT, 0, data)]))
                filters[read] = len(tensors)
                tensors.append(tensor(f"w{read}", (channels, 1, 1, read), len(buffers) - 1))
            inputs.append(filters[read])
        given = {
            "conv": [("Int8", 0, 1), ("Int32", 1, 1), ("Int32", 2, 1)],  # VALID, strides of 1
            "concat": [("Int32", 0, 3)],
            "add": [],
        }.get(layer.kind)
        fields = [("Uint32", 0, code_of[layer.kind])]
        fields += [(_AT, 1, vector(inputs)), (_AT, 2, vector([i + 1]))]
        if given is not None:
            fields += [("Uint8", 3, options[layer.kind]), (_AT, 4, table(3, given))]
        operators.append(table(5, fields))
    main = [
        (_AT, 0, tables(tensors)),
        (_AT, 1, vector([0])),
        (_AT, 2, vector([len(layers)])),
        (_AT, 3, tables(operators)),
    ]
    known = [table(4, [("Int8", 0, code), ("Int32", 3, code)]) for code in codes.values()]
    model = [
        ("Uint32", 0, 3),
        (_AT, 1, tables(known)),
        (_AT, 2, tables([table(4, main)])),
        (_AT, 4, tables(buffers)),
    ]
    b.Finish(table(5, model), b"TFL3")
    path.write_bytes(b.Output())


_AT = "UOffsetTRelative"


def _int32(values: Sequence[int]) -> Any:
    import numpy as np

    return np.asarray(values, np.int32)
