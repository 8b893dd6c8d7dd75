import pytest

from mcugraph.errors import GraphError
from mcugraph.scheduling.order_checker import check_schedule, live_bytes
from mcugraph.scheduling.problem import Problem


def diamond(**changes):
    """X (10) -> a (5) -> b (3), c (4) -> d reads both (2)."""
    fields = {
        "tensors": ("x", "ta", "tb", "tc", "td"),
        "sizes": (10, 5, 3, 4, 2),
        "operators": ("a", "b", "c", "d"),
        "inputs": ((0,), (1,), (1,), (2, 3)),
        "outputs": ((1,), (2,), (3,), (4,)),
        "graph_inputs": (0,),
        "graph_outputs": (4,),
    }
    return Problem(**{**fields, **changes})


def test_live_bytes_follow_the_definition():
    assert live_bytes(diamond(), "abcd") == [15, 8, 12, 9]
    assert live_bytes(diamond(), "acbd") == [15, 9, 12, 9]
    assert check_schedule(diamond(), "abcd") == 15


def test_inputs_may_live_elsewhere():
    assert live_bytes(diamond(count_inputs=False), "abcd") == [5, 8, 12, 9]


def test_scratch_counts_while_the_operator_runs():
    assert live_bytes(diamond(scratch=(0, 100, 0, 1)), "abcd") == [15, 108, 12, 10]


def test_outputs_stay_to_the_end():
    assert live_bytes(diamond(graph_outputs=(1, 4)), "abcd") == [15, 8, 12, 14]


def test_unread_input_lives_through_the_first_operator():
    problem = diamond(
        tensors=("x", "ta", "tb", "tc", "td", "unread"),
        sizes=(10, 5, 3, 4, 2, 50),
        graph_inputs=(0, 5),
    )
    assert live_bytes(problem, "abcd") == [65, 8, 12, 9]


def test_unread_output_lives_while_its_producer_runs():
    problem = diamond(
        tensors=("x", "ta", "tb", "tc", "td", "dead"),
        sizes=(10, 5, 3, 4, 2, 50),
        outputs=((1,), (2, 5), (3,), (4,)),
    )
    assert live_bytes(problem, "abcd") == [15, 58, 12, 9]


def test_in_place_needs_the_last_reader_and_room():
    pairs = ((), ((1, 2),), ((1, 3),), ((2, 4), (3, 4)))
    assert live_bytes(diamond(inplace=pairs), "abcd") == [15, 8, 8, 7]
    assert live_bytes(diamond(inplace=pairs), "acbd") == [15, 9, 9, 7]
    assert live_bytes(diamond(inplace=pairs, sizes=(10, 5, 3, 6, 4)), "abcd")[2] == 14


def test_in_place_never_overwrites_a_graph_output():
    problem = diamond(inplace=((), ((1, 2),), ((1, 3),), ()), graph_outputs=(1, 4))
    assert live_bytes(problem, "abcd") == live_bytes(diamond(graph_outputs=(1, 4)), "abcd")


def test_a_tensor_is_in_one_pair_at_most():
    problem = Problem(
        tensors=("x", "y", "p", "q"),
        sizes=(8, 6, 8, 6),
        operators=("a",),
        inputs=((0, 1),),
        outputs=((2, 3),),
        graph_inputs=(0, 1),
        graph_outputs=(2, 3),
        inplace=(((0, 2), (0, 3)),),
    )
    assert check_schedule(problem, ["a"]) == 28 - 8


def test_without_operators_the_inputs_are_held():
    problem = Problem(("x", "y"), (3, 4), (), (), (), graph_inputs=(0, 1), graph_outputs=(1,))
    assert check_schedule(problem, []) == 7


@pytest.mark.parametrize("order", ["abc", "abcc", "abcde", "bacd", "abdc", "abce"])
def test_wrong_orders_are_refused(order):
    with pytest.raises(GraphError):
        check_schedule(diamond(), order)


def test_after_pairs_are_kept():
    assert check_schedule(diamond(after=((1, 2),)), "abcd") == 15
    with pytest.raises(GraphError, match="after"):
        check_schedule(diamond(after=((1, 2),)), "acbd")
