"""The rewrites that a converter to TFLite applies."""

from dataclasses import replace

from mcugraph.errors import FormatError
from mcugraph.ir import Array, Constant, Graph, Kind, Op, Operator, Shape, Tensor
from mcugraph.ops.attention import Attention
from mcugraph.ops.base import FUSABLE_ACTIVATIONS, Fusable
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.elementwise import IDENTITIES, Elementwise
from mcugraph.ops.linear import Dense, MatMul
from mcugraph.ops.movement import ChannelShuffle, Reshape, Transpose
from mcugraph.ops.normalization import BatchNorm, Normalization
from mcugraph.rewrite.edit import Edit


def drop_identities(graph: Graph) -> Graph:
    """Without operators that change nothing at inference, such as dropout."""
    edit = Edit(graph)
    for operator in edit.operators:
        if isinstance(operator.op, Elementwise) and operator.op.function in IDENTITIES:
            source = operator.inputs[0]
            if source is not None:
                edit.bypass(operator, source)
    return edit.graph()


def fold_batch_norm(graph: Graph) -> Graph:
    """Batch norms folded into the weights and bias of the layer that alone feeds them."""
    edit = Edit(graph)
    for operator in edit.operators:
        if not isinstance(operator.op, BatchNorm):
            continue
        layer = _foldable_layer(edit, operator)
        if layer is not None and _constant(edit, operator.inputs[1:]):
            edit.absorb(_with_bias(edit, layer, operator), operator)
    return edit.graph()


def fold_bias(graph: Graph) -> Graph:
    """Additions of one constant a channel folded into the bias of the layer before them."""
    edit = Edit(graph)
    for operator in edit.operators:
        if not isinstance(operator.op, Elementwise) or operator.op.function != "add":
            continue
        if operator.op.activation is not None or len(operator.inputs) != 2:
            continue
        for data, constant in (operator.inputs, operator.inputs[::-1]):
            layer = _foldable_layer(edit, replace(operator, inputs=(data,)))
            if layer is None or len(layer.inputs) > 2 or not _constant(edit, (constant,)):
                continue
            if _one_a_channel(edit, layer, constant):
                edit.absorb(replace(layer, inputs=(*layer.inputs, constant)), operator)
                break
    return edit.graph()


def fuse_activations(graph: Graph) -> Graph:
    """ReLU, ReLU6 and ReLU1 fused into the operator that alone feeds them, where it can."""
    edit = Edit(graph)
    for operator in edit.operators:
        if not isinstance(operator.op, Elementwise):
            continue
        if operator.op.function not in FUSABLE_ACTIVATIONS or operator.op.activation is not None:
            continue
        data = edit.current(operator.inputs[0])
        source = edit.producer(data)
        if source is None or data is None or not edit.only_read_by(data, operator):
            continue
        if isinstance(source.op, Fusable) and source.op.fuses and source.op.activation is None:
            fused = source.op.with_activation(operator.op.function)
            edit.absorb(replace(source, op=fused), operator)
    return edit.graph()


def split_silu(graph: Graph) -> Graph:
    """SiLU as the LOGISTIC and MUL that TFLite has for it."""
    edit = Edit(graph)
    for operator in edit.operators:
        if not isinstance(operator.op, Elementwise) or operator.op.function != "silu":
            continue
        gate = replace(edit.tensors[operator.outputs[0]], name=f"{operator.outputs[0]}/sigmoid")
        edit.tensors[gate.name] = gate
        sigmoid = replace(
            operator,
            name=f"{operator.name}/sigmoid",
            op=Elementwise("sigmoid"),
            outputs=(gate.name,),
        )
        multiply = replace(operator, op=Elementwise("mul"), inputs=(operator.inputs[0], gate.name))
        edit.expand(operator, [sigmoid, multiply])
    return edit.graph()


def split_attention(graph: Graph) -> Graph:
    """Attention as the BATCH_MATMUL, SOFTMAX and BATCH_MATMUL that TFLite has for it.

    The scores are then tensors of their own. The scaling belongs to the projection of the
    queries. Where heads share keys, or values of earlier steps are read, it stays one operator.
    """
    edit = Edit(graph)
    for operator in edit.operators:
        op = operator.op
        if not isinstance(op, Attention) or op.outputs > 1 or len(operator.inputs) > 4:
            continue
        query, keys, values, *masks = operator.inputs
        shapes = [edit.tensors[name or ""].shape for name in (query, keys, values)]
        q, k, _ = shapes
        if q is None or k is None or not _one_head_each(op, shapes):
            continue
        (result,) = operator.outputs
        scores = replace(edit.tensors[result], shape=(*q[:-1], k[-2]))
        steps: list[tuple[str, Op, tuple[str | None, ...]]] = [
            ("scores", MatMul(transpose_b=True), (query, keys))
        ]
        if masks and masks[0] is not None:
            steps.append(("masked", Elementwise("add"), (f"{result}/scores", masks[0])))
        steps.append(("softmax", Normalization("softmax"), (f"{result}/{steps[-1][0]}",)))
        parts = []
        for name, step, inputs in steps:
            made = replace(scores, name=f"{result}/{name}")
            edit.tensors[made.name] = made
            parts.append(
                Operator(f"{operator.name}/{name}", step, inputs, (made.name,), operator.native)
            )
        product = replace(operator, op=MatMul(), inputs=(f"{result}/softmax", values))
        edit.expand(operator, [*parts, product])
    return edit.graph()


