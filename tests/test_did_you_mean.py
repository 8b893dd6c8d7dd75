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
        ("f767zl", {"nucleo-f767zi": ["nucleof767zi", "f767zi"]}, "; did you mean nucleo-f767zi?"),
        ("f767zl", {"nothing": []}, ""),
    ],
)
def test_what_is_like_it(wanted: str, known: dict[str, list[str]] | list[str], said: str) -> None:
    assert suggestion(wanted, known) == said


@given(st.text(max_size=12), st.lists(st.text(max_size=12), unique=True))
def test_a_name_that_there_is_comes_first(wanted: str, known: list[str]) -> None:
    assert suggestion(wanted, [*known, wanted]).startswith(f"; did you mean {wanted}") or (
        wanted in known
    )
