"""What workers of a study do: one step of a compression after the other.

A model is pruned while it trains; then, perhaps, it is trained with rounding; then it is measured,
which takes no training. What the first two give is kept, for other trials and for a later call.
"""

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from mcugraph.codegen.cores import roomiest
from mcugraph.compress.filing import costs_of, filed
from mcugraph.compress.kept_models import KeptModel
from mcugraph.compress.mask_conventions import copied
from mcugraph.compress.pruning_methods import (
    ChannelPruning,
    CompressionWork,
    ElementPruning,
    KeptZeros,
    PruningMethod,
    trained_rounded,
)
from mcugraph.compress.study_options import Options, StudyRecipe, StudyStep
from mcugraph.compress.training_options import Training
from mcugraph.deployment.entry import deploy
from mcugraph.errors import GraphError, ToolError
from mcugraph.experiments.batches import Batches, placed
from mcugraph.experiments.data import DataSource
from mcugraph.formats.torch.devices import checked_device
from mcugraph.prune.training import seeded
from mcugraph.records import dataclass

_AT_ONCE = 1000  # examples that are judged together
_CALIBRATION = 200  # examples


@dataclass(frozen=True, slots=True)
class StudyTask:
    """One step of a compression, as plain data that can be sent anywhere.

    Attributes:
        model: A module, whose class every worker can import.
        example_inputs: A tensor with a batch of one.
        data: On what.
        recipe: How.
        options: What is tried.
        seed: Of everything random.
        cores: Those whose instructions are counted in QEMU.
        step: What is to be done.
        kept: What the step before gave.
    """

    model: torch.nn.Module
    example_inputs: torch.Tensor
    data: DataSource
    recipe: StudyRecipe
    options: Options
    seed: int
    cores: tuple[str, ...] = ()
    step: StudyStep = StudyStep.PRUNE
    kept: bytes = b""


def run_step(task: StudyTask) -> bytes | dict[str, Any]:
    """Do one step; one thread on the CPU.

    Returns:
        A `KeptModel` as bytes, or, where it was measured, the figures of the trial.

    Raises:
        McuGraphError: It cannot be done.
    """
    torch.set_num_threads(1)
    begun = time.monotonic()
    if task.step is StudyStep.MEASURE:
        return _measured(task, KeptModel.from_bytes(task.kept, "a worker"), begun)
    with seeded(task.seed):
        if task.step is StudyStep.PRUNE:
            work = _work(task, copied(task.model), task.recipe.device)
            scores = {"float": work.score(work.model)}
            model, stage, spent = _method(task.options).train(work), "pruned", 0.0
        else:
            before = KeptModel.from_bytes(task.kept, "a worker")
            pruned = before.module(task.model, task.example_inputs)
            work = _work(task, pruned, task.recipe.device)
            scores, stage, spent = dict(before.scores), "rounded", before.seconds
            epochs, scheme = task.options["qat_epochs"], task.options["scheme"]
            zeros = KeptZeros()
            model = trained_rounded(zeros, work, zeros.train(work), epochs, scheme)
        scores[stage] = work.score(model)
    return KeptModel.of(model, scores, spent + time.monotonic() - begun).to_bytes()


def _work(task: StudyTask, model: torch.nn.Module, device: str) -> CompressionWork:
    """A model with its data, where it is trained."""
    recipe, parts, place = task.recipe, task.data.load(), str(checked_device(device))
    training = Training(
        Batches(placed(parts.train, place), recipe.batch, task.seed),
        Batches(placed(parts.test, place), _AT_ONCE),
        Batches(placed(parts.validation, place), recipe.batch, task.seed),
        epochs=recipe.epochs,
        optimizer=recipe.optimizer,
        learning_rate=recipe.learning_rate,
        seed=task.seed,
        report=_silent,
    )
    return CompressionWork(model.to(place), task.example_inputs, training)


def _method(options: Options) -> PruningMethod:
    sparsity, schedule, heuristic = (
        options[name] for name in ("sparsity", "schedule", "heuristic")
    )
    if options["method"] == "structure":
        return ChannelPruning(sparsity, schedule, {"salience": heuristic})
    return ElementPruning(sparsity, schedule, {"heuristic": heuristic, "scope": options["scope"]})


def _measured(task: StudyTask, kept: KeptModel, begun: float) -> dict[str, Any]:
    """What a trained model comes to, as a file and deployed."""
    notes, scores, scheme = list[str](), dict(kept.scores), task.options["scheme"]
    model = kept.module(task.model, task.example_inputs).eval()
    with TemporaryDirectory() as folder, seeded(task.seed):
        path = None
        if scheme is None:
            after = costs_of(model, (task.example_inputs,), notes)
        else:
            path = Path(folder, "model.tflite")
            work = _work(task, model, "cpu")
            scores["quantised"], after = filed(work, model, scheme, path, _CALIBRATION, notes)
        instructions = {
            core: _instructions(task, path or model, Path(folder, core), core, notes)
            for core in task.cores
        }
    left = sum(int(value.count_nonzero()) for value in model.parameters())
    return {
        "scores": scores,
        "parameters": left,
        "share": left / sum(value.numel() for value in task.model.parameters()),
        "flash": None if after is None else after.flash,
        "sram": None if after is None else after.sram,
        "macs": None if after is None else after.macs,
        "forms": {} if after is None else {each.operator: each.form for each in after.layers},
        "instructions": instructions,
        "notes": list(dict.fromkeys(notes)),
        "seconds": kept.seconds + time.monotonic() - begun,
        "worker": f"process {os.getpid()}",
    }


def _silent(line: str) -> None:
    """Trials run side by side: the study tells how far it is."""


def _instructions(
    task: StudyTask, model: Path | torch.nn.Module, folder: Path, core: str, notes: list[str]
) -> int | None:
    """Those of one inference in QEMU; None: ``notes`` get why there are none."""
    inputs = None if isinstance(model, Path) else task.example_inputs
    try:
        project = deploy(model, folder, core, machine=roomiest(core), example_inputs=inputs)
        return project.run().instructions
    except (GraphError, ToolError) as error:
        notes.append(f"{core}: {error}")
        return None
