"""A model run once on its example."""

from collections.abc import Iterable, Mapping
from typing import Any

from mcugraph.formats.torch.devices import beside
from mcugraph.formats.torch.export import inference


def run(model: Any, example_inputs: Any, kwargs: Mapping[str, Any]) -> Any:
    """What a model gives for its example, at inference."""
    import torch

    args = (example_inputs,) if isinstance(example_inputs, torch.Tensor) else tuple(example_inputs)
    with inference(model), torch.no_grad():
        placed, named = beside(model, (args, dict(kwargs)))
        return model(*placed, **named)


def calls_of(
    model: Any, paths: Iterable[str], example_inputs: Any, kwargs: Mapping[str, Any]
) -> dict[str, list[tuple[tuple[Any, ...], dict[str, Any]]]]:
    """What modules are called with in one run of the model on its example.

    Args:
        model: The whole model.
        paths: Of the modules.
        example_inputs: As for ``from_torch``.
        kwargs: As for ``from_torch``.

    Returns:
        Path -> of each call, what is given by position and by name.
    """
    found: dict[str, list[tuple[tuple[Any, ...], dict[str, Any]]]] = {path: [] for path in paths}
    handles = []
    for path, given in found.items():

        def note(module: Any, args: Any, kwargs: Any, given: list[Any] = given) -> None:
            given.append((args, kwargs))

        module = model.get_submodule(path)
        handles.append(module.register_forward_pre_hook(note, with_kwargs=True))
    try:
        run(model, example_inputs, kwargs)
    finally:
        for handle in handles:
            handle.remove()
    return found
