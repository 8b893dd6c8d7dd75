"""Where candidates are trained."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcugraph as mg
from mcugraph.experiments.data import DataSource
from mcugraph.nas import MlpSpace, Recipe
from mcugraph.nas.spaces.mlp import Mlp
from mcugraph.nas.tasks import TrialTask

torch = pytest.importorskip("torch")


def task(folder: Path, device: str) -> TrialTask:
    rng = np.random.default_rng(0)
    classes = np.arange(400) % 2
    examples = rng.normal(size=(400, 6)).astype(np.float32) + classes[:, None]
    path = folder / "data.npz"
    np.savez(path, x_train=examples, y_train=classes, x_test=examples[:90], y_test=classes[:90])
    source = DataSource(str(path), (6,), 2, 0.1)
    recipe = Recipe(batch=32, device=device)
    return TrialTask(MlpSpace((6,), 2), Mlp((8,)), source, recipe, 2.5, 3, test=True)


def test_trainings_on_a_device_learn_too(tmp_path: Path) -> None:
    from mcugraph.nas.trial_training import train

    devices = ["cpu", "cpu:0", *(["cuda"] if torch.cuda.is_available() else [])]
    found = [train(task(tmp_path, device)) for device in devices]
    for outcome in found:
        assert outcome.errors.test is not None
        assert outcome.errors.test < 0.2
    assert found[0].weights == found[1].weights
    assert found[0].errors == found[1].errors


def test_a_training_leaves_its_caller_alone(tmp_path: Path) -> None:
    from mcugraph.nas.trial_training import train

    cuda = torch.cuda.is_available()

    def state() -> list[Any]:
        places = torch.cuda.get_rng_state_all() if cuda else []
        drawn = [torch.get_rng_state(), *places]
        return [[place.tolist() for place in drawn], torch.get_num_threads()]

    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        before = state()
        train(task(tmp_path, "cuda" if cuda else "cpu"))
        assert state() == before
    finally:
        torch.set_num_threads(threads)


def test_a_device_that_is_none_is_told(tmp_path: Path) -> None:
    from mcugraph.nas.trial_training import train

    with pytest.raises(mg.UsageError, match="device 'nowhere'"):
        train(task(tmp_path, "nowhere"))
    with pytest.raises(mg.UsageError, match="'cpu' only"):
        Recipe(sparsity=(0.1, 0.5), device="cuda")
