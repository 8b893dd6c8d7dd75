"""One call from a model to one with fewer weights or channels, and to its quantised file."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from mcugraph import files
from mcugraph.checks import check_whole
from mcugraph.compress.compressed import Compressed
from mcugraph.compress.deployed_costs import DeployedCosts, deployed_costs
from mcugraph.compress.element_schedules import AGP, ElementSchedule
from mcugraph.compress.mask_conventions import masks_from
from mcugraph.compress.sparsifier import Sparsifier
from mcugraph.compress.training_options import Training
from mcugraph.errors import FormatError, GraphError, UsageError
from mcugraph.export.schemes import find_scheme
from mcugraph.export.to_tflite import export_tflite
from mcugraph.formats.loader import load
from mcugraph.formats.torch.given import plain_module
from mcugraph.formats.torch.importer import from_torch
from mcugraph.prune.int8_file import FileModel
from mcugraph.prune.phases import Phases
from mcugraph.prune.pruner import Pruner
from mcugraph.prune.rounded import Rounded
from mcugraph.prune.schedules import Gradual, OneShot
from mcugraph.prune.training import TrainingLoop, device_of, seeded

SCHEDULES = ("agp", "one-shot")
CHANNEL_HEURISTICS = ("l1", "l2", "gradient", "activation", "random")
_SHARE = 0.5  # of all steps, until all is pruned
_UPDATES = 20  # until then


def elements(
    model: torch.nn.Module,
    example_inputs: Any,
    training: Training,
    sparsity: Any = None,
    *,
    schedule: str | ElementSchedule = "agp",
    scheme: str | None = "int8",
    qat_epochs: int = 0,
    path: str | Path | None = None,
    calibration_samples: int = 200,
    **options: Any,
) -> Compressed:
    """Prune single weights while a copy of a model trains, and quantise it.

    ::

        result = elements(model, torch.zeros(1, 1, 28, 28), Training(train, test, epochs=6), 0.95)
        print(result)

    Args:
        model: A ``torch.nn.Module``; it stays as it is. It is trained on the device it is on.
        example_inputs: A tensor or a tuple of tensors, one for each positional input.
        training: On what, and for how long.
        sparsity: As for ``Sparsifier``.
        schedule: ``"agp"``: within the first half of the steps, in 20 updates; ``"one-shot"``:
            after half of the steps; or as for ``Sparsifier``.
        scheme: How it is quantised afterwards, as ``quantise`` says; None: it stays floats.
        qat_epochs: So many epochs with the rounding of that in the loop, masks kept; 0: none.
        path: The file to write; None: it is made, scored and thrown away.
        calibration_samples: How many training samples the ranges of activations are measured on.
        options: More of ``Sparsifier``: ``heuristic``, ``scope``, ``pattern``, ``modules``,
            ``budgets``.

    Raises:
        UsageError: An argument is none, or the data is something else than is expected.
        FormatError: The model cannot be exported.
    """
    return _compress(
        _Elements(sparsity, schedule, options),
        *(model, example_inputs, training, scheme, qat_epochs, path, calibration_samples),
    )


def structural(
    model: torch.nn.Module,
    example_inputs: Any,
    training: Training,
    sparsity: Any = None,
    *,
    heuristic: Any = "l1",
    schedule: str = "agp",
    budgets: Mapping[str, float] | None = None,
    scheme: str | None = "int8",
    qat_epochs: int = 0,
    path: str | Path | None = None,
    calibration_samples: int = 200,
    **options: Any,
) -> Compressed:
    """Prune whole channels while a copy of a model trains, take them out, and quantise it.

    Args:
        model: As for ``elements``.
        example_inputs: As for ``elements``.
        training: As for ``elements``; what is left is trained on to the end of its epochs.
        sparsity: The fraction of channels that goes: of each group, or by name of a group. None:
            of each the least with which the budgets are met.
        heuristic: What tells which channels matter: ``"l1"``, ``"l2"``, ``"gradient"``,
            ``"activation"`` (how often they are above 0), ``"random"``, or what ``prune.Pruner``
            takes for a salience.
        schedule: As for ``elements``: ``"agp"`` or ``"one-shot"``.
        budgets: As for ``prune.Pruner``.
        scheme: As for ``elements``.
        qat_epochs: As for ``elements``.
        path: As for ``elements``.
        calibration_samples: As for ``elements``.
        options: More of ``prune.Pruner``.

    Raises:
        UsageError, GraphError, FormatError: As of ``elements`` and ``prune.Pruner``.
    """
    return _compress(
        _Channels(sparsity, schedule, {"salience": heuristic, "budgets": budgets, **options}),
        *(model, example_inputs, training, scheme, qat_epochs, path, calibration_samples),
    )


def quantise(
    model: torch.nn.Module,
    example_inputs: Any,
    training: Training,
    scheme: str = "int8",
    *,
    qat_epochs: int = 0,
    path: str | Path | None = None,
    calibration_samples: int = 200,
) -> Compressed:
    """Quantise a model after its training (PPQ), or with some epochs of it (QAT).

    Weights that are zero stay so.

    Args:
        model: As for ``elements``.
        example_inputs: As for ``elements``.
        training: On what; its ``epochs`` do not count here.
        scheme: ``"int8"``: weights have a scale for each channel; ``"int8-per-tensor"``: one a
            layer; ``"int4"``: weights have 4 bits (those of depthwise layers 8), activations 8;
            ``"weights-int8"`` and ``"weights-int4"``: weights alone are stored so, and the file
            computes with floats.
        qat_epochs: As for ``elements``; 0: none.
        path: As for ``elements``.
        calibration_samples: As for ``elements``.

    Raises:
        UsageError, FormatError: As of ``elements``.
    """
    find_scheme(scheme)
    return _compress(
        _Zeros(), model, example_inputs, training, scheme, qat_epochs, path, calibration_samples
    )


class _Method(ABC):
    """What is pruned.

    Attributes:
        sparsifier: What keeps masks on weights; None: nothing does.
    """

    name: str | None = None
    sparsifier: Sparsifier | None = None

    @abstractmethod
    def train(self, work: "_Work") -> torch.nn.Module:
        """Train a model of one's own, and prune it; returns what is left."""

    def attach(self, model: torch.nn.Module) -> None:
        """Keep masks on another model with the same parameters."""
        if self.sparsifier is not None:
            self.sparsifier.attach(model)

    def keep(self) -> None:
        """Keep masks after a step of the optimizer."""
        if self.sparsifier is not None:
            self.sparsifier.apply()


