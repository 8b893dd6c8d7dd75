"""What a model needs of a board, which depends on how the board's compilers lay out structs."""

import re
from pathlib import Path

import pytest

import mcugraph as mg
from mcugraph.errors import UsageError
from mcugraph.fit.advice import by_abi, fitting_boards
from mcugraph.fit.boards import boards, find_board
from mcugraph.fit.model_needs import Allowance, needs_of, needs_on
from mcugraph.profiler import on_abi


def test_boards_know_their_abi_by_core() -> None:
    assert {board.abi for board in boards() if board.core.startswith("Cortex")} == {"arm"}
    assert {find_board(name).abi for name in ("esp32", "esp32-c3", "esp32-p4")} == {"int-enums"}


def test_a_board_is_asked_for_what_its_own_build_takes(models: Path) -> None:
    graph = mg.load(models / "autoencoder_int8.tflite")
    found = mg.profile(graph)
    short, whole = find_board("nucleo-f446re"), find_board("esp32")
    profiles = by_abi(found, graph, (short, whole))
    for board in (short, whole):
        memory = mg.profile(graph, mg.Runtime(abi=board.abi)).memory
        assert profiles[board.abi].memory == memory
        need = needs_on(board, profiles)[0]
        assert (need.resource, need.needed) == ("SRAM", memory.tflm_total)
        # A small model needs more while it loads than it keeps, and the table says so.
        assert memory.tflm_arena is not None
        assert memory.tflm_persistent is not None
        assert need.needed > memory.tflm_arena + memory.tflm_persistent
        assert "more to load" in need.parts
    assert profiles["int-enums"].memory.tflm_total > profiles["arm"].memory.tflm_total  # type: ignore[operator]
    assert fitting_boards(profiles, (whole, short)) == (short, whole)


def test_the_parts_of_the_arena_add_up(models: Path) -> None:
    seen = set()
    for path in sorted(models.glob("*.tflite")):
        need = needs_of(mg.profile(path), Allowance("anything", sram=0))[0]
        seen |= {word for word in ("more to load", "of padding") if word in need.parts}
        terms = re.findall(r"([-+]?)[^-+\d]*([\d,]+)", need.parts)
        assert sum(int(sign + n.replace(",", "")) for sign, n in terms) == need.needed, need.parts
    assert seen == {"more to load", "of padding"}


def test_an_unknown_build_is_refused(models: Path) -> None:
    path = models / "autoencoder_int8.tflite"
    with pytest.raises(UsageError, match="unknown ABI 'sparc'; expected one of arm, int-enums"):
        mg.profile(path, mg.Runtime(abi="sparc"))
    with pytest.raises(UsageError, match="unknown kernels 'esp-nn'; expected one of reference"):
        mg.profile(path, kernels="esp-nn")


def test_a_profile_without_an_arena_is_the_same_everywhere(models: Path) -> None:
    graph = mg.load(models / "autoencoder_int8.tflite")
    found = mg.profile(graph, accounting="paper")
    assert on_abi(found, graph, "int-enums").memory == found.memory
