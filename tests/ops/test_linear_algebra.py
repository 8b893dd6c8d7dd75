"""MACs of convolutions, dense layers, products, recurrent cells and attention, by hand."""

from typing import Any

import pytest

from mcugraph.errors import GraphError
from mcugraph.ir import DType, Op, Role, Signature, TensorType
from mcugraph.ops import linear
from mcugraph.ops.attention import Attention
from mcugraph.ops.base import Weighted
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.linear import Dense, Einsum, MatMul
from mcugraph.ops.recurrent import Recurrent, Svdf
from mcugraph.ops.window import SAME_UPPER, VALID, explicit, symmetric

Shapes = tuple[tuple[int, ...] | None, ...]


def types(shapes: Shapes) -> list[TensorType | None]:
    return [None if shape is None else TensorType(DType.INT8, shape) for shape in shapes]


def worked(op: Op, *shapes: tuple[int, ...] | None) -> tuple[Any, Any, list[Any]]:
    """MACs, elementwise operations and result shapes."""
    results = op.infer(types(shapes))
    assert results is not None
    assert all(result.dtype is DType.INT8 for result in results)
    signature = Signature(shapes, tuple(result.shape for result in results))
    return op.macs(signature), op.elementwise(signature), [result.shape for result in results]


ONE, TWO = (1, 1), (2, 2)
CHANNELS_LAST = {"channel_axis": -1, "weight_out": 0, "weight_in": -1}


@pytest.mark.parametrize(
    ("op", "data", "weight", "macs", "shape"),
    [
        # 3x3 over 5x5, 4 to 6 channels: 3x3 positions of 9 x 4 x 6.
        (Conv(ONE, ONE, VALID), (1, 4, 5, 5), (6, 4, 3, 3), 9 * 9 * 4 * 6, (1, 6, 3, 3)),
        # All positions; windows at the edge count in full, as kernels without skipping run them.
        (Conv(ONE, ONE, SAME_UPPER), (1, 4, 5, 5), (6, 4, 3, 3), 25 * 9 * 4 * 6, (1, 6, 5, 5)),
        # Every second of 5: 3. A batch of 2.
        (Conv(TWO, ONE, SAME_UPPER), (2, 4, 5, 5), (6, 4, 3, 3), 2 * 9 * 9 * 4 * 6, (2, 6, 3, 3)),
        # 3 taps 2 apart reach over 5: one window in 5, three in 7.
        (Conv(ONE, TWO, VALID), (1, 4, 5, 7), (6, 4, 3, 3), 3 * 9 * 4 * 6, (1, 6, 1, 3)),
        # Padded 1 before and 0 after: 6 - 3 + 1 = 4.
        (
            Conv(ONE, ONE, explicit([(1, 0), (1, 0)])),
            *((1, 4, 5, 5), (6, 4, 3, 3), 16 * 9 * 4 * 6, (1, 6, 4, 4)),
        ),
        # Two groups: each result meets half of the channels.
        (
            Conv(ONE, ONE, SAME_UPPER, groups=2),
            *((1, 4, 5, 5), (6, 2, 3, 3), 25 * 9 * 2 * 6, (1, 6, 5, 5)),
        ),
        # Depthwise: each result meets one channel; the multiplier is 2.
        (
            Conv(ONE, ONE, SAME_UPPER, groups=4, depthwise=True),
            *((1, 4, 5, 5), (8, 1, 3, 3), 25 * 9 * 8, (1, 8, 5, 5)),
        ),
        # TFLite keeps channels last, and (1, height, width, channels) for depthwise.
        (
            Conv(ONE, ONE, SAME_UPPER, **CHANNELS_LAST),
            *((1, 5, 5, 4), (6, 3, 3, 4), 25 * 9 * 4 * 6, (1, 5, 5, 6)),
        ),
        (
            Conv(TWO, ONE, VALID, 4, True, -1, weight_out=-1, weight_in=0),
            *((1, 5, 5, 4), (1, 3, 3, 8), 4 * 9 * 8, (1, 2, 2, 8)),
        ),
        # Over one axis and over three.
        (Conv((1,), (1,), VALID), (1, 2, 8), (3, 2, 4), 5 * 4 * 2 * 3, (1, 3, 5)),
        (
            Conv((1, 1, 1), (1, 1, 1), SAME_UPPER),
            *((1, 2, 4, 4, 4), (3, 2, 1, 3, 3), 64 * 9 * 2 * 3, (1, 3, 4, 4, 4)),
        ),
    ],
)
def test_convolutions(
    op: Conv,
    data: tuple[int, ...],
    weight: tuple[int, ...],
    macs: int,
    shape: tuple[int, ...],
) -> None:
    assert worked(op, data, weight) == (macs, 0, [shape])
    # A bias adds no multiplication.
    assert worked(op, data, weight, (weight[0],)) == (macs, 0, [shape])


