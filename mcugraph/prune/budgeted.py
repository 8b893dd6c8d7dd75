"""One call from a model to a smaller one that meets budgets, and to its int8 file."""

import copy
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from mcugraph import files
from mcugraph.checks import check_callable, check_kind, check_number, check_whole
from mcugraph.errors import FormatError, McuGraphError, UsageError
from mcugraph.export.exported import Exported
from mcugraph.export.tools import tensors_of
from mcugraph.fit.boards import Board, find_board
from mcugraph.fit.model_needs import fits, needs_of
from mcugraph.fit.room import Room
from mcugraph.formats.loader import load
from mcugraph.formats.torch.given import plain_module
from mcugraph.formats.torch.importer import from_torch
from mcugraph.profiler import on_abi, profile
from mcugraph.profiles import Profile
from mcugraph.prune.adapting import SHARE, through_in
from mcugraph.prune.int8_file import FileModel, missing_tool, run_on_tflm, write_int8
from mcugraph.prune.new_models import NEW, looks_new
from mcugraph.prune.outcome import Budgeted, OnBoard, OnTflm
from mcugraph.prune.phases import Phases
from mcugraph.prune.pruner import Pruner
from mcugraph.prune.task import Loaders, TrainingTask
from mcugraph.prune.training import Optimizer, TrainingLoop, device_of, seeded

_REHEARSED = 8  # samples: what a file needs does not depend on its ranges


