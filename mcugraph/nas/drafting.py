"""Networks that a trial could be of: children of what there is, or drawn, as wide as bounds allow.

Counts let a draft pass, in microseconds. What takes longer (the peak of the best order, all that
TFLM takes) is asked for those alone that are chosen.
"""

from math import exp, log
from random import Random
from typing import Any

from mcugraph.nas.admission import Admission, Admitted
from mcugraph.nas.meter import Meter
from mcugraph.nas.search_bounds import Bounds
from mcugraph.nas.search_plan import SearchPlan
from mcugraph.nas.search_space import morphs_by_kind
from mcugraph.nas.trials import Proposal, Trial
from mcugraph.nas.widest import WIDEST, Widest, narrowed, widest
from mcugraph.records import dataclass, replace

NARROWER = log(8)  # of the widths of drawn networks, where no target says how large they may be
_ONE_MORE = 0.4  # the chance of a further change, where a forecast has to like the child
_OUTLINES = 0.5  # of what is drawn
_TOPPED, _WIDTHS = 24, ("channels", "units")  # how often single layers are widened; those morphs
_SPARSITY_MOVES = 0.05  # of a child, as the paper's code has it


@dataclass(frozen=True, slots=True)
class Aim:
    """What one proposal is to be good at.

    Attributes:
        admission: Which architectures it may be of.
        within: Bounds within those of the search that parents are sought for: somewhere on the
            front; None: those of the admission.
        least: Whether networks are drawn as narrow as they can be: how long a training takes is
            not known yet.
        target: The condition that the admission is of; empty: the search's bounds alone.
    """

    admission: Admission
    within: Bounds | None
    least: bool = False
    target: str = ""

    @property
    def sought(self) -> Bounds:
        """The bounds that parents are sought for."""
        return self.admission.bounds if self.within is None else self.within


@dataclass(frozen=True, slots=True)
class Draft:
    """A network that counts let pass.

    Attributes:
        proposal: Of a trial of it.
        counted: By a meter that has heard the network.
        admission: Which networks may be proposed.
        wide: How it was made as wide as counts allow; None: it was not.
        fitting: How it is within the bounds; None: nobody has asked so far.
    """

    proposal: Proposal
    counted: Meter
    admission: Admission
    wide: Widest[Any, Meter] | None = None
    fitting: Admitted | None = None


class Drafter:
    """Makes the drafts of a search.

    Args:
        plan: Of the search.

    Attributes:
        refused: Networks that counts let pass, and exact costs did not.
    """

    def __init__(self, plan: SearchPlan) -> None:
        self._plan, self.refused = plan, 0

    @property
    def fills(self) -> bool:
        """Whether networks are brought to the bounds by their widths; pruning does it else."""
        return self._plan.method.fills and self._plan.admission.sparsities is None

    def given(self, arch: Any, number: int, rng: Random) -> Draft | None:
        """A network that somebody has thought of; None: it is too large."""
        return self._made(Proposal(arch, number, None, "given"), self._plan.admission, None, rng)

    def drawn(self, number: int, aim: Aim, rng: Random) -> Draft | None:
        """A network of the space, drawn; None: it is too large."""
        space = aim.admission.space
        outlined = self.fills and rng.random() < _OUTLINES
        arch = space.outline(rng) if outlined else space.sample(rng)
        made = Proposal(arch, number, None, "outlined" if outlined else "drawn")
        if not self.fills:
            return self._made(made, aim.admission, None, rng)
        wide = _widest(arch, aim.admission, WIDEST)
        if aim.within is None:
            return _as_wide(made, aim.admission, wide)
        # Within the bounds alone: as wide as fits, or narrower.
        narrower = NARROWER * (1.0 if aim.least else rng.random())
        power = 0.0 if wide is None else wide.power()
        made = replace(made, arch=space.scaled(arch, exp(power - narrower)))
        return self._made(made, aim.admission, None, rng)

    def child(self, number: int, parent: Trial, aim: Aim, rng: Random) -> Draft | None:
        """A network next to that of a trial; None: it is too large."""
        space, admission = self._plan.admission.space, aim.admission
        arch, morph = space.mutate(parent.proposal.arch, rng)
        while self._plan.method.ideas > 1 and rng.random() < _ONE_MORE:
            arch, further = space.mutate(arch, rng)
            morph = f"{morph}, {further}"
        follows = parent.id if self._plan.recipe.inherit else None
        made = Proposal(arch, number, parent.proposal.candidate, morph, follows=follows)
        if self.fills:
            return _as_wide(made, admission, _widest(arch, admission, 0.0))
        if not aim.sought.admit(parent.costs):
            # What is within a target has children there; others come nearer step by step.
            admission = self._plan.admission
        return self._made(made, admission, parent, rng)

    def _made(
        self, made: Proposal, admission: Admission, parent: Trial | None, rng: Random
    ) -> Draft | None:
        """A network as it is, or pruned."""
        sparsities = admission.sparsities
        if sparsities is None:
            counted = admission.counted(made.arch)
            return None if counted is None else Draft(made, counted, admission)
        if parent is None:
            sparsity = rng.uniform(sparsities.low, sparsities.high)
        else:
            moved = parent.proposal.sparsity + rng.gauss(0.0, _SPARSITY_MOVES)
            sparsity = min(max(moved, sparsities.low), sparsities.high)
        fitting = admission.fitting(made.arch, sparsity)
        if fitting is None:
            return None
        return Draft(made, fitting.counted, admission, fitting=fitting)

    def weighed(self, draft: Draft, aim: Aim, rng: Random) -> tuple[Proposal, Admitted] | None:
        """What is proposed of a draft, and how it fits exactly; None: it costs too much."""
        made = draft.proposal

        def fitting(arch: Any, counted: Meter | None) -> Admitted | None:
            found = draft.admission.fitting(arch, counted=counted)
            self.refused += found is None
            return found

        if draft.fitting is not None:
            return made, draft.fitting
        if draft.wide is None:
            fit = fitting(made.arch, draft.counted)
            return None if fit is None else (made, fit)
        found = narrowed(draft.wide, fitting)
        if found is None:
            return None
        made, fit = replace(made, arch=found[0]), found[1]
        return (made, fit) if made.parent is not None else _topped(made, fit, aim, rng)


def _widest(arch: Any, admission: Admission, most: float) -> Widest[Any, Meter] | None:
    """A network as wide as counts allow, all its layers in proportion."""
    return widest(lambda power: admission.space.scaled(arch, exp(power)), admission.counted, most)


def _as_wide(made: Proposal, admission: Admission, wide: Widest[Any, Meter] | None) -> Draft | None:
    if wide is None:
        return None
    return Draft(replace(made, arch=wide.arch), wide.count, admission, wide)


def _topped(made: Proposal, fit: Admitted, aim: Aim, rng: Random) -> tuple[Proposal, Admitted]:
    """A drawn network with single layers still wider, where all together can be none."""
    space, arch, counted = aim.admission.space, made.arch, None
    for _ in range(_TOPPED):
        changes = morphs_by_kind(space, arch)
        wider = [m for kind in _WIDTHS for m in changes.get(kind, ()) if "+" in m.name]
        if not wider:
            break
        tried = rng.choice(wider).apply(rng)
        found = aim.admission.counted(tried)
        arch, counted = (arch, counted) if found is None else (tried, found)
    topped = aim.admission.fitting(arch, counted=counted)
    return (made, fit) if topped is None else (replace(made, arch=arch), topped)
