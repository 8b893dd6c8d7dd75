"""Leads of kernels that go element by element or row by row, against their loops."""

from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import kernel_nodes as nodes
from support.kernel_traces import elementwise

from mcugraph.ir import DType
from mcugraph.ops.elementwise import Convert, Elementwise
from mcugraph.ops.linear import Dense
from mcugraph.ops.normalization import Normalization
from mcugraph.ops.reduction import Reduce

DTYPES = st.sampled_from([DType.INT8, DType.INT16, DType.FLOAT32])
SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple)

Shape = tuple[int, ...]


@st.composite
def spread(draw: st.DrawFn) -> tuple[list[Shape], Shape]:
    """Two shapes that numpy broadcasts, and the shape of the result."""
    result = draw(SHAPES)
    shapes = []
    for _ in range(2):
        kept = draw(st.integers(0, len(result)))
        held = [draw(st.booleans()) for _ in range(kept)]
        tail = result[len(result) - kept :]
        shapes.append(tuple(1 if h else n for h, n in zip(held, tail, strict=True)))
    whole = tuple(
        max(sides)
        for sides in zip(*((1,) * (len(result) - len(s)) + s for s in shapes), strict=True)
    )
    return shapes, whole


@given(spread(), DTYPES, st.sampled_from(["ADD", "MUL", "SUB", "MAXIMUM"]))
def test_operands_that_are_spread(
    shapes: tuple[list[Shape], Shape], dtype: DType, native: str
) -> None:
    read, result = shapes
    tensors = [nodes.tensor(f"a{i}", shape, dtype) for i, shape in enumerate(read)]
    kernel = nodes.node(
        native, Elementwise(native.lower()), tensors, nodes.tensor("b", result, dtype)
    )
    for which in range(2):
        nodes.check_lead(kernel, which, elementwise.operands(read, result))


CONVERSIONS = [
    ("QUANTIZE", DType.FLOAT32, DType.INT8),
    ("QUANTIZE", DType.INT8, DType.INT16),
    ("QUANTIZE", DType.INT8, DType.INT32),
    ("QUANTIZE", DType.INT16, DType.INT8),
    ("DEQUANTIZE", DType.INT8, DType.FLOAT32),
    ("DEQUANTIZE", DType.UINT8, DType.FLOAT32),
    ("CAST", DType.FLOAT32, DType.INT8),
]


@pytest.mark.parametrize(("native", "before", "after"), CONVERSIONS)
@pytest.mark.parametrize("shape", [(1,), (2, 3), (2, 3, 2, 2)])
def test_elements_of_other_sizes(native: str, before: DType, after: DType, shape: Shape) -> None:
    a, b = nodes.tensor("a", shape, before), nodes.tensor("b", shape, after)
    kernel = nodes.node(native, Convert(native.lower(), after), [a], b)
    nodes.check_lead(kernel, 0, elementwise.operands([shape], shape))


@pytest.mark.parametrize(
    ("before", "after"), [(DType.INT16, DType.FLOAT32), (DType.FLOAT32, DType.BOOL)]
)
def test_objects_of_other_types_may_be_taken_for_apart_by_a_compiler(
    before: DType, after: DType
) -> None:
    a, b = nodes.tensor("a", (8,), before), nodes.tensor("b", (8,), after)
    assert nodes.leads(nodes.node("CAST", Convert("cast", after), [a], b)) == {}


@given(st.integers(1, 3), st.integers(1, 5), DTYPES, st.booleans())
def test_normalised_rows(rows: int, depth: int, dtype: DType, wider: bool) -> None:
    made = DType.INT16 if wider and dtype is DType.INT8 else dtype
    a, b = nodes.tensor("a", (rows, depth), dtype), nodes.tensor("b", (rows, depth), made)
    for native, passes in (("SOFTMAX", 2), ("LOG_SOFTMAX", 2), ("L2_NORMALIZATION", 1)):
        kernel = nodes.node(native, Normalization(native.lower()), [a], b)
        nodes.check_lead(kernel, 0, elementwise.normalised(rows, depth, passes))


