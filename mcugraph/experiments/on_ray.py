"""Ray as an engine: each task a remote function, on a share of a GPU if that is asked for."""

import threading
from concurrent.futures import Future, InvalidStateError
from typing import Any

from mcugraph.experiments.engines import Engine, Run, WorkerLost


class RayEngine(Engine):
    """Runs tasks on a Ray cluster.

    Args:
        ray: The module.
        address: Of a cluster that runs (``host:port``); empty: one of this machine.
        workers: How many tasks run at once on one of this machine.
        gpus: Of one task, a part of one if several are to share it.
    """

    def __init__(self, ray: Any, address: str = "", workers: int = 1, gpus: float = 0.0) -> None:
        self._ray, self._own = ray, not ray.is_initialized()
        if self._own and address:
            ray.init(address=f"ray://{address}")
        elif self._own:
            ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False)
        # One retry where a worker is lost, as of the local pool; what raises is not tried again.
        self._call = ray.remote(num_cpus=1, num_gpus=gpus, max_retries=1)(_called)

    def submit(self, run: Run, task: Any) -> "Future[Any]":
        """Hand it to the cluster."""
        future: Future[Any] = Future()
        reference = self._call.remote(run, task)
        threading.Thread(target=self._settle, args=(future, reference), daemon=True).start()
        return future

    def close(self) -> None:
        """Leave the cluster."""
        if self._own:
            self._ray.shutdown()

    def _settle(self, future: "Future[Any]", reference: Any) -> None:
        try:
            try:
                future.set_result(self._ray.get(reference))
            except self._ray.exceptions.WorkerCrashedError as error:
                future.set_exception(WorkerLost(str(error)))
            except Exception as error:
                future.set_exception(error)
        except InvalidStateError:
            pass


def _called(run: Run, task: Any) -> Any:
    return run(task)
