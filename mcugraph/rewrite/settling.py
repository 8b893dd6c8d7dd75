"""Reshapes that a TFLite file has no need of, and results that it computes once."""

from math import prod

from mcugraph.ir import Op, Operator, Tensor
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.elementwise import Convert, Elementwise
from mcugraph.ops.linear import Dense
from mcugraph.ops.movement import Flatten, Reshape, Squeeze, Transpose, Unsqueeze
from mcugraph.ops.pooling import Pool
from mcugraph.ops.reduction import Reduce
from mcugraph.ops.selection import Concat, Pad
from mcugraph.records import replace
from mcugraph.rewrite.edit import Edit

_RESHAPES = Flatten, Reshape, Squeeze, Unsqueeze
_SHARED = (
    *_RESHAPES,
    *(Concat, Conv, ConvTranspose, Convert, Dense, Elementwise, Pad, Pool, Reduce, Transpose),
)


def settle_reshapes(edit: Edit) -> None:
    """Each chain of reshapes as one, and none where nothing needs its shape.

    - A reshape of what was reshaped is one of the first data.
    - An operator that does the same to every element goes before the reshape of what it reads.
    - A dense layer takes its rows from maps of one element a channel.
    """
    while any([_sink(edit), _join(edit)]):
        pass
    _read_maps(edit)


def _sink(edit: Edit) -> bool:
    """Put reshapes behind operators on single elements that other reshapes follow.

    Each is one with what follows at once: so they go down a long row of them in one pass.
    """
    found = False
    for moved, _ in edit.of(*_RESHAPES):
        operator = edit.only_reader(moved.outputs[0])
        if operator is None or not isinstance(operator.op, Elementwise | Convert):
            continue
        data, *numbers = operator.inputs
        if len(operator.outputs) != 1 or edit.only_source(operator, data) is not moved:
            continue
        reader = edit.only_reader(operator.outputs[0])
        if reader is None or not isinstance(reader.op, _RESHAPES):
            continue
        if not edit.constant(numbers) or any(name and edit.tensors[name].shape for name in numbers):
            continue
        first, after = moved.inputs[0], operator.outputs[0]
        made, shape = edit.tensors[after], edit.tensors[first or ""].shape
        if shape is None or made.shape is None or made.shape != edit.tensors[data or ""].shape:
            continue
        inner = edit.add(replace(made, name=f"{after}/before", shape=shape))
        edit.change(operator, operator.op, (first, *numbers), (inner,))
        edit.change(moved, Reshape(made.shape), (inner,), (after,))
        edit.put_before(operator, moved)
        _join_with(edit, edit.named(moved.name), edit.named(reader.name))
        found = True
    return found


def _join(edit: Edit) -> bool:
    """Make one reshape of two, and none of one to the shape that there is."""
    found = False
    for operator, _ in edit.of(*_RESHAPES):
        source = edit.only_source(operator, operator.inputs[0])
        if source is not None and isinstance(source.op, _RESHAPES):
            found |= _join_with(edit, source, operator)
            continue
        made, data = edit.tensors[operator.outputs[0]], edit.tensors[operator.inputs[0] or ""]
        plain = data.quantization is made.quantization is None
        if made.shape is not None and data.shape == made.shape and plain:
            found |= edit.bypass(operator, data.name)
    return found


def _join_with(edit: Edit, first: Operator, second: Operator) -> bool:
    """Make one reshape of two, the second of which alone reads the first; whether it is known."""
    shape = edit.tensors[second.outputs[0]].shape
    if shape is None:
        return False
    edit.absorb(first, second, Reshape(shape))
    return True


def _read_maps(edit: Edit) -> None:
    """Let dense layers read maps of one element a channel, which are rows already."""
    for operator, op in edit.of(Dense):
        moved = edit.source(operator, operator.inputs[0])
        if moved is None or not isinstance(moved.op, _RESHAPES) or op.transposed:
            continue
        first, have = moved.inputs[0], edit.tensors[moved.outputs[0]].shape
        shape = edit.tensors[first or ""].shape
        if not shape or len(shape) < 3 or have != shape[:2] or prod(shape[2:]) != 1:
            continue
        edit.change(operator, replace(op, flatten=True), (first, *operator.inputs[1:]))
        if not edit.is_read(moved.outputs[0]):
            edit.remove(moved, operator)


def share_results(edit: Edit) -> None:
    """Operators that do the same to the same data, as one."""
    readers: dict[tuple[str | None, ...], dict[Op, list[str]] | str] = {}
    for operator, op in edit.of(*_SHARED):
        if len(operator.outputs) != 1:
            continue
        known = readers.setdefault(operator.inputs, operator.name)
        if known == operator.name:  # the only one that reads that so far, as most are
            continue
        if isinstance(known, str):
            known = readers[operator.inputs] = {edit.named(known).op: [known]}
        alike = known.setdefault(op, [])
        made = edit.tensors[operator.outputs[0]]
        results = (edit.named(name).outputs[0] for name in alike)
        first = next((one for one in results if _stored_alike(edit.tensors[one], made)), None)
        if first is None:
            alike.append(operator.name)
        else:
            edit.bypass(operator, first)


def _stored_alike(one: Tensor, other: Tensor) -> bool:
    """Whether results of the same numbers are the same bytes."""
    if one.dtype is not other.dtype:
        return False
    before, after = one.quantization, other.quantization
    if before is None or after is None:
        return before is after
    # Scales that are not known yet follow from the numbers, which are the same.
    return not (before.is_known or after.is_known) or before.same_as(after)
