"""Cost rules hold for polynomials and arrays as dimensions: substituted, they are the numbers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy

from mcugraph.ir import DType, Op, Signature
from mcugraph.ops.attention import Attention
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.elementwise import Convert, Elementwise
from mcugraph.ops.linear import Dense, Einsum, MatMul
from mcugraph.ops.normalization import BatchNorm, Normalization
from mcugraph.ops.pooling import GlobalPool, Pool
from mcugraph.ops.recurrent import Recurrent, Svdf
from mcugraph.ops.reduction import Reduce
from mcugraph.ops.selection import Concat
from mcugraph.ops.window import SAME_UPPER, VALID

ONE = (1, 1)

# An operator, and the shapes around it for given channel counts c (in) and d (out).
CASES: list[tuple[Op, Callable[[Any, Any], Signature]]] = [
    (
        Conv(ONE, ONE, SAME_UPPER),
        lambda c, d: Signature(((1, c, 8, 8), (d, c, 3, 3), (d,)), ((1, d, 8, 8),)),
    ),
    (
        Conv(ONE, ONE, SAME_UPPER, groups=4),
        lambda c, d: Signature(((1, c, 8, 8), (d, c // 4, 3, 3)), ((1, d, 8, 8),)),
    ),
    (
        Conv(ONE, ONE, SAME_UPPER, 8, True, -1, weight_out=-1, weight_in=0),
        lambda c, d: Signature(((1, 8, 8, c), (1, 3, 3, c)), ((1, 8, 8, c),)),
    ),
    (
        ConvTranspose((2, 2), ONE, VALID, weight_out=1, weight_in=0),
        lambda c, d: Signature(((1, c, 4, 4), (c, d, 2, 2)), ((1, d, 8, 8),)),
    ),
    (Dense(), lambda c, d: Signature(((3, c), (d, c), (d,)), ((3, d),))),
    (Dense(flatten=True), lambda c, d: Signature(((1, 4, 4, c), (d, 16 * c)), ((1, d),))),
    (MatMul(), lambda c, d: Signature(((2, 5, c), (2, c, d)), ((2, 5, d),))),
    (MatMul(transpose_b=True), lambda c, d: Signature(((5, c), (d, c)), ((5, d),))),
    (Einsum("bqd,bkd->bqk"), lambda c, d: Signature(((1, d, c), (1, d, c)), ((1, d, d),))),
    (
        Recurrent("lstm", (1, 2), (3,), 8, direction_axis=1),
        lambda c, d: Signature(((7, 2, c), (1, 4 * d, c), (1, 4 * d, d)), ((7, 1, 2, d),)),
    ),
    (Svdf(1), lambda c, d: Signature(((1, c), (d, c), (d, 6)), ((1, d),))),
    (
        Attention(2, 2),
        lambda c, d: Signature(((1, 5, 2 * c), (1, 5, 2 * c), (1, 5, 2 * d)), ((1, 5, 2 * d),)),
    ),
    (
        Pool("max", (3, 3), (2, 2), SAME_UPPER),
        lambda c, d: Signature(((1, c, 8, 8),), ((1, c, 4, 4),)),
    ),
    (GlobalPool("average"), lambda c, d: Signature(((1, c, 8, 8),), ((1, c, 1, 1),))),
    (Reduce("mean", (2, 3)), lambda c, d: Signature(((1, c, 8, 8),), ((1, c),))),
    (Elementwise("add"), lambda c, d: Signature(((1, c, 8), (1, c, 8)), ((1, c, 8),))),
    (Elementwise("relu"), lambda c, d: Signature(((1, c, 8),), ((1, c, 8),))),
    (Convert("quantize", DType.INT8), lambda c, d: Signature(((1, c),), ((1, c),))),
    (BatchNorm(), lambda c, d: Signature(((1, c, 8), (c,), (c,), (c,), (c,)), ((1, c, 8),))),
    (Normalization("softmax"), lambda c, d: Signature(((1, c),), ((1, c),))),
    (Concat(1), lambda c, d: Signature(((1, c, 4), (1, d, 4)), ((1, c + d, 4),))),
]
IDS = [f"{op.kind}-{i}" for i, (op, _) in enumerate(CASES)]
WIDTHS = [(8, 12), (16, 4), (24, 40)]


@pytest.mark.parametrize(("op", "around"), CASES, ids=IDS)
@pytest.mark.parametrize("rule", ["macs", "elementwise"])
def test_symbols(op: Op, around: Callable[[Any, Any], Signature], rule: str) -> None:
    c, d = sympy.symbols("c d", positive=True, integer=True)
    expression = sympy.sympify(getattr(op, rule)(around(c, d)))
    for widths in WIDTHS:
        number = getattr(op, rule)(around(*widths))
        assert number == expression.subs(dict(zip((c, d), widths, strict=True)))
        assert isinstance(number, int)


@pytest.mark.parametrize(("op", "around"), CASES, ids=IDS)
@pytest.mark.parametrize("rule", ["macs", "elementwise"])
def test_arrays(op: Op, around: Callable[[Any, Any], Signature], rule: str) -> None:
    candidates = np.array(WIDTHS).T
    found = getattr(op, rule)(around(*candidates))
    numbers = [getattr(op, rule)(around(*widths)) for widths in WIDTHS]
    np.testing.assert_array_equal(np.broadcast_to(found, 3), numbers)


def test_macs_as_a_polynomial() -> None:
    c, d = sympy.symbols("c d")
    conv = Conv(ONE, ONE, SAME_UPPER)
    macs = conv.macs(Signature(((1, c, 8, 8), (d, c, 3, 3)), ((1, d, 8, 8),)))
    assert sympy.expand(macs) == 64 * 9 * c * d
    lstm = Recurrent("lstm", (1, 2), (3,), 8, direction_axis=1)
    macs = lstm.macs(Signature(((7, 1, c), (1, 4 * d, c), (1, 4 * d, d)), ((7, 1, 1, d),)))
    assert sympy.expand(macs) == 28 * c * d + 28 * d**2
