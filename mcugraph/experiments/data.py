"""Data sets: named by the driver, loaded by each worker itself, and split alike by all."""

import os
import zlib
from collections.abc import Mapping
from functools import lru_cache
from io import BytesIO
from math import prod
from pathlib import Path
from typing import IO, Any, NamedTuple
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.lib import format as npy

from mcugraph import files
from mcugraph.errors import FormatError, UsageError
from mcugraph.imported import failure, imported
from mcugraph.ir import Array, Shape
from mcugraph.records import dataclass

KEPT = "data.npz"  # in a folder: data that somebody has handed in
_KEYS = ("x_train", "y_train", "x_test", "y_test")
_HELD_BACK = ("x_val", "y_val")  # that need not be there
_MOST_CHANNELS = 4
_ARRAY_BYTES = 1 << 34  # of an array; a small file can claim to hold any number
_LARGEST = 1e15  # number in examples: a float32 has to hold the sum of its squares
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


# What zip files and arrays in them are refused with.
_DAMAGES = (OSError, ValueError, EOFError, RuntimeError, MemoryError, BadZipFile, zlib.error)


class Arrays(NamedTuple):
    """Examples, channels first and float32, and their classes from 0 on."""

    examples: Array
    classes: Array

    def drawn(self, count: int) -> Array:
        """So many examples, from all over the data: these may lie in the order of their classes."""
        order = np.random.default_rng(0).permutation(len(self.classes))
        return self.examples[order[:count]]


class Parts(NamedTuple):
    """What is trained on, what candidates are judged by, and what finalists are tested on.

    ``mean`` and ``deviation`` are those of the training data, by which all were standardised.
    """

    train: Arrays
    validation: Arrays
    test: Arrays
    mean: float
    deviation: float


@dataclass(frozen=True, slots=True)
class DataSource:
    """A data set by name.

    Attributes:
        spec: The path of an .npz file with the arrays x_train, y_train, x_test and y_test, or
            ``module:function`` of a function that returns these four in a dictionary, or two
            PyTorch data sets (training and test) of pairs. Where examples of one person or device
            are alike, those of others can be held back: x_val and y_val, or a third data set.
        shape: Of one example, channels first.
        classes: How many there are: the outputs of networks.
        validation: Share of the training data that is held back, where nothing else is.
    """

    spec: str
    shape: Shape
    classes: int
    validation: float

    def load(self) -> Parts:
        """The data, read once in a process: examples less their mean, over their deviation.

        Raises:
            FormatError: The file or the function has something else, or classes that networks have
                no output for.
            UsageError: There is no such file or function.
        """
        return _loaded(self, self.version)

    @property
    def version(self) -> object:
        """As `version_of` its name."""
        return version_of(self.spec)


def version_of(spec: str) -> object:
    """What is another one once a file is another one: what was read of it is kept by that."""
    try:
        found = os.stat(spec)
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size


def described(spec: str, axes: int | None) -> tuple[Shape, int]:
    """The shape of one example, channels first, and the number of classes.

    Args:
        spec: As of `DataSource`.
        axes: How many spatial axes networks read: images of (height, width) have one channel, and
            a last axis of up to 4 beside others holds the channels. None: examples are as they are.

    Raises:
        FormatError: There is something else.
        UsageError: There is no such file or function.
    """
    train = _arrays(spec, version_of(spec))["train"]
    shape = tuple(train.examples.shape[1:])
    if axes and len(shape) == axes:
        shape = (1, *shape)
    elif axes and len(shape) == axes + 1 and shape[-1] <= _MOST_CHANNELS < shape[0]:
        shape = (shape[-1], *shape[:-1])
    return shape, int(train.classes.max()) + 1


@lru_cache(maxsize=2)
def _loaded(source: DataSource, version: object) -> Parts:
    arrays = _arrays(source.spec, version)
    _arrays.cache_clear()  # what it is made into is enough to keep
    shaped = {name: _shaped(source, name, part, arrays["train"]) for name, part in arrays.items()}
    whole = shaped["train"].examples
    mean, deviation = float(whole.mean()), float(whole.std()) or 1.0
    parts = {
        name: Arrays((part.examples - np.float32(mean)) / np.float32(deviation), part.classes)
        for name, part in shaped.items()
    }
    if "val" not in parts:
        parts |= _split(source, parts["train"])
    return Parts(parts["train"], parts["val"], parts["test"], mean, deviation)


def _split(source: DataSource, whole: Arrays) -> dict[str, Arrays]:
    """The training data, a share of each class held back.

    Raises:
        FormatError: They are too few.
    """
    held = _stratified(whole.classes, source.validation)
    if not held.any() or held.all():
        raise FormatError(f"{source.spec}: too few examples to hold {source.validation} back")
    return {
        "train": Arrays(whole.examples[~held], whole.classes[~held]),
        "val": Arrays(whole.examples[held], whole.classes[held]),
    }