class _Elements(_Method):
    name = "elements"

    def __init__(self, sparsity: Any, schedule: Any, options: dict[str, Any]) -> None:
        self._sparsity, self._schedule, self._options = sparsity, schedule, options

    def train(self, work: "_Work") -> torch.nn.Module:
        schedule = self._schedule
        if isinstance(schedule, str):
            steps = _pruning_steps(schedule, work)
            every = max(1, steps // _UPDATES)
            schedule = OneShot(at=steps) if schedule == "one-shot" else AGP(0, steps, every)
        options = {"seed": work.training.seed, "example_inputs": work.examples, **self._options}
        sparsifier = Sparsifier(work.model, self._sparsity, schedule=schedule, **options)
        self.sparsifier = sparsifier

        def after_step() -> bool:
            sparsifier.step()
            return False

        for number in range(work.training.epochs):
            loss = work.loop.epoch(after_step)
            work.say(number, loss, f"{sparsifier.sparsity:.2%} of weights are zero")
        return sparsifier.finish()


class _Zeros(_Method):
    """Nothing but what is zero already."""

    def train(self, work: "_Work") -> torch.nn.Module:
        if masks_from(work.model):
            self.sparsifier = Sparsifier(work.model, 0.0)
        return work.model


class _Channels(_Method):
    name = "structure"

    def __init__(self, sparsity: Any, schedule: str, options: dict[str, Any]) -> None:
        self._sparsity, self._schedule, self._options = sparsity, schedule, options

    def train(self, work: "_Work") -> torch.nn.Module:
        steps = _pruning_steps(self._schedule, work)
        one_shot = self._schedule == "one-shot"
        schedule = (
            OneShot(self._sparsity, at=steps)
            if one_shot
            else Gradual(self._sparsity, begin=0, steps=steps)
        )
        given = {"seed": work.training.seed, "interval": max(1, steps // _UPDATES)}
        options = {**given, **self._options}
        budgets = options.pop("budgets")
        examples = tuple(value.to(device_of(work.model)) for value in work.examples)
        pruner = Pruner(work.model, examples, budgets, schedule=schedule, **options)
        phases = Phases(
            *(work.task, pruner, work.loop, work.loaders, work.training.report),
            steps,
            lambda small: True,
        )
        if not work.training.epochs:
            pruner.step(lambda: work.task.loss(work.model, work.held_batch()))
            pruner.enforce()
            return pruner.slim()
        return phases.run(work.training.epochs)


class _Work:
    """A copy of a model while it is compressed."""

    def __init__(self, model: torch.nn.Module, example_inputs: Any, training: Training) -> None:
        self.training, self.task, self.loaders = (
            training,
            training.task(example_inputs),
            training.loaders(),
        )
        self.examples = self.task.examples
        self.model = model
        self.loop = TrainingLoop(
            *(self.task, model, training.train, training.optimizer, training.learning_rate),
            max(1, training.epochs * self.loaders.steps),
        )

    def held_batch(self) -> Any:
        """A batch to take a loss of."""
        return self.task.batch(self.loaders.first("validate"), "validate", self.loop.device)

    def say(self, number: int, loss: float, more: str) -> None:
        """Report an epoch."""
        self.training.report(f"epoch {number + 1}: loss {loss:.4g}; {more}")

    def score(self, model: Any) -> float:
        """The metric of a model on the test data."""
        return self.task.score(model, self.loaders.test, "test", self.loop.device)


def _pruning_steps(schedule: str, work: _Work) -> int:
    """After how many training steps all is pruned."""
    if schedule not in SCHEDULES:
        raise UsageError(f"unknown schedule {schedule!r}; expected one of {', '.join(SCHEDULES)}")
    return max(1, round(_SHARE * work.training.epochs * work.loaders.steps))


def _compress(
    method: _Method,
    model: torch.nn.Module,
    example_inputs: Any,
    training: Training,
    scheme: str | None,
    qat_epochs: int,
    path: str | Path | None,
    samples: int,
) -> Compressed:
    check_whole("qat_epochs", qat_epochs, 0)
    check_whole("calibration_samples", samples, 1)
    if scheme is not None:
        find_scheme(scheme)
    elif qat_epochs or path is not None:
        raise UsageError("qat_epochs and path go with a scheme, such as 'int8'")
    if path is not None:
        files.check(path)
    given = plain_module(model, "compress")
    notes: list[str] = []
    with seeded(training.seed):
        work = _Work(copy.deepcopy(given), example_inputs, training)
        scores = {"float": work.score(given)}
        before = _costs_of(given, work.examples, notes)
        final = method.train(work)
        if method.name is not None:
            scores["pruned"] = work.score(final)
        if qat_epochs and scheme is not None:
            final = _rounded(method, work, final, qat_epochs, scheme)
            scores["rounded"] = work.score(final)
        final = final.eval()
        plain = copy.deepcopy(final).cpu()
        if scheme is None:
            after = _costs_of(plain, work.examples, notes)
        else:
            scores["quantised"], after = _filed(work, plain, scheme, path, samples, notes)
    whole = sum(value.numel() for value in given.parameters())
    return Compressed(
        *(final, method.name, scheme, scores, work.task.metric),
        (whole, sum(int(value.count_nonzero()) for value in final.parameters())),
        *(before, after, None if path is None else Path(path), tuple(dict.fromkeys(notes))),
    )


def _rounded(
    method: _Method, work: _Work, model: torch.nn.Module, epochs: int, scheme: str
) -> torch.nn.Module:
    """The model after some epochs with rounding, its masks kept."""
    training = work.training
    rounded = Rounded(
        *(work.task, model, work.loaders, epochs, training.optimizer, training.learning_rate),
        scheme,
    )
    method.attach(rounded.prepared)

    def after_step() -> bool:
        method.keep()
        return False

    for number in range(epochs):
        work.say(number, rounded.loop.epoch(after_step), "with rounding")
    final = rounded.finish()
    method.attach(final)
    return final


def _filed(
    work: _Work,
    model: torch.nn.Module,
    scheme: str,
    path: str | Path | None,
    samples: int,
    notes: list[str],
) -> tuple[float, DeployedCosts | None]:
    """What the file of a model scores, and what it takes."""
    with TemporaryDirectory() as folder:
        where = Path(folder, "model.tflite") if path is None else Path(path)
        batches: Iterable[Any] = (
            work.task.batch(given, "train", "cpu")[0] for given in work.loaders.train
        )
        exported = export_tflite(model, work.examples, where, batches, samples, scheme=scheme)
        notes += exported.profile.tflm_refusals
        score = work.task.score(
            FileModel(where, work.task, model), work.loaders.test, "test", "cpu"
        )
        try:
            return score, deployed_costs(load(where))
        except GraphError as error:
            notes.append(str(error))
            return score, None


def _costs_of(
    model: torch.nn.Module, examples: tuple[torch.Tensor, ...], notes: list[str]
) -> DeployedCosts | None:
    """What a module takes, deployed with floats."""
    try:
        return deployed_costs(from_torch(copy.deepcopy(model).cpu().eval(), examples))
    except (GraphError, FormatError) as error:
        notes.append(f"with floats, {error}")
        return None
