"""A study that nobody made: its figures only have to hang together."""

from pathlib import Path
from typing import Any

from mcugraph.compress.study_ledger import StudyTrial
from mcugraph.compress.study_options import completed
from mcugraph.compress.study_result import StudyResult
from mcugraph.experiments.ledger import State


def made_up_study(folder: Path, count: int = 12) -> StudyResult:
    """Trials of ever higher rates, each smaller and worse; the last but one fails."""
    trials = []
    for number in range(count):
        options = completed({"sparsity": number / count})
        assert options is not None
        failed = number == count - 2
        trials.append(
            StudyTrial(
                number,
                options,
                State.FAILED if failed else State.DONE,
                "<b>out of\nmemory</b>" if failed else "",
                {} if failed else _figures(number, count),
            )
        )
    recipe = {"epochs": 3, "batch": 64}
    settings = {"data": "mnist.npz", "recipe": recipe, "seed": 0}
    return StudyResult(trials, folder, settings=settings)


def _figures(number: int, count: int) -> dict[str, Any]:
    left = 1 - number / count
    return {
        "scores": {
            "float": 0.98,
            "pruned": 0.98 - 0.01 * number,
            "quantised": 0.97 - 0.01 * number,
        },
        "parameters": round(40_000 * left),
        "share": left,
        "flash": None if number == 0 else 1_000 + round(40_000 * left),
        "sram": None if number == 0 else 7_876,
        "macs": None if number == 0 else 416_520,
        "forms": {},
        "instructions": {"cortex-m4": 1_000_000 - number},
        "notes": ["<i>cannot be deployed</i>"] if number == 0 else [],
        "seconds": 1.0,
        "worker": "process 1",
    }
