"""ONNX nodes that hold a constant: Constant and ConstantOfShape."""

from functools import partial
from math import prod

from mcugraph.errors import GraphError
from mcugraph.formats.folded_values import FoldedValues
from mcugraph.formats.onnx.node import OnnxNode
from mcugraph.formats.onnx.scope import Handler, Scope
from mcugraph.formats.onnx.types import DTYPES
from mcugraph.formats.onnx.values import filled
from mcugraph.ir import Array, DType
from mcugraph.late_numpy import np
from mcugraph.ops.opaque import Declared

# Attributes of Constant that are plain numbers or text.
_FIELDS = {
    "value_float": "float32",
    "value_floats": "float32",
    "value_int": "int64",
    "value_ints": "int64",
    "value_string": "bytes",
    "value_strings": "bytes",
}

_TYPES = {"f": DType.FLOAT32, "i": DType.INT64, "S": DType.STRING}


def _constant(scope: Scope, node: OnnxNode) -> None:
    name = node.outputs[0]
    if "value" in node.attributes:
        scope.store(name, node.attributes["value"])
        return
    for key, dtype in _FIELDS.items():
        if key in node.attributes:
            array = np.asarray(node.attributes[key], dtype)
            scope.fold(name, _TYPES[array.dtype.kind], array.shape, array)
            return
    raise GraphError("a constant without a value")


def _constant_of_shape(scope: Scope, node: OnnxNode) -> None:
    value = node.attributes.get("value")
    shape = node.numbers(0)
    if shape is None:
        scope.finish(Declared("fill"), node, (node.tensor(0).name,), None)
        return
    dims = tuple(map(int, shape))
    dtype = DType.FLOAT32 if value is None else DTYPES[value.data_type]
    one = _zero if value is None else partial(scope.model.weights.value, value)
    compute, nbytes = partial(filled, dims, one), dtype.nbytes(prod(dims))
    (value,) = FoldedValues(scope.model.folding, nbytes, compute, ()).each(1)
    scope.fold(node.outputs[0], dtype, dims, value)


def _zero() -> Array:
    return np.zeros(1, np.float32)


HANDLERS: dict[str, Handler] = {
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
}
