"""``mcugraph groups`` and ``mcugraph symbolic``, as text and as JSON."""

import json
from pathlib import Path

import pytest
import sympy
from support.commands import Capture, refused, run

import mcugraph as mg


def test_groups_as_text(models: Path, capsys: Capture) -> None:
    text = run(capsys, "groups", str(models / "shufflenet.onnx"))
    assert text.startswith("12 width groups, of 56 classes\n")
    assert "stem.0 + stem.0#2 = stem.0#3" in text
    assert "equal channels in every group of a convolution" in text
    assert "head.fc: an output of the graph" in text


def test_groups_say_what_reads_them(models: Path, capsys: Capture) -> None:
    text = run(capsys, "groups", str(models / "mobilenet_v2_int8.tflite"), "--classes")
    block = text[text.index("\nblocks/0/expand/0:") :].split("\n\n")[0].strip().splitlines()
    assert block == [
        "blocks/0/expand/0: 32 classes",
        "  made by      blocks/0/expand/0[0]",
        "  followed by  blocks/0/depthwise/0",
        "  read by      blocks/0/project/0[3]",
    ]
    assert "    blocks/0/depthwise/0[31] blocks/0/expand/0[31]" in text


@pytest.mark.parametrize("name", ["shufflenet.onnx", "unet_float.tflite"])
def test_groups_as_json(name: str, models: Path, capsys: Capture) -> None:
    found = json.loads(run(capsys, "groups", str(models / name), "--json"))
    space = mg.widths(mg.load(models / name))
    assert found["schema_version"] == 1
    assert [entry["name"] for entry in found["groups"]] == [entry.name for entry in space.groups]
    assert sum(len(entry["classes"]) for entry in found["groups"]) == len(space.channel_classes)
    assert len(found["constraints"]) == len(space.equal)
    assert {entry["layer"] for entry in found["refused"]} == set(space.refused)
    for entry in found["groups"]:
        assert {member["use"] for member in entry["members"]} >= {"makes", "reads"}


@pytest.mark.parametrize("accounting", ["deployed", "paper"])
@pytest.mark.parametrize("name", ["branching", "mobilenet_v2", "efficientnet", "autoencoder"])
def test_formulas_are_the_costs(name: str, accounting: str, models: Path, capsys: Capture) -> None:
    arguments = ("--json", "--precision", "int8", "--accounting", accounting)
    found = json.loads(run(capsys, "symbolic", str(models / f"{name}.onnx"), *arguments))
    space = mg.widths(mg.load(models / f"{name}.onnx"), accounting, "int8")
    symbols = {entry["symbol"]: entry["width"] for entry in found["widths"]}
    half = {symbol: width // 2 for symbol, width in symbols.items()}
    for cost in ("macs", "size", "peak"):
        formula = sympy.sympify(found["formulas"][cost].replace("^", "**"))
        assert int(formula.subs(symbols)) == found["values"][cost]
        if cost != "peak":
            assert int(formula.subs(half)) == getattr(space, cost)(list(half.values()))
    for number, entry in enumerate(found["widths"]):
        fewer = space.full.copy()
        fewer[number] -= 1
        for cost, saved in entry["saves"].items():
            resource = getattr(space, cost)
            assert saved == resource(space.full) - resource(fewer)


def test_symbolic_as_text(models: Path, capsys: Capture) -> None:
    text = run(capsys, "symbolic", str(models / "branching.onnx"), "--precision", "int8")
    assert "MACs = 1,529,888 =" in text
    assert "256*w0*(w1 + w2 + w3 + 27)" in text
    assert "peak = 12,288 B =" in text


def test_a_model_without_widths(tmp_path: Path, capsys: Capture) -> None:
    torch = pytest.importorskip("torch")
    program = torch.export.export(torch.nn.ReLU(), (torch.zeros(1, 4),))
    torch.export.save(program, tmp_path / "relu.pt2")
    assert run(capsys, "groups", str(tmp_path / "relu.pt2")) == "0 width groups, of 0 classes\n"
    assert "peak = 32 B =\n  32" in run(capsys, "symbolic", str(tmp_path / "relu.pt2"))


def test_bad_input_is_one_line(tmp_path: Path, capsys: Capture) -> None:
    for command in ("groups", "symbolic"):
        assert "no such file" in refused(capsys, command, tmp_path / "none.onnx")
