"""PyTorch: the same elements in another shape or order."""

from mcugraph.errors import GraphError
from mcugraph.formats.torch.call import AtenCall, BoundOp, Translator, shape_of
from mcugraph.formats.torch.translations.linear import Result, batched
from mcugraph.ops.base import normal_axis
from mcugraph.ops.movement import (
    ChannelShuffle,
    DepthToSpace,
    Expand,
    Flatten,
    Reshape,
    Reverse,
    Roll,
    SpaceToDepth,
    Squeeze,
    Transpose,
    Unsqueeze,
)


def _reshape(call: AtenCall) -> Result:
    target = tuple(int(size) for size in call.get("size", call.get("shape")))
    if 0 in call.shape:  # -1 cannot be told from the rest
        target = call.shape
    return _moved(call, Reshape(target))


def _moved(call: AtenCall, op: Reshape | Transpose | Squeeze) -> Result:
    """A movement, unless it leaves everything where it is."""
    data = call.data()
    if shape_of(data) == call.shape:
        ordered = isinstance(op, Transpose) and op.permutation is not None
        if not ordered or op.permutation == tuple(range(call.rank)):  # type: ignore[union-attr]
            return (data,)
    return BoundOp(op, (data,))


def _flatten(call: AtenCall) -> Result:
    shape = shape_of(call.data())
    first = normal_axis(int(call.get("start_dim", 0)), len(shape))
    last = normal_axis(int(call.get("end_dim", -1)), len(shape))
    if (first, last) == (1, len(shape) - 1) and len(shape) > 2:
        return BoundOp(Flatten(1), (call.data(),))
    if 0 in shape or not shape:
        return _moved(call, Reshape(call.shape))
    return _moved(call, Reshape((*shape[:first], -1, *shape[last + 1 :])))


def _unflatten(call: AtenCall) -> Result:
    shape, axis = shape_of(call.data()), call.axis()
    sizes = tuple(int(size) for size in call.get("sizes"))
    return _moved(call, Reshape((*shape[:axis], *sizes, *shape[axis + 1 :])))


def _like(call: AtenCall) -> Result:
    return _moved(call, Reshape(call.shape))


def _permute(call: AtenCall) -> Result:
    axes = tuple(normal_axis(int(axis), call.rank) for axis in call.get("dims"))
    return _moved(call, Transpose(axes))


def _swap(call: AtenCall) -> Result:
    """Two axes exchanged: given by number, or the last two."""
    names = [name for name in call.arguments if name.startswith(("dim", "axis"))]
    axes = list(range(call.rank))
    if names:
        first, second = (normal_axis(int(call.arguments[name]), call.rank) for name in names[:2])
    elif call.rank < 2:
        return (call.data(),)
    else:
        first, second = call.rank - 2, call.rank - 1
    axes[first], axes[second] = axes[second], axes[first]
    return _moved(call, Transpose(tuple(axes)))


def _move(call: AtenCall) -> Result:
    rank = call.rank
    source = [normal_axis(axis, rank) for axis in _integers(call, "source")]
    target = [normal_axis(axis, rank) for axis in _integers(call, "destination")]
    order = [axis for axis in range(rank) if axis not in source]
    for place, axis in sorted(zip(target, source, strict=True)):
        order.insert(place, axis)
    return _moved(call, Transpose(tuple(order)))


def _integers(call: AtenCall, name: str) -> list[int]:
    value = call.get(name)
    return [int(v) for v in value] if isinstance(value, list | tuple) else [int(value)]


def _squeeze(call: AtenCall) -> Result:
    shape = shape_of(call.data())
    axes = call.axes()
    candidates = range(len(shape)) if axes is None else axes
    return _moved(call, Squeeze(tuple(axis for axis in candidates if shape[axis] == 1)))


def _unsqueeze(call: AtenCall) -> Result:
    return BoundOp(Unsqueeze((normal_axis(int(call.get("dim")), len(call.shape)),)), (call.data(),))


def _expand(call: AtenCall) -> Result:
    given = call.get("size")
    target = call.shape if given is None else tuple(1 if n == -1 else int(n) for n in given)
    return BoundOp(Expand(target), (call.data(),))


def _flip(call: AtenCall) -> Result:
    return BoundOp(Reverse(call.axes("dims") or ()), (call.data(),))


def _mirror(axis: int) -> Translator:
    return lambda call: BoundOp(Reverse((axis,)), (call.data(),))


def _roll(call: AtenCall) -> Result:
    shifts, axes = _integers(call, "shifts"), call.axes("dims")
    if axes is None:
        raise GraphError("elements are rolled over all axes at once")
    return BoundOp(Roll(tuple(shifts), axes), (call.data(),))


def _pixel_shuffle(call: AtenCall) -> Result:
    op = DepthToSpace(int(call.get("upscale_factor")), columns_first=True)
    return batched(call, op, 4, (call.data(),))


def _pixel_unshuffle(call: AtenCall) -> Result:
    op = SpaceToDepth(int(call.get("downscale_factor")), columns_first=True)
    return batched(call, op, 4, (call.data(),))


def _channel_shuffle(call: AtenCall) -> Result:
    return BoundOp(ChannelShuffle(int(call.get("groups"))), (call.data(),))


TRANSLATIONS: dict[str, Translator] = {
    "view": _reshape,
    "_unsafe_view": _reshape,
    "view_copy": _reshape,
    "reshape": _reshape,
    "reshape_as": _like,
    "view_as": _like,
    "ravel": _like,
    "flatten": _flatten,
    "unflatten": _unflatten,
    "permute": _permute,
    "permute_copy": _permute,
    "transpose": _swap,
    "transpose_copy": _swap,
    "swapaxes": _swap,
    "swapdims": _swap,
    "t": _swap,
    "t_copy": _swap,
    "numpy_T": lambda call: BoundOp(Transpose(), (call.data(),)),
    "mT": _swap,
    "adjoint": _swap,
    "movedim": _move,
    "moveaxis": _move,
    "squeeze": _squeeze,
    "squeeze_copy": _squeeze,
    "unsqueeze": _unsqueeze,
    "unsqueeze_copy": _unsqueeze,
    "expand": _expand,
    "expand_copy": _expand,
    "expand_as": _expand,
    "broadcast_to": _expand,
    "flip": _flip,
    "fliplr": _mirror(1),
    "flipud": _mirror(0),
    "roll": _roll,
    "pixel_shuffle": _pixel_shuffle,
    "pixel_unshuffle": _pixel_unshuffle,
    "channel_shuffle": _channel_shuffle,
}
