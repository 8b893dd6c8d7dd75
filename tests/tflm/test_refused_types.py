"""Types of tensors that TFLM's kernels refuse: a model an operator and type, against its wheel."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.tflite_writer import G, Node, T, tflite_bytes
from support.tflm_wheel import as_it_stands, wheel_figures, wheel_loads

from mcugraph.formats.tflite.tables import read_model
from mcugraph.tflm.footprint import footprint
from mcugraph.tflm.kernels import node_of, refusal

TYPES = ("float32", "int8", "int16", "uint8", "int32", "int64", "bool")
WIDTHS = {"float32": 4, "int8": 1, "int16": 2, "uint8": 1, "int32": 4, "int64": 8, "bool": 1}
POOL = {0: ("i8", 1), 1: ("i32", 1), 2: ("i32", 1), 3: ("i32", 1), 4: ("i32", 1)}
CONV = {0: ("i8", 1), 1: ("i32", 1), 2: ("i32", 1)}


def values(dtype: str, *shape: int, scale: float = 0.5) -> T:
    scaled = dtype in ("int8", "int16", "uint8") and scale
    return T("", shape, dtype, scales=(scale,) if scaled else ())


def stored(dtype: str, *shape: int) -> T:
    count = WIDTHS[dtype]
    for length in shape:
        count *= length
    tensor = values(dtype, *shape)
    tensor.data = bytes(count)
    return tensor


def model(node: Node, inputs: list[T], output: T) -> bytes:
    tensors = [*inputs, output]
    for number, tensor in enumerate(tensors):
        tensor.name = f"t{number}"
    node.inputs, node.outputs = tuple(range(len(inputs))), (len(inputs),)
    given = tuple(i for i in node.inputs if tensors[i].data is None)
    return tflite_bytes(G(tensors, [node], given, node.outputs))


def by_first_input(kind: str) -> Iterator[tuple[str, bytes]]:
    """Each operator whose kernel looks at the type of its data, with data of this type."""
    data, like = values(kind, 1, 4, 4, 8), values(kind, 1, 4, 4, 8)
    weights = "float32" if kind == "float32" else "int8"
    bias = {"float32": "float32", "int16": "int64"}.get(kind, "int32")
    for name in ("CEIL", "EXP", "ROUND", "L2_NORMALIZATION"):
        yield name, model(Node(name, (), ()), [data], like)
    for name in ("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"):
        yield name, model(Node(name, (), (), POOL, 5), [data], like)
    yield "ADD_N", model(Node("ADD_N", (), ()), [data, values(kind, 1, 4, 4, 8)], like)
    concat = Node("CONCATENATION", (), (), {0: ("i32", 3)}, 10)
    yield "CONCATENATION", model(concat, [data, data], values(kind, 1, 4, 4, 16))
    conv = Node("CONV_2D", (), (), CONV, 1)
    yield "CONV_2D", model(conv, [data, stored(weights, 8, 1, 1, 8), stored(bias, 8)], like)
    matmul = Node("BATCH_MATMUL", (), (), {0: ("bool", False)}, 101)
    yield "BATCH_MATMUL", model(matmul, [values(kind, 1, 4, 4)] * 2, values(kind, 1, 4, 4))
    yield "CUMSUM", model(Node("CUMSUM", (), ()), [data, stored("int32")], like)
    yield "DEQUANTIZE", model(Node("DEQUANTIZE", (), ()), [data], values("float32", 1, 4, 4, 8))
    yield "QUANTIZE", model(Node("QUANTIZE", (), ()), [data], values("int8", 1, 4, 4, 8))
    gather = Node("GATHER", (), (), {0: ("i32", 0)}, 23)
    yield "GATHER", model(gather, [values(kind, 4, 8), stored("int32", 2)], values(kind, 2, 8))
    indices = [values(kind, 4, 8), stored("int32", 2, 1)]
    yield "GATHER_ND", model(Node("GATHER_ND", (), ()), indices, values(kind, 2, 8))
    reduce = Node("REDUCE_ALL", (), (), {0: ("bool", True)}, 27)
    yield "REDUCE_ALL", model(reduce, [data, stored("int32", 1)], like)
    softmax = Node("SOFTMAX", (), (), {0: ("f32", 1.0)}, 9)
    shares = values(kind, 1, 4, 4, 8, scale=1 / 32768 if kind == "int16" else 1 / 256)
    shares.zero_point = -128 if kind == "int8" else 0
    yield "SOFTMAX", model(softmax, [data], shares)
    space = Node("SPACE_TO_DEPTH", (), (), {0: ("i32", 2)}, 19)
    yield "SPACE_TO_DEPTH", model(space, [data], values(kind, 1, 2, 2, 32))


def by_weights(kind: str) -> Iterator[tuple[str, bytes]]:
    """Each operator with weights, of 8 bits, and data of this type."""
    data, bias = values(kind, 1, 4, 4, 8), stored("float32" if kind == "float32" else "int32", 8)
    for name, union in (("CONV_2D", 1), ("DEPTHWISE_CONV_2D", 2)):
        options = CONV | ({3: ("i32", 1)} if union == 2 else {})
        weights = stored("int8", *((1, 1, 1, 8) if union == 2 else (8, 1, 1, 8)))
        yield name, model(Node(name, (), (), options, union), [data, weights, bias], data)
    dense = Node("FULLY_CONNECTED", (), (), {0: ("i8", 0)}, 8)
    inputs = [values(kind, 1, 8), stored("int8", 8, 8)]
    yield "FULLY_CONNECTED", model(dense, inputs, values(kind, 1, 8))
    shape = T("", (4,), "int32", data=b"".join(n.to_bytes(4, "little") for n in (1, 4, 4, 8)))
    transposed = Node("TRANSPOSE_CONV", (), (), CONV, 49)
    inputs = [shape, stored("int8", 8, 1, 1, 8), data]
    yield "TRANSPOSE_CONV", model(transposed, inputs, values(kind, 1, 4, 4, 8))
    matmul = Node("BATCH_MATMUL", (), (), {0: ("bool", False)}, 101)
    two = [values(kind, 1, 4, 4), values("int8", 1, 4, 4)]
    yield "BATCH_MATMUL", model(matmul, two, values(kind, 1, 4, 4))


def by_scale(kind: str) -> Iterator[tuple[str, bytes]]:
    """Sums and differences of tensors of this type, with a scale and without."""
    for name, union in (("ADD", 11), ("SUB", 28)):
        for scale in (0.5, 0):
            two = [values(kind, 1, 8, scale=scale) for _ in range(2)]
            node = Node(name, (), (), {0: ("i8", 0)}, union)
            yield f"{name} {scale}", model(node, two, values(kind, 1, 8, scale=scale))


@pytest.mark.oracle("tflite_micro", "flatbuffers")
def test_the_wheel_refuses_the_same(tmp_path: Path) -> None:
    models = {f"{name} of {kind}": data for kind in TYPES for name, data in by_first_input(kind)}
    for kind in ("float32", "int8"):
        models |= {f"{name}, weights, {kind}": data for name, data in by_weights(kind)}
    for kind in ("float32", "int8", "int16", "int32"):
        models |= {f"{name} of {kind}": data for name, data in by_scale(kind)}
    paths = [tmp_path / f"{i}.tflite" for i in range(len(models))]
    for path, data in zip(paths, models.values(), strict=True):
        path.write_bytes(data)
    loads = dict(zip(models, wheel_loads([(path, 1 << 16) for path in paths]), strict=True))
    found = {}
    for name, data in models.items():
        main = read_model(data).subgraphs[0]
        found[name] = refusal(node_of(main, main.operators[0], None))
    refused = {name for name, reason in found.items() if reason is not None}
    assert {name for name, loaded in loads.items() if not loaded} == refused
    taken = [path for path, name in zip(paths, models, strict=True) if name not in refused]
    for path, figures in wheel_figures(taken).items():
        counted = footprint(as_it_stands(path))
        assert (counted.arena, counted.persistent_host) == figures, path
