"""The bytes of the one model in a file, be they the file itself or what it wraps.

A model comes as a file, as an array in C code, in a zip archive or in a folder. Which it is shows
in the content; where there are several models, an error lists them.
"""

import os
import re

from mcugraph.errors import FormatError
from mcugraph.formats.load_limits import DEFAULT_LIMITS, LoadLimits

_LFS = b"version https://git-lfs.github.com/spec/"
_MODELS = (".tflite", ".lite", ".onnx", ".pt2")
_ZIP, _HDF5, _TFLITE = b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", b"TFL3"
_LISTED = 6

_SOURCES = (".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".ino")
# One that does not end takes the rest, else each beginning would be looked for an end.
_COMMENT = rb"(?s://[^\n]*|/\*.*?(?:\*/|\Z))"
# Attributes may stand between name and value; no part of them is longer than people write.
_ARRAY = (
    rb"\b(?:unsigned\s+char|signed\s+char|char|(?:std::)?u?int8_t)\s+(?:const\s+)?(\w{1,200})\s*"
    rb"\[[^\]\n]{0,100}\][^=;{}()]{0,200}(?:\([^;{}]{0,100}\)[^=;{}()]{0,200})?=\s*\{([^{}]*)(\}?)"
)
_NUMBER = rb"-?(?:0[xX][0-9a-fA-F]{1,2}|0[0-7]{0,3}|[1-9][0-9]{0,2})[uU]?"


def model_file(path: str, limits: LoadLimits = DEFAULT_LIMITS) -> tuple[str, bytes]:
    """Where a model lies, for errors and for files beside it, and its bytes.

    Args:
        path: A model file, C code that has one as an array, a zip archive or a folder with one.
        limits: How much an archive or C code may become.

    Raises:
        FormatError: The file cannot be read, is empty, only points to the real file, or has no
            model or several.
    """
    if os.path.isdir(path):
        path = _in_folder(path)
    data = _a_model(path, _read(path))
    if data.startswith(_ZIP):
        return path, _in_archive(path, data, limits)
    if path.lower().endswith(_SOURCES) and data[4:8] != _TFLITE:
        return path, _in_source(path, data, limits)
    return path, data


def _read(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.readall()
    except FileNotFoundError:
        named = path or "the path is empty"
        raise FormatError(f"{named}: no such file") from None
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:  # a name that no file can have
        raise FormatError(f"{path!r}: cannot be read: {error}") from None


def _a_model(where: str, data: bytes) -> bytes:
    """The contents of a file, held to be a model and no stand-in for one."""
    if not data:
        raise FormatError(f"{where}: the file is empty")
    if data.startswith(_LFS):
        raise FormatError(
            f"{where}: this is a Git LFS pointer, not the model; run `git lfs pull` to fetch it"
        )
    if data.startswith(_HDF5):
        raise FormatError(f"{where}: this is a Keras model in HDF5; {_keras(where)}")
    return data


def _keras(path: str) -> str:
    return (
        "convert it first: python -c \"import tensorflow as tf; open('model.tflite', 'wb').write("
        f'tf.lite.TFLiteConverter.from_keras_model(tf.keras.models.load_model({path!r})).convert())"'
    )


def _in_folder(path: str) -> str:
    """The model file in a folder."""
    try:
        names = sorted(os.listdir(path))
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror}") from None
    if "saved_model.pb" in names:
        raise FormatError(
            f'{path}: this is a SavedModel of TensorFlow; convert it first: python -c "import '
            "tensorflow as tf; open('model.tflite', 'wb').write("
            f'tf.lite.TFLiteConverter.from_saved_model({path!r}).convert())"'
        )
    found = [name for name in names if _names_model(name)]
    if not found:
        raise FormatError(
            f"{path}: this is a directory without a .tflite, .onnx or .pt2 file; name a model file"
        )
    return os.path.join(path, _only(path, "this is a directory with", found))


def _in_archive(path: str, data: bytes, limits: LoadLimits) -> bytes:
    """The model in a zip archive; the archive itself where it is a saved PyTorch program."""
    import zipfile  # which loads all that archives may be packed with
    from io import BytesIO

    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = archive.infolist()
            names = [member.filename for member in members]
            if {"config.json", "metadata.json"} <= set(names):
                raise FormatError(f"{path}: this is a Keras model; {_keras(path)}")
            found = [name for name in names if _names_model(name)]
            if not found:
                return data
            name = _only(path, "this is an archive with", found)
            size = archive.getinfo(name).file_size
            limits.hold("expanded", f"{path}: bytes of {name!r} in the archive", size)
            with archive.open(name) as file:
                model = file.read(size + 1)
    except FormatError:
        raise
    except Exception as error:  # zipfile raises more than its own errors on damaged parts
        raise FormatError(
            f"{path}: truncated or damaged or protected zip archive: {error}"
        ) from None
    return _a_model(f"{path}: {name!r} in the archive", model)


def _names_model(name: str) -> bool:
    """Whether a name is that of a model; hidden files are what systems keep beside others."""
    own = name.rpartition("/")[2]
    return own.lower().endswith(_MODELS) and not own.startswith(".")


def _in_source(path: str, data: bytes, limits: LoadLimits) -> bytes:
    """The model that C code has as an array of bytes."""
    limits.hold("expanded", f"{path}: bytes of C code", len(data))
    arrays = []
    for match in re.finditer(_ARRAY, re.sub(_COMMENT, b" ", data)):
        name, text, closed = match[1].decode(), match[2], match[3]
        if closed:
            arrays.append((name, text))
        elif b";" in text or match.end() == len(match.string):  # else a list of lists opens
            raise FormatError(f"{path}: array {name!r} has no closing brace; is the file whole?")
    if not arrays:
        raise FormatError(
            f"{path}: this C code has no array of bytes with values; name the file that defines it"
        )
    # An array may stand there twice, for one compiler and another.
    bodies = dict.fromkeys((name, _values(path, name, text)) for name, text in arrays)
    models = [each for each in bodies if each[1][4:8] == _TFLITE] or list(bodies)
    _only(path, "this C code has the arrays", [name for name, _ in models])
    return models[0][1]


def _values(path: str, name: str, text: bytes) -> bytes:
    """The bytes that the values of an array stand for."""
    words = text.replace(b"\n", b" ").replace(b" ", b"").replace(b"\t", b"").replace(b"\r", b"")
    found, byte = bytearray(), re.compile(_NUMBER)
    for word in words.removesuffix(b",").split(b","):
        if not byte.fullmatch(word):
            shown = word[:20].decode("ascii", "replace")
            raise FormatError(f"{path}: array {name!r}: {shown!r} is no byte")
        digits = word.rstrip(b"uU")
        value = int(digits, _base(digits))
        if not -128 <= value <= 255:
            raise FormatError(f"{path}: array {name!r}: {value} is no byte")
        found.append(value & 255)
    return bytes(found)


def _base(digits: bytes) -> int:
    """Of a number in C, which a zero in front makes octal."""
    plain = digits.lstrip(b"-")
    if plain[:2] in (b"0x", b"0X"):
        return 16
    return 8 if plain.startswith(b"0") else 10


def _only(path: str, what: str, found: list[str]) -> str:
    """The one name there is.

    Raises:
        FormatError: There are several.
    """
    if len(found) == 1:
        return found[0]
    more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    raise FormatError(
        f"{path}: {what} {', '.join(found[:_LISTED])}{more}; name a file that has one model alone"
    )
