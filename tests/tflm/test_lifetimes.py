"""When TFLM needs each tensor: worked examples, checked once with its Python wheel."""

from dataclasses import replace

from mcugraph.formats.tflite.model import TfliteModel, TfliteOperator, TfliteSubgraph, TfliteTensor
from mcugraph.ir import DType
from mcugraph.ops.elementwise import Elementwise
from mcugraph.tflm.lifetimes import buffers

OP = Elementwise("neg")
Span = tuple[int, int, int]


def floats(count: int, **fields: bool) -> TfliteTensor:
    return TfliteTensor(DType.FLOAT32, (1, count), **fields)


def neg(source: int, target: int) -> TfliteOperator:
    return TfliteOperator("NEG", (source,), (target,))


def control(name: str, inputs: tuple[int, ...], output: int, *bodies: int) -> TfliteOperator:
    return TfliteOperator(name, inputs, (output,), bodies=bodies)


def graph(
    tensors: list[TfliteTensor],
    operators: list[TfliteOperator],
    inputs: tuple[int, ...],
    outputs: tuple[int, ...],
) -> TfliteSubgraph:
    return TfliteSubgraph(tuple(tensors), tuple(operators), inputs, outputs)


def spans(
    *graphs: TfliteSubgraph, scratch: dict[tuple[int, int], list[int]] | None = None
) -> list[Span]:
    return [(b.size, b.first, b.last) for b in buffers(TfliteModel(graphs), scratch or {})]


def test_a_chain() -> None:
    chain = graph([floats(8)] * 3, [neg(0, 1), neg(1, 2)], (0,), (2,))
    assert spans(chain) == [(32, 0, 1), (32, 1, 2), (32, 2, 2)]


def test_sizes_are_rounded_up_to_16() -> None:
    assert spans(graph([floats(1), floats(5)], [neg(0, 1)], (0,), (1,))) == [(16, 0, 1), (32, 1, 1)]


def test_an_output_that_is_read_later_stays_to_the_end() -> None:
    chain = graph([floats(8)] * 4, [neg(0, 1), neg(1, 2), neg(2, 3)], (0,), (1, 3))
    assert spans(chain) == [(32, 0, 1), (32, 1, 3), (32, 2, 3), (32, 3, 3)]


def test_an_unread_input_lives_at_the_start_alone() -> None:
    assert spans(graph([floats(8)] * 3, [neg(0, 2)], (0, 1), (2,)))[1] == (32, 0, 0)


def test_a_tensor_that_nothing_touches_is_planned_at_minus_one() -> None:
    unused = graph([floats(8), floats(100), floats(8), floats(50)], [neg(0, 2)], (0,), (2,))
    assert spans(unused) == [(32, 0, 1), (400, -1, -1), (32, 1, 1), (208, -1, -1)]


def test_a_tensor_that_is_never_written_lives_from_minus_one() -> None:
    add = TfliteOperator("ADD", (2, 1), (3,))
    assert spans(graph([floats(8)] * 4, [neg(0, 2), add], (0,), (3,)))[1] == (32, -1, 2)


def test_a_tensor_that_is_written_twice_lives_from_the_first_time() -> None:
    again = graph([floats(8)] * 4, [neg(0, 1), neg(1, 2), neg(2, 1), neg(1, 3)], (0,), (3,))
    assert spans(again)[1] == (32, 1, 4)


def test_constants_variables_and_empty_tensors_take_no_arena() -> None:
    tensors = [floats(8), floats(8), floats(9, constant=True), floats(9, variable=True), floats(0)]
    assert spans(graph(tensors, [neg(0, 1)], (0,), (1,))) == [(32, 0, 1), (32, 1, 1)]


def test_four_bits_are_planned_as_a_byte() -> None:
    tensors = [floats(1), floats(1), TfliteTensor(DType.INT4, (33,))]
    assert spans(graph(tensors, [neg(0, 1)], (0,), (1,)))[2] == (48, -1, -1)


def test_a_handle_of_a_variable_is_not_planned() -> None:
    handle = TfliteTensor(DType.RESOURCE, ())
    made = TfliteOperator("VAR_HANDLE", (), (2,))
    assert len(spans(graph([floats(1), floats(1), handle], [made, neg(0, 1)], (0,), (1,)))) == 2


def test_scratch_lives_while_its_operator_runs() -> None:
    chain = graph([floats(8)] * 3, [neg(0, 1), neg(1, 2)], (0,), (2,))
    assert spans(chain, scratch={(0, 1): [20, 4]})[3:] == [(32, 2, 2), (16, 2, 2)]


def test_both_branches_of_an_if_come_one_after_the_other() -> None:
    boolean = TfliteTensor(DType.BOOL, (1,))
    main = graph(
        [boolean, floats(8), floats(8), floats(8)],
        [neg(1, 2), control("IF", (0, 2), 3, 1, 2)],
        (0, 1),
        (3,),
    )
    branch = graph([floats(8), floats(8)], [neg(0, 1)], (0,), (1,))
    # Scopes: 1 NEG, 2 IF, 3 the first branch, 4 its NEG, 5 the second branch, 6 its NEG.
    assert spans(main, branch, branch) == [
        (16, 0, 6),
        (32, 0, 1),
        (32, 1, 6),
        (32, 2, 6),
        (32, 3, 4),
        (32, 4, 4),
        (32, 5, 6),
        (32, 6, 6),
    ]


def test_a_body_that_is_called_twice_lives_from_the_first_call_through_the_last() -> None:
    main = graph([floats(8), floats(8)], [control("WHILE", (0,), 1, 1, 1)], (0,), (1,))
    body = graph([floats(8), floats(8)], [neg(0, 1)], (0,), (1,))
    assert spans(main, body)[2:] == [(32, 2, 5), (32, 3, 5)]


def test_a_subgraph_that_nothing_calls_is_planned_all_the_same() -> None:
    one = graph([floats(8), floats(8)], [neg(0, 1)], (0,), (1,))
    assert spans(one, one)[2:] == [(32, -1, -1), (32, -1, -1)]


def test_a_subgraph_that_calls_itself_ends() -> None:
    main = graph([floats(8), floats(8)], [control("WHILE", (0,), 1, 0, 0)], (0,), (1,))
    assert len(spans(main)) == 2


def test_offsets_run_through_all_subgraphs() -> None:
    one = graph([floats(8), floats(8)], [neg(0, 1)], (0,), (1,))
    model = TfliteModel((one, one), offsets=(0, 32, 64, -1))
    assert [b.offset for b in buffers(model, {})] == [0, 32, 64, -1]


def test_a_variable_with_an_offset_moves_into_the_arena() -> None:
    tensors = (floats(8), floats(8), floats(30, variable=True))
    one = replace(graph([], [neg(0, 1)], (0,), (1,)), tensors=tensors)
    model = TfliteModel((one,), offsets=(-1, -1, 512))
    assert [(b.size, b.first, b.last, b.offset) for b in buffers(model, {})][2] == (
        128,
        -1,
        -1,
        512,
    )
