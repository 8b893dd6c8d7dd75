"""Models that TFLM cannot run: which they are, and how that is said."""

import csv
import json
from pathlib import Path

import pytest
from support.tflite_writer import G, Node, T, tflite_bytes

import mcugraph as mg
from mcugraph import cli
from mcugraph.tflm.loaded import program_of
from mcugraph.tflm.refusals import Refusal

SHARED = Path(__file__).resolve().parents[3] / "shared" / "models"
# Too large a scratch buffer for any arena, which is no refusal by kind.
TOO_LARGE = {"tflite/litert_conv_huge_im2col.tflite"}
# Loaded by TFLM, and then not run: kernels that look at types only when they are invoked.
NOT_RUN = {
    "tflite/coral_movenet_single_pose_lightning_ptq.tflite",
    "tflite/litert_simple_floor_mod.tflite",
}


@pytest.mark.skipif(not SHARED.is_dir(), reason="there are no shared models")
def test_what_the_wheel_loads_is_what_is_not_refused() -> None:
    with (SHARED / "MANIFEST.tsv").open(newline="") as file:
        rows = [r for r in csv.DictReader(file, delimiter="\t") if r["file"].endswith(".tflite")]
    wrong = []
    for row in rows:
        loads = row["tflm_head"].isdigit()
        if loads == bool(mg.profile(SHARED / row["file"]).tflm_refusals):
            wrong.append(row["file"])
    assert set(wrong) <= TOO_LARGE | NOT_RUN


@pytest.fixture
def fold(tmp_path: Path) -> Path:
    """A model with two operators that TFLM has no kernel for, and one that it has."""
    onnx = pytest.importorskip("onnx")
    helper, kinds = onnx.helper, onnx.TensorProto
    graph = helper.make_graph(
        [
            helper.make_node("Relu", ["x"], ["a"], name="first"),
            helper.make_node("Erf", ["a"], ["b"], name="second"),
            helper.make_node("Erf", ["b"], ["y"], name="third"),
        ],
        "g",
        [helper.make_tensor_value_info("x", kinds.FLOAT, [1, 8])],
        [helper.make_tensor_value_info("y", kinds.FLOAT, [1, 8])],
    )
    path = tmp_path / "fold.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


def test_the_summary_says_it_first(fold: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = mg.profile(fold)
    assert found.tflm_refusals == ("it has no kernel for ERF (second, third)",)
    assert found.to_dict()["tflm_refusals"] == list(found.tflm_refusals)
    assert cli.main(["profile", str(fold)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "TFLM cannot run this model: it has no kernel for ERF (second, third)"


def test_it_does_not_run_however_much_there_is(
    fold: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for budget in (["--sram", "1GiB"], ["--macs", "1G"], ["--board", "portenta-h7"]):
        assert cli.main(["check", str(fold), *budget]) == 1
        said = capsys.readouterr().out
        assert "does not run" in said.splitlines()[0]
        assert "may fit" not in said
    assert cli.main(["check", str(fold), "--sram", "1GiB", "--json"]) == 1
    verdict = json.loads(capsys.readouterr().out)
    assert verdict["fits"] is False
    assert verdict["refusals"] == ["it has no kernel for ERF (second, third)"]
    assert cli.main(["boards", "--fit", str(fold)]) == 0
    rows = capsys.readouterr().out.splitlines()[4:]
    assert all(row.endswith(("does not run", "does not run, too small")) for row in rows)


def test_what_runs_is_refused_nowhere(models: Path) -> None:
    for path in sorted(models.iterdir()):
        assert mg.profile(path).tflm_refusals == (), path.name


def test_three_operators_are_named() -> None:
    names = ("a", "b", "c", "d", "e")
    assert str(Refusal("no", names[:3])) == "no (a, b, c)"
    assert str(Refusal("no", names[:4])) == "no (a, b, c and 1 more)"
    assert str(Refusal("no", names)) == "no (a, b, c and 2 more)"
    assert str(Refusal("no")) == "no"


def loads_not(path: Path) -> tuple[str, ...]:
    program, notes = program_of(mg.load(path))
    assert program is None
    return notes


def test_what_does_not_load_takes_no_arena(fold: Path, tmp_path: Path) -> None:
    assert "TFLM has no kernel for ERF" in loads_not(fold)
    words = tmp_path / "words.tflite"
    text = [T("a", (3,), "string"), T("b", (3,), "string"), T("c", (6,), "string")]
    graph = G(text, [Node("CONCATENATION", (0, 1), (2,))], [0, 1], [2])
    words.write_bytes(tflite_bytes(graph))
    assert "TFLM does not load models with string tensors" in loads_not(words)
    assert mg.profile(words).tflm_refusals[-1] == "it loads no string tensors"