@pytest.mark.parametrize(
    ("op", "data", "weight", "macs", "shape"),
    [
        # Each of 4 x 4 positions meets all 2 x 2 x 3 x 5 weights: 4x4 grows to 8x8.
        (
            ConvTranspose(TWO, ONE, VALID, weight_out=1, weight_in=0),
            *((1, 3, 4, 4), (3, 5, 2, 2), 16 * 4 * 3 * 5, (1, 5, 8, 8)),
        ),
        # (4 - 1) * 2 + 3 - 1 - 1 + 1 = 8.
        (
            ConvTranspose(
                TWO, ONE, symmetric((1, 1)), weight_out=1, weight_in=0, output_padding=(1, 1)
            ),
            *((1, 3, 4, 4), (3, 5, 3, 3), 16 * 9 * 3 * 5, (1, 5, 8, 8)),
        ),
        # Two groups of 3 inputs and 5 outputs.
        (
            ConvTranspose(TWO, ONE, VALID, groups=2, weight_out=1, weight_in=0),
            *((1, 6, 4, 4), (6, 5, 2, 2), 16 * 4 * 6 * 5, (1, 10, 8, 8)),
        ),
        # TFLite: (outputs, height, width, inputs), and the size comes with the model.
        (
            ConvTranspose(TWO, ONE, SAME_UPPER, output_shape=(7, 8), **CHANNELS_LAST),
            *((1, 4, 4, 3), (5, 3, 3, 3), 16 * 9 * 3 * 5, (1, 7, 8, 5)),
        ),
    ],
)
def test_transposed_convolutions(
    op: ConvTranspose,
    data: tuple[int, ...],
    weight: tuple[int, ...],
    macs: int,
    shape: tuple[int, ...],
) -> None:
    assert worked(op, data, weight) == (macs, 0, [shape])


@pytest.mark.parametrize(
    ("op", "shapes", "macs", "result"),
    [
        (Dense(), ((1, 10), (4, 10)), 40, (1, 4)),
        (Dense(), ((3, 10), (4, 10), (4,)), 120, (3, 4)),
        (Dense(), ((2, 3, 10), (4, 10)), 240, (2, 3, 4)),
        (Dense(flatten=True), ((2, 3, 10), (4, 30)), 240, (2, 4)),
        (Dense(flatten=True), ((1, 4, 4, 3), (7, 48), None), 336, (1, 7)),
        (Dense(1, 0), ((3, 10), (10, 4)), 120, (3, 4)),
        (Dense(1, 0, transposed=True), ((10, 3), (10, 4)), 120, (3, 4)),
        (MatMul(), ((2, 3), (3, 4)), 24, (2, 4)),
        (MatMul(), ((5, 2, 3), (3, 4)), 120, (5, 2, 4)),
        (MatMul(), ((5, 1, 2, 3), (6, 3, 4)), 720, (5, 6, 2, 4)),
        (MatMul(transpose_b=True), ((2, 3), (4, 3)), 24, (2, 4)),
        (MatMul(transpose_a=True), ((3, 2), (3, 4)), 24, (2, 4)),
        (MatMul(), ((3,), (3, 4)), 12, (4,)),
        (MatMul(), ((2, 3), (3,)), 6, (2,)),
        (MatMul(), ((3,), (3,)), 3, ()),
        (Einsum("ij,jk->ik"), ((2, 3), (3, 4)), 24, (2, 4)),
        (Einsum("bhqd,bhkd->bhqk"), ((1, 2, 3, 4), (1, 2, 5, 4)), 120, (1, 2, 3, 5)),
        # Three factors: two multiplications a term.
        (Einsum("ij,jk,kl->il"), ((2, 3), (3, 4), (4, 5)), 240, (2, 5)),
        (Einsum("...ij,jk->...ik"), ((7, 2, 3), (3, 4)), 168, (7, 2, 4)),
    ],
)
def test_products(op: Op, shapes: Shapes, macs: int, result: tuple[int, ...]) -> None:
    assert worked(op, *shapes) == (macs, 0, [result])


