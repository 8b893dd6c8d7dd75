"""Which architectures are worth a training: those within bounds, exactly."""

from collections.abc import Callable, Mapping
from typing import Any

from mcugraph.errors import GraphError, UsageError
from mcugraph.fit.room import Room
from mcugraph.ir import Graph
from mcugraph.nas.costs import Costs, measure
from mcugraph.nas.meter import Meter, OverLimit
from mcugraph.nas.narrowing import Narrowed, Widths
from mcugraph.nas.search_bounds import Bounds
from mcugraph.nas.search_space import SearchSpace
from mcugraph.nas.sparsity import Prunable, SparsityRange, left
from mcugraph.profiles import Profile
from mcugraph.records import dataclass

_OF_BOARD = ("SRAM of the board", "flash of the board")


@dataclass(frozen=True, slots=True)
class Admitted:
    """How an architecture is within the bounds.

    Attributes:
        sparsity: The share of its channels that is pruned.
        widths: What that leaves of its layers, by name; empty: nothing is pruned.
        counted: By a meter that has heard the network.
        costs: Of the network; None: counts alone have told that it fits.
    """

    sparsity: float
    widths: Widths
    counted: Meter
    costs: Costs | None


@dataclass(frozen=True, slots=True)
class Admission:
    """Holds architectures against bounds and a board, before they are trained.

    First a count in microseconds, which stops where a bound is passed; then, for what has branches,
    the proven peak; last everything that TFLM takes, where a bound or a board asks for it.

    Attributes:
        space: That the architectures are of.
        bounds: The search's; those of the costs are hard.
        room: The board whose SRAM and flash are bounds too, less what is reserved; TFLM's code
            counts as ``check`` estimates it by the kernels of a network. None: there is none.
        kernels: What TFLM is built with.
        sparsities: The shares of channels that may be pruned while a candidate is trained; None:
            nothing is.
    """

    space: SearchSpace[Any]
    bounds: Bounds
    room: Room | None = None
    kernels: str = "reference"
    sparsities: SparsityRange | None = None

    def fitting(
        self, arch: Any, sparsity: float = 0.0, counted: Meter | None = None
    ) -> Admitted | None:
        """How much of an architecture has to be pruned so that it is within the bounds.

        Args:
            arch: The architecture.
            sparsity: The share of its channels that is pruned at the least.
            counted: What `counted` said of it; None: that was not asked.

        Returns:
            None: not even the highest share is enough, or there is no such network.
        """
        if self.sparsities is None:
            return self._fitting(arch, 0.0, {}, counted)
        high = self.sparsities.high
        try:
            if self._counted(arch, lambda _, made: left(made, high)) is None:
                return None
        except GraphError:
            pass  # what cannot be pruned was: the groups tell
        try:
            prunable = Prunable(self.space, arch)
        except GraphError:
            return None
        for share in self.sparsities.from_on(sparsity):
            fitting = self._fitting(arch, share, prunable.widths(share))
            if fitting is not None:
                return fitting
        return None

    def within(self, arch: Any, widths: Widths | None = None) -> bool:
        """Whether an architecture is within the bounds, all of them exact.

        Args:
            arch: The architecture.
            widths: What is left of layers that are pruned, by name.
        """
        return self._fitting(arch, 0.0, widths or {}) is not None

    def counted(self, arch: Any, widths: Widths | None = None) -> Meter | None:
        """What an architecture costs as far as counts tell, in microseconds.

        None where it is not within the bounds by that, or there is no such network; else `within`
        has the last word.
        """
        try:
            return self._counted(arch, widths.get if widths else None)
        except GraphError:
            return None

    @property
    def limits(self) -> Mapping[str, int]:
        """What each cost that is bounded may come to; a board bounds its SRAM and its flash."""
        limits = dict(self.bounds.hard)
        if self.room is not None:
            limits |= zip(_OF_BOARD, (self.room.sram, self.room.flash), strict=True)
        return limits

    def needed(self, arch: Any) -> Mapping[str, int] | None:
        """What an architecture takes of all that `limits` names; None: that is not known."""
        try:
            graph = self.space.graph(arch)
            return self._needs(graph, *measure(graph, self.kernels))
        except (GraphError, UsageError):
            return None

    def _needs(self, graph: Graph, costs: Costs, found: Profile) -> Mapping[str, int]:
        needs = {name: getattr(costs, name) for name in self.bounds.hard}
        if self.room is not None:
            needs |= zip(_OF_BOARD, self.room.needs(found, graph), strict=True)
        return needs

    def _fitting(
        self, arch: Any, sparsity: float, widths: Widths, counted: Meter | None = None
    ) -> Admitted | None:
        """An architecture with some of its channels; None: it costs too much, or there is none."""
        meter = self.counted(arch, widths) if counted is None else counted
        if meter is None:
            return None
        if self._only_counted:
            fits = not meter.branches or self._peak_fits(meter)
            return Admitted(sparsity, widths, meter, None) if fits else None
        try:
            graph = self.space.graph(arch, widths)
            costs, found = measure(graph, self.kernels)
        except UsageError:
            return None
        fits = self._admits(graph, costs, found)
        return Admitted(sparsity, widths, meter, costs) if fits else None

    def _peak_fits(self, meter: Meter) -> bool:
        """Whether the peak of the best order is within its bound: that of one order is no less."""
        most = self.bounds.peak
        return most is None or meter.peak_as_said <= most or meter.peak <= most

    @property
    def _only_counted(self) -> bool:
        """Whether no bound asks for what TFLM takes."""
        return self.room is None and self.bounds.arena is None and self.bounds.sram is None

    def _counted(self, arch: Any, left_of: Callable[[str, int], int] | None) -> Meter | None:
        """What a meter counts; None: too much.

        Raises:
            GraphError: There is no such network.
        """
        bounds, room = self.bounds, self.room
        sizes, lives = [bounds.size], [bounds.peak, bounds.arena, bounds.sram]
        if room is not None:
            sizes.append(room.for_weights)
            lives.append(room.sram)
        meter = Meter(_least(sizes), bounds.macs, _least(lives))
        try:
            self.space.emit(arch, meter if left_of is None else Narrowed(meter, left_of))
        except OverLimit:
            return None
        return meter

    def _admits(self, graph: Graph, costs: Costs, found: Profile) -> bool:
        """Whether exact figures are within the bounds, and the board has room."""
        if not self.bounds.admit(costs):  # soon said
            return False
        needs = self._needs(graph, costs, found)
        return all(needs[name] <= most for name, most in self.limits.items())


def _least(values: list[int | None]) -> int | None:
    return min((value for value in values if value is not None), default=None)
