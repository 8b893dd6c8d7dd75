"""Fronts against definitions: who dominates whom, and volumes by counting cells."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from mcugraph.experiments.fronts import crowding, front_of, hypervolume, ranks_of

points = st.integers(1, 3).flatmap(
    lambda axes: st.lists(st.tuples(*[st.integers(0, 5)] * axes), min_size=1, max_size=12)
)


def beats(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return all(x <= y for x, y in zip(a, b, strict=True)) and a != b


@given(points)
def test_a_front_is_what_nobody_beats(given_points: list[tuple[int, ...]]) -> None:
    front = front_of(given_points)
    expected = [i for i, p in enumerate(given_points) if not any(beats(q, p) for q in given_points)]
    assert front == expected


@given(points)
def test_ranks_peel_fronts_off(given_points: list[tuple[int, ...]]) -> None:
    ranks = ranks_of(given_points)
    for rank in range(max(ranks) + 1):
        left = [i for i, r in enumerate(ranks) if r >= rank]
        front = {left[i] for i in front_of([given_points[i] for i in left])}
        assert front == {i for i, r in enumerate(ranks) if r == rank}


@given(points)
def test_a_volume_is_the_cells_that_are_dominated(given_points: list[tuple[int, ...]]) -> None:
    axes = len(given_points[0])
    cells = sum(
        any(all(x <= c for x, c in zip(p, cell, strict=True)) for p in given_points)
        for cell in product(range(6), repeat=axes)
    )
    assert hypervolume(given_points, (6,) * axes) == cells


def test_the_ends_of_a_front_are_never_crowded() -> None:
    far = crowding([(0, 4), (1, 2), (1, 2), (2, 1), (5, 0)])
    assert far[0] == far[4] == float("inf")
    assert far[3] > far[1]
    assert ranks_of([]) == crowding([]) == []
    assert hypervolume([(7, 7)], (6, 6)) == 0
