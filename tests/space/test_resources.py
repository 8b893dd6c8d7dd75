"""Forms of widths, many candidates at once, repeated evaluation and what is refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mcugraph as mg
from mcugraph.scheduling.entry import schedule
from mcugraph.space.space import Space

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "models"
NETWORKS = ["branching", "densenet", "mobilenet_v2", "siamese", "unet"]
Make = Callable[..., Space]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("method", ["optimal", "file_order", "operator_bound"])
def test_candidates_are_single_calls(network: str, method: str, fixture_space: Make) -> None:
    space = fixture_space(network)
    rng = np.random.default_rng(0)
    real = rng.uniform(0.1, 1, (20, len(space.full))) * space.full
    whole = np.maximum(1, np.rint(real))
    for w in (real, whole, np.concatenate([real, whole])):
        for resource in (space.macs, space.size, space.peak_by(method)):
            together = resource(w)
            assert together.shape == (len(w),)
            np.testing.assert_allclose(together, [resource(row) for row in w], rtol=1e-14)


def test_no_candidates(fixture_space: Make) -> None:
    space = fixture_space("resnet")
    none = np.zeros((0, len(space.full)))
    assert space.macs(none).shape == space.peak(none).shape == space.size(none).shape == (0,)


@given(st.sampled_from(NETWORKS), st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_known_orders_give_what_a_fresh_search_gives(network: str, seed: int) -> None:
    """Along a path of widths: the optimum at each, whatever was asked before."""
    graph = mg.load(FOLDER / f"{network}.onnx")
    space = mg.widths(graph, precision="int8")
    rng = np.random.default_rng(seed)
    w = space.full * rng.uniform(0.3, 1, len(space.full))
    for _ in range(12):
        w = np.clip(w * rng.uniform(0.8, 1.25, len(w)), 1, space.full)
        whole = np.rint(w)
        fresh = mg.widths(graph, precision="int8").peak
        found = space.peak(whole)
        assert found == fresh(whole)
        problem = fresh.problem_at(whole)
        assert found == schedule(problem).peak


def test_slow_changes_need_no_search(fixture_space: Make) -> None:
    for network in NETWORKS:
        space = fixture_space(network)
        peak = space.peak_by("optimal")
        peak(space.full)
        before = peak.searched
        for share in np.linspace(1, 0.9, 50):
            peak(space.full * share)
        # siamese has a gap between bound and peak, so every other size is searched anew
        assert peak.searched - before <= (50 if network == "siamese" else 2)


def test_fractions(fixture_space: Make) -> None:
    space = fixture_space("resnet")
    half = space.from_fractions(np.full(len(space.full), 0.5))
    np.testing.assert_array_equal(half, space.full / 2)
    np.testing.assert_array_equal(space.fractions(half), 0.5)
    many = space.from_fractions(np.full((3, len(space.full)), 0.25))
    assert many.shape == (3, len(space.full))


def test_wrong_widths_are_refused(fixture_space: Make) -> None:
    space = fixture_space("resnet")
    count = len(space.full)
    for resource in (space.macs, space.size, space.peak):
        for shape in ((count + 1,), (2, count + 1), (1, 1, count), ()):
            with pytest.raises(mg.UsageError, match=f"{count} widths"):
                resource(np.ones(shape))
        with pytest.raises(mg.UsageError, match="one vector"):
            resource.gradient(np.ones((2, count)))
        with pytest.raises(mg.UsageError, match="not finite"):
            resource(np.full(count, np.nan))
    with pytest.raises(mg.UsageError, match="widths"):
        space.round(np.ones(count + 1))
    with pytest.raises(mg.UsageError, match="unknown method"):
        space.peak_by("fast")
    with pytest.raises(mg.UsageError, match="accounting"):
        _ = mg.widths(space.graph, accounting="mine").macs


def test_lists_will_do(fixture_space: Make) -> None:
    space = fixture_space("resnet")
    assert space.macs(list(space.full)) == space.macs(space.full)
    assert space.peak([list(space.full)]) == [space.peak(space.full)]
