"""What the next trial of a search is to be.

A proposal follows from the results that it may know, the seed, and its number; nothing else.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from math import exp
from operator import itemgetter
from random import Random
from typing import Any

from mcugraph.errors import GraphError, UsageError
from mcugraph.experiments.ledger import State
from mcugraph.garbage import collected_seldom
from mcugraph.nas.conditions import tightened
from mcugraph.nas.costs import Costs, measure
from mcugraph.nas.drafting import NARROWER, Aim, Draft, Drafter
from mcugraph.nas.evolution import excess_over, objectives_of
from mcugraph.nas.finals import macs_in_time
from mcugraph.nas.forecast import Forecast
from mcugraph.nas.search_bounds import Bounds
from mcugraph.nas.search_plan import SearchPlan
from mcugraph.nas.search_space import key_of
from mcugraph.nas.trials import Proposal, Trial
from mcugraph.records import dataclass, replace

_DRAWS = 200_000  # of one proposal; some thousand a second are looked at
_FIRST_DRAWS = 50_000  # of the first: where nothing fits, that is to be said soon
_WEIGHING = 50  # draws take no longer than to find that one network's exact costs are too high
_GLANCED = 1_000  # drawn to say what is the least that networks cost
_MEASURED = 20  # of these, by all that TFLM takes
_OF_ONE_PARENT = 20
# Times as few of these are compared: to fill the bounds takes longer than a change.
_FEWER_DRAWN = 3
_FIRST = itemgetter(0)


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
        self._drafter = Drafter(plan)
        self._forecast = Forecast(plan.admission.space)
        self._aims = [("", plan.admission)]
        for target in plan.targets:
            bounds = tightened(plan.admission.bounds, target)
            self._aims.append((target, replace(plan.admission, bounds=bounds)))

    @collected_seldom()
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
        candidates = [trial for trial in self._trials if trial.proposal.searching]
        ended = [trial for trial in candidates if trial.id < number + 1 - plan.window]
        done = [trial for trial in ended if trial.state is State.DONE]
        begun = [trial.proposal for trial in candidates]
        if not begun:
            for target, admission in self._aims[1:]:
                self._see_some(Aim(admission, None, target=target))
        better = plan.ladder.promoted(done, begun, self._aim(rng, done).sought)
        if better is not None:
            return gone_on_with(better, rung=better.proposal.rung + 1, follows=better.id)
        own = Aim(plan.admission, None)
        for arch in plan.templates[len({p.candidate for p in begun}) :]:
            new = self._new(self._drafter.given(arch, number, rng), own, rng)
            if new is not None:
                return new
        expected = self._forecast.learnt(done) if plan.method.ideas > 1 else None
        aim = self._aim(rng, done)
        drafts = self._drafts(number, done, aim, rng, alone=expected is None, first=not begun)
        for draft in drafts:
            line = [draft]
            if expected is not None:
                drawn = draft.proposal.parent is None
                several = plan.method.ideas // _FEWER_DRAWN if drawn else plan.method.ideas
                line += islice(drafts, max(several, 2) - 1)
                errors = expected([each.counted for each in line])
                line = [each for _, each in sorted(zip(errors, line, strict=True), key=_FIRST)]
            for each in line:
                new = self._new(each, aim, rng)
                if new is not None:
                    return new
        return None

    def _aim(self, rng: Random, done: Sequence[Trial]) -> Aim:
        """What one proposal aims at: each target in turn, and the bounds or something within."""
        target, admission = rng.choice(self._aims)
        whole = self._drafter.fills and not target
        within = _narrowed(admission.bounds, rng) if whole else None
        most = macs_in_time(self._plan, done)
        if most is not None:
            admission = replace(admission, bounds=tightened(admission.bounds, f"macs <= {most}"))
        least = whole and self._plan.seconds is not None and not done
        return Aim(admission, within, least, target)

    def _drafts(
        self,
        number: int,
        done: Sequence[Trial],
        aim: Aim,
        rng: Random,
        *,
        alone: bool,
        first: bool,
    ) -> Iterator[Draft]:
        """Children of what the method chooses, or networks drawn from the space.

        None are left where none are found, or there is no time. Where a draft does not stand alone,
        each has a parent of its own. Of the first one, whoever asks for more has found no use for
        any.
        """
        plan, drafter = self._plan, self._drafter
        known = nearest(furthest(done), aim.sought)
        draws, of_this, refused = 0, _OF_ONE_PARENT, drafter.refused
        while draws + _WEIGHING * (drafter.refused - refused) < (_FIRST_DRAWS if first else _DRAWS):
            if of_this == _OF_ONE_PARENT:
                if not self._goes_on():
                    if first:
                        raise UsageError(
                            f"the time was over after {draws:,} draws, none of which is within the "
                            "bounds: give a search more time"
                        )
                    return
                parent, of_this = plan.method.parent(known, aim.sought, rng), 0
            draws, of_this = draws + 1, of_this + 1
            if parent is None:
                draft = drafter.drawn(number, aim, rng)
            else:
                draft = drafter.child(number, parent, aim, rng)
            if draft is not None:
                yield draft
                of_this = of_this if alone else _OF_ONE_PARENT
        if first:
            raise UsageError(_nothing_fits(aim, draws, rng))

    def _see_some(self, aim: Aim) -> None:
        """See that there are networks that are within what is aimed at.

        Raises:
            UsageError: None is found.
        """
        rng = Random(f"{self._plan.seed}/{aim.target}")
        drafts = self._drafts(0, (), aim, rng, alone=True, first=True)
        while self._drafter.weighed(next(drafts), aim, rng) is None:
            pass

    def _new(self, draft: Draft | None, aim: Aim, rng: Random) -> Idea | None:
        """What a draft comes to; None: it costs too much, or there was its network before."""
        found = None if draft is None else self._drafter.weighed(draft, aim, rng)
        if found is None:
            return None
        proposal, fitting = found
        admission, widths = self._plan.admission, dict(fitting.widths) or None
        graph = admission.space.graph(proposal.arch, widths)
        key = key_of(graph)
        if key in self._keys:
            return None
        costs = fitting.costs or measure(graph, admission.kernels)[0]
        return Idea(replace(proposal, sparsity=fitting.sparsity, widths=widths), key, costs)


def _narrowed(bounds: Bounds, rng: Random) -> Bounds:
    """Bounds of the objectives that there are, each as it is or tighter."""
    tighter = {
        name: max(1, round(bounds.hard[name] * exp(-2 * rng.random() * NARROWER)))
        for name in objectives_of(bounds)
        if name in bounds.hard and rng.random() < 0.5
    }
    return replace(bounds, **tighter)


def nearest(known: Sequence[Trial], bounds: Bounds) -> list[Trial]:
    """Results by how near they are to bounds of costs: what is within is last, in its order."""
    return sorted(known, key=excess_over(bounds), reverse=True)


def furthest(trials: Sequence[Trial]) -> list[Trial]:
    """For each candidate its furthest result, in the order of the candidates."""
    best: dict[int, Trial] = {}
    for trial in trials:
        if trial.state is State.DONE and trial.proposal.searching:
            held = best.get(trial.proposal.candidate)
            if held is None or trial.proposal.rung > held.proposal.rung:
                best[trial.proposal.candidate] = trial
    return [best[candidate] for candidate in sorted(best)]


def _nothing_fits(aim: Aim, drawn: int, rng: Random) -> str:
    """That no network is within the bounds, and the least found of what each of them bounds."""
    admission = aim.admission
    space, glanced = admission.space, []
    for _ in range(_GLANCED):
        try:
            arch = space.scaled(space.sample(rng), exp(-2 * NARROWER))
            glanced.append((space.meter(arch), arch))
        except GraphError:
            continue
    if not glanced:
        return f"none of {_GLANCED:,} architectures of the space has a network for its input"
    by_peak = sorted(glanced, key=lambda pair: pair[0].operator_bound)[:_MEASURED]
    by_size = sorted(glanced, key=lambda pair: pair[0].size)[:_MEASURED]
    by_macs = sorted(glanced, key=lambda pair: pair[0].macs)[:1]
    measured = [admission.needed(arch) for _, arch in (*by_peak, *by_size, *by_macs)]
    needs = [need for need in measured if need is not None]
    besides = f" and the target {aim.target!r}" if aim.target else ""
    none = f"none of {drawn:,} networks is within the bounds{besides}"
    if not needs:
        return f"{none}; what TFLM takes for them is not known"
    least = {name: min(need[name] for need in needs) for name in needs[0]}
    told = [
        f"{name} {found:,}{'' if name == 'macs' else ' B'} (of {admission.limits[name]:,})"
        for name, found in least.items()
    ]
    return f"{none}; the least found: {', '.join(told)}"
