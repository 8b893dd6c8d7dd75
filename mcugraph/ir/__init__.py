"""The graph that every front-end builds and everything else reads."""

from mcugraph.ir.arrays import Array, Shape
from mcugraph.ir.dtype import DType
from mcugraph.ir.graph import Graph, Source
from mcugraph.ir.operator import Abstract, Dim, Dims, Op, Operator, Role, Signature
from mcugraph.ir.quantization import Quantization
from mcugraph.ir.tensor import Constant, Derivation, Kind, Tensor, TensorType
from mcugraph.ir.text import to_text, type_text
from mcugraph.ir.verify import verify

__all__ = [
    "Abstract",
    "Array",
    "Constant",
    "DType",
    "Derivation",
    "Dim",
    "Dims",
    "Graph",
    "Kind",
    "Op",
    "Operator",
    "Quantization",
    "Role",
    "Shape",
    "Signature",
    "Source",
    "Tensor",
    "TensorType",
    "to_text",
    "type_text",
    "verify",
]
