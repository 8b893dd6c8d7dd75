"""Take the pictures of HTML pages that the documentation shows.

    python docs/pictures.py

It needs Chromium, and the extra ``browser``. Look at the differences before you commit them.
"""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import mcugraph as mg

ROOT = Path(__file__).resolve().parents[1]
ASSETS = ROOT / "docs" / "pages" / "assets"


def main() -> None:
    """Draw the page of a branching model, and take its picture."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        page_file = Path(folder, "page.html")
        model = ROOT / "fixtures" / "models" / "branching_int8.tflite"
        mg.write_report(model, page_file, board="nano 33 ble")
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1180, "height": 1000}, color_scheme="light")
        page.goto(page_file.as_uri())
        page.wait_for_selector("#operators")
        page.wait_for_timeout(300)  # until canvases have the size of their places
        first, last = (
            page.locator(f"section[aria-labelledby={name}]").bounding_box() or {}
            for name in ("time", "arena")
        )
        top, bottom = first["y"] - 12, last["y"] + last["height"] + 16
        clip = {"x": 0, "y": top, "width": 1180, "height": bottom - top}
        page.screenshot(path=ASSETS / "report.png", clip=clip, full_page=True)
        browser.close()


if __name__ == "__main__":
    main()
