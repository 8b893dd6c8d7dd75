"""Boards: the data of the library, files of one's own, and how they are found."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcugraph.errors import FormatError, McuGraphError, UsageError
from mcugraph.fit.boards import Board, boards, find_board, load_boards

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
    assert re.match(
        r"Cortex-M(0\+|3|4|7|33|55|85)$|Xtensa LX([67]|106)|RISC-V RV32|AVR$", board.core
    )
    assert 16e6 <= board.clock_hz <= 1e9
    assert board.clock_hz % 1_000_000 == 0
    assert 2 * KIB <= board.for_arena <= board.sram_block <= board.sram <= 8192 * KIB
    assert 31 * KIB <= board.for_program <= board.flash <= 131072 * KIB
    assert bool(board.too_small) is (board.core == "AVR")
    assert "https://" in board.usable_source
    core = board.core.split()[0]
    assert ("Helium" in board.features) is (core in {"Cortex-M55", "Cortex-M85"})
    assert ("DSP" in board.features) is (core[-3:] in {"-M4", "-M7", "M33", "M55", "M85"})
    assert not {"FPU", "FPU64"} <= set(board.features)
    assert board.external_ram % (1024 * KIB) == board.external_flash % (1024 * KIB) == 0
    assert board.sram % KIB == board.flash % KIB == 0
    assert board.sram < board.flash or board.key.startswith("alif")
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
        ("Raspberry Pi Pico", 264, 2048, 200),
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
    ("name", "arena", "program"),
    [
        ("Pico", 256 * KIB, 2048 * KIB),  # memmap_default.ld: RAM 256k
        ("Nano 33 BLE Sense", 0x40000 - 0x200, 0xF0000),  # linker_script.ld: RAM, FLASH
        ("Uno R4 Minima", 0x8000, 0x40000 - 0x4000),  # fsp.ld: RAM, FLASH
        ("esp32-s2", 0x3FFDE000 - 0x3FFB4000, 0x140000),  # memory.ld.in; default.csv
        ("esp32-s3", 0x403CB700 - 0x40378000, 0x330000),  # memory.ld.in; default_8MB.csv
        ("esp32-c3", 0x403CE710 - 0x40380000, 0x140000),  # memory.ld.in; default.csv
        ("esp32-c6", 0x4086E610 - 0x40800000, 0x330000),  # ld.hp_mem_defs; default_8MB.csv
        ("nrf5340-dk", 0x40000 + 0x3F000, 0x100000),  # RAM and RAM1 of the application
        ("microbit-v2", 0x20020000 - 0x20002034, 0x77000 - 0x1C000),  # nrf52833-softdevice.ld
        ("xiao nrf52840 sense", 0x20040000 - 0x20006000, 0xED000 - 0x27000),  # nrf52840_s140_v7.ld
        ("MIMXRT1060-EVK", 0xC0000, 0x7FDC00),  # m_data2, m_text
        ("stm32n6", 2048 * KIB, 128 * 1024 * KIB),  # STM32N657XX_XIP.ld: RAM
        ("alif", 0x400000, 0x200000),  # app_mem_regions.h: APP_SRAM0_SIZE, APP_MRAM_HP_SIZE
    ],
)
def test_what_a_board_leaves_is_what_its_linker_script_says(name: str, arena: int, program: int):
    board = find_board(name)
    assert (board.for_arena, board.for_program) == (arena, program)


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
        ("Pico W", "raspberry-pi-pico-w"),
        ("bluepill", "blue-pill"),
        ("nodemcu", "esp8266"),
        ("stm32n6", "stm32n6570-dk"),
        ("mega", "arduino-mega-2560"),
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
    for name, keys in (
        ("rp2040", {"raspberry-pi-pico", "raspberry-pi-pico-w", "arduino-nano-rp2040-connect"}),
        ("rp2350", {"raspberry-pi-pico-2", "raspberry-pi-pico-2-w"}),
        ("nRF52840", {"nrf52840-dk", "arduino-nano-33-ble-sense", "xiao-nrf52840-sense"}),
        ("stm32h7", {b.key for b in boards() if b.mcu.startswith("STM32H7")}),
    ):
        with pytest.raises(UsageError) as error:
            find_board(name)
        listed = one_line(error).partition(" is ambiguous: ")[2]
        assert set(listed.split(", ")) == keys
    with pytest.raises(UsageError) as error:
        find_board("n")
    assert re.search(r" and \d+ more$", one_line(error))


@pytest.mark.parametrize(
    ("wanted", "meant"),
    [
        ("nucleo-f466re", "did you mean nucleo-f446re, "),
        ("ardiuno nano 33 ble", "did you mean arduino-nano-33-ble-sense?"),
        ("pico22", "did you mean raspberry-pi-pico-2, raspberry-pi-pico-2-w?"),
        ("esp32-s33", "did you mean esp32-s3, xiao-esp32s3?"),
        ("stm32f446rz", "did you mean nucleo-f446re?"),
        ("nrf52804", "did you mean arduino-nano-33-ble-sense, nrf52840-dk, xiao-nrf52840-sense?"),
        ("nucelo", "did you mean nucleo-f767zi, nucleo-f446re, nucleo-h743zi2, ...?"),
        ("zzzzzz", "; `mcugraph boards` lists them"),
        ("", "; `mcugraph boards` lists them"),
    ],
)
def test_an_unknown_name_suggests_close_ones(wanted: str, meant: str):
    """By a slip in any part of a name, or in a part number."""
    with pytest.raises(UsageError) as error:
        find_board(wanted)
    assert one_line(error).partition("; ")[2] == meant.removeprefix("; ") or (
        meant.endswith(", ") and meant in one_line(error)
    )


@pytest.mark.parametrize("board", boards(), ids=lambda board: board.key)
def test_a_slip_in_a_key_suggests_its_board(board: Board):
    """Two letters in the middle that are swapped, where that makes no name of another one."""
    key, middle = board.key, len(board.key) // 2
    slip = key[: middle - 1] + key[middle] + key[middle - 1] + key[middle + 1 :]
    said = str(outcome(find_board, slip))
    assert board.key in said


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
        (OWN + "features = 'FPU'\n", "features must be a list of DSP, FPU, "),
        (OWN + "features = ['FPU', 3]\n", "not ['FPU', 3]"),
        (OWN + "flsh = 3\n", "unknown key 'flsh'; did you mean flash?"),
        (OWN + "sram_block = '65KiB'\n", "sram_block is larger than sram"),
        (OWN + f"cores = 1{'0' * 400}\n", "cores must be at most 9,223,372,036,854,775,807"),
        (OWN + f"cores = 0x1{'0' * 9000}\n", "cores must be at most"),
        (OWN + "sram_block = '5_000_000_000_000_000_000KiB'\n", "is more than"),
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


def test_importing_reads_no_file():
    loaded = "'tomllib' in sys.modules or 'numpy' in sys.modules"
    code = f"import sys, mcugraph.fit.boards; sys.exit({loaded})"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
