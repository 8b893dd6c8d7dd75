"""What TFLM's kernels refuse, at load or at the first run: small models, against its wheel."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import prod
from pathlib import Path

import pytest
from support.every_kernel import TYPES, WITHOUT_DATA, Asked, kernels_of, table
from support.one_operator import WIDTHS, numbers, stored, values
from support.tflm_wheel import disagreements, wheel_runs

from mcugraph.formats.tflite.tables import read_model
from mcugraph.ops.elementwise import Elementwise
from mcugraph.rewrite.floats import FLOAT_ONLY
from mcugraph.tflm.kernels import RULES, KernelNode, node_of, refusal
from mcugraph.tflm.lowering import tflite_name

pytestmark = pytest.mark.oracle("tflite_micro", "flatbuffers")


def node(asked: Asked) -> KernelNode:
    main = read_model(asked.file).subgraphs[0]
    return node_of(main, main.operators[0], None)


def check(asked: Mapping[str, Asked], folder: Path, given: Mapping[str, list[int]] = {}) -> None:
    """The wheel runs what is not refused, and nothing else."""
    runs = []
    for i, (name, each) in enumerate(asked.items()):
        path = folder / f"{i}.tflite"
        path.write_bytes(each.file)
        inputs = [t for t in each.inputs if t is not None and t.data is None and not t.variable]
        # An operand that is no data is the last of the inputs.
        last = [given[name]] if name in given else [None]
        runs.append((path, [*[None] * (len(inputs) - 1), *last] if inputs else []))
    ran = dict(zip(asked, wheel_runs(runs), strict=True))
    ours = {name: refusal(node(each)) for name, each in asked.items()}
    wrong = {
        name: (ran[name], ours[name]) for name in asked if ran[name] is (ours[name] is not None)
    }
    assert wrong == {}


def test_each_kernel_with_each_type_of_data(tmp_path: Path) -> None:
    asked = {f"{each.name} of {kind}": each for kind in TYPES for each in kernels_of(kind)}
    tried = {each.name for each in asked.values()}
    assert tried.isdisjoint(WITHOUT_DATA)
    assert tried | {*WITHOUT_DATA} == {name for name in RULES if not name.startswith("CUSTOM:")}
    check(asked, tmp_path)


def test_what_is_said_to_run_takes_what_the_wheel_takes(tmp_path: Path) -> None:
    asked = {f"{each.name} of {kind}": each for kind in TYPES for each in kernels_of(kind)}
    files = {
        name: each.file
        for name, each in asked.items()
        if refusal(node(each)) is None and each.name != "SVDF"  # its rank is in the graph
    }
    assert disagreements(files, tmp_path) == {}


def by_result() -> Iterator[tuple[str, Asked]]:
    """Kernels that make another type than they take, with each pair of types."""
    for made in TYPES:
        for kind in TYPES:
            for name in ("CAST", "DEQUANTIZE", "QUANTIZE"):
                result = replace(values(made, 8), scales=(0.5,))
                yield f"{name} {kind} {made}", Asked(name, [values(kind, 8)], [result])
        yield f"SHAPE {made}", Asked("SHAPE", [values("int8", 2, 3)], [values(made, 2)])
        flags = values(made, 2, 3)
        yield f"EQUAL {made}", Asked("EQUAL", [values("int8", 2, 3)] * 2, [flags])
        result = values(made, 1, 4, 4)
        for each in kernels_of("float32"):
            if each.name in ("ARG_MAX", "ARG_MIN"):
                yield f"{each.name} {made}", replace(each, outputs=[result])


def test_each_type_of_result(tmp_path: Path) -> None:
    check(dict(by_result()), tmp_path)


WEIGHTED = ("BATCH_MATMUL", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")


def by_weights() -> Iterator[tuple[str, Asked]]:
    """Each operator with weights, with each pair of types; and biases of int16 convolutions."""
    for kind in TYPES:
        for each in kernels_of(kind):
            if each.name not in WEIGHTED:
                continue
            weights = each.inputs[1]
            assert weights is not None
            assert weights.shape is not None
            for other in (*TYPES, "int4"):
                of = stored(other, *weights.shape) if other in WIDTHS else None
                if of is None:
                    count = prod(weights.shape)
                    of = replace(weights, dtype="int4", data=bytes(-(-count // 2)), scales=(0.5,))
                held = None if weights.data is None else of.data
                changed = each.with_input(1, dtype=other, data=held, scales=of.scales)
                yield f"{each.name} of {kind}, weights {other}", changed
    for each in kernels_of("int16"):
        if each.name == "CONV_2D":
            for other in TYPES:
                bias = replace(stored(other, 6), scales=(0.25,))
                yield f"bias {other}", replace(each, inputs=[*each.inputs[:2], bias])


# A matrix product with an operand of four bits that is no constant cannot be given one, and int16
# weights are read as int8: that runs, and computes something else.
UNTOLD = {f"BATCH_MATMUL of {kind}, weights int4" for kind in TYPES}
UNTOLD |= {"TRANSPOSE_CONV of int16, weights int16"}


def test_each_type_of_weights(tmp_path: Path) -> None:
    asked = {name: each for name, each in by_weights() if name not in UNTOLD}
    check(asked, tmp_path)


def by_scale() -> Iterator[tuple[str, Asked]]:
    """Sums and differences of tensors, with a scale and without."""
    for kind in ("float32", "int8", "int16", "int32"):
        for name, union in (("ADD", "AddOptions"), ("SUB", "SubOptions")):
            for scale in (0.5, 0):
                data = values(kind, 1, 8, scale=scale)
                yield (
                    f"{name} {kind} {scale}",
                    Asked(name, [data, data], [data], union, {0: ("i8", 0)}),
                )


def test_sums_with_a_scale_and_without(tmp_path: Path) -> None:
    check(dict(by_scale()), tmp_path)


# Kernels that read 64 bits as 32: a little-endian number below 2**31 stays itself where there is
# one of it alone, and these fixtures hold few; a result that is wrong is no failure either.
MISREAD = {"BATCH_TO_SPACE_ND 1", "SPACE_TO_BATCH_ND 1", "TRANSPOSE 1"}


def operands() -> Iterator[tuple[str, Asked, int, list[int]]]:
    """Each operand that says where or how much: its place and its numbers."""
    for kind in ("float32", "int32", "bool"):
        for each in kernels_of(kind):
            if kind != {"BROADCAST_ARGS": "int32", "REDUCE_ALL": "bool"}.get(each.name, "float32"):
                continue
            if each.name in ("SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM", "BROADCAST_ARGS", "SLICE"):
                continue
            for i, tensor in enumerate(each.inputs):
                if tensor is not None and tensor.dtype == "int32" and tensor.data is not None:
                    count = len(tensor.data) // 4
                    yield f"{each.name} {i}", each, i, [*struct.unpack(f"<{count}i", tensor.data)]


def test_operands_of_64_bits(tmp_path: Path) -> None:
    check(
        {
            name: each.with_input(i, dtype="int64", data=struct.pack(f"<{len(n)}q", *n))
            for name, each, i, n in operands()
            if name not in MISREAD
        },
        tmp_path,
    )


def test_operands_that_are_computed(tmp_path: Path) -> None:
    asked, given = {}, {}
    for name, each, i, held in operands():
        data = [t for t in each.inputs if t is not None and t.data is None and not t.variable]
        last = all(j < i for j, t in enumerate(each.inputs) if t in data)
        if last or not data:
            asked[name], given[name] = each.with_input(i, data=None), held
    assert len(asked) > 25
    check(asked, tmp_path, given)


def with_axes(count: int) -> Iterator[Asked]:
    """Kernels on data with so many axes."""
    shape = ((2,) * max(count - 2, 0) + (3, 4))[-count:]
    data, ones = values("float32", *shape), [1] * count
    yield Asked(
        "BATCH_MATMUL",
        [data, values("float32", *shape[:-2], 4, 5)],
        [values("float32", *shape[:-2], 3, 5)],
        "BatchMatMulOptions",
        {0: ("bool", False)},
    )
    yield Asked("BROADCAST_TO", [data, numbers(*shape)], [data])
    yield Asked("EXPAND_DIMS", [data, numbers(0)], [values("float32", 1, *shape)])
    yield Asked("L2_NORMALIZATION", [data], [data])
    padded, paddings = values("float32", *(n + 2 for n in shape)), table([(1, 1)] * count)
    yield Asked("PAD", [data, paddings], [padded])
    yield Asked("PADV2", [data, paddings, values("float32", 1)], [padded])
    yield Asked("PRELU", [data, stored("float32", *ones[1:], shape[-1])], [data])
    yield Asked("REVERSE_V2", [data, numbers(0)], [data])
    first = values("float32", *ones)
    yield Asked("SLICE", [data, numbers(*[0] * count), numbers(*ones)], [first])
    yield Asked(
        "STRIDED_SLICE",
        [data, numbers(*[0] * count), numbers(*ones), numbers(*ones)],
        [first],
        "StridedSliceOptions",
        {},
    )
    yield Asked(
        "TRANSPOSE", [data, numbers(*range(count)[::-1])], [values("float32", *shape[::-1])]
    )
    for name in ("ADD", "MUL"):
        last = values("float32", shape[-1])
        yield Asked(name, [data, last], [data], f"{name.title()}Options", {0: ("i8", 0)})
    yield Asked("SUM", [data, numbers(0)], [values("float32", 1, *shape[1:])], "ReducerOptions",
                {0: ("bool", True)})  # fmt: skip


def test_ranks(tmp_path: Path) -> None:
    asked = {f"{each.name} {n}": each for n in range(2, 8) for each in with_axes(n)}
    check(asked, tmp_path)


def test_functions_of_floats_alone_are_known_to_the_conversion_to_int8() -> None:
    """The rewriting to int8 keeps in floats what has no int8 kernel."""
    asked = {each.name: each for each in kernels_of("int8")}
    refused = {name for name, each in asked.items() if refusal(node(each)) is not None}
    assert {tflite_name(Elementwise(function)) for function in FLOAT_ONLY} <= refused
