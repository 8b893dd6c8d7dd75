"""Engines by name: a cluster that is not there is one line, and soon."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

import mcugraph as mg
from mcugraph.experiments import engine_choice
from mcugraph.experiments.engine_choice import find_engine


@contextmanager
def listening() -> Iterator[str]:
    """An address where connections are accepted, and nothing is said."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        yield f"127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture(params=["dask", "ray"])
def name(request: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """A library of clusters that is never asked to join one."""
    module = {"dask": "distributed", "ray": "ray"}[request.param]
    monkeypatch.setitem(sys.modules, module, SimpleNamespace())
    return str(request.param)


def test_nobody_listens(name: str) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # and does not listen
        address = f"{name}://127.0.0.1:{held.getsockname()[1]}"
        with pytest.raises(mg.UsageError, match=f"^engine {address}: no cluster answers there: "):
            find_engine(address, 1)


@pytest.mark.parametrize("address", ["somewhere", ":8786", "somewhere:", "somewhere:port"])
def test_an_address_is_a_host_and_a_port(name: str, address: str) -> None:
    with pytest.raises(mg.UsageError, match=f"{name}://HOST:PORT is needed$"):
        find_engine(f"{name}://{address}", 1)


def test_who_listens_but_is_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(address: str, timeout: float) -> Any:
        raise OSError(f"Timed out trying\nto connect to {address} after {timeout:.0f} s")

    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(Client=refuse))
    with listening() as address:
        said = f"dask://{address}: no cluster answers there: Timed out trying to connect to tcp://"
        with pytest.raises(mg.UsageError, match=said):
            find_engine(f"dask://{address}", 1)


def test_who_accepts_the_connection_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the greeting Dask itself waits for ever."""
    pytest.importorskip("distributed")
    monkeypatch.setattr(engine_choice, "_PATIENCE", 0.2)
    with listening() as address:
        said = "no cluster answers there: the connection is accepted, and nothing is said for 0.4 s"
        with pytest.raises(mg.UsageError, match=f"^engine dask://{address}: {said}econds$"):
            find_engine(f"dask://{address}", 1)


def test_who_says_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """A web server, say: Dask takes its first bytes for the length of what follows."""

    def read(address: str, timeout: float) -> Any:
        raise MemoryError("Unable to allocate 3.07 EiB")

    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(Client=read))
    said = "no cluster answers there: Unable to allocate"
    with listening() as address, pytest.raises(mg.UsageError, match=said):
        find_engine(f"dask://{address}", 1)
