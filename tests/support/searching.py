"""Searches that train nothing: errors follow from architecture, beginning and seed."""

import os
import signal
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

from mcugraph.nas import Bounds, MlpSpace, Recipe, SearchResult, search
from mcugraph.nas.tasks import TrialTask
from mcugraph.nas.trials import Errors, Outcome


class OwnSpace(MlpSpace):
    """One that the library does not know."""


SPACE = MlpSpace((6,), 3)
BOUNDS = Bounds(error=0.5, size=3000)
DEADLY = 400  # units of a first layer that kill the worker
HUNGRY = 401  # or fill its memory


def pretend(task: TrialTask) -> Outcome:
    """An outcome at once: larger networks, and children of good ones, are better."""
    before = 1.0 if task.start is None else float(task.start.split()[0])
    noise = int(sha256(f"{task.arch} {task.seed}".encode()).hexdigest()[:8], 16) / 2**32
    size = task.space.meter(task.arch).size
    error = min(1.0, 0.5 * before + 0.3 * noise + 50 / size) / (1 + task.epochs / 10)
    weights = f"{error!r} {task.seed}".encode()
    test = error + 0.01 if task.test else None
    return Outcome(Errors(error, test), task.epochs, 0.001, "nobody", weights)


def pretend_slowly(task: TrialTask) -> Outcome:
    """As `pretend`, in times that have nothing to do with the order of the tasks."""
    time.sleep(task.seed * 7919 % 13 / 400)
    return pretend(task)


def misbehave(task: TrialTask) -> Outcome:
    """As `pretend`, but for architectures that raise, kill their worker, or fill its memory."""
    units: Any = task.arch.units
    if units and units[0] == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    if units and units[0] == HUNGRY:
        held = bytearray(os.urandom(1 << 20) * 600)
        time.sleep(30)
        del held
    if len(units) > 3:
        raise ValueError("too deep\nfor me")
    return pretend(task)


def searched(folder: Path | None = None, **options: Any) -> SearchResult:
    """A search of a few candidates that trains nothing."""
    options = {
        "bounds": BOUNDS,
        "recipe": Recipe(epochs=9, share=1.0, rungs=3),
        "candidates": 40,
        "finalists": 3,
        "engine": "inline",
        "train": pretend,
        "report": quiet,
        "contenders": 1,
    } | options
    space = options.pop("space", SPACE)
    return search(space, "no.npz", folder=folder, **options)


def quiet(line: str) -> None:
    """Say nothing."""


def history(result: SearchResult) -> list[Any]:
    """What has to be equal of two searches: all but who did it, how often, and how long it took."""
    made = []
    for trial in result.trials:
        outcome = trial.outcome
        told = None if outcome is None else (outcome.errors, outcome.epochs)
        made.append((trial.id, trial.key, trial.proposal, trial.seed, trial.state, told))
    return made


class Unreadable:
    """What can be sent, and not be read."""

    def __reduce__(self) -> Any:
        return (complain, ("sense",))


def answer(kind: str) -> Any:
    """Something that no pipe carries."""
    return Unreadable() if kind == "unreadable" else (lambda: kind)


def square(x: int) -> int:
    return x * x


def pid_of(_: Any) -> int:
    time.sleep(0.2)
    return os.getpid()


def die_once(folder: str) -> str:
    """Dies if nobody has done so in this folder."""
    mark = Path(folder, "died")
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


def complain(x: Any) -> Any:
    raise ValueError(f"no {x}")
