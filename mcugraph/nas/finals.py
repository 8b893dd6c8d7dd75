"""The end of a search: how long finalists are trained, so that the time suffices.

Each candidate has said how many seconds an epoch of it takes.
"""

from collections.abc import Sequence
from statistics import median_low

from mcugraph.experiments.ledger import State
from mcugraph.nas.recipe import Recipe
from mcugraph.nas.search_plan import SearchPlan
from mcugraph.nas.trials import Trial

_RECENT = 20  # trainings that tell how long the next ones take
LEAST = 1 / 3  # of the recipe's epochs: rather fewer finalists than shorter trainings
_CONTENDING = 0.1  # of the recipe's epochs
_OF_CONTENDERS = 0.3  # of the time for contenders and finalists
_HALVINGS = 40  # of the interval that the epochs are sought in


def seconds_an_epoch(trial: Trial) -> float:
    """What an epoch of a trial that is done has taken."""
    assert trial.outcome is not None, "only trials that are done have taken time"
    return trial.outcome.seconds / max(trial.outcome.epochs, 1e-9)


def seconds_of_one(trials: Sequence[Trial]) -> float:
    """What a training of the search takes, of late; 0: none is done yet."""
    recent = _recent(trials)
    return sum(t.outcome.seconds for t in recent if t.outcome) / max(len(recent), 1)


def reserved(plan: SearchPlan, trials: Sequence[Trial]) -> float:
    """Seconds that are left for finalists: their share, or less where less is enough."""
    recent = _recent(trials)
    if plan.seconds is None or not plan.finalists or not recent:
        return 0.0
    # Short trainings are judged more often: long ones tell more of what an epoch takes.
    each = sum(t.outcome.seconds for t in recent if t.outcome) / max(
        sum(t.outcome.epochs for t in recent if t.outcome), 1e-9
    )
    whole = plan.recipe.epochs * -(-plan.finalists // plan.workers)
    if plan.contenders > 1:
        whole += contending(plan.recipe) * -(-plan.finalists * plan.contenders // plan.workers)
    return min(plan.final_share * plan.seconds, each * whole)


def macs_in_time(plan: SearchPlan, done: Sequence[Trial]) -> int | None:
    """The MACs of the largest network that a finalist has the time for, by the fastest trainings.

    That is a third of the recipe's epochs, within the time for finalists. Half of what was trained
    may be as large in any case, so that something is found, and limits come down step by step.

    Args:
        plan: Of the search.
        done: Results.

    Returns:
        None: the time has no limit, there are no finalists, or nothing was trained yet.
    """
    recent = _recent(done)
    if plan.seconds is None or not (plan.finalists and plan.final_share and recent):
        return None
    fastest = max(t.costs.macs / max(seconds_an_epoch(t), 1e-9) for t in recent)
    epoch = plan.final_share * plan.seconds / (LEAST * plan.recipe.epochs)
    return max(round(fastest * epoch), median_low(trial.costs.macs for trial in recent))


def contending(recipe: Recipe) -> float:
    """For how many epochs contenders are trained."""
    return _CONTENDING * recipe.epochs


def in_time(line: Sequence[Trial], plan: SearchPlan, left: float) -> list[Trial]:
    """As many of the first contenders as take their part of the seconds that are left."""
    spent, fitting = 0.0, []
    for trial in line:
        spent += seconds_an_epoch(trial) * contending(plan.recipe) / plan.workers
        if spent > _OF_CONTENDERS * left:
            break
        fitting.append(trial)
    return fitting


def _recent(trials: Sequence[Trial]) -> list[Trial]:
    """The youngest trainings of the search that are done.

    What a worker did first is among them only if there is nothing else: it took longer, since much
    is prepared when it is first used.
    """
    done = [t for t in trials if t.state is State.DONE and t.proposal.searching]
    begun: set[str] = set()
    later = []
    for trial in done:
        worker = trial.outcome.worker if trial.outcome else ""
        if worker in begun:
            later.append(trial)
        begun.add(worker)
    return (later or done)[-_RECENT:]


def trainable(known: Sequence[Trial], epochs: float, left: float) -> Sequence[Trial]:
    """Those that there is time for as finalists, a third of the epochs; all if there is for none.

    Args:
        known: Candidates that are done.
        epochs: Of the recipe.
        left: Seconds that there are.
    """
    fitting = [t for t in known if seconds_an_epoch(t) * LEAST * epochs <= left]
    return fitting or known


def affordable(
    costs: Sequence[float], busy: Sequence[float], workers: int, left: float, epochs: float
) -> float:
    """For how many epochs the first of some trainings can go on, so that others end in time, too.

    Args:
        costs: Seconds an epoch of each takes.
        busy: Seconds until each training that is under way ends.
        workers: How many are trained at once.
        left: Seconds that there are.
        epochs: That each should be trained.

    Returns:
        The same for all of them; where that would be less than a third of ``epochs``, for as many
        of the first as have more. Less alone where not even the first has time for a third.
    """
    for count in range(len(costs), 0, -1):
        each = _epochs(costs[:count], busy, workers, left, epochs)
        if each >= LEAST * epochs or count == 1:
            return each
    return 0.0


def _epochs(
    costs: Sequence[float], busy: Sequence[float], workers: int, left: float, most: float
) -> float:
    """For how many epochs trainings can go on that all end in time."""
    if _end(costs, busy, workers, most) <= left:
        return most
    low, high = 0.0, most
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _end(costs, busy, workers, middle) <= left:
            low = middle
        else:
            high = middle
    return low


def _end(costs: Sequence[float], busy: Sequence[float], workers: int, epochs: float) -> float:
    """When the last training ends, if each begins as soon as a worker is free."""
    free = sorted([*busy, *[0.0] * (workers - len(busy))])
    for cost in costs:
        free = sorted([free[0] + cost * epochs, *free[1:]])
    return free[-1]
