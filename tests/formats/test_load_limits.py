"""Small files that claim to be huge: an answer, or one line that names the limit, at once."""

import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcugraph as mg

onnx = pytest.importorskip("onnx")
helper, numpy_helper = onnx.helper, onnx.numpy_helper
INT64, FLOAT, BOOL = (getattr(onnx.TensorProto, name) for name in ("INT64", "FLOAT", "BOOL"))


def save(path: Path, nodes: list[Any], constants: dict[str, Any], **more: Any) -> Path:
    """A model that reshapes its input to the tensor ``shape``."""
    graph = helper.make_graph(
        [*nodes, helper.make_node("Reshape", ["x", "shape"], ["y"])],
        "net",
        [helper.make_tensor_value_info("x", FLOAT, [1, 16])],
        [helper.make_tensor_value_info("y", FLOAT, None)],
        [numpy_helper.from_array(np.asarray(v, np.int64), k) for k, v in constants.items()],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, **more), path)
    return path


def refused(path: Path, limit: str, **limits: int) -> None:
    with pytest.raises(mg.FormatError, match=rf"limit is .*LoadLimits\({limit}=") as caught:
        mg.load(path, limits=mg.LoadLimits(**limits) if limits else None)
    assert str(caught.value).startswith(f"{path}: ")


def chain(kind: str, length: int, first: str = "a") -> list[Any]:
    """Each node reads the one before twice: 2**length paths lead to the last, called ``shape``."""
    names = [first, *(f"v{i}" for i in range(length - 1)), "shape"]
    more = {"axis": 0} if kind == "Concat" else {}
    return [helper.make_node(kind, [a, a], [b], **more) for a, b in pairwise(names)]


def test_paths_through_constants_are_not_counted(tmp_path: Path) -> None:
    path = save(tmp_path / "m.onnx", chain("Mul", 60), {"a": [1]})
    with pytest.raises(mg.FormatError, match=r"\(1, 16\) cannot become \(1,\)"):
        mg.load(path)


def test_deep_chains_of_constants(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Identity" if i % 2 else "Neg", [f"v{i}"], [f"v{i + 1}"])
        for i in range(4000)
    ]
    nodes.append(helper.make_node("Identity", ["v4000"], ["shape"]))
    path = save(tmp_path / "m.onnx", nodes, {"v0": [2, 8]})
    assert mg.load(path).tensors["y"].shape == (2, 8)


def test_values_that_grow(tmp_path: Path) -> None:
    head = helper.make_node("Slice", ["big", "zero", "two"], ["shape"])
    nodes = chain("Concat", 40)
    nodes[-1].output[0] = "big"
    path = save(tmp_path / "m.onnx", [*nodes, head], {"a": [4], "zero": [0], "two": [2]})
    refused(path, "folded")
    short = chain("Concat", 10)
    short[-1].output[0] = "big"
    save(path, [*short, head], {"a": [4], "zero": [0], "two": [2]})
    assert mg.load(path).tensors["y"].shape == (4, 4)
    refused(path, "folded", folded=8_000)


@pytest.mark.parametrize(
    ("node", "constants"),
    [
        (["Range", ["zero", "many", "one"], ["big"]], {"zero": 0, "many": 1 << 40, "one": 1}),
        (["ConstantOfShape", ["many"], ["big"]], {"many": [1 << 40]}),
        (["Expand", ["one", "many"], ["big"]], {"one": [1], "many": [1 << 40]}),
        (["Tile", ["one", "many"], ["big"]], {"one": [1], "many": [1 << 40]}),
    ],
)
def test_values_that_are_large_at_once(node: Any, constants: Any, tmp_path: Path) -> None:
    nodes = [helper.make_node(*node), helper.make_node("Slice", ["big", "s", "e"], ["cut"])]
    nodes.append(helper.make_node("Cast", ["cut"], ["shape"], to=INT64))
    refused(save(tmp_path / "m.onnx", nodes, constants | {"s": [0], "e": [2]}), "folded")


def functions(levels: int, calls: int = 2) -> list[Any]:
    """Each calls the one before several times."""
    inner = helper.make_node("Abs", ["a"], ["b"])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    made = []
    for level in range(levels):
        nodes = []
        for i in range(calls):
            node = onnx.NodeProto()
            node.CopyFrom(inner)
            node.input[0], node.output[0] = f"t{i}", f"t{i + 1}"
            nodes.append(node)
        made.append(helper.make_function("own", f"f{level}", ["t0"], [f"t{calls}"], nodes, opsets))
        inner = helper.make_node(f"f{level}", ["a"], ["b"], domain="own")
    return made


