"""Pages in a browser: Debian's Chromium, driven without a screen."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.hostile_names import hostile, long_chain, one_word
from support.made_up_study import made_up_study

import mcugraph as mg

MODELS = Path(__file__).resolve().parents[3] / "fixtures" / "models"
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.oracle("playwright"),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not there"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """An empty page, which fails where anything is said on the console or sent for."""
    said: list[str] = []
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda sent: sent.url.startswith("file://") or said.append(sent.url))

    yield page
    page.close()
    assert said == []


@pytest.fixture
def opened(page: Any, tmp_path: Path) -> Any:
    """Opens the page of a model."""

    def show(model: Path, **options: Any) -> Any:
        mg.write_report(model, tmp_path / "page.html", **options)
        page.goto((tmp_path / "page.html").as_uri())
        page.wait_for_selector("#operators")
        return page

    return show


def pixels(page: Any, selector: str) -> int:
    """How many pixels of a canvas are drawn on."""
    script = """(canvas) => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let drawn = 0;
        for (let i = 3; i < data.length; i += 4) drawn += data[i] > 0;
        return drawn;
    }"""
    return int(page.eval_on_selector(selector, script))


def test_a_model_is_drawn(opened: Any) -> None:
    page = opened(MODELS / "branching_int8.tflite", board="nano 33 ble")
    page.wait_for_function("document.querySelector('#timeline').width > 400")
    assert pixels(page, "#timeline") > 30_000
    for plan in ("tflm", "planned", "overlap"):
        assert pixels(page, f"[data-plan={plan}] canvas") > 10_000
    assert "fits" in page.inner_text(".verdict")
    assert "20,480" in page.inner_text("#live")
    assert page.locator(".network circle").count() == 11


def test_hovering_says_what_lies_there(opened: Any) -> None:
    page = opened(MODELS / "branching_int8.tflite")
    page.locator("#timeline").scroll_into_view_if_needed()
    box = page.locator("#timeline").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.33, box["y"] + box["height"] * 0.4)
    text = page.inner_text(".tip")
    assert "B, live from" in text
    assert "B live" in text
    page.mouse.move(2, 2)
    assert not page.is_visible(".tip")


def test_keys_and_clicks_choose_a_step(opened: Any) -> None:
    page = opened(MODELS / "branching_int8.tflite")
    page.focus("#timeline")
    page.keyboard.press("Home")
    assert page.inner_text("#live").startswith("Step 1: #0")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#live").startswith("Step 2: #1")
    page.keyboard.press("End")
    assert page.inner_text("#live").startswith("Step 11:")
    page.click("#operators tbody tr:nth-child(3) button")
    assert page.inner_text("#live").startswith("Step 3: #2")
    assert page.locator("#operators tr.chosen").get_attribute("data-operator") == "2"
    page.click("text=Best order")
    assert "12,288 B live" in page.inner_text("#live")


def test_sorting_and_searching(opened: Any) -> None:
    page = opened(MODELS / "branching_int8.tflite")
    page.click("#operators thead button:has-text('MACs')")
    first = page.locator("#operators tbody tr").first
    assert first.get_attribute("data-operator") == "6"
    assert page.locator("th[aria-sort=descending]").inner_text() == "MACs"
    page.click("#operators thead button:has-text('MACs')")
    assert page.locator("th[aria-sort=ascending]").inner_text() == "MACs"
    page.fill("input[type=search]", "conv narrow")
    assert page.locator("#operators tbody tr:visible").count() == 3
    assert page.inner_text("[role=status]") == "3 of 11 operators"


def test_themes(opened: Any) -> None:
    page = opened(MODELS / "branching_int8.tflite")
    colour = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(colour)
    page.click("#theme")
    assert page.evaluate(colour) != light
    page.click("#theme")
    assert page.evaluate(colour) == light
    page.emulate_media(color_scheme="dark")
    page.reload()
    assert page.evaluate(colour) != light


def test_two_models_change_places(opened: Any) -> None:
    page = opened(MODELS / "branching_int8.tflite", compare=MODELS / "resnet_int8.tflite")
    assert page.locator("#operators tbody tr").count() == 11
    page.click("[aria-label=Model] button:nth-child(2)")
    assert page.locator("#operators tbody tr").count() == 16
    assert "\N{MINUS SIGN}" in page.inner_text(".figures")


def test_a_thousand_operators(opened: Any, tmp_path: Path) -> None:
    long_chain(tmp_path / "chain.onnx", 1000)
    page = opened(tmp_path / "chain.onnx")
    assert page.locator("#operators tbody tr").count() == 1000
    before = page.locator("#timeline").bounding_box()["width"]
    page.click("text=Stretch")
    assert page.locator("#timeline").bounding_box()["width"] > 5 * before


def test_names_are_no_markup(opened: Any, tmp_path: Path) -> None:
    hostile(tmp_path / "hostile.onnx")
    page = opened(tmp_path / "hostile.onnx")
    assert page.title() == "hostile.onnx"
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("kind", ["mobilenet_v2_int8.tflite", "one word"])
def test_no_screen_scrolls_sideways(opened: Any, tmp_path: Path, kind: str) -> None:
    model = MODELS / kind
    if kind == "one word":
        model = tmp_path / "one_word.onnx"
        one_word(model)
    page = opened(model)
    for width in (1280, 800, 390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("compare", [None, MODELS / "resnet_int8.tflite"])
def test_a_narrow_screen_shows_all_figures(opened: Any, compare: Path | None) -> None:
    options: dict[str, Any] = {"board": "esp32"} if compare is None else {"compare": compare}
    page = opened(MODELS / "branching_int8.tflite", **options)
    page.set_viewport_size({"width": 390, "height": 800})
    for cell in page.locator(".figures :is(th, td)").all():
        box = cell.bounding_box()
        assert box is None or box["x"] + box["width"] <= 390
    rows = page.locator(".figures tbody tr").all()
    assert max(row.bounding_box()["height"] for row in rows) < 130


def test_names_of_files_stay_as_they_are(opened: Any, tmp_path: Path) -> None:
    path = tmp_path / "small.onnx"
    path.write_bytes((MODELS / "resnet.onnx").read_bytes())
    page = opened(path, compare=MODELS / "resnet_int8.tflite")
    assert page.inner_text(".note b") == "small.onnx: assumed"
    assert opened(path).inner_text(".note b") == "Assumed"


def test_a_study_is_drawn(page: Any, tmp_path: Path) -> None:
    study = made_up_study(tmp_path)
    study.report(tmp_path / "study.html")
    page.goto((tmp_path / "study.html").as_uri())
    assert page.locator("circle").count() == len(study.done) - 1
    chart = page.locator("svg.plot").bounding_box()
    for mark in page.locator("circle").all():
        box = mark.bounding_box()
        assert chart["x"] <= box["x"] <= chart["x"] + chart["width"] - box["width"]
        assert chart["y"] <= box["y"] <= chart["y"] + chart["height"] - box["height"]
    assert "seed 0" in page.inner_text(".note >> nth=0")
    assert page.locator("tbody tr").count() == len(study.done)
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
