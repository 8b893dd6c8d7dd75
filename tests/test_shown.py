"""Results in a notebook: short in a line, a table as HTML, a data frame, a plot."""

from pathlib import Path
from typing import Any

import pytest

import mcugraph as mg
from mcugraph.shown import Shown

MODELS = Path(__file__).resolve().parents[1] / "fixtures" / "models"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = MODELS / "branching_int8.tflite"
    graph = mg.load(path)
    return {
        "Graph": graph,
        "Profile": mg.profile(graph),
        "Schedule": mg.schedule(graph),
        "Plan": mg.plan(graph),
        "Space": mg.widths(graph),
        "Optimization": mg.optimize(path, tmp_path_factory.mktemp("shown") / "out.tflite"),
    }


NAMES = ["Graph", "Profile", "Schedule", "Plan", "Space", "Optimization"]


@pytest.mark.parametrize("name", NAMES)
def test_in_a_line_and_as_a_table(results: dict[str, Any], name: str) -> None:
    line, table = repr(results[name]), results[name]._repr_html_()
    assert line.startswith(f"<{name} ")
    assert len(line) < 250
    assert "\n" not in line
    assert table.startswith("<table>")
    assert table.count("<tr>") == table.count("</tr>") >= 4


def test_figures_are_those_of_the_result(results: dict[str, Any]) -> None:
    assert "arena to reserve 23,192 B (22.6 KiB), peak 12,288 B" in repr(results["Profile"])
    assert "arena to reserve 23,192 -> 15,000" in repr(results["Optimization"])
    assert "proven optimal yes" in repr(results["Schedule"])


def test_long_facts_keep_their_ends() -> None:
    class Long(Shown):
        def _title(self) -> str:
            return ""

        def _facts(self) -> list[tuple[str, str]]:
            return [("bottleneck", f"first/{'x;' * 200}/last")]

    assert len(repr(Long())) < 100
    assert "first/" in repr(Long())
    assert repr(Long()).endswith("/last>")


def test_names_are_no_markup() -> None:
    class Evil(Shown):
        def _title(self) -> str:
            return "<script>alert(1)</script>"

        def _facts(self) -> list[tuple[str, str]]:
            return [("<b>", "\x1b[31m&")]

    assert "\x1b" not in repr(Evil())
    html = Evil()._repr_html_()
    assert "<script>" not in html
    assert "<b></th>" not in html
    assert "&lt;script&gt;" in html


def test_what_is_one_level_down_is_said(results: dict[str, Any]) -> None:
    found = results["Profile"]
    places = {
        "peak": "memory.peak",
        "weights": "flash.weights",
        "path": "model.path",
        "sram": "memory.tflm_total",  # by another tool's word
        "size": "flash.file",
    }
    for name, place in places.items():
        with pytest.raises(AttributeError, match=f"see p.{place}"):
            getattr(found, name)
    with pytest.raises(AttributeError, match="object has no attribute 'nothing'"):
        _ = found.nothing
    assert not hasattr(found, "__array__")


def test_fields_are_documented(results: dict[str, Any]) -> None:
    """`help()` says what every field of a profile is."""
    found = results["Profile"]
    for part in (found, found.memory, found.flash, found.layers[0]):
        for field in part.__slots__:
            assert f"    {field}: " in type(part).__doc__ or f", {field}: " in type(part).__doc__


def test_data_frames(results: dict[str, Any]) -> None:
    pytest.importorskip("pandas")
    layers = results["Profile"].to_pandas()
    assert layers["macs"].sum() == results["Profile"].macs
    assert layers["live_bytes"].max() == results["Profile"].memory.file_order_peak
    steps = results["Schedule"].to_pandas()
    assert list(steps["operator"]) == list(results["Schedule"].order)
    assert steps["live_bytes"].max() == results["Schedule"].peak
    blocks = results["Plan"].to_pandas()
    assert (blocks["offset"] + blocks["size"]).max() == results["Plan"].arena


@pytest.mark.parametrize("name", ["Profile", "Schedule", "Plan"])
def test_plots(results: dict[str, Any], name: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    figure = results[name].plot(tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 5_000
    assert figure.axes[0].get_title()
    with pytest.raises(mg.UsageError, match="cannot be saved"):
        results[name].plot(tmp_path / "nowhere" / "plot.png")


@pytest.mark.parametrize("package", ["pandas", "matplotlib"])
def test_what_is_missing_is_named(
    results: dict[str, Any], package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (package, f"{package}.figure"):
        monkeypatch.setitem(__import__("sys").modules, module, None)
    method = "to_pandas" if package == "pandas" else "plot"
    with pytest.raises(mg.UsageError, match=f"{package} is not installed"):
        getattr(results["Profile"], method)()
