"""Data sets: what is read alike, and what is refused before anything is trained."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcugraph as mg
from mcugraph.experiments.data import DataSource, described, keep

X = np.random.default_rng(0).integers(0, 255, (40, 6, 5), dtype=np.uint8)
Y = np.arange(40) % 4
Arrays = dict[str, Any]


def saved(folder: Path, **others: Any) -> str:
    path = folder / "data.npz"
    np.savez(path, **({"x_train": X, "y_train": Y, "x_test": X[:9], "y_test": Y[:9]} | others))
    return str(path)


def loaded(path: str) -> Any:
    return DataSource(path, (1, 6, 5), 4, 0.25).load()


@pytest.mark.parametrize(
    ("given", "axes", "shape"),
    [
        ((28, 28), 2, (1, 28, 28)),
        ((32, 32, 3), 2, (3, 32, 32)),
        ((3, 32, 32), 2, (3, 32, 32)),
        ((100,), 1, (1, 100)),
        ((100, 3), 1, (3, 100)),
        ((40, 5), 0, (40, 5)),
    ],
)
def test_shapes_are_told_by_the_data(
    tmp_path: Path, given: tuple[int, ...], axes: int, shape: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 255, (40, *given), dtype=np.uint8)
    y = np.arange(40) % 4
    path = str(tmp_path / "data.npz")
    np.savez(path, x_train=x, y_train=y, x_test=x, y_test=y)
    assert described(path, axes) == (shape, 4)
    parts = DataSource(path, shape, 4, 0.3).load()
    assert parts.train.examples.shape == (28, *shape)
    assert parts.validation.examples.shape == (12, *shape)
    counts = np.bincount(parts.validation.classes)
    assert (counts == 3).all()
    again = np.concatenate([parts.train.examples, parts.validation.examples])
    assert abs(float(again.mean())) < 1e-3


SAME: dict[str, Arrays] = {
    "float64": {"x_train": X / 255, "x_test": X[:9] / 255},
    "int64": {"x_train": X.astype(np.int64)},
    "classes of a table": {"y_train": Y[:, None], "y_test": Y[:9, None].astype(np.uint8)},
    "columns first in memory": {"x_train": np.asfortranarray(X)},
}


@pytest.mark.parametrize("others", SAME.values(), ids=SAME)
def test_the_same_numbers_are_the_same_data(tmp_path: Path, others: Arrays) -> None:
    expected = loaded(saved(tmp_path))
    (tmp_path / "other").mkdir()
    path = saved(tmp_path / "other", **others)
    assert described(path, 2) == ((1, 6, 5), 4)
    found = loaded(path)
    for part, same in zip(found[:3], expected[:3], strict=True):
        assert part.examples.dtype == np.float32
        if part is not found.test or "x_test" in others or "x_train" not in others:
            np.testing.assert_allclose(part.examples, same.examples, atol=1e-5)
        np.testing.assert_array_equal(part.classes, same.classes)


def test_flags_are_numbers(tmp_path: Path) -> None:
    path = saved(tmp_path, x_train=X > 99, x_test=X[:9] > 99, y_train=Y > 1, y_test=Y[:9] > 1)
    assert described(path, 2) == ((1, 6, 5), 2)
    assert set(loaded(path).train.classes) == {0, 1}


REFUSED: dict[str, tuple[Arrays, str]] = {
    "classes as text": ({"y_train": Y.astype(str)}, "y_train: classes have to be whole numbers"),
    "classes as floats": ({"y_test": Y[:9] / 1}, "y_test: classes have to be whole numbers"),
    "negative classes": ({"y_train": Y - 1}, "whole numbers from 0 on"),
    "one-hot classes": ({"y_train": np.eye(4, dtype=int)[Y]}, "do not fit"),
    "a class for each million": ({"y_train": Y * 10**6}, "the highest of 40 examples"),
    "one class alone": ({"y_train": Y * 0, "y_test": Y[:9] * 0}, "y_train has one class only, 0"),
    "unknown test classes": (
        {"y_test": Y[:9] + 3},
        "y_test: there is a class 6, and networks have 4 outputs, since y_train's highest is 3",
    ),
    "classes from 1": ({"y_train": Y + 1}, "no example of class 0; are its classes .* subtract 1"),
    "a class left out": ({"y_train": Y + (Y > 1)}, "y_train has no example of class 2; all of 0"),
    "classes in tens": (
        {"y_train": Y * 9},
        "no example of class 1, 2, 3, 4, 5, ...; all of 0 to 27",
    ),
    "a class that is only tested": (
        {"y_train": Y % 3},
        "class 3, of which y_train has no example",
    ),
    "nothing to see": ({"x_train": X * 0}, "x_train: all 40 examples are the same"),
    "another shape to test": ({"x_test": X[:9, 1:]}, "x_test: examples of shape .5, 5., and"),
    "no test data": ({"x_test": X[:0], "y_test": Y[:0]}, "x_test: there are no examples"),
    "no training data": ({"x_train": X[:0], "y_train": Y[:0]}, "x_train: there are no examples"),
    "more examples than classes": ({"y_train": Y[:30]}, "do not fit"),
    "one number": ({"x_train": np.float32(3)}, "do not fit"),
    "text": ({"x_train": X.astype(str)}, "examples have to be numbers"),
    "complex numbers": ({"x_train": X * 1j}, "examples have to be numbers"),
    "dates": ({"x_train": X.astype("datetime64[s]")}, "examples have to be numbers"),
    "no numbers": ({"x_test": np.full((9, 6, 5), np.nan)}, "hold NaN"),
    "numbers beyond float32": ({"x_train": X * 1e60}, "hold NaN, infinity, or numbers above"),
    "examples held back without classes": ({"x_val": X[:9]}, "there is no array y_val"),
    "unknown classes held back": ({"x_val": X[:9], "y_val": Y[:9] + 3}, "a class 6"),
    "nothing held back": ({"x_val": X[:0], "y_val": Y[:0]}, "val: there are no examples"),
    "Python objects": ({"x_train": X.astype(object)}, "Python objects"),
}


@pytest.mark.parametrize(("others", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_trained_on_is_refused(tmp_path: Path, others: Arrays, said: str) -> None:
    with pytest.raises(mg.FormatError, match=said):
        loaded(saved(tmp_path, **others))


def claiming(path: Path, count: int) -> None:
    """Headers of arrays that the file does not hold."""
    header = io.BytesIO()
    told = {"descr": "|u1", "fortran_order": False, "shape": (count,)}
    np.lib.format.write_array_header_1_0(header, told)
    with zipfile.ZipFile(path, "w") as file:
        for name in ("x_train", "y_train", "x_test", "y_test"):
            file.writestr(f"{name}.npy", header.getvalue())


def overwritten(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[300:340] = b"\xff" * 40
    path.write_bytes(data)


DAMAGES: dict[str, Callable[[Path], Any]] = {
    "an array that claims 10^18 elements": lambda path: claiming(path, 10**18),
    "an array that claims 10^10 elements": lambda path: claiming(path, 10**10),
    "half a file": lambda path: path.write_bytes(path.read_bytes()[:2000]),
    "an empty file": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("hello"),
    "a single array": lambda path: np.save(path.open("wb"), X),
    "bytes that changed": overwritten,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_refused(tmp_path: Path, damage: Callable[[Path], Any]) -> None:
    path = saved(tmp_path)
    damage(Path(path))
    for read in (loaded, lambda path: described(path, 2)):
        with pytest.raises(mg.FormatError, match="cannot be read as an"):
            read(path)


def failing() -> Any:
    raise RuntimeError("no disk")


def pairs() -> Any:
    return tuple([(x, int(y)) for x, y in zip(X[:n], Y[:n], strict=True)] for n in (40, 9))


def test_a_function_gives_data_or_a_reason(tmp_path: Path) -> None:
    expected = loaded(saved(tmp_path))
    for part, same in zip(loaded(f"{__name__}:pairs")[:3], expected[:3], strict=True):
        np.testing.assert_array_equal(part.examples, same.examples)
    with pytest.raises(mg.FormatError, match="RuntimeError: no disk"):
        loaded(f"{__name__}:failing")
    with pytest.raises(mg.UsageError, match="no_such_module"):
        loaded("no_such_module:data")


def test_what_is_drawn_is_of_all_classes(tmp_path: Path) -> None:
    """However the data lie; the same at each call, and no example twice."""
    train = loaded(saved(tmp_path, y_train=np.sort(Y))).train
    drawn = train.drawn(20)
    assert (drawn == train.drawn(20)).all()
    where = [int((train.examples == each).all(axis=(1, 2, 3)).argmax()) for each in drawn]
    assert len(set(where)) == 20
    assert set(train.classes[where]) == {0, 1, 2, 3}
    assert len(train.drawn(100)) == len(train.classes)


def test_what_is_held_back_may_be_told(tmp_path: Path) -> None:
    """Nothing of the training data is, then; all parts are standardised by these alone."""
    x, y = X[:12] // 2, Y[:12]
    parts = loaded(saved(tmp_path, x_val=x, y_val=y))
    assert (parts.train.classes == Y).all()
    assert (parts.validation.classes == y).all()
    assert abs(float(parts.train.examples.mean())) < 1e-5
    expected = (x[:, None] - parts.mean) / parts.deviation
    np.testing.assert_allclose(parts.validation.examples, expected, rtol=1e-4, atol=1e-5)


def test_arrays_may_be_given_as_they_are(tmp_path: Path) -> None:
    arrays = {"x_train": X, "y_train": Y.tolist(), "x_test": X[:9], "y_test": Y[:9]}
    (tmp_path / "file").mkdir()
    expected, parts = loaded(saved(tmp_path / "file")), loaded(keep(arrays, tmp_path))
    for part, same in zip(parts[:3], expected[:3], strict=True):
        np.testing.assert_array_equal(part.examples, same.examples)
    with pytest.raises(mg.FormatError, match="there is no array y_test"):
        loaded(keep({key: arrays[key] for key in list(arrays)[:3]}, tmp_path / "new"))


def test_data_sets_may_be_three(tmp_path: Path) -> None:
    train, test, held = (list(zip(X[s], Y[s], strict=True)) for s in np.s_[:, :9, 5:25])
    parts = loaded(keep((train, test, held), tmp_path))
    assert [len(part.classes) for part in parts[:3]] == [40, 20, 9]
    assert keep((train, test, held), tmp_path) == str(tmp_path / "data.npz")
    for others in ((train, test), (train, test, held[1:])):
        with pytest.raises(mg.UsageError, match="other data were searched on here"):
            keep(others, tmp_path)
    for wrong in ((train,), (train, test, held, held)):
        with pytest.raises(mg.UsageError, match="a third, held back"):
            keep(wrong, tmp_path / "new")
    assert not (tmp_path / "new").exists()
