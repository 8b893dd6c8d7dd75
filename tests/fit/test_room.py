"""What a board leaves: room for what depends on the widths, and no more than there is."""

from pathlib import Path

import pytest
from support.loading import network

import mcugraph as mg
from mcugraph.fit.boards import find_board
from mcugraph.fit.model_needs import fits, needs_of
from mcugraph.fit.room import room_on

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
    by_file, by_model = (room_on(BOARD, found).budgets for found in (file, model))
    aside = by_file["size"] - by_model["size"]
    assert 0 <= aside < 0.5 * (file.flash.file - file.flash.weights - file.flash.biases)


@pytest.mark.parametrize("name", ["resnet", "ds_cnn"])
def test_what_takes_all_of_the_room_just_fits(name: str, models: Path) -> None:
    found = mg.profile(mg.load(models / f"{name}_int8.tflite"))
    room = room_on(BOARD, found, 1_000, 2_000)
    assert (room.allowance.sram, room.allowance.flash) == (31_768, 243_760)
    spare = {
        "reserve_sram": 1_000 + room.budgets["arena"] - found.memory.tflm_arena,
        "reserve_flash": 2_000 + room.budgets["size"] - found.flash.weights - found.flash.biases,
    }
    tight = room_on(BOARD, found, **spare)
    needs = needs_of(found, tight.allowance)
    assert fits(found, needs)
    sram, flash = (need.left for need in needs)
    assert flash == 0
    assert 0 <= sram < 16  # of padding


def test_no_room_is_one_line(models: Path) -> None:
    found = mg.profile(mg.load(models / "resnet_int8.tflite"))
    with pytest.raises(mg.UsageError, match="Minima: nothing is left for the arena of a network"):
        room_on(BOARD, found, reserve_sram=32 * 1024)
    with pytest.raises(mg.UsageError, match="nothing is left for the size"):
        room_on(BOARD, found, reserve_flash=256 * 1024)
    with pytest.raises(mg.UsageError, match="reserve_sram: a whole number from 0 on"):
        room_on(BOARD, found, reserve_sram=-1)
