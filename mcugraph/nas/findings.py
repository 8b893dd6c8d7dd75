"""What a search has found, and which of it is the best."""

from collections.abc import Iterable, Sequence
from copy import copy
from itertools import zip_longest
from math import sqrt
from numbers import Real
from pathlib import Path
from typing import Any, Self

from mcugraph.errors import UsageError
from mcugraph.experiments.data import DataSource
from mcugraph.experiments.fronts import front_of, hypervolume
from mcugraph.experiments.ledger import State
from mcugraph.fit.room import Room
from mcugraph.nas.conditions import condition
from mcugraph.nas.evolution import objectives_of, point_of
from mcugraph.nas.search_bounds import Bounds
from mcugraph.nas.search_space import SearchSpace
from mcugraph.nas.spaces.unknown import UnknownSpace
from mcugraph.nas.trials import Trial
from mcugraph.profiler import profile
from mcugraph.units import share


def choose_finalists(
    known: Sequence[Trial],
    count: int,
    bounds: Bounds,
    targets: Sequence[str] = (),
    guessing: float = 1.0,
) -> list[Trial]:
    """The best of each target, then what is unlike of the front, then others.

    Targets have a turn each, again and again, and the whole front is the last of them. At its turn
    it gets the candidate of the least error that is left; the whole front, once it has that, the
    one that is the least like all that were chosen, among those within the bound of the error, if
    any is; else among those that err nearer to the best than to guessing, by their ratio: the
    smallest networks of a front have learnt next to nothing. What is left of those comes last, then
    others: again by turns, by their errors.

    Args:
        known: For each candidate its furthest result.
        count: How many are chosen at most.
        bounds: Of the search: what is traded against the error.
        targets: Conditions, as of `Findings.best`.
        guessing: The error of what has learnt nothing.
    """
    names = objectives_of(bounds)
    points = [point_of(trial, names) for trial in known]
    front = sorted((known[i] for i in front_of(points)), key=lambda trial: trial.error)
    lines = []
    for meets in map(condition, targets):
        fitting = [trial for trial in front if meets(trial)]
        lines.append(fitting)
    least = min((trial.error for trial in front), default=0.0)
    learnt = [t for t in front if t.error <= max(least, sqrt(least * guessing))]
    reached = [t for t in front if bounds.error is not None and t.error <= bounds.error]
    lines.append(reached or learnt)
    eligible = {trial.id: point_of(trial, names) for line in lines for trial in line}
    largest = [max(values) or 1.0 for values in zip(*eligible.values(), strict=True)]

    def apart(one: int, other: int) -> float:
        pair = zip(eligible[one], eligible[other], largest, strict=True)
        return sum(abs(mine - theirs) / most for mine, theirs, most in pair)

    chosen: dict[int, Trial] = {}
    while len(chosen) < min(count, len(eligible)):
        for line in lines:
            left = [trial for trial in line if trial.id not in chosen]
            if line is lines[-1] and left and left[0] is not line[0]:
                left.sort(key=lambda trial: -min(apart(trial.id, other) for other in chosen))
            chosen |= {trial.id: trial for trial in left[:1]}
    chosen |= {trial.id: trial for trial in learnt if trial.id not in chosen}
    others = sorted(known, key=lambda trial: trial.error)
    behind = [[t for t in others if meets(t)] for meets in map(condition, [*targets, ""])]
    for turn in zip_longest(*behind):
        chosen |= {trial.id: trial for trial in turn if trial is not None}
    return list(chosen.values())[:count]


