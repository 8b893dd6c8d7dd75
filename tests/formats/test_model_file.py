"""A model in whatever people have it in: C code, an archive, a folder."""

import random
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

import mcugraph as mg
from mcugraph.formats.model_file import model_file


@pytest.fixture
def model(models: Path) -> Path:
    return models / "ds_cnn_int8.tflite"


def hexadecimal(data: bytes, name: str = "g_model") -> str:
    rows = [", ".join(f"0x{b:02x}" for b in data[i : i + 12]) for i in range(0, len(data), 12)]
    return f"unsigned char {name}[] = {{\n  " + ",\n  ".join(rows) + "\n};\n"


def wrapped(kind: str, model: Path, folder: Path) -> Path:
    """The same model in another form."""
    data = model.read_bytes()
    if kind.startswith("zip"):
        with zipfile.ZipFile(folder / "net.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            if kind == "zip of a Mac":
                archive.writestr("__MACOSX/deep/._net.tflite", b"\x00\x05\x16\x07")
            archive.writestr("README.md", "a model")
            archive.writestr("deep/net.tflite", data)
        return folder / "net.zip"
    if kind == "folder":
        (folder / "net.tflite").write_bytes(data)
        (folder / "notes.txt").write_text("one model")
        return folder
    path = folder / "model_data.cc"
    text = hexadecimal(data) + f"unsigned int g_model_len = {len(data)};\n"
    if kind == "attributes":
        text = text.replace("unsigned char g_model[]", "alignas(16) const unsigned char g_model[]")
        text = text.replace("[] =", '[] __attribute__((aligned(4), section(".model"))) =')
        text = f'/* unsigned char old[] = {{1}}; */\n#include "model.h"  // {{\nint x;\n{text}'
    elif kind == "decimal":
        path = folder / "model.h"
        numbers = ",".join(map(str, data))
        text = f"const uint8_t model[{len(data)}] PROGMEM = {{{numbers},}};"
    elif kind == "signed":
        numbers = ", ".join(str(b - 256 if b > 127 else b) for b in data)
        text = f"static const int8_t model[] = {{ {numbers} }};"
    elif kind == "octal":
        text = f"const char model[] = {{{', '.join(f'0{b:o}' for b in data)}}};"
    elif kind == "twice":
        text = f"#ifdef __GNUC__\n{text}\n#else\n{text}\n#endif\n"
    elif kind == "beside another":
        text += "const unsigned char labels[] = {1, 2, 3};\n"
    path.write_text(text)
    return path


FORMS = ["hex", "attributes", "decimal", "signed", "octal", "twice", "beside another"]
FORMS += ["zip", "zip of a Mac", "folder"]


@pytest.mark.parametrize("kind", FORMS)
def test_the_same_model(kind: str, model: Path, tmp_path: Path) -> None:
    path = wrapped(kind, model, tmp_path)
    assert model_file(str(path))[1] == model.read_bytes()
    found, plain = mg.profile(path), mg.profile(model)
    assert found.memory == plain.memory
    assert found.flash == plain.flash


@pytest.mark.parametrize("kind", ["hex", "zip", "folder"])
def test_what_is_optimized_is_the_model(kind: str, model: Path, tmp_path: Path) -> None:
    source = wrapped(kind, model, tmp_path)
    new, plain = tmp_path / "new", tmp_path / "plain"
    mg.optimize(source, new, kernels="reference")
    mg.optimize(model, plain, kernels="reference")
    assert new.read_bytes() == plain.read_bytes()


@pytest.mark.oracle("tflite_micro")
def test_what_is_optimized_is_verified(model: Path, tmp_path: Path) -> None:
    source = wrapped("hex", model, tmp_path)
    assert mg.optimize(source, tmp_path / "new.tflite", verify=True, force=True).verified


def refused(path: Path) -> str:
    with pytest.raises(mg.McuGraphError) as error:
        mg.load(path)
    message = str(error.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_several_models_are_listed(model: Path, tmp_path: Path) -> None:
    code = tmp_path / "two.cc"
    code.write_text(hexadecimal(model.read_bytes(), "a") + hexadecimal(model.read_bytes(), "b"))
    assert "this C code has the arrays a, b; name a file" in refused(code)
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("a.onnx", "b.tflite"):
        (folder / name).write_bytes(model.read_bytes())
    assert "this is a directory with a.onnx, b.tflite; name" in refused(folder)
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        for name in ("a.onnx", "b.tflite"):
            archive.writestr(name, model.read_bytes())
    assert "this is an archive with a.onnx, b.tflite; name" in refused(tmp_path / "two.zip")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("extern const unsigned char g_model[];", "no array of bytes with values"),
        ("unsigned char m[] = {0x20, 1,", "array 'm' has no closing brace; is the file whole?"),
        ("char m[] = {1, 2;\nint n = 2;\nint k[] = {3};", "array 'm' has no closing brace"),
        ("const char m[2][1] = {{1}, {2}};", "no array of bytes with values"),
        ("unsigned char m[] = {0x20, name};", "array 'm': 'name' is no byte"),
        ("unsigned char m[] = {1, 256};", "256 is no byte"),
        ("unsigned char m[] = {0x100};", "'0x100' is no byte"),
        ("unsigned char m[] = {};", "is no byte"),
        ("unsigned char m[] = {08};", "'08' is no byte"),
        ("unsigned char m[] = {1};\nunsigned char m[] = {2};", "has the arrays m, m; name"),
    ],
)
def test_code_without_a_model(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "model.h"
    path.write_text(text)
    assert said in refused(path)


def test_code_that_wastes_time_is_read_in_no_time(tmp_path: Path) -> None:
    path = tmp_path / "model.c"
    for text in (
        "char a[1](" + "(" * 200_000,
        "char a[1]" + " " * 200_000,
        "char a[" * 100_000,
        "/* " * 100_000,
    ):
        path.write_text(text)
        began = time.process_time()
        refused(path)
        assert time.process_time() - began < 20


def test_what_has_to_be_converted_says_how(tmp_path: Path) -> None:
    path = tmp_path / "net.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    assert "from_keras_model(tf.keras.models.load_model(" in refused(path)
    path = tmp_path / "net.keras"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("metadata.json", "config.json", "model.weights.h5"):
            archive.writestr(name, "{}")
    assert "this is a Keras model; convert it first: python -c" in refused(path)
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(b"x")
    assert "from_saved_model(" in refused(folder)


def test_archives_are_bounded(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("net.tflite", bytes(1 << 20))
    with pytest.raises(mg.McuGraphError, match="the limit is 1,000"):
        mg.load(path, limits=mg.LoadLimits(expanded=1000))
    path.write_bytes(path.read_bytes()[:-30])
    assert "damaged or protected zip archive" in refused(path)
    path = tmp_path / "empty.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net.tflite", b"")
    assert "is empty" in refused(path)


@pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damaged_archives_are_refused(how: int, model: Path, tmp_path: Path) -> None:
    path = tmp_path / "net.zip"
    with zipfile.ZipFile(path, "w", how) as archive:
        archive.writestr("net.tflite", model.read_bytes())
    whole, chance = path.read_bytes(), random.Random(1)
    for place in (*chance.sample(range(len(whole)), 60), *range(-30, 0)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        with suppress(mg.McuGraphError):
            mg.load(path)


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        (b"\x89HDF\r\n\x1a\n", "this is a Keras model in HDF5"),
        (b"version https://git-lfs.github.com/spec/v1\n", "this is a Git LFS pointer"),
    ],
)
def test_members_are_told_as_files_are(contents: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "net.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net.tflite", contents)
    assert f"'net.tflite' in the archive: {said}" in refused(path)
