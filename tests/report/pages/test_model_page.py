"""The page of a model: one file that holds the profile, and that no name breaks out of."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.commands import Capture, refused, run
from support.hostile_names import hostile, long_chain

import mcugraph as mg
from mcugraph.fit import advice
from mcugraph.fit.boards import find_board
from mcugraph.fit.remedies import remedies
from mcugraph.records import replace
from mcugraph.report.pages import entry
from mcugraph.report.pages.shell import html

MODELS = Path(__file__).resolve().parents[3] / "fixtures" / "models"


def data_of(page: str) -> Any:
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    return json.loads(text)


def test_the_figures_are_those_of_the_profile(tmp_path: Path, capsys: Capture) -> None:
    page = tmp_path / "page.html"
    model = MODELS / "branching_int8.tflite"
    run(capsys, "report", model, "-o", page, "--board", "nano 33 ble")
    data = data_of(page.read_text())
    assert data["models"][0]["profile"] == json.loads(run(capsys, "profile", model, "--json"))
    assert data["board"] == {
        "name": "Arduino Nano 33 BLE Sense",
        "sram": 261_632,
        "flash": 983_040,
    }
    assert data["verdict"]["code"] == 0
    assert [line["peak"] for line in data["models"][0]["timelines"]] == [20480, 12288]
    assert data["models"][0]["remedies"], "optimize makes this model smaller"


def test_what_makes_a_model_smaller_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, asked = mg.load(MODELS / "branching_int8.tflite"), list[str]()

    def counted(*arguments: Any) -> Any:
        asked.append("once")
        return remedies(*arguments)

    monkeypatch.setattr(entry, "remedies", counted)
    monkeypatch.setattr(advice, "remedies", counted)
    board = replace(find_board("blue-pill"), too_small="", usable_sram=1024)
    page = entry.report_page([graph], [mg.profile(graph)], board)
    assert data_of(page)["verdict"]["word"] == "does not fit"
    assert asked == ["once"]


def test_two_models(tmp_path: Path, capsys: Capture) -> None:
    page = tmp_path / "page.html"
    paths = [MODELS / "branching_int8.tflite", MODELS / "resnet.onnx"]
    run(capsys, "report", paths[0], "--compare", paths[1], "-o", page, "--precision", "int8")
    data = data_of(page.read_text())
    assert [each["label"] for each in data["models"]] == [path.name for path in paths]
    assert "board" not in data
    found = mg.profile(paths[1], precision="int8").to_dict()
    assert data["models"][1]["profile"]["memory"] == found["memory"]


def test_nothing_is_loaded_from_elsewhere(tmp_path: Path) -> None:
    mg.write_report(MODELS / "ds_cnn_int8.tflite", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "default-src 'none'" in page
    addresses = set(
        re.findall(r"https?://[^\"'\s<>]+", re.sub(r'id="data">.*?</script>', "", page))
    )
    assert addresses == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(link|img|iframe|script[^>]*src)", page)


def test_names_stay_data(tmp_path: Path) -> None:
    hostile(tmp_path / "hostile.onnx")
    mg.write_report(tmp_path / "hostile.onnx", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert page.count("<script") == page.count("</script>") == 2
    assert "owned'</script>" not in page
    assert "\u202e" not in page
    assert "\x1b" not in page
    title, again = html("</title><b>", "").split("</title>", 1)
    assert "&lt;/title&gt;&lt;b&gt;" in title
    assert "<b>" not in again


def test_a_thousand_operators_stay_small(tmp_path: Path) -> None:
    long_chain(tmp_path / "chain.onnx", 1000)
    mg.write_report(tmp_path / "chain.onnx", tmp_path / "page.html")
    assert (tmp_path / "page.html").stat().st_size < 2_000_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.tflite", "-o", "page.html"], "missing.tflite: no such file"),
        (["MODEL", "-o", "page.html", "--compare", "none.onnx"], "none.onnx: no such file"),
        (["MODEL", "-o", "nowhere/page.html"], "nowhere"),
        (["MODEL", "-o", "page.html", "--board", "nothing"], "unknown board 'nothing'"),
        (["MODEL"], "required: -o/--output"),
    ],
)
def test_bad_input(
    arguments: list[str], message: str, tmp_path: Path, capsys: Capture, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    model = str(MODELS / "ds_cnn_int8.tflite")
    assert message in refused(capsys, "report", *(model if a == "MODEL" else a for a in arguments))
    assert list(tmp_path.iterdir()) == []


def test_what_tflm_cannot_run_still_has_a_page(tmp_path: Path, capsys: Capture) -> None:
    page = tmp_path / "page.html"
    run(capsys, "report", MODELS / "resnet.onnx", "-o", page, "--accounting", "paper")
    assert data_of(page.read_text())["models"][0]["arenas"] == []
    run(capsys, "report", MODELS / "resnet_int8.tflite", "-o", page, "--runtime", "deploy")
    assert data_of(page.read_text())["models"][0]["profile"]["kernels"] == "generated"
