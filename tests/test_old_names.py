"""Names that moved still work where they were, and say where they are now."""

from importlib import import_module

import pytest

OLD = {
    "mcugraph.boards": {
        "Board": "mcugraph.fit.boards",
        "boards": "mcugraph.fit.boards",
        "find_board": "mcugraph.fit.boards",
        "load_boards": "mcugraph.fit.boards",
        "NETWORK": "mcugraph.fit.rates",
        "Rate": "mcugraph.fit.rates",
        "estimate_latency": "mcugraph.fit.rates",
        "rates": "mcugraph.fit.rates",
        "rates_for": "mcugraph.fit.rates",
        "parse_count": "mcugraph.units",
        "parse_size": "mcugraph.units",
    },
}


@pytest.mark.parametrize(
    ("old", "name", "new"),
    [(old, name, new) for old, names in OLD.items() for name, new in names.items()],
)
def test_old_names(old: str, name: str, new: str) -> None:
    module = import_module(old)
    with pytest.warns(DeprecationWarning, match=rf"is now {new}.{name};"):
        assert getattr(module, name) is getattr(import_module(new), name)
    assert name in dir(module)


def test_renamed_in_prune() -> None:
    from mcugraph import prune

    pytest.importorskip("torch")
    with pytest.warns(DeprecationWarning, match=r"is now mcugraph\.prune\.ScoredLayer;"):
        assert prune.Layer is prune.ScoredLayer


@pytest.mark.parametrize("old", OLD)
def test_other_names_are_not_there(old: str) -> None:
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        import_module(old).nothing_of_the_kind  # noqa: B018
