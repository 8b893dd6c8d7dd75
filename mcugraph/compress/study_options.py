"""What the trials of a study may try."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from itertools import product
from typing import Any

import numpy as np

from mcugraph.checks import check_number, check_whole, checked_fraction
from mcugraph.errors import UsageError
from mcugraph.records import dataclass

Options = dict[str, Any]

_CHANNELS = ("l1", "l2", "gradient", "activation", "random")
_ELEMENTS = ("level", "gradient", "taylor", "random")
_DIGITS = 16  # of names of trainings
SCHEDULES = ("agp", "one-shot")
_SCHEMES = (None, "int8", "int8-per-tensor", "int4", "weights-int8", "weights-int4")
# What each option may be; the first is taken where nothing is said.
CHOICES: Mapping[str, Sequence[Any]] = {
    "method": ("elements", "structure"),
    "heuristic": tuple(dict.fromkeys((None, *_ELEMENTS, *_CHANNELS))),
    "schedule": SCHEDULES,
    "scope": ("layer", "global"),
    "scheme": ("int8", *(scheme for scheme in _SCHEMES if scheme != "int8")),
}
_DEFAULTS: Options = {
    **{name: choices[0] for name, choices in CHOICES.items()},
    "sparsity": 0.0,
    "qat_epochs": 0,
}


class StudyStep(Enum):
    """What is done of a trial, one after the other."""

    PRUNE = "prune"
    ROUND = "round"
    MEASURE = "measure"


# What a step depends on: trials that are alike in it share what it gives.
_PRUNING = ("method", "heuristic", "sparsity", "schedule", "scope")
_ROUNDING = (*_PRUNING, "scheme", "qat_epochs")


def trainings(options: Options) -> list[tuple[StudyStep, str]]:
    """The steps of a trial that train, in order, each with a name for what it depends on."""
    steps: list[tuple[StudyStep, tuple[str, ...]]] = [(StudyStep.PRUNE, _PRUNING)]
    if options["qat_epochs"]:
        steps.append((StudyStep.ROUND, _ROUNDING))
    return [(step, _named([options[name] for name in names])) for step, names in steps]


def _named(values: list[Any]) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:_DIGITS]


@dataclass(frozen=True, slots=True)
class StudyRecipe:
    """A training, the same for all trials.

    Attributes:
        epochs: Those of the pruning with them.
        batch: Examples of one step.
        optimizer: ``"adamw"`` or ``"sgd"``.
        learning_rate: The highest; None: 0.002 for AdamW, 0.05 for SGD.
        validation: Share of the training data that is held back, for heuristics that ask for a
            loss.
        device: Where models are trained, such as ``"cuda"``: the workers share it.

    Raises:
        UsageError: An option is none.
    """

    epochs: int = 10
    batch: int = 64
    optimizer: str = "adamw"
    learning_rate: float | None = None
    validation: float = 0.1
    device: str = "cpu"

    def __post_init__(self) -> None:
        check_whole("recipe: epochs", self.epochs, 0)
        check_whole("recipe: batch", self.batch, 1)
        if self.learning_rate is not None:
            check_number("recipe: learning_rate", self.learning_rate)
        if not checked_fraction("recipe: validation", self.validation):
            raise UsageError("recipe: validation has to be above 0")
        if not isinstance(self.device, str):
            raise UsageError(f"recipe: device: a name is needed, not {self.device!r}")
        if self.optimizer not in ("adamw", "sgd"):
            raise UsageError(f"recipe: unknown optimizer {self.optimizer!r}: 'adamw' or 'sgd'")


def combinations(grid: Mapping[str, Iterable[Any]] | Sequence[Mapping[str, Any]]) -> list[Options]:
    """All that a grid names, each once; what does not go together is left out.

    Args:
        grid: Name of an option -> what it is to be; or a list of options, each of one trial.

    Raises:
        UsageError: An option is unknown, or can be no such thing, or nothing is left.
    """
    return [options for _, options in as_given(grid)]


def as_given(
    grid: Mapping[str, Iterable[Any]] | Sequence[Mapping[str, Any]],
) -> list[tuple[Mapping[str, Any], Options]]:
    """``combinations``, each after the options that the grid gives for it.

    Raises:
        UsageError: As of ``combinations``.
    """
    axes = listed(grid)
    given: list[Any] = (
        [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
        if isinstance(axes, dict)
        else axes
    )
    found: dict[tuple[Any, ...], tuple[Mapping[str, Any], Options]] = {}
    for each in given:
        options = completed(each)
        if options is not None:
            found.setdefault(values_of(options), (each, options))
    if not given:
        raise UsageError("grid: the list is empty")
    if not found:
        raise UsageError("grid: none of its combinations goes together")
    return list(found.values())


def values_of(options: Options) -> tuple[Any, ...]:
    """All values of options, which tell them from others."""
    return tuple(options[name] for name in _DEFAULTS)


def listed(grid: Any) -> dict[str, list[Any]] | list[Any]:
    """A grid as lists of plain values, which can be read more than once.

    Raises:
        UsageError: It is none.
    """
    if isinstance(grid, Mapping):
        return {name: _several(name, values) for name, values in grid.items()}
    if isinstance(grid, str) or not isinstance(grid, Iterable):
        raise UsageError(f"grid: options by name, or a list of such, are needed, not {grid!r}")
    return [_plain_options(each) for each in grid]


def _several(name: str, values: Any) -> list[Any]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise UsageError(f"grid: {name}: a list of what it is to be is needed, not {values!r}")
    found = [_plain(value) for value in values]
    if not found:
        raise UsageError(f"grid: {name}: the list is empty")
    return found


def _plain_options(given: Any) -> Any:
    if not isinstance(given, Mapping):
        return given
    return {name: _plain(value) for name, value in given.items()}


def _plain(value: Any) -> Any:
    """A number of NumPy's as one of Python's: a study that goes on is to know it again."""
    return value.item() if isinstance(value, np.generic) else value


def completed(given: Mapping[str, Any]) -> Options | None:
    """Options with what was not said; None: they do not go together.

    Raises:
        UsageError: An option is unknown, or can be no such thing.
    """
    if not isinstance(given, Mapping):
        raise UsageError(f"grid: options by name are needed, not {given!r}")
    unknown = [name for name in given if name not in _DEFAULTS]
    if unknown:
        raise UsageError(f"grid: unknown option {unknown[0]!r}; expected {', '.join(_DEFAULTS)}")
    options = {**_DEFAULTS, **given}
    for name, choices in CHOICES.items():
        if options[name] not in choices:
            said = ", ".join(map(str, choices))
            raise UsageError(f"grid: {name}: {options[name]!r} is none of {said}")
    options["sparsity"] = checked_fraction("grid: sparsity", options["sparsity"])
    check_whole("grid: qat_epochs", options["qat_epochs"], 0)
    options["qat_epochs"] = int(options["qat_epochs"])
    names = _ELEMENTS if options["method"] == "elements" else _CHANNELS
    if options["heuristic"] is None:
        options["heuristic"] = names[0]
    if options["heuristic"] not in names:
        return None
    if options["scope"] == "global" and options["method"] == "structure":
        return None
    if options["scheme"] is None and options["qat_epochs"]:
        return None
    return options
