"""``mcugraph profile``: text, tables, CSV and JSON; how a model is counted, and its dimensions."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from onnx import TensorProto, helper
from support.commands import Capture, refused, run

import mcugraph as mg

TABLE = """\
operator            name       shape   MACs  of all  weights B  elementwise  output B  live B
------------------  ---------  -----  -----  ------  ---------  -----------  --------  ------
#0 FULLY_CONNECTED  layers/0   1x48   7,680   37.0%      7,680            0        48     208
#1 FULLY_CONNECTED  layers/3   1x48   2,304   11.1%      2,304            0        48      96
#2 FULLY_CONNECTED  layers/6   1x8      384    1.9%        384            0         8      56
#3 FULLY_CONNECTED  layers/9   1x48     384    1.9%        384            0        48      56
#4 FULLY_CONNECTED  layers/12  1x48   2,304   11.1%      2,304            0        48      96
#5 FULLY_CONNECTED  output     1x160  7,680   37.0%      7,680            0       160     208
"""

CSV = """\
name,kind,type,macs,elementwise,weights,output_shape,output_bytes,live_bytes
layers/0,dense,FULLY_CONNECTED,7680,0,7680,1x48,48,208
layers/3,dense,FULLY_CONNECTED,2304,0,2304,1x48,48,96
layers/6,dense,FULLY_CONNECTED,384,0,384,1x8,8,56
layers/9,dense,FULLY_CONNECTED,384,0,384,1x48,48,56
layers/12,dense,FULLY_CONNECTED,2304,0,2304,1x48,48,96
output,dense,FULLY_CONNECTED,7680,0,7680,1x160,160,208
"""


@pytest.fixture
def model(models: Path) -> Path:
    return models / "autoencoder_int8.tflite"


def test_the_summary(model: Path, capsys: Capture) -> None:
    text = run(capsys, "profile", model)
    lines = text.splitlines()
    assert lines[0] == f"{model}: TFLite, 6 operators, 21,096 parameters (deployed)"
    assert lines[1] == "TFLM with reference kernels, on a 32-bit device (arm)"
    first = "SRAM   arena to reserve   5,384 B   5.3 KiB          TFLM loads with no less"
    assert lines[3] == first
    squeezed = [" ".join(line.split()) for line in lines]
    for line in (
        "head 208 B 0.2 KiB 3.9% by TFLM's own plan",
        "tail 3,892 B 3.8 KiB 72.3% what lives for ever",
        "to load 1,284 B 1.3 KiB 23.8% while TFLM starts",
        "peak, best order 208 B 0.2 KiB proven optimal",
        "Flash model file 33,592 B 32.8 KiB",
        "weights 20,736 B 20.2 KiB 61.7%",
        "biases 1,440 B 1.4 KiB 4.3%",
        "quantization 8,724 B 8.5 KiB 26.0% scales and zero points",
        "other 2,692 B 2.6 KiB 8.0% names and structure",
        "Work 20,736 MACs (20.74 k)",
        "0 elementwise operations",
        "Bottleneck: #0 FULLY_CONNECTED layers/0, where these are live:",
        "160 B 76.9% input",
        "48 B 23.1% #0 FULLY_CONNECTED layers/0",
    ):
        assert line in squeezed
    assert "Incomplete" not in text
    assert "\noperator " not in text


def test_the_layer_table(model: Path, capsys: Capture) -> None:
    text = run(capsys, "profile", model, "--layers")
    assert text.endswith("\n\n" + TABLE)


def test_sorted_and_limited(model: Path, capsys: Capture) -> None:
    def order(*arguments: str) -> list[str]:
        text = run(capsys, "profile", model, *arguments)
        rows = text[text.index("\noperator ") + 1 :]
        return [line.split()[2] for line in rows.splitlines()[2:] if line[0] == "#"]

    assert order("--sort", "macs", "--limit", "3") == ["layers/0", "output", "layers/3"]
    # Equal ones stay in file order.
    assert order("--sort", "weights")[:3] == ["layers/0", "output", "layers/3"]
    assert order("--sort", "output")[0] == "output"
    assert order("--sort", "live")[:2] == ["layers/0", "output"]
    assert order("--limit", "2") == ["layers/0", "layers/3"]


def test_csv(model: Path, capsys: Capture) -> None:
    assert run(capsys, "profile", model, "--csv") == CSV
    largest = run(capsys, "profile", model, "--csv", "--sort", "output", "--limit", "1")
    rows = list(csv.DictReader(io.StringIO(largest)))
    assert [row["name"] for row in rows] == ["output"]


FIELDS: dict[str, Any] = {
    "schema_version": int,
    "model": {"path": str, "format": str, "name": str, "operators": int, "parameters": int},
    "memory": {
        "peak": int,
        "peak_is_optimal": bool,
        "peak_lower_bound": int,
        "file_order_peak": int,
        "operator_bound": int,
        "cut_bound": int,
        "tflm_arena": (int, type(None)),
        "tflm_persistent": (int, type(None)),
        "tflm_persistent_host": (int, type(None)),
        "planned_arena": (int, type(None)),
        "overlap_arena": (int, type(None)),
        "state": int,
        "bottleneck": {"operator": str, "live": list},
    },
    "flash": {"file": int, "weights": int, "biases": int, "quantization": int, "other": int},
    "macs": int,
    "elementwise": int,
    "unknown_operators": list,
    "assumptions": list,
    "complete": bool,
    "layers": list,
}


def holds(data: Any, fields: Any) -> None:
    if isinstance(fields, dict):
        assert data.keys() >= fields.keys()
        for name, field in fields.items():
            holds(data[name], field)
    else:
        assert isinstance(data, fields)


def test_json(model: Path, capsys: Capture) -> None:
    data = json.loads(run(capsys, "profile", model, "--json"))
    holds(data, FIELDS)
    assert data["schema_version"] == 1
    assert data["macs"] == 20_736
    assert data["memory"]["bottleneck"]["live"] == [
        {"tensor": "input", "bytes": 160},
        {"tensor": "layers/0", "bytes": 48},
    ]
    layer = {"name", "kind", "macs", "elementwise", "weights", "output_bytes", "live_bytes"}
    assert all(entry.keys() >= layer for entry in data["layers"])
    assert data == mg.profile(model).to_dict()


def test_several_models_are_a_table(models: Path, capsys: Capture) -> None:
    paths = [models / f"{name}_int8.tflite" for name in ("ds_cnn", "branching")]
    lines = run(capsys, "profile", *paths).splitlines()
    assert lines[0].split("  ")[0] == "model"
    for path, line in zip(paths, lines[2:4], strict=True):
        total = mg.profile(path).memory.tflm_total
        assert line.startswith(str(path))
        assert f"  {total:,} B  " in line
    assert "15,000 B" not in lines[3]
    assert "13,096 B" in lines[3]
    assert lines[4:] == ["Optimized: by `mcugraph optimize --kernels reference`"]
    found = json.loads(run(capsys, "profile", *paths, "--json"))
    assert found == [mg.profile(path).to_dict() for path in paths]


def test_names_of_several_models_stay_apart(
    models: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    middle = "a/folder/that/is/deep/and/whose/name/is/long"
    paths = [tmp_path / f"{middle}_{place}_{middle}" / "net.tflite" for place in range(3)]
    paths.append(tmp_path / f"first_{'x' * 50}.tflite")
    paths.append(tmp_path / f"other_{'x' * 50}.tflite")
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((models / "branching_int8.tflite").read_bytes())
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    lines = run(capsys, "profile", *(path.relative_to(tmp_path) for path in paths)).splitlines()
    assert max(map(len, lines)) <= 80
    names = [line[: lines[1].index(" ")].rstrip() for line in lines[2:7]]
    assert len(set(names)) == 5


def test_what_a_file_does_not_hold_is_no_share_of_it(models: Path, capsys: Capture) -> None:
    shown = run(capsys, "profile", models / "resnet.onnx")
    flash = shown[shown.index("Flash") : shown.index("Work")]
    assert "%" not in flash
    assert "once deployed" in flash


def test_tables_of_storage_fit_a_terminal(
    models: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(models)
    lines = run(capsys, "profile", "mobilenet_v2_int8.tflite", "--storage").splitlines()
    assert max(map(len, lines)) <= 80
    assert "(no room for: matrix, CRS B)" in lines


def test_counted_in_other_ways(models: Path, capsys: Capture) -> None:
    path = models / "branching.onnx"

    def figures(*arguments: str) -> Any:
        return json.loads(run(capsys, "profile", path, "--json", *arguments))

    plain, small = figures(), figures("--precision", "int8")
    assert plain["memory"]["peak"] == 4 * small["memory"]["peak"] == 4 * 12_288
    assert figures("--accounting", "paper")["macs"] == plain["macs"] + 3 * 2048
    elsewhere = figures("--runtime", "inputs_elsewhere")
    assert elsewhere["memory"]["peak"] <= plain["memory"]["peak"]
    assert figures("--runtime", "inplace")["memory"]["peak"] <= plain["memory"]["peak"]


@pytest.fixture
def dynamic(tmp_path: Path) -> Path:
    """X of (batch, seq, 4), a ReLU."""
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])],
        "dynamic",
        [value("x", TensorProto.FLOAT, ["batch", "seq", 4])],
        [value("y", TensorProto.FLOAT, ["batch", "seq", 4])],
    )
    path = tmp_path / "dynamic.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    return path


@pytest.mark.parametrize(
    ("dims", "elements"),
    [
        (["seq=5"], 20),
        (["x:1=5"], 20),
        (["seq=5", "batch=3"], 60),
        (["x:0=2", "x:1=5"], 40),
    ],
)
def test_dimensions(dims: list[str], elements: int, dynamic: Path, capsys: Capture) -> None:
    options = [part for dim in dims for part in ("--dim", dim)]
    data = json.loads(run(capsys, "profile", dynamic, "--json", *options))
    assert data["elementwise"] == elements
    assert data["memory"]["peak"] == 2 * 4 * elements


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "axis 1 ('seq') of input 'x' is dynamic; bind it with --dim seq=VALUE"),
        (["--dim", "seq=5", "--dim", "q=2"], "no input has a dimension 'q'"),
        (["--dim", "seq"], "'seq' is not NAME=VALUE or INPUT:AXIS=VALUE"),
        (["--dim", "seq=five"], "'seq=five' is not NAME=VALUE"),
        (["--dim", "seq=-5"], "is not NAME=VALUE"),
        (["--dim", "=5"], "is not NAME=VALUE"),
        (["--dim", "x:2=5", "--dim", "seq=1"], "axis 2 of input 'x' is 4 in the model"),
    ],
)
def test_dimensions_that_are_wrong(
    options: list[str], message: str, dynamic: Path, capsys: Capture
) -> None:
    assert message in refused(capsys, "profile", dynamic, *options)


def test_a_wrong_suffix_loads_by_content(model: Path, tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(model.read_bytes())
    assert "TFLite, 6 operators" in run(capsys, "profile", path)


def test_unknown_operators_are_shown(tmp_path: Path, capsys: Capture) -> None:
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Thing", ["x"], ["y"], domain="mine")],
        "odd",
        [value("x", TensorProto.FLOAT, [4])],
        [value("y", TensorProto.FLOAT, [6])],
    )
    path = tmp_path / "odd.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    text = run(capsys, "profile", path, "--layers")
    assert "Not counted, no rule: mine::Thing (y)" in text
    assert "Incomplete: what could not be counted is missing above" in text
    (row,) = [line for line in text.splitlines() if line.startswith("#") and " y " in line]
    assert row.split()[4] == row.split()[6] == "?"
    rows = list(csv.DictReader(io.StringIO(run(capsys, "profile", path, "--csv"))))
    assert rows[0]["macs"] == ""


def test_a_limit_of_what_is_read(model: Path, tmp_path: Path, capsys: Capture) -> None:
    said = refused(capsys, "profile", model, "--load-limit", "operators=3")
    assert "operators: 6, and the limit is 3" in said
    assert "--load-limit operators=..." in said
    twice = ["--load-limit", "operators=3", "--load-limit", "operators=6"]
    assert "6 operators" in run(capsys, "profile", model, *twice)
    new = ["-o", tmp_path / "new.tflite", "--load-limit", "operators=3"]
    assert "the limit is 3" in refused(capsys, "optimize", model, *new)
    for wrong in ("operators", "operators=many", "operators=-1", "layers=3"):
        said = refused(capsys, "profile", model, "--load-limit", wrong)
        assert f"'{wrong}' is not NAME=N, with a name of expanded, operators" in said