def to_budget(
    model: torch.nn.Module,
    example_inputs: Any,
    budgets: Mapping[str, float | str] | None = None,
    *,
    train: Iterable[Any],
    validate: Iterable[Any],
    board: str | Board | None = None,
    reserve_sram: int | str = 0,
    reserve_flash: int | str = 0,
    epochs: int = 10,
    trained: bool | None = None,
    prune_epochs: float | None = None,
    test: Iterable[Any] | None = None,
    unpack: Callable[[Any], Any] | None = None,
    forward: Callable[[Any, tuple[torch.Tensor, ...]], Any] | None = None,
    loss: Callable[[Any, Any], torch.Tensor] | None = None,
    metric: Callable[[Any, Any], Any] | None = None,
    optimizer: Optimizer = "adamw",
    learning_rate: float | None = None,
    fine_tune: Callable[[torch.nn.Module], Any] | None = None,
    distill: float = 0.0,
    qat_epochs: int = 0,
    structure: str | None = None,
    path: str | Path | None = "pruned.tflite",
    calibration_samples: int = 200,
    pruner: Mapping[str, Any] | None = None,
    seed: int = 0,
    report: Callable[[str], None] = print,
) -> Budgeted:
    """Prune a model to budgets, fine-tune it, write it as int8, and hold the file against them.

    A copy of the model is trained with a ``Pruner``, slimmed as soon as it meets the budgets, and
    trained on to the end of the epochs. A model that is not trained yet is cut before its first
    step. The file is run by LiteRT on the test data, and in TensorFlow Lite Micro
    where its Python package is installed.

    ::

        result = to_budget(model, torch.zeros(1, 1, 28, 28), board="nano 33 ble",
                           train=train_loader, validate=val_loader, epochs=10)
        print(result)

    Without callables it is a classification: batches are ``(input, class)``, the loss is cross
    entropy.

    Args:
        model: A ``torch.nn.Module``; it stays as it is. It is trained on the device it is on.
        example_inputs: A tensor or a tuple of tensors, one for each positional input, with a
            batch of 1 as a rule.
        budgets: As for ``Pruner``; with a board, they replace and join those of the board.
        train: Training batches: a ``DataLoader``, or a list of batches. The int8 ranges are
            measured on them.
        validate: Batches that the weights are not trained on: each epoch is scored on them, and
            the pruner takes its loss of them, where it asks for one.
        board: A name of a board, or a ``Board``: budgets for ``"arena"`` and ``"size"`` are what
            it leaves.
        reserve_sram: Bytes of the board's SRAM for all but the arena, like ``"24KiB"``.
        reserve_flash: Bytes of its flash for all but the model and TFLM.
        epochs: In all.
        trained: Whether the model is. False: it is cut before the first step, and its weights are
            made as large as if they had been drawn for the widths that are left. None: as its
            norms tell, as for ``Pruner``; without norms a classifier is new if its cross entropy
            on ``test`` is no better than that of who guesses; whatever else counts as trained,
            and so does what is to be distilled from. A line of ``report`` says what was found.
        prune_epochs: Of a trained model: after how many, or what fraction of one, the budgets are
            met at the latest. None: 10 % of them.
        test: Batches that scores before and after are of; None: those of ``validate``.
        unpack: From what a loader gives to ``(inputs, targets)``, inputs a tuple of tensors.
            None: a batch is a tuple of the model's inputs and the target.
        forward: From the model, or the file called like it, and a tuple of inputs to outputs.
            None: the model is called.
        loss: From outputs and targets to a scalar tensor. None: cross entropy.
        metric: From the outputs and targets of all test data, joined along their first axis, to a
            number. None: accuracy, or the loss where one is given.
        optimizer: ``"adamw"``, ``"sgd"``, or a function from a list of parameters to one. Its
            learning rate rises for a moment and falls as a cosine.
        learning_rate: The highest, of ``"adamw"`` and ``"sgd"``. None: 0.002 and 0.05.
        fine_tune: Your own training after the pruning: it takes the slimmed model and trains it in
            place, or returns the one to go on with. ``epochs`` are then those before it that
            ``prune_epochs`` is a part of.
        distill: While fine-tuning, so much of the loss, from 0 to below 1, is how far outputs are
            from those of the given model.
        qat_epochs: After all that, so many epochs with the rounding of int8, at a tenth of the
            learning rate.
        structure: Whether branches, parts and heads may vanish whole before widths shrink, as
            ``choose_structures`` says. ``"loss"``: of a trained model, by how much the loss of a
            validation batch rises without them; ``"layers"``: of a new one, where all layers are
            worth the same.
        path: The file to write; None: no file.
        calibration_samples: How many training samples the int8 ranges are measured on.
        pruner: More options of ``Pruner``. Its ``phase`` follows from ``prune_epochs``.
        seed: Of all random numbers of PyTorch, NumPy and Python meanwhile; a loader with a
            generator of its own goes on from where that is.
        report: Takes each line of progress.

    Returns:
        Model, file, costs, scores and history; it prints as a table.

    Raises:
        UsageError: An argument is none, the loaders give something else than is expected, or the
            budgets cannot be met.
        GraphError, FormatError: The model cannot be pruned or exported; that is found out before
            the training.
    """
    check_whole("epochs", epochs, 1)
    check_whole("qat_epochs", qat_epochs, 0)
    check_whole("seed", seed, 0)
    check_whole("calibration_samples", calibration_samples, 1)
    check_callable("report", report)
    if structure not in (None, "loss", "layers"):
        raise UsageError(f"structure: 'loss', 'layers' or None is needed, not {structure!r}")
    if fine_tune is not None:
        check_callable("fine_tune", fine_tune)
    if trained is not None:
        check_kind("trained", trained, bool)
    if trained is False and (prune_epochs is not None or distill):
        raise UsageError("trained=False leaves nothing to prune slowly or to distill from")
    check_number("distill", distill)
    if distill >= 1:
        raise UsageError(f"distill: it has to be below 1, not {distill!r}")
    if not budgets and board is None:
        raise UsageError("name budgets, like {'arena': 16_000, 'size': 64_000}, or a board")
    if path is not None:
        files.check(path)
    given = plain_module(model, "to_budget")
    examples = tuple(value.cpu() for value in tensors_of(example_inputs))
    task = TrainingTask(examples, unpack, forward, loss, metric)
    loaders = Loaders(train, validate, validate if test is None else test)
    steps = loaders.steps
    pruning = _pruning_steps(epochs, prune_epochs, steps)
    target = find_board(board) if isinstance(board, str) else board
    room = None if target is None else Room(target, reserve_sram, reserve_flash)
    notes = []
    lacking = missing_tool()
    if qat_epochs and lacking is not None:
        raise UsageError(f"qat_epochs: {lacking} is not installed: 'mcugraph[export]'")
    if path is not None and lacking is not None:
        notes.append(f"{lacking} is not installed, so no file was written: 'mcugraph[export]'")
    file = None if path is None or lacking is not None else Path(path)
    with seeded(seed):
        whole, device = _copied(given), device_of(given)
        _rehearse(task, whole, loaders, device)
        found = _profile_of(task, whole, loaders, file is not None, target)
    with seeded(seed):
        limits = {**({} if room is None else room.budgets(found)), **(budgets or {})}
        work = copy.deepcopy(whole)
        options = {"seed": seed, "report": report, **through_in(max(pruning, 1), pruner or {})}
        placed = tuple(x.to(device) for x in examples)
        if trained is None:
            trained = _told(task, whole, loaders, bool(distill), pruner or {}, report)
        if trained is not None:
            options["trained"] = trained
        if structure is not None:
            batch = task.batch(loaders.first("validate"), "validate", device)
            loss_of = partial(task.loss, work, batch)
            options["structure"] = loss_of if structure == "loss" else structure
        masked = Pruner(work, placed, limits, **options)
        costs_before = (
            masked.budgets.at(masked.space.full)
            if masked.choice is None
            else dict(masked.choice.costs_before)
        )
        report(f"before: {masked.progress()}")
        scores = {"before": task.score(whole, loaders.test, "test", device)}
        total = max(pruning, 1) if fine_tune is not None else epochs * steps
        loop = TrainingLoop(task, work, train, optimizer, learning_rate, total)

        def when_slimmed(small: torch.nn.Module) -> bool:
            scores["pruned"] = task.score(small, loaders.test, "test", device)
            if distill:
                loop.learn_from(whole, float(distill))
            return fine_tune is None

        limit = pruning if masked.trained else 0
        phases = Phases(task, masked, loop, loaders, report, limit, when_slimmed)
        small = phases.run(epochs)
        if fine_tune is not None:
            small = _own(fine_tune, small)
        scores["tuned"] = task.score(small, loaders.test, "test", device)
        if qat_epochs:
            small = phases.round_on(small, qat_epochs, optimizer, learning_rate)
            scores["rounded"] = task.score(small, loaders.test, "test", device)
        exported, on_tflm = None, None
        if file is not None:
            exported, on_tflm = _filed(
                task,
                small,
                loaders,
                file,
                calibration_samples,
                masked.budgets.limits,
                scores,
                notes,
            )
    kept = zip(masked.space.groups, masked.space.full, masked.widths, strict=True)
    return Budgeted(
        model=small.eval(),
        budgets=dict(masked.budgets.limits),
        costs=masked.resources,
        costs_before=costs_before,
        widths={group.name: (int(full), int(left)) for group, full, left in kept},
        dropped=masked.dropped,
        scores=scores,
        metric=task.metric,
        history=masked.history,
        epochs=tuple(phases.epochs),
        exported=exported,
        on_tflm=on_tflm,
        on_board=_on_board(exported, room),
        notes=tuple(notes),
    )