def _one_head_each(op: Attention, shapes: list[Shape | None]) -> bool:
    """Whether each head of queries has keys and values of its own, on an axis of its own."""
    if op.query_heads is not None or op.key_heads is not None:
        return op.query_heads == op.key_heads == 1
    return len({None if shape is None else shape[:-2] for shape in shapes}) == 1


def split_channel_shuffle(graph: Graph) -> Graph:
    """A channel shuffle as the RESHAPE, TRANSPOSE and RESHAPE that TFLite has for it."""
    edit = Edit(graph)
    for operator in edit.operators:
        data = edit.tensors[operator.inputs[0] or ""] if operator.inputs else None
        if not isinstance(operator.op, ChannelShuffle) or data is None or data.shape is None:
            continue
        (batch, channels, *rest), groups = data.shape, operator.op.groups
        shapes = [(batch, groups, channels // groups), (batch, channels // groups, groups)]
        order = (0, 2, 1, *range(3, 3 + len(rest)))
        (result,) = operator.outputs
        steps: list[Op] = [Reshape((*shapes[0], *rest)), Transpose(order)]
        parts, source = [], operator.inputs[0]
        for name, op, shape in zip(("grouped", "shuffled"), steps, shapes, strict=True):
            made = replace(edit.tensors[result], name=f"{result}/{name}", shape=(*shape, *rest))
            edit.tensors[made.name] = made
            label = f"{operator.name}/{name}"
            parts.append(Operator(label, op, (source,), (made.name,), operator.native))
            source = made.name
        edit.expand(operator, [*parts, replace(operator, op=Reshape(data.shape), inputs=(source,))])
    return edit.graph()


def _foldable_layer(edit: Edit, operator: Operator) -> Operator | None:
    """The linear layer whose result only this operator reads, if its weights are constant."""
    data = edit.current(operator.inputs[0])
    layer = edit.producer(data)
    if layer is None or data is None or not isinstance(layer.op, Conv | ConvTranspose | Dense):
        return None
    if layer.op.activation is not None or not _constant(edit, layer.inputs[1:]):
        return None
    return layer if edit.only_read_by(data, operator) else None


def _constant(edit: Edit, names: tuple[str | None, ...]) -> bool:
    return all(name is None or edit.tensors[name].kind is Kind.CONSTANT for name in names)


def _with_bias(edit: Edit, layer: Operator, norm: Operator) -> Operator:
    """The layer with a bias like the shift of the batch norm folded into it, if it has none.

    Layers that share their weights and their batch norm share that bias too.
    """
    if len(layer.inputs) > 2 and layer.inputs[2] is not None:
        return layer
    # Without a shift of its own the bias is made from the mean.
    shift = next(edit.tensors[name] for name in norm.inputs[2:] if name is not None)
    stored = [edit.tensors[name] for name in (layer.inputs[1], *norm.inputs[1:]) if name]
    key = ("folded bias", *(t.constant.key if t.constant else t.name for t in stored))
    name = f"{layer.name}/folded_bias"
    bias = Tensor(name, shift.dtype, shift.shape, Kind.CONSTANT, Constant(key, _not_computed))
    edit.tensors[name] = bias
    return replace(layer, inputs=(*layer.inputs[:2], name, *layer.inputs[3:]))


def _not_computed() -> Array:
    raise FormatError("the values of a folded bias are not computed")


def _one_a_channel(edit: Edit, layer: Operator, constant: str | None) -> bool:
    """Whether a constant, broadcast against the layer's result, differs by channel only."""
    result, shape = edit.tensors[layer.outputs[0]].shape, edit.tensors[constant or ""].shape
    if result is None or shape is None or len(shape) > len(result):
        return False
    op = layer.op
    axis = op.channel_axis if isinstance(op, Conv | ConvTranspose) else -1
    aligned = (1,) * (len(result) - len(shape)) + shape
    channel = axis % len(result)
    return all(dim == (result[i] if i == channel else 1) for i, dim in enumerate(aligned))
