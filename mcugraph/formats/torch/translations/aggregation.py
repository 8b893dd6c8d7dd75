"""PyTorch: pooling, reductions and normalisations."""

import numpy as np

from mcugraph.formats.torch.call import AtenCall, BoundOp, Translator, shape_of
from mcugraph.formats.torch.translations.linear import Result, batched
from mcugraph.ir import DType, Tensor
from mcugraph.ops.elementwise import Elementwise
from mcugraph.ops.normalization import BatchNorm, Normalization
from mcugraph.ops.pooling import AdaptivePool, GlobalPool, Pool
from mcugraph.ops.reduction import Cumulate, Reduce, Sort, TopK
from mcugraph.ops.window import VALID, symmetric


def _pool(function: str, rank: int) -> Translator:
    def translate(call: AtenCall) -> Result:
        window = call.spread("kernel_size", rank, 1)
        given = call.get("stride")
        indices = len(call.results) > 1 and call.used[1]
        op = Pool(
            function,
            window=window,
            strides=call.spread("stride", rank, 1) if given else window,
            padding=symmetric(call.spread("padding", rank, 0)),
            dilations=call.spread("dilation", rank, 1) if call.has("dilation") else (),
            ceil=bool(call.get("ceil_mode")),
            counts_padding=function == "average" and bool(call.get("count_include_pad", True)),
            index_dtype=DType.INT64 if indices else None,
            divisor=call.get("divisor_override"),
        )
        return batched(call, op, rank + 2, (call.data(),))

    return translate


