"""Charts as SVG: values lie where their axes say, and texts stay text."""

import re
from xml.etree import ElementTree

import pytest

from mcugraph.report.pages.charts import Axis, Mark, curves, scatter, table

BYTES = Axis("bytes", 1, 100, lambda v: f"{v:g} B", logarithmic=True)
ERROR = Axis("error", 0.0, 0.5, lambda v: f"{v:.0%}")


def test_axes() -> None:
    assert [BYTES.share(v) for v in (1, 10, 100)] == pytest.approx([0, 0.5, 1])
    assert [ERROR.share(v) for v in (0, 0.25, 0.5)] == pytest.approx([0, 0.5, 1])
    assert Axis("one", 3, 3, str, logarithmic=True).share(3) == 0
    assert Axis("one", 3, 3, str).share(3) == 0


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
