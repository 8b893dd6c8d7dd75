"""Which chains to compute in parts, slices or slabs, and in how many, for the least memory.

Only what makes the peak has to change, so from step to step the search looks at the chains that
take in an operator at which the live set is largest. Of all that lowers the peak it takes what
gains most for what it adds to the tail; where several operators share the peak, what relieves one
of them for least, until it falls. The tail grows with every step, so the best of all that was on
the way counts, and what it turns out not to need is taken back in the end.

Slabs of rows take multiply-accumulates besides, so they are looked at where some are allowed, and
last: the way down that channels alone lead is gone first, then those that rows lead, too, by what
gains most for the tail that it adds and by what comes lowest. What a step takes of those that are
allowed later steps lack, so each way is gone with a part of them first.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import product

from mcugraph.formats.tflite.model import TfliteSubgraph
from mcugraph.records import dataclass, replace
from mcugraph.scheduling.solving.limits import Limits
from mcugraph.tflm.abi import align_up
from mcugraph.tflm.lifetimes import ALIGNMENT
from mcugraph.tflm.loaded import TflmProgram
from mcugraph.tflm.splits.row_chains import RowChain, row_chains
from mcugraph.tflm.splits.split_chains import MOST_SLICES, Chain, chains
from mcugraph.tflm.splits.split_prices import Outline, Pricing
from mcugraph.tflm.splits.split_program import SplitProgram, split_program
from mcugraph.tflm.splits.split_recipe import Split

# Parts of the multiply-accumulates that are allowed.
_SHARES = (0.25, 0.5, 1.0)
HEAD, TOTAL = "head", "total"
# Seconds for a plan: of any choice that may be the best, and of one that is if its plan packs.
_QUICK, _LONG = 0.3, 2.0


@dataclass(frozen=True, slots=True)
class SplitChoice:
    """Chains in parts, and what that costs.

    Attributes:
        splits: The chains, in the order of the file, each with its number of parts.
        outline: What is known of the program's cost before its tensors are placed.
        head: Bytes of the head with a plan; None: none was made, as it could not be the best.
        made: The program; None where nothing is split.
        tight: Operators of the file, by number, at which the peak is reached.
    """

    splits: tuple[Split, ...]
    outline: Outline
    head: int | None
    made: SplitProgram | None
    tight: frozenset[int]

    @property
    def operators(self) -> int:
        """How many operators more there are than in the file."""
        return sum(chain.added(count) for chain, count in self.splits)

    @property
    def extra_macs(self) -> int:
        """How many multiply-accumulates more there are than in the file."""
        return sum(chain.extra_macs(count) or 0 for chain, count in self.splits)


Told = Callable[[float, SplitChoice], None]  # seconds, and the best choice so far
_Gain = Callable[[SplitChoice, SplitChoice], tuple[float, ...]]  # of a step to another choice


def best_splits(
    program: TflmProgram,
    pricing: Pricing,
    minimise: str = TOTAL,
    limits: Limits | None = None,
    progress: Told | None = None,
    extra_macs: int = 0,
) -> SplitChoice | None:
    """The chains of a program whose computation in slices or slabs saves most.

    Args:
        program: What TFLM loads of the file, with the values of constants at hand.
        pricing: What a program costs.
        minimise: ``"total"``: the arena to reserve; ``"head"``, and the rest only where heads are
            equal.
        limits: Where the search ends, if it does not end by itself; the best till then counts.
        progress: Called whenever there is a better choice.
        extra_macs: How many multiply-accumulates may be added; 0: nothing is computed in slabs.

    Returns:
        The best choice; nothing is split where nothing pays. None: the program has no price.
    """
    search = _SplitSearch(program, pricing, minimise, limits or Limits(), progress, extra_macs)
    first = search.choice(())
    if first is not None:
        search.descend(first, _gain)
        if extra_macs:
            search.chains += row_chains(program)
            for share, gain in product(_SHARES, (_gain, _depth)):
                search.most = int(share * extra_macs)
                if not search.at_floor:
                    search.descend(first, gain)
        search.take_back()
        search.look_again()
    return search.best


class _SplitSearch:
    """The choices that were tried, and the best of them.

    Attributes:
        chains: What may be computed in parts.
        most: How many multiply-accumulates may be added.
        floor: No head is smaller: first all inputs of the graph are there, in the end all outputs.
        tried: What splits come to.
        best: The best choice that has a head.
    """

    def __init__(
        self,
        program: TflmProgram,
        pricing: Pricing,
        minimise: str,
        limits: Limits,
        progress: Told | None,
        extra_macs: int,
    ) -> None:
        self.program, self.pricing, self.limits = program, pricing, limits
        self.minimise, self.progress, self.most = minimise, progress, extra_macs
        self.chains: tuple[Chain | RowChain, ...] = chains(program.model)
        self.floor = _floor(program.model.subgraphs[0])
        self.tried: dict[tuple[Split, ...], SplitChoice | None] = {}
        self.best: SplitChoice | None = None

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        limits = self.limits
        return limits.seconds is not None and limits.elapsed > limits.seconds

    @property
    def at_floor(self) -> bool:
        """Whether the head is all that counts and cannot be any smaller."""
        best = self.best.head if self.best is not None else None
        return self.minimise == HEAD and best is not None and best <= self.floor

    def worth(self, choice: SplitChoice, head: int) -> tuple[int, ...]:
        """What is to be as small as can be, if the head comes to so many bytes."""
        total = choice.outline.total(head)
        return (head if self.minimise == HEAD else total, total, choice.operators)

    def better(self, choice: SplitChoice, head: int) -> bool:
        """Whether a choice were the best so far if its head came to so many bytes."""
        best = self.best
        if best is None or best.head is None:
            return True
        return self.worth(choice, head) < self.worth(best, best.head)

    def choice(self, splits: Sequence[Split]) -> SplitChoice | None:
        """What splits come to; None: they have no price, or take more than they may."""
        if not self.allowed(splits):
            return None
        key = tuple(sorted(splits, key=lambda split: split[0].operators))
        if key not in self.tried:
            self.tried[key] = self._priced(key)
        return self.tried[key]

    def allowed(self, splits: Sequence[Split]) -> bool:
        """Whether slabs can be had, and take no more multiply-accumulates than they may."""
        extra = [chain.extra_macs(count) for chain, count in splits]
        return None not in extra and sum(filter(None, extra)) <= self.most

    def _priced(self, splits: tuple[Split, ...]) -> SplitChoice | None:
        made = split_program(self.program, splits) if splits else None
        if splits and made is None:
            return None
        program = self.program if made is None else made.program
        outline = self.pricing.outline(program)
        if outline is None:
            return None
        tight = outline.tight if made is None else {made.origins[v] for v in outline.tight}
        choice = SplitChoice(splits, outline, None, made, frozenset(tight))
        return self._planned(choice) if self.better(choice, outline.peak) else choice

    def _planned(self, choice: SplitChoice, seconds: float = _QUICK) -> SplitChoice:
        """A choice with its head, which is remembered if it is the best so far."""
        program = self.program if choice.made is None else choice.made.program
        head = self.pricing.head(program, choice.outline, seconds)
        choice = replace(choice, head=head)
        if self.better(choice, head):
            self.best = choice
            if self.progress is not None:
                self.progress(self.limits.elapsed, choice)
        return choice

    def descend(self, now: SplitChoice, gain: _Gain) -> None:
        """Lower the peak as far as it goes, by the steps that gain most."""
        while now.outline.peak > self.floor:
            found = [(gain(now, choice), choice) for choice in self._relieved(now)]
            if not found:
                return
            _, now = max(found, key=lambda entry: entry[0])

    def _relieved(self, now: SplitChoice) -> Iterator[SplitChoice]:
        """Choices one step further, with a lower peak or one that is reached less often."""
        for chain in self.chains:
            if now.tight.isdisjoint(chain.operators):
                continue
            others, count = _without(now.splits, chain)
            for more in slice_counts(chain):
                if more <= count or chain.least(more) >= now.outline.peak:
                    continue
                if self.over:
                    return
                choice = self.choice((*others, (chain, more)))
                if choice is not None and _level(choice) < _level(now):
                    yield choice

    def take_back(self) -> None:
        """Do with fewer slices, shorter chains or none at all, as long as that costs nothing."""
        before: SplitChoice | None = None
        while self.best is not None and before is not self.best:
            before = self.best
            for simpler in self._simpler(before.splits):
                if self.over:
                    return
                self.choice(simpler)

    def hope(self, chain: Chain | RowChain, count: int) -> bool:
        """Whether a chain in so many parts may be in a choice that is the best."""
        return self.best is None or chain.least(count) <= self.best.outline.peak

    def look_again(self) -> None:
        """Give time to the plans of choices that would be the best if they came to the peak."""
        limits = self.limits
        planned = [choice for choice in self.tried.values() if choice and choice.head is not None]
        for choice in sorted(planned, key=lambda choice: self.worth(choice, choice.outline.peak)):
            if self.over or not self.better(choice, choice.outline.peak):
                return
            left = None if limits.seconds is None else limits.seconds - limits.elapsed
            self._planned(choice, _LONG if left is None else max(min(_LONG, left), 0.0))

    def _simpler(self, splits: tuple[Split, ...]) -> Iterator[tuple[Split, ...]]:
        for split in splits:
            chain, count = split
            others = tuple(other for other in splits if other is not split)
            yield others
            within = set(chain.operators)
            for part in self.chains:
                if within.issuperset(part.operators):
                    for fewer in slice_counts(part):
                        if (part, fewer) != split and fewer <= count and self.hope(part, fewer):
                            yield (*others, (part, fewer))


def _floor(graph: TfliteSubgraph) -> int:
    """Bytes of the graph's inputs or of its outputs, whichever are more."""
    ends = ([graph.tensors[t] for t in set(side)] for side in (graph.inputs, graph.outputs))
    return max(
        sum(align_up(t.nbytes, ALIGNMENT) for t in side if not (t.constant or t.variable))
        for side in ends
    )


