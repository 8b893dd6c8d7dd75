"""How what came of a pruning reads."""

import pytest

from mcugraph.prune.outcome import OnTflm


@pytest.mark.parametrize(
    ("predicted", "said"),
    [
        (2_400, "as predicted"),
        (2_416, "not 2,416 B as predicted"),
        (None, "that was not predicted"),
    ],
)
def test_a_head_is_held_against_a_prediction_only_where_there_is_one(
    predicted: int | None, said: str
) -> None:
    assert OnTflm(2_400, predicted, 8, 0.0).beside_prediction == said
