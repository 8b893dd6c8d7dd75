"""A graph as TFLM would find it in a file: the file's own record, or one operator for one."""

from dataclasses import replace

from mcugraph.ir import DType, Graph, Kind, Op, Operator, Shape, Tensor
from mcugraph.ir.stored import StoredGraph, StoredModel, StoredOperator, StoredTensor
from mcugraph.ops.opaque import Declared
from mcugraph.tflm import padding

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


# What the converter makes of operators that TFLite does not have, one after the other; each step
# takes the result of the one before and a constant.
_CHAINS = {
    "batch_norm": ("MUL", "ADD"),
    "clip": ("MAXIMUM", "MINIMUM"),
}

_MODELLED = (
    "TFLM's figures are modelled: each operator is one operator of TFLite, batch norm and clip "
    "are two, other padding than SAME and VALID is a PAD"
)


def lowered(graph: Graph) -> tuple[StoredModel | None, tuple[str, ...], tuple[str, ...]]:
    """What TFLM finds in the file, what its operators are of, and what was assumed.

    Returns:
        The model; for each operator of its first subgraph, the operator of the graph that it is
        of; and a sentence for each assumption. The model is None where a tensor's shape is not
        known; the sentence then names it.
    """
    record = graph.source.stored
    if record is not None and record.describes(graph):
        return record.model, tuple(operator.name for operator in graph.operators), ()
    parts = (graph, *graph.subgraphs.values())
    unknown = [t.name for part in parts for t in part.tensors.values() if t.shape is None]
    if unknown:
        return (
            None,
            (),
            (f"TFLM's figures are not known: tensor {unknown[0]!r} has no known shape",),
        )
    indices = {name: i for i, name in enumerate(graph.subgraphs, 1)}
    lowerings = [_Lowering(part, indices) for part in parts]
    model = StoredModel(tuple(lowering.stored() for lowering in lowerings))
    notes = () if graph.source.format == "tflite" else (_MODELLED,)
    return model, tuple(lowerings[0].origins), notes


class _Lowering:
    """One subgraph on its way into a file.

    The named variables of a graph are no tensors of the file; values of the caller that a body
    reads become its inputs.
    """

    def __init__(self, graph: Graph, bodies: dict[str, int]) -> None:
        self.graph, self.bodies = graph, bodies
        kept = [t for t in graph.tensors.values() if not t.name.startswith("variable:")]
        self.tensors = [_tensor(tensor) for tensor in kept]
        self.index = {tensor.name: i for i, tensor in enumerate(kept)}
        self.origins: list[str] = []  # for each operator of the file, that of the graph
        self.outer = [i for i, tensor in enumerate(kept) if tensor.kind is Kind.OUTER]

    def stored(self) -> StoredGraph:
        operators: list[StoredOperator] = []
        for operator in self.graph.operators:
            steps = self._steps(operator)
            operators += steps
            self.origins += [operator.name] * len(steps)
        return StoredGraph(
            tuple(self.tensors),
            tuple(operators),
            (*self._indices(self.graph.inputs), *self.outer),
            self._indices(self.graph.outputs),
        )

    def _indices(self, names: tuple[str, ...]) -> tuple[int, ...]:
        return tuple(self.index[name] for name in names if name in self.index)

    def _add(self, tensor: StoredTensor) -> int:
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def _steps(self, operator: Operator) -> list[StoredOperator]:
        """The operators of TFLite that take the place of one of the graph."""
        inputs = [-1 if n is None else self.index.get(n, -1) for n in operator.inputs]
        outputs = self._indices(operator.outputs)
        exact = self.graph.source.format == "tflite"
        chain = None if exact else _CHAINS.get(operator.op.kind)
        if chain is not None:
            return self._chain(chain, operator.op, inputs, outputs)
        native = operator.native if exact else tflite_name(operator.op)
        steps = []
        padded = None if exact else padding.padded_shape(operator, self.graph)
        if padded is not None:
            steps.append(self._pad(inputs[0], padded, operator.op))
            inputs[0] = steps[0].outputs[0]
        reduces = native in ("MEAN", "SUM") or native.startswith("REDUCE_")
        if reduces and not exact:  # the axes are attributes; TFLite stores them as a tensor
            inputs = [inputs[0], self._add(self._axes(operator))]
        elif native == "TRANSPOSE_CONV":
            data, weights, bias, shape = [*inputs, -1, -1][:4]
            inputs = [shape, weights, data, bias]
        called = tuple(self.bodies[name] for name in operator.op.bodies)
        return [*steps, StoredOperator(native, operator.op, tuple(inputs), outputs, called)]

    def _pad(self, data: int, shape: Shape, op: Op) -> StoredOperator:
        """The operator that pads the data of a convolution or pooling."""
        amounts = self._add(StoredTensor(DType.INT32, (len(shape), 2), constant=True))
        result = self._add(replace(self.tensors[data], shape=shape, constant=False))
        return StoredOperator("PAD", op, (data, amounts), (result,))

    def _chain(
        self, names: tuple[str, ...], op: Op, inputs: list[int], outputs: tuple[int, ...]
    ) -> list[StoredOperator]:
        steps, current = [], inputs[0]
        for i, name in enumerate(names):
            last = i == len(names) - 1
            result = outputs[0] if last else self._add(self.tensors[outputs[0]])
            operand = self._add(replace(self.tensors[outputs[0]], shape=(1,), constant=True))
            steps.append(StoredOperator(name, op, (current, operand), (result,)))
            current = result
        return steps

    def _axes(self, operator: Operator) -> StoredTensor:
        """The axes of a reduction as the constant that a TFLite file would hold."""
        data = self.graph.tensors[operator.inputs[0] or ""]
        rank = len(data.shape or ())
        axes = getattr(operator.op, "axes", None)
        pool = operator.op.kind.startswith("global")
        count = max(rank - 2, 0) if pool else rank if axes is None else len(axes)
        return StoredTensor(DType.INT32, (count,), constant=True)


def _tensor(tensor: Tensor) -> StoredTensor:
    scales, zero_points = _parameters(tensor)
    return StoredTensor(
        tensor.dtype,
        tensor.shape or (),
        constant=tensor.kind is Kind.CONSTANT,
        variable=tensor.kind is Kind.STATE,
        scales=scales,
        zero_points=zero_points,
    )


def _parameters(tensor: Tensor) -> tuple[int, int]:
    """How many scales and zero points a file holds for a tensor.

    int8 tensors that do not say are taken as TFLite's converter quantises: matrices and larger
    weights by channel, everything else as a whole.
    """
    known = tensor.quantization
    if known is not None:
        return known.scales, int(known.nbytes > 4 * known.scales) * known.scales
    if tensor.dtype is not DType.INT8:
        return 0, 0
    by_channel = tensor.is_constant and len(tensor.shape or ()) > 1
    channels = max(tensor.shape or (1,)) if by_channel else 1
    return channels, channels


def tflite_name(op: Op) -> str:
    """What a TFLite file calls an operator; its kind in capitals where it has no such name."""
    kind = op.kind.lower()
    return _NAMES.get(kind, kind if isinstance(op, Declared) else kind.upper())
