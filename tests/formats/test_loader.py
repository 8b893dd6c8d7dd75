"""What is no model, or not at hand: one line that says so. Content counts, not the suffix."""

import shutil
from pathlib import Path

import pytest

import mcugraph as mg


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("empty.tflite", b"", "the file is empty"),
        ("empty.onnx", b"", "the file is empty"),
        (
            "lfs.onnx",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n",
            "Git LFS pointer, not the model; run `git lfs pull`",
        ),
        ("zip.onnx", b"PK\x03\x04rest", "archive"),
        ("text.txt", b"hello, world", "not a model that can be read"),
        ("text.onnx", b"hello, world", "truncated or damaged ONNX file"),
        ("text.tflite", b"hello, world", "identifier TFL3 is missing"),
        ("head.tflite", b"\x1c\0\0\0TFL3", "damaged TFLite file"),
        ("page.onnx", b"<!DOCTYPE html><html>", "truncated or damaged ONNX file"),
    ],
)
def test_refused(name: str, data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(mg.FormatError) as caught:
        mg.load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_and_directories(tmp_path: Path) -> None:
    with pytest.raises(mg.FormatError, match=r"nothing\.onnx: no such file"):
        mg.load(tmp_path / "nothing.onnx")
    with pytest.raises(mg.FormatError, match="this is a directory"):
        mg.load(tmp_path)
    with pytest.raises(mg.FormatError, match="cannot be read"):
        mg.load(tmp_path / ("long" * 200))


@pytest.mark.parametrize(
    ("name", "form"), [("siamese.onnx", "onnx"), ("siamese_int8.tflite", "tflite")]
)
@pytest.mark.parametrize("suffix", [".onnx", ".tflite", ".bin", ""])
def test_wrong_suffixes(name: str, form: str, suffix: str, models: Path, tmp_path: Path) -> None:
    path = tmp_path / f"model{suffix}"
    shutil.copy(models / name, path)
    graph = mg.load(path)
    assert graph.source.format == form
    assert graph.source.path == str(path)
    assert mg.profile(graph).macs == mg.profile(models / name).macs


def test_paths_as_text(models: Path) -> None:
    assert mg.load(str(models / "siamese.onnx")).operators
    assert mg.profile(str(models / "siamese.onnx")).macs == 46_624


def convolution(tmp_path: Path, *shape: object) -> Path:
    """A window of 3 slides along the last axis of an input with three axes."""
    onnx = pytest.importorskip("onnx")
    numpy = pytest.importorskip("numpy")
    helper = onnx.helper
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [
            helper.make_node("Transpose", ["x"], ["t"], perm=[1, 2, 0]),
            helper.make_node("Conv", ["t", "w"], ["y"], name="stem"),
        ],
        "net",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", kind, None)],
        [onnx.numpy_helper.from_array(numpy.zeros((2, 4, 3), numpy.float32), "w")],
    )
    path = tmp_path / "net.onnx"
    onnx.save(helper.make_model(graph), path)
    return path


@pytest.mark.parametrize(("symbol", "option"), [("n", "n"), (None, "x:0"), ("n:0", "x:0")])
def test_a_rule_that_fails_says_what_was_assumed(
    symbol: str | None, option: str, tmp_path: Path
) -> None:
    path = convolution(tmp_path, symbol, 1, 4)
    named = f" ('{symbol}')" if symbol else ""
    with pytest.raises(mg.FormatError) as caught:
        mg.load(path)
    assert str(caught.value) == (
        f"{path}: operator 'stem' (Conv): a window of 3 does not fit into 1 elements"
        f" (taken as 1: axis 0{named} of input 'x' is dynamic; bind it with --dim {option}=VALUE)"
    )
    key = symbol if symbol == option else ("x", 0)
    assert mg.load(path, {key or "": 7}).tensors["y"].shape == (1, 2, 5)
    # Nothing was assumed: nothing more to say.
    with pytest.raises(mg.FormatError, match=r"does not fit into 2 elements$"):
        mg.load(path, {key or "": 2})


def test_all_open_dimensions_are_asked_for_at_once(tmp_path: Path) -> None:
    path = convolution(tmp_path, "n", "rows", None)
    with pytest.raises(mg.DimensionError) as caught:
        mg.load(path)
    assert str(caught.value) == (
        f"{path}: axis 1 ('rows') of input 'x' and axis 2 of input 'x' are dynamic; "
        "bind them with --dim rows=VALUE --dim x:2=VALUE"
    )
    with pytest.raises(mg.DimensionError, match=r"axis 2 of input 'x' is dynamic; .*--dim x:2="):
        mg.load(path, {"rows": 1})


def test_unknown_dimensions_are_answered_with_the_known_ones(tmp_path: Path) -> None:
    path = convolution(tmp_path, "n", "rows", None)
    with pytest.raises(mg.DimensionError, match=r"a dimension 'row'; dynamic are n, rows, x:2$"):
        mg.load(path, {"row": 3})
    fixed = convolution(tmp_path, 9, 1, 4)
    with pytest.raises(mg.DimensionError, match=r"'row'; none of this model is dynamic$"):
        mg.load(fixed, {"row": 3})


def test_one_symbol_is_asked_for_once(tmp_path: Path) -> None:
    path = convolution(tmp_path, 9, "s", "s")
    with pytest.raises(mg.DimensionError, match=r"axis 1 \('s'\) of input 'x' is dynamic; .*s=V"):
        mg.load(path)


def test_what_is_no_path_and_no_mapping(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(mg.UsageError, match=r"not Linear; make .* mg.from_torch"):
        mg.load(torch.nn.Linear(1, 1))
    with pytest.raises(mg.UsageError, match=r"load takes the path of a model file, not bytes"):
        mg.load(b"TFL3")  # type: ignore[arg-type]
    with pytest.raises(mg.UsageError, match=r"dims are a mapping like .*, not tuple"):
        mg.load(convolution(tmp_path, 1, 4, 9), (1, 4, 9))  # type: ignore[arg-type]
