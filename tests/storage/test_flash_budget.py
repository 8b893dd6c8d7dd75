"""Weights shared out over layers: encoded tables fit, and are worth nearly what is possible."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcugraph.errors import UsageError
from mcugraph.ir import Array
from mcugraph.storage import (
    Blocks,
    ByScores,
    Crs,
    DenseRows,
    FlashAllocation,
    PrunableLayer,
    ShareKept,
    allocate_flash,
    cheapest,
)


@st.composite
def layers(draw: st.DrawFn, most: int = 40) -> list[PrunableLayer]:
    found = []
    for i in range(draw(st.integers(1, 4))):
        rows, columns = draw(st.integers(1, 6)), draw(st.integers(1, most))
        bits = draw(st.sampled_from([4, 8, 32]))
        sensitivity = draw(st.floats(0.1, 10))
        random = np.random.default_rng(draw(st.integers(0, 99)))
        blocks = draw(st.sampled_from([None, None, Blocks(1, 4), Blocks(2, 2), Blocks(4, 1)]))
        units = (blocks or Crs()).units(rows, columns)
        worth = draw(
            st.sampled_from(
                [
                    None,
                    ShareKept(units, sensitivity, 2.0),
                    ShareKept(units, sensitivity, 0.0),
                    ByScores(sensitivity * random.integers(0, 9, units)),
                ]
            )
        )
        dense = DenseRows(draw(st.sampled_from([1, 4])))
        found.append(PrunableLayer(f"l{i}", rows, columns, bits, worth, dense, blocks=blocks))
    return found


def between(parts: list[PrunableLayer], share: float) -> int:
    """A budget between the fewest bytes and those of all weights."""
    least = sum(each.bytes(1) for each in parts)
    return least + int(share * (sum(each.bytes(each.units) for each in parts) - least))


def pruned(layer: PrunableLayer, kept: int) -> Array:
    """Weights of a layer, so many of which, or of its blocks, are not zero, anywhere."""
    dtype = {4: np.int8, 8: np.int8, 32: np.float32}[layer.bits]
    stays = np.zeros(layer.units, dtype)
    stays[np.random.default_rng(0).permutation(layer.units)[:kept]] = 7
    down, across = (layer.blocks.rows, layer.blocks.columns) if layer.blocks else (1, 1)
    wide = stays.reshape(-(-layer.rows // down), -1).repeat(down, 0).repeat(across, 1)
    return wide[: layer.rows, : layer.columns]


@given(layers(), st.floats(0, 1.1))
def test_tables_fit_and_no_weight_more_does(parts: list[PrunableLayer], share: float) -> None:
    budget = between(parts, share)
    found = allocate_flash(parts, budget)
    matrices = {each.name: pruned(each, found.kept[each.name]) for each in parts}
    found.check(matrices)
    stored = [
        cheapest(matrices[p.name], p.forms(), p.bits).encode(matrices[p.name], p.bits).nbytes
        for p in parts
    ]
    assert sum(stored) <= found.total <= budget
    ends = any(p.blocks and (p.rows % p.blocks.rows or p.columns % p.blocks.columns) for p in parts)
    assert ends or sum(stored) == found.total
    for each in parts:
        kept = found.kept[each.name]
        assert 1 <= kept <= each.units
        if kept < each.units:
            assert found.total - each.bytes(kept) + each.bytes(kept + 1) > budget


@settings(max_examples=40)
@given(layers(most=4), st.floats(0, 1))
def test_nearly_the_best_of_all_counts(parts: list[PrunableLayer], share: float) -> None:
    parts = parts[:2]
    budget = between(parts, share)
    found = allocate_flash(parts, budget)

    def worth(counts: tuple[int, ...]) -> float:
        functions = [each.worth or ShareKept(each.units) for each in parts]
        return sum(by.of(count) for by, count in zip(functions, counts, strict=True))

    fitting = [
        counts
        for counts in product(*(range(1, each.units + 1) for each in parts))
        if sum(each.bytes(n) for each, n in zip(parts, counts, strict=True)) <= budget
    ]
    best = max(map(worth, fitting))
    poorest = worth((1,) * len(parts))
    assert found.worth == pytest.approx(worth(tuple(found.kept.values())))
    assert found.worth >= best - 0.1 * (best - poorest) - 1e-9


def test_a_network_of_several_layers() -> None:
    """LeNet of the paper: the large layer gives the most, and all of the budget is used."""
    shapes = {"conv1": (32, 9), "conv2": (64, 288), "fc1": (128, 9216), "fc2": (10, 128)}
    parts = [PrunableLayer(name, *shape) for name, shape in shapes.items()]
    found = allocate_flash(parts, 100_000)
    assert 100_000 - 3 < found.total <= 100_000
    assert found.forms["fc1"] == Crs()
    shares = {each.name: found.kept[each.name] / each.weights for each in parts}
    assert shares["fc1"] < min(shares["conv1"], shares["conv2"], shares["fc2"])


def test_what_is_refused() -> None:
    layer = PrunableLayer("fc", 10, 100)
    with pytest.raises(UsageError, match="20 B are too few: these weights take 22 B at least"):
        allocate_flash([layer], 20)
    for wrong in ([], [layer, layer]):
        with pytest.raises(UsageError, match="each of a name of its own"):
            allocate_flash(wrong, 1000)
    with pytest.raises(UsageError, match="numbers from 0 on"):
        ByScores(np.array([1.0, -1.0]))


@pytest.mark.parametrize(("blocks", "what"), [(None, "weights"), (Blocks(1, 4), "blocks")])
def test_a_promise_that_does_not_hold(blocks: Blocks | None, what: str) -> None:
    layer = PrunableLayer("fc", 10, 100, blocks=blocks)
    found: FlashAllocation = allocate_flash([layer], 300)
    with pytest.raises(UsageError, match=rf"fc: \d+ {what} are not zero, not \d+"):
        found.check({"fc": np.ones((10, 100), np.int8)})
