"""Recipes that no training could follow are refused when they are written."""

from typing import Any

import pytest

from mcugraph.errors import UsageError
from mcugraph.nas import Recipe


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("sparsity", 0.5),
        ("sparsity", (0.5,)),
        ("sparsity", ("a", "b")),
        ("sparsity", (0.5, 1.0)),
        ("learning_rate", -1),
        ("learning_rate", float("nan")),
        ("learning_rate", "x"),
        ("weight_decay", -3),
    ],
)
def test_a_recipe_says_which_option_is_none(option: str, value: Any) -> None:
    with pytest.raises(UsageError, match=f"recipe: {option}"):
        Recipe(**{option: value})


def test_shares_and_rates_of_all_kinds_are_taken() -> None:
    assert Recipe(sparsity=(0, 0.8), learning_rate=0.1, weight_decay=0).weight_decay == 0