def test_functions_in_functions(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    for levels in (3, 40, 90):
        call = helper.make_node(f"f{levels - 1}", ["a"], ["shape"], domain="own")
        save(path, [call], {"a": [4, 4]}, functions=functions(levels))
        if levels == 3:
            assert mg.load(path).tensors["y"].shape == (4, 4)
            refused(path, "operators", operators=9)
            refused(path, "expanded", expanded=50)
        else:
            refused(path, "operators")


def test_functions_that_call_themselves(tmp_path: Path) -> None:
    first, second = functions(2, 1)
    first.node[0].op_type, first.node[0].domain = "f1", "own"
    call = helper.make_node("f0", ["a"], ["shape"], domain="own")
    path = save(tmp_path / "m.onnx", [call], {"a": [4, 4]}, functions=[first, second])
    with pytest.raises(mg.FormatError, match=r"its local function 'f\d' calls itself"):
        mg.load(path)


def body(*nodes: Any) -> Any:
    """Of a loop, carrying ``c``, with ``s`` stacked."""
    info = helper.make_tensor_value_info
    return helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), *nodes],
        "body",
        [info("i", INT64, []), info("go", BOOL, []), info("c", FLOAT, None)],
        [info("on", BOOL, []), info("n", FLOAT, None), info("s", FLOAT, None)],
    )


def test_loops_that_hardly_end(tmp_path: Path) -> None:
    inner = body(helper.make_node("Relu", ["c"], ["n"]), helper.make_node("Neg", ["c"], ["s"]))
    loop = helper.make_node("Loop", ["many", "", "x"], ["z", "all"], name="it", body=inner)
    path = tmp_path / "m.onnx"
    for many in (1_000_001, (1 << 63) - 1):
        save(path, [loop], {"many": many, "shape": [16]})
        refused(path, "trips")
    with pytest.raises(mg.FormatError, match=r"m.onnx: operator 'it' \(Loop\): runs of its body: "):
        mg.load(path)
    for many, runs in ((1_000_000, 1_000_000), (-7, 0)):
        save(path, [loop], {"many": many, "shape": [16]})
        assert mg.load(path).tensors["all"].shape == (runs, 1, 16)


@pytest.mark.parametrize("scanned", [-1, 0, 3, 1 << 40])
def test_scans_of_inputs_that_are_not_there(scanned: int, tmp_path: Path) -> None:
    inner = helper.make_graph(
        [helper.make_node("Add", ["s", "p"], ["o"])],
        "body",
        [helper.make_tensor_value_info(name, FLOAT, None) for name in "sp"],
        [helper.make_tensor_value_info("o", FLOAT, None)],
    )
    scan = helper.make_node("Scan", ["x", "x"], ["z"], body=inner, num_scan_inputs=scanned)
    path = save(tmp_path / "m.onnx", [scan], {"shape": [16]})
    with pytest.raises(mg.FormatError, match=r"\(Scan\): .* of its 2 inputs cannot be scanned"):
        mg.load(path)


def test_sequences_of_many_parts(tmp_path: Path) -> None:
    split = helper.make_node("SplitToSequence", ["long"], ["q"], name="cut", axis=0)
    expand = helper.make_node("Expand", ["x", "many"], ["long"])
    nodes = [expand, split, helper.make_node("SequenceAt", ["q", "first"], ["z"])]
    path = save(tmp_path / "m.onnx", nodes, {"many": [1 << 30, 1], "first": 0, "shape": [16]})
    refused(path, "trips")
    nodes = [helper.make_node("SequenceConstruct", ["x"], ["q0"])]
    nodes += [
        helper.make_node("SequenceInsert", [f"q{i}", "x"], [f"q{i + 1}"]) for i in range(1500)
    ]
    refused(save(path, nodes, {"shape": [16]}), "trips")
    assert len(mg.load(save(path, nodes[:1000], {"shape": [16]})).operators) == 1001


def test_archives_that_expand(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    path = tmp_path / "m.pt2"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("m/archive_format", "pt2")
        archive.writestr("m/data/weights/weight_0", bytes(2 << 20))
        archive.writestr("m/data/weights/weight_1", bytes(2 << 20))
    assert path.stat().st_size < 1 << 16
    refused(path, "expanded", expanded=3 << 20)
    with pytest.raises(mg.FormatError, match="an older PyTorch"):
        mg.load(path, limits=mg.LoadLimits(expanded=5 << 20))


def test_limits_are_whole_numbers() -> None:
    for value in (-1, 1.5, True, None):
        with pytest.raises(mg.UsageError, match=r"LoadLimits\.folded"):
            mg.LoadLimits(folded=value)  # type: ignore[arg-type]


HOSTILE = Path(__file__).resolve().parents[3] / "shared" / "cases" / "hostile"


@pytest.mark.skipif(not HOSTILE.is_dir(), reason="there are no shared cases")
@pytest.mark.parametrize("name", sorted(path.name for path in HOSTILE.glob("*.onnx")))
def test_shared_cases(name: str) -> None:
    said = f"{HOSTILE / name}: "
    try:
        mg.profile(HOSTILE / name).to_dict()
    except mg.McuGraphError as error:
        said = str(error)
    assert said.startswith(f"{HOSTILE / name}: ")