def test_an_einsum_of_one_operand_is_no_linear_algebra() -> None:
    assert worked(Einsum("ij->j"), (2, 3)) == (0, 6, [(3,)])
    assert worked(Einsum("ij->ji"), (2, 3)) == (0, 6, [(3, 2)])


# 7 steps of 2 sequences with 3 features, 5 units.
X, H = (20, 3), (20, 5)


@pytest.mark.parametrize(
    ("op", "shapes", "macs", "results"),
    [
        # ONNX: (directions, gates * units, features).
        (
            Recurrent("lstm", (1, 2), (3,), 5, direction_axis=1),
            ((7, 2, 3), (1, 20, 3), (1, 20, 5), (1, 40)),
            7 * 2 * (20 * 3 + 20 * 5),
            [(7, 1, 2, 5)],
        ),
        (
            Recurrent(
                "gru", (1, 2), (3,), 5, directions=2, direction_axis=1,
                outputs=("sequence", "state"),
            ),
            ((7, 2, 3), (2, 15, 3), (2, 15, 5)),
            7 * 2 * 2 * (15 * 3 + 15 * 5),
            [(7, 2, 2, 5), (2, 2, 5)],
        ),
        (
            Recurrent(
                "rnn", (1, 2), (3,), 5, batch_axis=0, time_axis=1, direction_axis=2,
                outputs=("sequence", "state"),
            ),
            ((2, 7, 3), (1, 5, 3), (1, 5, 5)),
            7 * 2 * (5 * 3 + 5 * 5),
            [(2, 7, 1, 5), (2, 1, 5)],
        ),
        # TFLite: four matrices for the data, four for the state; here with coupled input gate.
        (
            Recurrent("lstm", (*range(1, 9), 16), (), 5, batch_axis=0, time_axis=1),
            ((2, 7, 3), *[(5, 3)] * 4, *[(5, 5)] * 4),
            7 * 2 * 4 * (15 + 25),
            [(2, 7, 5)],
        ),
        (
            Recurrent("lstm", (*range(1, 9), 16), (), 5, batch_axis=0, time_axis=1),
            ((2, 7, 3), None, *[(5, 3)] * 3, None, *[(5, 5)] * 3),
            7 * 2 * 3 * (15 + 25),
            [(2, 7, 5)],
        ),
        # One step alone.
        (
            Recurrent("lstm", (2,), (3,), 5, batch_axis=0, time_axis=None),
            ((2, 3), (2, 5), (20, 8)),
            2 * 20 * 8,
            [(2, 5)],
        ),
        # Rank 2: 8 filters make 4 units; 10 features, a memory of 6 steps.
        (Svdf(2), ((1, 10), (8, 10), (8, 6)), 80 + 48, [(1, 4)]),
        (Svdf(1), ((3, 10), (8, 10), (8, 6), (8,)), 3 * 128, [(3, 8)]),
    ],
)  # fmt: skip
def test_recurrent_cells(op: Op, shapes: Shapes, macs: int, results: list[tuple[int, ...]]) -> None:
    found, _, inferred = worked(op, *shapes)
    assert (found, inferred) == (macs, results)


def test_what_constants_of_cells_are_for() -> None:
    lstm = Recurrent("lstm", (1, 2), (3,), 5)
    assert [lstm.role(i) for i in (1, 2, 3)] == [Role.WEIGHT, Role.WEIGHT, Role.BIAS]
    assert [Svdf(1).role(i) for i in (1, 2, 3)] == [Role.WEIGHT, Role.WEIGHT, Role.BIAS]


@pytest.mark.parametrize(
    ("op", "shapes", "macs", "results"),
    [
        # 2 heads, 3 queries, 5 keys: 4 deep to compare, 6 deep to sum.
        (
            Attention(),
            ((1, 2, 3, 4), (1, 2, 5, 4), (1, 2, 5, 6)),
            2 * 3 * 5 * (4 + 6),
            [(1, 2, 3, 6)],
        ),
        (
            Attention(2, 2, outputs=4),
            ((1, 3, 8), (1, 5, 8), (1, 5, 12)),
            2 * 3 * 5 * (4 + 6),
            [(1, 3, 12), (1, 2, 5, 4), (1, 2, 5, 6), (1, 2, 3, 5)],
        ),
        # Keys of one head serve both heads of queries.
        (
            Attention(2, 1),
            ((1, 3, 8), (1, 5, 4), (1, 5, 4)),
            2 * 3 * 5 * (4 + 4),
            [(1, 3, 8)],
        ),
        # 7 keys from before join the 5.
        (
            Attention(outputs=2),
            ((1, 2, 3, 4), (1, 2, 5, 4), (1, 2, 5, 4), None, (1, 2, 7, 4), (1, 2, 7, 4)),
            2 * 3 * 12 * 8,
            [(1, 2, 3, 4), (1, 2, 12, 4)],
        ),
    ],
)
def test_attention(op: Op, shapes: Shapes, macs: int, results: list[tuple[int, ...]]) -> None:
    found, _, inferred = worked(op, *shapes)
    assert (found, inferred) == (macs, results)


