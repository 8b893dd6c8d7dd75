"""Random small files, with all that optimize does to them: the same results, and no more memory."""

from pathlib import Path
from random import Random

import pytest
from support.random_tflite import random_tflite
from support.tflite_writer import G, Node, T, tflite_bytes

import mcugraph as mg

COUNT = 4


@pytest.mark.oracle("tflite_micro", "flatbuffers")
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("minimise", ["head", "total"])
def test_the_wheel_computes_the_same(tmp_path: Path, seed: int, minimise: str) -> None:
    random = Random(seed)
    source, out = tmp_path / "in.tflite", tmp_path / "out.tflite"
    for _ in range(COUNT):
        source.write_bytes(random_tflite(random))
        split = random.random() < 0.7
        options = {"split": True, "minimise": minimise} if split else {}
        found = mg.optimize(source, out, kernels="reference", time_limit=1, verify=True, **options)
        assert found.verified == "TensorFlow Lite Micro"
        assert found.before.tflm_arena is not None
        assert found.after.tflm_arena is not None
        if minimise == "head":
            assert found.after.tflm_arena <= found.before.tflm_arena
        else:
            assert found.before.tflm_total is not None
            assert found.after.tflm_total is not None
            assert found.after.tflm_total <= found.before.tflm_total


def test_a_tail_that_grows_by_less_than_the_head_falls_is_taken(tmp_path: Path) -> None:
    """In another order the tail is rounded up elsewhere: 16 bytes, for 288 of the head."""
    scaled = {"scales": (0.5,)}
    shape, small = (1, 6, 6, 8), (1, 3, 3, 8)
    tensors = [T(f"t{i}", shape, **scaled) for i in range(4)]
    tensors += [T("w", (1, 3, 3, 8), data=bytes(72), scales=(0.02,)), T("y", small, **scaled)]
    window = {0: ("i8", 0), 1: ("i32", 1), 2: ("i32", 1)}
    pool = {0: ("i8", 0), 1: ("i32", 2), 2: ("i32", 2), 3: ("i32", 3), 4: ("i32", 3)}
    steps = [
        Node("RESHAPE", [0], [1], {0: ("i32s", list(shape))}, "ReshapeOptions"),
        Node("ABS", [0], [2]),
        Node("DEPTHWISE_CONV_2D", [2, 4], [3], window | {3: ("i32", 1)}, "DepthwiseConv2DOptions"),
        Node("MAX_POOL_2D", [1], [5], pool, "Pool2DOptions"),
    ]
    source = tmp_path / "in.tflite"
    source.write_bytes(tflite_bytes(G(tensors, steps, [0], [5])))
    found = mg.optimize(source, tmp_path / "out.tflite")
    assert found.before.tflm_total is not None
    assert found.after.tflm_total is not None
    assert found.after.tflm_total < found.before.tflm_total