def _pruning_steps(epochs: int, given: float | None, steps: int) -> int:
    """After how many training steps the budgets are met at the latest."""
    if given is None:
        return max(1, round(SHARE * epochs * steps))
    check_number("prune_epochs", given)
    if not 0 < given <= epochs:
        raise UsageError(
            f"prune_epochs: it has to be above 0 and at most {epochs}, the epochs, not {given!r}"
        )
    return max(1, round(given * steps))


def _told(
    task: TrainingTask,
    whole: torch.nn.Module,
    loaders: Loaders,
    teaches: bool,
    options: Mapping[str, Any],
    report: Callable[[str], None],
) -> bool | None:
    """Whether a model is trained, as far as that has to be found out here; None: the pruner tells.

    Args:
        task: What it is trained for.
        whole: The model.
        loaders: Its data.
        teaches: It is to be distilled from.
        options: Of the pruner.
        report: Takes a line if the model is new.
    """
    if teaches:
        return True
    if options.keys() & {"method", "schedule", "trained"} or looks_new(whole) is not None:
        return None
    if not task.guesses(whole, loaders.test, "test", device_of(whole)):
        return None
    report(NEW.format("its loss is that of a guess"))
    return False


def _copied(model: torch.nn.Module) -> torch.nn.Module:
    try:
        return copy.deepcopy(model)
    except Exception as error:
        raise UsageError(f"the model cannot be copied: {error}") from error


