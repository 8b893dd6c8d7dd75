"""Chains of segments, joined and merged, against plain definitions of both."""

from operator import itemgetter

from hypothesis import given
from hypothesis import strategies as st

from mcugraph.scheduling.solving.hill_valley import (
    Chain,
    Segment,
    in_parallel,
    in_series,
    operators_of,
    single,
)

step = st.tuples(st.integers(0, 5), st.integers(-5, 5))
walk = st.lists(step, min_size=1, max_size=6)
rank = itemgetter(0, 1)


def chain_of(steps: list[tuple[int, int]], first: int) -> Chain:
    """The chain of some operators one after the other, numbered from one on."""
    chain = single(first, *steps[0])
    for number, (hill, delta) in enumerate(steps[1:], first + 1):
        chain = in_series(chain, single(number, hill, delta))
    return chain


@given(st.lists(walk, min_size=1, max_size=5), st.integers(0, 4), st.integers(0, 120))
def test_a_merge_is_a_stable_sort(walks, long, times) -> None:
    """Also where one chain is very much longer than the others together."""
    chains = [chain_of(steps, 10 * number) for number, steps in enumerate(walks)]
    long %= len(chains)
    chains[long] = tuple(sorted(chains[long] * (1 + times), key=rank))
    every: list[Segment] = [segment for chain in chains for segment in chain]
    assert in_parallel(chains) == tuple(sorted(every, key=rank))


@given(walk, st.lists(walk, min_size=1, max_size=3))
def test_what_follows_a_chain_may_be_a_merge(first, walks) -> None:
    """Joined segment by segment, from the front, it is the same, and in order."""
    before = chain_of(first, 0)
    after = in_parallel([chain_of(steps, 10 * n) for n, steps in enumerate(walks, 1)])
    found = before
    for segment in after:
        found = in_series(found, (segment,))
    assert in_series(before, after) == found
    assert list(map(rank, found)) == sorted(map(rank, found))
    assert operators_of(found) == operators_of(before) + operators_of(after)
