"""What a search says while it runs."""

import time
from collections.abc import Callable, Iterator

from mcugraph.experiments.fronts import front_of
from mcugraph.experiments.ledger import State
from mcugraph.nas.conditions import condition
from mcugraph.nas.driver import Driver
from mcugraph.nas.evolution import objectives_of, point_of
from mcugraph.units import decimal, percent

_EACH, _QUIET = 5.0, 20.0  # seconds; where nothing has ended meanwhile


class Progress:
    """Says every few seconds how far a search is.

    Args:
        say: Takes a line.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._said, self._ended = say, 0.0, -1

    def __call__(self, driver: Driver) -> None:
        """A trial has ended, or a moment has passed."""
        now = time.monotonic()
        ended = sum(trial.state is not State.RUNNING for trial in driver.trials)
        if now - self._said < (_QUIET if ended == self._ended else _EACH):
            return
        self._said, self._ended = now, ended
        self._say(line_of(driver))


def line_of(driver: Driver) -> str:
    """How far a search is, in one line."""
    plan = driver.plan
    done = [trial for trial in driver.trials if trial.state is State.DONE]
    failed = sum(trial.state is State.FAILED for trial in driver.trials)
    finals = [trial for trial in done if trial.proposal.final]
    contends = [t.state is State.DONE for t in driver.trials if t.proposal.contends]
    chosen = [*driver.waiting, *(t for t in driver.trials if t.proposal.final)]
    parts = [f"{sum(trial.proposal.searching for trial in done)} trained"]
    if failed:
        parts.append(f"{failed} failed")
    if plan.candidates is not None:
        parts[0] += f" of {plan.candidates}"
    parts.append(f"{len(done) / max(driver.seconds, 1e-9):.2f}/s")
    if done:
        names = objectives_of(plan.admission.bounds)
        best = min(finals or done, key=lambda trial: trial.error)
        costs = ", ".join(f"{name} {decimal(getattr(best.costs, name))}" for name in names)
        front = front_of([point_of(trial, names) for trial in done])
        which = "best finalist" if finals else "best"
        parts += [f"{which} {percent(best.error)} ({costs})", f"front of {len(front)}"]
    if contends and not chosen:
        parts.append(f"{sum(contends)} of {len(contends)} contenders")
    if chosen:
        parts.append(f"{len(finals)} of {len(chosen)} finalists")
    if plan.seconds is not None:
        left = round(plan.seconds - driver.seconds)
        parts.append(f"{left // 60}:{left % 60:02} left" if left > 0 else "the time is up")
    return "; ".join(parts)


def shortcomings(driver: Driver) -> Iterator[str]:
    """What there was no time for, in the end, a line each."""
    plan = driver.plan
    finals = [t for t in driver.trials if t.proposal.final and t.state is State.DONE]
    if plan.seconds is None or not finals:
        return
    epochs = [t.outcome.epochs for t in finals if t.outcome is not None]
    if min(epochs) < plan.recipe.epochs:
        yield (
            f"finalists were trained for {_range(epochs)} of {plan.recipe.epochs:g} epochs: for "
            "more they need more time, or smaller bounds"
        )
    candidates = {t.proposal.candidate for t in driver.trials if t.state is State.DONE}
    wanted = min(plan.finalists, len(candidates))
    if len(finals) < wanted:
        yield (
            f"{wanted - len(finals)} of {wanted} finalists are missing: there "
            "was no time for them; with a longer time limit the search goes on"
        )
    for target in plan.targets:
        if not any(map(condition(target), finals)):
            yield f"no finalist has {target}"


def _range(values: list[float]) -> str:
    ends = f"{min(values):.1f}", f"{max(values):.1f}"
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)
