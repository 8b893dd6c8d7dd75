"""Charts as SVG: values lie where their axes say, and texts stay text."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcugraph.report.pages.charts import Axis, Mark, curves, scatter, table

BYTES = Axis("bytes", 1, 100, lambda v: f"{v:g} B", logarithmic=True)
ERROR = Axis("error", 0.0, 0.5, lambda v: f"{v:.0%}")


def test_axes() -> None:
    assert [BYTES.share(v) for v in (1, 10, 100)] == pytest.approx([0, 0.5, 1])
    assert [ERROR.share(v) for v in (0, 0.25, 0.5)] == pytest.approx([0, 0.5, 1])
    assert Axis("one", 3, 3, str, logarithmic=True).share(3) == 0
    assert Axis("one", 3, 3, str).share(3) == 0


@pytest.mark.parametrize("logarithmic", [True, False])
@given(st.floats(1e-4, 1e9), st.floats(0, 1e9))
def test_ticks_are_a_few_round_values_between_the_ends(
    logarithmic: bool, low: float, size: float
) -> None:
    axis = Axis("", low, low + size, str, logarithmic)
    ticks = axis.ticks()
    assert ticks == sorted(set(ticks))
    assert 1 <= len(ticks) <= 6
    assert all(low - 1e-6 * size <= tick <= low + size * (1 + 1e-6) for tick in ticks)


def test_ticks() -> None:
    assert BYTES.ticks() == [1, 3, 10, 30, 100]
    assert Axis("", 280, 7971, str, logarithmic=True).ticks() == [500, 1000, 2000, 5000]
    assert Axis("", 1, 1e12, str, logarithmic=True).ticks() == [1, 1e3, 1e6, 1e9, 1e12]
    assert ERROR.ticks() == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert Axis("", 5, 6, str, logarithmic=True).ticks() == [5, 6], "no round one: the ends"


def test_points_lie_between_the_ends_and_the_front_on_top() -> None:
    marks = [Mark(10, 0.25, "first", front=True), Mark(1, 0.0, "<b>")]
    svg = ElementTree.fromstring(scatter(marks, BYTES, ERROR, 'a "label"', bound=0.1))
    circles = svg.findall("circle")
    assert [circle.get("class") for circle in circles] == ["all", "front"]
    low, middle = ((float(c.get("cx", "")), float(c.get("cy", ""))) for c in circles)
    lines = [line.attrib for line in svg.findall("line")]
    right, top = float(lines[1]["x2"]), float(lines[0]["y1"])
    assert middle == pytest.approx(((low[0] + right) / 2, (low[1] + top) / 2), abs=0.1)
    assert circles[0][0].text == "<b>"
    assert svg.get("aria-label") == 'a "label"'
    assert [line["class"] for line in lines] == ["axis", "axis", "bound"]


def test_a_bound_out_of_sight_is_not_drawn() -> None:
    assert 'class="bound"' not in scatter([Mark(1, 0, "")], BYTES, ERROR, "", bound=0.9)


def test_curves_have_a_legend() -> None:
    across = Axis("steps", 0, 2, str)
    drawn = curves([0, 1, 2], {"a": [0, 0.5, 0], "b&c": [0, 0, 0]}, across, ERROR, "two")
    svg = ElementTree.fromstring(drawn)
    assert len(svg.findall("polyline")) == 2
    assert {"a", "b&c"} <= {text.text for text in svg.findall("text")}
    points = svg.findall("polyline")[0].get("points", "").split()
    heights = [float(point.split(",")[1]) for point in points]
    assert heights[1] < heights[0] == heights[2]


def test_cells_are_text() -> None:
    assert re.findall(r"<td[^>]*>(.*?)</td>", table(["n"], [["<i>"]])) == ["&lt;i&gt;"]
