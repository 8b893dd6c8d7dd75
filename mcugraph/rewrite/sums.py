"""Additions of constants folded into the bias of the layer before them, or the one after them."""

from collections.abc import Callable, Hashable

from mcugraph.ir import Array, Constant, Kind, Operator, Tensor
from mcugraph.late_numpy import np
from mcugraph.ops.base import Weighted
from mcugraph.ops.convolution import Conv
from mcugraph.ops.linear import Dense
from mcugraph.ops.window import VALID
from mcugraph.rewrite.edit import Edit
from mcugraph.rewrite.folding import foldable_layer, is_real, one_a_channel, values_of

Load = Callable[[], Array]

_SUMS = frozenset({"add", "sub"})


def fold_sums(edit: Edit) -> bool:
    """Sums with constants folded into biases, values included, as converters to TFLite do.

    What is one a channel, or one for all, goes into the layer that alone feeds the addition; where
    it is subtracted, into a convolution.
    Else it goes into the layer that alone reads it: through the weights, so nowhere where a
    convolution pads its data, and one a channel into dense layers only. What is quantised already
    stays as it is.

    Returns:
        Whether there were any.
    """
    found = False
    for operator, op in edit.computing(_SUMS):
        if op.activation or len(operator.inputs) != 2:
            continue
        pairs = (operator.inputs, operator.inputs[::-1])[: 1 if op.function == "sub" else 2]
        for data, term in pairs:
            if data is None or term is None or not edit.constant((term,)):
                continue
            if not is_real(edit, term):
                continue
            if _into_layer_before(edit, operator, data, term) or _into_layer_after(
                edit, operator, data, term
            ):
                found = True
                break
    return found


def _into_layer_before(edit: Edit, operator: Operator, data: str, term: str) -> bool:
    layer = foldable_layer(edit, operator, data)
    if layer is None or not _takes_bias(edit, layer):
        return False
    if edit.tensors[term].elements != 1 and not one_a_channel(edit, layer, term):
        return False
    added, sign = edit.tensors[term], _sign(operator)
    if sign < 0 and not isinstance(layer.op, Conv):
        return False
    # Alone, and one a channel, it is the bias: who shares it goes on sharing it.
    alone = len(layer.inputs) < 3 and sign > 0 and added.elements != 1
    key = added.key if alone else ("plus", added.key, sign, *_identity(edit, layer))
    bias = _biased(edit, layer, key, lambda: sign * values_of(added))
    edit.absorb(layer, operator, inputs=(*layer.inputs[:2], bias, *layer.inputs[3:]))
    return True


def _into_layer_after(edit: Edit, operator: Operator, data: str, term: str) -> bool:
    (result,) = operator.outputs
    layer = edit.only_reader(result)
    if layer is None or not _carries(edit, layer, result, term):
        return False
    added, weights = edit.tensors[term], edit.tensors[layer.inputs[1] or ""]
    sign = _sign(operator)

    def through() -> Array:
        assert isinstance(layer.op, Weighted)
        values, terms = values_of(weights).astype(np.float64), values_of(added).ravel()
        rows = terms.size > 1 and layer.op.weight_in % values.ndim == 0
        product = values * (terms[:, None] if rows else terms) * sign
        out = layer.op.weight_out % values.ndim
        return np.asarray(product.sum(tuple(i for i in range(values.ndim) if i != out)))

    key = ("plus", weights.key, added.key, sign, *_identity(edit, layer))
    bias = _biased(edit, layer, key, through)
    edit.change(layer, inputs=(result, layer.inputs[1], bias, *layer.inputs[3:]))
    edit.bypass(operator, data)
    return True


def _sign(operator: Operator) -> float:
    return -1.0 if operator.op.kind == "sub" else 1.0


def _carries(edit: Edit, layer: Operator, data: str, term: str) -> bool:
    """Whether a layer makes of a constant in its data one in its bias."""
    op, added = layer.op, edit.tensors[term]
    if layer.inputs[0] != data or data in layer.inputs[1:] or not _takes_bias(edit, layer):
        return False
    shapes = [None if name is None else edit.tensors[name].shape for name in layer.inputs]
    if isinstance(op, Dense):
        depth = None if shapes[1] is None else shapes[1][op.weight_in]
        ends = (added.shape or (1,))[-1]
        fits = added.elements == 1 or added.elements == ends == depth
        return fits and not op.flatten and not op.transposed
    if not isinstance(op, Conv) or added.elements != 1 or None in shapes[:2]:
        return False
    return op.tflite_padding(shapes) == VALID


def _takes_bias(edit: Edit, layer: Operator) -> bool:
    """Whether a layer has floats for weights and bias, or no bias yet."""
    held = layer.inputs[1:3]
    return edit.constant(held) and all(is_real(edit, name) for name in held)


def _identity(edit: Edit, layer: Operator) -> tuple[Hashable, ...]:
    """What a layer's new bias depends on besides what is added."""
    old = layer.inputs[2] if len(layer.inputs) > 2 else None
    return (old and edit.tensors[old].key, _channels(edit, layer))


def _channels(edit: Edit, layer: Operator) -> int:
    assert isinstance(layer.op, Weighted)
    shape = edit.tensors[layer.outputs[0]].shape
    assert shape is not None
    return shape[layer.op.result_axis]


def _biased(edit: Edit, layer: Operator, key: Hashable, terms: Load) -> str:
    """A layer's bias and more; its name, that of the old one where that is free."""
    name = layer.inputs[2] if len(layer.inputs) > 2 else None
    old = None if name is None else edit.tensors[name]
    weights, count = edit.tensors[layer.inputs[1] or ""], _channels(edit, layer)

    def load() -> Array:
        before = 0.0 if old is None else values_of(old).ravel().astype(np.float64)
        return np.broadcast_to(before + terms().ravel(), (count,)).astype(values_of(weights).dtype)

    free = name is not None and edit.readers(name) == {layer.name} and not edit.is_output(name)
    own = name if free and name is not None else edit.tensor_name(f"{layer.name}/bias")
    edit.tensors[own] = Tensor(own, weights.dtype, (count,), Kind.CONSTANT, Constant(key, load))
    return own
