"""Names from files reach nobody's terminal or spreadsheet as commands."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.commands import Capture, refused, run

from mcugraph.cli import main
from mcugraph.printed import cell, clean, message, page

EVIL = "\x1b]0;title\x07\x1b[31mred\x1b[0m\nFAKE  peak  1 B\r\u202egnp\u2066\u2028end\x9b2J"
NAMES = {"x": f"=x{EVIL}", "middle": f"+m{EVIL}", "y": f"-y{EVIL}", "relu": f"@r{EVIL}"}


@given(st.text())
def test_clean_text_is_one_line_that_shows(text: str) -> None:
    shown = clean(text)
    assert shown.isprintable()
    assert clean(shown) == shown
    assert (shown == text) == text.isprintable()


@given(st.text(max_size=30), st.integers(0, 200))
def test_messages_can_be_read(text: str, times: int) -> None:
    shown = message(text * times)
    assert shown.isprintable()
    assert len(shown) <= 1005
    whole = clean(" ".join((text * times).split()))
    assert shown == whole or (shown[:500], shown[-500:]) == (whole[:500], whole[-500:])


@given(st.lists(st.text()))
def test_a_page_has_the_lines_that_it_is_made_of(lines: list[str]) -> None:
    assert len(page(lines).split("\n")) == max(len(lines), 1)


@given(st.text() | st.integers() | st.none())
def test_cells_are_no_formulas(value: object) -> None:
    shown = cell(value)
    if isinstance(value, str):
        assert isinstance(shown, str)
        assert shown.isprintable()
        assert not shown.startswith(("=", "+", "-", "@"))
    else:
        assert shown is value


def network(path: Path, names: dict[str, str]) -> Path:
    """Three operators, one of them unknown."""
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [
            helper.make_node("Relu", [names["x"]], [names["middle"]], name=names["relu"]),
            helper.make_node("Unknown", [names["middle"]], ["other"], name=f"{names['relu']}2"),
            helper.make_node("Relu", ["other"], [names["y"]]),
        ],
        "net",
        [helper.make_tensor_value_info(names["x"], kind, [1, 8])],
        [helper.make_tensor_value_info(names["y"], kind, [1, 8])],
        value_info=[helper.make_tensor_value_info("other", kind, [1, 8])],
    )
    onnx.save(helper.make_model(graph), path)
    return path


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    return network(tmp_path / "hostile.onnx", NAMES)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return network(tmp_path / "plain.onnx", {name: name for name in NAMES})


def check_shown(text: str) -> None:
    assert all(line.isprintable() for line in text.removesuffix("\n").split("\n"))
    assert "FAKE" not in {word for line in text.split("\n") for word in line.split()[:1]}


COMMANDS = [
    ["profile", "MODEL", "--layers"],
    ["check", "MODEL", "--sram", "8"],
    ["diff", "MODEL", "MODEL"],
    ["schedule", "MODEL"],
    ["plan", "MODEL"],
    ["groups", "MODEL", "--classes"],
    ["symbolic", "MODEL"],
    ["boards", "--fit", "MODEL"],
    ["profile", "MODEL", "--csv"],
    ["plan", "MODEL", "--csv"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_prints_them(
    command: list[str], hostile: Path, plain: Path, capsys: Capture
) -> None:
    shown = []
    for model in (hostile, plain):
        codes = main([str(model) if word == "MODEL" else word for word in command])
        output = capsys.readouterr()
        check_shown(output.out)
        check_shown(output.err)
        shown.append((codes, output.out.count("\n"), output.err.count("\n")))
    assert shown[0] == shown[1]


@pytest.mark.parametrize("command", ["profile", "plan"])
def test_csv_has_no_formulas(command: str, hostile: Path, capsys: Capture) -> None:
    rows = list(csv.reader(io.StringIO(run(capsys, command, hostile, "--csv"))))
    assert any(value.startswith(("'=", "'+", "'@")) for row in rows for value in row)
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row)


def test_json_has_the_names_as_they_are(hostile: Path, capsys: Capture) -> None:
    found = json.loads(run(capsys, "profile", hostile, "--json"))
    assert found["layers"][0]["name"] == NAMES["relu"]


def test_operator_graphs(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "graph.json"
    path.write_text(
        json.dumps(
            {
                "tensors": [{"id": i, "size": 1} for i in range(3)],
                "ops": [
                    {"id": f"={EVIL}", "inputs": [0], "outputs": [1]},
                    {"id": EVIL, "inputs": [1], "outputs": [2]},
                ],
                "graph_inputs": [0],
                "graph_outputs": [2],
            }
        )
    )
    check_shown(run(capsys, "schedule", path))
    check_shown(run(capsys, "plan", path))


def test_errors_and_file_names(tmp_path: Path, capsys: Capture) -> None:
    check_shown(refused(capsys, "profile", tmp_path / f"{EVIL}.onnx"))
    check_shown(refused(capsys, f"{EVIL}"))
    check_shown(refused(capsys, "profile", "x.onnx", "--dim", EVIL))
    network(tmp_path / "net.onnx", NAMES)
    check_shown(refused(capsys, "profile", tmp_path / "net.onnx", "--dim", f"{EVIL}=3"))


@pytest.mark.parametrize("name", ["größe.onnx", "中文.onnx"])
def test_a_stream_of_ascii(name: str, models: Path, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes((models / "siamese.onnx").read_bytes())
    for arguments, code in (([path], 0), ([tmp_path / f"no{name}"], 2)):
        done = subprocess.run(
            [sys.executable, "-m", "mcugraph", "profile", *map(str, arguments)],
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
            check=False,
        )
        assert done.returncode == code
        assert b"Traceback" not in done.stderr
        assert b"\\x" in done.stdout + done.stderr or b"\\u" in done.stdout + done.stderr


@pytest.mark.parametrize("name", ["escape.onnx", "json_esc.json"])
def test_shared_cases(name: str, capsys: Capture) -> None:
    path = Path(__file__).resolve().parents[2] / "shared" / "cases" / "hostile" / name
    if not path.exists():
        pytest.skip("../shared is absent")
    if path.suffix == ".json":
        check_shown(run(capsys, "schedule", path))
    else:
        check_shown(run(capsys, "profile", path, "--layers"))
        rows = csv.reader(io.StringIO(run(capsys, "profile", path, "--csv")))
        assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row)
