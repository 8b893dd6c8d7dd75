"""What a coupling rule sees of one operator: the channel labels around it.

Every element of an activation carries a label: the channel that it belongs to, or ``NONE``.
Label arrays have the shape of the tensor, with strides of 0 along the axes where labels do not
change, so they take little memory, and numpy moves them as the operator moves data. Labels that
meet are united; what is united can only be removed together.

A tensor can have channels along two axes: the hidden units of a layer that mixes tokens lie beside
the channels whose tokens it mixes. An element then bears two labels in one number, and moves with
both. They are two *planes*; a rule sees one of them at a time.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol

from mcugraph.ir import Array, Shape
from mcugraph.late_numpy import np

NONE = 0  # belongs to no channel: space, padding, constants
FIXED = 1  # has to stay: inputs of the graph, and whatever is tied to them
# Ways in which layers work.
ACROSS = "across"  # it mixes tokens, and not channels
DEPTHWISE = "depthwise"  # each channel that it makes is of one that it reads
BROADCAST = "broadcast"  # an operand has one entry along an axis of another one's channels
TOGETHER = "together"  # each channel of an operand meets several of another one
ALONG = "along"  # channels of an operand lie along an axis

_PLANE_BITS = 31  # of the labels of one plane in a number that holds two


class Channels(Protocol):
    """The labels around one operator, and what its rule may say about them.

    Attributes:
        shapes: Of the inputs; None for one left out.
        results: Shapes of the outputs.
    """

    @property
    def shapes(self) -> tuple[Shape | None, ...]:
        """Shapes of the inputs."""

    @property
    def results(self) -> tuple[Shape, ...]:
        """Shapes of the outputs."""

    def labels(self, index: int) -> Array | None:
        """Labels of an input; None for constants and inputs left out."""

    def fresh(self, count: int) -> Array:
        """Labels of the channels that the operator's layer makes."""

    def across(self, labels: Array) -> None:
        """What the layer makes lies beside the channels that pass through it (the other plane)."""

    def crossed(self, index: int) -> bool:
        """Whether an input has labels of the other plane too."""

    def beside(self, index: int) -> Array | None:
        """The labels that an input has in the other plane; None: it has none."""

    def works(self, way: str, seen: bool) -> bool:
        """Whether the operator works in one of the ways that its rule tells apart.

        Of one channel, labels do not tell; a slimmed operator works as the whole one did.

        Args:
            way: Which.
            seen: What shapes and labels say.
        """

    def met(self) -> Array | None:
        """Labels of an activation that the first result will meet; None: there is none yet."""

    def spare(self, count: int) -> Array:
        """Labels of entries that go only together with channels they meet (padding)."""

    def joins(self, labels: Array) -> None:
        """The channels that the layer makes are those of existing labels (depthwise)."""

    def unite(self, first: Array, second: Array) -> None:
        """Labels at equal places (after broadcasting) are of one class."""

    def freeze(self, labels: Array, reason: str) -> None:
        """The classes of these labels have to stay."""

    def equal(self, parts: Sequence[Array], reason: str) -> None:
        """Of each part, equally many classes have to stay."""

    def averages(self, labels: Array) -> None:
        """The operator averages over channels: it tells one that is 0 from one that is gone."""

    def bind(self, index: int, axis: int, labels: Array) -> None:
        """The entries of an axis of a constant input belong to these labels."""


def plane(labels: Array, number: int) -> Array:
    """The labels of one plane, 0 or 1."""
    inner = core(labels)
    found = inner >> number * _PLANE_BITS & (1 << _PLANE_BITS) - 1
    return np.broadcast_to(found, labels.shape)


def planes(labels: Array) -> tuple[Array, ...]:
    """The labels of each plane that there is; as a rule, of one."""
    if (core(labels) >> _PLANE_BITS).any():
        return plane(labels, 0), plane(labels, 1)
    return (labels,)


def stacked(first: Array, second: Array) -> Array:
    """Labels of two planes in one array."""
    shape = np.broadcast_shapes(first.shape, second.shape)
    return np.broadcast_to(core(first) | core(second) << _PLANE_BITS, shape)


def varies(labels: Array, axis: int) -> bool:
    """Whether labels change along an axis."""
    if labels.shape[axis] < 2 or labels.strides[axis] == 0:
        return False
    first = labels.take([0], axis)
    return bool((labels != first).any())


def lie_along(labels: Array, axis: int) -> bool:
    """Whether channels lie along an axis: labels change there, or it holds the only channel.

    One channel may be all that is left of several, and what stands beside it is as it was.
    """
    if varies(labels, axis):
        return True
    inner = core(compress(labels))
    return labels.shape[axis] == 1 and inner.size == 1 and bool(inner.flat[0] != NONE)


def compress(labels: Array) -> Array:
    """The same labels with strides of 0 along every axis where they do not change."""
    core = labels
    for axis in range(labels.ndim):
        if labels.shape[axis] > 1 and not varies(core, axis):
            core = core.take([0], axis)
    return np.broadcast_to(core, labels.shape)


