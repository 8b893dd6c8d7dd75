"""What a board leaves: room for what depends on the widths, and no more than there is."""

from pathlib import Path
from typing import Any

import pytest
from support.loading import network

import mcugraph as mg
from mcugraph.fit.boards import find_board
from mcugraph.fit.model_needs import fits, needs_of
from mcugraph.fit.room import Room
from mcugraph.profiler import on_abi

pytest.importorskip("torch")

BOARD = find_board("arduino-uno-r4-minima")
# Not densenet: the file's converter writes batch norms that stand alone as three operators each.
NETWORKS = [
    *("autoencoder", "branching", "detector", "ds_cnn", "efficientnet", "inception"),
    *("mobilenet_v2", "resnet", "shufflenet", "siamese", "tight_arena", "unet"),
]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_file_needs_no_more_than_is_set_aside_for_it(name: str, models: Path) -> None:
    file = mg.profile(mg.load(models / f"{name}_int8.tflite"))
    model = mg.profile(mg.from_torch(*network(name)), precision="int8")
    by_file, by_model = (Room(BOARD).budgets(found) for found in (file, model))
    aside = by_file["size"] - by_model["size"]
    assert 0 <= aside < 0.5 * (file.flash.file - file.flash.weights - file.flash.biases)


@pytest.mark.parametrize("name", ["resnet", "ds_cnn"])
def test_what_takes_all_of_the_room_just_fits(name: str, models: Path) -> None:
    found = mg.profile(mg.load(models / f"{name}_int8.tflite"))
    room = Room(BOARD, 1_000, 2_000)
    assert (
        (room.sram, room.flash) == (room.allowance.sram, room.allowance.flash) == (31_768, 243_760)
    )
    budgets = room.budgets(found)
    spare = {
        "reserve_sram": 1_000 + budgets["arena"] - found.memory.tflm_arena,
        "reserve_flash": 2_000 + budgets["size"] - found.flash.weights - found.flash.biases,
    }
    tight = Room(BOARD, **spare)
    needs = needs_of(found, tight.allowance)
    assert fits(found, needs)
    sram, flash = (need.left for need in needs)
    assert flash == 0
    assert 0 <= sram < 16  # of padding


def test_no_room_is_one_line(models: Path) -> None:
    found = mg.profile(mg.load(models / "resnet_int8.tflite"))
    with pytest.raises(mg.UsageError, match="Minima: nothing is left for the arena of a network"):
        Room(BOARD, reserve_sram="31.5KiB").budgets(found)
    with pytest.raises(mg.UsageError, match="nothing is left for the size"):
        Room(BOARD, reserve_flash=224_000).budgets(found)


@pytest.mark.parametrize(
    ("reserves", "said"),
    [
        ({"reserve_sram": -1}, "reserve_sram: a whole number from 0 on is needed, not -1"),
        ({"reserve_flash": "much"}, "reserve_flash: 'much' is not a size"),
        ({"reserve_sram": "32KiB"}, "32,768 B of SRAM are reserved, and it has 32,768 B$"),
        ({"reserve_flash": 250_000}, "are reserved, and it has .*, and TFLM's code takes 16,384 B"),
    ],
)
def test_reserves_that_are_none_or_leave_nothing(reserves: Any, said: str) -> None:
    with pytest.raises(mg.UsageError, match=said):
        Room(BOARD, **reserves)


@pytest.mark.parametrize("key", ["arduino-uno-r4-minima", "esp32-s3", "esp32-c3"])
@pytest.mark.parametrize("name", ["resnet", "ds_cnn"])
def test_needs_are_those_of_a_check(key: str, name: str, models: Path) -> None:
    """On the board's ABI: how large TFLM's structs are depends on it."""
    board, graph = find_board(key), mg.load(models / f"{name}_int8.tflite")
    found = mg.profile(graph)
    sram, flash = needs_of(on_abi(found, graph, board.abi), Room(board).allowance)
    assert Room(board).needs(found, graph) == (sram.needed, flash.likely)
