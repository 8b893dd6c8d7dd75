"""One call that tries many ways to compress a model."""

import hashlib
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, closing
from dataclasses import asdict
from functools import partial
from multiprocessing import current_process
from os import PathLike
from pathlib import Path
from typing import Any

import torch

from mcugraph.checks import check_callable, check_whole, path_text
from mcugraph.codegen.cores import find_target
from mcugraph.codegen.toolchain import missing_tools
from mcugraph.compress.mask_conventions import sendable
from mcugraph.compress.study_driver import StudyDriver
from mcugraph.compress.study_ledger import StudyLedger
from mcugraph.compress.study_options import StudyRecipe, listed
from mcugraph.compress.study_proposals import Grid, Proposals, Sampled
from mcugraph.compress.study_result import StudyResult
from mcugraph.compress.study_trial import StudyTask
from mcugraph.errors import ToolError, UsageError
from mcugraph.experiments.data import DataSource, Parts
from mcugraph.experiments.engine_choice import find_engine
from mcugraph.experiments.engines import Engine
from mcugraph.experiments.ledger import State
from mcugraph.experiments.places import named_data, place_for
from mcugraph.export.tools import one_sample
from mcugraph.formats.torch.export import inference
from mcugraph.formats.torch.given import plain_module

_SHOWN = 16  # digits of a digest


def study(
    model: torch.nn.Module,
    example_inputs: Any,
    data: str | PathLike[str] | Sequence[Any],
    grid: Mapping[str, Iterable[Any]] | Sequence[Mapping[str, Any]],
    *,
    sampler: Any = None,
    trials: int | None = None,
    recipe: StudyRecipe | None = None,
    run: bool | str | Sequence[str] = False,
    measure: bool = True,
    folder: str | PathLike[str] | None = None,
    engine: str | Engine | Executor = "local",
    workers: int = 1,
    memory_limit: int | None = None,
    seed: int = 0,
    report: Callable[[str], None] | None = None,
) -> StudyResult:
    """Try combinations of heuristic, schedule, rate and quantisation, and tell what each buys.

    Each trial compresses a copy of the model and measures the accuracy of each step on the test
    data, and flash, SRAM and MACs of what is deployed, exactly. Trials that differ in how they are
    quantised share what was pruned. A study in a folder goes on where it was when it ended, however
    it did: call it again with the same arguments.

    ::

        grid = {"method": ["elements", "structure"], "sparsity": [0.9, 0.95], "qat_epochs": [0, 2]}
        result = study(model, torch.zeros(1, 1, 28, 28), "mnist.npz", grid, folder="runs/lenet")
        print(result)

    Args:
        model: A classifier, whose class the workers can import; it stays as it is.
        example_inputs: One tensor.
        data: The path of an .npz file with x_train, y_train, x_test and y_test, or
            ``module:function`` of a function that returns them, or PyTorch data sets, all as for
            ``mcugraph.nas.search``.
        grid: Name of an option -> a list of what it is to be: ``method`` (``"elements"``,
            ``"structure"``), ``heuristic``, ``sparsity``, ``schedule`` (``"agp"``,
            ``"one-shot"``), ``scope``, ``scheme`` (as of ``quantise``, or None) and
            ``qat_epochs``; what does not go together is left out. Or a list of options, each of
            one trial.
        sampler: A sampler of Optuna (extra ``optuna``), which chooses from the grid by error and
            flash.
        trials: How many it chooses; with a sampler only, and always with it. Fewer are made, and
            ``report`` gets a line, where the sampler or the grid has no more.
        recipe: How models are trained; None: the defaults of ``StudyRecipe``.
        run: Count the instructions of an inference in QEMU: True: on a Cortex-M4; or a core, or
            several, like ``("cortex-m0", "cortex-m4")``, each in the machine of QEMU with the most
            memory.
        measure: False: models are trained and kept in the folder, and nothing is said of files and
            devices yet. The same call without it goes on with that, on another machine if need be:
            one has the accelerator, the other the converter. Not with a sampler.
        folder: Where it is kept; None: a temporary folder, which stays.
        engine: As for ``mcugraph.nas.search``: ``"local"``, ``"inline"``, ``"dask"``, ``"ray"``...
        workers: How many trials run at once, with a thread each.
        memory_limit: Bytes that a local worker may take; None: no limit.
        seed: Of everything random.
        report: Takes lines of progress; None: they go to standard error.

    Raises:
        UsageError: An argument is none, all trials fail, or the folder holds another study or
            cannot be written.
        FormatError: The data or the folder cannot be read.
        ToolError: A tool that ``run`` needs is not there.
    """
    if getattr(current_process(), "_inheriting", False):  # a worker imports the caller's script
        raise UsageError(
            "study was called while a worker began: in a script, put the call under "
            "if __name__ == '__main__':"
        )
    check_whole("workers", workers, 1)
    check_whole("seed", seed, 0)
    if (sampler is None) != (trials is None):
        raise UsageError("sampler= and trials= go together")
    if trials is not None:
        check_whole("trials", trials, 1)
    cores = _cores(run)
    if not measure and sampler is not None:
        raise UsageError("measure=False takes a grid: a sampler goes by what was measured")
    if measure and cores and (missing := missing_tools()):
        raise ToolError(f"run= needs {', '.join(missing)}, which is not there")
    say = report or partial(print, file=sys.stderr)
    check_callable("report", say)
    recipe = StudyRecipe() if recipe is None else recipe
    if not isinstance(recipe, StudyRecipe):
        raise UsageError(f"recipe: a StudyRecipe is needed, not {type(recipe).__name__}")
    tried = listed(grid)
    proposals: Proposals = (
        Grid(tried) if sampler is None else Sampled(tried, sampler, trials or 0, say)
    )
    plain = plain_module(model, "study")
    example = _one_input(example_inputs)
    with inference(plain), torch.no_grad():
        outputs = plain(example)
    if not isinstance(outputs, torch.Tensor) or outputs.dim() != 2:
        raise UsageError("study takes a classifier: a module that gives logits (samples, classes)")
    with place_for(folder, "study") as where, named_data(data, where) as spec:
        source = DataSource(spec, tuple(example.shape[1:]), outputs.shape[1], recipe.validation)
        settings = {
            "model": _digest(plain),
            "data": Path(source.spec).name,
            "examples": _digest_of(source.load()),
            "recipe": {name: value for name, value in asdict(recipe).items() if name != "device"},
            "grid": repr(tried),
            "sampler": None if sampler is None else type(sampler).__name__,
            "cores": list(cores),
            "seed": seed,
        }
        task = StudyTask(sendable(plain), example, source, recipe, {}, seed, cores)
        trainers = find_engine(engine, workers, memory_limit)
        with ExitStack() as stack:
            stack.callback(trainers.close)
            ledger = stack.enter_context(closing(StudyLedger(where, drive=True)))
            ledger.hold(settings)
            proposals.repeat([*ledger.trials()])
            driver = StudyDriver(task, proposals, ledger, trainers, workers, measure, say)
            try:
                driver.run()
            except KeyboardInterrupt:
                say("interrupted: the same call goes on")
                return StudyResult(driver.trials, where, True, settings)
            left = any(trial.state is State.RUNNING for trial in driver.trials)
            return StudyResult(driver.trials, where, left, settings)