@lru_cache(maxsize=1)  # asked for what they are, they are loaded next
def _arrays(spec: str, version: object) -> dict[str, Arrays]:
    """The parts of data as they come, held against what can be trained on.

    Returns:
        ``"train"``, ``"test"``, and ``"val"`` where something is held back.

    Raises:
        FormatError, UsageError: As of `DataSource.load`.
    """
    arrays = _from_file(spec) if spec.endswith(".npz") else _called(spec)
    wanted = _KEYS if arrays.keys().isdisjoint(_HELD_BACK) else (*_KEYS, *_HELD_BACK)
    missing = [key for key in wanted if key not in arrays]
    if missing:
        raise FormatError(f"{spec}: there is no array {', '.join(missing)}")
    parts = {
        part: _examined(spec, part, arrays[f"x_{part}"], arrays[f"y_{part}"])
        for part in ("train", "test", "val")
        if f"x_{part}" in wanted
    }
    _learnable(spec, parts["train"])
    return parts


def _learnable(spec: str, train: Arrays) -> None:
    """See that training data tell classes apart, and have examples of all.

    Raises:
        FormatError: They cannot.
    """
    classes = train.classes
    highest = int(classes.max())
    if (classes == highest).all():
        raise FormatError(f"{spec}: y_train has one class only, {highest}; two at least are needed")
    if highest >= len(classes):
        raise FormatError(
            f"{spec}: y_train: classes have to be 0, 1, 2, ...; the highest of "
            f"{len(classes):,} examples is {highest}"
        )
    _see_all(spec, classes)
    if (train.examples == train.examples[:1]).all():
        raise FormatError(f"{spec}: x_train: all {len(classes):,} examples are the same")


def _see_all(spec: str, classes: Array) -> None:
    """See that there is an example of each class up to the highest to train on.

    Raises:
        FormatError: There is none of some.
    """
    missing = np.flatnonzero(np.bincount(classes) == 0)
    if not len(missing):
        return
    lowest, highest = int(classes.min()), int(classes.max())
    if lowest == 1 and len(missing) == 1:
        hint = f"are its classes counted from 1 to {highest}? then subtract 1 in all arrays"
    else:
        hint = f"all of 0 to {highest} need one: leave no number out"
    named = ", ".join(map(str, missing[:5])) + (", ..." if len(missing) > 5 else "")
    raise FormatError(f"{spec}: y_train has no example of class {named}; {hint}")


def _from_file(path: str) -> Mapping[str, Array]:
    if not Path(path).is_file():
        raise UsageError(f"{path}: there is no such file")
    try:
        with ZipFile(path) as file:
            held = set(file.namelist())
            keys = [key for key in (*_KEYS, *_HELD_BACK) if f"{key}.npy" in held]
            return {key: _read(file, f"{key}.npy") for key in keys}
    except _DAMAGES as error:
        raise FormatError(f"{path}: it cannot be read as an .npz file: {error}") from error


def _read(file: ZipFile, name: str) -> Array:
    """One array of an .npz file."""
    with file.open(name) as stream:
        shape, _, dtype = _header(stream)
        claimed = prod(shape) * dtype.itemsize
    if dtype.hasobject:
        raise ValueError(f"{name} holds Python objects")
    if claimed > min(file.getinfo(name).file_size, _ARRAY_BYTES):
        raise ValueError(f"{name} claims to hold {claimed:,} bytes, more than it can")
    with file.open(name) as stream:
        read: Array = npy.read_array(stream, allow_pickle=False)
    return read


def _header(stream: IO[bytes]) -> tuple[Shape, bool, np.dtype[Any]]:
    version = npy.read_magic(stream)
    if version not in _HEADERS:
        raise ValueError(f"arrays of version {version} are not known")
    return _HEADERS[version](stream)


def _called(spec: str) -> Mapping[str, Array]:
    if ":" not in spec:
        raise UsageError(f"data {spec!r}: an .npz file or module:function is needed")
    function = imported("data", spec)
    try:
        made = function()
        if isinstance(made, Mapping):
            return {str(key): np.asarray(value) for key, value in made.items()}
        if isinstance(made, tuple) and len(made) in (2, 3):
            return _of_datasets(made)
    except Exception as error:
        raise FormatError(f"data {spec!r}: {failure(error)}") from error
    raise FormatError(
        f"data {spec!r}: a dictionary of arrays, or two data sets or three, are needed"
    )


