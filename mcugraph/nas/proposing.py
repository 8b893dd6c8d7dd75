"""What the next trial of a search is to be.

A proposal follows from the results that it may know, the seed, and its number; nothing else.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from mcugraph.errors import GraphError, UsageError
from mcugraph.experiments.ledger import State
from mcugraph.nas.admission import Admission, Admitted
from mcugraph.nas.conditions import tightened
from mcugraph.nas.costs import Costs
from mcugraph.nas.search_bounds import Bounds
from mcugraph.nas.search_plan import SearchPlan
from mcugraph.nas.trials import Proposal, Trial
from mcugraph.records import dataclass, replace

_DRAWS = 200_000  # of one proposal; some thousand a second are looked at
_FIRST_DRAWS = 50_000  # of the first: where nothing fits, that is to be said soon
_GLANCED = 1_000  # drawn to say what is the least that networks cost
_OF_ONE_PARENT = 20
_SPARSITY_MOVES = 0.05  # of a child, as the paper's code has it


@dataclass(frozen=True, slots=True)
class Idea:
    """A trial that could begin.

    Attributes:
        proposal: What it does.
        key: Names its network.
        costs: Of that.
    """

    proposal: Proposal
    key: str
    costs: Costs


def gone_on_with(trial: Trial, **changes: Any) -> Idea:
    """The network of a trial once more, with another proposal."""
    return Idea(replace(trial.proposal, **changes), trial.key, trial.costs)


class Proposer:
    """Makes the proposals of a search.

    Args:
        plan: Of the search.
        trials: All that were begun; the driver adds to them.
        goes_on: Whether time is left for a further draw.
    """

    def __init__(
        self, plan: SearchPlan, trials: Sequence[Trial], goes_on: Callable[[], bool]
    ) -> None:
        self._plan, self._trials, self._goes_on = plan, trials, goes_on
        self._keys = {trial.key for trial in trials}
        self._aims = [plan.admission]
        for target in plan.targets:
            bounds = tightened(plan.admission.bounds, target)
            self._aims.append(replace(plan.admission, bounds=bounds))

    def next(self) -> Idea | None:
        """What the next trial is to do; None: no further candidate is found.

        Raises:
            UsageError: It would be the first, and nothing is within the bounds.
        """
        number = len(self._trials)
        idea = self._made(number)
        if idea is not None:
            self._keys.add(idea.key)
        return idea

    def _made(self, number: int) -> Idea | None:
        plan = self._plan
        rng = Random(f"{plan.seed}/{number}")
        candidates = [trial for trial in self._trials if not trial.proposal.final]
        ended = [trial for trial in candidates if trial.id < number + 1 - plan.window]
        done = [trial for trial in ended if trial.state is State.DONE]
        begun = [trial.proposal for trial in candidates]
        better = plan.ladder.promoted(done, begun, plan.admission.bounds)
        if better is not None:
            return gone_on_with(better, rung=better.proposal.rung + 1, follows=better.id)
        for arch in plan.templates[len({p.candidate for p in begun}) :]:
            found = self._new(arch, rng, None, plan.admission)
            if found is not None:
                return self._idea(Proposal(arch, number, None, "given"), *found)
        return self._drawn(number, furthest(done), rng, first=not begun)

    def _drawn(
        self, number: int, known: Sequence[Trial], rng: Random, *, first: bool
    ) -> Idea | None:
        """A child of what the method chooses, or a network drawn from the space."""
        plan, space, parent = self._plan, self._plan.admission.space, None
        aim = limits = rng.choice(self._aims)
        draw = 0
        for draw in range(_FIRST_DRAWS if first else _DRAWS):
            if draw % _OF_ONE_PARENT == 0:
                if not self._goes_on():
                    break
                parent = plan.method.parent(nearest(known, aim.bounds), aim.bounds, rng)
                # What is within a target has children there; others come nearer step by step.
                inside = parent is not None and aim.bounds.admit(parent.costs)
                limits = aim if inside else plan.admission
            if parent is None:
                arch, morph = space.sample(rng), "drawn"
            else:
                arch, morph = space.mutate(parent.proposal.arch, rng)
            found = self._new(arch, rng, parent, limits)
            if found is None:
                continue
            if parent is None:
                return self._idea(Proposal(arch, number, None, morph), *found)
            follows = parent.id if plan.recipe.inherit else None
            proposal = Proposal(arch, number, parent.proposal.candidate, morph, follows=follows)
            return self._idea(proposal, *found)
        if first:
            raise UsageError(_nothing_fits(plan.admission, draw, rng))
        return None

    def _new(
        self, arch: Any, rng: Random, parent: Trial | None, admission: Admission
    ) -> tuple[Admitted, str] | None:
        """How a network fits, and its key; None: it is known, or too large."""
        sparsities, sparsity = admission.sparsities, 0.0
        if sparsities is not None and parent is None:
            sparsity = rng.uniform(sparsities.low, sparsities.high)
        elif sparsities is not None and parent is not None:
            moved = parent.proposal.sparsity + rng.gauss(0.0, _SPARSITY_MOVES)
            sparsity = min(max(moved, sparsities.low), sparsities.high)
        fitting = admission.fitting(arch, sparsity)
        if fitting is None:
            return None
        key = admission.space.key(arch, fitting.widths)
        return None if key in self._keys else (fitting, key)

    def _idea(self, proposal: Proposal, fitting: Admitted, key: str) -> Idea:
        widths = dict(fitting.widths) or None
        costs = fitting.costs or self._plan.admission.costs(proposal.arch, widths)
        return Idea(replace(proposal, sparsity=fitting.sparsity, widths=widths), key, costs)


def nearest(known: Sequence[Trial], bounds: Bounds) -> list[Trial]:
    """Results by how near they are to bounds of costs: what is within is last, in its order."""

    def excess(trial: Trial) -> float:
        shares = [getattr(trial.costs, name) / most for name, most in bounds.hard.items()]
        return float(max([1.0, *shares]))

    return sorted(known, key=excess, reverse=True)


def furthest(trials: Sequence[Trial]) -> list[Trial]:
    """For each candidate its furthest result, in the order of the candidates."""
    best: dict[int, Trial] = {}
    for trial in trials:
        if trial.state is State.DONE and not trial.proposal.final:
            held = best.get(trial.proposal.candidate)
            if held is None or trial.proposal.rung > held.proposal.rung:
                best[trial.proposal.candidate] = trial
    return [best[candidate] for candidate in sorted(best)]


def _nothing_fits(admission: Admission, drawn: int, rng: Random) -> str:
    """That no network is within the bounds, and what networks cost at the least."""
    space, meters = admission.space, []
    for _ in range(_GLANCED):
        try:
            meters.append(space.meter(space.sample(rng)))
        except GraphError:
            continue
    if not meters:
        return f"none of {_GLANCED:,} architectures of the space has a network for its input"
    least = (
        f"size {min(meter.size for meter in meters):,} B, "
        f"peak {min(meter.operator_bound for meter in meters):,} B, "
        f"{min(meter.macs for meter in meters):,} MACs"
    )
    return (
        f"none of {drawn + 1:,} networks is within the bounds; the least of {_GLANCED:,} others: "
        f"{least}"
    )
