"""Operators that a quantised ONNX network computes with floats, as its file says it.

Between DequantizeLinear and QuantizeLinear a file has floats. Where kernels of int8 do the work of
what stands between, integers do; where they cannot, because a result in between has no scale, or
weights are floats, or there is no such kernel, it stays floats, and conversions stand around it.
"""

from functools import partial

import numpy as np

from mcugraph.ir import Array, Constant, DType, Graph, Operator, Tensor
from mcugraph.ops.base import Weighted
from mcugraph.ops.elementwise import Convert, Elementwise
from mcugraph.ops.normalization import BatchNorm, Normalization
from mcugraph.ops.reduction import Reduce
from mcugraph.records import replace
from mcugraph.rewrite.common_scales import is_open
from mcugraph.rewrite.floats import islands_of
from mcugraph.rewrite.folding import values_of

# Functions that kernels of int8 compute, or that a deployment makes of such.
_WITH_INTEGERS = frozenset(
    {"add", "sub", "mul", "maximum", "minimum", "relu", "relu6", "relu_n1_to_1", "clip", "abs"}
    | {"leaky_relu", "prelu", "hard_swish", "silu", "sigmoid", "tanh", "softmax", "mean", "sum"}
    | {"identity", "dropout"}
)


def with_float_regions(graph: Graph) -> Graph:
    """A quantised graph, without its subgraphs, where that computes with floats which has to.

    Args:
        graph: All quantised integers of 8 bits are int8, and scales are known as far as they can
            be.
    """
    made, floats = islands_of(graph, _inside(graph))
    if not floats:
        return graph
    tensors = {name: _floats(t) if name in floats else t for name, t in made.tensors.items()}
    return made.replace(tensors=tensors)


def _inside(graph: Graph) -> frozenset[str]:
    """The operators that compute with floats: those that have to, and what floats lie between."""
    found = {op.name for op in graph.operators if _needs_floats(graph, op)}
    count = 0
    while count != len(found):
        count = len(found)
        floats = {
            name
            for operator in graph.operators
            if operator.name in found
            for name in (*operator.inputs, *operator.outputs)
            if name is not None and is_open(graph.tensors[name])
        }
        found |= {
            operator.name
            for operator in graph.operators
            if not floats.isdisjoint((*operator.inputs, *operator.outputs))
        }
    return frozenset(found)


def _needs_floats(graph: Graph, operator: Operator) -> bool:
    op = operator.op
    around = [graph.tensors[n] for n in (*operator.inputs, *operator.outputs) if n is not None]
    integers = [t for t in around if t.dtype is DType.INT8 and not t.is_constant]
    if isinstance(op, Convert) or not any(t.has_scale for t in integers):
        return False
    if any(map(is_open, integers)) or isinstance(op, BatchNorm):
        return True
    if isinstance(op, Elementwise | Normalization | Reduce) and op.function not in _WITH_INTEGERS:
        return True
    operands: tuple[str | None, ...] = ()
    if isinstance(op, Weighted):
        operands = operator.inputs[1:2]
    elif isinstance(op, Elementwise) and op.function != "clip":
        operands = operator.inputs
    return any(n is not None and graph.tensors[n].dtype.is_float for n in operands)


def _floats(tensor: Tensor) -> Tensor:
    """A tensor with floats instead of integers, or in place of what was integers."""
    if tensor.dtype.is_float:
        return tensor
    constant, known = tensor.constant, tensor.quantization
    if constant is not None and known is not None:
        constant = Constant(("floats", constant.key), partial(numbers_of, tensor))
    return replace(tensor, dtype=DType.FLOAT32, quantization=None, constant=constant)


def numbers_of(tensor: Tensor) -> Array:
    """The numbers that a quantised constant stands for."""
    assert tensor.quantization is not None
    return tensor.quantization.real(values_of(tensor)).astype(np.float32)
