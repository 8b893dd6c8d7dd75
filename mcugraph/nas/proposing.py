"""What the next trial of a search is to be.

A proposal follows from the results that it may know, the seed, and its number; nothing else.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from math import exp, log
from operator import itemgetter
from random import Random
from typing import Any

from mcugraph.errors import GraphError, UsageError
from mcugraph.experiments.ledger import State
from mcugraph.garbage import collected_seldom
from mcugraph.nas.admission import Admission, Admitted
from mcugraph.nas.conditions import tightened
from mcugraph.nas.costs import Costs, measure
from mcugraph.nas.evolution import excess_over, objectives_of
from mcugraph.nas.finals import macs_in_time
from mcugraph.nas.forecast import Forecast
from mcugraph.nas.meter import Meter
from mcugraph.nas.search_bounds import Bounds
from mcugraph.nas.search_plan import SearchPlan
from mcugraph.nas.search_space import key_of, morphs_by_kind
from mcugraph.nas.trials import Proposal, Trial
from mcugraph.nas.widest import WIDEST, Widest, widest
from mcugraph.records import dataclass, replace

_DRAWS = 200_000  # of one proposal; some thousand a second are looked at
_FIRST_DRAWS = 50_000  # of the first: where nothing fits, that is to be said soon
_WEIGHING = 50  # draws take no longer than to find that one network's exact costs are too high
_GLANCED = 1_000  # drawn to say what is the least that networks cost
_MEASURED = 20  # of these, by all that TFLM takes
_OF_ONE_PARENT = 20
_NARROWER = log(8)  # of the widths of drawn networks, where no target says how large they may be
# Times as few of these are compared: to fill the bounds takes longer than a change.
_FEWER_DRAWN = 3
_ONE_MORE = 0.4  # the chance of a further change, where a forecast has to like the child
_OUTLINES = 0.5  # of what is drawn
_TOPPED, _WIDTHS = 24, ("channels", "units")  # how often single layers are widened; those morphs
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


@dataclass(frozen=True, slots=True)
class Aim:
    """What one proposal is to be good at.

    Attributes:
        admission: Which architectures it may be of.
        within: Bounds within those of the search that parents are sought for: somewhere on the
            front; None: those of the admission.
        least: Whether networks are drawn as narrow as they can be: how long a training takes is
            not known yet.
    """

    admission: Admission
    within: Bounds | None
    least: bool = False

    @property
    def sought(self) -> Bounds:
        """The bounds that parents are sought for."""
        return self.admission.bounds if self.within is None else self.within


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
        self._weighed = 0  # networks that counts let pass, and exact costs did not
        self._forecast = Forecast(plan.admission.space)
        self._aims = [plan.admission]
        for target in plan.targets:
            bounds = tightened(plan.admission.bounds, target)
            self._aims.append(replace(plan.admission, bounds=bounds))

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
        better = plan.ladder.promoted(done, begun, self._aim(rng, done).sought)
        if better is not None:
            return gone_on_with(better, rung=better.proposal.rung + 1, follows=better.id)
        for arch in plan.templates[len({p.candidate for p in begun}) :]:
            fitting = self._fitting(arch, rng, None, plan.admission)
            made = Proposal(arch, number, None, "given")
            new = None if fitting is None else self._new(made, fitting)
            if new is not None:
                return new
        expected = self._forecast.learnt(done) if plan.method.ideas > 1 else None
        aim = self._aim(rng, done)
        ideas = self._ideas(number, done, aim, rng, alone=expected is None, first=not begun)
        for idea in ideas:
            line = [idea]
            if expected is not None:
                drawn = idea[0].parent is None
                several = plan.method.ideas // _FEWER_DRAWN if drawn else plan.method.ideas
                line += islice(ideas, max(several, 2) - 1)
                errors = expected([fitting.counted for _, fitting in line])
                line = [
                    idea for _, idea in sorted(zip(errors, line, strict=True), key=itemgetter(0))
                ]
            for proposal, fitting in map(partial(self._topped, aim=aim, rng=rng), line):
                new = self._new(proposal, fitting)
                if new is not None:
                    return new
        return None

    def _aim(self, rng: Random, done: Sequence[Trial]) -> Aim:
        """What one proposal aims at: each target in turn, and the bounds or something within."""
        admission = rng.choice(self._aims)
        whole = self._fills and admission is self._aims[0]
        within = _narrowed(admission.bounds, rng) if whole else None
        most = macs_in_time(self._plan, done)
        if most is not None:
            admission = replace(admission, bounds=tightened(admission.bounds, f"macs <= {most}"))
        return Aim(admission, within, whole and self._plan.seconds is not None and not done)

    @property
    def _fills(self) -> bool:
        """Whether networks are brought to the bounds by their widths; pruning does it else."""
        return self._plan.method.fills and self._plan.admission.sparsities is None

    def _ideas(
        self,
        number: int,
        done: Sequence[Trial],
        aim: Aim,
        rng: Random,
        *,
        alone: bool,
        first: bool,
    ) -> Iterator[tuple[Proposal, Admitted]]:
        """Children of what the method chooses, or networks drawn from the space, that fit.

        None are left where none are found, or there is no time. Where an idea does not stand alone,
        each has a parent of its own.
        """
        plan = self._plan
        known = nearest(furthest(done), aim.sought)
        draws, of_this, nothing, weighed = 0, _OF_ONE_PARENT, True, self._weighed
        while draws + _WEIGHING * (self._weighed - weighed) < (_FIRST_DRAWS if first else _DRAWS):
            if of_this == _OF_ONE_PARENT:
                if not self._goes_on():
                    break
                parent, of_this = plan.method.parent(known, aim.sought, rng), 0
            draws, of_this = draws + 1, of_this + 1
            found = self._varied(number, parent, aim, rng)
            if found is not None:
                yield found
                nothing = False
                of_this = of_this if alone else _OF_ONE_PARENT
        if first and nothing:
            raise UsageError(_nothing_fits(plan.admission, draws, rng))

    def _varied(
        self, number: int, parent: Trial | None, aim: Aim, rng: Random
    ) -> tuple[Proposal, Admitted] | None:
        """A child of a parent, or a network that is drawn; None: it does not fit."""
        space, admission = self._plan.admission.space, aim.admission
        fitting: Admitted | None = None
        if parent is None:
            outlined = self._fills and rng.random() < _OUTLINES
            arch, morph = (
                (space.outline(rng), "outlined") if outlined else (space.sample(rng), "drawn")
            )
            if self._fills:
                arch, fitting = self._filled(arch, aim, rng)
        else:
            arch, morph = space.mutate(parent.proposal.arch, rng)
            while self._plan.method.ideas > 1 and rng.random() < _ONE_MORE:
                arch, further = space.mutate(arch, rng)
                morph = f"{morph}, {further}"
            if self._fills:
                found = self._widest(arch, admission, 0.0)
                arch, fitting = (arch, None) if found is None else (found.arch, found.fit)
            elif not aim.sought.admit(parent.costs):
                # What is within a target has children there; others come nearer step by step.
                admission = self._plan.admission
        if fitting is None:
            fitting = self._fitting(arch, rng, parent, admission)
        if fitting is None:
            return None
        if parent is None:
            return Proposal(arch, number, None, morph), fitting
        follows = parent.id if self._plan.recipe.inherit else None
        return Proposal(arch, number, parent.proposal.candidate, morph, follows=follows), fitting

    def _filled(self, arch: Any, aim: Aim, rng: Random) -> tuple[Any, Admitted | None]:
        """A drawn network, as wide as fits, and how; within the bounds alone sometimes narrower."""
        found = self._widest(arch, aim.admission, WIDEST)
        if aim.within is None:
            return (arch, None) if found is None else (found.arch, found.fit)
        narrower = _NARROWER * (1.0 if aim.least else rng.random())
        power = 0.0 if found is None else found.power()
        return aim.admission.space.scaled(arch, exp(power - narrower)), None

    def _topped(
        self, idea: tuple[Proposal, Admitted], aim: Aim, rng: Random
    ) -> tuple[Proposal, Admitted]:
        """A drawn network for a target with single layers still wider, where others can be none."""
        proposal = idea[0]
        if not self._fills or aim.within is not None or proposal.parent is not None:
            return idea
        space, arch, counted = aim.admission.space, proposal.arch, None
        for _ in range(_TOPPED):
            changes = morphs_by_kind(space, arch)
            wider = [m for kind in _WIDTHS for m in changes.get(kind, ()) if "+" in m.name]
            if not wider:
                break
            tried = rng.choice(wider).apply(rng)
            found = aim.admission.counted(tried)
            arch, counted = (arch, counted) if found is None else (tried, found)
        topped = aim.admission.fitting(arch, counted=counted)
        return idea if topped is None else (replace(proposal, arch=arch), topped)

    def _widest(self, arch: Any, admission: Admission, most: float) -> Widest[Any, Admitted] | None:
        """A network as wide as fits, all its layers in proportion; None: it never does."""
        return widest(
            lambda power: admission.space.scaled(arch, exp(power)),
            admission.counted,
            lambda made, counted: self._weighed_up(made, admission, counted),
            most,
        )

    def _fitting(
        self, arch: Any, rng: Random, parent: Trial | None, admission: Admission
    ) -> Admitted | None:
        """How a network fits; None: it is too large."""
        sparsities = admission.sparsities
        if sparsities is None:
            counted = admission.counted(arch)
            return None if counted is None else self._weighed_up(arch, admission, counted)
        if parent is None:
            sparsity = rng.uniform(sparsities.low, sparsities.high)
        else:
            moved = parent.proposal.sparsity + rng.gauss(0.0, _SPARSITY_MOVES)
            sparsity = min(max(moved, sparsities.low), sparsities.high)
        return admission.fitting(arch, sparsity)

    def _weighed_up(
        self, arch: Any, admission: Admission, counted: Meter | None
    ) -> Admitted | None:
        """How a network fits that counts let pass; None: exact costs are too high."""
        fitting = admission.fitting(arch, counted=counted)
        self._weighed += fitting is None
        return fitting

    def _new(self, proposal: Proposal, fitting: Admitted) -> Idea | None:
        """What a proposal comes to; None: there was its network before."""
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
        name: max(1, round(bounds.hard[name] * exp(-2 * rng.random() * _NARROWER)))
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


def _nothing_fits(admission: Admission, drawn: int, rng: Random) -> str:
    """That no network is within the bounds, and the least found of what each of them bounds."""
    space, glanced = admission.space, []
    for _ in range(_GLANCED):
        try:
            arch = space.scaled(space.sample(rng), exp(-2 * _NARROWER))
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
    none = f"none of {drawn:,} networks is within the bounds"
    if not needs:
        return f"{none}; what TFLM takes for them is not known"
    least = {name: min(need[name] for need in needs) for name in needs[0]}
    told = [
        f"{name} {found:,}{'' if name == 'macs' else ' B'} (of {admission.limits[name]:,})"
        for name, found in least.items()
    ]
    return f"{none}; the least found: {', '.join(told)}"
