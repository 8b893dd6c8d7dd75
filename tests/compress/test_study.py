"""Studies: what is tried, kept, gone on with and told."""

import csv
import json
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.microcontrollers import needs_qemu

import mcugraph as mg
from mcugraph.codegen.cores import roomiest
from mcugraph.errors import FormatError, UsageError
from mcugraph.experiments.engines import Engine, Inline

torch = pytest.importorskip("torch")
pytest.importorskip("litert_torch")

from torch import nn  # noqa: E402
from torch.nn.utils import prune  # noqa: E402

from mcugraph.compress import (  # noqa: E402
    StudyRecipe,
    load_study,
    masks_from,
    study,
    to_torchao,
)
from mcugraph.compress.kept_models import KeptModel  # noqa: E402
from mcugraph.compress.mask_conventions import has_masks  # noqa: E402
from mcugraph.compress.study_options import StudyStep, combinations, completed, listed  # noqa: E402

INPUT = torch.zeros(1, 1, 6, 6)
RECIPE = StudyRecipe(epochs=2, batch=32)
GRID = {"method": ["elements", "structure"], "sparsity": [0.0, 0.5], "scheme": [None]}


def network() -> Any:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(96, 16), nn.ReLU(), nn.Linear(16, 2)
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    random, parts = np.random.default_rng(0), {}
    for name, count in (("train", 256), ("test", 64)):
        y = random.integers(0, 2, count)
        x = random.normal(size=(count, 6, 6)) + (2 * y - 1)[:, None, None]
        parts |= {f"x_{name}": x.astype(np.float32), f"y_{name}": y}
    path = tmp_path_factory.mktemp("data") / "data.npz"
    np.savez(path, **parts)
    return str(path)


def studied(data: str, folder: Any, **options: Any) -> Any:
    given = {"recipe": RECIPE, "engine": "inline", "report": lambda line: None, **options}
    return study(network(), INPUT, data, given.pop("grid", GRID), folder=folder, **given)


class Breaking(Engine):
    """Ends a session before a step, and counts those that are begun."""

    def __init__(self, last: int | None = None) -> None:
        self.begun, self._last = list[str](), last

    def submit(self, run: Any, task: Any) -> Any:
        if len(self.begun) == self._last:
            raise KeyboardInterrupt
        self.begun.append(task.step.value)
        return Inline().submit(run, task)

    def close(self) -> None:
        pass


class Told(Breaking):
    """Says what steps come to, and takes none."""

    def submit(self, run: Any, task: Any) -> Any:
        rounds = task.options["qat_epochs"]
        figures = {"scores": {"float": rounds / 10}, "flash": 100 + rounds}
        found = figures if task.step is StudyStep.MEASURE else b"a model"
        return super().submit(lambda task: found, task)


def without_clocks(result: Any) -> Any:
    told = result.to_dict()
    for trial in told["trials"]:
        trial["figures"].pop("seconds", None)
        trial["figures"].pop("worker", None)
    return told["trials"]


def test_it_goes_on_as_if_nothing_had_happened(data: str, tmp_path: Path) -> None:
    whole = studied(data, tmp_path / "whole")
    assert [trial.options["method"] for trial in whole.trials] == ["elements"] * 2 + [
        "structure"
    ] * 2
    sizes = [trial.figures["flash"] for trial in whole.done]
    assert sizes[1] < sizes[0]
    assert sizes[3] < sizes[2] == sizes[0]
    assert whole.done[3].figures["macs"] < whole.done[1].figures["macs"]
    assert whole.front

    half = studied(data, tmp_path / "parts", engine=Breaking(5))  # before the second is measured
    assert half.interrupted
    assert len(half.done) == 2
    assert load_study(tmp_path / "parts").interrupted
    lines = list[str]()
    again = studied(
        *(data, tmp_path / "parts"),
        engine=ThreadPoolExecutor(1),
        report=lines.append,
    )
    assert len(lines) == 2
    assert without_clocks(again) == without_clocks(whole)
    assert without_clocks(load_study(tmp_path / "parts")) == without_clocks(whole)
    with pytest.raises(UsageError, match="another study was begun here: its seed is 0, and not 1"):
        studied(data, tmp_path / "parts", seed=1)

    assert json.loads(json.dumps(whole.to_dict()))["trials"][0]["state"] == "done"
    rows = list(csv.DictReader(whole.to_csv(tmp_path / "study.csv").splitlines()))
    assert [row["method"] for row in rows] == [trial.options["method"] for trial in whole.done]
    assert (tmp_path / "study.csv").read_text().startswith("id,method,")
    assert len(str(whole).splitlines()) == 2 + len(whole.done)
    pytest.importorskip("matplotlib")
    whole.plot(tmp_path / "study.png")
    assert (tmp_path / "study.png").stat().st_size > 5_000


