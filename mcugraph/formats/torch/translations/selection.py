"""PyTorch: elements joined, cut, repeated, padded, resized, looked up or made."""

from collections.abc import Callable

from mcugraph.errors import GraphError
from mcugraph.formats.torch.call import AtenCall, BoundOp, Translator, shape_of
from mcugraph.formats.torch.translations.linear import Result
from mcugraph.ir import Tensor
from mcugraph.ops.base import normal_axis
from mcugraph.ops.creation import Generate, OneHot
from mcugraph.ops.elementwise import Convert
from mcugraph.ops.movement import Expand, Reshape
from mcugraph.ops.opaque import Declared
from mcugraph.ops.scattering import Scatter, SliceScatter
from mcugraph.ops.selection import (
    Concat,
    Gather,
    GatherElements,
    Pad,
    Resize,
    Slice,
    Split,
    Stack,
    Tile,
    Unstack,
)


def _concat(call: AtenCall) -> Result:
    # An empty vector joins with anything, for historical reasons.
    tensors = [t for t in call.listed("tensors") if shape_of(t) != (0,)]
    if len(tensors) == 1:
        return (tensors[0],)
    axis = normal_axis(int(call.get("dim", 0)), len(call.shape))
    return BoundOp(Concat(axis), tensors)


def _joined(axis: int) -> Translator:
    """``hstack`` and its kin, of tensors that have the axis already."""

    def translate(call: AtenCall) -> Result:
        tensors = call.listed("tensors")
        if any(len(shape_of(tensor)) != len(call.shape) for tensor in tensors):
            return BoundOp(Declared("stack"), tensors)
        return BoundOp(Concat(min(axis, len(call.shape) - 1)), tensors)

    return translate


def _stack(call: AtenCall) -> Result:
    axis = normal_axis(int(call.get("dim", 0)), len(call.shape))
    return BoundOp(Stack(axis), call.listed("tensors"))


_SPLIT_AXES = {"vsplit": 0, "hsplit": 1, "dsplit": 2}


