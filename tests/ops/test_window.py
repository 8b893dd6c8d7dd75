"""Windows and paddings against windows that are listed one by one."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mcugraph.errors import GraphError
from mcugraph.ir import DType, TensorType
from mcugraph.ops.convolution import Conv
from mcugraph.ops.pooling import Pool
from mcugraph.ops.window import (
    SAME_LOWER,
    SAME_UPPER,
    VALID,
    Padding,
    Sweep,
    explicit,
    symmetric,
)

SWEEPS = st.builds(
    Sweep,
    st.integers(1, 12),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 3),
    st.booleans(),
)
PAIRS = st.tuples(st.integers(0, 5), st.integers(0, 5))
PADDINGS = st.one_of(
    st.sampled_from([SAME_UPPER, SAME_LOWER, VALID]), PAIRS.map(lambda pair: explicit([pair]))
)


def elements(start: int, sweep: Sweep) -> set[int]:
    """What lies under the window that starts here."""
    return {start + i * sweep.dilation for i in range(sweep.kernel)}


def listed(before: int, after: int, sweep: Sweep) -> list[int]:
    """The start of every window, over an axis whose first element without padding is 0.

    A partial one is the only one that hangs over, so it does by less than a stride.
    """
    over = sweep.stride if sweep.ceil else 1
    starts = [
        start
        for start in range(-before, 100, sweep.stride)
        if max(elements(start, sweep)) < sweep.size + after - 1 + over
    ]
    # Who counts partial windows leaves a last one out that starts in the padding after.
    return starts[:-1] if sweep.ceil and starts and starts[-1] >= sweep.size else starts


@given(SWEEPS, PAIRS)
def test_explicit_and_valid_windows_are_those_that_can_be_listed(
    sweep: Sweep, pair: tuple[int, int]
) -> None:
    padding = explicit([pair])
    assert padding.amounts(0, sweep) == pair
    count = len(listed(*pair, sweep))
    if count:
        assert padding.windows(0, sweep) == count
    else:
        with pytest.raises(GraphError, match=f"a window of {sweep.kernel} does not fit"):
            padding.windows(0, sweep)


@given(SWEEPS)
def test_same_pads_least_for_one_window_a_stride(sweep: Sweep) -> None:
    """The least padding with which as many windows are whole as strides begin in the axis."""
    strides = len(range(0, sweep.size, sweep.stride))
    whole = whole_only(sweep)
    least = next(t for t in range(100) if len(listed(0, t, whole)) >= strides)
    upper, lower = SAME_UPPER.amounts(0, sweep), SAME_LOWER.amounts(0, sweep)
    assert upper == (least // 2, least - least // 2)
    assert lower == (least - least // 2, least // 2)
    for padding in (SAME_UPPER, SAME_LOWER):
        assert padding.windows(0, sweep) == strides
        assert len(listed(*padding.amounts(0, sweep), whole)) == strides


@pytest.mark.parametrize(
    ("sweep", "upper", "lower"),
    [
        (Sweep(8, 3, 2), (0, 1), (1, 0)),
        (Sweep(8, 4, 1), (1, 2), (2, 1)),
        (Sweep(9, 3, 2), (1, 1), (1, 1)),
        (Sweep(5, 2, 1, 3), (1, 2), (2, 1)),
        (Sweep(8, 1, 2), (0, 0), (0, 0)),
    ],
)
def test_the_halves_of_same(sweep: Sweep, upper: tuple[int, int], lower: tuple[int, int]) -> None:
    """By hand."""
    assert SAME_UPPER.amounts(0, sweep) == upper
    assert SAME_LOWER.amounts(0, sweep) == lower


@pytest.mark.parametrize(
    ("sweep", "pair", "count"),
    [
        (Sweep(5, 2, 2), (0, 0), 2),
        (Sweep(5, 2, 2, ceil=True), (0, 0), 3),
        (Sweep(6, 2, 2, ceil=True), (0, 0), 3),  # all whole: nothing to add
        (Sweep(6, 3, 3, ceil=True), (1, 1), 3),
        (Sweep(5, 3, 3, ceil=True), (1, 1), 2),  # a third would start after the last element
        (Sweep(5, 3, 4, ceil=True), (0, 3), 2),
        (Sweep(2, 3, 2, ceil=True), (0, 0), 1),  # a partial first one
    ],
)
def test_partial_last_windows(sweep: Sweep, pair: tuple[int, int], count: int) -> None:
    """By hand."""
    assert explicit([pair]).windows(0, sweep) == count


@given(SWEEPS, PADDINGS, st.integers(0, 3))
def test_transposed_lengths(sweep: Sweep, padding: Padding, extra: int) -> None:
    """Every element writes one window; padding is cut off; SAME has a fixed size."""
    made = padding.transposed(0, sweep, extra)
    if padding.same:
        assert made == sweep.size * sweep.stride
        return
    written = set().union(*(elements(i * sweep.stride, sweep) for i in range(sweep.size)))
    assert made == max(written) + 1 - sum(padding.amounts(0, sweep)) + extra


def whole_only(sweep: Sweep) -> Sweep:
    """The same without partial windows, as TFLite has them."""
    return replace(sweep, ceil=False)


def places(padding: Padding, sweeps: list[Sweep]) -> list[list[int]]:
    """The starts of the windows along each axis, listed. SAME has no partial ones."""
    return [
        listed(*padding.amounts(i, sweep), whole_only(sweep) if padding.same else sweep)
        for i, sweep in enumerate(sweeps)
    ]


@settings(max_examples=300)
@given(
    st.lists(st.tuples(SWEEPS, PAIRS), min_size=1, max_size=3),
    st.sampled_from([SAME_UPPER, SAME_LOWER, VALID, None]),
    st.booleans(),
)
def test_tflite_has_a_padding_or_the_data_is_padded_before(
    cases: list[tuple[Sweep, tuple[int, int]]], rule: Padding | None, ceil: bool
) -> None:
    sweeps = [replace(sweep, ceil=ceil) for sweep, _ in cases]
    padding = explicit([pair for _, pair in cases]) if rule is None else rule
    wanted = places(padding, sweeps)
    assume(all(wanted))
    kernels, strides, dilations = zip(
        *((s.kernel, s.stride, s.dilation) for s in sweeps), strict=True
    )
    pool = Pool("max", kernels, strides, padding, dilations, channel_axis=-1, ceil=ceil)
    shape = (1, *(s.size for s in sweeps), 2)
    plain = [whole_only(sweep) for sweep in sweeps]
    able = [spec for spec in (VALID, SAME_UPPER) if places(spec, plain) == wanted]
    found = pool.tflite_padding([shape])
    assert found in able if able else found is None
    if padding in able:
        assert found == padding
    first, *pads, last = pool.pads([shape])
    assert first == last == (0, 0)
    padded = [replace(s, size=s.size + sum(pair)) for s, pair in zip(plain, pads, strict=True)]
    moved = [
        [start + before for start in starts]
        for starts, (before, _) in zip(wanted, pads, strict=True)
    ]
    assert places(VALID, padded) == moved


@pytest.mark.parametrize(
    ("sweep", "padding", "tflite", "pads"),
    [
        (Sweep(8, 3, 2), SAME_UPPER, SAME_UPPER, (0, 1)),
        (Sweep(8, 3, 2), explicit([(0, 1)]), SAME_UPPER, (0, 1)),
        (Sweep(8, 3, 2), explicit([(1, 1)]), None, (1, 1)),  # as PyTorch pads
        (Sweep(8, 3, 2), explicit([(1, 0)]), None, (1, 0)),
        (Sweep(8, 3, 2), SAME_LOWER, None, (1, 0)),
        (Sweep(9, 3, 2), SAME_LOWER, SAME_UPPER, (1, 1)),
        (Sweep(9, 3, 2), VALID, VALID, (0, 0)),
        (Sweep(5, 2, 2), explicit([(0, 0)]), VALID, (0, 0)),
        # No window reaches the padding after.
        (Sweep(4, 2, 2), explicit([(0, 1)]), VALID, (0, 1)),
        # The last window hangs over by one: SAME pads just that.
        (Sweep(5, 2, 2, ceil=True), VALID, SAME_UPPER, (0, 1)),
        # By two, of which SAME would put one before.
        (Sweep(5, 4, 3, ceil=True), VALID, None, (0, 2)),
    ],
)
def test_the_padding_of_tflite_by_hand(
    sweep: Sweep, padding: Padding, tflite: Padding | None, pads: tuple[int, int]
) -> None:
    pool = Pool("max", (sweep.kernel,), (sweep.stride,), padding, ceil=sweep.ceil)
    shape = (1, 2, sweep.size)
    assert pool.tflite_padding([shape]) == tflite
    assert pool.pads([shape]) == ((0, 0), (0, 0), pads)


@pytest.mark.parametrize("size", [7, 8])
@pytest.mark.parametrize("padding", [SAME_LOWER, SAME_UPPER, VALID])
@pytest.mark.parametrize("last", [False, True])
def test_said_by_rule_or_by_amounts_a_convolution_is_the_same(
    size: int, padding: Padding, last: bool
) -> None:
    data = (1, size, size + 1, 4) if last else (1, 4, size, size + 1)
    weight = (6, 3, 4, 4) if last else (6, 4, 3, 4)
    layout = {"channel_axis": -1, "weight_out": 0, "weight_in": -1} if last else {}
    by_rule = Conv((2, 1), (1, 1), padding, **layout)
    spatial = [
        by_rule.padding.amounts(i, s) for i, s in enumerate(by_rule.sweeps((data, weight)).values())
    ]
    by_amounts = Conv((2, 1), (1, 1), explicit(spatial), **layout)
    types = [TensorType(DType.FLOAT32, shape) for shape in (data, weight)]
    assert by_rule.infer(types) == by_amounts.infer(types)
    assert by_rule.tflite_padding((data, weight)) == by_amounts.tflite_padding((data, weight))
    assert by_rule.pads((data, weight)) == by_amounts.pads((data, weight))


def test_text_and_equality() -> None:
    assert repr([SAME_UPPER, SAME_LOWER, VALID]) == "[SAME_UPPER, SAME_LOWER, VALID]"
    assert repr(explicit([(1, 0), (2, 2)])) == "((1, 0), (2, 2))"
    assert symmetric((1, 2)) == explicit([(1, 1), (2, 2)])
    assert explicit([(0, 0), (0, 0)]) == VALID
    with pytest.raises(GraphError, match="says nothing about spatial axis 1"):
        explicit([(1, 1)]).windows(1, Sweep(4, 2))