def test_what_is_trained_is_kept_for_other_trials_and_other_machines(
    data: str, tmp_path: Path
) -> None:
    pytest.importorskip("ai_edge_quantizer")
    options = {
        "grid": {"scheme": [None, "int8"], "method": ["elements", "structure"], "sparsity": [0.5]}
    }
    options["grid"]["qat_epochs"] = [0, 1]
    whole = studied(data, tmp_path / "whole", **options)
    assert [trial.options["qat_epochs"] for trial in whole.done] == [0, 0, 0, 1, 0, 1]

    trains, measures = Breaking(), Breaking()
    first = studied(data, tmp_path / "parts", engine=trains, measure=False, **options)
    assert sorted(trains.begun) == ["prune"] * 2 + ["round"] * 2
    assert first.interrupted
    assert not first.done
    assert str(first) == "6 trained and not measured yet"
    assert [list(trial.figures["scores"]) for trial in first.trials][2:4] == [
        ["float", "pruned"],
        ["float", "pruned", "rounded"],
    ]
    elsewhere = tmp_path / Path(data).name
    elsewhere.write_bytes(Path(data).read_bytes())
    (tmp_path / "parts").rename(tmp_path / "moved")
    there = studied(str(elsewhere), tmp_path / "moved", engine=measures, **options)
    assert measures.begun == ["measure"] * 6
    assert without_clocks(there) == without_clocks(whole)
    for trial in there.done:
        assert trial.figures["share"] < 0.6
        assert abs(trial.score - trial.figures["scores"]["pruned"]) < 0.1

    damaged = next((tmp_path / "whole" / "models").iterdir())
    damaged.write_bytes(b"nothing of the kind")
    with pytest.raises(FormatError, match="is no model that a study keeps"):
        KeptModel.from_bytes(damaged.read_bytes(), damaged)


class Sending(Engine):
    """Sends what other processes would be sent."""

    def submit(self, run: Any, task: Any) -> Any:
        return Inline().submit(run, pickle.loads(pickle.dumps(task)))

    def close(self) -> None:
        pass


def test_masks_of_pytorch_come_in(data: str, tmp_path: Path) -> None:
    by_torch, by_torchao = network(), network()
    prune.random_unstructured(by_torch[3], "weight", 0.5)
    to_torchao(by_torchao, masks_from(by_torch))
    grid = {"sparsity": [0.6], "scheme": [None]}
    options = {"recipe": RECIPE, "engine": Sending(), "report": lambda line: None}
    figures = []
    for model in (by_torch, by_torchao):
        wanted = model(INPUT)
        folder = tmp_path / str(len(figures))
        (trial,) = study(model, INPUT, data, grid, folder=folder, **options).done
        assert torch.equal(model(INPUT), wanted)
        assert has_masks(model)
        figures.append([trial.figures[name] for name in ("scores", "share", "flash")])
    assert figures[0] == figures[1]
    assert figures[0][1] < 0.45


