"""What fits a terminal, and what a pipe gets."""

import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tflite_writer import G, Node, T, tflite_bytes

import mcugraph as mg
from mcugraph.fit.model_needs import Allowance, Need
from mcugraph.fit.verdict import Verdict
from mcugraph.report import diff_report, layer_report, plan_report, profile_report, verdict_report
from mcugraph.report.screen import PLAIN, Screen, Styled, screen
from mcugraph.report.short_names import end, in_sentence, short
from mcugraph.report.table import columns

PROFILE = mg.profile(Path(__file__).resolve().parents[2] / "fixtures/models/resnet_int8.tflite")
LONG = ";".join(f"model/activation_{i}/Relu;model/conv2d_{i}/BiasAdd" for i in range(5))


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> mg.Graph:
    """Operators whose names have some 250 characters, and differ in the last of them."""
    names = ["x", *(f"{LONG};model/conv2d_{i}/Conv2D{i}" for i in range(9))]
    tensors = [T(name, (1, 1024), scales=(0.1,)) for name in names]
    nodes = [Node("RELU", [i], [i + 1]) for i in range(9)]
    path = tmp_path_factory.mktemp("long") / "net.tflite"
    path.write_bytes(tflite_bytes(G(tensors, nodes, [0], [9])))
    return mg.load(path)


@pytest.mark.parametrize("width", [80, 100, 120])
def test_long_names_fit_a_terminal(network: mg.Graph, width: int) -> None:
    terminal = Screen(width, colour=True, block="█")
    found = mg.profile(network)
    texts = [
        profile_report.to_text(found, terminal),
        layer_report.to_text(found, screen=terminal),
        diff_report.to_text(found, mg.profile(network, kernels="cmsis-nn"), terminal),
        plan_report.to_text(mg.plan(network), "net", screen=terminal),
    ]
    for line in "\n".join(texts).replace(str(found.model.path), "net").splitlines():
        assert len(re.sub(r"\x1b\[\d*m", "", line)) <= width
    for place in range(9):
        assert f"#{place} RELU" in texts[1]


@given(st.data(), st.booleans())
def test_verdicts_of_any_size_fit_a_terminal(data: st.DataObject, colour: bool) -> None:
    number = st.integers(0, 2**42)
    resources = ["SRAM", "external RAM", "flash", "external flash", "MACs"]
    needs = [
        Need(resource, data.draw(number), data.draw(st.booleans()), data.draw(number), "", None)
        for resource in data.draw(st.lists(st.sampled_from(resources), min_size=1, unique=True))
    ]
    budget = Allowance("the budget")
    fits = None if any(need.met is None for need in needs) else all(n.met for n in needs)
    verdict = Verdict(budget, fits, (), tuple(needs), ())
    for width in (80, 120):
        text = verdict_report.to_text(PROFILE, verdict, None, None, Screen(width, colour))
        for line in text.replace(str(PROFILE.model.path), "net").splitlines():
            assert len(re.sub(r"\x1b\[\d*m", "", line)) <= width
        for need in needs:
            assert f"{need.needed:,}" in text


def test_full_names_and_pipes(network: mg.Graph) -> None:
    found = mg.profile(network)
    plain = layer_report.to_text(found)
    assert "\x1b" not in plain
    assert LONG not in plain
    assert plain.count("…model/conv2d_") == 9
    whole = layer_report.to_text(found, screen=Screen(full_names=True))
    assert whole.count(LONG) == 9


@pytest.mark.parametrize(
    ("name", "width", "shown"),
    [
        ("short/name", 32, "short/name"),
        (f"{LONG};model/conv2d_4/Conv2D", 32, "…model/conv2d_4/Conv2D"),
        (f"{LONG};model/conv2d_4/BiasAdd/ReadVariableOp/resource2", 32, "…model/conv2d_4"),
        (f"{LONG};model/conv2d_4/BatchNorm_Fold/bias", 32, "…model/conv2d_4"),
        ("a/very/long/name/of/many/parts", 16, "…of/many/parts"),
        ("x" * 50, 8, "…" + "x" * 7),
    ],
)
def test_the_end_of_a_name(name: str, width: int, shown: str) -> None:
    assert end(name, width) == shown
    assert len(shown) <= width
    assert short(name, Screen(full_names=True)) == name


def test_names_in_a_sentence_are_short_too(network: mg.Graph) -> None:
    layers = mg.profile(network).layers
    said = "its CONV_2D takes no uint8 data ({}, {}, {} and 12 more)"
    text = said.format(layers[3].name, f"{LONG}/Conv2D", "layer/2")
    shown = said.format("#3 …model/conv2d_3/Conv2D3", "…model/conv2d_4/BiasAdd/Conv2D", "layer/2")
    assert in_sentence(text, layers, PLAIN) == shown
    assert in_sentence(text, layers, Screen(80, full_names=True)) == text


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr("sys.stdout", out)
    assert screen() == Screen(None, colour=False, block="█")
    monkeypatch.setattr(out, "isatty", lambda: True, raising=False)
    assert screen().colour
    assert screen().width is not None
    monkeypatch.setenv("COLUMNS", "40")
    assert screen().width == 80
    monkeypatch.setenv("COLUMNS", "132")
    assert screen().width == 132
    monkeypatch.setenv("NO_COLOR", "1")
    assert not screen().colour
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not screen().colour


def test_a_name_cannot_bring_colours_along() -> None:
    terminal = Screen(80, colour=True)
    said = terminal.page([("\x1b[31mred", Styled("bold", "bold")), "two\nlines"])
    assert said == "\\x1b[31mred\x1b[1mbold\x1b[0m\ntwo\\nlines"
    assert PLAIN.bar(0.5) == ""
    assert terminal.bar(0.5) == Styled("#####     ", "dim")


def test_columns_that_have_no_room_go_first() -> None:
    rows = [("a" * 70, "bb", "cc")]
    wide = columns(("x", "y", "z"), rows, screen=Screen(80), optional=(2, 1))
    assert PLAIN.page(wide).splitlines()[0].split() == ["x", "y", "z"]
    narrow = PLAIN.page(columns(("x", "y", "z"), rows, screen=Screen(20), optional=(2, 1)))
    assert narrow.splitlines()[0].split() == ["x", "y"]
    assert max(map(len, narrow.splitlines())) <= 20
