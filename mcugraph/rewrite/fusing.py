"""What one kernel of TFLite does at once: an activation, and the shape of a mean."""

from mcugraph.ops.base import FUSABLE_ACTIVATIONS, Fusable
from mcugraph.ops.movement import Flatten, Reshape, Squeeze
from mcugraph.ops.pooling import GlobalPool
from mcugraph.ops.reduction import Reduce
from mcugraph.records import replace
from mcugraph.rewrite.edit import Edit

_REDUCTIONS = {"average": "mean", "max": "max"}


def fuse_activations(edit: Edit) -> None:
    """ReLU, ReLU6 and ReLU1 fused into the operator that alone feeds them, where it can.

    They go before a reshape: what is behind it may take them in.
    """
    for operator, op in edit.computing(FUSABLE_ACTIVATIONS):
        if op.activation is not None:
            continue
        source = edit.only_source(operator, operator.inputs[0]) if operator.inputs else None
        moved = source if source is not None and isinstance(source.op, Reshape | Flatten) else None
        if moved is not None:
            source = edit.only_source(moved, moved.inputs[0])
        if source is None or not isinstance(source.op, Fusable):
            continue
        if source.op.fuses and source.op.activation is None:
            fused = source.op.with_activation(op.function)
            if moved is None:
                edit.absorb(source, operator, fused)
            else:
                edit.change(source, fused)
                edit.absorb(moved, operator)


def reduce_globally(edit: Edit) -> None:
    """Global pooling as the MEAN or REDUCE_MAX of the spatial axes that TFLite has for it."""
    for operator, op in edit.of(GlobalPool):
        shape = edit.tensors[operator.inputs[0] or ""].shape if operator.inputs else None
        if op.function in _REDUCTIONS and shape:
            channel = op.channel_axis % len(shape)
            axes = tuple(axis for axis in range(1, len(shape)) if axis != channel)
            edit.change(operator, Reduce(_REDUCTIONS[op.function], axes, keepdims=True))


def fuse_squeezes(edit: Edit) -> None:
    """Reductions without the axes of length 1 that a reshape after them takes away at once."""
    for operator, _ in edit.of(Flatten, Reshape, Squeeze):
        source = edit.only_source(operator, operator.inputs[0]) if operator.inputs else None
        if source is None or not isinstance(source.op, Reduce) or not source.op.keepdims:
            continue
        data = edit.tensors[source.inputs[0] or ""]
        reduction = replace(source.op, keepdims=False)
        if data.shape is None:
            continue
        # Of shapes alone: the other rules of a reduction do not depend on keepdims.
        axes = {axis % len(data.shape) for axis in source.op.axes or range(len(data.shape))}
        rest = tuple(dim for axis, dim in enumerate(data.shape) if axis not in axes)
        if edit.tensors[operator.outputs[0]].shape == rest:
            edit.absorb(source, operator, reduction)