def _split(call: AtenCall) -> Result:
    axis = _SPLIT_AXES[call.type] if call.type in _SPLIT_AXES else call.axis()
    axis = min(axis, call.rank - 1)
    length = shape_of(call.data())[axis]
    sizes = tuple(result.shape[axis] for result in call.results)
    even = -(-length // len(sizes))
    if len(sizes) == 1:
        return (call.data(),)
    if call.type.endswith("chunk") and all(
        size == min(even, length - i * even) for i, size in enumerate(sizes)
    ):
        return BoundOp(Split(axis, parts=len(sizes)), (call.data(),))
    return BoundOp(Split(axis, sizes), (call.data(),))


def _unbind(call: AtenCall) -> Result:
    return BoundOp(Unstack(call.axis()), (call.data(),))


def _range(call: AtenCall) -> tuple[slice | int, ...]:
    """Of an axis, a part."""
    start, end = call.get("start"), call.get("end")
    last = None if end is None or end >= 2**62 else int(end)
    taken = slice(start or None, last, int(call.get("step", 1)))
    return (*(slice(None),) * call.axis(), taken)


def _entry(call: AtenCall) -> tuple[slice | int, ...]:
    """Of an axis, one entry."""
    return (*(slice(None),) * call.axis(), int(call.get("index")))


def _slice(call: AtenCall) -> Result:
    if call.shape == shape_of(call.data()) and call.get("step", 1) == 1:
        return (call.data(),)
    rest = (slice(None),) * (call.rank - 1 - call.axis())
    return BoundOp(Slice((*_range(call), *rest)), (call.data(),))


def _select(call: AtenCall) -> Result:
    return BoundOp(Slice(_entry(call)), (call.data(),))


def _written(place: Callable[[AtenCall], tuple[slice | int, ...]]) -> Translator:
    """The data with values in a part of it; those alone if it is the whole of it."""

    def translate(call: AtenCall) -> Result:
        data, values = call.data(), call.tensor("src")
        if shape_of(values) == shape_of(data) and call.get("step", 1) == 1:
            return (values,)
        return BoundOp(SliceScatter(place(call)), (data, values))

    return translate


def _copy(call: AtenCall) -> Result:
    """What is written over the whole of a tensor, in its shape and type."""
    made, values = call.results[0], call.tensor("src")
    if values.dtype is not made.dtype:
        (values,) = call.emit(Convert("cast", made.dtype), (values,), "cast")
    if shape_of(values) == made.shape:
        return (values,)
    return call.emit(Expand(made.shape), (values,), last=True)


def _narrow(call: AtenCall) -> Result:
    index: list[slice | int | None] = [slice(None)] * call.axis()
    if isinstance(call.get("start"), Tensor):
        return BoundOp(Declared("narrow"), call.tensors())
    start = int(call.get("start"))
    index.append(slice(start, start + int(call.get("length"))))
    return BoundOp(Slice(tuple(index)), (call.data(),))


def _index(call: AtenCall) -> Result:
    """Advanced indexing; one tensor of indices is a gather, several are a gather of places."""
    indices = [(i, t) for i, t in enumerate(call.get("indices")) if isinstance(t, Tensor)]
    if any(not tensor.dtype.label.endswith(("int64", "int32")) for _, tensor in indices):
        return BoundOp(Declared("boolean_index"), call.tensors())
    if len(indices) == 1:
        return BoundOp(Gather(indices[0][0]), (call.data(), indices[0][1]))
    return BoundOp(Declared("index"), call.tensors())


def _index_select(call: AtenCall) -> Result:
    return BoundOp(Gather(call.axis()), (call.data(), call.tensor("index")))


def _gather(call: AtenCall) -> Result:
    places = call.tensor("index") if call.has("index") else call.tensor("indices")
    if len(shape_of(places)) != call.rank:
        return BoundOp(Declared("gather"), call.tensors())
    return BoundOp(GatherElements(call.axis()), (call.data(), places))


def _embedding(call: AtenCall) -> Result:
    return BoundOp(Gather(0), (call.tensor("weight"), call.tensor("indices")))


def _take(call: AtenCall) -> Result:
    shape = shape_of(call.data())
    data = call.data()
    if len(shape) != 1:
        (data,) = call.emit(Reshape((-1,)), (data,), "flat")
    return call.emit(Gather(0), (data, call.tensor("index")), last=True)


def _repeat_interleave(call: AtenCall) -> Result:
    if not isinstance(call.get("repeats"), int) or not call.has("dim"):
        return BoundOp(Declared("repeat_interleave"), call.tensors())
    axis, times = call.axis(), int(call.get("repeats"))
    places = [i for i in range(shape_of(call.data())[axis]) for _ in range(times)]
    where = call.builder.integers(call, "index", places)
    return BoundOp(Gather(axis), (call.data(), where))


def _scatter(call: AtenCall) -> Result:
    return BoundOp(Scatter(), call.tensors())


_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def _pad(mode: str | None = None) -> Translator:
    def translate(call: AtenCall) -> Result:
        flat = [int(value) for value in call.get("pad", call.get("padding"))]
        pads = [(0, 0)] * call.rank
        # PyTorch counts from the last axis on.
        for i in range(len(flat) // 2):
            pads[-1 - i] = (flat[2 * i], flat[2 * i + 1])
        if not any(flat):
            return (call.data(),)
        value = call.get("value") or 0.0
        known = float(value) if isinstance(value, int | float) else None
        op = Pad(tuple(pads), mode or _MODES[call.get("mode")], known)
        return BoundOp(op, (call.data(),))

    return translate


def _repeat(call: AtenCall) -> Result:
    repeats = tuple(int(value) for value in call.get("repeats", call.get("dims")))
    data, shape = call.data(), shape_of(call.data())
    if len(repeats) < len(shape):
        repeats = (1,) * (len(shape) - len(repeats)) + repeats
    if set(repeats) <= {1} and len(repeats) == len(shape):
        return (data,)
    if len(repeats) > len(shape):
        whole = (1,) * (len(repeats) - len(shape)) + shape
        (data,) = call.emit(Reshape(whole), (data,), "reshape")
    return call.emit(Tile(repeats), (data,), last=True)


def _scales(call: AtenCall) -> tuple[float, ...] | None:
    """Factors that places are counted by, where they differ from those of the sizes."""
    data, made = shape_of(call.data())[2:], call.shape[2:]
    names = {1: ("scales",), 2: ("scales_h", "scales_w"), 3: ("scales_d", "scales_h", "scales_w")}
    each = [call.get(name) for name in names[len(data)]]
    given = call.get("scale_factors", None if None in each else each)
    if given is None or all(n * by == to for n, by, to in zip(data, given, made, strict=True)):
        return None
    return (1.0, 1.0, *map(float, given))


def _resize(method: str) -> Translator:
    def translate(call: AtenCall) -> Result:
        exact, mixed = "exact" in call.native, call.native.endswith("_aa")
        aligned = bool(call.get("align_corners", False))
        counted = _scales(call)
        rounding = "floor" if counted is not None and method == "nearest" and not exact else ""
        op = Resize(
            method,
            size=(-1, -1, *call.shape[2:]),
            scales=counted,
            align_corners=aligned,
            half_pixel=exact or (method != "nearest" and not aligned),
            rounding="unknown" if mixed or (exact and counted is not None) else rounding,
        )
        return BoundOp(op, (call.data(),))

    return translate


def _random(call: AtenCall) -> Result:
    result = call.results[0]
    return BoundOp(Generate("random", result.dtype, result.shape), ())


def _one_hot(call: AtenCall) -> Result:
    depth = call.shape[-1]
    values = [call.builder.scalar(call, name, i, call.results[0].dtype) for i, name in _ON_OFF]
    size = call.builder.scalar(call, "depth", depth, call.results[0].dtype)
    return BoundOp(OneHot(depth), (call.data(), size, *values))


_ON_OFF = ((0, "off"), (1, "on"))


def _declared(function: str) -> Translator:
    """No linear algebra, and shapes that only the program tells."""
    return lambda call: BoundOp(Declared(function), call.tensors())


def _index_put(call: AtenCall) -> Result:
    if not call.tensors():
        raise GraphError("nothing is written")
    return BoundOp(Scatter("index_put"), call.tensors())


def _unfold(call: AtenCall) -> Result:
    return BoundOp(Declared("unfold"), (call.data(),))


_DECLARED = (
    *("bucketize", "nonzero", "unique", "_unique2", "unique_consecutive", "masked_select"),
    *("searchsorted", "multinomial", "tensor_split_indices", "block_diag", "diag", "diagonal"),
    *("diag_embed", "trace", "meshgrid", "combinations", "cartesian_prod", "histc", "bincount"),
    *("im2col", "col2im", "as_strided", "affine_grid_generator", "grid_sampler"),
    *("grid_sampler_2d", "grid_sampler_3d", "max_unpool2d", "max_unpool3d", "median", "mode"),
    *("kthvalue", "cummax", "cummin", "cross", "linalg_cross", "diff", "rot90", "fill"),
    *("embedding_bag", "put", "complex", "polar", "real", "imag", "view_as_real"),
    *("cosine_similarity", "pairwise_distance", "kron", "diagflat", "_embedding_bag"),
    *("isin", "nonzero_static", "broadcast_tensors"),
    *("view_as_complex", "quantile", "segment_reduce", "column_stack", "fractional_max_pool2d"),
)
_METHODS = {
    "upsample_nearest1d": "nearest", "upsample_nearest2d": "nearest",
    "upsample_nearest3d": "nearest", "_upsample_nearest_exact1d": "nearest",
    "_upsample_nearest_exact2d": "nearest", "_upsample_nearest_exact3d": "nearest",
    "upsample_linear1d": "linear", "upsample_bilinear2d": "linear",
    "upsample_trilinear3d": "linear", "_upsample_bilinear2d_aa": "linear",
    "upsample_bicubic2d": "cubic", "_upsample_bicubic2d_aa": "cubic",
}  # fmt: skip
_RANDOM = (
    *("rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like"),
    *("bernoulli", "normal", "uniform", "normal_functional", "exponential"),
)

TRANSLATIONS: dict[str, Translator] = {
    **{name: _declared(name) for name in _DECLARED},
    **{name: _resize(method) for name, method in _METHODS.items()},
    **dict.fromkeys(_RANDOM, _random),
    "cat": _concat,
    "concat": _concat,
    "concatenate": _concat,
    "hstack": _joined(1),
    "vstack": _joined(0),
    "dstack": _joined(2),
    "stack": _stack,
    "split": _split,
    "split_with_sizes": _split,
    "split_copy": _split,
    "split_with_sizes_copy": _split,
    "tensor_split": _split,
    "hsplit": _split,
    "vsplit": _split,
    "dsplit": _split,
    "unsafe_split_with_sizes": _split,
    "unsafe_split": _split,
    "chunk": _split,
    "unsafe_chunk": _split,
    "unbind": _unbind,
    "unbind_copy": _unbind,
    "slice": _slice,
    "slice_copy": _slice,
    "select": _select,
    "select_copy": _select,
    "narrow": _narrow,
    "narrow_copy": _narrow,
    "index": _index,
    "index_select": _index_select,
    "gather": _gather,
    "take_along_dim": _gather,
    "take": _take,
    "embedding": _embedding,
    "repeat_interleave": _repeat_interleave,
    "scatter": _scatter,
    "scatter_add": _scatter,
    "scatter_reduce": _scatter,
    "masked_scatter": _scatter,
    "slice_scatter": _written(_range),
    "select_scatter": _written(_entry),
    "copy": _copy,
    "diagonal_scatter": _scatter,
    "index_add": _scatter,
    "index_copy": _scatter,
    "index_reduce": _scatter,
    "index_fill": _scatter,
    "index_put": _index_put,
    "_index_put_impl": _index_put,
    "_unsafe_index_put": _index_put,
    "_unsafe_index": _index,
    "pad": _pad(),
    "constant_pad_nd": _pad("constant"),
    **{f"reflection_pad{rank}d": _pad("reflect") for rank in (1, 2, 3)},
    **{f"replication_pad{rank}d": _pad("edge") for rank in (1, 2, 3)},
    "repeat": _repeat,
    "tile": _repeat,
    "one_hot": _one_hot,
    "unfold": _unfold,
}
