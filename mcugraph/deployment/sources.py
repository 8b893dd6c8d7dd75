"""What `deploy` is given, as a graph: a file, a graph, or a module of PyTorch."""

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mcugraph.errors import UsageError
from mcugraph.formats.loader import graph_of, load
from mcugraph.ir import Graph
from mcugraph.records import replace


def graph_to_deploy(
    model: str | PathLike[str] | Graph | Any,
    example_inputs: Any = None,
    calibration: Iterable[Any] | None = None,
) -> Graph:
    """The graph of what is given.

    Args:
        model: The path of a model file, a graph, or a ``torch.nn.Module``.
        example_inputs: Of a module, as ``from_torch`` takes them; None: it is none.
        calibration: Of a module that is to compute with 8-bit integers, as ``export_tflite`` takes
            it; None: it computes with floats.

    Raises:
        UsageError: It is none of these, or what only a module takes is given with another.
        FormatError: PyTorch or the converter reject the module.
    """
    if example_inputs is None:
        if calibration is not None:
            raise UsageError("deploy takes calibration with a module and its example_inputs only")
        return graph_of(model, "deploy", ", or a module with example_inputs=...")
    if isinstance(model, str | PathLike | Graph):
        raise UsageError("deploy takes example_inputs with a module only")
    if calibration is None:
        from mcugraph.formats.torch.importer import from_torch

        return from_torch(model, example_inputs)
    return _quantised(model, example_inputs, calibration)


def _quantised(module: Any, example_inputs: Any, calibration: Iterable[Any]) -> Graph:
    """The file of 8-bit integers that a module becomes."""
    from mcugraph.export.to_tflite import export_tflite

    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        export_tflite(module, example_inputs, path, calibration)
        graph = load(path)
    name = type(module).__name__
    return graph.replace(name=name, source=replace(graph.source, path=name))
