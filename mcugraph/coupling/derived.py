"""Which entries of stored tensors the entries of a constant are worked out of.

A model slices a table of positions, repeats a token for a batch, or rotates by the sines of angles.
Where channels lie along an axis of the result, they lie along axes of what is stored. Which, tells
an experiment: what is not a number stays so whatever is done with it. So of each coordinate along
an axis, every bit is asked for twice, once with the coordinates that have it not being numbers, and
once with the others.
"""

import math
from collections.abc import Callable, Collection, Iterator, Mapping

import numpy as np

from mcugraph.coupling.labelling import Labelling
from mcugraph.errors import GraphError
from mcugraph.ir import Array, Derivation, Shape, Tensor
from mcugraph.ops.labels import FIXED, NONE, first_row
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """What of one stored tensor the entries along an axis of a constant are worked out of.

    Attributes:
        source: The key of the stored tensor.
        axis, length: The axis of that, and its length.
        places: Of each entry of the constant, where on that axis; -1: it has nothing of it.
    """

    source: str
    axis: int
    length: int
    places: Array


@dataclass(frozen=True, slots=True, eq=False)
class StoredPart:
    """Entries of one stored tensor, in the order in which a constant has them.

    Attributes:
        source, shape: The key of the stored tensor, and its shape.
        places: Of each entry of the constant, in its shape, where among all entries of that.
    """

    source: str
    shape: Shape
    places: Array


def part_of(tensor: Tensor) -> StoredPart | None:
    """What a constant is a part of; None: it is computed otherwise."""
    derivation = None if tensor.constant is None else tensor.constant.derivation
    if derivation is None or len(derivation.sources) != 1:
        return None
    ((source, shape),) = derivation.sources.items()
    count = math.prod(shape)
    # All different, of both signs, and no whole numbers: arithmetic would show.
    numbers = (np.arange(count) + 0.5) * np.where(np.arange(count) % 2, -1, 1)
    try:
        made = derivation.value({source: numbers.reshape(shape)})
    except GraphError:
        return None
    places = np.abs(made).astype(np.int64).clip(0, max(count - 1, 0))
    if made.dtype != numbers.dtype or made.shape != tensor.shape or not made.size:
        return None
    return StoredPart(source, shape, places) if np.array_equal(numbers[places], made) else None


def origins(tensor: Tensor, axis: int) -> tuple[Origin, ...] | None:
    """Where the entries along an axis of a constant come from.

    Returns:
        What they differ by; None: some of them are made of several entries, or it cannot be told.
    """
    derivation = None if tensor.constant is None else tensor.constant.derivation
    if derivation is None or not tensor.shape:
        return None
    if derivation.part_axes is not None:
        return _of_part(tensor, derivation.part_axes[axis], axis)
    found: list[Origin] = []
    try:
        for source, shape in derivation.sources.items():
            traces = [_Trace(derivation, source, shape, place, axis) for place in range(len(shape))]
            if not any(trace.reaches for trace in traces):
                continue  # all entries have the same of it
            # Of one entry, which axis it lies on cannot be told.
            lying = [t for t in traces if t.lies] or [t for t in traces if shape[t.place] == 1]
            rows = [(trace, trace.places()) for trace in lying]
            if not rows or (len(rows) > 1 and any(trace.lies for trace in lying)):
                return None
            for trace, places in rows:
                if places is None:
                    return None
                found.append(Origin(source, trace.place, shape[trace.place], places))
    except GraphError:
        return None
    return tuple(found)


def _of_part(tensor: Tensor, place: int, axis: int) -> tuple[Origin, ...] | None:
    """Where the entries along an axis of a part come from, which lie on one of the whole."""
    part = part_of(tensor)
    if part is None:
        return None
    coordinates = np.unravel_index(part.places, part.shape)[place]
    return (Origin(part.source, place, part.shape[place], first_row(coordinates, axis)),)


class _Trace:
    """What the entries of a constant have of the coordinates along an axis of a source.

    Attributes:
        place: The axis of the source.
        reaches: Whether some entries along the axis have nothing of it, or of other coordinates.
        lies: Whether the coordinates differ along the axis.
    """

    def __init__(
        self, derivation: Derivation, source: str, shape: Shape, place: int, axis: int
    ) -> None:
        length = shape[place]
        self.place = place
        bits = max(1, (length - 1).bit_length())
        has = [np.arange(length) >> bit & 1 == 1 for bit in range(bits)]
        pairs = [
            [_spoilt(derivation, source, shape, place, chosen) for chosen in (row, ~row)]
            for row in has
        ]
        # (bits, with and without the bit, lines of the constant, entries along the axis)
        masks: Array = np.moveaxis(np.array(pairs), axis + 2, -1)
        self._masks = masks.reshape(len(has), 2, -1, masks.shape[-1])
        self._touched = self._masks[0].any(0)
        first = self._touched.argmax(-1)[:, None]
        same = self._masks == np.take_along_axis(self._masks, first[None, None], -1)
        self.lies = bool((~same & self._touched).any())
        self.reaches = self.lies or bool((self._touched != self._touched[:, :1]).any())

    def places(self) -> Array | None:
        """The coordinate of each entry along the axis; -1: it has nothing of the source.

        Returns:
            None: some have something of several, or differ along other axes.
        """
        if self._masks.all(1).any():
            return None
        weights = 1 << np.arange(len(self._masks))
        coordinates = np.tensordot(weights, self._masks[:, 0].astype(np.int64), 1)
        found = np.where(self._touched, coordinates, -1)
        highest: Array = found.max(0)
        return highest if ((found == highest) | (found < 0)).all() else None