def _rehearse(task: TrainingTask, whole: torch.nn.Module, loaders: Loaders, device: Any) -> None:
    """The loss of a batch of each loader, so that what is no task is refused before all else."""
    trial = copy.deepcopy(whole)
    for name in ("train", "validate"):
        with torch.no_grad():
            task.loss(trial, task.batch(loaders.first(name), name, device))


def _profile_of(
    task: TrainingTask, whole: torch.nn.Module, loaders: Loaders, as_file: bool, board: Board | None
) -> Profile:
    """What the whole model costs, as the file that it becomes where one is to be written.

    Raises:
        FormatError: It cannot become one.
    """
    plain = copy.deepcopy(whole).cpu()
    if not as_file:
        graph = from_torch(plain, task.examples)
        found = profile(graph, precision="int8")
    else:
        with TemporaryDirectory() as folder:
            path = Path(folder, "whole.tflite")
            write_int8(task, plain, loaders.train, path, _REHEARSED)
            graph = load(path)
            found = profile(graph)
    return found if board is None else on_abi(found, graph, board.abi)


def _own(fine_tune: Callable[[torch.nn.Module], Any], small: torch.nn.Module) -> torch.nn.Module:
    """What a user's training makes of the model."""
    shapes = [value.shape for value in small.parameters()]
    given = fine_tune(small)
    tuned = small if given is None else plain_module(given, "to_budget, of fine_tune,")
    if [value.shape for value in tuned.parameters()] != shapes:
        raise UsageError("fine_tune returned a model with parameters of other shapes")
    return tuned


def _filed(
    task: TrainingTask,
    small: torch.nn.Module,
    loaders: Loaders,
    path: Path,
    samples: int,
    limits: Mapping[str, int],
    scores: dict[str, float],
    notes: list[str],
) -> tuple[Exported | None, OnTflm | None]:
    """The file and how it runs; a failure becomes a note: the model is not lost by it."""
    plain = copy.deepcopy(small).cpu()
    try:
        exported = write_int8(task, plain, loaders.train, path, samples, limits)
    except McuGraphError as error:
        notes.append(f"no file was written: {error}")
        return None, None
    file = FileModel(path, task, plain)
    try:
        scores["file"] = task.score(file, loaders.test, "test", "cpu")
    except FormatError as error:
        notes.append(str(error))
    batches = (task.batch(given, "test", "cpu")[0] for given in loaders.test)
    ran = run_on_tflm(file, exported, batches)
    if isinstance(ran, str):
        notes.append(ran)
        return exported, None
    return exported, ran


def _on_board(exported: Exported | None, room: Room | None) -> OnBoard | None:
    if exported is None or room is None:
        return None
    found = on_abi(exported.profile, load(exported.path), room.board.abi)
    needs = needs_of(found, room.allowance)
    return OnBoard(room.allowance, needs, fits(found, needs))
