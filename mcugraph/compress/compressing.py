"""One call from a model to one with fewer weights or channels, and to its quantised file."""

import copy
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from mcugraph import files
from mcugraph.checks import check_whole
from mcugraph.compress.compressed import Compressed
from mcugraph.compress.element_schedules import ElementSchedule
from mcugraph.compress.filing import costs_of, filed
from mcugraph.compress.mask_conventions import copied, without_masks
from mcugraph.compress.pruning_methods import (
    ChannelPruning,
    CompressionWork,
    ElementPruning,
    KeptZeros,
    PruningMethod,
    trained_rounded,
)
from mcugraph.compress.training_options import Training
from mcugraph.errors import UsageError
from mcugraph.export.schemes import find_scheme
from mcugraph.formats.torch.given import plain_module
from mcugraph.prune.training import device_of, seeded


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
        model: A ``torch.nn.Module``; it stays as it is.
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
        ElementPruning(sparsity, schedule, options),
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
    budgets: Mapping[str, float | str] | None = None,
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
        ChannelPruning(sparsity, schedule, {"salience": heuristic, "budgets": budgets, **options}),
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
        KeptZeros(), model, example_inputs, training, scheme, qat_epochs, path, calibration_samples
    )


def _compress(
    method: PruningMethod,
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
    if not isinstance(training, Training):
        raise UsageError(f"training: a Training is needed, not {type(training).__name__}")
    if scheme is not None:
        find_scheme(scheme)
    elif qat_epochs or path is not None:
        raise UsageError("qat_epochs and path go with a scheme, such as 'int8'")
    if path is not None:
        files.check(path)
    masked = plain_module(model, "compress")
    given = without_masks(copied(masked))
    notes: list[str] = []
    with seeded(training.seed):
        work = CompressionWork(copied(masked).to(training.place(given)), example_inputs, training)
        scores = {"float": work.score(work.model)}
        before = costs_of(given, work.examples, notes)
        final = method.train(work)
        if method.name is not None:
            scores["pruned"] = work.score(final)
        if qat_epochs and scheme is not None:
            final = trained_rounded(method, work, final, qat_epochs, scheme)
            scores["rounded"] = work.score(final)
        final = final.eval().to(device_of(given))
        plain = copy.deepcopy(final).cpu()
        if scheme is None:
            after = costs_of(plain, work.examples, notes)
        else:
            with TemporaryDirectory() as folder:
                where = Path(folder, "model.tflite") if path is None else Path(path)
                scores["quantised"], after = filed(work, plain, scheme, where, samples, notes)
    whole = sum(value.numel() for value in given.parameters())
    return Compressed(
        *(final, method.name, scheme, scores, work.task.metric),
        (whole, sum(int(value.count_nonzero()) for value in final.parameters())),
        *(before, after, None if path is None else Path(path), tuple(dict.fromkeys(notes))),
    )
