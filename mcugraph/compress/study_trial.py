"""What a worker of a study does: one compression, from a task to figures."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from mcugraph.codegen.cores import roomiest
from mcugraph.compress.compressed import Compressed
from mcugraph.compress.compressing import elements, structural
from mcugraph.compress.study_options import Options, StudyRecipe
from mcugraph.compress.training_options import Training, checked_device
from mcugraph.deployment.entry import deploy
from mcugraph.errors import GraphError, ToolError
from mcugraph.experiments.data import Arrays, DataSource
from mcugraph.records import dataclass

_AT_ONCE = 1000  # examples that are judged together


@dataclass(frozen=True, slots=True)
class StudyTask:
    """One compression, as plain data that can be sent anywhere.

    Attributes:
        model: A module, whose class every worker can import.
        example_inputs: A tensor with a batch of one.
        data: On what.
        recipe: How.
        options: What is tried.
        seed: Of everything random.
        cores: Those whose instructions are counted in QEMU.
    """

    model: torch.nn.Module
    example_inputs: torch.Tensor
    data: DataSource
    recipe: StudyRecipe
    options: Options
    seed: int
    cores: tuple[str, ...] = ()


class Batches:
    """Arrays as batches of tensors.

    Args:
        arrays: Examples and classes.
        size: Of a batch.
        device: Where all of them lie.
        seed: Of their order, a new one each time; None: it stays.
    """

    def __init__(self, arrays: Arrays, size: int, device: str, seed: int | None = None) -> None:
        self._x, self._y = (torch.from_numpy(array).to(device) for array in arrays)
        self._size = size
        self._order = None if seed is None else torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        return -(-len(self._y) // self._size)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        count = len(self._y)
        order = torch.arange(count)
        if self._order is not None:
            order = torch.randperm(count, generator=self._order)
        for chosen in torch.split(order.to(self._y.device), self._size):
            if self._order is None or len(chosen) > 1 or count == 1:
                yield self._x[chosen], self._y[chosen]  # of one, a batch norm knows nothing


def run_trial(task: StudyTask) -> dict[str, Any]:
    """Compress a model, and measure what that gives; one thread on the CPU.

    Raises:
        McuGraphError: It cannot be compressed so.
    """
    torch.set_num_threads(1)
    begun = time.monotonic()
    with TemporaryDirectory() as folder:
        result = _compressed(task, Path(folder, "model.tflite"))
        notes = list(result.notes)
        instructions = {
            core: _instructions(task, result, folder, core, notes) for core in task.cores
        }
    after = result.after
    return {
        "scores": dict(result.scores),
        "parameters": result.parameters[1],
        "share": result.left,
        "flash": None if after is None else after.flash,
        "sram": None if after is None else after.sram,
        "macs": None if after is None else after.macs,
        "forms": {} if after is None else {each.operator: each.form for each in after.layers},
        "instructions": instructions,
        "notes": list(dict.fromkeys(notes)),
        "seconds": time.monotonic() - begun,
        "worker": f"process {os.getpid()}",
    }


def _compressed(task: StudyTask, path: Path) -> Compressed:
    recipe, options, parts = task.recipe, task.options, task.data.load()
    device = str(checked_device(recipe.device))
    training = Training(
        Batches(parts.train, recipe.batch, device, task.seed),
        Batches(parts.test, _AT_ONCE, device),
        Batches(parts.validation, recipe.batch, device, task.seed),
        epochs=recipe.epochs,
        optimizer=recipe.optimizer,
        learning_rate=recipe.learning_rate,
        device=device,
        seed=task.seed,
        report=_silent,
    )
    said = {name: options[name] for name in ("heuristic", "schedule", "scheme", "qat_epochs")}
    said["path"] = None if options["scheme"] is None else path
    given = (task.model, task.example_inputs, training, options["sparsity"])
    if options["method"] == "structure":
        return structural(*given, **said)
    return elements(*given, scope=options["scope"], **said)


def _silent(line: str) -> None:
    """Trials run side by side: the study tells how far it is."""


def _instructions(
    task: StudyTask, result: Compressed, folder: str, core: str, notes: list[str]
) -> int | None:
    """Those of one inference in QEMU; None: ``notes`` get why there are none."""
    model, inputs = result.path or result.model, None if result.path else task.example_inputs
    try:
        project = deploy(
            model, Path(folder, core), core, machine=roomiest(core), example_inputs=inputs
        )
        return project.run().instructions
    except (GraphError, ToolError) as error:
        notes.append(f"{core}: {error}")
        return None
