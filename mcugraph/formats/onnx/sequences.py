"""ONNX sequences: a sequence is one tensor that holds all elements of its entries."""

from math import prod

from mcugraph.formats.onnx.node import OnnxNode
from mcugraph.formats.onnx.scope import Handler, Scope
from mcugraph.ir import DType, Tensor, TensorType
from mcugraph.ops.opaque import Declared
from mcugraph.ops.selection import Split

Entries = tuple[TensorType, ...] | None


def _position(scope: Scope, node: OnnxNode, index: int, length: int, default: int) -> int | None:
    """The value of a position input; None where it is computed."""
    if not node.has(index):
        return default
    value = scope.value(node.tensor(index).name)
    if value is None:
        return None
    position = int(value.ravel()[0])
    return position + length if position < 0 else position


def _sequence(scope: Scope, node: OnnxNode, entries: Entries, dtype: DType) -> None:
    """The node makes a sequence."""
    name = node.outputs[0]
    shape = None if entries is None else (sum(prod(entry.shape) for entry in entries),)
    scope.tensors[name] = Tensor(name, dtype, shape)
    if entries is not None:
        scope.sequences[name] = entries
    _operator(scope, node)


def _tensor(scope: Scope, node: OnnxNode, kind: TensorType | None) -> None:
    """The node makes a tensor."""
    name = node.outputs[0]
    kind = kind or scope.declared(node)[0]
    dtype = kind.dtype if kind else node.tensor(0).dtype
    scope.tensors[name] = Tensor(name, dtype, kind.shape if kind else None)
    _operator(scope, node)


def _operator(scope: Scope, node: OnnxNode) -> None:
    inputs = tuple(None if t is None else t.name for t in node.inputs)
    scope.add(Declared(node.native), node, inputs)


def _entries(scope: Scope, node: OnnxNode) -> Entries:
    return scope.sequences.get(node.tensor(0).name)


def _construct(scope: Scope, node: OnnxNode) -> None:
    entries = [tensor.type for tensor in node.inputs if tensor is not None]
    known = tuple(entry for entry in entries if entry is not None)
    complete = known if len(known) == len(entries) else None
    _sequence(scope, node, complete, node.tensor(0).dtype)


def _empty(scope: Scope, node: OnnxNode) -> None:
    _sequence(scope, node, (), DType.FLOAT32)


def _insert(scope: Scope, node: OnnxNode) -> None:
    entries, new = _entries(scope, node), node.tensor(1).type
    scope.model.counts.parts(node, len(entries or ()))
    result: Entries = None
    if entries is not None and new is not None:
        place = _position(scope, node, 2, len(entries), len(entries))
        # Where it goes does not change the size of the whole.
        place = len(entries) if place is None else place
        result = (*entries[:place], new, *entries[place:])
    _sequence(scope, node, result, node.tensor(1).dtype)


def _erase(scope: Scope, node: OnnxNode) -> None:
    entries = _entries(scope, node)
    place = None if entries is None else _position(scope, node, 1, len(entries), -1)
    result: Entries = None
    if entries is not None and place is not None:
        place %= max(len(entries), 1)
        result = (*entries[:place], *entries[place + 1 :])
    _sequence(scope, node, result, node.tensor(0).dtype)


def _at(scope: Scope, node: OnnxNode) -> None:
    entries = _entries(scope, node)
    place = None if entries is None else _position(scope, node, 1, len(entries), 0)
    inside = entries is not None and place is not None and 0 <= place < len(entries)
    _tensor(scope, node, entries[place] if inside and entries and place is not None else None)


def _length(scope: Scope, node: OnnxNode) -> None:
    _tensor(scope, node, TensorType(DType.INT64, ()))


def _split(scope: Scope, node: OnnxNode) -> None:
    data, axis = node.tensor(0).type, node.integer("axis", 0)
    result: Entries = None
    if data is not None:
        length = data.shape[axis]
        scope.model.counts.parts(node, length)
        sizes: tuple[int, ...] | None = (1,) * length
        if node.has(1):
            value = scope.value(node.tensor(1).name)
            if value is None:
                sizes = None
            elif value.ndim:
                sizes = tuple(int(size) for size in value)
            else:
                each = int(value)
                sizes = tuple(min(each, length - i) for i in range(0, length, each))
        if sizes is not None:
            result = Split(axis, sizes).infer([data])
    _sequence(scope, node, result, node.tensor(0).dtype)


def _concat(scope: Scope, node: OnnxNode) -> None:
    entries, axis = _entries(scope, node), node.integer("axis", 0)
    kind: TensorType | None = None
    if entries:
        shape = list(entries[0].shape)
        if node.integer("new_axis", 0):
            shape.insert(axis if axis >= 0 else len(shape) + 1 + axis, len(entries))
        else:
            shape[axis] = sum(entry.shape[axis] for entry in entries)
        kind = TensorType(entries[0].dtype, tuple(shape))
    _tensor(scope, node, kind)


HANDLERS: dict[str, Handler] = {
    "SequenceConstruct": _construct,
    "SequenceEmpty": _empty,
    "SequenceInsert": _insert,
    "SequenceErase": _erase,
    "SequenceAt": _at,
    "SequenceLength": _length,
    "SplitToSequence": _split,
    "ConcatFromSequence": _concat,
}
