"""Where modules and their inputs lie: examples say shapes, and may be given anywhere."""

import copy
from typing import Any

from mcugraph.errors import UsageError


def beside(model: Any, given: Any) -> Any:
    """Inputs with their tensors moved to the device of a module; one of several devices: as given.

    Args:
        model: A ``torch.nn.Module``.
        given: Tensors, and containers of them.
    """
    import torch

    devices = _devices(model)
    if len(devices) != 1:
        return given
    (device,) = devices

    def moved(value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        if value.is_meta:  # it has no values to take along
            return torch.zeros_like(value, device=device)
        return value.to(device)

    return torch.utils._pytree.tree_map(moved, given)


def on_host(model: Any) -> Any:
    """A module whose tensors the CPU can reach: itself, or a copy of it."""
    import torch

    host = torch.device("cpu")
    return model if _devices(model) <= {host} else copy.deepcopy(model).to(host)


def checked_device(given: object, what: str = "device") -> Any:
    """A ``torch.device`` that there is.

    Args:
        given: What ``torch.device`` takes.
        what: What it is called in the error.

    Raises:
        UsageError: There is none.
    """
    import torch

    try:
        device = torch.device(given)  # type: ignore[call-overload]
        torch.empty(1, device=device).cpu()
    # What PyTorch raises depends on the device and on how it was built.
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        raise UsageError(f"{what} {given!r}: {' '.join(str(error).split())}") from None
    return device


def _devices(model: Any) -> set[Any]:
    return {held.device for tensors in (model.parameters(), model.buffers()) for held in tensors}
