"""What a search says while it runs."""

import time
from collections.abc import Callable

from mcugraph.experiments.fronts import front_of
from mcugraph.experiments.ledger import State
from mcugraph.nas.driver import Driver
from mcugraph.nas.evolution import objectives_of, point_of
from mcugraph.units import decimal

_EACH = 5.0  # seconds


class Progress:
    """Says every few seconds how far a search is.

    Args:
        say: Takes a line.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._said = say, 0.0

    def __call__(self, driver: Driver) -> None:
        """A trial has ended."""
        now = time.monotonic()
        if now - self._said < _EACH:
            return
        self._said = now
        self._say(line_of(driver))


def line_of(driver: Driver) -> str:
    """How far a search is, in one line."""
    plan = driver.plan
    done = [trial for trial in driver.trials if trial.state is State.DONE]
    failed = sum(trial.state is State.FAILED for trial in driver.trials)
    finals = [trial for trial in done if trial.proposal.final]
    contenders = [trial for trial in done if trial.proposal.contends]
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
        parts += [f"best {best.error:.2%} ({costs})", f"front of {len(front)}"]
    if contenders and not finals:
        parts.append(f"{len(contenders)} contenders")
    if finals:
        parts.append(f"{len(finals)} of {plan.finalists} finalists")
    if plan.seconds is not None:
        left = max(plan.seconds - driver.seconds, 0.0)
        parts.append(f"{left / 60:.0f} min left")
    return "; ".join(parts)
