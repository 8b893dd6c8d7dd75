"""What is needed together, against all times one by one."""

from hypothesis import given
from hypothesis import strategies as st

from mcugraph.planning.sections import meetings, sections

SPANS = st.lists(
    st.tuples(st.integers(-3, 9), st.integers(1, 6)).map(lambda span: (span[0], sum(span))),
    max_size=9,
)


@given(SPANS)
def test_sections_are_the_largest_sets_of_what_is_needed_at_one_time(
    spans: list[tuple[int, int]],
) -> None:
    at = [frozenset(i for i, (lo, hi) in enumerate(spans) if lo <= t < hi) for t in range(-3, 15)]
    found = list(sections(spans))
    assert {frozenset(members) for members, _ in found} == {
        some for some in at if some and not any(some < other for other in at)
    }
    assert sorted(i for _, new in found for i in new) == list(range(len(spans)))


@given(SPANS)
def test_pairs_that_meet_are_counted(spans: list[tuple[int, int]]) -> None:
    assert meetings(spans) == sum(
        max(a[0], b[0]) < min(a[1], b[1]) for i, a in enumerate(spans) for b in spans[:i]
    )
