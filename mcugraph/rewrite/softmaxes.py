"""Softmax as TFLite knows it: along the last axis, images having their channels there."""

from mcugraph.ir import Operator
from mcugraph.ops.attention import Attention
from mcugraph.ops.linear import Dense, MatMul
from mcugraph.ops.movement import Movement, Transpose
from mcugraph.ops.normalization import Normalization
from mcugraph.ops.pooling import AdaptivePool, GlobalPool
from mcugraph.ops.window import Windowed
from mcugraph.records import replace
from mcugraph.rewrite.edit import Edit

IMAGE = (0, 2, 3, 1)  # the axes of images as they are stored, channels last
FROM_IMAGE = (0, 3, 1, 2)
_FUNCTIONS = frozenset({"softmax", "log_softmax"})


def turn_softmax(edit: Edit) -> None:
    """Softmax and log-softmax along other axes between two TRANSPOSE."""
    for operator, op in edit.of(Normalization):
        data = operator.inputs[0] if operator.inputs else None
        shape = None if data is None else edit.tensors[data].shape
        if op.function not in _FUNCTIONS or len(op.axes) != 1 or data is None or not shape:
            continue
        order = turned(len(shape), op.axes[0], _is_image(edit, data))
        if order is not None:
            moved = tuple(shape[axis] for axis in order)
            there = edit.step(operator, "turned", Transpose(order), (data,), moved)
            known = edit.tensors[data].quantization
            if known is not None:
                edit.quantize(there.outputs[0], known)
            last = replace(op, axes=(-1,))
            along = edit.step(operator, op.function, last, there.outputs, moved)
            home = tuple(sorted(range(len(shape)), key=order.__getitem__))
            back = replace(operator, op=Transpose(home), inputs=along.outputs)
            edit.expand(operator, [there, along, back])


def turned(rank: int, axis: int, image: bool) -> tuple[int, ...] | None:
    """The order in which an axis is the last one, of others as they are stored.

    None: it is the last one where the data lies.
    """
    axis %= rank
    stored = IMAGE if image else tuple(range(rank))
    if stored[-1] == axis:
        return None
    return (*(other for other in stored if other != axis), axis)


def _is_image(edit: Edit, name: str) -> bool:
    """Whether data is stored with its second axis last: what slides windows makes or hands on."""
    while len(edit.tensors[name].shape or ()) == len(IMAGE):
        maker: Operator | None = edit.producer(name)
        if maker is None:
            return not edit.tensors[name].is_constant
        if isinstance(maker.op, Windowed | GlobalPool | AdaptivePool):
            return True
        if isinstance(maker.op, Transpose):
            return maker.op.permutation == FROM_IMAGE
        first = next((each for each in maker.inputs if each is not None), None)
        if isinstance(maker.op, Movement | Dense | MatMul | Attention) or first is None:
            return False
        name = first
    return False
