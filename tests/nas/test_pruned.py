"""Networks that are pruned while they are trained: costs known before, outputs the same after."""

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

import mcugraph as mg
from mcugraph.nas import Bounds, CnnSpace, DsCnnSpace, Recipe, SearchSpace, search
from mcugraph.nas.admission import Admission
from mcugraph.nas.sparsity import Prunable, SparsityRange, left

torch = pytest.importorskip("torch")

SPACES: dict[str, SearchSpace[Any]] = {
    "cnn": CnnSpace((1, 14, 14), 3),
    "colour": CnnSpace((3, 12, 9), 3),
    "ds_cnn": DsCnnSpace((1, 12, 10), 3),
}


def small(space: SearchSpace[Any], count: int, seed: int) -> list[Any]:
    rng, found = Random(seed), []
    while len(found) < count:
        arch = space.sample(rng)
        meter = space.meter(arch)
        if meter.size < 60_000 and meter.macs < 2_000_000:
            found.append(arch)
    return found


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_what_is_left_is_what_slimming_leaves(space: SearchSpace[Any]) -> None:
    from mcugraph.experiments.data import DataSource
    from mcugraph.nas.tasks import TrialTask
    from mcugraph.nas.thinning import Thinning

    for number, arch in enumerate(small(space, 6, seed=1)):
        sparsity = 0.2 + 0.1 * number
        widths = Prunable(space, arch).widths(sparsity)
        module = space.module(arch)
        for norm in module.modules():  # of new ones, all channels are worth the same
            if isinstance(norm, torch.nn.BatchNorm2d):
                torch.nn.init.uniform_(norm.running_mean)
                torch.nn.init.uniform_(norm.weight, 0.5, 1.5)
        source = DataSource("none.npz", space.input_shape, 3, 0.1)
        task = TrialTask(space, arch, source, Recipe(), 1, 0, None, sparsity, widths)
        thinning = Thinning(task, module, 100)
        module.train()
        for step in range(1, 101):
            module(torch.rand(4, *space.input_shape))
            thinning.after(step)
        slimmed = thinning.end(torch.rand(8, *space.input_shape))  # which compares the two
        state = {name: tuple(value.shape) for name, value in slimmed.state_dict().items()}
        p = mg.profile(space.graph(arch, widths), precision="int8")
        real = sum(int(np.prod(shape)) for name, shape in state.items() if "weight" in name)
        norms = sum(
            state[name][0] for name in state if name.startswith("norm") and "weight" in name
        )
        assert p.flash.weights == real - norms
        assert p.memory.peak <= mg.profile(space.graph(arch), precision="int8").memory.peak


def test_a_share_of_each_group_goes() -> None:
    space = DsCnnSpace((1, 12, 10), 3)
    arch = small(space, 1, seed=2)[0]
    whole = space.graph(arch).tensors
    for layer, width in Prunable(space, arch).widths(0.5).items():
        shape = whole[f"{layer}.weight"].shape
        assert shape is not None
        assert width == left(shape[0], 0.5)


def test_only_what_cannot_fit_at_the_highest_sparsity_is_rejected() -> None:
    space = CnnSpace((1, 14, 14), 3)
    bounds = Bounds(size=3000, peak=1500)
    plain, pruned = (
        Admission(space, bounds, sparsities=range_) for range_ in (None, SparsityRange(0.0, 0.8))
    )
    rng = Random(5)
    counts = [0, 0]
    for _ in range(400):
        arch = space.sample(rng)
        whole, thin = plain.fitting(arch), pruned.fitting(arch)
        counts[0] += whole is not None
        counts[1] += thin is not None
        if whole is not None:
            assert thin is not None
            assert thin.sparsity == 0
        if thin is not None:
            p = mg.profile(space.graph(arch, thin.widths), precision="int8")
            assert p.flash.weights + p.flash.biases <= 3000
            assert p.memory.peak <= 1500
            if thin.sparsity > 0:
                less = Prunable(space, arch).widths(thin.sparsity - 0.05)
                assert not pruned.within(arch, less), "no more is pruned than has to be"
        else:
            assert not pruned.within(arch, Prunable(space, arch).widths(0.8))
    assert counts[0] < counts[1]


def data(folder: Path) -> Path:
    """Three classes of images: bright at the top, at the bottom, or in the middle."""
    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = {}
    for part, count in (("train", 900), ("test", 150)):
        classes = rng.integers(0, 3, count)
        examples = rng.integers(0, 90, (count, 14, 14), dtype=np.uint8)
        for i, which in enumerate(classes):
            examples[i, 5 * which : 5 * which + 4] += 120
        arrays |= {f"x_{part}": examples, f"y_{part}": classes.astype(np.uint8)}
    path = folder / "bands.npz"
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize("sparsity", [None, (0.1, 0.6)])
def test_a_search_learns(tmp_path: Path, sparsity: tuple[float, float] | None) -> None:
    options: dict[str, Any] = {
        "bounds": Bounds(error=0.1, size=3000, peak=1500),
        "recipe": Recipe(epochs=3, batch=32, share=0.5, sparsity=sparsity, shift=1),
        "candidates": 6,
        "finalists": 2,
        "engine": "inline",
        "report": lambda line: None,
    }
    space = CnnSpace((1, 14, 14), 3)
    result = search(space, data(tmp_path), folder=tmp_path / "run", **options)
    best = result.best()
    assert best.outcome is not None
    assert best.outcome.errors.test is not None
    assert best.outcome.errors.test < 0.3
    for trial in result.trials:
        assert (trial.proposal.sparsity > 0) == (sparsity is not None)
        assert trial.costs.size <= 3000
        assert trial.costs.peak <= 1500
    again = search(space, data(tmp_path), folder=tmp_path / "again", **options)
    assert [t.error for t in again.trials] == [t.error for t in result.trials]


def test_data_sets_of_pairs_are_kept_beside_the_search(tmp_path: Path) -> None:
    arrays = np.load(data(tmp_path))
    pairs = [
        torch.utils.data.TensorDataset(
            torch.from_numpy(arrays[f"x_{part}"]), torch.from_numpy(arrays[f"y_{part}"])
        )
        for part in ("train", "test")
    ]
    options: dict[str, Any] = {
        "bounds": Bounds(size=3000),
        "recipe": Recipe(epochs=1, batch=32, share=0.2),
        "candidates": 2,
        "finalists": 1,
        "engine": "inline",
        "report": lambda line: None,
        "folder": tmp_path / "run",
    }
    space = CnnSpace((1, 14, 14), 3)
    found = search(space, pairs, **options)
    same = search(space, data(tmp_path), **options | {"folder": tmp_path / "other"})
    assert [trial.error for trial in found.trials] == [trial.error for trial in same.trials]
    search(space, pairs, **options)  # goes on, and has nothing to do
    with pytest.raises(mg.UsageError, match="other data"):
        search(space, pairs[::-1], **options)
    with pytest.raises(mg.UsageError, match="two data sets"):
        search(space, 3, **options)  # type: ignore[arg-type]
