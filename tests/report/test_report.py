"""Numbers and tables as people read them."""

from pathlib import Path

import pytest

import mcugraph as mg
from mcugraph.report import layer_report, profile_report
from mcugraph.report.layer_report import SORTS, select, to_csv
from mcugraph.report.stopped import stopped_line
from mcugraph.report.table import shorten, table


def test_tables() -> None:
    lines = table(("name", "n"), [("a", "1"), ("long", "1,000")], right={1})
    assert lines == ["name      n", "----  -----", "a         1", "long  1,000"]
    assert table(("name", "n"), []) == ["name  n", "----  -"]


def test_long_names_keep_their_end() -> None:
    assert shorten("short", 10) == "short"
    cut = shorten("/blocks/blocks.0/blocks.0.0/Conv", 16)
    assert len(cut) == 16
    assert cut.startswith("/bloc")
    assert cut.endswith("Conv")
    assert "…" in cut


@pytest.fixture(scope="module")
def profile() -> mg.Profile:
    models = Path(__file__).resolve().parents[2] / "fixtures" / "models"
    return mg.profile(models / "branching_int8.tflite")


@pytest.mark.parametrize("column", SORTS)
def test_largest_first(profile: mg.Profile, column: str) -> None:
    layers = select(profile.layers, column, None)
    assert sorted(layers, key=lambda x: x.name) == sorted(profile.layers, key=lambda x: x.name)
    fields = {"output": "output_bytes", "live": "live_bytes"}
    if column == "order":
        assert layers == profile.layers
    else:
        values = [getattr(layer, fields.get(column, column)) for layer in layers]
        assert values == sorted(values, reverse=True)
    assert list(select(profile.layers, column, 3)) == list(layers[:3])


def test_unknown_columns(profile: mg.Profile) -> None:
    with pytest.raises(mg.UsageError, match="cannot sort by 'name'; expected one of order"):
        layer_report.to_text(profile, "name")
    with pytest.raises(mg.UsageError):
        to_csv(profile, "name")


def test_the_summary_says_what_reordering_saves(profile: mg.Profile) -> None:
    lines = [" ".join(line.split()) for line in profile_report.to_text(profile).splitlines()]
    assert "peak, best order 12,288 B 12.0 KiB proven optimal" in lines
    assert "peak, file order 20,480 B 20.0 KiB 8,192 B more than best" in lines


def test_hidden_rows_are_counted(profile: mg.Profile) -> None:
    text = layer_report.to_text(profile, limit=4)
    assert text.endswith("\n(7 more)")
    assert len(text.splitlines()) == 2 + 4 + 1
    assert not layer_report.to_text(profile).endswith("more)")


def test_what_was_stopped_says_how_good_it_is() -> None:
    schedule = mg.Schedule(("f",), 120, 100, "f", (), (120,), 3.21, "interrupted")
    assert stopped_line(schedule) == [
        "interrupted after 3.2 s: at most 20.0% above the least possible"
    ]
    plan = mg.Plan((), 16, 16, 16, 16)
    assert stopped_line(plan) == []
