"""Kernels that few models have: a file of one operator each, against TFLM's wheel."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.one_operator import numbers, one_operator, stored, values
from support.tflm_wheel import disagreements

FLOAT = values("float32", 1, 4, 4, 8)
INT8 = values("int8", 1, 4, 4, 8)
FLAG = values("bool", 1, 4, 4, 8)
COMPARISONS = ("EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL")


def files() -> Iterator[tuple[str, bytes]]:
    for name in ("ABS", "COS", "LOG", "NEG", "RELU", "RELU6", "RSQRT", "SIN", "SQUARE", "TANH"):
        yield name, one_operator(name, [FLOAT], [FLOAT])
    for name in ("ABS", "HARD_SWISH", "RELU", "RELU6", "RSQRT", "ZEROS_LIKE"):
        yield f"{name} int8", one_operator(name, [INT8], [INT8])
    for name in COMPARISONS:
        yield name, one_operator(name, [FLOAT, FLOAT], [FLAG])
        yield f"{name} int8", one_operator(name, [INT8, INT8], [FLAG])
    yield "LOGICAL_AND", one_operator("LOGICAL_AND", [FLAG, FLAG], [FLAG])
    yield "LOGICAL_NOT", one_operator("LOGICAL_NOT", [FLAG], [FLAG])
    reduced = values("int8", 1, 1, 1, 8)
    for name, inputs, output, union, options in (
        ("ARG_MIN", [INT8, numbers(3)], values("int32", 1, 4, 4), "ArgMinOptions",
         {0: ("i8", 2)}),
        ("BATCH_TO_SPACE_ND", [values("int8", 4, 2, 2, 8), numbers(2, 2), stored("int32", 2, 2)],
         INT8, "", {}),
        ("BROADCAST_ARGS", [numbers(1, 4), numbers(3, 1)], values("int32", 2), "", {}),
        ("BROADCAST_TO", [values("int8", 1, 8), numbers(5, 8)], values("int8", 5, 8), "", {}),
        ("CUMSUM", [INT8, numbers(3)], INT8, "", {}),
        ("DEPTH_TO_SPACE", [INT8], values("int8", 1, 8, 8, 2), "DepthToSpaceOptions",
         {0: ("i32", 2)}),
        ("DYNAMIC_UPDATE_SLICE", [INT8, values("int8", 1, 2, 2, 8), numbers(0, 1, 1, 0)], INT8,
         "", {}),
        ("EMBEDDING_LOOKUP", [numbers(1, 0), stored("int8", 4, 8)], values("int8", 2, 8), "", {}),
        ("EXPAND_DIMS", [INT8, numbers(0)], values("int8", 1, 1, 4, 4, 8), "", {}),
        ("FILL", [numbers(2, 3), values("int8")], values("int8", 2, 3), "", {}),
        ("LOG_SOFTMAX", [FLOAT], FLOAT, "", {}),
        ("MIRROR_PAD", [values("int8", 4, 8), numbers(1, 1, 0, 0)], values("int8", 6, 8),
         "MirrorPadOptions", {0: ("i8", 0)}),
        ("PADV2", [values("int8", 4, 8), stored("int32", 2, 2), values("int8", 1)],
         values("int8", 4, 8), "", {}),
        ("PRELU", [INT8, stored("int8", 1, 1, 8)], INT8, "", {}),
        ("REDUCE_MAX", [INT8, numbers(1, 2)], reduced, "ReducerOptions", {0: ("bool", True)}),
        ("REVERSE_V2", [FLOAT, numbers(2)], FLOAT, "", {}),
        ("SOFTMAX int16", [values("int16", 1, 10)], values("int16", 1, 10, scale=1 / 32768),
         "SoftmaxOptions", {0: ("f32", 1.0)}),
        ("SPACE_TO_BATCH_ND", [INT8, numbers(2, 2), stored("int32", 2, 2)],
         values("int8", 4, 2, 2, 8), "", {}),
    ):  # fmt: skip
        if name == "MIRROR_PAD":
            inputs[1].shape = (2, 2)
        yield name, one_operator(name.split()[0], inputs, [output], union, options)


@pytest.mark.oracle("tflite_micro", "flatbuffers")
def test_the_wheel_says_the_same(tmp_path: Path) -> None:
    assert disagreements(dict(files()), tmp_path) == {}
