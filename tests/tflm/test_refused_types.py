"""Types of tensors that TFLM's kernels refuse: a model an operator and type, against its wheel."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.one_operator import numbers, one_operator, stored, values
from support.tflm_wheel import disagreements, wheel_loads

from mcugraph.formats.tflite.tables import read_model
from mcugraph.tflm.kernels import node_of, refusal

TYPES = ("float32", "int8", "int16", "uint8", "int32", "int64", "bool")
POOL = {0: ("i8", 1), 1: ("i32", 1), 2: ("i32", 1), 3: ("i32", 1), 4: ("i32", 1)}
CONV = {0: ("i8", 1), 1: ("i32", 1), 2: ("i32", 1)}


def by_first_input(kind: str) -> Iterator[tuple[str, bytes]]:
    """Each operator whose kernel looks at the type of its data, with data of this type."""
    data, flat = values(kind, 1, 4, 4, 8), values(kind, 4, 8)
    weights = "float32" if kind == "float32" else "int8"
    bias = {"float32": "float32", "int16": "int64"}.get(kind, "int32")
    shares = values(kind, 1, 4, 4, 8, scale=1 / 32768 if kind == "int16" else 1 / 256)
    shares.zero_point = -128 if kind == "int8" else 0
    for name in ("CEIL", "EXP", "ROUND", "L2_NORMALIZATION"):
        yield name, one_operator(name, [data], [data])
    for name in ("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"):
        yield name, one_operator(name, [data], [data], "Pool2DOptions", POOL)
    for name, inputs, output, union, options in (
        ("ADD_N", [data, data], data, "", {}),
        ("BATCH_MATMUL", [values(kind, 1, 4, 3), values(kind, 1, 3, 5)], values(kind, 1, 4, 5),
         "BatchMatMulOptions", {0: ("bool", False)}),
        ("CONCATENATION", [data, data], values(kind, 1, 4, 4, 16), "ConcatenationOptions",
         {0: ("i32", 3)}),
        ("CONV_2D", [data, stored(weights, 6, 1, 1, 8), stored(bias, 6)], values(kind, 1, 4, 4, 6),
         "Conv2DOptions", CONV),
        ("CUMSUM", [data, stored("int32")], data, "", {}),
        ("DEQUANTIZE", [data], values("float32", 1, 4, 4, 8), "", {}),
        ("GATHER", [flat, numbers(0, 3)], values(kind, 2, 8), "GatherOptions", {0: ("i32", 0)}),
        ("GATHER_ND", [flat, stored("int32", 2, 1)], values(kind, 2, 8), "", {}),
        ("QUANTIZE", [data], values("int8", 1, 4, 4, 8), "", {}),
        ("REDUCE_ALL", [data, numbers(0)], data, "ReducerOptions", {0: ("bool", True)}),
        ("SOFTMAX", [data], shares, "SoftmaxOptions", {0: ("f32", 1.0)}),
        ("SPACE_TO_DEPTH", [data], values(kind, 1, 2, 2, 32), "SpaceToDepthOptions",
         {0: ("i32", 2)}),
    ):  # fmt: skip
        yield name, one_operator(name, inputs, [output], union, options)


def by_weights(kind: str) -> Iterator[tuple[str, bytes]]:
    """Each operator with weights, of 8 bits, and data of this type."""
    data, made = values(kind, 1, 4, 4, 8), values(kind, 1, 4, 4, 6)
    filters = stored("int8", 6, 1, 1, 8)
    for name, inputs, output, union, options in (
        ("BATCH_MATMUL", [values(kind, 1, 4, 3), values("int8", 1, 3, 5)], values(kind, 1, 4, 5),
         "BatchMatMulOptions", {0: ("bool", False)}),
        ("CONV_2D", [data, filters], made, "Conv2DOptions", CONV),
        ("DEPTHWISE_CONV_2D", [data, stored("int8", 1, 1, 1, 8)], data, "DepthwiseConv2DOptions",
         CONV | {3: ("i32", 1)}),
        ("FULLY_CONNECTED", [values(kind, 1, 8), stored("int8", 6, 8)], values(kind, 1, 6),
         "FullyConnectedOptions", {0: ("i8", 0)}),
        ("TRANSPOSE_CONV", [numbers(1, 4, 4, 6), filters, data], made, "TransposeConvOptions",
         CONV),
    ):  # fmt: skip
        yield name, one_operator(name, inputs, [output], union, options)


def by_scale(kind: str) -> Iterator[tuple[str, bytes]]:
    """Sums and differences of tensors of this type, with a scale and without."""
    for name, union in (("ADD", "AddOptions"), ("SUB", "SubOptions")):
        for scale in (0.5, 0):
            data = values(kind, 1, 8, scale=scale)
            found = one_operator(name, [data, data], [data], union, {0: ("i8", 0)})
            yield f"{name} {scale}", found


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
    taken = {name: data for name, data in models.items() if name not in refused}
    assert disagreements(taken, tmp_path) == {}
