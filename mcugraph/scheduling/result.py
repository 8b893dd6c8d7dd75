"""What scheduling returns, and the gate through which it leaves."""

from collections.abc import Sequence
from typing import Any

from mcugraph.errors import GraphError, InternalError
from mcugraph.records import dataclass
from mcugraph.scheduling.liveness import liveness
from mcugraph.scheduling.order_checker import check_schedule, live_bytes
from mcugraph.scheduling.problem import Name, Problem
from mcugraph.shown import Facts, Shown, finished, frame, new_figure
from mcugraph.units import size


@dataclass(frozen=True, slots=True)
class Live:
    """A tensor that is live at some step, and its bytes."""

    tensor: Name
    bytes: int


@dataclass(frozen=True, slots=True, repr=False)
class Schedule(Shown):
    """An operator order, the memory it takes and what is proven about it.

    Attributes:
        order: Operator names, in the order in which to run them.
        peak: Peak memory of this order, in bytes.
        lower_bound: Proven: no order takes less, in bytes. Equal to ``peak`` if ``optimal``.
        bottleneck: The operator during which the peak is reached (the first such one); None for
            a graph without operators.
        live: What is live at the bottleneck, the largest first. The sum is ``peak``, but for the
            scratch of the operator and what outputs that lie over inputs save.
        timeline: Bytes live while each operator of ``order`` runs.
        elapsed: Seconds that the search took.
        stopped: Why the search ended before a proof: ``"time limit"``, ``"memory limit"`` or
            ``"interrupted"``; empty where nothing stopped it.
    """

    order: tuple[Name, ...]
    peak: int
    lower_bound: int
    bottleneck: Name | None
    live: tuple[Live, ...]
    timeline: tuple[int, ...]
    elapsed: float
    stopped: str = ""

    @property
    def optimal(self) -> bool:
        """Whether the order is proven to have the least peak."""
        return self.peak == self.lower_bound

    def _title(self) -> str:
        return f"of {len(self.order):,} operators"

    def _facts(self) -> Facts:
        least = "" if self.optimal else f", no order needs less than {size(self.lower_bound)}"
        found = [("peak", size(self.peak)), ("proven optimal", ("no" if least else "yes") + least)]
        if self.bottleneck is not None:
            found.append(("bottleneck", str(self.bottleneck)))
        return [*found, ("seconds", f"{self.elapsed:.2f}")]

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame`` with a row for each step: ``operator`` and ``live_bytes``.

        Raises:
            UsageError: pandas is not installed.
        """
        steps = zip(self.order, self.timeline, strict=True)
        return frame({"operator": name, "live_bytes": live} for name, live in steps)

    def plot(self, path: Any = None) -> Any:
        """Draw the bytes that are live while each operator runs.

        Args:
            path: Where to save the figure, in a format that matplotlib tells by its ending.

        Returns:
            The ``matplotlib.figure.Figure``.

        Raises:
            UsageError: matplotlib is not installed, or the figure cannot be saved there.
        """
        figure = new_figure(9, 3.5)
        axes = figure.subplots()
        axes.stairs(self.timeline, fill=True, alpha=0.5)
        axes.axhline(self.peak, color="tab:red", linewidth=1, linestyle="--")
        axes.set(title=f"Live bytes, peak {size(self.peak)}", xlabel="step", ylabel="bytes")
        return finished(figure, path)

    @property
    def gap(self) -> int:
        """Bytes between the peak and what is proven to be needed; 0 if optimal."""
        return self.peak - self.lower_bound


def checked_schedule(
    problem: Problem,
    order: Sequence[int],
    peak: int,
    lower_bound: int,
    elapsed: float,
    stopped: str = "",
) -> Schedule:
    """The schedule of an order by operator numbers, with the figures that the checker finds.

    Raises:
        InternalError: The checker finds another peak than the solver, or no order at all.
    """
    names = tuple(problem.operators[v] for v in order)
    try:
        timeline = tuple(live_bytes(problem, names)) if names else ()
        found = max(timeline) if timeline else check_schedule(problem, names)
    except GraphError as error:
        raise InternalError(f"a schedule of {len(names)} operators is none: {error}") from None
    if found != peak or lower_bound > peak:
        raise InternalError(
            f"a schedule of {len(names)} operators takes {found} bytes by the checker, "
            f"{peak} by the solver, and at least {lower_bound} were said to be needed"
        )
    step = timeline.index(peak) if timeline else 0
    elsewhere = () if problem.count_inputs else problem.graph_inputs
    live = [
        Live(problem.tensors[t], problem.sizes[t])
        for t in liveness(problem, order).at(step)
        if problem.sizes[t] and t not in elsewhere
    ]
    live.sort(key=lambda item: -item.bytes)
    bottleneck = names[step] if names else None
    return Schedule(names, peak, lower_bound, bottleneck, tuple(live), timeline, elapsed, stopped)