def load_study(folder: str | PathLike[str]) -> StudyResult:
    """What the study in a folder has found so far.

    Raises:
        UsageError: There is none.
        FormatError: It cannot be read.
    """
    where = Path(path_text(folder, "load_study takes a folder"))
    with closing(StudyLedger(where, drive=False)) as ledger:
        trials, settings = list(ledger.trials()), ledger.settings()
    running = any(trial.state is State.RUNNING for trial in trials)
    return StudyResult(trials, where, running, settings)


def _cores(run: Any) -> tuple[str, ...]:
    if isinstance(run, bool):
        return ("cortex-m4",) if run else ()
    if not isinstance(run, str | list | tuple):
        raise UsageError(f"run: True, or names of cores such as 'cortex-m4', not {run!r}")
    cores = (run,) if isinstance(run, str) else tuple(run)
    for core in cores:
        find_target(core)
    return cores


def _one_input(example_inputs: Any) -> torch.Tensor:
    given = one_sample(example_inputs)
    if len(given) != 1:
        raise UsageError(f"study takes a model of one input, not of {len(given)}")
    example: torch.Tensor = given[0]
    return example


def _digest_of(parts: Parts) -> str:
    """Names the data: it may lie elsewhere when a study goes on."""
    found = hashlib.sha256()
    for part in (parts.train, parts.validation, parts.test):
        for array in part:
            found.update(array.data)
    return found.hexdigest()[:_SHOWN]


def _digest(model: torch.nn.Module) -> str:
    """Names the weights: a study goes on with the model that it was begun with."""
    found = hashlib.sha256(type(model).__qualname__.encode())
    for name, value in model.state_dict().items():
        found.update(name.encode())
        found.update(value.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()[:_SHOWN]
