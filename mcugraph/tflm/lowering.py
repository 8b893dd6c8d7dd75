"""A graph as TFLM would find it in a file: the file's own record, or one operator for one."""

from mcugraph.errors import FormatError
from mcugraph.formats.tflite.model import TfliteModel, TfliteOperator, TfliteSubgraph, TfliteTensor
from mcugraph.ir import DType, Graph, Kind, Op, Operator, Role, Tensor
from mcugraph.late_numpy import np
from mcugraph.ops.base import Weighted
from mcugraph.ops.linear import MatMul
from mcugraph.ops.opaque import Declared
from mcugraph.ops.selection import Pad, Slice, Split

# What TFLite calls an operator whose ``kind`` does not say so in capitals already.
_NAMES = {
    "and": "LOGICAL_AND",
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


_CONSTANT, _STATE, _OUTER = Kind.CONSTANT, Kind.STATE, Kind.OUTER
_INT8, _QUANTIZED = DType.INT8, frozenset({DType.INT8, DType.INT32})

MODELLED = "TFLM's figures are modelled: they are those of the TFLite file that the model becomes"


def lowered(graph: Graph, values: bool = False) -> tuple[TfliteModel | None, tuple[str, ...]]:
    """What TFLM finds in the file, an operator for each of the graph's; and what was assumed.

    Args:
        graph: As it is deployed.
        values: The model has the values of constants, too, as far as they are known.

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
    lowerings = [_Lowering(part, indices, values) for part in parts]
    model = TfliteModel(tuple(lowering.stored() for lowering in lowerings))
    notes = () if graph.source.format == "tflite" else (MODELLED,)
    return model, notes


class _Lowering:
    """One subgraph on its way into a file.

    The named variables of a graph are no tensors of the file; values of the caller that a body
    reads become its inputs.
    """

    def __init__(self, graph: Graph, bodies: dict[str, int], values: bool) -> None:
        self.graph, self.bodies = graph, bodies
        self.exact = graph.source.format == "tflite"
        kept = [t for t in graph.tensors.values() if not t.name.startswith("variable:")]
        channels = _channels(graph)
        self.tensors = [_tensor(tensor, channels.get(tensor.name), values) for tensor in kept]
        self.index = {tensor.name: i for i, tensor in enumerate(kept)}
        self.outer = [i for i, tensor in enumerate(kept) if tensor.kind is _OUTER]

    def stored(self) -> TfliteSubgraph:
        return TfliteSubgraph(
            tuple(self.tensors),
            tuple(map(self._operator, self.graph.operators)),
            (*self._indices(self.graph.inputs), *self.outer),
            self._indices(self.graph.outputs),
            self.graph.name,
            self.index,
        )

    def _indices(self, names: tuple[str, ...]) -> tuple[int, ...]:
        return tuple([self.index[name] for name in names if name in self.index])

    def _operator(self, operator: Operator) -> TfliteOperator:
        inputs = [-1 if n is None else self.index.get(n, -1) for n in operator.inputs]
        outputs = self._indices(operator.outputs)
        native = operator.native if self.exact else tflite_name(operator.op)
        if native == "TRANSPOSE_CONV":
            data, weights, bias, shape = [*inputs, -1, -1][:4]
            inputs = [shape, weights, data, bias]
        called = tuple([self.bodies[name] for name in operator.op.bodies])
        return TfliteOperator(native, tuple(inputs), outputs, bodies=called, name=operator.name)


def _channels(graph: Graph) -> dict[str, int]:
    """How many channels the constants have that may have a scale a channel, and do not say."""
    untold = {
        name: tensor
        for name, tensor in graph.tensors.items()
        if tensor.kind is _CONSTANT and tensor.dtype in _QUANTIZED and tensor.quantization is None
    }
    found = {}
    for operator in graph.operators if untold else ():
        for index, name in enumerate(operator.inputs):
            if name in untold:
                channels = _channels_of(operator.op, index, untold[name])
                if channels is not None:
                    found[name] = channels
    return found


def _channels_of(op: Op, index: int, tensor: Tensor) -> int | None:
    """The channels of a constant input; None: it has none of its own."""
    if tensor.dtype is DType.INT32:
        return tensor.elements if op.role(index) is Role.BIAS else None
    shape = tensor.shape or ()
    if isinstance(op, Weighted) and index == op.weights:
        return shape[op.weight_out]
    if isinstance(op, MatMul) and index == 1 and len(shape) > 1:
        return shape[-2 if op.transpose_b else -1]
    return None


def _tensor(tensor: Tensor, channels: int | None, values: bool) -> TfliteTensor:
    scales, zero_points = _parameters(tensor, channels)
    known = tensor.quantization if values else None
    scale_values, zero_values = (
        (None, None) if known is None or not known.is_known else known.values()
    )
    return TfliteTensor(
        tensor.dtype,
        tensor.shape or (),
        tensor.name,
        constant=tensor.kind is _CONSTANT,
        variable=tensor.kind is _STATE,
        scales=scales,
        zero_points=zero_points,
        axis=0 if known is None or known.axis is None else known.axis,
        data=_data(tensor) if values else None,
        scale_values=scale_values,
        zero_point_values=zero_values,
    )


def _data(tensor: Tensor) -> memoryview | None:
    """The bytes of a constant, as a file holds them; None: they are not at hand."""
    kind = tensor.dtype.numpy
    if tensor.constant is None or kind is None:
        return None
    try:
        value = tensor.constant.array()
    except FormatError:
        return None
    return memoryview(np.ascontiguousarray(value, kind.newbyteorder("<")).tobytes())


def _parameters(tensor: Tensor, channels: int | None) -> tuple[int, int]:
    """How many scales and zero points a file holds for a tensor.

    Tensors that do not say are taken as TFLite's converter quantises: weights of 8 bits and the
    biases to them by channel, everything else of 8 bits as a whole.
    """
    known = tensor.quantization
    if known is not None:
        return known.scales, int(known.nbytes > 4 * known.scales) * known.scales
    scales = int(tensor.dtype is _INT8) if channels is None else channels
    return scales, scales


def tflite_name(op: Op) -> str:
    """What a TFLite file calls an operator; its kind in capitals where it has no such name."""
    kind = op.kind.lower()
    known = _NAMES.get(kind)
    if known is not None:
        return known
    if isinstance(op, Pad):
        constant = "PAD" if op.value == 0 else "PADV2"
        return {"constant": constant, "lowest": "PADV2"}.get(op.mode, "MIRROR_PAD")
    if isinstance(op, Split) and op.sizes is not None:
        return "SPLIT_V"
    if isinstance(op, Slice):
        return "STRIDED_SLICE" if any(map(_passes_over, op.index)) else "SLICE"
    return kind if isinstance(op, Declared) else kind.upper()


def _passes_over(item: object) -> bool:
    """Whether an item of a slice is more than a start and a length."""
    return not isinstance(item, slice) or item.step not in (None, 1)
