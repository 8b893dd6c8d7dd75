"""Boards, sizes and latency estimates."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcugraph import boards as module
from mcugraph.errors import FormatError, McuGraphError, UsageError
from mcugraph.fit.boards import (
    NETWORK,
    Board,
    boards,
    estimate_latency,
    find_board,
    load_boards,
    parse_count,
    parse_size,
    rates,
    rates_for,
)

KIB = 1024
T = TypeVar("T")
OWN = """
[board.mine]
core = "Cortex-M4"
clock_hz = 100_000_000
sram = "64KiB"
flash = 262144
"""


def one_line(error: pytest.ExceptionInfo[McuGraphError]) -> str:
    message = str(error.value)
    assert message
    assert "\n" not in message
    return message


def outcome(function: Callable[[str], T], text: str) -> T | str:
    """What the function returns, or the message with which it refuses."""
    try:
        return function(text)
    except UsageError as error:
        return str(error)


@pytest.mark.parametrize("board", boards(), ids=lambda board: board.key)
def test_every_board_is_plausible_and_has_a_source(board: Board):
    assert re.fullmatch(r"[a-z0-9]+([-.][a-z0-9]+)*", board.key)
    assert board.name
    assert board.vendor
    assert board.mcu
    assert re.match(r"Cortex-M(0\+|4|7|33|85)$|Xtensa LX[67]|RISC-V RV32", board.core)
    assert 16e6 <= board.clock_hz <= 1e9
    assert board.clock_hz % 1_000_000 == 0
    assert 16 * KIB <= board.sram_block <= board.sram <= 4096 * KIB
    assert 128 * KIB <= board.flash <= 32768 * KIB
    assert board.sram % KIB == board.flash % KIB == 0
    assert board.sram < board.flash
    assert 1 <= board.cores <= 8
    assert "https://" in board.source or "datasheet" in board.source
    assert not board.note.endswith(".")


def test_memory_that_is_not_on_the_chip_or_not_in_one_piece_is_explained():
    for board in boards():
        if board.sram_block < board.sram:
            assert "SRAM" in board.note, board.key
        if board.flash > 2048 * KIB:
            assert "flash" in board.note, board.key


def test_there_are_many_boards_and_their_keys_and_names_differ():
    assert len(boards()) >= 35
    assert len({board.key for board in boards()}) == len(boards())
    assert len({board.name for board in boards()}) == len(boards())


@pytest.mark.parametrize(
    ("name", "sram", "flash", "mhz"),
    [
        ("NUCLEO-F767ZI", 512, 2048, 216),
        ("NUCLEO-F446RE", 128, 512, 180),
        ("NUCLEO-H743ZI2", 992, 2048, 480),
        ("Raspberry Pi Pico", 264, 2048, 133),
        ("Raspberry Pi Pico 2", 520, 4096, 150),
        ("Arduino Nano 33 BLE Sense", 256, 1024, 64),
        ("Portenta H7", 992, 2048, 480),
        ("ESP32", 320, 4096, 240),
        ("ESP32-S3", 480, 8192, 240),
        ("ESP32-C3", 384, 4096, 160),
        ("Teensy 4.1", 1024, 7936, 600),
        ("nRF52840 DK", 256, 1024, 64),
    ],
)
def test_the_usual_boards(name: str, sram: int, flash: int, mhz: int):
    board = find_board(name)
    assert (board.sram, board.flash) == (sram * KIB, flash * KIB)
    assert board.clock_hz == mhz * 1_000_000


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("nucleo_f767zi", "nucleo-f767zi"),
        ("F767ZI", "nucleo-f767zi"),
        ("nucleo f7", "nucleo-f767zi"),
        ("pico", "raspberry-pi-pico"),
        ("Pico2", "raspberry-pi-pico-2"),
        ("nano 33 ble", "arduino-nano-33-ble-sense"),
        ("esp32", "esp32"),
        ("ESP32 S3", "esp32-s3"),
        ("teensy4.1", "teensy-4.1"),
        ("STM32H743", "nucleo-h743zi2"),
        ("rp2350", "raspberry-pi-pico-2"),
    ],
)
def test_a_board_is_found_by_what_people_write(name: str, key: str):
    assert find_board(name).key == key


def test_every_key_and_name_finds_its_board():
    for board in boards():
        assert find_board(board.key) is board
        assert find_board(board.name.upper().replace("-", " ")) is board


def test_an_ambiguous_name_lists_the_boards():
    with pytest.raises(UsageError) as error:
        find_board("teensy")
    assert one_line(error) == "board 'teensy' is ambiguous: teensy-4.1, teensy-4.0"
    with pytest.raises(UsageError) as error:
        find_board("e")
    assert re.search(r" and \d+ more$", one_line(error))


def test_an_unknown_name_suggests_close_ones():
    with pytest.raises(UsageError) as error:
        find_board("nucleo-f466re")
    assert "did you mean nucleo-f446re" in one_line(error)


@given(st.text(max_size=20))
def test_any_name_finds_a_board_or_fails_with_one_line(name: str):
    found = outcome(find_board, name)
    assert found in boards() or "\n" not in str(found)


def test_find_board_among_boards_of_ones_own(tmp_path: Path):
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    assert find_board("Mine", load_boards(path)).key == "mine"
    with pytest.raises(UsageError):
        find_board("esp32", load_boards(path))


def test_a_board_of_ones_own_needs_four_keys(tmp_path: Path):
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    (board,) = load_boards(path)
    assert board == Board(
        key="mine",
        name="mine",
        mcu="",
        core="Cortex-M4",
        clock_hz=100_000_000,
        sram=64 * KIB,
        flash=256 * KIB,
        source="",
        note="",
        vendor="",
        cores=1,
        sram_block=64 * KIB,
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no boards"),
        ("[board]", "no boards"),
        ("board = 3", "no boards"),
        ("[[board]]\nname = 'x'", "no boards"),
        ("[board.x", "not a TOML file"),
        ("board.x = 3", "board 'x': is not a table"),
        (OWN.replace("sram", "ram"), "board 'mine': sram is missing"),
        (OWN.replace('core = "Cortex-M4"', ""), "core is missing"),
        (OWN.replace("262144", "true"), "flash must be a whole number, not True"),
        (OWN.replace("262144", "2.5"), "flash must be a whole number, not 2.5"),
        (OWN.replace("262144", "-1"), "flash must be positive, not -1"),
        (OWN.replace("262144", "'lots\\n'"), "flash: "),
        (OWN.replace('"Cortex-M4"', "4"), "core must be text, not 4"),
        (OWN + "flsh = 3\n", "unknown key 'flsh'; did you mean flash?"),
        (OWN + "sram_block = '65KiB'\n", "sram_block is larger than sram"),
    ],
)
def test_a_wrong_file_of_boards_gives_one_line(tmp_path: Path, text: str, reason: str):
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError) as error:
        load_boards(path)
    assert reason in one_line(error)
    assert str(path) in str(error.value)


@given(st.binary(max_size=60))
def test_any_bytes_give_one_line(tmp_path_factory: pytest.TempPathFactory, data: bytes):
    path = tmp_path_factory.getbasetemp() / "bytes.toml"
    path.write_bytes(data)
    with pytest.raises(FormatError) as error:
        load_boards(path)
    one_line(error)


def test_nested_toml_that_exhausts_the_stack_gives_one_line(tmp_path: Path):
    path = tmp_path / "deep.toml"
    path.write_text("x = " + "[" * 100_000, encoding="utf-8")
    with pytest.raises(FormatError) as error:
        load_boards(path)
    one_line(error)


def test_a_missing_file_and_a_directory_give_one_line(tmp_path: Path):
    for path in (tmp_path / "absent.toml", tmp_path):
        with pytest.raises(FormatError) as error:
            load_boards(path)
        assert str(path) in one_line(error)


@pytest.mark.parametrize(
    ("text", "size"),
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
def test_sizes(text: str, size: int):
    assert parse_size(text) == size


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


@given(st.integers(0, 10**15))
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
        value = outcome(parse, text)
        assert value >= 0 if isinstance(value, int) else "\n" not in value


def test_rates_are_ranges_with_a_source_for_cores_that_exist():
    cores = {board.core for board in boards()}
    assert len({(rate.core, rate.kind) for rate in rates()}) == len(rates())
    for rate in rates():
        assert rate.core in cores
        assert rate.kind in {"conv2d", "depthwise_conv2d", "dense", NETWORK}
        assert 0.001 < rate.low < rate.high < 16
        assert "https://" in rate.source
        assert rate.note


# Models of MLPerf Tiny, and TFLM's person detection: MACs by kind.
AD = {"dense": 264_192}
IC = {"conv2d": 12_500_992, "dense": 640}
KWS = {"conv2d": 2_368_000, "depthwise_conv2d": 288_000, "dense": 768}
VWW = {"conv2d": 6_690_816, "depthwise_conv2d": 798_336, "dense": 512}
PERSON = {"conv2d": 6_359_552, "depthwise_conv2d": 798_336}


@pytest.mark.parametrize(
    ("core", "mhz", "macs", "milliseconds"),
    [
        ("Cortex-M0+", 64, AD, 1000 / 21.484),
        ("Cortex-M0+", 64, IC, 1000 / 0.599),
        ("Cortex-M0+", 64, KWS, 1000 / 1.472),
        ("Cortex-M0+", 64, VWW, 1000 / 0.535),
        ("Cortex-M4", 120, AD, 1000 / 116.212),
        ("Cortex-M4", 120, AD, 1000 / 131.950),
        ("Cortex-M4", 120, IC, 1000 / 2.567),
        ("Cortex-M4", 120, IC, 1000 / 4.505),
        ("Cortex-M4", 120, KWS, 1000 / 10.019),
        ("Cortex-M4", 120, KWS, 1000 / 13.759),
        ("Cortex-M4", 120, VWW, 1000 / 3.324),
        ("Cortex-M7", 280, AD, 1000 / 547.234),
        ("Cortex-M7", 216, AD, 1000 / 585.204),
        ("Cortex-M7", 280, IC, 1000 / 18.215),
        ("Cortex-M7", 280, KWS, 1000 / 60.988),
        ("Cortex-M7", 280, VWW, 1000 / 19.867),
        ("Cortex-M7", 216, {"conv2d": 12_288_000, "dense": 10_240}, 99.1),
        ("Cortex-M33", 128, AD, 1000 / 159.020),
        ("Cortex-M33", 128, IC, 1000 / 3.146),
        ("Cortex-M33", 128, KWS, 1000 / 13.074),
        ("Cortex-M33", 128, VWW, 1000 / 4.286),
        ("Cortex-M33", 160, AD, 1000 / 206.191),
        ("Cortex-M33", 160, IC, 1000 / 7.800),
        ("Cortex-M33", 160, KWS, 1000 / 25.920),
        ("Cortex-M85", 480, AD, 1000 / 1884.138),
        ("Cortex-M85", 480, IC, 1000 / 117.948),
        ("Cortex-M85", 480, KWS, 1000 / 288.611),
        ("Cortex-M85", 480, VWW, 1000 / 74.665),
        ("Xtensa LX7 with vector instructions", 240, PERSON, 54),
        ("Xtensa LX6", 240, PERSON, 380),
        ("Xtensa LX6", 240, PERSON, 4084),
        ("RISC-V RV32IMC", 160, PERSON, 426),
        ("RISC-V RV32IMC", 160, PERSON, 3355),
    ],
)
def test_published_times_lie_within_the_estimate(
    core: str, mhz: int, macs: dict[str, int], milliseconds: float
):
    board = Board("b", "b", "", core, mhz * 1_000_000, 1, 1, "", "", "", 1, 1)
    estimate = estimate_latency(board, macs)
    assert estimate is not None
    assert estimate[0] * 1000 <= milliseconds <= estimate[1] * 1000


def test_a_latency_follows_from_rates_and_clock():
    board = find_board("nucleo-f446re")
    macs = {"conv2d": 1_000_000, "dense": 50_000, "add": 0}
    conv, dense = rates_for(board, macs)
    estimate = estimate_latency(board, macs)
    assert estimate == pytest.approx(
        (
            (1_000_000 / conv.high + 50_000 / dense.high) / 180e6,
            (1_000_000 / conv.low + 50_000 / dense.low) / 180e6,
        )
    )


def test_a_kind_without_a_rate_of_its_own_sends_all_macs_through_the_network_rate():
    board = find_board("nucleo-f446re")
    macs = {"conv2d": 900, "depthwise_conv2d": 100}
    (rate,) = rates_for(board, macs)
    assert rate.kind == NETWORK
    assert estimate_latency(board, macs) == pytest.approx(
        (1000 / rate.high / 180e6, 1000 / rate.low / 180e6)
    )


@pytest.mark.parametrize(
    ("board", "macs"),
    [
        ("esp32-c6", IC),  # nothing is published for the core
        ("nucleo-f446re", {"conv2d": 1000, "lstm": 1}),  # nor for the kind
        ("esp32-s3", {"matmul": 1000}),
        ("nucleo-f446re", {}),
        ("nucleo-f446re", {"conv2d": 0}),
    ],
)
def test_no_published_rate_no_latency(board: str, macs: dict[str, int]):
    assert estimate_latency(find_board(board), macs) is None
    assert rates_for(find_board(board), macs) == ()


def test_importing_reads_no_file():
    loaded = "'tomllib' in sys.modules or 'numpy' in sys.modules"
    code = f"import sys, mcugraph.fit.boards; sys.exit({loaded})"
    root = Path(module.__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
