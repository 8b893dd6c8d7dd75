"""Engines by name."""

import socket
from collections.abc import Callable
from concurrent.futures import Executor, Future, wait
from functools import partial
from importlib import import_module
from threading import Thread
from typing import Any, TypeVar

from mcugraph.errors import UsageError
from mcugraph.experiments.engines import Engine, Inline, OnExecutor
from mcugraph.experiments.worker_pool import WorkerPool

Joined = TypeVar("Joined")

_NAMES = ("local", "inline", "dask", "ray")
_PATIENCE = 5.0  # seconds for the first answer of a cluster


def find_engine(engine: object, workers: int, memory_limit: int | str | None = None) -> Engine:
    """An engine, by name, around an executor, or as it is.

    Args:
        engine: ``"local"``, ``"inline"``, ``"dask"``, ``"dask://host:port"``, ``"ray"``,
            ``"ray://host:port"``, an executor, or an engine.
        workers: How many tasks run at once, where the engine is made here.
        memory_limit: Bytes that one worker of ``"local"`` may take.

    Raises:
        UsageError: There is no such engine, what it needs is not installed, or no cluster answers.
    """
    if isinstance(engine, Engine):
        return engine
    if isinstance(engine, Executor):
        return OnExecutor(engine)
    name, _, address = str(engine).partition("://")
    if not isinstance(engine, str) or name not in _NAMES or (address and name in _NAMES[:2]):
        raise UsageError(
            f"unknown engine {engine!r}; expected an executor or one of {', '.join(_NAMES)}"
        )
    if name == "inline":
        return Inline()
    if name == "dask":
        return _dask(address, workers)
    if name == "ray":
        return _ray(address, workers)
    return WorkerPool(workers, memory_limit)


def _dask(address: str, workers: int) -> Engine:
    """A cluster that runs, or one of this machine."""
    distributed = _installed("distributed", "dask")
    if address:
        _see_reachable("dask", address)
        join = partial(distributed.Client, f"tcp://{address}", timeout=_PATIENCE)
        # Its patience is for each step but the greeting, for which it waits for ever.
        client = _joined("dask", address, partial(_in_time, join, 2 * _PATIENCE))
    else:
        client = distributed.Client(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, set_as_default=False
        )
    return OnExecutor(client.get_executor(pure=False), client.close)


def _ray(address: str, workers: int) -> Engine:
    from mcugraph.experiments.on_ray import RayEngine

    ray = _installed("ray", "ray")
    if address:
        _see_reachable("ray", address)
    return _joined("ray", address, lambda: RayEngine(ray, address, workers))


def _see_reachable(name: str, address: str) -> None:
    """See that somebody listens at an address: the libraries themselves try for half a minute.

    Raises:
        UsageError: It is none, or nobody does.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise UsageError(f"engine {name}://{address}: {name}://HOST:PORT is needed")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _PATIENCE).close()
    except (OSError, OverflowError, UnicodeError) as error:
        raise UsageError(_unanswered(name, address, error)) from error


def _joined(name: str, address: str, join: Callable[[], Joined]) -> Joined:
    """A cluster, or why it is none.

    Raises:
        UsageError: What listens there is no such cluster.
    """
    try:
        return join()
    except Exception as error:  # libraries read what they are sent, whatever that is
        raise UsageError(_unanswered(name, address, error)) from error


def _in_time(join: Callable[[], Joined], seconds: float) -> Joined:
    """A cluster, unless it takes longer to say a word.

    Raises:
        TimeoutError: It does.
    """
    joined: Future[Joined] = Future()

    def run() -> None:
        try:
            joined.set_result(join())
        except Exception as error:
            joined.set_exception(error)

    Thread(target=run, daemon=True).start()
    if not wait([joined], seconds).done:
        raise TimeoutError(
            f"the connection is accepted, and nothing is said for {seconds:g} seconds"
        )
    return joined.result()


def _unanswered(name: str, address: str, error: Exception) -> str:
    where = f"{name}://{address}" if address else name
    why = " ".join(str(error).split()) or type(error).__name__
    return f"engine {where}: no cluster answers there: {why}"


def _installed(module: str, extra: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        raise UsageError(f"engine {extra}: install it with 'mcugraph[{extra}]'") from None
