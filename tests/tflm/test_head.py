"""The head for another order: what may move, and what may not."""

from dataclasses import replace

import pytest

from mcugraph.formats.tflite.model import (
    TfliteModel,
    TfliteOperator,
    TfliteSubgraph,
    TfliteTensor,
)
from mcugraph.ir import DType
from mcugraph.planning.arena import SCRATCH
from mcugraph.tflm.head import Head
from mcugraph.tflm.kernels import Needs
from mcugraph.tflm.loaded import TflmProgram


def two_branches(native: str) -> TflmProgram:
    """Two steps that grow the same input tenfold and shrink it again, widths before depths.

    The file has both large tensors live at once; one branch after the other needs one.
    """
    sizes = (16, 160, 160, 16, 16, 16)
    steps = [
        (native, (0,), (1,)),
        (native, (0,), (2,)),
        (native, (1,), (3,)),
        (native, (2,), (4,)),
        ("ADD", (3, 4), (5,)),
    ]
    operators = tuple(
        TfliteOperator(name, inputs, outputs, f"op{i}")
        for i, (name, inputs, outputs) in enumerate(steps)
    )
    tensors = tuple(TfliteTensor(DType.INT8, (size,)) for size in sizes)
    model = TfliteModel((TfliteSubgraph(tensors, operators, (0,), (5,)),))
    return TflmProgram(model, {}, {}, ())


@pytest.mark.parametrize(
    "native", ["CUSTOM:CIRCULAR_BUFFER", "RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL", "MULTINOMIAL"]
)
def test_operators_with_state_inside_keep_their_order(native: str) -> None:
    """Which of two draws comes first, or which frame fills a ring, decides what comes out."""
    free, held = Head(two_branches("RELU")), Head(two_branches(native))
    assert free.reordered() != free.file_order
    assert free.solve(free.reordered()).arena < free.untouched().arena
    order = held.reordered()
    assert [place for place in order if place < 4] == [0, 1, 2, 3]


def test_an_operator_that_the_runtime_orders_keeps_its_place() -> None:
    """Reads and writes of a variable, which the graph knows by the names of its operators."""
    free = two_branches("RELU")
    held = TflmProgram(free.model, {}, {}, (("op1", "op2"),))
    order = Head(held).reordered()
    assert order.index(1) < order.index(2)


def test_a_plan_that_the_file_brings_along_is_obeyed() -> None:
    head = Head(two_branches("RELU"))
    far = (-1, 4096, -1, -1, -1, -1)
    assert head.arena(head.file_order, far) == 4096 + 160
    assert head.arena(head.file_order, None) == head.untouched().arena == 2 * 160 + 16
    # Offsets of a second subgraph follow those of the first.
    (main,) = head.model.subgraphs
    alone = TfliteSubgraph(main.tensors[:2], (TfliteOperator("RELU", (0,), (1,)),), (0,), (1,))
    two = Head(TflmProgram(TfliteModel((main, alone)), {}, {}, ()))
    assert two.arena(two.file_order, (-1,) * 7 + (8192,)) == 8192 + 160
    assert two.solve(two.file_order).offsets[6:] == (-1, -1)


def test_scratch_stays_with_its_operator() -> None:
    free = two_branches("RELU")
    program = TflmProgram(free.model, {}, {(0, 1): Needs(scratch=(1600,))}, ())
    head = Head(program)
    for order in (head.file_order, (1, 3, 0, 2, 4)):
        (scratch,) = [b for b in head.blocks(order).blocks if b.kind == SCRATCH]
        assert scratch.size == 1600
        assert (scratch.lower, scratch.upper) == (order.index(1) + 1, order.index(1) + 2)
    assert head.problem.scratch == (0, 1600, 0, 0, 0)


def test_where_each_tensor_has_a_buffer_of_its_own() -> None:
    """Not where it holds several values, nor beside subgraphs, nor where handles are data."""
    plain = two_branches("RELU").model
    (main,) = plain.subgraphs

    def holds(*graphs: TfliteSubgraph) -> bool:
        return Head(TflmProgram(TfliteModel(graphs), {}, {}, ())).holds_live_set

    def with_last(native: str, *outputs: int) -> TfliteSubgraph:
        last = TfliteOperator(native, (3, 4), outputs, "last")
        return replace(main, operators=(*main.operators[:-1], last))

    assert holds(main)
    assert holds(with_last("ADD", 5))
    assert not holds(with_last("ADD", 1))
    assert not holds(with_last("ADD", 3))
    assert not holds(with_last("VAR_HANDLE", 5))
    assert not holds(main, main)


def test_whether_there_is_but_one_order() -> None:
    free = two_branches("RELU")
    assert not Head(free).has_one_order
    pairs = tuple((f"op{i}", f"op{i + 1}") for i in range(4))
    assert Head(TflmProgram(free.model, {}, {}, pairs)).has_one_order
    # The last one reads what the one before made, so that this pair goes without saying.
    assert Head(TflmProgram(free.model, {}, {}, pairs[:3])).has_one_order
    for left in range(3):
        some = (*pairs[:left], *pairs[left + 1 :])
        assert not Head(TflmProgram(free.model, {}, {}, some)).has_one_order
