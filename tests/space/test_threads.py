"""A space that many threads ask at once answers each what it would answer it alone."""

from pathlib import Path

import numpy as np
import pytest
from support.threads import THREADS, together

import mcugraph as mg
from mcugraph.space.space import Space

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "models"


def answers(space: Space, w: np.ndarray) -> list[object]:
    """Everything that has one right answer at w; of a peak at a tie, the gradient has several."""
    return [
        space.macs(w),
        space.macs.gradient(w).tolist(),
        space.size(w),
        space.peak(w),
        space.peak(np.stack([w, space.full])).tolist(),
        sum(space.peak.bottleneck_at(w)[1].values()),
        space.peak_by("file_order")(w),
        space.arena(w),
        space.round(0.7 * w).tolist(),
    ]


@pytest.mark.parametrize("network", ["branching", "siamese", "inception"])
def test_each_thread_gets_its_own_answers(network: str) -> None:
    model = mg.load(FOLDER / f"{network}.onnx")
    alone, shared = (mg.widths(model, precision="int8") for _ in range(2))
    rng = np.random.default_rng(1)
    asked = [rng.integers(1, alone.full + 1, (10, len(alone.full))) for _ in range(THREADS)]
    expected = [[answers(alone, w) for w in rows] for rows in asked]

    found = together(lambda number: [answers(shared, w) for w in asked[number]])

    assert found == expected


def test_the_peak_of_a_network_whose_best_order_changes() -> None:
    alone, shared = (mg.widths(FOLDER / "branching.onnx", precision="int8") for _ in range(2))
    rng = np.random.default_rng(2)
    asked = [rng.integers(1, alone.full + 1, (40, len(alone.full))) for _ in range(THREADS)]
    expected = [[alone.peak(w) for w in rows] for rows in asked]
    assert alone.peak.searched > 1

    assert together(lambda number: [shared.peak(w) for w in asked[number]]) == expected
