"""The pruning benchmark at tiny sizes: each way meets its budgets, and what is done stays done."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
import torch.nn.functional as F  # noqa: N812
from pruning_parts.data import Data, cifar, fashion, speech
from pruning_parts.methods import narrow, widths_of
from pruning_parts.networks import NETWORKS
from pruning_parts.runs import (
    COSTS,
    TRIPLES,
    Job,
    Results,
    Setting,
    loaded,
    measured,
    new_network,
    perform,
    pruned_jobs,
    retrained_jobs,
    run_all,
    space_of,
)
from pruning_parts.tables import Table, is_met, unused_of
from pruning_parts.training import Plan, Training
from pruning_parts.ways import METHODS, WITH_WHOLE

import mcugraph as mg

SMALL = ("mobilenet", "resnet", "ds_cnn", "branching")


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    """Noise of the shapes of both data sets, and trainings of a few steps."""
    random, folder = np.random.default_rng(0), tmp_path_factory.mktemp("data")
    for name, shape, classes in (("fashion", (28, 28), 10), ("speech", (49, 40), 12)):
        np.savez(
            folder / f"{name}.npz",
            x_train=random.integers(0, 256, (120, *shape), np.uint8),
            y_train=random.integers(0, classes, 120).astype(np.uint8),
            x_test=random.integers(0, 256, (50, *shape), np.uint8),
            y_test=random.integers(0, classes, 50).astype(np.uint8),
        )
    paths = tuple((name, str(folder / f"{name}.npz")) for name in ("fashion", "speech"))
    return Setting(paths, Plan(steps=10, batch=8))


@pytest.fixture(scope="module")
def whole(setting: Setting, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a trained whole network."""
    folder = tmp_path_factory.mktemp("models")
    perform(Job("fashion", "ds_cnn", 0, "unpruned"), replace(setting, models=folder))
    return folder


def test_data_are_normal_and_apart(setting: Setting) -> None:
    for name, load, shape in (("fashion", fashion, (14, 14)), ("speech", speech, (24, 20))):
        data = load(Path(dict(setting.paths)[name]), "cpu")
        assert (len(data.train[0]), len(data.validation[0]), len(data.test[0])) == (108, 12, 50)
        assert data.train[0].shape[1:] == (1, *shape)
        both = torch.cat([data.train[0], data.validation[0]])
        assert abs(float(both.mean())) < 1e-4
        assert float(both.std()) == pytest.approx(1, abs=1e-3)
        assert len(both.flatten(1).unique(dim=0)) == 120


def _turned(images: torch.Tensor, mirrored: bool) -> torch.Tensor:
    return (images.flip(3) if mirrored else images).contiguous()


