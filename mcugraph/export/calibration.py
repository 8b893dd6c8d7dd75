"""Samples for calibration, out of what a data loader gives."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from mcugraph.errors import UsageError

# How much of a range stays when a further sample is measured: what ai-edge-quantizer does.
_SMOOTHING = 0.95


def samples_of(calibration: Iterable[Any], examples: tuple[Any, ...], limit: int) -> list[Any]:
    """The first samples of a loader, one tuple of tensors each, shaped like the examples.

    Args:
        calibration: Batches: a tensor, or a tuple or list that starts with one tensor for each
            input (labels may follow). The first axis of a tensor is the batch; samples without
            that axis, as a dataset gives them, will do too.
        examples: The inputs of the model, with the batch that is deployed.
        limit: How many samples to take at most.

    Raises:
        UsageError: There are no samples, or they do not have the shape of the examples, or are
            not finite numbers.
    """
    if limit < 1:
        raise UsageError(f"samples has to be 1 or more, not {limit}")
    try:
        # A dataset has no method for it, but can be iterated all the same.
        batches = None if isinstance(calibration, str | Mapping) else iter(calibration)
    except TypeError:
        batches = None
    if batches is None:
        raise UsageError(f"calibration is an iterable of batches, not {type(calibration).__name__}")
    found = list(islice(_samples(batches, examples), limit))
    if not found:
        raise UsageError("calibration is empty; int8 ranges are measured on samples of the data")
    return found


def _samples(batches: Iterable[Any], examples: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for number, batch in enumerate(batches):
        tensors = _tensors(batch, len(examples), number)
        parts = [
            _split(tensor, example, number, index)
            for index, (tensor, example) in enumerate(zip(tensors, examples, strict=True))
        ]
        if len({len(part) for part in parts}) > 1:
            raise UsageError(f"calibration batch {number}: its inputs differ in their batch")
        yield from zip(*parts, strict=True)


def _tensors(batch: Any, count: int, number: int) -> list[Any]:
    import torch

    given = list(batch) if isinstance(batch, tuple | list) else [batch]
    taken = given[:count]
    if len(taken) < count or not all(isinstance(entry, torch.Tensor) for entry in taken):
        kinds = ", ".join(type(entry).__name__ for entry in given)
        raise UsageError(
            f"calibration batch {number} holds {kinds}; expected to start with"
            f" {count} {'tensor' if count == 1 else 'tensors'}, the inputs of the model"
        )
    return taken


def _split(tensor: Any, example: Any, number: int, index: int) -> list[Any]:
    """The parts of a batch with as many samples as the example has; a smaller rest is left."""
    import torch

    wanted = tuple(example.shape)
    if tuple(tensor.shape) == wanted[1:]:
        tensor = tensor.unsqueeze(0)
    if tensor.dim() != len(wanted) or tuple(tensor.shape[1:]) != wanted[1:]:
        raise UsageError(
            f"calibration batch {number}: input {index} has shape {tuple(tensor.shape)},"
            f" expected (batch, {', '.join(map(str, wanted[1:]))})"
        )
    tensor = tensor.detach().to("cpu", example.dtype)
    if tensor.is_floating_point() and not torch.isfinite(tensor).all():
        raise UsageError(f"calibration batch {number}: input {index} holds a NaN or an infinity")
    size = wanted[0]
    return [tensor[i : i + size] for i in range(0, len(tensor) - size + 1, size)]


def smoothed(before: tuple[float, float] | None, found: tuple[float, float]) -> tuple[float, float]:
    """The range, (least, largest), of a tensor after one more sample; ``before``: None at first."""
    if before is None:
        return found
    low, high = (_SMOOTHING * a + (1 - _SMOOTHING) * b for a, b in zip(before, found, strict=True))
    return low, high


def widest(before: tuple[float, float] | None, found: tuple[float, float]) -> tuple[float, float]:
    """The same of all samples, none of which is cut off."""
    if before is None:
        return found
    return min(before[0], found[0]), max(before[1], found[1])


Range = tuple[float, float]
Joined = Callable[[Range | None, Range], Range]
RANGES: Mapping[str, Joined] = {"smoothed": smoothed, "whole": widest}


def joined_by(ranges: object) -> Joined:
    """How the ranges of samples are joined, by name.

    Raises:
        UsageError: There is no such way.
    """
    if not isinstance(ranges, str) or ranges not in RANGES:
        raise UsageError(f"unknown ranges {ranges!r}; expected {' or '.join(RANGES)}")
    return RANGES[ranges]