def keep(datasets: Any, folder: Path) -> str:
    """PyTorch data sets, written to the folder of a search, where each worker reads them.

    Args:
        datasets: Training and test data, and what is held back, if anything is: pairs of an example
            and a class; or all as a dictionary of the arrays of an .npz file.
        folder: The search's.

    Returns:
        The path of the file.

    Raises:
        UsageError: They are no data sets, or the folder has others.
    """
    try:
        if isinstance(datasets, Mapping):
            arrays = {str(key): np.asarray(value) for key, value in datasets.items()}
        else:
            arrays = _of_datasets(datasets)
    except Exception as error:
        raise UsageError(
            "data: a path, module:function or two data sets of pairs (training and test; a third, "
            f"held back) are needed: {failure(error)}"
        ) from error
    path = folder / KEPT
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        stream = BytesIO()
        np.savez(stream, **arrays)  # type: ignore[arg-type]
        files.write(path, stream.getvalue())
        return str(path)
    known = _from_file(str(path))
    if known.keys() != arrays.keys() or any(
        not np.array_equal(value, arrays[key]) for key, value in known.items()
    ):
        raise UsageError(f"{path}: other data were searched on here; take another folder")
    return str(path)


def _of_datasets(datasets: Any) -> dict[str, Array]:
    arrays = [array for dataset in datasets for array in _stacked(dataset)]
    keys = (*_KEYS, *_HELD_BACK)[: max(len(arrays), len(_KEYS))]
    return dict(zip(keys, arrays, strict=True))


def _stacked(dataset: Any) -> tuple[Array, Array]:
    """All examples of a PyTorch data set, which gives pairs."""
    examples, classes = zip(*(dataset[i] for i in range(len(dataset))), strict=True)
    return np.stack([np.asarray(x) for x in examples]), np.asarray([int(y) for y in classes])


def _examined(spec: str, part: str, examples: Array, classes: Array) -> Arrays:
    """Float32 examples and whole numbers, one of the other.

    Raises:
        FormatError: They are something else, or there are none.
    """
    x, y = f"{spec}: x_{part}", f"{spec}: y_{part}"
    if classes.shape[1:] == (1,):
        classes = classes[:, 0]  # as of a table of one column
    if examples.ndim < 2 or classes.ndim != 1 or len(examples) != len(classes):
        raise FormatError(
            f"{x} and y_{part}: examples {examples.shape} and classes {classes.shape} do not fit"
        )
    if not examples.size:
        raise FormatError(f"{x}: there are no examples, or they have no elements")
    if classes.dtype.kind not in "biu" or classes.astype(np.int64).min() < 0:
        raise FormatError(f"{y}: classes have to be whole numbers from 0 on")
    if examples.dtype.kind not in "biuf":
        raise FormatError(f"{x}: examples have to be numbers, not {examples.dtype}")
    with np.errstate(over="ignore"):  # what is too large is found next
        numbers = examples.astype(np.float32)
    if not max(float(numbers.max()), -float(numbers.min())) < _LARGEST:  # nor is NaN
        raise FormatError(f"{x}: examples hold NaN, infinity, or numbers above {_LARGEST:g}")
    return Arrays(numbers, classes.astype(np.int64))


def _shaped(source: DataSource, name: str, part: Arrays, train: Arrays) -> Arrays:
    """Examples in the shape that networks read.

    Raises:
        FormatError: They have another number of elements, or classes that networks do not know.
    """
    examples, wanted = part.examples, source.shape
    given = examples.shape[1:]
    if given == (*wanted[1:], wanted[0]) and given != wanted and len(wanted) > 1:
        examples = np.moveaxis(examples, -1, 1)  # channels last, as images come
    elif given != wanted and (1, *given) != wanted:
        raise FormatError(
            f"{source.spec}: x_{name}: examples of shape {given}, and networks read {wanted}"
        )
    highest, known = int(part.classes.max()), int(train.classes.max())
    if highest >= source.classes:
        since = f", since y_train's highest is {known}" if known + 1 == source.classes else ""
        raise FormatError(
            f"{source.spec}: y_{name}: there is a class {highest}, and networks have "
            f"{source.classes} outputs{since}"
        )
    if highest > known:
        raise FormatError(
            f"{source.spec}: y_{name}: there is a class {highest}, of which y_train has no example"
        )
    shaped = examples.reshape(len(examples), *wanted)
    return Arrays(np.ascontiguousarray(shaped), part.classes)


def _stratified(classes: Array, share: float) -> Array:
    """Which examples are held back: of each class the same share, always the same ones."""
    held = np.zeros(len(classes), dtype=bool)
    rng = np.random.default_rng(0)
    for which in np.unique(classes):
        members = rng.permutation(np.flatnonzero(classes == which))
        held[members[: round(share * len(members))]] = True
    return held
