"""Engines by name."""

from concurrent.futures import Executor
from importlib import import_module
from typing import Any

from mcugraph.errors import UsageError
from mcugraph.experiments.engines import Engine, Inline, OnExecutor
from mcugraph.experiments.worker_pool import WorkerPool

_NAMES = ("local", "inline", "dask", "ray")


def find_engine(engine: object, workers: int, memory_limit: int | None = None) -> Engine:
    """An engine, by name, around an executor, or as it is.

    Args:
        engine: ``"local"``, ``"inline"``, ``"dask"``, ``"dask://host:port"``, ``"ray"``,
            ``"ray://host:port"``, an executor, or an engine.
        workers: How many tasks run at once, where the engine is made here.
        memory_limit: Bytes that one worker of ``"local"`` may take.

    Raises:
        UsageError: There is no such engine, or what it needs is not installed.
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
        client = distributed.Client(f"tcp://{address}")
    else:
        client = distributed.Client(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, set_as_default=False
        )
    return OnExecutor(client.get_executor(pure=False), client.close)


def _ray(address: str, workers: int) -> Engine:
    from mcugraph.experiments.on_ray import RayEngine

    return RayEngine(_installed("ray", "ray"), address, workers)


def _installed(module: str, extra: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        raise UsageError(f"engine {extra}: install it with 'mcugraph[{extra}]'") from None
