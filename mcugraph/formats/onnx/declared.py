"""Shapes that only the model, or ONNX's own shape inference, can tell."""

from typing import Any

from mcugraph.formats.onnx.types import DTYPES
from mcugraph.ir import DType, Shape, TensorType


def declared_types(
    model: Any, graph: Any, inputs: dict[str, Shape]
) -> dict[str, TensorType | None]:
    """The fully known types of tensors by name, for operators without a rule.

    Args:
        model: The whole model.
        graph: The graph of it that is asked about.
        inputs: Shapes of the model's inputs, with dynamic dimensions bound.
    """
    from onnx import ModelProto, shape_inference

    found = _static(graph)
    if graph is not model.graph:
        return found
    bound = ModelProto()
    bound.CopyFrom(model)
    for value in bound.graph.input:
        if value.name in inputs:
            dims = value.type.tensor_type.shape.dim
            for dim, length in zip(dims, inputs[value.name], strict=False):
                dim.dim_value = length
    for value in (*bound.graph.value_info, *bound.graph.output):
        for dim in value.type.tensor_type.shape.dim:
            if dim.WhichOneof("value") == "dim_param":
                dim.Clear()
    try:
        inferred = shape_inference.infer_shapes(bound, data_prop=True)
    except (shape_inference.InferenceError, ValueError, RuntimeError):
        return found  # what the file itself declares still holds
    return {**_static(inferred.graph), **found}


def _static(graph: Any) -> dict[str, TensorType | None]:
    types: dict[str, TensorType | None] = {}
    for value in (*graph.value_info, *graph.output):
        tensor = value.type.tensor_type
        if value.type.WhichOneof("value") != "tensor_type" or not tensor.HasField("shape"):
            continue
        dims = tensor.shape.dim
        if all(dim.HasField("dim_value") for dim in dims):
            dtype = DTYPES.get(tensor.elem_type, DType.UNKNOWN)
            types[value.name] = TensorType(dtype, tuple(dim.dim_value for dim in dims))
    return types
