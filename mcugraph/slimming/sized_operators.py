"""Operators whose attributes are sizes, as they are once channels have gone."""

from typing import Any

from mcugraph.ir import Operator
from mcugraph.ops.convolution import Conv
from mcugraph.ops.movement import Expand, Reshape
from mcugraph.ops.selection import Slice, Split
from mcugraph.records import replace
from mcugraph.slimming.literals import Site
from mcugraph.slimming.remains import Remains


def resized(operator: Operator, kept: Remains) -> Operator:
    """An operator with the sizes that fit what stays of the tensors around it.

    Raises:
        GraphError: What stays of one of them is no box.
    """
    activations = kept.labelling.activations
    data = activations.get(operator.inputs[0] or "") if operator.inputs else None
    if data is None:
        return operator
    op = _rule(operator.op, Site(kept, data, tuple(activations[n] for n in operator.outputs)))
    return operator if op is operator.op else replace(operator, op=op)


def _rule(op: Any, site: Site) -> Any:
    if isinstance(op, Reshape | Expand):
        pairs = zip(op.shape, site.results[0].shape, site.wanted, strict=True)
        sizes = tuple(new if size == old else size for size, old, new in pairs)
        return op if sizes == op.shape else replace(op, shape=sizes)
    if isinstance(op, Conv) and 1 < op.groups == site.data.shape[op.channel_axis]:
        left = site.shape[op.channel_axis]
        return op if left == op.groups else replace(op, groups=left)
    if isinstance(op, Split) and site.changes(op.axis):
        lengths = tuple(site.kept.cut(labels).shape[op.axis] for labels in site.results)
        return replace(op, sizes=lengths, parts=None)
    if isinstance(op, Slice) and None not in op.index:
        items = [
            _item(item, axis, site) if site.changes(axis) else item
            for axis, item in enumerate(op.index)
        ]
        return op if tuple(items) == op.index else replace(op, index=tuple(items))
    return op


def _item(item: Any, axis: int, site: Site) -> Any:
    """One entry of an index, along an axis that gets shorter."""
    length = site.data.shape[axis]
    if isinstance(item, int):
        return site.before(axis, item % length)
    start, stop, step = item.indices(length)
    if step != 1:
        return item  # it then fits no more
    return slice(site.before(axis, start), site.before(axis, stop))
