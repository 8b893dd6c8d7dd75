"""What ONNX's own shape inference says of the results of an operator that has no rule here.

It runs in C++, where nobody can stop it, and it is not to be trusted to end: over a whole model,
values that grow with each operator and bodies in bodies make it take all time and memory there is.
So it is asked about one operator at a time, alone in a model, with the types of its inputs and the
values of small ones; never about one that holds graphs. That bounds what it does.
"""

from collections.abc import Mapping
from typing import Any

from mcugraph.errors import GraphError
from mcugraph.formats.onnx.functions import graphs_of
from mcugraph.formats.onnx.node import OnnxNode
from mcugraph.formats.onnx.types import DTYPES
from mcugraph.formats.onnx.values import full_type
from mcugraph.ir import Array, TensorType

# The domains whose operators it knows.
_KNOWN = ("", "ai.onnx", "ai.onnx.ml", "ai.onnx.preview.training")
_NUMBERS = {dtype: number for number, dtype in reversed(DTYPES.items())}
_IR = 8  # of the file format; since 4 constants need not be inputs


class Inference:
    """What can be told of the tensors of one graph.

    Args:
        opsets: Domain -> version.
    """

    def __init__(self, opsets: Mapping[str, int]) -> None:
        self._opsets = opsets
        self._partly: dict[str, Any] = {}  # TypeProtos that leave something open

    def results(
        self, node: OnnxNode, types: Mapping[str, TensorType], values: Mapping[str, Array]
    ) -> list[TensorType | None]:
        """Types of the results of one operator; None for each that cannot be told.

        Args:
            node: The operator.
            types: Of its inputs, as far as they are known.
            values: Of those inputs that are constants, as far as they are wanted.

        Raises:
            GraphError: What else it holds is damaged.
        """
        unknown: list[TensorType | None] = [None] * len(node.outputs)
        if node.domain not in _KNOWN or graphs_of(node.proto):
            return unknown
        from google.protobuf.message import DecodeError
        from onnx import ModelProto, NodeProto, numpy_helper, shape_inference

        try:
            operator = NodeProto.FromString(node.proto.SerializeToString())
        except DecodeError:  # of what nobody here reads
            raise GraphError("its metadata are damaged; copy the file again") from None
        operator.domain = _own(node.domain)
        model = ModelProto(ir_version=_IR)
        for domain, version in self._opsets.items():
            model.opset_import.add(domain=_own(domain), version=version)
        graph = model.graph
        graph.node.append(operator)
        for name in dict.fromkeys(filter(None, node.reads)):
            if name in values:
                graph.initializer.append(numpy_helper.from_array(values[name], name))
            elif name in types:
                tensor = graph.input.add(name=name).type.tensor_type
                tensor.elem_type = _NUMBERS[types[name].dtype]
                tensor.shape.SetInParent()
                for length in types[name].shape:
                    tensor.shape.dim.add(dim_value=length)
            elif name in self._partly:
                graph.input.add(name=name).type.CopyFrom(self._partly[name])
        for name in node.outputs:
            graph.output.add(name=name)
        try:
            found = shape_inference.infer_shapes(model).graph.output
        except (shape_inference.InferenceError, ValueError, RuntimeError):
            return unknown
        self._partly.update((value.name, value.type) for value in found)
        return [full_type(value.type) for value in found]


def _own(domain: str) -> str:
    """A domain as ONNX looks it up: its own one has no name."""
    return "" if domain == "ai.onnx" else domain