def _adaptive(function: str, rank: int) -> Translator:
    def translate(call: AtenCall) -> Result:
        data = shape_of(call.data())[-rank:]
        size = call.shape[-rank:]
        op: GlobalPool | Pool | AdaptivePool
        if len(call.results) > 1 and call.used[1]:
            op = AdaptivePool(function, size, DType.INT64)
        elif set(size) == {1}:
            op = GlobalPool(function)
        elif all(d % s == 0 for d, s in zip(data, size, strict=True)):
            window = tuple(d // s for d, s in zip(data, size, strict=True))
            op = Pool(function, window, strides=window, padding=VALID)
        else:
            op = AdaptivePool(function, size)
        return batched(call, op, rank + 2, (call.data(),))

    return translate


def _reduce(function: str) -> Translator:
    def translate(call: AtenCall) -> Result:
        data = call.data()
        dtype = call.results[0].dtype
        op = Reduce(
            function,
            call.axes(),
            bool(call.get("keepdim")),
            None if dtype is data.dtype else dtype,
            correction=_correction(call) if function in ("std", "var") else 0.0,
        )
        return BoundOp(op, (data,))

    return translate


def _correction(call: AtenCall) -> float:
    """What a variance takes from the number of elements: 1 unless something else is said."""
    if call.has("unbiased"):
        return float(bool(call.get("unbiased")))
    return 1.0 if call.get("correction") is None else float(call.get("correction"))


def _extreme(function: str) -> Translator:
    """A maximum or minimum: of everything, of two tensors, or along an axis with its place."""

    def translate(call: AtenCall) -> Result:
        if call.overload == "other":
            operands = (call.tensor(), call.operand("other"))
            return BoundOp(Elementwise(f"{function}imum"), operands)
        if not call.has("dim"):
            return BoundOp(Reduce(function, None), (call.data(),))
        axes, keep = (call.axis(),), bool(call.get("keepdim"))
        values: Tensor | None = None
        places: Tensor | None = None
        if call.used[0] or not call.used[1]:
            (values,) = call.emit(Reduce(function, axes, keep), (call.data(),))
        if call.used[1]:
            op = Reduce(f"arg_{function}", axes, keep, DType.INT64)
            (places,) = call.emit(op, (call.data(),))
        return values, places

    return translate


def _both_extremes(call: AtenCall) -> Result:
    axes, keep = call.axes(), bool(call.get("keepdim"))
    (low,) = call.emit(Reduce("min", axes, keep), (call.data(),))
    (high,) = call.emit(Reduce("max", axes, keep), (call.data(),))
    return low, high


def _place(function: str) -> Translator:
    return lambda call: BoundOp(
        Reduce(function, call.axes(), bool(call.get("keepdim")), DType.INT64), (call.data(),)
    )


def _norm(call: AtenCall) -> BoundOp:
    order = call.get("ord", call.get("p", 2))
    function = {1: "l1", 2: "l2"}.get(order, "lp")
    return BoundOp(Reduce(function, call.axes(), bool(call.get("keepdim"))), (call.data(),))


def _cumulate(function: str) -> Translator:
    return lambda call: BoundOp(Cumulate(function, call.axis()), (call.data(),))


def _top_k(call: AtenCall) -> BoundOp:
    return BoundOp(TopK(int(call.get("k", 1)), call.axis(default=-1)), (call.data(),))


def _sort(call: AtenCall) -> BoundOp:
    op = Sort(call.axis(default=-1), indices_only=len(call.results) == 1)
    return BoundOp(op, (call.data(),))


def _batch_norm(call: AtenCall) -> BoundOp:
    """With running statistics a batch norm, with those of the data a normalisation."""
    names = ("weight", "bias", "running_mean", "running_var")
    scale, shift, mean, variance = (call.maybe(name) for name in names)
    if mean is None or call.get("training") or call.get("use_input_stats"):
        instance = call.has("use_input_stats")
        axes = tuple(axis for axis in range(0 if not instance else 2, call.rank) if axis != 1)
        function = "instance_norm" if instance else "mean_variance_norm"
        op = Normalization(function, axes, epsilon=float(call.get("eps", 1e-5)))
        return BoundOp(op, (call.data(), scale, shift))
    norm = BatchNorm(epsilon=float(call.get("eps", 1e-5)))
    return BoundOp(norm, (call.data(), scale, shift, mean, variance))


def _layer_norm(function: str) -> Translator:
    def translate(call: AtenCall) -> BoundOp:
        axes = tuple(range(-len(call.get("normalized_shape")), 0))
        inputs = (call.data(), call.maybe("weight"), call.maybe("bias"))
        epsilon = call.get("eps", 1e-5 if function == "layer_norm" else None)
        # An RMS norm without one takes the least step from 1 that its type has.
        kind = call.data().dtype.numpy or np.dtype(np.float32)
        epsilon = float(np.finfo(kind).eps) if epsilon is None else float(epsilon)
        return BoundOp(Normalization(function, axes, epsilon=epsilon), inputs)

    return translate


def _group_norm(call: AtenCall) -> BoundOp:
    groups = int(call.get("num_groups", call.get("group", 1)))
    axes, epsilon = tuple(range(2, call.rank)), float(call.get("eps", 1e-5))
    op = Normalization("group_norm", axes, groups=groups, epsilon=epsilon)
    return BoundOp(op, (call.data(), call.maybe("weight"), call.maybe("bias")))


def _softmax(function: str) -> Translator:
    return lambda call: BoundOp(Normalization(function, (call.axis(default=-1),)), (call.data(),))


_REDUCTIONS = {
    "all": "all", "amax": "max", "amin": "min", "any": "any", "logsumexp": "log_sum_exp",
    "mean": "mean", "nanmean": "mean", "nansum": "sum", "prod": "prod", "std": "std",
    "sum": "sum", "var": "var", "count_nonzero": "count_nonzero",
}  # fmt: skip

TRANSLATIONS: dict[str, Translator] = {
    **{f"max_pool{rank}d": _pool("max", rank) for rank in (1, 2, 3)},
    **{f"max_pool{rank}d_with_indices": _pool("max", rank) for rank in (1, 2, 3)},
    **{f"avg_pool{rank}d": _pool("average", rank) for rank in (1, 2, 3)},
    **{f"adaptive_avg_pool{rank}d": _adaptive("average", rank) for rank in (1, 2, 3)},
    **{f"_adaptive_avg_pool{rank}d": _adaptive("average", rank) for rank in (2, 3)},
    **{f"adaptive_max_pool{rank}d": _adaptive("max", rank) for rank in (1, 2, 3)},
    **{name: _reduce(function) for name, function in _REDUCTIONS.items()},
    "max": _extreme("max"),
    "min": _extreme("min"),
    "aminmax": _both_extremes,
    "argmax": _place("arg_max"),
    "argmin": _place("arg_min"),
    "norm": _norm,
    "linalg_vector_norm": _norm,
    "cumsum": _cumulate("cumsum"),
    "cumprod": _cumulate("cumprod"),
    "logcumsumexp": _cumulate("log_cumsum_exp"),
    "topk": _top_k,
    "sort": _sort,
    "argsort": _sort,
    "batch_norm": _batch_norm,
    "instance_norm": _batch_norm,
    "native_batch_norm": _batch_norm,
    "_native_batch_norm_legit": _batch_norm,
    "_native_batch_norm_legit_no_training": _batch_norm,
    "layer_norm": _layer_norm("layer_norm"),
    "native_layer_norm": _layer_norm("layer_norm"),
    "rms_norm": _layer_norm("rms_norm"),
    "group_norm": _group_norm,
    "native_group_norm": _group_norm,
    "softmax": _softmax("softmax"),
    "_softmax": _softmax("softmax"),
    "_safe_softmax": _softmax("softmax"),
    "log_softmax": _softmax("log_softmax"),
    "_log_softmax": _softmax("log_softmax"),
}
