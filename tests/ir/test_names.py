"""Names are handed out once each, in one pass however often the same one is asked for."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from mcugraph.ir.names import Names

wanted = st.lists(st.text("ab#2", min_size=1, max_size=4), max_size=30)


def first_free(names: list[str]) -> Iterator[str]:
    """The rule said plainly: the name itself, else the lowest number that nobody has."""
    used: set[str] = set()
    for name in names:
        candidates = [name, *(f"{name}#{number}" for number in range(2, len(names) + 2))]
        result = next(candidate for candidate in candidates if candidate not in used)
        used.add(result)
        yield result


@given(wanted)
def test_each_name_is_given_once_and_is_the_first_free_one(names: list[str]) -> None:
    source = Names()
    got = [source.unique(name) for name in names]
    assert len(set(got)) == len(got)
    assert got == list(first_free(names))


class _Counting(set[str]):
    asked = 0

    def __contains__(self, name: object) -> bool:
        self.asked += 1
        return super().__contains__(name)


def test_equal_names_cost_one_question_more_than_there_are() -> None:
    source = Names()
    source._used = used = _Counting()
    for _ in range(20_000):
        source.unique("x")
    assert used.asked <= 2 * 20_000


def test_names_that_are_taken_and_another_separator() -> None:
    source = Names(["stem"], "_")
    assert [source.unique("stem"), source.unique("stem"), source.unique("head")] == [
        "stem_2",
        "stem_3",
        "head",
    ]
