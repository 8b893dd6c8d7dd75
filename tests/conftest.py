"""What all tests share: hypothesis profiles, the `oracle` marker, where the fixtures are."""

import gc
import importlib.util
import os
import tempfile
from collections.abc import Callable, Generator, Iterator
from functools import cache
from multiprocessing.util import get_temp_dir
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from support.loading import ROOT

# Workers share the cores already. Set before anybody imports numpy or PyTorch, and for the
# processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# No deadline: the machines that run this are slow and shared. In CI the examples are fixed, so
# that a run says something about the change and not about luck.
settings.register_profile("local", deadline=None, print_blob=True)
settings.register_profile(
    "ci",
    deadline=None,
    print_blob=True,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported stays, and nobody need look for garbage among it, now or later.

    Its half a million objects took a tenth of the time of tests that export.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


_installed = cache(importlib.util.find_spec)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip `@pytest.mark.oracle("package")` where that package is not installed."""
    for item in items:
        for marker in item.iter_markers("oracle"):
            for package in marker.args:
                if _installed(package) is None:
                    item.add_marker(pytest.mark.skip(reason=f"{package} is not installed"))


@pytest.fixture(scope="session", autouse=True)
def _no_leavings() -> Iterator[None]:
    """What tests and the processes that they start leave among temporary files goes with them."""
    get_temp_dir()  # multiprocessing keeps its own until the very end
    before, variable = tempfile.tempdir, os.environ.get("TMPDIR")
    with tempfile.TemporaryDirectory(prefix="mcugraph-tests-") as folder:
        tempfile.tempdir = os.environ["TMPDIR"] = folder
        yield
        tempfile.tempdir = before
        if variable is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = variable


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """The folder `fixtures/` of the project."""
    return ROOT / "fixtures"


@pytest.fixture(scope="session")
def models(fixtures: Path) -> Path:
    """The model files: NAME.onnx, NAME_float.tflite and NAME_int8.tflite."""
    return fixtures / "models"


@pytest.fixture(scope="session")
def case() -> Callable[[str], Any]:
    """A network to take channels out of, by name: see ``support.cases``."""
    pytest.importorskip("torch")
    from support.cases import Case

    return cache(Case)


@pytest.fixture(scope="session")
def training() -> ModuleType:
    """``support.training``: a task, and networks to prune on it."""
    pytest.importorskip("torch")
    from support import training

    return training


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is printed does not depend on who starts the tests, nor on what they import."""
    for name in ("COLUMNS", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