def vector(labels: Array, axis: int) -> Array | None:
    """Labels along one axis, if they change along no other."""
    axis %= labels.ndim
    if any(varies(labels, other) for other in range(labels.ndim) if other != axis):
        return None
    return first_row(labels, axis)


def first_row(labels: Array, axis: int) -> Array:
    """Labels along one axis, at the beginning of all others."""
    axis %= labels.ndim
    return labels[tuple(slice(None) if i == axis else 0 for i in range(labels.ndim))]


def read_along(channels: Channels, labels: Array, axis: int) -> Array:
    """What an operator that sums over an axis reads there: all at one entry is one class.

    After a pixel shuffle, say, an entry of the channel axis holds the labels of r * r channels
    of the layer before; they can only go together.
    """
    row = first_row(labels, axis)
    if vector(labels, axis) is None:
        channels.unite(core(labels), spread(row, axis, labels.shape))
    return row


def spread(labels: Array, axis: int, shape: Shape) -> Array:
    """Labels along one axis of a shape, the same along all others."""
    axis %= len(shape)
    column = labels.reshape([-1 if i == axis else 1 for i in range(len(shape))])
    return np.broadcast_to(column, shape)


def none(shape: Shape) -> Array:
    """No channels anywhere."""
    return np.broadcast_to(np.zeros((), np.int64), shape)


def resized(labels: Array, shape: Shape, channels: Channels, reason: str) -> Array:
    """Labels of a result whose shape differs along some axes, where labels may not change."""
    for axis, (old, new) in enumerate(zip(labels.shape, shape, strict=True)):
        if old != new and varies(labels, axis):
            channels.freeze(labels, reason)
            return none(shape)
    core = labels[
        tuple(
            slice(None) if old == new else slice(0, 1)
            for old, new in zip(labels.shape, shape, strict=True)
        )
    ]
    return np.broadcast_to(core, shape)


def hold(channels: Channels, labels: Array, axes: Iterable[int], reason: str) -> bool:
    """Keep what an operator mixes along some axes; whether labels change along one of them.

    That is for operators to which a channel of zeros is not as good as none.
    """
    mixed = any(varies(labels, axis % labels.ndim) for axis in axes) if labels.ndim else False
    if mixed:
        channels.freeze(labels, reason)
    return mixed


def as_one(channels: Channels, labels: Array, axes: Collection[int]) -> Array:
    """Labels after those along some axes went together, where channels lie along another one too.

    So it is with what comes of one channel of each of several branches.
    """
    lying = {
        axis
        for axis in range(labels.ndim)
        if channels.works(f"{ALONG} {axis}", varies(labels, axis))
    }
    given = {axis % labels.ndim for axis in axes}
    for axis in lying & given if lying - given else ():
        first = labels.take([0], axis)
        channels.unite(core(labels), core(first))
        labels = np.broadcast_to(first, labels.shape)
    return labels


def refuse(
    channels: Channels,
    reason: str,
    reads: Collection[int] = (),
    free: Collection[tuple[int, int]] = (),
) -> tuple[Array, ...]:
    """The rule of operators that no channel survives: what they read has to stay.

    So do constants, whatever another operator reads of them.

    Args:
        channels: Around the operator.
        reason: Why.
        reads: Inputs whose channels may go all the same.
        free: (input, axis) of constants whose entries go with these.
    """
    for index, shape in enumerate(channels.shapes):
        labels = channels.labels(index)
        if index in reads:
            continue
        if labels is not None:
            channels.freeze(labels, reason)
            continue
        for axis, length in enumerate(shape or ()):
            if (index, axis) not in free:
                channels.bind(index, axis, np.broadcast_to(np.int64(FIXED), length))
    return tuple(np.broadcast_to(np.int64(FIXED), shape) for shape in channels.results)


def meet(channels: Channels) -> Array:
    """The rule of elementwise operators: labels that meet are united, constants follow.

    Labels that have met the others say nothing new when they come again.
    """
    rank = len(channels.results[0])
    result: Array | None = None
    met: set[tuple[Shape, Shape, bytes]] = set()
    for index in range(len(channels.shapes)):
        labels = channels.labels(index)
        if labels is not None:
            aligned = labels.reshape((1,) * (rank - labels.ndim) + labels.shape)
            few = core(aligned)
            key = (aligned.shape, few.shape, few.tobytes())
            if key in met:
                continue
            met.add(key)
            result = aligned if result is None else meet_two(channels, result, aligned, index)
    if result is None:
        return none(channels.results[0])
    result = np.broadcast_to(result, channels.results[0])
    for index, shape in enumerate(channels.shapes):
        if shape is not None and channels.labels(index) is None:
            bind_aligned(channels, index, result)
    return result


