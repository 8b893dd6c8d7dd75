"""What an ONNX model says of tensors that are computed."""

from collections.abc import Sequence
from typing import Any

from mcugraph.formats.agreement import check_agreement
from mcugraph.formats.onnx.values import declared_dims, full_type
from mcugraph.ir import DType, TensorType


class Declarations:
    """What is declared of the tensors of one graph.

    Args:
        graph: The graph.
    """

    def __init__(self, graph: Any) -> None:
        self._stated = {value.name: value for value in (*graph.value_info[:], *graph.output[:])}

    def type(self, name: str) -> TensorType | None:
        """The type of a tensor, where it is declared in full."""
        value = self._stated.get(name)
        return None if value is None else full_type(value.type)

    def dtype(self, name: str) -> DType:
        """The element type that is declared for a tensor, at least."""
        value = self._stated.get(name)
        return DType.UNKNOWN if value is None else declared_dims(value.type)[0]

    def agree(self, names: Sequence[str], results: Sequence[TensorType]) -> None:
        """Hold what a rule makes against what the file declares.

        Writers that leave a shape open may leave all its dimensions out, as of a scalar.

        Raises:
            GraphError: They contradict each other.
        """
        for name, made in zip(names, results, strict=False):
            value = self._stated.get(name)
            if value is None:
                continue
            dims = value.type.tensor_type.shape.dim[:]
            if dims and [dim.dim_value for dim in dims] != [*made.shape]:
                check_agreement(name, made.shape, declared_dims(value.type)[1] or ())
