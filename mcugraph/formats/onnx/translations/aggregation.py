"""ONNX: pooling, reductions and normalisations."""

from mcugraph.formats.onnx.node import OnnxNode, Translation, Translator
from mcugraph.ir import DType, Op
from mcugraph.ops.base import normal_axis
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.normalization import BatchNorm, Normalization
from mcugraph.ops.pooling import GlobalPool, Pool
from mcugraph.ops.reduction import Cumulate, Reduce, TopK


def _pool(function: str) -> Translator:
    def translate(node: OnnxNode) -> Op:
        window = node.integers("kernel_shape", ())
        rank = len(window)
        return Pool(
            function,
            window=window,
            strides=node.integers("strides", (1,) * rank),
            padding=node.padding(rank),
            dilations=node.integers("dilations", ()),
            ceil=bool(node.integer("ceil_mode", 0)),
            counts_padding=bool(node.integer("count_include_pad", 0)),
            index_dtype=DType.INT64 if len(node.outputs) > 1 else None,
        )

    return translate


def _reduce(function: str) -> Translator:
    def translate(node: OnnxNode) -> Translation:
        axes = node.argument("axes", 1)
        if not axes:
            axes = () if node.integer("noop_with_empty_axes", 0) else None
        return Translation(Reduce(function, axes, bool(node.integer("keepdims", 1))), (0,))

    return translate


def _arg(function: str) -> Translator:
    return lambda node: Reduce(
        function, (node.integer("axis", 0),), bool(node.integer("keepdims", 1)), DType.INT64
    )


def _normalization(function: str, axis: int = -1) -> Translator:
    return lambda node: Normalization(function, (node.integer("axis", axis),))


def _softmax(function: str) -> Translator:
    """Over one axis since opset 13; over all from ``axis`` on, taken together, before."""

    def translate(node: OnnxNode) -> Op:
        if node.opset >= 13:
            return Normalization(function, (node.integer("axis", -1),))
        rank = node.rank()
        first = normal_axis(node.integer("axis", 1), rank) if rank > 1 else 0
        long = tuple(axis for axis in range(first, rank) if node.shape(0)[axis] != 1)
        # Axes of one element change nothing.
        return Normalization(function, long or (rank - 1,))

    return translate


def _layer_norm(function: str) -> Translator:
    def translate(node: OnnxNode) -> Translation:
        rank = node.rank()
        first = node.integer("axis", -1) % rank
        op = Normalization(
            function,
            tuple(range(first, rank)),
            statistics=max(len(node.outputs) - 1, 0),
            epsilon=_epsilon(node),
        )
        return Translation(op, _own(node))

    return translate


def _spatial_norm(function: str) -> Translator:
    def translate(node: OnnxNode) -> Translation:
        op = Normalization(
            function,
            tuple(range(2, node.rank())),
            groups=node.integer("num_groups", 1),
            epsilon=_epsilon(node),
        )
        # By default PyTorch's has no parameters, and tools that fold constants make initialisers
        # of the ones and zeros that stand for them.
        neutral = function == "instance_norm" and node.filled(1, 1.0) and node.filled(2, 0.0)
        return Translation(op, (0,) if neutral else _own(node))

    return translate


def _own(node: OnnxNode) -> tuple[int, ...] | None:
    """The inputs of a norm without factors and terms that the model itself does not have."""
    if not node.wanting(2, 0.0):
        return None
    return (0,) if node.wanting(1, 1.0) else (0, 1)


def _epsilon(node: OnnxNode) -> float:
    return float(node.attributes.get("epsilon", 1e-5))


def _batch_norm(node: OnnxNode) -> Op | Translation:
    if node.opset < 9 and not node.integer("spatial", 1) and node.rank() > 2:
        # Each place of a channel has parameters of its own, so no layer takes them in.
        return Elementwise("batch_norm")
    of_batch = bool(node.integer("training_mode", 0))
    if of_batch and not any(node.tensor(index).is_constant for index in (3, 4)):
        # One that has no statistics: those that it is to go on from are computed of the data.
        axes = (0, *range(2, node.rank()))
        op = Normalization("mean_variance_norm", axes, epsilon=_epsilon(node))
        return Translation(op, _own(node) or (0, 1, 2))
    return BatchNorm(epsilon=_epsilon(node), of_batch=of_batch)


def _top_k(node: OnnxNode) -> Translation:
    (k,) = (node.integer("k", 1),) if "k" in node.attributes else node.known(1)
    return Translation(TopK(k, node.integer("axis", -1)), (0,))


def _cumsum(node: OnnxNode) -> Translation:
    (axis,) = node.known(1)
    return Translation(Cumulate("cumsum", axis), (0,))


_REDUCTIONS = {
    "ReduceL1": "l1", "ReduceL2": "l2", "ReduceLogSum": "log_sum",
    "ReduceLogSumExp": "log_sum_exp", "ReduceMax": "max", "ReduceMean": "mean",
    "ReduceMin": "min", "ReduceProd": "prod", "ReduceSum": "sum", "ReduceSumSquare": "sum_square",
}  # fmt: skip


TRANSLATIONS: dict[str, Translator] = {
    "MaxPool": _pool("max"),
    "AveragePool": _pool("average"),
    "LpPool": _pool("lp"),
    "GlobalMaxPool": lambda node: GlobalPool("max"),
    "GlobalAveragePool": lambda node: GlobalPool("average"),
    "GlobalLpPool": lambda node: GlobalPool("lp"),
    **{name: _reduce(function) for name, function in _REDUCTIONS.items()},
    "ArgMax": _arg("arg_max"),
    "ArgMin": _arg("arg_min"),
    "CumSum": _cumsum,
    "TopK": _top_k,
    "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm("layer_norm"),
    "RMSNormalization": _layer_norm("rms_norm"),
    "GroupNormalization": _spatial_norm("group_norm"),
    "InstanceNormalization": _spatial_norm("instance_norm"),
    "LRN": lambda node: Normalization("lrn", (1,)),
    "LpNormalization": _normalization("lp_norm"),
    "MeanVarianceNormalization": lambda node: Normalization(
        "mean_variance_norm", node.integers("axes", (0, 2, 3))
    ),
    "Softmax": _softmax("softmax"),
    "LogSoftmax": _softmax("log_softmax"),
    "Hardmax": _softmax("hardmax"),
}