def test_workers_are_processes_and_what_fails_is_told(data: str, tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_quantizer")
    grid = [{"sparsity": 0.5}, {"method": "structure", "sparsity": 0.99, "scheme": "weights-int4"}]
    result = studied(data, tmp_path, grid=grid, engine="local", workers=1)
    first = result.trials[0]
    assert list(first.figures["scores"]) == ["float", "pruned", "quantised"]
    assert first.figures["worker"].startswith("process ")
    assert first.figures["flash"] > 0


@needs_qemu
def test_instructions_are_counted_where_the_code_fits(data: str, tmp_path: Path) -> None:
    grid = {"sparsity": [0.0, 0.9], "scheme": [None]}
    recipe, cores = StudyRecipe(epochs=0), ("cortex-m0", "cortex-m4")
    result = studied(data, tmp_path / "all", grid=grid, recipe=recipe, run=cores)
    dense, sparse = (trial.figures["instructions"] for trial in result.done)
    assert tuple(dense) == cores
    assert dense["cortex-m0"] > 2 * dense["cortex-m4"]  # which has units for floats
    assert all(sparse[core] < dense[core] for core in cores)
    assert (
        result.to_csv()
        .splitlines()[0]
        .endswith("instructions cortex-m0,instructions cortex-m4,front")
    )
    for core in cores:
        where, machine = tmp_path / core, roomiest(core)
        project = mg.deploy(network(), where, core, machine=machine, example_inputs=INPUT)
        assert project.run().instructions == dense[core]

    large = nn.Sequential(nn.Flatten(), nn.Linear(36, 30_000), nn.ReLU(), nn.Linear(30_000, 2))
    grid = {"sparsity": [0.0], "scheme": [None]}
    trial = study(
        *(large, INPUT, data, grid),
        **{"recipe": recipe, "engine": "inline", "report": lambda line: None, "run": True},
    ).done[0]
    assert trial.figures["instructions"] == {"cortex-m4": None}
    assert "cortex-m4: " in trial.figures["notes"][-1]


def test_a_sampler_chooses_and_is_told_what_came_of_it(data: str, tmp_path: Path) -> None:
    optuna = pytest.importorskip("optuna")
    grid = {"sparsity": [0.0, 0.3, 0.6, 0.9], "scheme": [None], "heuristic": ["level", "random"]}
    options = {"grid": grid, "recipe": StudyRecipe(epochs=0), "trials": 3}
    first = studied(data, tmp_path, sampler=optuna.samplers.RandomSampler(seed=1), **options)
    assert len(first.done) == 3
    assert len({str(trial.options) for trial in first.done}) == 3
    more = {**options, "trials": 4}
    again = studied(data, tmp_path, sampler=optuna.samplers.RandomSampler(seed=2), **more)
    assert without_clocks(again)[:3] == without_clocks(first)
    assert len(again.done) == 4


@pytest.mark.parametrize("workers", [1, 2])
def test_a_sampler_is_asked_when_all_but_so_many_trials_have_ended(
    workers: int, data: str, tmp_path: Path
) -> None:
    """Also where all trials wait for the one pruning that they share."""
    optuna = pytest.importorskip("optuna")
    seen = list[tuple[int, int]]()

    class Watched(optuna.samplers.GridSampler):
        def before_trial(self, study: Any, trial: Any) -> None:
            super().before_trial(study, trial)
            known = study.get_trials(deepcopy=False)
            seen.append((len(known) - 1, sum(each.state.is_finished() for each in known)))

    grid = {"qat_epochs": [0, 1, 2, 3, 4]}
    options = {"grid": grid, "engine": Told(), "sampler": Watched(grid), "workers": workers}
    result = studied(data, tmp_path, trials=9, **options)
    assert sorted(trial.options["qat_epochs"] for trial in result.done) == [0, 1, 2, 3, 4]
    assert [asked for asked, _ in seen[:5]] == [0, 1, 2, 3, 4]
    assert len(seen) <= 6  # whether there is no more is asked once, at the most
    assert all(ended == max(0, asked + 1 - workers) for asked, ended in seen)


@pytest.mark.parametrize("last", [3, 5, 7, 9, 12, None])  # steps of a session that ends
def test_a_sampler_that_repeats_itself_ends_no_study(
    last: int | None, data: str, tmp_path: Path
) -> None:
    optuna = pytest.importorskip("optuna")
    lines, fixed = list[str](), {"qat_epochs": 2, "heuristic": None}
    grid = {"qat_epochs": [0, 1, 2], "heuristic": [None, "level", "random"]}
    sampler = optuna.samplers.PartialFixedSampler(fixed, optuna.samplers.RandomSampler(seed=1))
    options = {"grid": grid, "sampler": sampler, "trials": 5, "report": lines.append}
    studied(data, tmp_path, engine=Told(last), **options)
    again = studied(data, tmp_path, engine=Told(), **options)
    # No heuristic is the first one: "level" was tried then.
    found = [(trial.options["qat_epochs"], trial.options["heuristic"]) for trial in again.done]
    assert found == [(2, "level"), (0, "level"), (1, "level"), (2, "random"), (0, "random")]
    said = "100 draws of the sampler give nothing new; the nearest that was not tried is taken"
    assert [line for line in lines if said in line] == [
        f"#{n}: {said} ({n} of 6 combinations are tried)" for n in range(1, 5)
    ]
    more = studied(data, tmp_path, engine=Told(), **{**options, "trials": 9, "workers": 2})
    assert len(more.done) == 6
    assert lines.count("the study ends after 6 of 9 trials: all of 6 combinations are tried") == 1


def test_a_sampler_that_has_no_more_ends_a_study_with_a_line(data: str, tmp_path: Path) -> None:
    optuna = pytest.importorskip("optuna")
    lines, grid = list[str](), {"qat_epochs": [0, 1, 2, 3, 4]}
    sampler = optuna.samplers.GridSampler({"qat_epochs": [1, 3]}, seed=1)
    options = {"grid": grid, "sampler": sampler, "trials": 4, "report": lines.append}
    result = studied(data, tmp_path, engine=Told(), **options)
    assert sorted(trial.options["qat_epochs"] for trial in result.done) == [1, 3]
    assert lines[-1] == (
        "the study ends after 2 of 4 trials: the sampler has no more; 2 of 5 combinations are tried"
    )


def test_a_sampler_is_told_of_options_as_the_grid_names_them(data: str, tmp_path: Path) -> None:
    optuna = pytest.importorskip("optuna")
    told, partly = list[Any](), optuna.samplers.PartialFixedSampler
    complete = (optuna.trial.TrialState.COMPLETE,)

    class Watched(partly):
        def before_trial(self, study: Any, trial: Any) -> None:
            told.extend(each.params for each in study.get_trials(states=complete))

    grid = {"heuristic": [None, "random"]}
    for count, drawn in enumerate(grid["heuristic"], 1):
        sampler = Watched({"heuristic": drawn}, optuna.samplers.RandomSampler(seed=1))
        options = {"grid": grid, "sampler": sampler, "trials": count}
        result = studied(data, tmp_path, engine=Told(), **options)
    assert [trial.options["heuristic"] for trial in result.done] == ["level", "random"]
    assert told == [{"heuristic": None}]


def test_a_sampler_goes_on_as_if_nothing_had_happened(data: str, tmp_path: Path) -> None:
    optuna = pytest.importorskip("optuna")
    options: dict[str, Any] = {
        "grid": {"sparsity": [n / 10 for n in range(10)], "scheme": [None]},
        "recipe": StudyRecipe(epochs=0),
        "trials": 6,
    }

    def seeded() -> Any:
        return optuna.samplers.TPESampler(seed=1, n_startup_trials=2)

    whole = studied(data, tmp_path / "whole", sampler=seeded(), **options)
    for last in (3, 6, None):  # steps: before a model is measured, and between two trials
        part = studied(data, tmp_path / "parts", sampler=seeded(), engine=Breaking(last), **options)
    assert [trial.options for trial in part.trials] == [trial.options for trial in whole.trials]
    assert without_clocks(part) == without_clocks(whole)


def test_grids_hold_what_goes_together() -> None:
    grid = {
        "method": ["elements", "structure"],
        "heuristic": ["level", "l1"],
        "scheme": [None, "int8"],
        "qat_epochs": [0, 2],
        "scope": ["layer", "global"],
    }
    found = combinations(grid)
    assert len(found) == 9  # (two scopes + one) x (float, int8, int8 with QAT)
    assert completed({"method": "structure", "heuristic": "level"}) is None
    assert listed({"scheme": (scheme for scheme in [None])}) == {"scheme": [None]}
    (one,) = combinations({"qat_epochs": np.arange(1)})
    assert type(one["qat_epochs"]) is int
    numbers = {"sparsity": np.linspace(0, 0.5, 3), "heuristic": np.array(["level", "random"])}
    written = {"sparsity": [0.0, 0.25, 0.5], "heuristic": ["level", "random"]}
    assert repr(listed(numbers)) == repr(listed(written))  # by which a study knows it again
    ones = [{name: values[0] for name, values in each.items()} for each in (numbers, written)]
    assert repr(listed(ones[:1])) == repr(listed(ones[1:]))
    for said, wrong in (
        ("grid: sparsity: the list is empty", {"sparsity": []}),
        ("grid: the list is empty", []),
        ("unknown option 'heuristics'", {"heuristics": ["level"]}),
        ("a list of what it is to be is needed, not 0.5", {"sparsity": 0.5}),
        ("method: 'all' is none of elements, structure", {"method": ["all"]}),
        ("sparsity: a fraction", {"sparsity": [1.5]}),
        ("none of its combinations goes together", {"heuristic": ["l1"]}),
        ("options by name are needed", [3]),
        ("or a list of such, are needed, not 3", 3),
        ("or a list of such, are needed, not 'structure'", "structure"),
    ):
        with pytest.raises(UsageError, match=said):
            combinations(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("installed", [True, False])
def test_what_is_no_sampler_is_refused_alike_with_optuna_and_without(
    installed: bool, data: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if installed:
        pytest.importorskip("optuna")
    else:
        monkeypatch.setitem(sys.modules, "optuna", None)
    said = "^sampler: one of optuna.samplers is needed, not 'tpe'$"
    with pytest.raises(UsageError, match=said):
        studied(data, tmp_path / "study", sampler="tpe", trials=2)
    assert not (tmp_path / "study").exists()


def test_what_cannot_be_is_refused_in_a_line(data: str, tmp_path: Path) -> None:
    for said, options in (
        ("sampler= and trials= go together", {"trials": 3}),
        ("workers: a whole number", {"workers": 0}),
        ("unknown engine 'cloud'", {"engine": "cloud"}),
        ("unknown core|unknown target", {"run": ("z80",)}),
        ("unknown target 'z80'", {"run": "z80"}),
        ("run: True, or names of cores", {"run": 4}),
        ("recipe: a StudyRecipe is needed", {"recipe": {"epochs": 1}}),
        ("measure=False takes a grid", {"measure": False, "trials": 3, "sampler": "any"}),
    ):
        with pytest.raises(UsageError, match=said):
            studied(data, tmp_path, **options)
    with pytest.raises(UsageError, match="recipe: unknown optimizer 'lion'"):
        StudyRecipe(optimizer="lion")
    with pytest.raises(UsageError, match=r"all trials fail \(1\); the last: device 'abacus': "):
        studied(data, tmp_path, recipe=StudyRecipe(device="abacus"), grid=[{"scheme": None}])
    with pytest.raises(UsageError, match="no study is kept here"):
        load_study(tmp_path / "nothing")
