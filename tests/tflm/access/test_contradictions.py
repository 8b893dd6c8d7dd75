"""Files whose shapes and attributes contradict each other: nothing may lie over anything there."""

import pytest

from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.ir import DType, Op
from mcugraph.ops.movement import Reshape, SpaceToBatch, Transpose
from mcugraph.ops.pooling import Pool
from mcugraph.ops.selection import Pad, Slice
from mcugraph.ops.window import VALID
from mcugraph.tflm.kernels import LIBRARIES, KernelNode
from mcugraph.tflm.kernels.access import overlaps


def tensor(*shape: int) -> TfliteTensor:
    return TfliteTensor(DType.INT8, shape)


MADE = tensor(1, 2, 166, 8)
FOUR = ((0, 0), (0, 0), (3, 3), (0, 0))


@pytest.mark.parametrize("kernels", LIBRARIES)
@pytest.mark.parametrize(
    ("native", "op", "inputs"),
    [
        ("PAD", Pad(FOUR), (tensor(4, 2),)),
        ("MIRROR_PAD", Pad(FOUR, "reflect"), (tensor(4, 2),)),
        ("STRIDED_SLICE", Slice((slice(0, 2),) * 5), (tensor(4, 2),)),
        ("SLICE", Slice((slice(0, 2),) * 5), (tensor(4, 2),)),
        ("TRANSPOSE", Transpose((0, 1, 2, 3)), (tensor(4, 2),)),
        ("TRANSPOSE", Transpose((0, 7, 1, 2)), (tensor(1, 2, 166, 8),)),
        ("RESHAPE", Reshape((1, 2, 166, 8)), (tensor(4, 2),)),
        ("RESHAPE", Reshape((1, 2, 166, 8)), (tensor(4, 1000),)),
        ("RESHAPE", Reshape((1, 2, 166, 8)), ()),
        ("RESHAPE", Reshape((1, 2, 166, 8)), (None,)),
        ("PAD", Pad(FOUR), ()),
    ],
)
def test_no_overlap(
    kernels: str, native: str, op: Op, inputs: tuple[TfliteTensor | None, ...]
) -> None:
    assert overlaps(KernelNode(native, op, inputs, (MADE,)), kernels) == ()


@pytest.mark.parametrize("kernels", LIBRARIES)
def test_no_declared_shape_is_gone_through_for_ever(kernels: str) -> None:
    for shape in ((1, 1 << 40, 1, 8), (1 << 20, 1, 1 << 20, 8), (1, 1, 1, 1 << 40)):
        for native, op in (
            ("MAX_POOL_2D", Pool("max", (1, 1), (1, 1), VALID, channel_axis=-1)),
            ("MIRROR_PAD", Pad(((0, 0),) * 4, "reflect")),
            ("SPACE_TO_BATCH_ND", SpaceToBatch((1, 1), ((0, 0), (0, 0)))),
        ):
            node = KernelNode(native, op, (tensor(*shape),), (tensor(*shape),))
            assert overlaps(node, kernels) == ()


def test_what_is_copied_as_it_is_may_stay() -> None:
    node = KernelNode("RESHAPE", Reshape((1, 2, 166, 8)), (tensor(2, 1328),), (MADE,))
    assert [(o.input, o.lead, o.in_place) for o in overlaps(node, "reference")] == [(0, 0, True)]
