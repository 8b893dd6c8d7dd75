"""Data sets: named by the driver, loaded by each worker itself, and split alike by all."""

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mcugraph.errors import FormatError, UsageError
from mcugraph.ir import Array, Shape
from mcugraph.records import dataclass

_KEYS = ("x_train", "y_train", "x_test", "y_test")
_MOST_CHANNELS = 4
_ARCHIVE_BYTES = 1 << 34  # of arrays in a file; a small one can claim to hold any number


class Arrays(NamedTuple):
    """Examples, channels first and float32, and their classes from 0 on."""

    examples: Array
    classes: Array


class Parts(NamedTuple):
    """What is trained on, what candidates are judged by, and what finalists are tested on."""

    train: Arrays
    validation: Arrays
    test: Arrays


@dataclass(frozen=True, slots=True)
class DataSource:
    """A data set by name.

    Attributes:
        spec: The path of an .npz file with the arrays x_train, y_train, x_test and y_test, or
            ``module:function`` of a function that returns these four in a dictionary, or two
            PyTorch data sets (training and test) of pairs.
        shape: Of one example, channels first.
        validation: Share of the training data that is held back.
    """

    spec: str
    shape: Shape
    validation: float

    def check(self) -> None:
        """See that there is such a file or function, and that it fits.

        Raises:
            FormatError, UsageError: As of `load`.
        """
        self.load()

    def load(self) -> Parts:
        """The data; read once in a process.

        Raises:
            FormatError: The file or the function has something else.
            UsageError: There is no such file or function.
        """
        return _loaded(self)


def described(spec: str, axes: int) -> tuple[Shape, int]:
    """The shape of one example, channels first, and the number of classes.

    Args:
        spec: As of `DataSource`.
        axes: How many spatial axes networks read: images of (height, width) have one channel, and
            a last axis of up to 4 beside others holds the channels.

    Raises:
        FormatError: There is something else.
        UsageError: There is no such file or function.
    """
    arrays = _arrays(spec)
    shape = tuple(arrays["x_train"].shape[1:])
    if len(shape) == axes:
        shape = (1, *shape)
    elif len(shape) == axes + 1 and axes > 0 and shape[-1] <= _MOST_CHANNELS < shape[0]:
        shape = (shape[-1], *shape[:-1])
    if axes == 0:
        shape = tuple(arrays["x_train"].shape[1:])
    return shape, int(arrays["y_train"].max(initial=0)) + 1


def _arrays(spec: str) -> Mapping[str, Array]:
    arrays = _from_file(spec) if spec.endswith(".npz") else _called(spec)
    missing = [key for key in _KEYS if key not in arrays]
    if missing:
        raise FormatError(f"{spec}: there is no array {', '.join(missing)}")
    return arrays


@lru_cache(maxsize=2)
def _loaded(source: DataSource) -> Parts:
    arrays = _arrays(source.spec)
    whole = _prepared(source, arrays["x_train"], arrays["y_train"])
    test = _prepared(source, arrays["x_test"], arrays["y_test"])
    mean, deviation = float(whole.examples.mean()), float(whole.examples.std()) or 1.0
    whole, test = (
        Arrays((part.examples - np.float32(mean)) / np.float32(deviation), part.classes)
        for part in (whole, test)
    )
    held = _stratified(whole.classes, source.validation)
    if not held.any() or held.all():
        raise FormatError(f"{source.spec}: too few examples to hold {source.validation} back")
    train = Arrays(whole.examples[~held], whole.classes[~held])
    return Parts(train, Arrays(whole.examples[held], whole.classes[held]), test)


def _from_file(path: str) -> Mapping[str, Array]:
    if not Path(path).is_file():
        raise UsageError(f"{path}: there is no such file")
    try:
        with np.load(path, allow_pickle=False) as file:
            sizes = [info.file_size for info in file.zip.infolist()]
            if sum(sizes) > _ARCHIVE_BYTES:
                raise FormatError(f"{path}: its arrays take {sum(sizes):,} bytes")
            return {key: file[key] for key in _KEYS if key in file}
    except (OSError, ValueError, EOFError, AttributeError) as error:
        raise FormatError(f"{path}: it cannot be read as an .npz file: {error}") from error


def _called(spec: str) -> Mapping[str, Array]:
    module, _, name = spec.partition(":")
    if not name:
        raise UsageError(f"data {spec!r}: an .npz file or module:function is needed")
    try:
        function = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(f"data {spec!r}: {error}") from error
    made = function()
    if isinstance(made, Mapping):
        return {str(key): np.asarray(value) for key, value in made.items()}
    if isinstance(made, tuple) and len(made) == 2:
        pairs = [_stacked(part) for part in made]
        return dict(zip(_KEYS, [*pairs[0], *pairs[1]], strict=True))
    raise FormatError(f"data {spec!r}: a dictionary of arrays, or two data sets, are needed")


def _stacked(dataset: Any) -> tuple[Array, Array]:
    """All examples of a PyTorch data set, which gives pairs."""
    examples, classes = zip(*(dataset[i] for i in range(len(dataset))), strict=True)
    return np.stack([np.asarray(x) for x in examples]), np.asarray([int(y) for y in classes])


def _prepared(source: DataSource, examples: Array, classes: Array) -> Arrays:
    """Float32, in the shape that networks read.

    Raises:
        FormatError: Examples have another number of elements, or classes are no whole numbers.
    """
    if examples.ndim < 2 or examples.shape[0] != len(classes) or classes.ndim != 1:
        raise FormatError(
            f"{source.spec}: examples {examples.shape} and classes {classes.shape} do not fit"
        )
    if not np.issubdtype(classes.dtype, np.integer) or classes.min(initial=0) < 0:
        raise FormatError(f"{source.spec}: classes have to be whole numbers from 0 on")
    wanted = source.shape
    given = examples.shape[1:]
    if given == (*wanted[1:], wanted[0]) and given != wanted and len(wanted) > 1:
        examples = np.moveaxis(examples, -1, 1)  # channels last, as images come
    elif given != wanted and (1, *given) != wanted:
        raise FormatError(f"{source.spec}: examples of shape {given}, and networks read {wanted}")
    shaped = examples.reshape(len(examples), *wanted)
    return Arrays(np.ascontiguousarray(shaped, dtype=np.float32), classes.astype(np.int64))


def _stratified(classes: Array, share: float) -> Array:
    """Which examples are held back: of each class the same share, always the same ones."""
    held = np.zeros(len(classes), dtype=bool)
    rng = np.random.default_rng(0)
    for which in np.unique(classes):
        members = rng.permutation(np.flatnonzero(classes == which))
        held[members[: round(share * len(members))]] = True
    return held
