"""How a search chooses the next parent: by age, by rank, or not at all."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from random import Random

from mcugraph.checks import check_whole
from mcugraph.errors import UsageError
from mcugraph.experiments.fronts import crowding, ranks_of
from mcugraph.nas.search_bounds import Bounds
from mcugraph.nas.trials import Trial
from mcugraph.records import dataclass

# The costs that are objectives beside the error, where they are bounded; where none is, this one.
OBJECTIVES = ("peak", "size", "macs", "arena", "sram")
_ALONE = ("size",)


def objectives_of(bounds: Bounds) -> tuple[str, ...]:
    """Names of the costs that a search trades against the error."""
    return tuple(name for name in OBJECTIVES if name in bounds.hard) or _ALONE


def point_of(trial: Trial, names: Sequence[str]) -> tuple[float, ...]:
    """Error and costs of a trial, all of which are the better the smaller."""
    return (trial.error, *(float(getattr(trial.costs, name)) for name in names))


class Method(ABC):
    """Chooses what is changed next. It knows results only, and draws from what it is given.

    Attributes:
        ideas: Of so many candidates that could be next the one is trained that a forecast, made of
            the results so far, has the least error for; 1: there is no forecast.
        fills: What is drawn is as wide as the bounds allow, or narrower by chance, and children
            that are too large are made narrower; False: networks are taken or left as they come.
    """

    ideas: int = 1
    fills: bool = False

    @abstractmethod
    def parent(self, known: Sequence[Trial], bounds: Bounds, rng: Random) -> Trial | None:
        """The candidate to change; None: one is to be drawn from the space.

        Args:
            known: For each candidate its furthest result, in the order of the candidates.
            bounds: Of the search.
            rng: What is random comes from here.
        """


@dataclass(frozen=True, slots=True)
class RandomSearch(Method):
    """Every candidate is drawn from the space: the baseline."""

    def parent(self, known: Sequence[Trial], bounds: Bounds, rng: Random) -> Trial | None:
        """None, always."""
        return None


@dataclass(frozen=True, slots=True)
class AgingEvolution(Method):
    """Aging evolution (Real et al., 2019) with random scalarisations, as in µNAS (Eq. 1).

    Of some of the youngest candidates, drawn anew each time, the one goes on whose worst objective
    is the best: each objective as a share of a goal that is drawn from 0 to its bound.

    Attributes:
        population: How many of the youngest live; as many are drawn from the space first.
        sample: How many of them compete.

    Raises:
        UsageError: They are no numbers from 1 on, or more compete than live.
    """

    population: int = 40
    sample: int = 10

    def __post_init__(self) -> None:
        _check_living(self.population, self.sample)

    def parent(self, known: Sequence[Trial], bounds: Bounds, rng: Random) -> Trial | None:
        """The best of a sample of the youngest, for goals drawn anew."""
        if len(known) < self.population:
            return None
        living = known[-self.population :]
        competing = [rng.choice(living) for _ in range(self.sample)]
        names = objectives_of(bounds)
        limits = [bounds.error or 1.0]  # of an aim of 0 there are no shares
        limits += [float(bounds.hard.get(name, _largest(living, name))) for name in names]
        # 1/lambda ~ U[0; b]; 1 - random() is never 0.
        goals = [(1 - rng.random()) * limit for limit in limits]

        def worst(trial: Trial) -> float:
            point = point_of(trial, names)
            return max(value / goal for value, goal in zip(point, goals, strict=True))

        return min(competing, key=worst)


def _check_living(population: int, sample: int) -> None:
    check_whole("population", population, 1)
    check_whole("sample", sample, 1)
    if sample > population:
        raise UsageError(f"of {population} candidates, {sample} cannot compete")


def _largest(trials: Sequence[Trial], name: str) -> int:
    return max([1, *(int(getattr(trial.costs, name)) for trial in trials)])


@dataclass(frozen=True, slots=True)
class GuidedEvolution(Method):
    """Aging evolution of networks that fill the bounds, guided by a forecast of their errors.

    The one with the least error goes on of some of the youngest that are within the bounds that the
    search aims at, or the nearest to them.

    Attributes:
        population: How many of the youngest live; as many are drawn from the space first.
        sample: How many of them compete.
        ideas, fills: As of `Method`.

    Raises:
        UsageError: They are no numbers from 1 on, or more compete than live.
    """

    population: int = 60
    sample: int = 10
    ideas: int = 24
    fills: bool = True

    def __post_init__(self) -> None:
        _check_living(self.population, self.sample)
        check_whole("ideas", self.ideas, 1)

    def parent(self, known: Sequence[Trial], bounds: Bounds, rng: Random) -> Trial | None:
        """The one of a sample that errs least, what it costs too much taken into account."""
        if len(known) < self.population:
            return None
        living = known[-self.population :]
        competing = [rng.choice(living) for _ in range(self.sample)]
        excess = excess_over(bounds)
        return min(competing, key=lambda trial: trial.error * excess(trial))


def excess_over(bounds: Bounds) -> Callable[[Trial], float]:
    """How many times its bound the cost of a trial is that is the farthest beyond; 1: none is."""
    hard = bounds.hard.items()

    def excess(trial: Trial) -> float:
        costs, farthest = trial.costs, 1.0
        for name, most in hard:
            farthest = max(farthest, getattr(costs, name) / most)
        return farthest

    return excess


@dataclass(frozen=True, slots=True)
class ParetoEvolution(Method):
    """Evolution that keeps the best fronts, and the loneliest within one (NSGA-II).

    Attributes:
        population: How many are kept of ten times as many of the youngest; as many are drawn first.

    Raises:
        UsageError: It is no number from 2 on.
    """

    population: int = 40

    def __post_init__(self) -> None:
        check_whole("population", self.population, 2)

    def parent(self, known: Sequence[Trial], bounds: Bounds, rng: Random) -> Trial | None:
        """The better of two that are kept."""
        if len(known) < self.population:
            return None
        living = known[-10 * self.population :]
        points = [point_of(trial, objectives_of(bounds)) for trial in living]
        places = _by_crowding(points, ranks_of(points))
        kept = sorted(range(len(living)), key=places.__getitem__)[: self.population]
        return living[min(rng.sample(kept, 2), key=places.__getitem__)]


def _by_crowding(
    points: Sequence[tuple[float, ...]], ranks: Sequence[int]
) -> list[tuple[int, float]]:
    """For each point what it is sorted by: its front, then how crowded it is there."""
    places = [(0, 0.0)] * len(points)
    for rank in set(ranks):
        members = [i for i, r in enumerate(ranks) if r == rank]
        for i, far in zip(members, crowding([points[i] for i in members]), strict=True):
            places[i] = rank, -far
    return places


METHODS: dict[str, Method] = {
    "evolution": GuidedEvolution(),
    "aging": AgingEvolution(),
    "pareto": ParetoEvolution(),
    "random": RandomSearch(),
}


def paper() -> AgingEvolution:
    """Aging evolution with the numbers of the µNAS paper: 100 live, 25 compete."""
    return AgingEvolution(population=100, sample=25)


def find_method(method: object) -> Method:
    """A `Method`, or the one of a name.

    Raises:
        UsageError: There is no such one.
    """
    if isinstance(method, Method):
        return method
    if not isinstance(method, str) or method not in METHODS:
        raise UsageError(f"unknown method {method!r}; expected one of {', '.join(METHODS)}")
    return METHODS[method]
