"""A module as an ONNX file."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mcugraph.errors import FormatError
from mcugraph.export.exported import Exported, compare
from mcugraph.export.tools import silence, tensors_of
from mcugraph.export.trial import check_onnx, results_of
from mcugraph.files import check, write
from mcugraph.formats.torch.devices import beside, on_host
from mcugraph.formats.torch.export import inference, reason
from mcugraph.formats.torch.given import plain_module
from mcugraph.formats.torch.importer import from_torch

OPSET = 18


def export_onnx(
    model: Any,
    example_inputs: Any,
    path: str | Path,
    kwargs: Mapping[str, Any] | None = None,
    precision: str | None = "int8",
    budgets: Mapping[str, int] | None = None,
) -> Exported:
    """Write a module as an ONNX file of floats, with the shapes of the example.

    PyTorch's exporter writes it: the one on ``torch.export`` where ``onnxscript`` is installed,
    the older one otherwise. Batch norm stays as it is, and parameters keep their names. The file
    is then read back and held against the prediction.

    Args:
        model: A ``torch.nn.Module``; it comes back untouched, in the mode it was in.
        example_inputs: The positional inputs: a tensor, or a tuple of tensors. The file has
            their batch.
        path: The file to write; its folder has to exist. It is written whole or not at all.
        kwargs: The inputs by keyword.
        precision: How the file and the model are counted: ``"int8"``: what they cost once
            quantised. None: as floats.
        budgets: To hold the file against: bytes for ``"peak"``, ``"arena"`` and ``"size"``, a
            count for ``"macs"``.

    Returns:
        The file's profile beside the predicted one.

    Raises:
        UsageError: The file cannot be written there.
        FormatError: PyTorch cannot export the model; the message quotes it. Or, where onnxruntime
            is installed, the file does not load, or computes something else than the module.
            Then none is written.
    """
    import torch

    model = on_host(plain_module(model, "export_onnx"))
    check(path)
    inputs, kwargs = beside(model, (tensors_of(example_inputs), kwargs))
    graph = from_torch(model, inputs, kwargs)
    name = type(model).__name__
    modern = importlib.util.find_spec("onnxscript") is not None
    options: dict[str, Any] = (
        {"dynamo": True, "external_data": False, "optimize": True}
        if modern
        else {
            "dynamo": False,
            # Eval would fold batch norms, and parameters would lose their names.
            "training": torch.onnx.TrainingMode.PRESERVE,
        }
    )
    try:
        with (
            TemporaryDirectory() as folder,
            inference(model),
            silence(),
            torch.no_grad(),
        ):
            made = Path(folder, "model.onnx")
            torch.onnx.export(
                model,
                inputs,
                str(made),
                kwargs=dict(kwargs or {}),
                opset_version=OPSET,
                **options,
            )
            data = made.read_bytes()
    except Exception as error:
        raise FormatError(f"{name}: torch.onnx cannot export it: {reason(error)}") from error
    (wanted,) = results_of(model, [inputs], **dict(kwargs or {}))
    check_onnx(model, data, inputs, kwargs or {}, wanted)
    result = compare(Path(path), data, graph, precision, budgets)
    write(path, data)
    return result