def meet_two(channels: Channels, first: Array, second: Array, number: int) -> Array:
    """Labels of what two operands of the same rank make; their axes may be broadcast.

    Args:
        channels: Around the operator.
        first: Labels of the first operand.
        second: Of the second one.
        number: Of the second operand among all.
    """
    axes = range(first.ndim)
    of_first = {axis for axis in axes if varies(first, axis)}
    of_second = {axis for axis in axes if varies(second, axis)}
    pairs = ((first, of_first, second, of_second), (second, of_second, first, of_first))
    for place, (few, own, many, lying) in enumerate(pairs):
        lacks = channels.works(
            f"{BROADCAST} {number}.{place}", any(few.shape[axis] == 1 for axis in lying)
        )
        # Where each channel meets several, these go with it.
        several = lacks and bool(own) and own <= lying and max(lying) in own
        if channels.works(f"{TOGETHER} {number}.{place}", several):
            break
        if lacks:
            channels.freeze(few, "one channel is broadcast over many")
            return np.broadcast_to(many, np.broadcast_shapes(first.shape, second.shape))
    if of_first - of_second and of_second - of_first:
        for labels in (first, second):
            channels.freeze(labels, "channels of two axes meet in one tensor")
        return np.broadcast_to(np.int64(FIXED), np.broadcast_shapes(first.shape, second.shape))
    one, other = np.broadcast_arrays(core(first), core(second))
    channels.unite(one, other)
    if of_first or of_second:
        for labels in (one[other == NONE], other[one == NONE]):
            channels.freeze(labels, "they meet what no channel can be taken out of")
    shape = np.broadcast_shapes(first.shape, second.shape)
    return np.broadcast_to(np.where(one == NONE, other, one), shape)


def core(labels: Array) -> Array:
    """The labels with length 1 along axes where they do not change."""
    return labels[tuple(slice(0, 1) if s == 0 else slice(None) for s in labels.strides)]


def bind_aligned(channels: Channels, index: int, labels: Array) -> None:
    """A constant that is broadcast against labels follows them along the axes that it has."""
    shape = channels.shapes[index] or ()
    lead = labels.ndim - len(shape)
    axes = [a for a, length in enumerate(shape) if length > 1 and varies(labels, a + lead)]
    if len(axes) > 1:
        channels.freeze(labels, "a constant differs along more than its channels")
        return
    for axis in axes:
        channels.bind(index, axis, read_along(channels, labels, axis + lead))


def constants_beside(
    channels: Channels, found: Sequence[Array | None], axis: int | None
) -> list[Array | None]:
    """Constants that are joined with activations follow their channels along all other axes.

    Args:
        channels: Around the operator that joins them.
        found: The labels of its operands; None for constants.
        axis: Along which they are joined, where no channels lie; None: along a new one.

    Returns:
        The same, with labels of constants.
    """
    first = next((labels for labels in found if labels is not None), None)
    if first is None:
        return list(found)
    beside = first if axis is None else first.take([0], axis)
    result = list(found)
    for index, shape in enumerate(channels.shapes):
        if found[index] is None and shape is not None:
            result[index] = labels = np.broadcast_to(beside, shape)
            bind_aligned(channels, index, labels)
    return result


def in_steps(channels: Channels, labels: Array, axis: int, taken: range) -> None:
    """Of channels of which every n-th is taken, n that follow one another go together.

    So the others keep their places in the turn.
    """
    length, step = labels.shape[axis], taken.step
    if step == 1 or (step == -1 and len(taken) == length):
        return
    if 0 <= taken.start < step and taken and taken[-1] + step >= length:
        places = np.arange(length)
        channels.unite(labels, labels.take(places - places % step, axis))
    else:
        channels.freeze(labels, f"channels are taken in steps of {step}, not of the whole axis")


def equal_rows(channels: Channels, labels: Array, reason: str) -> None:
    """Where labels change along several axes, every row along the last of them keeps as many."""
    axes = [axis for axis in range(labels.ndim) if varies(labels, axis)]
    if len(axes) > 1:
        rows = np.moveaxis(core(labels), axes[-1], -1).reshape(-1, labels.shape[axes[-1]])
        channels.equal(list(rows), reason)


def through(op: Callable[[Array], Array], channels: Channels) -> tuple[Array, ...]:
    """The rule of operators that move the elements of their first input."""
    labels = channels.labels(0)
    if labels is None:
        return tuple(map(none, channels.results))
    return (compress(op(labels)),)


def together(
    values: Callable[[Sequence[Array | None]], tuple[Array, ...] | None],
    channels: Channels,
    inputs: int | None = None,
) -> tuple[Array, ...] | None:
    """The rule of operators that join or cut: labels go where values would."""
    arrays: list[Array | None] = []
    for index, shape in enumerate(channels.shapes[:inputs]):
        labels = channels.labels(index)
        arrays.append(none(shape) if labels is None and shape is not None else labels)
    results = values(arrays)
    return None if results is None else tuple(map(compress, results))
