"""Modules and inputs as callers hand them in."""

from collections.abc import Iterator, Mapping
from typing import Any

from mcugraph.errors import UsageError


def plain_module(model: Any, asker: str) -> Any:
    """The module that a public function is given, without what ``torch.compile`` wraps around it.

    Args:
        model: What the caller handed in.
        asker: The public function, for the error.

    Raises:
        UsageError: It is no module, or PyTorch is not installed.
    """
    torch = installed()
    if isinstance(model, torch.nn.Module):
        return getattr(model, "_orig_mod", model)
    raise UsageError(f"{asker} takes a torch.nn.Module, not {_named(model)}{_remedy(model)}")


def inputs_of(
    given: Any, kwargs: Mapping[str, Any] | None
) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
    """The positional inputs of a module as a tuple, and those by keyword.

    Raises:
        UsageError: They are something else: a shape, say.
    """
    torch = installed()
    if kwargs is not None and not isinstance(kwargs, Mapping):
        raise UsageError(f"kwargs are inputs by their names, not {_named(kwargs)}")
    if isinstance(given, torch.Tensor):
        return (given,), kwargs or {}
    if isinstance(given, Mapping):
        raise UsageError("example_inputs are a tuple: give inputs by keyword as kwargs")
    if not isinstance(given, list | tuple) or isinstance(given, torch.Size):
        said = f"torch.zeros{tuple(given)}" if isinstance(given, torch.Size) else "a tensor"
        raise UsageError(
            f"example_inputs are inputs, not {_named(given)}: give {said}, or a tuple of tensors"
        )
    entries = list(_entries((given, kwargs or {})))
    if entries and not any(isinstance(entry, torch.Tensor) for entry in entries):
        sizes = [entry for entry in given if isinstance(entry, int)]
        if len(sizes) == len(given):
            shape = ", ".join(map(str, given))
            said = f"inputs, not a shape: give torch.zeros({shape})"
        else:
            said = f"tensors of PyTorch, not {_named(entries[0])}"
        raise UsageError(f"example_inputs are {said}")
    return tuple(given), kwargs or {}


def installed() -> Any:
    """PyTorch.

    Raises:
        UsageError: It is not installed.
    """
    try:
        import torch
    except ImportError:
        raise UsageError("PyTorch is not installed: pip install 'mcugraph[torch]'") from None
    return torch


def _entries(value: Any) -> Iterator[Any]:
    """What nested inputs hold."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for entry in value:
            yield from _entries(entry)
    else:
        yield value


def _named(value: Any) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__


def _remedy(model: Any) -> str:
    """What to do with what is no module."""
    if isinstance(model, type):
        return "; make an instance of it"
    if isinstance(model, Mapping):
        return "; load the weights into a module with load_state_dict"
    if isinstance(model, str):
        return "; mg.load reads files"
    return ""
