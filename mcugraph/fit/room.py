"""What a board leaves for a network, as budgets of its widths."""

from mcugraph.errors import UsageError
from mcugraph.fit.boards import Board
from mcugraph.fit.model_needs import Allowance
from mcugraph.fit.tflm_code import RUNTIME_CODE, estimated_code
from mcugraph.profiles import Profile
from mcugraph.records import dataclass
from mcugraph.units import checked_size

# What an int8 file has besides weights and biases, in bytes: no less than in files that
# `export_tflite` makes of as many operators. A bias has 4 bytes; it and the weights of its channel
# have a scale (4 bytes) and a zero point (8) each.
_QUANTISATION = 6  # for each byte of a bias
_OPERATOR, _FILE = 400, 1024


@dataclass(frozen=True, slots=True)
class Room:
    """What is left of a board.

    Attributes:
        allowance: For the whole model and TFLM: bytes of SRAM for the arena, bytes of flash for
            file and code.
        budgets: The same for what depends on the widths: ``"arena"``, the arena's head, and
            ``"size"``, weights and biases.
    """

    allowance: Allowance
    budgets: dict[str, int]


def room_on(
    board: Board, found: Profile, reserve_sram: int | str = 0, reserve_flash: int | str = 0
) -> Room:
    """What a board leaves for the widths of a network.

    An arena is one block of SRAM, so the board's largest one counts, less the tail of the network
    as it is: a narrower one's is no larger. Of the flash go TFLM's code and what the model's file
    has besides weights and biases; for a network that is no file yet this is estimated, with a
    little to spare.

    Args:
        board: The board.
        found: The network at full widths, in int8, on the board's ABI.
        reserve_sram: Bytes of the block that the application needs, like ``"24KiB"``: variables,
            stack, buffers.
        reserve_flash: Bytes of flash that its code needs.

    Raises:
        UsageError: A reserve is no size, what TFLM takes for the network is not known, or nothing
            is left.
    """
    reserve_sram = checked_size("reserve_sram", reserve_sram)
    reserve_flash = checked_size("reserve_flash", reserve_flash)
    memory = found.memory
    if memory.tflm_arena is None or memory.tflm_persistent is None or memory.tflm_total is None:
        raise UsageError(
            f"{board.name}: what TFLM takes for the network is not known: give budgets instead"
        )
    tail = max(memory.tflm_persistent, memory.tflm_total - memory.tflm_arena)
    sram, flash = board.for_arena - reserve_sram, board.for_program - reserve_flash
    budgets = {"arena": sram - tail, "size": flash - RUNTIME_CODE - _besides_weights(found)}
    for name, left in budgets.items():
        if left < 1:
            raise UsageError(f"{board.name}: nothing is left for the {name} of a network")
    return Room(Allowance(board.name, sram, flash), budgets)


def flash_of(found: Profile) -> int:
    """Bytes of flash that a network takes with TFLM's code, by its kernels, as `check` counts it.

    Args:
        found: The network in int8; what its file has besides weights and biases is estimated where
            it is none yet.
    """
    flash = found.flash
    return flash.weights + flash.biases + _besides_weights(found) + estimated_code(found)


def _besides_weights(found: Profile) -> int:
    flash = found.flash
    if flash.file is not None:
        return flash.file - flash.weights - flash.biases
    return _FILE + _OPERATOR * found.model.operators + _QUANTISATION * flash.biases