def _spoilt(derivation: Derivation, source: str, shape: Shape, place: int, chosen: Array) -> Array:
    """Which entries are no numbers once some coordinates of a source are none."""
    column = np.where(chosen, np.float32(np.nan), np.float32(1))
    given = np.broadcast_to(
        column.reshape([-1 if i == place else 1 for i in range(len(shape))]), shape
    )
    result: Array = np.isnan(derivation.value({source: given.copy()}))
    return result


def follow_sources(labelling: Labelling, tensor: Tensor, axis: int, labels: Array) -> bool:
    """Let the stored tensors that a constant is worked out of follow labels along its axis.

    Returns:
        False: they cannot.
    """
    found = origins(tensor, axis)
    if found is None:
        return False
    unions, places = labelling.unions, frozenset((entry.source, entry.axis) for entry in found)
    labelling.followed.append((tensor, places, labels))
    for origin in found:
        own = np.full(origin.length, NONE, np.int64)
        has = origin.places >= 0
        own[origin.places[has]] = labels[has]
        unions.unite(own[origin.places[has]], labels[has])
        key = (origin.source, origin.axis)
        before = labelling.stored.get(key, labelling.constants.get(key))
        if before is not None:
            known = (before != NONE) & (own != NONE)
            unions.unite(before[known], own[known])
            own = np.where(before == NONE, own, before)
        labelling.stored[key] = own
    derivation = None if tensor.constant is None else tensor.constant.derivation
    if derivation is not None and derivation.part_axes is not None:
        return True  # where it begins and ends is rewritten
    return all(_can_go(tensor, axis, found, gone) for gone in _trials(labelling, labels))


def hold_cut_across(
    labelling: Labelling, read: Collection[Tensor], reason: Callable[[Tensor], str]
) -> None:
    """Keep what is worked out of tensors that lose entries along other axes as well.

    Nothing says which sizes in the code would have to follow those. Where constants do not come
    out without such entries (a layer may read a token that the model learns), these stay, too.

    Args:
        labelling: Of the graph.
        read: The constants that are worked out and that operators read.
        reason: Why what one of them is made of stays.
    """
    for tensor in read:
        for (source, axis), row in _across(labelling, tensor):
            trials = _trials(labelling, row)
            if not all(_as_zeros(tensor, source, axis, gone) for gone in trials):
                labelling.unions.freeze(row, reason(tensor))
    for tensor, places, labels in labelling.followed:
        if any(place not in places for place, _ in _across(labelling, tensor)):
            labelling.unions.freeze(labels, reason(tensor))


def _across(labelling: Labelling, tensor: Tensor) -> Iterator[tuple[tuple[str, int], Array]]:
    """Axes of what a constant is made of that lose entries, where these do not follow its own."""
    derivation = None if tensor.constant is None else tensor.constant.derivation
    if derivation is None:
        return
    following = [places for other, places, _ in labelling.followed if other is tensor]
    for source, shape in derivation.sources.items():
        for place in ((source, axis) for axis in range(len(shape))):
            if any(place in places for places in following):
                continue
            for held in (labelling.constants, labelling.stored):
                if place in held and (labelling.unions.roots(held[place]) > FIXED).any():
                    yield place, held[place]


def _trials(labelling: Labelling, labels: Array) -> list[Array]:
    """Some of the entries along an axis that may go, one bool an entry.

    Cutting into even parts, say, fails only when enough is gone.
    """
    roots = labelling.unions.roots(labels)
    free = [int(root) for root in dict.fromkeys(roots.tolist()) if root > FIXED]
    masks = [np.isin(roots, trial) for trial in (free[:1], free[-1:], free[::2], free[1:])]
    return [gone for gone in masks if not gone.all()]


def _as_zeros(tensor: Tensor, source: str, axis: int, gone: Array) -> bool:
    """Whether a constant without some entries of a source is what it is with zeros there."""
    derivation = None if tensor.constant is None else tensor.constant.derivation
    assert derivation is not None
    whole = _drawn(derivation.sources)
    zeros = whole[source].copy()
    np.moveaxis(zeros, axis, 0)[gone] = 0
    try:
        wanted = derivation.value({**whole, source: zeros})
        made = derivation.value({**whole, source: np.compress(~gone, zeros, axis)})
    except GraphError:
        return False
    return made.shape == wanted.shape and np.allclose(made, wanted, equal_nan=True)


def _can_go(tensor: Tensor, axis: int, found: tuple[Origin, ...], gone: Array) -> bool:
    """Whether a constant comes out without some entries once its sources are without theirs.

    It does not where the code that makes it names sizes.

    Args:
        tensor: The constant.
        axis: Along which entries go.
        found: Where they come from.
        gone: Which go, one bool an entry; with each, all that share an entry of a source.
    """
    derivation = None if tensor.constant is None else tensor.constant.derivation
    assert derivation is not None
    given: dict[str, Array] = {}
    try:
        whole = _drawn(derivation.sources)
        for source, value in whole.items():
            for origin in found:
                if origin.source == source:
                    places = origin.places[gone]
                    value = np.delete(value, places[places >= 0], origin.axis)
            given[source] = value
        made = derivation.value(given)
        wanted = np.compress(~gone, derivation.value(whole), axis)
    except GraphError:
        return False
    return made.shape == wanted.shape and bool(np.array_equal(made, wanted, equal_nan=True))


def _drawn(sources: Mapping[str, Shape]) -> dict[str, Array]:
    random = np.random.default_rng(0)
    return {name: random.random(shape, np.float32) for name, shape in sources.items()}