@given(st.integers(2, 4), st.integers(1, 5), st.integers(1, 5), DTYPES)
def test_a_dense_layer(rows: int, depth: int, made: int, dtype: DType) -> None:
    a, b = nodes.tensor("a", (rows, depth), dtype), nodes.tensor("b", (rows, made), dtype)
    kernel = nodes.node("FULLY_CONNECTED", Dense(), [a, nodes.weights((made, depth)), None], b)
    nodes.check_lead(kernel, 0, elementwise.fully_connected(rows, depth, made))


def test_a_dense_layer_of_one_row_reads_it_to_the_end() -> None:
    a, b = nodes.tensor("a", (1, 8)), nodes.tensor("b", (1, 4))
    kernel = nodes.node("FULLY_CONNECTED", Dense(), [a, nodes.weights((4, 8)), None], b)
    assert nodes.leads(kernel) == {}


@given(st.tuples(*(st.integers(1, 3),) * 4))
def test_a_mean_of_floats_over_rows_and_columns(shape: Shape) -> None:
    result = (shape[0], 1, 1, shape[3])
    a, b = nodes.tensor("a", shape, DType.FLOAT32), nodes.tensor("b", result, DType.FLOAT32)
    axes = nodes.tensor("axes", (2,), DType.INT32, constant=True)
    kernel = nodes.node("MEAN", Reduce("mean", (1, 2), True), [a, axes], b)
    nodes.check_lead(kernel, 0, elementwise.mean_of_floats(shape))


@pytest.mark.parametrize(
    ("native", "dtype", "axes", "keep"),
    [
        ("MEAN", DType.INT8, (1, 2), True),
        ("MEAN", DType.FLOAT32, (1, 2), False),
        ("MEAN", DType.FLOAT32, (3,), True),
        ("SUM", DType.FLOAT32, (1, 2), True),
        ("REDUCE_MAX", DType.INT8, (1, 2), True),
    ],
)
def test_other_reductions_clear_their_output_first(
    native: str, dtype: DType, axes: Shape, keep: bool
) -> None:
    shape = (1, 3, 3, 4)
    result = tuple(1 if axis in axes else n for axis, n in enumerate(shape))
    a, b = nodes.tensor("a", shape, dtype), nodes.tensor("b", result, dtype)
    which = nodes.tensor("axes", (len(axes),), DType.INT32, constant=True)
    kernel = nodes.node(native, Reduce(native.lower(), axes, keep), [a, which], b)
    nodes.check_lead(kernel, 0, elementwise.cleared_first(shape, result))


def test_a_tensor_that_is_read_as_two_operands_takes_the_larger_lead() -> None:
    a, b = nodes.tensor("a", (1, 4)), nodes.tensor("b", (3, 4))
    other = nodes.tensor("other", (3, 4))
    add = Elementwise("add")
    assert nodes.leads(nodes.node("ADD", add, [a, other], b)) == {0: 8, 1: 0}
    dense = nodes.tensor("dense", (4, 4))
    # The weights of a dense layer are read from their beginning for every row.
    assert nodes.leads(nodes.node("FULLY_CONNECTED", Dense(), [dense, dense, None], dense)) == {}


def test_only_activations_have_leads() -> None:
    a, b = nodes.tensor("a", (2, 3)), nodes.tensor("b", (2, 3))
    constant = nodes.tensor("c", (2, 3), constant=True)
    assert nodes.leads(nodes.node("ADD", Elementwise("add"), [a, constant], b)) == {0: 0}


def test_what_is_not_modelled_does_not_overlap() -> None:
    a, b = nodes.tensor("a", (2, 3)), nodes.tensor("b", (2, 3))
    add = nodes.node("ADD", Elementwise("add"), [a, a], b)
    assert nodes.leads(add) == {0: 0, 1: 0}
    assert nodes.leads(add, "any") == {}
    assert nodes.leads(nodes.node("CUSTOM:Mine", None, [a], b)) == {}
    packed = nodes.tensor("p", (2, 3), DType.INT4)
    assert nodes.leads(nodes.node("ADD", Elementwise("add"), [packed, packed], packed)) == {}
    nothing = nodes.tensor("n", (0, 3))
    assert prod(nothing.shape) == 0
    assert nodes.leads(nodes.node("ADD", Elementwise("add"), [nothing, nothing], nothing)) == {}
