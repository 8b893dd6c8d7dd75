"""What a board leaves for a network, and for its widths."""

from typing import TYPE_CHECKING

from mcugraph.errors import UsageError
from mcugraph.fit.boards import Board
from mcugraph.fit.model_needs import Allowance
from mcugraph.fit.tflm_code import RUNTIME_CODE, estimated_code
from mcugraph.ir import Graph
from mcugraph.profiler import on_abi
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
    """A board, less what the application needs of it.

    Attributes:
        board: The board.
        reserve_sram: Bytes of its block of SRAM that the application needs, for variables, stack
            and buffers; or text like ``"24KiB"``.
        reserve_flash: The same of flash, for its code.

    Raises:
        UsageError: A reserve is no size, or leaves nothing.
    """

    board: Board
    reserve_sram: int = 0
    reserve_flash: int = 0

    if TYPE_CHECKING:

        def __init__(
            self, board: Board, reserve_sram: int | str = 0, reserve_flash: int | str = 0
        ) -> None: ...

    def __post_init__(self) -> None:
        for name in ("reserve_sram", "reserve_flash"):
            object.__setattr__(self, name, checked_size(name, getattr(self, name)))
        self._see_some("SRAM", self.board.for_arena, self.reserve_sram)
        code = f", and TFLM's code takes {RUNTIME_CODE:,} B of the rest at the least"
        has, reserve = self.board.for_program, self.reserve_flash
        self._see_some("flash", has, reserve, RUNTIME_CODE, code)

    def _see_some(self, name: str, has: int, reserve: int, besides: int = 0, why: str = "") -> None:
        if reserve + besides >= has:
            raise UsageError(
                f"{self.board.name}: {reserve:,} B of {name} are reserved, and it has {has:,} B"
                f"{why}"
            )

    def __str__(self) -> str:
        """Such as ``Blue Pill, less reserves: 16,384 B of SRAM, 65,536 B of flash``."""
        less = ", less reserves" if self.reserve_sram or self.reserve_flash else ""
        return f"{self.board.name}{less}: {self.sram:,} B of SRAM, {self.flash:,} B of flash"

    @property
    def sram(self) -> int:
        """Bytes for TFLM's arena: it is one block, so the board's largest one counts."""
        return self.board.for_arena - self.reserve_sram

    @property
    def flash(self) -> int:
        """Bytes for the model and TFLM's code."""
        return self.board.for_program - self.reserve_flash

    @property
    def for_weights(self) -> int:
        """Bytes of flash that weights and biases have at the most, with the least code there is."""
        return self.flash - RUNTIME_CODE

    @property
    def allowance(self) -> Allowance:
        """The same as what a model's needs are held against."""
        return Allowance(self.board.name, self.sram, self.flash)

    def needs(self, found: Profile, graph: Graph) -> tuple[int, int]:
        """Bytes of SRAM and of flash that a network takes there, as `check` counts them.

        Args:
            found: The network's profile, in int8.
            graph: That it is of.

        Raises:
            UsageError: What TFLM takes for it is not known.
        """
        total = on_abi(found, graph, self.board.abi).memory.tflm_total
        if total is None:
            raise UsageError(_unknown(self.board))
        return total, flash_of(found)

    def budgets(self, found: Profile) -> dict[str, int]:
        """What is left for the widths of a network.

        Of the SRAM goes the tail of the network as it is: a narrower one's is no larger. Of the
        flash go TFLM's code and what the model's file has besides weights and biases; for a network
        that is no file yet this is estimated, with a little to spare.

        Args:
            found: The network at full widths, in int8, on the board's ABI.

        Returns:
            ``"arena"``, the arena's head, and ``"size"``, weights and biases, in bytes.

        Raises:
            UsageError: What TFLM takes for the network is not known, or nothing is left.
        """
        memory = found.memory
        if memory.tflm_arena is None or memory.tflm_persistent is None or memory.tflm_total is None:
            raise UsageError(f"{_unknown(self.board)}: give budgets instead")
        tail = max(memory.tflm_persistent, memory.tflm_total - memory.tflm_arena)
        budgets = {"arena": self.sram - tail, "size": self.for_weights - _besides_weights(found)}
        for name, left in budgets.items():
            if left < 1:
                raise UsageError(f"{self.board.name}: nothing is left for the {name} of a network")
        return budgets


def _unknown(board: Board) -> str:
    return f"{board.name}: what TFLM takes for the network is not known"


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
