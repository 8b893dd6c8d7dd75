"""Known orders tried again at other sizes: each time the optimum that a fresh search finds."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.numbered import numbered

from mcugraph.errors import GraphError
from mcugraph.scheduling.bounds import operator_bound
from mcugraph.scheduling.entry import schedule
from mcugraph.scheduling.order_checker import check_schedule, live_bytes
from mcugraph.scheduling.problem import Problem
from mcugraph.space.orders import Order, Orders
from mcugraph.testing import problems


@given(problems(), st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_the_optimum_at_any_sizes(problem: Problem, seed: int) -> None:
    problem = replace(problem, inplace=(), count_inputs=True)
    rng, orders = np.random.default_rng(seed), Orders(problem)
    sizes = np.array(problem.sizes, np.float64)
    path = [sizes]
    for _ in range(6):
        path.append(np.rint(path[-1] * rng.uniform(0.7, 1.4, len(sizes))))
    for at in path:
        found, fresh = orders.best(at), schedule(orders.problem(at, 1))
        assert found.bytes == fresh.peak
        if found.operator is not None:
            scratch = problem.scratch[found.operator] if problem.scratch else 0
            assert found.live @ at + scratch == found.bytes
        assert orders.largest_operator(at).bytes == operator_bound(orders.problem(at, 1)) or (
            not problem.operators
        )
        names = problem.operators
        assert orders.in_file_order(at).bytes == check_schedule(orders.problem(at, 1), names)
    together = np.stack(path)
    live, scratch = orders.proven(together, np.ones(len(path)))
    values = (live * together).sum(axis=1) + scratch
    for at, value in zip(path, values.tolist(), strict=True):
        if problem.operators and not np.isnan(value):
            assert value == schedule(orders.problem(at, 1)).peak


@given(problems())
def test_liveness_of_an_order(problem: Problem) -> None:
    problem = replace(problem, inplace=(), scratch=(), count_inputs=True)
    if problem.operators:
        order = Order.of(problem, range(len(problem.operators)))
        expected = live_bytes(problem, problem.operators)
        assert (order.live @ np.array(problem.sizes)).tolist() == expected


def test_scaled_sizes_scale_the_scratch() -> None:
    problem = Problem(
        tensors=("a", "b"), sizes=(3, 5), operators=("f",), inputs=((0,),), outputs=((1,),),
        graph_inputs=(0,), graph_outputs=(1,), scratch=(7,),
    )  # fmt: skip
    orders = Orders(problem)
    assert orders.best(np.array([3.0, 5.0])).bytes == 15
    assert orders.best(np.array([30.0, 50.0]), 10).bytes == 150


@pytest.mark.parametrize("factor", [1.0, 1.5, 3.0])
def test_a_gap_needs_one_search_only(factor: float) -> None:
    """No bound reaches the peak here; a short search proves the known order at other sizes."""
    problem = gap()
    orders = Orders(problem)
    sizes = np.array(problem.sizes, np.float64)
    orders.best(sizes)
    assert orders.searched == 1
    scaled = np.rint(sizes * factor)
    assert orders.best(scaled).bytes == schedule(orders.problem(scaled, 1)).peak
    assert orders.searched == 1


def gap() -> Problem:
    """The int8 siamese network: each operator can have it cheap, but not all in one order."""
    from pathlib import Path

    import mcugraph as mg
    from mcugraph.scheduling.bounds import cut_bound

    folder = Path(__file__).resolve().parents[2] / "fixtures" / "models"
    problem = Problem.as_it_stands(mg.load(folder / "siamese_int8.tflite"))
    assert cut_bound(problem) < schedule(problem).peak
    return problem


def test_a_problem_that_no_matrix_of_it_fits_into_memory() -> None:
    n = 12_000
    problem = numbered([1] * (n + 1), [(i,) for i in range(n)], [n])
    with pytest.raises(GraphError, match="12,000 operators and 12,001 tensors are too many"):
        Orders(problem)
