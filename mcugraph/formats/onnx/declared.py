"""What an ONNX model, or ONNX's own shape inference, says of tensors that are computed."""

from collections.abc import Callable, Sequence
from typing import Any

from mcugraph.formats.agreement import check_agreement
from mcugraph.formats.onnx.types import DTYPES
from mcugraph.formats.onnx.values import declared_dims
from mcugraph.ir import DType, Shape, TensorType


class Declarations:
    """What is declared of the tensors of one graph.

    Args:
        model: The whole model.
        graph: The graph of it that is asked about.
        inputs: Gives the shapes of the model's inputs, with dynamic dimensions bound.
    """

    def __init__(self, model: Any, graph: Any, inputs: Callable[[], dict[str, Shape]]) -> None:
        self._model, self._graph, self._inputs = model, graph, inputs
        stated = (*graph.value_info, *graph.output)
        self._stated = {value.name: declared_dims(value.type)[:2] for value in stated}
        self._types: dict[str, TensorType | None] | None = None

    def type(self, name: str) -> TensorType | None:
        """What the model itself says of a tensor, or ONNX's own shape inference."""
        if self._types is None:
            self._types = _declared_types(self._model, self._graph, self._inputs())
        return self._types.get(name)

    def dtype(self, name: str) -> DType:
        """The element type that the model declares for a tensor, at least."""
        return self._stated.get(name, (DType.UNKNOWN, None))[0]

    def agree(self, names: Sequence[str], results: Sequence[TensorType]) -> None:
        """Hold what a rule makes against what the file declares.

        Writers that leave a shape open may leave all its dimensions out, as of a scalar.

        Raises:
            GraphError: They contradict each other.
        """
        for name, kind in zip(names, results, strict=False):
            declared = self._stated.get(name, (DType.UNKNOWN, None))[1]
            if declared:
                check_agreement(name, kind.shape, declared)


def _declared_types(
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
