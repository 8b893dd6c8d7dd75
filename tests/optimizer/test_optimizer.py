"""Models written back: what changes, what must not, and what the runtimes make of them."""

import csv
import json
import os
import re
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import mcugraph as mg
from mcugraph.cli import main
from mcugraph.optimizer import entry, verification
from mcugraph.optimizer.new_file import NewFile
from mcugraph.optimizer.result import Figures, Optimization
from mcugraph.report.optimization_report import to_text

SHARED = Path(__file__).resolve().parents[3] / "shared" / "models"


def rows(kind: str) -> list[dict[str, str]]:
    path = SHARED / "MANIFEST.tsv"
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        table = list(csv.DictReader(file, delimiter="\t"))
    if kind == "onnx":
        return [row for row in table if row["file"].endswith(".onnx")]
    return [row for row in table if row["tflm_head"]]


def tflm_arena(path: Path) -> tuple[int, int]:
    """Head and tail that TFLM itself prints, in a process of its own."""
    code = (
        "import sys\n"
        "from tflite_micro.python.tflite_micro import runtime\n"
        "i = runtime.Interpreter.from_file(sys.argv[1], arena_size=128 << 20)\n"
        "i.print_allocations()\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    said = run.stderr + run.stdout
    found = [re.search(rf"Arena allocation {part} (\d+)", said) for part in ("head", "tail")]
    return int(found[0][1]), int(found[1][1])  # type: ignore[index]


def test_branching_pays_twice(models: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.tflite"
    result = mg.optimize(models / "branching_int8.tflite", out)
    assert (result.before.tflm_arena, result.after.tflm_arena) == (20_480, 12_288)
    assert result.changed
    assert result.moved
    assert result.planned
    assert result.saved == 8_192
    assert mg.profile(out).memory.tflm_arena == mg.profile(out).memory.planned_arena == 12_288
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("branching_int8", 12_288),
        ("branching_float", 49_152),
        ("densenet_int8", 12_288),
        ("efficientnet_int8", 24_576),
        ("resnet_int8", 6_144),
        ("siamese_int8", 1_568),
        ("tight_arena_int8", 5_632),
        ("ds_cnn_int8", None),
    ],
)
def test_tflm_agrees(models: Path, tmp_path: Path, name: str, head: int | None) -> None:
    source, out = models / f"{name}.tflite", tmp_path / "out.tflite"
    result = mg.optimize(source, out, verify=True)
    assert result.verified == "TensorFlow Lite Micro"
    old, new = tflm_arena(source), tflm_arena(out)
    assert new[0] == result.after.tflm_arena == (head or old[0])
    assert new[1] == old[1]
    assert not any("says little" in note for note in result.notes)
    if head is None:
        assert not result.changed
        assert out.read_bytes() == source.read_bytes()


def test_again_changes_nothing(models: Path, tmp_path: Path) -> None:
    out, again = tmp_path / "out.tflite", tmp_path / "again.tflite"
    mg.optimize(models / "branching_int8.tflite", out)
    result = mg.optimize(out, again)
    assert not result.changed
    assert again.read_bytes() == out.read_bytes()
    assert "as small" in result.notes[0]


