"""What the exporters share: tools kept quiet, and example inputs."""

import logging
import operator
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from importlib import import_module
from io import StringIO
from typing import Any

from mcugraph.errors import UsageError
from mcugraph.formats.torch.export import quiet
from mcugraph.formats.torch.given import inputs_of

# Layers of a traced program, by the axis of their weights that is their outputs.
_WEIGHT_AXES = {
    **dict.fromkeys(("conv1d", "conv2d", "linear"), 0),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d"), 1),
}


def tool(name: str) -> Any:
    """A module of the ``export`` extra.

    Raises:
        UsageError: It is not installed, or does not load.
    """
    try:
        return import_module(name)
    except ImportError as error:
        missing = error.name or name
        raise UsageError(
            f"{missing.partition('.')[0]} is not installed: pip install 'mcugraph[export]'"
        ) from None


@contextmanager
def silence() -> Iterator[None]:
    """Without what converters print: progress, warnings, and the logs of their C++ parts.

    The C++ parts write to the file descriptors of standard output and error, so these point
    nowhere for that time, for all threads of the process.
    """
    before = logging.root.manager.disable
    with ExitStack() as stack:
        stack.enter_context(quiet())
        stack.enter_context(redirect_stdout(StringIO()))
        stack.enter_context(redirect_stderr(StringIO()))
        nowhere = os.open(os.devnull, os.O_WRONLY)
        stack.callback(os.close, nowhere)
        for number, stream in ((1, sys.__stdout__), (2, sys.__stderr__)):
            with suppress(OSError, ValueError, AttributeError):
                if stream is not None:
                    stream.flush()
                kept = os.dup(number)
                stack.callback(os.close, kept)
                stack.callback(os.dup2, kept, number)
                os.dup2(nowhere, number)
        logging.disable(logging.CRITICAL)
        stack.callback(logging.disable, before)
        yield


def tensors_of(example_inputs: Any) -> tuple[Any, ...]:
    """The example's inputs as a tuple of tensors.

    Raises:
        UsageError: An input is no tensor.
    """
    import torch

    given, _ = inputs_of(example_inputs, None)
    for index, value in enumerate(given):
        if not isinstance(value, torch.Tensor):
            raise UsageError(
                f"example_inputs[{index}] is a {type(value).__name__}; an export takes tensors"
            )
    return given


def one_sample(example_inputs: Any) -> tuple[Any, ...]:
    """The example's inputs with a batch of one: a device runs one sample at a time.

    The first axis is taken for a batch where all inputs share its length.

    Raises:
        UsageError: An input is no tensor, or there is none.
    """
    given = tensors_of(example_inputs)
    if not given:
        raise UsageError("example_inputs are empty; an export needs one tensor for each input")
    batches = {value.shape[0] if value.dim() else 1 for value in given}
    if len(batches) > 1 or batches == {1}:
        return given
    return tuple(value[:1] for value in given)


def as_stored(tensor: Any, rank: int) -> Any:
    """An input of the module as a file has it whose own has so many axes.

    Images have their channels last; series are images of one row.
    """
    if tensor.dim() == 3 and rank == 4:
        tensor = tensor.unsqueeze(2)
    return tensor.permute(0, 2, 3, 1).contiguous() if tensor.dim() == 4 else tensor


def weight_axis(node: Any) -> int | None:
    """The axis of a layer's weights that is its outputs: one scale for each; None: no layer."""
    name = called(node)
    if name == "convolution":
        return int(bool(node.args[6]))
    return _WEIGHT_AXES.get(name)


def called(node: Any) -> str:
    """The name of the operator that a node of a traced program calls; empty: it calls none."""
    packet = getattr(getattr(node, "target", None), "overloadpacket", None)
    return getattr(packet, "__name__", "") if node.op == "call_function" else ""


def arguments_of(node: Any) -> dict[str, Any]:
    """All arguments of a call, those that it leaves out too."""
    return {
        entry.name: entry.default_value if index >= len(node.args) else node.args[index]
        for index, entry in enumerate(node.target._schema.arguments)
    } | dict(node.kwargs)


def computed(
    graph: Any, target: Any, *args: Any, like: Any, made: Any = None, **kwargs: Any
) -> Any:
    """A new node that bears the module path of another, for the names in the file.

    What it makes is known, as of nodes that ``torch.export`` gave: by a run of it without values,
    unless ``made`` says.
    """
    from torch.fx.node import map_arg

    node = graph.call_function(target, args, kwargs)
    node.meta = {k: v for k, v in like.meta.items() if k in ("nn_module_stack", "stack_trace")}
    if made is not None:
        node.meta["val"] = made
        return node
    with quiet():
        values, named = map_arg((args, kwargs), lambda given: _shaped(given.meta["val"]))
        node.meta["val"] = target(*values, **named)
    return node


def _shaped(value: Any) -> Any:
    """A tensor of a shape and a type, and nothing else."""
    import torch

    return torch.empty(value.shape, dtype=value.dtype, device="meta")


def value_of(module: Any, node: Any) -> Any:
    """The tensor that a node of a ``torch.fx.GraphModule`` gets from it."""
    return operator.attrgetter(node.target)(module).detach()


def stored(module: Any, before: Any, name: str, value: Any, like: Any) -> Any:
    """A new constant of a ``torch.fx.GraphModule``, before a node, with the names of another."""
    module.register_buffer(name, value.detach())
    with module.graph.inserting_before(before):
        node = module.graph.get_attr(name)
    node.meta = {"val": value} | {
        k: v for k, v in like.meta.items() if k in ("nn_module_stack", "stack_trace")
    }
    return node
