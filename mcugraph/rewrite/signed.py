"""Quantised tensors of uint8 as int8: the integers of TensorFlow Lite's kernels."""

from functools import partial

import numpy as np

from mcugraph.ir import Array, Constant, DType, Graph, Operator, Tensor
from mcugraph.ir.names import Names
from mcugraph.ops.elementwise import Convert
from mcugraph.records import replace

_LESS = 128  # int8 is that much less than the uint8 that stands for the same number


def signed(graph: Graph) -> Graph:
    """The graph, without its subgraphs, with int8 wherever it computes with quantised uint8.

    All integers and zero points are less by 128, so that they stand for the same numbers and
    nothing is rounded. Inputs and outputs of uint8 stay what they are: they are converted.
    """
    turned = _turned(graph)
    if not turned:
        return graph
    names = Names(graph.tensors)
    ends = [n for n in dict.fromkeys((*graph.inputs, *graph.outputs)) if n in turned]
    inner = {name: names.unique(f"{name}/int8") for name in ends}
    tensors: dict[str, Tensor] = {}
    for name, tensor in graph.tensors.items():
        if name in inner or name not in turned:
            tensors[name] = tensor
        if name in turned:
            own = inner.get(name, name)
            tensors[own] = replace(_signed(tensor), name=own)
    own_names = Names([operator.name for operator in graph.operators])

    def conversion(source: str, result: str) -> Operator:
        op = Convert("quantize", tensors[result].dtype)
        return Operator(own_names.unique(f"{result}/quantize"), op, (source,), (result,), "")

    before = [conversion(n, inner[n]) for n in graph.inputs if n in inner]
    after = [conversion(inner[n], n) for n in graph.outputs if n in inner]
    between = [_among(operator, turned, inner) for operator in graph.operators]
    return graph.replace(operators=(*before, *between, *after), tensors=tensors)


def _turned(graph: Graph) -> frozenset[str]:
    """The tensors of uint8 that are quantised, and those that stand among them."""
    found = {
        name
        for name, tensor in graph.tensors.items()
        if tensor.dtype is DType.UINT8 and tensor.quantization is not None
    }
    computing = [op for op in graph.operators if not isinstance(op.op, Convert)]
    count = -1
    while count != len(found):
        count = len(found)
        for operator in computing:
            around = {n for n in (*operator.inputs, *operator.outputs) if n is not None}
            if not around.isdisjoint(found):
                found |= {n for n in around if graph.tensors[n].dtype is DType.UINT8}
    return frozenset(found)


def _signed(tensor: Tensor) -> Tensor:
    known, constant = tensor.quantization, tensor.constant
    return replace(
        tensor,
        dtype=DType.INT8,
        quantization=known and known.shifted(-_LESS),
        constant=constant and Constant(("signed", constant.key), partial(_less, constant)),
    )


def _less(constant: Constant) -> Array:
    return (constant.array().astype(np.int16) - _LESS).astype(np.int8)


def _among(operator: Operator, turned: frozenset[str], inner: dict[str, str]) -> Operator:
    """An operator that reads and writes tensors of int8."""
    op = operator.op
    if isinstance(op, Convert) and turned.intersection(operator.outputs):
        op = replace(op, dtype=DType.INT8)
    return replace(
        operator,
        op=op,
        inputs=tuple(None if n is None else inner.get(n, n) for n in operator.inputs),
        outputs=tuple(inner.get(n, n) for n in operator.outputs),
    )
