"""Thousands of nearly right inputs: an answer or one line, and nothing else.

``pytest -m slow tests/test_fuzz.py`` tries many more, and ``python -m support.fuzzing`` as many as
one likes, each under limits. Each batch is named by its first seed, and a failure by its own.
"""

from pathlib import Path

import pytest
from support import fuzzing

BATCH = 50
# Format -> batches in every run.
BATCHES = {"tflite": 4, "onnx": 6, "pt2": 1, "json": 2, "csv": 2, "toml": 2}
NEEDS = {"onnx": "onnx", "pt2": "torch"}


def _try(kind: str, first: int, folder: Path) -> None:
    pytest.importorskip(NEEDS.get(kind, "numpy"))
    seeds = range(first, first + BATCH)
    found = {seed: said for seed in seeds if (said := fuzzing.fault(kind, seed, folder))}
    assert found == {}


@pytest.mark.parametrize(
    ("kind", "first"), [(kind, i * BATCH) for kind, count in BATCHES.items() for i in range(count)]
)
def test_nearly_right(kind: str, first: int, tmp_path: Path) -> None:
    _try(kind, first, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 11000, BATCH))
@pytest.mark.parametrize("kind", fuzzing.FORMATS)
def test_nearly_right_many_times(kind: str, first: int, tmp_path: Path) -> None:
    _try(kind, first, tmp_path)


def test_inputs_depend_on_their_seed_alone() -> None:
    for kind in ("tflite", "json", "csv", "toml"):
        inputs = [fuzzing.made(kind, seed) for seed in range(20)]
        assert inputs == [fuzzing.made(kind, seed) for seed in range(20)]
        assert len(set(inputs)) > 10


def test_what_cannot_be_is_told() -> None:
    for figures in ({"a": [{"b": -1}]}, {"a": 1 << 63}, {"a": float("nan")}):
        with pytest.raises(fuzzing.Nonsense, match=r"^\.a"):
            fuzzing._check_figures(figures)
    fuzzing._check_figures({"a": [0, None, "x", {"b": 1.5}]})
