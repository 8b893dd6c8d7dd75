"""What was refused before it began leaves nothing behind."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mcugraph as mg
from mcugraph.experiments.data import KEPT, DataSource
from mcugraph.experiments.places import named_data, place_for

ARRAYS: dict[str, Any] = {
    "x_train": np.arange(24.0).reshape(4, 6),
    "y_train": np.array([0, 1, 0, 1]),
    "x_test": np.ones((2, 6)),
    "y_test": np.array([0, 1]),
}


def refuse(folder: Path, data: Any, keep: str = "") -> None:
    """Something is refused, once data are there, and perhaps a file of something that began."""
    with named_data(data, folder):
        if keep:
            (folder / keep).touch()
        raise mg.UsageError("no")


def test_data_that_were_handed_in_go_with_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(mg.UsageError, match="no"):
        refuse(tmp_path / "runs" / "new", ARRAYS)
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_before_stays(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(mg.UsageError, match="no"):
        refuse(tmp_path, ARRAYS)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    with named_data(ARRAYS, tmp_path) as path:
        assert path == str(tmp_path / KEPT)
    with pytest.raises(mg.UsageError, match="no"):
        refuse(tmp_path, ARRAYS)
    assert (tmp_path / KEPT).exists(), "it is of an earlier call"


def test_what_has_begun_keeps_its_data(tmp_path: Path) -> None:
    with pytest.raises(mg.UsageError, match="no"):
        refuse(tmp_path / "new", ARRAYS, "search.sqlite")
    assert (tmp_path / "new" / KEPT).exists()


def test_a_name_is_a_name(tmp_path: Path) -> None:
    for data in ("module:function", tmp_path / "file.npz"):
        with named_data(data, tmp_path / "new") as name:
            assert name == str(data)
    assert list(tmp_path.iterdir()) == []


def refuse_somewhere(data: Any) -> None:
    """The same in a folder that is made for it."""
    with place_for(None, "search") as folder:
        refuse(folder, data)


def test_a_folder_of_its_own_goes_with_what_is_refused(monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for data in (ARRAYS, "module:function"):
        with pytest.raises(mg.UsageError, match="no"):
            refuse_somewhere(data)
        assert list(tmp_path.iterdir()) == []
    with place_for(None, "search") as folder:
        assert folder.name.startswith("mcugraph-search-")
    assert folder.exists()


def test_a_number_is_no_folder() -> None:
    number: Any = 5
    with pytest.raises(mg.UsageError, match="folder: a path is needed"), place_for(number, "x"):
        pass


def test_a_file_that_is_another_one_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    source = DataSource(str(path), (6,), 2, 0.5)
    np.savez(path, **ARRAYS)
    assert source.load().mean == ARRAYS["x_train"].mean()
    first = source.load()
    assert source.load() is first
    more = ARRAYS | {"x_train": np.vstack([ARRAYS["x_train"], ARRAYS["x_train"] + 9])}
    np.savez(path, **more | {"y_train": np.array([0, 1] * 4)})
    assert source.load().mean == more["x_train"].mean()
