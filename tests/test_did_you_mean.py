"""What is told as meant: what is like it, the likest first, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcugraph.did_you_mean import suggestion


@pytest.mark.parametrize(
    ("wanted", "known", "said"),
    [
        ("serach", ["search", "check"], "; did you mean search?"),
        ("--boart", ["--sram", "--boards", "--board"], "; did you mean --board, --boards?"),
        ("ab1", ["ab2", "ab3", "ab4", "ab5"], "; did you mean ab2, ab3, ab4, ...?"),
        ("weight", ["height", "size"], "; did you mean height?"),
        ("x", ["search", "check"], ""),
        ("search", [], ""),
    ],
)
def test_what_is_like_it(wanted: str, known: list[str], said: str) -> None:
    assert suggestion(wanted, known) == said


def test_what_is_known_may_be_called_several_names() -> None:
    called = {"nucleo-f767zi": ["nucleof767zi", "f767zi"], "nameless": []}
    said = suggestion("f767zl", called, called.__getitem__)
    assert said == "; did you mean nucleo-f767zi?"


@given(st.text(max_size=12), st.lists(st.text(max_size=12), unique=True))
def test_a_name_that_there_is_comes_first(wanted: str, known: list[str]) -> None:
    assert suggestion(wanted, [*known, wanted]).startswith(f"; did you mean {wanted}") or (
        wanted in known
    )
