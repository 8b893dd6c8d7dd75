"""A graph as TFLM would find it in a file: the file's own record, or one operator for one."""

from dataclasses import replace

from mcugraph.formats.tflite.model import TfliteModel, TfliteOperator, TfliteSubgraph, TfliteTensor
from mcugraph.ir import DType, Graph, Kind, Op, Operator, Shape, Tensor
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


def lowered(graph: Graph) -> tuple[TfliteModel | None, tuple[str, ...]]:
    """What TFLM finds in the file, and what was assumed.

    Returns:
        The model, whose operators bear the names of the graph's; and a sentence for each
        assumption. The model is None where a tensor's shape is not known; the sentence then
        names it.
    """
    if isinstance(graph.source.file, TfliteModel):
        return graph.source.file, ()
    parts = (graph, *graph.subgraphs.values())
    unknown = [t.name for part in parts for t in part.tensors.values() if t.shape is None]
    if unknown:
        return None, (f"TFLM's figures are not known: tensor {unknown[0]!r} has no known shape",)
    indices = {name: i for i, name in enumerate(graph.subgraphs, 1)}
    lowerings = [_Lowering(part, indices) for part in parts]
    model = TfliteModel(tuple(lowering.stored() for lowering in lowerings))
    notes = () if graph.source.format == "tflite" else (_MODELLED,)
    return model, notes


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
        self.outer = [i for i, tensor in enumerate(kept) if tensor.kind is Kind.OUTER]

    def stored(self) -> TfliteSubgraph:
        operators: list[TfliteOperator] = []
        for operator in self.graph.operators:
            operators += (replace(step, name=operator.name) for step in self._steps(operator))
        return TfliteSubgraph(
            tuple(self.tensors),
            tuple(operators),
            (*self._indices(self.graph.inputs), *self.outer),
            self._indices(self.graph.outputs),
            self.graph.name,
            self.index,
        )

    def _indices(self, names: tuple[str, ...]) -> tuple[int, ...]:
        return tuple(self.index[name] for name in names if name in self.index)

    def _add(self, tensor: TfliteTensor) -> int:
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def _steps(self, operator: Operator) -> list[TfliteOperator]:
        """The operators of TFLite that take the place of one of the graph."""
        inputs = [-1 if n is None else self.index.get(n, -1) for n in operator.inputs]
        outputs = self._indices(operator.outputs)
        exact = self.graph.source.format == "tflite"
        chain = None if exact else _CHAINS.get(operator.op.kind)
        if chain is not None:
            return self._chain(chain, inputs, outputs)
        native = operator.native if exact else tflite_name(operator.op)
        steps = []
        padded = None if exact else padding.padded_shape(operator, self.graph)
        if padded is not None:
            steps.append(self._pad(inputs[0], padded))
            inputs[0] = steps[0].outputs[0]
        reduces = native in ("MEAN", "SUM") or native.startswith("REDUCE_")
        if reduces and not exact:  # the axes are attributes; TFLite stores them as a tensor
            inputs = [inputs[0], self._add(self._axes(operator))]
        elif native == "TRANSPOSE_CONV":
            data, weights, bias, shape = [*inputs, -1, -1][:4]
            inputs = [shape, weights, data, bias]
        called = tuple(self.bodies[name] for name in operator.op.bodies)
        return [*steps, TfliteOperator(native, tuple(inputs), outputs, bodies=called)]

    def _pad(self, data: int, shape: Shape) -> TfliteOperator:
        """The operator that pads the data of a convolution or pooling."""
        amounts = self._add(TfliteTensor(DType.INT32, (len(shape), 2), constant=True))
        result = self._add(replace(self.tensors[data], shape=shape, constant=False))
        return TfliteOperator("PAD", (data, amounts), (result,))

    def _chain(
        self, names: tuple[str, ...], inputs: list[int], outputs: tuple[int, ...]
    ) -> list[TfliteOperator]:
        steps, current = [], inputs[0]
        for i, name in enumerate(names):
            last = i == len(names) - 1
            result = outputs[0] if last else self._add(self.tensors[outputs[0]])
            operand = self._add(replace(self.tensors[outputs[0]], shape=(1,), constant=True))
            steps.append(TfliteOperator(name, (current, operand), (result,)))
            current = result
        return steps

    def _axes(self, operator: Operator) -> TfliteTensor:
        """The axes of a reduction as the constant that a TFLite file would hold."""
        data = self.graph.tensors[operator.inputs[0] or ""]
        rank = len(data.shape or ())
        axes = getattr(operator.op, "axes", None)
        pool = operator.op.kind.startswith("global")
        count = max(rank - 2, 0) if pool else rank if axes is None else len(axes)
        return TfliteTensor(DType.INT32, (count,), constant=True)


def _tensor(tensor: Tensor) -> TfliteTensor:
    scales, zero_points = _parameters(tensor)
    return TfliteTensor(
        tensor.dtype,
        tensor.shape or (),
        tensor.name,
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
