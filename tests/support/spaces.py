"""Search spaces of every kind, and architectures of theirs."""

from random import Random
from typing import Any

import pytest

from mcugraph.nas import Cnn1dSpace, CnnSpace, DsCnnSpace, Meter, MlpSpace, SearchSpace

SPACES = {
    "cnn": CnnSpace((1, 28, 28), 10),
    "cnn_colour": CnnSpace((3, 17, 9), 2, dropout=0.15),
    "cnn1d": Cnn1dSpace((2, 100), 5),
    "ds_cnn": DsCnnSpace((1, 49, 10), 12),
    "ds_cnn_wide": DsCnnSpace((16, 40, 24), 3),
    "mlp": MlpSpace((3, 8), 4, dropout=0.1),
}
by_space = pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)


def some(space: SearchSpace[Any], count: int, seed: int = 0) -> list[Any]:
    """Random architectures, half of them moved a few steps."""
    rng = Random(seed)
    made = []
    for i in range(count):
        arch = space.sample(rng)
        for _ in range(i % 8 if i % 2 else 0):
            arch, _ = space.mutate(arch, rng)
        made.append(arch)
    return made


def metered(meter: Meter) -> tuple[int, int, int, int]:
    return meter.size, meter.parameters, meter.macs, meter.operator_bound
