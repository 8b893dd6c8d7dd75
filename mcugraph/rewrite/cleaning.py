"""What changes nothing at inference."""

from math import inf

from mcugraph.ir import Operator
from mcugraph.ops.base import broadcast
from mcugraph.ops.elementwise import IDENTITIES, NEVER_NEGATIVE, Elementwise
from mcugraph.ops.movement import Expand, Reshape
from mcugraph.ops.recurrent import Recurrent
from mcugraph.records import replace
from mcugraph.rewrite.edit import Edit

_MAY_CHANGE_NOTHING = IDENTITIES | {"clip"}


def drop_identities(edit: Edit) -> None:
    """Without operators that change nothing, such as dropout or a reshape to the same shape.

    Nothing is repeated for operators that repeat it themselves, either. One stays where an output
    of the graph would otherwise be an input, a constant or another output.
    """
    for operator, op in edit.of(Elementwise, Reshape, Expand):
        source = operator.inputs[0] if operator.inputs else None
        if source is None:
            continue
        if isinstance(op, Elementwise):
            same = changes_nothing(operator) or _is_needless_bound(edit, operator, op)
        else:
            same = _same(edit, operator)
            same = same or (isinstance(op, Expand) and _is_repeated_anyway(edit, operator))
        if same:
            edit.bypass(operator, source)


def _is_needless_bound(edit: Edit, operator: Operator, op: Elementwise) -> bool:
    """Whether it is a ReLU of what is never negative, whoever else reads that."""
    if op.function != "relu" or op.activation is not None:
        return False
    source = edit.source(operator, operator.inputs[0])
    if source is None or not isinstance(source.op, Elementwise):
        return False
    return source.op.function in NEVER_NEGATIVE


def _same(edit: Edit, operator: Operator) -> bool:
    """Whether a reshape's data and its result have one shape, and are not of integers."""
    data, result = (edit.tensors[name or ""] for name in (operator.inputs[0], operator.outputs[0]))
    known = data.shape is not None and data.quantization is result.quantization is None
    return known and data.shape == result.shape


def _is_repeated_anyway(edit: Edit, operator: Operator) -> bool:
    """Whether all who read what an operator repeats would repeat it to that shape."""
    (made,), source = operator.outputs, operator.inputs[0] or ""
    return not edit.is_output(made) and all(
        _repeats(edit, edit.named(reader), made, source) for reader in edit.readers(made)
    )


def _repeats(edit: Edit, reader: Operator, made: str, source: str) -> bool:
    """Whether an operator makes as much of the source as of what repeats it."""
    # A PReLU repeats its slopes for its data, and never the data.
    if not isinstance(reader.op, Elementwise) or reader.op.function == "prelu":
        return False
    names = [source if name == made else name for name in reader.inputs if name is not None]
    read = [edit.tensors[name].shape for name in names]
    shapes = [shape for shape in read if shape is not None]
    whole = edit.tensors[reader.outputs[0]].shape
    return 1 < len(read) == len(shapes) and broadcast(shapes) == whole


def copy_by_reshape(edit: Edit) -> None:
    """Identities that stay as the RESHAPE to the same shape that TFLite has for a copy."""
    for operator, _ in edit.computing(_MAY_CHANGE_NOTHING):
        if changes_nothing(operator) and operator.outputs:
            shape = edit.tensors[operator.outputs[0]].shape
            if shape is not None:
                edit.change(operator, Reshape(shape), operator.inputs[:1], operator.outputs[:1])


def changes_nothing(operator: Operator) -> bool:
    """Whether an operator's result is what it reads, as that of a clip without bounds is."""
    op = operator.op
    if not isinstance(op, Elementwise) or op.function not in _MAY_CHANGE_NOTHING:
        return False
    return op.function in IDENTITIES or not clip_bounds(operator)


def clip_bounds(operator: Operator) -> dict[str, tuple[str | None, float | None]]:
    """The bounds that a clip has, as the function that holds each: its operand and its value.

    The operand is None where the operator has the value as an attribute, the value None where it
    is not known.
    """
    assert isinstance(operator.op, Elementwise)
    given = (*operator.inputs[1:3], None, None)[:2]
    values = operator.op.bounds or (None, None)
    none = (-inf, inf)
    return {
        function: (operand, value)
        for function, operand, value, at_all in zip(
            ("maximum", "minimum"), given, values, none, strict=True
        )
        if value != at_all and (operand, value) != (None, None)
    }


def drop_unread_states(edit: Edit) -> None:
    """Recurrent layers without states at their end that nothing reads, as TFLite has them."""
    for operator, op in edit.of(Recurrent):
        count = len(op.outputs)
        while count > 1 and not edit.is_read(operator.outputs[count - 1]):
            count -= 1
        if count < len(op.outputs):
            edit.change(
                operator, replace(op, outputs=op.outputs[:count]), None, operator.outputs[:count]
            )