@pytest.mark.parametrize(
    ("op", "shapes", "message"),
    [
        (Conv(ONE, ONE, VALID), ((1, 4, 2, 2), (6, 4, 3, 3)), "window of 3 does not fit"),
        (Conv(ONE, ONE, VALID), ((1, 4, 5), (6, 4, 3, 3)), "2-d convolution"),
        (Conv(ONE, ONE, VALID), ((1, 4, 5, 5), None), "input 1 is missing"),
        (Dense(), ((1, 9), (4, 10)), "does not fit 10 input units"),
        (Dense(flatten=True), ((1, 9), (4, 10)), "no multiple of 10"),
        (Dense(), ((1, 9), (4, 9, 1)), "are a matrix"),
        (MatMul(), ((2, 3), (4, 5)), "do not multiply"),
        (MatMul(), ((), (4, 5)), "no scalars"),
        (MatMul(), ((2, 2, 3), (5, 3, 4)), "do not broadcast"),
        (Einsum("ij,jk->ik"), ((2, 3),), "does not take 1 operands"),
        (Einsum("ij->ji"), ((2, 3, 4),), "does not fit an operand"),
        (Einsum("ij,jk->ik"), ((2, 3), (4, 5)), "the axes 'j' are 3 and 4 long"),
    ],
)
def test_inputs_that_do_not_fit(op: Op, shapes: Shapes, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        op.infer(types(shapes))


@pytest.mark.parametrize(
    ("op", "data", "weight"),
    [
        (Conv(ONE, ONE, VALID), (1, 4, 5, 5), (6, 4, 3, 3)),
        (Conv(ONE, ONE, VALID, groups=2), (1, 4, 5, 5), (6, 2, 3, 3)),
        (Conv(ONE, ONE, VALID, **CHANNELS_LAST), (1, 5, 5, 4), (6, 3, 3, 4)),
        (ConvTranspose(ONE, ONE, VALID, weight_out=1, weight_in=0), (1, 4, 5, 5), (4, 6, 3, 3)),
        (ConvTranspose(ONE, ONE, VALID, **CHANNELS_LAST), (1, 5, 5, 4), (6, 3, 3, 4)),
        (Dense(), (3, 4), (6, 4)),
        (Dense(weight_out=1, weight_in=0), (3, 4), (4, 6)),
        (Dense(weight_out=1, weight_in=0, transposed=True), (4, 3), (4, 6)),
    ],
)
def test_layers_say_where_their_channels_lie(
    op: Weighted, data: tuple[int, ...], weight: tuple[int, ...]
) -> None:
    shapes = [TensorType(DType.FLOAT32, shape) for shape in (data, weight)]
    (result,) = op.infer(shapes) or ()
    assert weight[op.weight_out] == result.shape[op.result_axis] == 6
    assert weight[op.weight_in] * getattr(op, "groups", 1) == 4
    assert op.mixes
    assert op.role(op.weights) is Role.WEIGHT
    assert op.role(op.bias) is Role.BIAS


def test_depthwise_convolutions_do_not_mix() -> None:
    assert not Conv(TWO, ONE, VALID, 4, True, -1, weight_out=-1, weight_in=0).mixes


@pytest.mark.parametrize(
    ("equation", "message"),
    [
        ("ij,jk->i1", "is no Einstein sum"),
        ("ij,jk->ik->i", "is no Einstein sum"),
        ("i......j", "is no Einstein sum"),
        ("i.j->ij", "is no Einstein sum"),
        ("ij,jk->il", "its result has 'l'"),
        ("ij,jk->iik", "its result has 'i'"),
        ("ij,jk->...ik", r"its result has '\.\.\.'"),
    ],
)
def test_equations_that_are_none(equation: str, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        linear.explicit(equation)


def test_equations_are_said_in_full() -> None:
    assert linear.explicit("b c, d c") == "bc,dc->bd"
    assert linear.explicit("...i,ij") == "...i,ij->...j"
    assert linear.explicit("ii->i") == "ii->i"
    assert linear.explicit("ij->") == "ij->"
