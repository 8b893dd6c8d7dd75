"""Sizes and counts, read and written."""

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcugraph.errors import UsageError
from mcugraph.units import (
    MOST,
    checked_count,
    checked_share,
    checked_size,
    decimal,
    exact,
    kib,
    parse_count,
    parse_duration,
    parse_share,
    parse_size,
    size,
)


def one_line(error: pytest.ExceptionInfo[UsageError]) -> str:
    message = str(error.value)
    assert message
    assert "\n" not in message
    return message


def outcome(parse: Callable[[str], int], text: str) -> int | str:
    """The number, or the message with which the text is refused."""
    try:
        return parse(text)
    except UsageError as error:
        return str(error)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("65536", 65536),
        ("65_536", 65536),
        ("10 b", 10),
        ("64KiB", 64 * 1024),
        ("64 kib", 64 * 1024),
        ("64K", 64 * 1024),
        ("64k", 64 * 1024),
        ("64KB", 64_000),
        ("64kB", 64_000),
        ("2M", 2 << 20),
        ("2MiB", 2 << 20),
        ("1MB", 1_000_000),
        ("1.5MiB", 3 << 19),
        ("1.44MB", 1_440_000),
        ("0.5K", 512),
        (" 0 ", 0),
    ],
)
def test_sizes(text: str, wanted: int):
    assert parse_size(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "K",
        "-1",
        "1e3",
        "64Kbit",
        "0x100",
        "1.",
        ".5K",
        "1,5K",
        "5 5",
        "٣K",
        "inf",
        "1\nK\n1",
    ],
)
def test_what_is_no_size(text: str):
    with pytest.raises(UsageError) as error:
        parse_size(text)
    assert repr(text) in one_line(error)


def test_a_size_is_a_whole_number_of_bytes():
    with pytest.raises(UsageError) as error:
        parse_size("0.3KiB")
    assert one_line(error) == "'0.3KiB' is not a whole number of bytes"


@pytest.mark.parametrize(
    ("text", "count"),
    [("5M", 5_000_000), ("5m", 5_000_000), ("2.5k", 2500), ("1G", 10**9), ("1200000", 1_200_000)],
)
def test_counts(text: str, count: int):
    assert parse_count(text) == count


@pytest.mark.parametrize("text", ["", "5MiB", "5MB", "-5", "five", "0.5"])
def test_what_is_no_count(text: str):
    with pytest.raises(UsageError) as error:
        parse_count(text)
    one_line(error)


@given(st.integers(0, 10**12))
def test_sizes_and_counts_survive_being_written(number: int):
    assert parse_size(str(number)) == parse_size(f"{number}B") == number
    assert parse_size(f"{number}KiB") == parse_size(f"{number}k") == number * 1024
    assert parse_size(f"{number} MB") == number * 1_000_000
    assert parse_size(f"{number:_}") == number
    assert parse_count(f"{number}M") == number * 1_000_000


@given(st.integers(0, 10**12), st.sampled_from(["k", "M", "G"]))
def test_a_fraction_of_a_unit_is_exact(thousandths: int, unit: str):
    text = f"{thousandths // 1000}.{thousandths % 1000:03}{unit}"
    factor = {"k": 1, "M": 1000, "G": 10**6}[unit]
    assert parse_count(text) == thousandths * factor


@given(st.text(max_size=12))
def test_any_text_is_a_size_or_fails_with_one_line(text: str):
    for parse in (parse_size, parse_count):
        found = outcome(parse, text)
        assert 0 <= found <= MOST if isinstance(found, int) else "\n" not in found


@pytest.mark.parametrize(
    "text", ["1e400", "5_000_000_000_000_000_000_000KiB", "9" * 30, "9" * 400, "9" * 5000 + "GiB"]
)
def test_what_no_machine_has_is_one_line(text: str):
    for parse in (parse_size, parse_count):
        with pytest.raises(UsageError) as error:
            parse(text)
        one_line(error)


def test_the_largest_number():
    assert parse_size(str(MOST)) == parse_count(str(MOST)) == MOST
    with pytest.raises(UsageError, match="is more than 9,223,372,036,854,775,807 bytes"):
        parse_size(str(MOST + 1))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 B (0.0 KiB)"),
        (1, "1 B (0.0 KiB)"),
        (1024, "1,024 B (1.0 KiB)"),
        (55_296, "55,296 B (54.0 KiB)"),
        (1024 * 1024, "1,048,576 B (1.00 MiB)"),
        (1024 * 1024 - 52, "1,048,524 B (1023.9 KiB)"),
    ],
)
def test_bytes_are_exact_and_in_kib(value: int, text: str) -> None:
    assert size(value) == text
    assert f"{exact(value)} B ({kib(value)})" == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.00 k"),
        (7_157_888, "7.16 M"),
        (300_774_272, "300.77 M"),
        (1_000_000_000, "1.00 G"),
    ],
)
def test_counts_are_decimal(value: int, text: str) -> None:
    assert decimal(value) == text


@given(st.integers(0, 1 << 50))
def test_rounding_is_that_of_fractions(value: int) -> None:
    assert kib(value) == (
        f"{float(round(Fraction(value, 1 << 20), 2)):.2f} MiB"
        if value >= 1 << 20
        else f"{float(round(Fraction(value, 1 << 10), 1)):.1f} KiB"
    )
    if 1000 <= value < 10**6:
        assert decimal(value) == f"{float(round(Fraction(value, 1000), 2)):.2f} k"


def test_numbers_beyond_any_float_are_written() -> None:
    """A damaged file may claim them."""
    assert size(10**400).endswith(" MiB)")
    assert decimal(10**400) == "1" + "0" * 391 + ".00 G"
    assert kib(-1024) == "-1.0 KiB"
    assert kib(-1) == "0.0 KiB"


@pytest.mark.parametrize("parse", [parse_size, parse_count, parse_share, parse_duration])
@pytest.mark.parametrize("text", ["-5", " -5M", "-.5%", "-"])
def test_what_is_below_0_is_told_so(parse: Callable[[str], float], text: str):
    with pytest.raises(UsageError) as error:
        parse(text)
    assert one_line(error).startswith(f"{text!r} is below 0: a ")


@pytest.mark.parametrize(
    ("checked", "given", "same"),
    [
        (checked_size, "24KiB", 24 * 1024),
        (checked_size, 7, 7),
        (checked_count, "2.5k", 2500),
        (checked_count, 0, 0),
        (checked_share, "5%", 0.05),
        (checked_share, "0.5", 0.5),
        (checked_share, 1, 1),
    ],
)
def test_arguments_are_numbers_or_text(checked: Callable[..., float], given: object, same: float):
    assert checked("it", given) == same


@pytest.mark.parametrize(
    ("checked", "given", "said"),
    [
        (checked_size, "24 apples", "it: '24 apples' is not a size; write it like"),
        (checked_size, -1, "it: a whole number from 0 on is needed, not -1"),
        (checked_size, 1.5, "it: a whole number from 0 on is needed, not 1.5"),
        (checked_size, None, "it: a whole number from 0 on is needed, not None"),
        (checked_count, "5MiB", "it: '5MiB' is not a count"),
        (checked_share, "150%", "it: a share from 0 to 1 is needed, not 150%"),
        (checked_share, "soon", "it: 'soon' is no share"),
        (checked_share, True, "it: a number from 0 on is needed, not True"),
    ],
)
def test_arguments_that_are_neither(checked: Callable[..., float], given: object, said: str):
    with pytest.raises(UsageError) as error:
        checked("it", given)
    assert one_line(error).startswith(said)
