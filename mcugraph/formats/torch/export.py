"""Modules to exported programs, and what has to be done to a program before it is read."""

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from mcugraph.errors import FormatError
from mcugraph.formats.torch.devices import beside

_HIGHER_ORDER = ("wrap_with_set_grad_enabled", "wrap_with_autocast", "auto_functionalized")


def export(model: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The program that ``torch.export`` makes of a module at inference.

    The module is put into inference mode for that time, submodule by submodule, and comes back
    as it was. Inputs are taken to its device.

    Raises:
        FormatError: ``torch.export`` rejects the module; the message quotes its reason.
    """
    import torch

    try:
        with inference(model), quiet():
            placed, named = beside(model, (tuple(args), dict(kwargs)))
            return torch.export.export(model, placed, named, strict=False)
    except Exception as error:
        name = type(model).__name__
        raise FormatError(f"{name}: torch.export rejects it: {reason(error)}") from error


def functional(program: Any, where: str) -> Any:
    """The program without side effects, where it has any that matter.

    In-place operators are as good as others unless something else looks at the same memory: a
    view of it, or a buffer that the next inference reads.

    Args:
        program: An exported program.
        where: What it comes from, for the error.

    Raises:
        FormatError: PyTorch cannot do so.
    """
    if not has_effects(program):
        return program
    try:
        with quiet():
            return program.run_decompositions({})
    except Exception as error:
        raise FormatError(
            f"{where}: torch.export cannot remove side effects: {reason(error)}"
        ) from error


def has_effects(program: Any) -> bool:
    """Whether an in-place operator writes what something else reads later under another name."""
    nodes = list(program.graph.nodes)
    place = {node: i for i, node in enumerate(nodes)}
    root: dict[Any, Any] = {}
    aliases: dict[Any, list[Any]] = {}
    for node in nodes:
        if node.op == "call_function" and getattr(node.target, "__name__", "") in _HIGHER_ORDER:
            return True
        source, written = _operand(node, viewed=True), _operand(node, viewed=False)
        root[node] = root.get(source, source) if source is not None else node
        aliases.setdefault(root[node], []).append(node)
        if written is None:
            continue
        base = root.get(written, written)
        if base.op == "placeholder":
            return True
        others = [alias for alias in aliases[base] if alias is not node]
        if any(place[user] > place[node] for alias in others for user in alias.users):
            return True
    return False


@contextmanager
def inference(model: Any) -> Iterator[None]:
    """Inference mode, by flags alone: ``train`` and ``eval`` may be overridden or forbidden."""
    import torch

    modes = [(module, module.training) for module in model.modules()]
    fast = torch.backends.mha.get_fastpath_enabled()
    try:
        # The fast path hides attention and its neighbours in one operator of its own.
        torch.backends.mha.set_fastpath_enabled(False)
        for module, _ in modes:
            module.training = False
        yield
    finally:
        for module, mode in modes:
            module.training = mode
        torch.backends.mha.set_fastpath_enabled(fast)


@contextmanager
def quiet() -> Iterator[None]:
    """Without the warnings and tracebacks that PyTorch writes while it exports."""
    above = logging.getLogger("torch")
    known = [
        entry
        for name, entry in list(logging.root.manager.loggerDict.items())
        if name.startswith("torch.") and isinstance(entry, logging.Logger)
    ]
    level, were = above.level, [entry.disabled for entry in known]
    try:
        above.setLevel(logging.CRITICAL)  # for those that come to be meanwhile
        for entry in known:  # of which there are hundreds, and levels take long to set
            entry.disabled = True
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        above.setLevel(level)
        for entry, was in zip(known, were, strict=True):
            entry.disabled = was


def reason(error: Exception) -> str:
    """The first line of a message that says anything."""
    lines = (line.strip() for line in str(error).splitlines())
    return next((line for line in lines if line), type(error).__name__)


def _operand(node: Any, viewed: bool) -> Any:
    """The argument that an operator returns a view of, or that it writes; None: there is none."""
    schema = getattr(node.target, "_schema", None) if node.op == "call_function" else None
    if schema is None:
        # An entry of several results is what it is taken from.
        taken = node.op == "call_function" and getattr(node.target, "__name__", "") == "getitem"
        return node.args[0] if taken and viewed else None
    for i, argument in enumerate(schema.arguments):
        alias = argument.alias_info
        if alias is not None and (viewed or alias.is_write) and i < len(node.args):
            value = node.args[i]
            return value if hasattr(value, "users") else None
    return None
