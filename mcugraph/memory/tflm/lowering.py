"""A graph as TFLM would find it in a file: the file's own record, or one operator for one."""

from mcugraph.ir import Graph, Kind, Operator, Tensor
from mcugraph.ir.stored import StoredGraph, StoredModel, StoredOperator, StoredTensor
from mcugraph.memory.tflm.kernels import RULES

# What TFLite calls an operator whose ``kind`` does not say so in capitals already.
_NAMES = {
    "and": "LOGICAL_AND",
    "argmax": "ARG_MAX",
    "argmin": "ARG_MIN",
    "average_pool1d": "AVERAGE_POOL_2D",
    "average_pool2d": "AVERAGE_POOL_2D",
    "batch_to_space": "BATCH_TO_SPACE_ND",
    "concat": "CONCATENATION",
    "conv1d": "CONV_2D",
    "conv2d": "CONV_2D",
    "conv_transpose1d": "TRANSPOSE_CONV",
    "conv_transpose2d": "TRANSPOSE_CONV",
    "dense": "FULLY_CONNECTED",
    "depthwise_conv1d": "DEPTHWISE_CONV_2D",
    "depthwise_conv2d": "DEPTHWISE_CONV_2D",
    "expand": "BROADCAST_TO",
    "flatten": "RESHAPE",
    "global_average_pool": "MEAN",
    "global_max_pool": "REDUCE_MAX",
    "l2_norm": "L2_NORMALIZATION",
    "loop": "WHILE",
    "lp_pool2d": "L2_POOL_2D",
    "lstm": "UNIDIRECTIONAL_SEQUENCE_LSTM",
    "matmul": "BATCH_MATMUL",
    "max_pool1d": "MAX_POOL_2D",
    "max_pool2d": "MAX_POOL_2D",
    "not": "LOGICAL_NOT",
    "or": "LOGICAL_OR",
    "reduce_mean": "MEAN",
    "reduce_sum": "SUM",
    "resize_linear": "RESIZE_BILINEAR",
    "resize_nearest": "RESIZE_NEAREST_NEIGHBOR",
    "reverse": "REVERSE_V2",
    "select": "SELECT_V2",
    "sigmoid": "LOGISTIC",
    "space_to_batch": "SPACE_TO_BATCH_ND",
    "stack": "PACK",
    "unsqueeze": "EXPAND_DIMS",
    "unstack": "UNPACK",
}


def stored_model(graph: Graph) -> tuple[StoredModel | None, tuple[str, ...]]:
    """What TFLM finds in the file, and what was assumed, one sentence each.

    None where a tensor's shape is not known; the sentence then names it.
    """
    record = graph.source.stored
    if record is not None and record.describes(graph):
        return record.model, ()
    parts = [graph, *(part for part in graph.subgraphs.values())]
    unknown = [
        tensor.name
        for part in parts
        for tensor in part.tensors.values()
        if tensor.shape is None and tensor.kind is not Kind.OUTER
    ]
    if unknown:
        return None, (f"TFLM's figures are not known: tensor {unknown[0]!r} has no known shape",)
    indices = {name: i for i, name in enumerate(graph.subgraphs, 1)}
    model = StoredModel(tuple(_lower(part, indices) for part in parts))
    if graph.source.format == "tflite":
        return model, ()
    return model, ("TFLM's figures take each operator as one operator of TFLite",)


def _lower(graph: Graph, bodies: dict[str, int]) -> StoredGraph:
    """One subgraph, without the values that belong to its caller and named resources."""
    kept = [
        tensor
        for tensor in graph.tensors.values()
        if tensor.kind is not Kind.OUTER and not tensor.name.startswith("variable:")
    ]
    tensors = [_tensor(tensor) for tensor in kept]
    index = {tensor.name: i for i, tensor in enumerate(kept)}
    operators = []
    for operator in graph.operators:
        native = tflite_name(operator, graph.source.format)
        inputs = [-1 if name is None else index.get(name, -1) for name in operator.inputs]
        if native in ("MEAN", "SUM") or native.startswith("REDUCE_"):
            # The axes are attributes in other formats; TFLite stores them as a tensor.
            if len(inputs) < 2 or inputs[1] < 0:
                tensors.append(_axes(operator, graph))
                inputs = [inputs[0], len(tensors) - 1]
        elif native == "TRANSPOSE_CONV":
            data, weights, bias, *shape = [*inputs, -1, -1][: max(len(inputs), 3)]
            inputs = [next(iter(shape), -1), weights, data, bias]
        outputs = [index[name] for name in operator.outputs if name in index]
        called = tuple(bodies[name] for name in operator.op.bodies)
        operators.append(StoredOperator(native, operator.op, tuple(inputs), tuple(outputs), called))
    return StoredGraph(
        tuple(tensors),
        tuple(operators),
        tuple(index[name] for name in graph.inputs if name in index),
        tuple(index[name] for name in graph.outputs if name in index),
    )


def _tensor(tensor: Tensor) -> StoredTensor:
    scales = zero_points = 0
    if tensor.quantization is not None:
        scales = tensor.quantization.scales
        zero_points = int(tensor.quantization.nbytes > 4 * scales) * scales
    return StoredTensor(
        tensor.dtype,
        tensor.shape or (),
        constant=tensor.kind is Kind.CONSTANT,
        variable=tensor.kind is Kind.STATE,
        scales=scales,
        zero_points=zero_points,
    )


def _axes(operator: Operator, graph: Graph) -> StoredTensor:
    """The axes of a reduction as the constant that a TFLite file would hold."""
    from mcugraph.ir import DType

    data = graph.tensors[operator.inputs[0] or ""]
    rank = len(data.shape or ())
    axes = getattr(operator.op, "axes", None)
    global_pool = operator.op.kind.startswith("global")
    count = max(rank - 2, 0) if global_pool else rank if axes is None else len(axes)
    return StoredTensor(DType.INT32, (count,), constant=True)


def tflite_name(operator: Operator, source: str) -> str:
    """What a TFLite file calls an operator; the kind in capitals where there is no such name."""
    if source == "tflite":
        return operator.native
    kind = operator.op.kind
    name = _NAMES.get(kind, kind.upper())
    return name if name in RULES or kind in _NAMES else kind.upper()
