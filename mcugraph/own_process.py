"""A module of the package in a process of its own, which may die of what it is given."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any


class NoAnswer(Exception):
    """The process ended without an answer; says why. Never leaves the package."""


def answer(module: str, job: Mapping[str, Any], seconds: float) -> Any:
    """What a module makes of a job: JSON in by standard input, JSON out as its last line.

    Args:
        module: Its full name; it is run as ``python -m`` runs it.
        job: What it is to do.
        seconds: How long it may take.

    Raises:
        NoAnswer: It took longer, or it died.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", module],
            input=json.dumps(job),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoAnswer(f"no answer in {seconds} s") from None
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        said = done.stderr.strip().splitlines()
        raise NoAnswer(said[-1] if said else f"it ended with code {done.returncode}")
    return json.loads(lines[-1])
