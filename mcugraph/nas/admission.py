"""Which architectures are worth a training: those within bounds, exactly."""

from typing import Any

from mcugraph.errors import GraphError, UsageError
from mcugraph.fit.boards import Board
from mcugraph.fit.room import room_on
from mcugraph.fit.tflm_code import RUNTIME_CODE
from mcugraph.nas.bounds import Bounds
from mcugraph.nas.costs import Costs, measure
from mcugraph.nas.meter import Meter, OverLimit
from mcugraph.nas.search_space import SearchSpace
from mcugraph.profiler import Profile
from mcugraph.records import dataclass
from mcugraph.scheduling.entry import schedule
from mcugraph.scheduling.problem import Problem


@dataclass(frozen=True, slots=True)
class Admission:
    """Holds architectures against bounds and a board, before they are trained.

    First a count in microseconds, which stops where a bound is passed; then, for what has branches,
    the proven peak; last everything that TFLM takes, where a bound or a board asks for it.

    Attributes:
        space: That the architectures are of.
        bounds: The search's; those of the costs are hard.
        board: Whose SRAM and flash are bounds too; None: none.
        reserve_sram: Bytes of the board's SRAM for all but the arena.
        reserve_flash: Bytes of its flash for all but the model and TFLM.
        kernels: What TFLM is built with.
    """

    space: SearchSpace[Any]
    bounds: Bounds
    board: Board | None = None
    reserve_sram: int = 0
    reserve_flash: int = 0
    kernels: str = "reference"

    def within(self, arch: Any) -> bool:
        """Whether an architecture is within the bounds, all of them exact."""
        meter = self._counted(arch)
        if meter is None:
            return False
        if not meter.branches and self._only_counted:
            return True
        graph = self.space.graph(arch)
        if self._only_counted:
            peak = schedule(Problem.from_graph(graph, precision="int8")).peak
            return self.bounds.peak is None or peak <= self.bounds.peak
        try:
            costs, found = measure(graph, self.kernels)
        except UsageError:
            return False
        return self._admits(costs, found)

    def costs(self, arch: Any) -> Costs:
        """Everything that an architecture costs."""
        return measure(self.space.graph(arch), self.kernels)[0]

    @property
    def _only_counted(self) -> bool:
        """Whether no bound asks for what TFLM takes."""
        return self.board is None and self.bounds.arena is None and self.bounds.sram is None

    def _counted(self, arch: Any) -> Meter | None:
        """What a meter counts; None: too much, or there is no such network."""
        bounds, board = self.bounds, self.board
        sizes, lives = [bounds.size], [bounds.peak, bounds.arena, bounds.sram]
        if board is not None:
            sizes.append(board.flash - self.reserve_flash - RUNTIME_CODE)
            lives.append(board.sram_block - self.reserve_sram)
        meter = Meter(_least(sizes), bounds.macs, _least(lives))
        try:
            self.space.emit(arch, meter)
        except (OverLimit, GraphError):
            return None
        return meter

    def _admits(self, costs: Costs, found: Profile) -> bool:
        """Whether exact figures are within the bounds, and the board has room."""
        if not self.bounds.admit(costs):
            return False
        if self.board is None:
            return True
        try:
            room = room_on(self.board, found, self.reserve_sram, self.reserve_flash)
        except UsageError:
            return False  # nothing is left for the network
        arena = found.memory.tflm_arena
        assert arena is not None, "room_on asks for it"
        return arena <= room.budgets["arena"] and costs.size <= room.budgets["size"]


def _least(values: list[int | None]) -> int | None:
    return min((value for value in values if value is not None), default=None)
