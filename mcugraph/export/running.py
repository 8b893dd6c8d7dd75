"""Exported files run on samples as the module takes them, by LiteRT and by TFLM."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from mcugraph.errors import FormatError
from mcugraph.export.tensor_names import end_names
from mcugraph.export.tools import as_stored
from mcugraph.export.trial import run_file
from mcugraph.formats.tflite.tables import read_model
from mcugraph.ir import Array
from mcugraph.own_process import NoAnswer, answer
from mcugraph.records import dataclass

_SECONDS = 600


@dataclass(frozen=True, slots=True)
class TflmRun:
    """What TensorFlow Lite Micro made of a file, on this machine.

    Attributes:
        head: Bytes of the arena's head, the same on a device.
        tail: Bytes of the arena's tail: on this machine, whose pointers may be wider.
        results: For each sample the module's results, as floats in its layout.
    """

    head: int
    tail: int
    results: list[list[Array]]


def has_tflm() -> bool:
    """Whether TFLM's Python package is installed."""
    return find_spec("tflite_micro") is not None


def run_litert(path: Path, samples: Sequence[tuple[Any, ...]]) -> list[list[Array]]:
    """What LiteRT makes of samples with a file that ``export_tflite`` wrote, channels last.

    Args:
        path: The file.
        samples: Each a tensor for each input of the module, in its layout and with the batch that
            was exported.

    Returns:
        For each sample the module's results, as floats in its layout.

    Raises:
        FormatError: LiteRT does not run the file.
        UsageError: It is not installed.
    """
    data = path.read_bytes()
    ranks = _ranks(data)
    laid = [tuple(map(_laid, sample, ranks)) for sample in samples]
    found = run_file(str(path), data, laid)
    return [list(map(_channels_first, results)) for results in found]


def run_tflm(path: Path, samples: Sequence[tuple[Any, ...]]) -> TflmRun:
    """What TFLM makes of them, in a process of its own: some files crash it.

    Args:
        path: As for ``run_litert``.
        samples: As for ``run_litert``; at least one.

    Raises:
        FormatError: TFLM does not run the file.
    """
    data = path.read_bytes()
    model, ranks = read_model(data), _ranks(data)
    main = model.subgraphs[0]
    takes, gives = ([main.tensors[i].name for i in ends] for ends in (main.inputs, main.outputs))
    with TemporaryDirectory() as folder:
        columns = zip(*samples, strict=True)
        for name, rank, column in zip(end_names("input", len(takes)), ranks, columns, strict=True):
            values = [_laid(value, rank).numpy() for value in column]
            np.save(Path(folder, f"{name}.npy"), np.stack(values))
        job = {"path": str(path), "folder": folder, "takes": takes, "gives": gives}
        try:
            figures = answer("mcugraph.export.tflm_process", job, _SECONDS)
        except NoAnswer as why:
            raise FormatError(
                f"{path}: TensorFlow Lite Micro does not run the file: {why}"
            ) from None
        made = [np.load(Path(folder, f"{name}.npy")) for name in end_names("output", len(gives))]
    results = [list(map(_channels_first, row)) for row in zip(*made, strict=True)]
    return TflmRun(figures["head"], figures["tail"], results)


def _ranks(data: bytes) -> list[int]:
    """How many axes each input of a file has, in the order of their numbered names."""
    main = read_model(data).subgraphs[0]
    tensors = [main.tensors[index] for index in main.inputs]
    tensors.sort(key=lambda tensor: (len(tensor.name), tensor.name))
    return [len(tensor.shape) for tensor in tensors]


def _laid(tensor: Any, rank: int) -> Any:
    return as_stored(tensor.detach().cpu(), rank)


def _channels_first(result: Array) -> Array:
    return result.transpose(0, 3, 1, 2) if result.ndim == 4 else result