class Findings:
    """The trials of a search, and its finalists.

    Attributes:
        trials: All that were begun, in their order.
        space: That the architectures are of.
        bounds: Of the search.
        data: What was trained on.
        folder: Where the search is kept.
        seconds: How long it has run, all sessions together.
        interrupted: Whether it was ended before its time.
        room: Of the board that networks are for; None: they are for none.
        kernels: What TFLM is built with.
    """

    def __init__(
        self,
        trials: Sequence[Trial],
        space: SearchSpace[Any],
        bounds: Bounds,
        data: DataSource,
        folder: Path,
        seconds: float = 0.0,
        interrupted: bool = False,
        room: Room | None = None,
        kernels: str = "reference",
    ) -> None:
        self.trials = tuple(trials)
        self.space, self.bounds, self.data = space, bounds, data
        self.folder, self.seconds, self.interrupted = folder, seconds, interrupted
        self.room, self.kernels = room, kernels

    @property
    def finalists(self) -> tuple[Trial, ...]:
        """Candidates that were trained again from new weights and tested."""
        return tuple(t for t in self.trials if t.proposal.final and t.state is State.DONE)

    @property
    def judged(self) -> tuple[Trial, ...]:
        """The finalists; before there are any, all that was trained."""
        return self.finalists or tuple(t for t in self.trials if t.state is State.DONE)

    @property
    def front(self) -> tuple[Trial, ...]:
        """The Pareto front of the judged: validation error, and the costs that are bounded."""
        judged = self.judged
        points = [point_of(trial, objectives_of(self.bounds)) for trial in judged]
        chosen = [judged[i] for i in front_of(points)]
        return tuple(sorted(chosen, key=lambda trial: trial.error))

    def on_board(self, trial: Trial) -> tuple[int, int] | None:
        """Bytes of the board's SRAM and of its flash that a candidate takes, with TFLM's code.

        None: there is no board, or the space of the search is not at hand.
        """
        if self.room is None or isinstance(self.space, UnknownSpace):
            return None
        graph = self.space.graph(trial.proposal.arch, trial.proposal.widths)
        found = profile(graph, precision="int8", kernels=self.kernels)
        return self.room.needs(found, graph)

    def shares(self, trial: Trial) -> tuple[str, str]:
        """The same in per cent of what there is for it; empty where it is not known."""
        needs = self.on_board(trial)
        if needs is None or self.room is None:
            return "", ""
        sram, flash = needs
        return share(sram, self.room.sram), share(flash, self.room.flash)

    def best(self, where: str = "") -> Trial:
        """The judged candidate with the least validation error.

        Args:
            where: What it has to be within besides the bounds, like ``"size <= 1000"`` or
                ``"peak < 2e3 and macs <= 100000"``; names are those of `Costs`.

        Raises:
            UsageError: The condition cannot be read, or nothing meets it.
        """
        meets = condition(where)
        fitting = [trial for trial in self.judged if meets(trial)]
        if not fitting:
            raise UsageError(f"no candidate has {where}" if where else "no candidate was trained")
        return min(fitting, key=lambda trial: trial.error)

    def within(self, where: str) -> Self:
        """The same findings, but of the judged those alone that meet a condition.

        Args:
            where: As of `best`.

        Raises:
            UsageError: As of `best`.
        """
        self.best(where)
        meets, other = condition(where), copy(self)
        other.trials = tuple(trial for trial in self.judged if meets(trial))
        return other

    def hypervolume(self, reference: Sequence[float] | None = None) -> float:
        """What the front dominates, in shares of the bounds: from 0 to 1, the larger the better.

        Args:
            reference: Error, and the costs that are bounded, up to which it is measured; None: the
                bounds themselves, and an error of 1 where that is not bounded.

        Raises:
            UsageError: Nothing is bounded, or the error by 0, and no reference was given; or that
                is none.
        """
        names = objectives_of(self.bounds)
        hard = self.bounds.hard
        if reference is None and any(name not in hard for name in names):
            raise UsageError("hypervolume: without bounds, a reference is needed")
        error = 1.0 if self.bounds.error is None else self.bounds.error
        given: Any = reference
        bounds = [error, *(hard[name] for name in names)]
        ends = bounds if given is None else list(given) if isinstance(given, Iterable) else []
        if len(ends) != 1 + len(names) or not all(map(_above_0, ends)):
            axes = ", ".join(["error", *names])
            raise UsageError(f"hypervolume: a reference of numbers above 0 is needed, for {axes}")
        points = [
            [value / end for value, end in zip(point_of(t, names), ends, strict=True)]
            for t in self.front
        ]
        return hypervolume(points, [1.0] * len(ends))


def _above_0(value: object) -> bool:
    return isinstance(value, Real) and float(value) > 0