def slice_counts(chain: Chain | RowChain) -> tuple[int, ...]:
    """Numbers of parts of a chain of which each makes the widest part smaller."""
    widths: dict[int, int] = {}
    for count in range(2, min(chain.units, MOST_SLICES) + 1):
        widths.setdefault(-(-chain.units // count), count)
    return tuple(widths.values())


def _without(splits: Sequence[Split], chain: Chain | RowChain) -> tuple[tuple[Split, ...], int]:
    """The splits of other chains, and in how many parts this one is computed already."""
    within = set(chain.operators)
    others = tuple(split for split in splits if within.isdisjoint(split[0].operators))
    return others, dict(splits).get(chain, 1)


def _level(choice: SplitChoice) -> tuple[int, int]:
    """How high the peak is, and how many operators of the file reach it."""
    return choice.outline.peak, len(choice.tight)


def _gain(now: SplitChoice, choice: SplitChoice) -> tuple[float, ...]:
    """What a step gains: bytes of the peak for each of the tail, else as little tail as can be."""
    lower = now.outline.peak - choice.outline.peak
    more = max(choice.outline.tail - now.outline.tail, 1)
    return (lower / more, -more, -choice.outline.peak)


def _depth(now: SplitChoice, choice: SplitChoice) -> tuple[float, ...]:
    """What a step gains if the tail counts little: bytes of the peak."""
    return (-choice.outline.peak, -len(choice.tight), -choice.outline.tail, -choice.extra_macs)