def test_strips_of_pictures_are_read_and_varied_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = pytest.importorskip("PIL.Image")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    random = np.random.default_rng(0)
    images = {"train": random.integers(0, 256, (40, 32, 32, 3), np.uint8)}
    images["test"] = random.integers(0, 256, (20, 32, 32, 3), np.uint8)
    arrays = {}
    for name, shown in images.items():
        strips, ends = b"", [0]
        for part in np.split(shown, len(shown) // 10):
            held = io.BytesIO()
            image.fromarray(part.reshape(-1, 32, 3)).save(held, "WEBP", lossless=True)
            strips += held.getvalue()
            ends.append(len(strips))
        arrays[f"webp_{name}"] = np.frombuffer(strips, np.uint8)
        arrays[f"offsets_{name}"] = np.array(ends)
        arrays[f"y_{name}"] = np.arange(len(shown), dtype=np.uint8) % 10
    np.savez(tmp_path / "strips.npz", **arrays)
    data = cifar(tmp_path / "strips.npz", "cpu")
    again = cifar(tmp_path / "strips.npz", "cpu")  # of what was decoded
    assert torch.equal(data.train[0], again.train[0])
    x = images["test"].transpose(0, 3, 1, 2).astype(np.float64)
    mean, deviation = (f(images["train"], (0, 1, 2))[:, None, None] for f in (np.mean, np.std))
    assert data.test[0].numpy() == pytest.approx((x - mean) / deviation, abs=1e-2)

    batch, labels = data.batch(64, data.generator(0))
    padded = F.pad(data.train[0], (4, 4, 4, 4))
    views = {
        view.numpy().tobytes(): (row, column, mirrored, int(y))
        for row in range(9)
        for column in range(9)
        for mirrored in (False, True)
        for view, y in zip(
            _turned(padded[:, :, row : row + 32, column : column + 32], mirrored),
            data.train[1],
            strict=True,
        )
    }
    found = [views[one.contiguous().numpy().tobytes()] for one in batch]
    assert [y for *_, y in found] == labels.tolist()
    assert {len({view[i] for view in found}) for i in range(3)} == {9, 2}


@pytest.mark.parametrize("network", SMALL)
def test_widths_are_those_of_the_layers(setting: Setting, network: str) -> None:
    data = loaded("fashion", dict(setting.paths)["fashion"], "cpu")
    space = space_of("fashion", network, data)
    model = new_network(network, data)
    assert widths_of(model, space).tolist() == space.full.tolist()
    costs = measured(model, data.example)
    assert costs == {name: round(getattr(space, name)(space.full)) for name in COSTS}
    # What one factor cannot serve: early layers decide the peak, late ones the size.
    peak, size = (space.full * cost.gradient(space.full) for cost in (space.peak, space.size))
    half = len(space.full) // 2
    assert peak[:half].sum() > peak[half:].sum()
    assert size[half:].sum() > size[:half].sum()


@pytest.mark.parametrize(
    ("method", "triple"),
    [(name, "flash") for name in METHODS if name != "unpruned"]
    + [("default", triple) for triple in TRIPLES if triple != "flash"],
)
def test_each_way_meets_its_budgets(setting: Setting, method: str, triple: str) -> None:
    if method == "Torch-Pruning":
        pytest.importorskip("torch_pruning")
    row = perform(Job("fashion", "ds_cnn", 0, method, triple), setting)
    assert is_met(row)
    assert 0 <= row["accuracy"] <= 1
    assert 0 <= row["met_at"] <= setting.plan.steps
    space = space_of("fashion", "ds_cnn", loaded(*setting.paths[0], "cpu"))
    widths = np.array(row["widths"])
    assert {name: row[name] for name in COSTS} == {
        name: round(getattr(space, name)(widths)) for name in COSTS
    }


@pytest.mark.parametrize("method", WITH_WHOLE)
def test_ways_with_a_trained_whole_network(setting: Setting, method: str, whole: Path) -> None:
    if "Torch-Pruning" in method:
        pytest.importorskip("torch_pruning")
    row = perform(Job("fashion", "ds_cnn", 0, method, "sram"), replace(setting, models=whole))
    assert is_met(row)
    assert (whole / f"fashion-ds_cnn-{method}-sram-0.pt").exists()


@pytest.mark.parametrize("network", ["resnet", "resnet18", "vgg16"])
def test_a_padded_network_learns_the_same(network: str) -> None:
    def fresh() -> Training:
        torch.manual_seed(0)
        model = NETWORKS[network](3, 7)
        x = torch.randn(6, 3, 32, 32, dtype=torch.float64)
        space = mg.widths(mg.from_torch(model, x[:1].float()), precision="int8")
        small = narrow(model, [3 + i % 7 for i in range(len(space.full))], space, x[:1].float())
        part = x, torch.arange(6)
        return Training(small.double(), Data(part, part, part, 7), Plan(steps=6, batch=4), 0)

    plain, wide = fresh(), fresh()
    plain.finish()
    wide.until(2)
    wide.finish_padded()
    for mine, theirs in zip(
        plain.model.state_dict().values(), wide.model.state_dict().values(), strict=True
    ):
        assert mine.shape == theirs.shape
        assert theirs.double().numpy() == pytest.approx(mine.double().numpy(), abs=1e-9)


def test_a_seed_decides_a_run(setting: Setting) -> None:
    job = Job("speech", "ds_cnn", 3, "L1 one-shot", "sram")
    first, second = (perform(job, setting) for _ in range(2))
    times = {"seconds": 0, "met_seconds": 0}
    assert {**first, **times} == {**second, **times}


def test_the_same_widths_retrained_are_uniform_scaling(setting: Setting) -> None:
    uniform = perform(Job("fashion", "resnet", 1, "uniform", "flash"), setting)
    again = perform(Job("fashion", "resnet", 1, "retrained", widths=uniform["widths"]), setting)
    assert again["accuracy"] == uniform["accuracy"]
    assert again["size"] == uniform["size"]


def test_goes_on_where_it_was_and_past_what_fails(
    setting: Setting, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "results.jsonl"
    methods = ["unpruned", "at once, distilled", "uniform"]
    jobs = list(pruned_jobs([("fashion", "ds_cnn")], ["sram"], methods, [0]))
    there, needy, plain = jobs
    Results(path).add(perform(there, setting))
    first = path.read_text("utf-8")
    run_all(jobs, setting, Results(path), 2)
    results = Results(path)
    assert path.read_text("utf-8").startswith(first)
    assert [Job.of(row) for row in results.rows] == [there, plain]
    assert results.missing(jobs) == [needy]
    assert "at once, distilled needs the whole network" in capfd.readouterr().out
    assert list(retrained_jobs(results.rows)) == []


def test_retrains_the_same_widths_once_a_seed(tmp_path: Path) -> None:
    row = {"data": "fashion", "network": "ds_cnn", "triple": "sram", "widths": [1, 2]}
    rows = [{**row, "seed": s, "method": m} for s in (0, 1) for m in ("both", "task")]
    rows += [
        {**row, "seed": s, "method": m, "widths": [2, 2]} for s in (0, 1) for m in ("uniform", "L1")
    ]
    jobs = dict.fromkeys(retrained_jobs(rows))
    assert [(job.seed, job.widths) for job in jobs] == [(0, (1, 2)), (1, (1, 2))]
    path = tmp_path / "results.jsonl"
    path.write_text(json.dumps({**row, "seed": 0, "triple": "", "method": "retrained"}) + "\n")
    assert [job.seed for job in Results(path).missing(list(jobs))] == [1]


def test_tables_say_what_the_rows_say() -> None:
    def row(method: str, seed: int, accuracy: float, peak: int, widths: tuple[int, ...]) -> dict:
        same = {"data": "fashion", "network": "ds_cnn", "triple": "sram", "met_at": 3}
        costs = {"peak": peak, "size": 50, "macs": 10}
        limits = {"budgets": {"peak": 100, "size": 100, "macs": 100}}
        more = {"method": method, "seed": seed, "accuracy": accuracy, "widths": widths}
        return {**same, **costs, **limits, **more, "seconds": 1.0}

    rows = [
        row("uniform", 0, 0.80, 90, (1,)),
        row("uniform", 1, 0.82, 90, (1,)),
        row("default", 0, 0.83, 99, (2,)),
        row("default", 1, 0.83, 101, (1,)),
        {**row("retrained", 0, 0.84, 99, (2,)), "triple": "", "budgets": {}},
    ]
    table = Table(rows)
    key = ("fashion", "ds_cnn", "sram")
    assert table.differences(key, "default", "uniform").mean == pytest.approx(3)  # of seed 0
    assert table.retrained(key, "default") == {0: pytest.approx(84), 1: pytest.approx(82)}
    assert [is_met(r) for r in rows[:4]] == [True, True, True, False]
    assert unused_of(rows[0]) == pytest.approx(0.1)
    text = "\n".join([*table.detailed(), *table.budgets(), *table.against("default", ["uniform"])])
    assert "| sram | default | 83.0 | +3.0 | 83.0 | +2.0 ± 25.4 |" in text
    assert "| default | 1 of 2 | 1.0% | 1.0% |" in text
    assert "| ds_cnn, fashion | sram | +3.0 |" in text


def test_all_networks_are_built() -> None:
    for make in NETWORKS.values():
        assert make(3, 7).fc.out_features == 7
