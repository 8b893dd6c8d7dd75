"""TFLite: pooling, reductions and normalisations."""

from collections.abc import Callable

from mcugraph.formats.tflite.node import PADDINGS, TfliteNode, Translator, activation
from mcugraph.ir import Op
from mcugraph.ops.normalization import Normalization
from mcugraph.ops.pooling import Pool
from mcugraph.ops.reduction import Cumulate, Reduce, TopK


def _normalization(function: str) -> Callable[[TfliteNode], Op]:
    return lambda node: Normalization(function)


def _softmax(node: TfliteNode) -> Op:
    return Normalization("softmax", beta=float(node.options("Softmax").beta))


def _pool(function: str) -> Callable[[TfliteNode], Op]:
    def translate(node: TfliteNode) -> Op:
        o = node.window("Pool2D")
        return Pool(
            function,
            window=(o.filter_height, o.filter_width),
            strides=(o.stride_h, o.stride_w),
            padding=PADDINGS[o.padding],
            channel_axis=-1,
            activation=activation(o),
        )

    return translate


def _reduce(function: str) -> Callable[[TfliteNode], Op]:
    def translate(node: TfliteNode) -> Op:
        keep = bool(node.options("Reducer").keep_dims)
        return Reduce(function, node.constant(1), keep)

    return translate


def _arg(function: str) -> Callable[[TfliteNode], Op]:
    return lambda node: Reduce(function, node.constant(1), dtype=node.outputs[0].dtype)


TRANSLATIONS: dict[str, Translator] = {
    "AVERAGE_POOL_2D": _pool("average"),
    "MAX_POOL_2D": _pool("max"),
    "L2_POOL_2D": _pool("lp"),
    "MEAN": _reduce("mean"),
    "SUM": _reduce("sum"),
    "REDUCE_MAX": _reduce("max"),
    "REDUCE_MIN": _reduce("min"),
    "REDUCE_PROD": _reduce("prod"),
    "REDUCE_ANY": _reduce("any"),
    "REDUCE_ALL": _reduce("all"),
    "ARG_MAX": _arg("arg_max"),
    "ARG_MIN": _arg("arg_min"),
    "CUMSUM": lambda node: Cumulate("cumsum"),
    "TOPK_V2": lambda node: TopK(node.constant(1)[0], index_dtype=node.outputs[1].dtype),
    "SOFTMAX": _softmax,
    "LOG_SOFTMAX": _normalization("log_softmax"),
    "L2_NORMALIZATION": _normalization("l2_norm"),
    "LOCAL_RESPONSE_NORMALIZATION": _normalization("lrn"),
}
