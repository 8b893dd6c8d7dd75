"""Engines by name: a cluster that is not there is one line, and soon."""

import socket
import sys
from types import SimpleNamespace
from typing import Any

import pytest

import mcugraph as mg
from mcugraph.experiments.engine_choice import find_engine


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
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        said = f"dask://{address}: no cluster answers there: Timed out trying to connect to tcp://"
        with pytest.raises(mg.UsageError, match=said):
            find_engine(f"dask://{address}", 1)
