"""Tensors that a program holds: who shares memory, and their values once they are asked for."""

from collections.abc import Callable
from typing import Any

from mcugraph.errors import FormatError
from mcugraph.ir import Array

Value = Callable[[], Any]  # makes a torch.Tensor


def on_host(held: Any, name: str) -> Any:
    """A tensor in memory that numpy can read.

    Raises:
        FormatError: It has no values.
    """
    if held.device.type == "meta":
        raise FormatError(f"{name}: the model is on the meta device, so it has no values")
    return held.detach().cpu()


def to_numpy(value: Value) -> Array:
    """A torch tensor as numpy; types that numpy lacks become float32."""
    tensor = value().detach()
    if str(tensor.dtype) == "torch.bfloat16" or "float8" in str(tensor.dtype):
        tensor = tensor.float()
    array: Array = tensor.numpy()
    return array


def from_numpy(value: Callable[[], Array]) -> Any:
    """A numpy array as a torch tensor."""
    import torch

    return torch.as_tensor(value())


def identity(held: Any) -> Any:
    """Equal for tensors that are the same memory."""
    if held.device.type == "meta" or not held.numel():
        return id(held)
    place = held.untyped_storage().data_ptr(), held.storage_offset()
    return (*place, tuple(held.shape), tuple(held.stride())) if place[0] else id(held)


def is_random(target: Any) -> bool:
    """Whether an operator yields another result each time."""
    return any("nondeterministic_seeded" in str(tag) for tag in getattr(target, "tags", ()))