def test_in_place(models: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes((models / "branching_int8.tflite").read_bytes())
    path.chmod(0o640)
    mg.optimize(path, path)
    assert mg.profile(path).memory.tflm_arena == 12_288
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.oracle("tflite_micro")
def test_outputs_that_are_always_the_same_say_little(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph, path = mg.load(models / "ds_cnn_int8.tflite"), str(models / "ds_cnn_int8.tflite")
    for digests, little in ((("a", "b"), False), (("a", "a"), True)):
        found = verification.Run(digests)
        monkeypatch.setattr(verification, "run", lambda *_, found=found: found)
        name, notes = verification.compare(path, path, graph)
        assert name == "TensorFlow Lite Micro"
        assert any("says little" in note for note in notes) == little


@pytest.mark.oracle("tflite_micro")
def test_force(models: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.tflite"
    result = mg.optimize(models / "ds_cnn_int8.tflite", out, force=True, verify=True)
    assert result.changed
    assert result.planned
    assert not result.saved
    assert result.verified


def test_onnx(models: Path, tmp_path: Path) -> None:
    import onnx

    source, out = models / "branching.onnx", tmp_path / "out.onnx"
    result = mg.optimize(source, out, verify=True)
    assert (result.before.peak, result.after.peak) == (81_920, 49_152)
    assert result.verified == "ONNX Runtime"
    onnx.checker.check_model(out)
    old, new = onnx.load(source), onnx.load(out)
    assert [n.name for n in old.graph.node] != [n.name for n in new.graph.node]
    key = onnx.NodeProto.SerializeToString
    assert sorted(map(key, old.graph.node)) == sorted(map(key, new.graph.node))
    del old.graph.node[:]
    del new.graph.node[:]
    assert old.SerializeToString() == new.SerializeToString()


def test_weights_in_other_files(models: Path, tmp_path: Path) -> None:
    import onnx

    source = tmp_path / "model.onnx"
    onnx.save(
        onnx.load(models / "branching.onnx"), source, save_as_external_data=True, size_threshold=0
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with pytest.raises(mg.UsageError, match="same folder"):
        mg.optimize(source, elsewhere / "out.onnx")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    out = tmp_path / "out.onnx"
    assert mg.optimize(source, out, verify=True).verified
    assert {name: (tmp_path / name).read_bytes() for name in before} == before


def test_a_worse_file_is_not_written(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.tflite"
    other = (models / "resnet_int8.tflite").read_bytes()
    for data, said in ((other, "another network"), (other[:200], "cannot be read back")):
        change = NewFile(data)
        monkeypatch.setattr(entry.tflite, "improved", lambda *_, change=change: change)
        with pytest.raises(mg.McuGraphError, match=said):
            mg.optimize(models / "branching_int8.tflite", out)
        assert not list(tmp_path.iterdir())


def test_other_outputs_are_seen(models: Path, tmp_path: Path) -> None:
    pytest.importorskip("tflite_micro")
    source, other = models / "branching_int8.tflite", tmp_path / "other.tflite"
    data = bytearray(source.read_bytes())
    graph = mg.load(source)
    weights = max(
        (t.constant.array().tobytes() for t in graph.tensors.values() if t.constant), key=len
    )
    at = data.find(weights)
    data[at : at + len(weights)] = bytes(len(weights))
    other.write_bytes(data)
    with pytest.raises(mg.McuGraphError, match="other outputs"):
        verification.compare(str(source), str(other), graph)


def test_bad_target(models: Path, tmp_path: Path) -> None:
    with pytest.raises(mg.UsageError, match="no such folder"):
        mg.optimize(models / "branching_int8.tflite", tmp_path / "nowhere" / "out.tflite")
    with pytest.raises(mg.FormatError, match="no such file"):
        mg.optimize(tmp_path / "nothing.tflite", tmp_path / "out.tflite")


def test_command(models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "out.tflite")
    assert main(["optimize", str(models / "branching_int8.tflite"), "-o", out]) == 0
    said = capsys.readouterr().out
    assert "  head            20,480  12,288  -8,192" in said
    assert "Saved: 8,192 B of the arena to reserve (8.0 KiB, " in said
    assert main(["optimize", out, "-o", out, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["saved"] == 0
    assert figures["after"]["tflm_arena"] == 12_288


def test_a_saving_that_loading_needs_is_none() -> None:
    before, after = (
        Figures(1536, 7556, 10_000, 1456, 1, 9, 9),
        Figures(1248, 7556, 10_000, 1252, 1, 9, 9),
    )
    shown = Optimization("a", "b", "tflite", True, 19, 0, before, after)
    said = to_text(shown)
    assert "Saved" not in said
    assert "head is 288 B smaller, but the arena to reserve is as large as before: TFLM" in said
    both = replace(shown, after=replace(after, tflm_total=10_000 - 288))
    assert "Saved: 288 B of the arena to reserve (0.3 KiB, 2.9%)" in to_text(both)


def test_plan_command(models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(models / "branching_int8.tflite")
    assert main(["plan", model]) == 0
    assert "arena 12,288 B (12.0 KiB), the smallest for this order" in capsys.readouterr().out
    assert main(["plan", model, "--csv"]) == 0
    path = tmp_path / "plan.csv"
    path.write_text(capsys.readouterr().out)
    assert main(["plan", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["arena"], found["optimal"]) == (12_288, True)
    assert main(["plan", model, "--file-order", "--method", "tflm", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["arena"] == 20_480
    graph = tmp_path / "graph.json"
    graph.write_text(json.dumps(mg.Problem.from_graph(mg.load(model)).to_json()))
    assert main(["plan", str(graph), "--alignment", "1"]) == 0
    assert "arena 12,288 B" in capsys.readouterr().out
    assert main(["plan", model, "--method", "magic"]) == 2


@pytest.mark.slow
@pytest.mark.oracle("tflite_micro")
@pytest.mark.parametrize("row", rows("tflite"), ids=lambda row: row["file"])
def test_models_by_other_people(row: dict[str, str], tmp_path: Path) -> None:
    source, out = SHARED / row["file"], tmp_path / "out.tflite"
    planned = mg.profile(source).memory.planned_arena
    for force in (False, True):
        result = mg.optimize(source, out, force=force, verify=True)
        if row["file"].endswith("litert_simple_floor_mod.tflite"):
            assert result.verified is None  # random divisors, some of them 0
        else:
            assert result.verified
        head, tail = tflm_arena(out)
        assert head == result.after.tflm_arena == planned
        assert head <= int(row["tflm_head"])
        assert tail == int(row["tflm_tail"])
        if head < int(row["tflm_head"]):
            assert result.changed
        elif not force:
            assert out.read_bytes() == source.read_bytes()


def test_vww(tmp_path: Path) -> None:
    source = SHARED / "tflite/mlperftiny_vww_96_int8.tflite"
    if not source.is_file():
        pytest.skip("no shared models")
    result = mg.optimize(source, tmp_path / "out.tflite")
    assert (result.before.tflm_arena, result.after.tflm_arena) == (73_728, 55_296)


# Their dimensions have to be bound first.
DYNAMIC = ("onnx2c_lstm_k1_b1_r1_relu", "silero_silero_vad", "silero_silero_vad_half")


@pytest.mark.slow
@pytest.mark.parametrize("row", rows("onnx"), ids=lambda row: row["file"])
def test_onnx_models_by_other_people(row: dict[str, str], tmp_path: Path) -> None:
    import onnx

    source, out = SHARED / row["file"], tmp_path / "out.onnx"
    if source.stem in DYNAMIC:
        pytest.skip("its dimensions are dynamic")
    result = mg.optimize(source, out, verify=True)
    assert result.after.peak <= result.before.peak
    assert result.verified or "does not run the file" in " ".join(result.notes)
    try:
        onnx.checker.check_model(source)
    except (onnx.checker.ValidationError, ValueError):
        return
    onnx.checker.check_model(out)


def plan_in(data: bytes) -> list[int]:
    """The numbers of the memory plan in a file."""
    from tflite.Model import Model

    model = Model.GetRootAs(data, 0)
    for i in range(model.MetadataLength()):
        entry = model.Metadata(i)
        if entry.Name() == b"OfflineMemoryAllocation":
            content = bytes(model.Buffers(entry.Buffer()).DataAsNumpy())
            return list(struct.unpack(f"<{len(content) // 4}i", content))
    return []


def test_the_plan_is_in_the_file(models: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.tflite"
    result = mg.optimize(models / "branching_int8.tflite", out)
    version, subgraph, count, *offsets = plan_in(out.read_bytes())
    assert (version, subgraph, count) == (1, 0, len(offsets))
    assert sum(offset >= 0 for offset in offsets) == result.planned
    assert all(offset == -1 or offset % 16 == 0 for offset in offsets)


def test_a_pipe_gives_a_model_once(models: Path, tmp_path: Path) -> None:
    """It is refused before anything of it is read, so whoever writes to it still can."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for source in (pipe, "/dev/null"):
        with pytest.raises(mg.UsageError, match=r"is a pipe or a device, .*; copy it to a file"):
            mg.optimize(source, tmp_path / "new.tflite")
    for source, said in ((tmp_path, "this is a directory"), ("a\0b", "cannot be read")):
        with pytest.raises(mg.FormatError, match=said):
            mg.optimize(source, tmp_path / "new.tflite")
    assert os.listdir(tmp_path) == ["pipe"]


def test_options_that_change_nothing_are_named(models: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = mg.optimize(models / "ds_cnn.onnx", out, split=True, allow_slower=0.1)
    assert "--split and --allow-slower: of TFLite files alone, so without effect" in found.notes
    found = mg.optimize(models / "ds_cnn_int8.tflite", out, allow_slower=0.1)
    assert "--allow-slower: of --kernels cmsis-nn alone, so without effect" in found.notes
    found = mg.optimize(models / "ds_cnn.onnx", out)
    assert not any("without effect" in note for note in found.notes)
