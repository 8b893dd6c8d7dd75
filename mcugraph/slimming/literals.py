"""Sizes written into calls, as they have to be once channels are gone."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from math import sqrt
from typing import Any

import numpy as np

from mcugraph.ir import Array, Shape
from mcugraph.ops.labels import core
from mcugraph.records import dataclass
from mcugraph.slimming.remains import Remains


@dataclass(frozen=True)
class Site:
    """One time that a call is run: what it reads and makes, before and after.

    Attributes:
        kept: What stays.
        data: Labels of what it reads first, in the whole model.
        results: Labels of its results, in the whole model.
    """

    kept: Remains
    data: Array
    results: tuple[Array, ...]

    @property
    def shape(self) -> Shape:
        """The shape of what it will read first."""
        return tuple(self.kept.cut(self.data).shape)

    @property
    def wanted(self) -> Shape:
        """The shape of the result that it has to make."""
        return tuple(self.kept.cut(self.results[0]).shape)

    def before(self, axis: int, position: int, data: bool = True) -> int:
        """How many entries in front of a position of an axis stay."""
        labels = self.data if data else self.results[0]
        found = self.kept.labelling.shortened(labels).get(axis % labels.ndim)
        if found is None:
            return position
        lines = np.moveaxis(self.kept.mask(core(found)), axis, -1)
        counts = np.unique(lines[..., :position].sum(-1))
        # Where lines differ, whichever is taken is checked afterwards.
        return int(counts[0])

    def changes(self, axis: int) -> bool:
        """Whether an axis of what it reads first gets shorter."""
        return bool(self.shape[axis] != self.data.shape[axis])


@dataclass(frozen=True)
class Written:
    """A call as it is written.

    Attributes:
        name: Of the function or method.
        arguments, options: By position, without the data; and by keyword.
        swapped: Another function to call in its place.
    """

    name: str
    arguments: tuple[Any, ...]
    options: dict[str, Any]
    swapped: bool = False

    def get(self, place: int, name: str, default: Any = None) -> Any:
        """An argument by place or name."""
        if name in self.options:
            return self.options[name]
        return self.arguments[place] if place < len(self.arguments) else default

    def put(self, place: int, name: str, value: Any) -> "Written":
        """The same with another argument."""
        if name in self.options or place >= len(self.arguments):
            return Written(self.name, self.arguments, {**self.options, name: value}, self.swapped)
        arguments = (*self.arguments[:place], value, *self.arguments[place + 1 :])
        return Written(self.name, arguments, self.options, self.swapped)


Rule = Callable[[Written, Site], Written]


def rewritten(written: Written, site: Site) -> Written:
    """A call with the sizes that it needs; the same where none is written out."""
    return RULES[written.name](written, site)


def _sizes(given: Sequence[Any], old: Sequence[int], new: Sequence[int]) -> list[Any]:
    """A list of sizes; -1 and what is computed stay."""
    return [
        b if isinstance(size, int) and size == a else size
        for size, a, b in zip(given, old, new, strict=True)
    ]


def _shape(written: Written, site: Site) -> Written:
    """``view(a, b)`` and ``view((a, b))``, reshape, expand."""
    old, new = site.results[0].shape, site.wanted
    for name in ("size", "shape"):
        if name in written.options:
            return written.put(99, name, _sizes(written.options[name], old, new))
    if len(written.arguments) == 1 and isinstance(written.arguments[0], list | tuple):
        return written.put(0, "shape", _sizes(written.arguments[0], old, new))
    if len(written.arguments) != len(old):
        return written
    sizes = tuple(_sizes(written.arguments, old, new))
    return Written(written.name, sizes, written.options)


def _unflatten(written: Written, site: Site) -> Written:
    axis = int(written.get(0, "dim")) % site.data.ndim
    given = written.get(1, "sizes")
    place = slice(axis, axis + len(given))
    sizes = _sizes(given, site.results[0].shape[place], site.wanted[place])
    return written.put(1, "sizes", tuple(sizes))


def _split(written: Written, site: Site) -> Written:
    """Into parts of given sizes, or of one size, or into so many parts."""
    axis = int(written.get(1, "dim", 0)) % site.data.ndim
    name = "split_size_or_sections" if written.name == "split" else "chunks"
    given = written.get(0, "split_size" if "split_size" in written.options else name)
    if not isinstance(given, int | list | tuple):
        return written
    parts = [site.kept.cut(labels).shape[axis] for labels in site.results]
    if isinstance(given, list | tuple):
        old = [labels.shape[axis] for labels in site.results]
        return written.put(0, name, _sizes(given, old, parts))
    length = site.shape[axis]
    each = given if written.name == "split" else -(-length // given)
    even = [min(each, length - start) for start in range(0, length, max(each, 1))]
    if parts == even:
        return written
    return Written("split", (parts, axis), {}, swapped=written.name != "split")


def _tensor_split(written: Written, site: Site) -> Written:
    """Into so many parts, or at given places; the last of even parts may be shorter."""
    given = written.get(0, "indices_or_sections", written.get(0, "sections"))
    axis = int(written.get(1, "dim", 0)) % site.data.ndim
    cuts = tuple(accumulate(site.kept.cut(labels).shape[axis] for labels in site.results))[:-1]
    if isinstance(given, int):
        each, longer = divmod(site.shape[axis], given)
        if cuts == tuple(accumulate([each + 1] * longer + [each] * (given - longer)))[:-1]:
            return written
    elif not isinstance(given, list | tuple):
        return written
    return Written(written.name, (cuts, axis), {})


def _narrow(written: Written, site: Site) -> Written:
    axis = int(written.get(0, "dim")) % site.data.ndim
    start, length = written.get(1, "start"), written.get(2, "length")
    if isinstance(start, int) and isinstance(length, int) and site.changes(axis):
        start %= site.data.shape[axis]
        written = written.put(1, "start", site.before(axis, start))
        written = written.put(2, "length", site.wanted[axis])
    return written


def _select(written: Written, site: Site) -> Written:
    axis, index = int(written.get(0, "dim")) % site.data.ndim, written.get(1, "index")
    if isinstance(index, int) and site.changes(axis):
        index %= site.data.shape[axis]
        return written.put(1, "index", site.before(axis, index))
    return written


def _getitem(written: Written, site: Site) -> Written:
    """Basic indexing: ``x[:, 4:8]``, ``x[..., 0]``."""
    given = written.arguments[0]
    items = list(given) if isinstance(given, tuple) else [given]
    axis, found = 0, []
    count = sum(item is not None and item is not Ellipsis for item in items)
    for item in items:
        if item is Ellipsis:
            axis += site.data.ndim - count
        elif item is not None:
            if axis < site.data.ndim and site.changes(axis):
                item = _item(item, axis, site)
            axis += 1
        found.append(item)
    return Written(written.name, (tuple(found) if isinstance(given, tuple) else found[0],), {})


def _setitem(written: Written, site: Site) -> Written:
    """Basic indexing of what is written to: ``x[:, 4:8] = y``."""
    place, value = written.arguments
    (place,) = _getitem(Written(written.name, (place,), {}), site).arguments
    return Written(written.name, (place, value), {})


def _item(item: Any, axis: int, site: Site) -> Any:
    """One entry of an index, along an axis that gets shorter."""
    length = site.data.shape[axis]
    if isinstance(item, int):
        return site.before(axis, item % length)
    if not isinstance(item, slice) or item.step not in (None, 1):
        return item
    ends = [
        end if not isinstance(end, int) else site.before(axis, slice(end).indices(length)[1])
        for end in (item.start, item.stop)
    ]
    return slice(ends[0], ends[1], item.step)


def _pad(written: Written, site: Site) -> Written:
    given = written.get(0, "pad")
    if not isinstance(given, list | tuple) or not all(isinstance(n, int) for n in given):
        return written
    pads, labelling = list(given), site.kept.labelling
    for place in range(len(pads) // 2):
        axis = site.data.ndim - 1 - place
        before, after = pads[2 * place : 2 * place + 2]
        length = site.results[0].shape[axis]
        if min(before, after) >= 0 and axis in labelling.shortened(site.results[0]):
            inner = site.before(axis, length - after, data=False)
            pads[2 * place] = site.before(axis, before, data=False)
            pads[2 * place + 1] = site.wanted[axis] - inner
    return written.put(0, "pad", type(given)(pads))


def _groups(written: Written, site: Site) -> Written:
    """A convolution with one channel a group."""
    groups = written.get(5, "groups", 1)
    if isinstance(groups, int) and groups > 1 and groups == site.data.shape[1]:
        return written.put(5, "groups", site.shape[1])
    return written


def _norm(written: Written, site: Site) -> Written:
    given = written.get(0, "normalized_shape")
    if not isinstance(given, list | tuple) or not given:
        return written
    count = len(given)
    sizes = _sizes(given, site.data.shape[-count:], site.shape[-count:])
    return written.put(0, "normalized_shape", type(given)(sizes))


def _attention(written: Written, site: Site) -> Written:
    """Scores were divided by the root of the old depth, and have to be still."""
    if written.get(5, "scale") is None and site.changes(site.data.ndim - 1):
        return written.put(99, "scale", 1 / sqrt(site.data.shape[-1]))
    return written


# Calls that become several operators, one for each part.
SEVERAL = frozenset({"tensor_split"})

RULES: dict[str, Rule] = {
    **dict.fromkeys(("view", "reshape", "expand", "broadcast_to"), _shape),
    "unflatten": _unflatten,
    **dict.fromkeys(("split", "split_with_sizes", "chunk"), _split),
    "tensor_split": _tensor_split,
    "narrow": _narrow,
    "select": _select,
    "getitem": _getitem,
    "setitem": _setitem,
    **dict.fromkeys(("pad", "_pad"), _pad),
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), _groups),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), _groups),
    **dict.fromkeys(("layer_norm", "rms_norm"), _norm),
    "scaled_dot_product_attention": _attention,
}
