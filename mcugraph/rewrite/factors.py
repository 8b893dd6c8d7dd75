"""Multiplications by constants folded into the layer before them, or the one after them."""

from collections.abc import Callable

from mcugraph.ir import Array, Constant, Operator, Tensor
from mcugraph.late_numpy import np
from mcugraph.ops.base import Weighted
from mcugraph.ops.convolution import Conv
from mcugraph.ops.linear import Dense
from mcugraph.records import replace
from mcugraph.rewrite.edit import Edit
from mcugraph.rewrite.folding import along, foldable_layer, is_real, one_a_channel, values_of


def fold_factors(edit: Edit) -> bool:
    """Factors folded into the weights of a layer, values included, as converters to TFLite do.

    One a channel, or one for all, goes into the layer that alone feeds the multiplication; one
    for all else into the convolution or dense layer that alone reads it. What is quantised
    already stays as it is.

    Returns:
        Whether there were any.
    """
    found = False
    for operator, op in edit.computing({"mul"}):
        if op.activation is not None or len(operator.inputs) != 2:
            continue
        for data, factor in (operator.inputs, operator.inputs[::-1]):
            if factor is None or not edit.constant((factor,)) or not is_real(edit, factor):
                continue
            before = _into_layer_before(edit, operator, data, factor)
            if before or (data is not None and _into_layer_after(edit, operator, data, factor)):
                found = True
                break
    return found


def fold_own_factors(edit: Edit) -> None:
    """Factors that a dense layer has itself, folded into its weights and its bias."""
    for operator, op in edit.of(Dense):
        inputs = list(operator.inputs)
        for index, factor in enumerate(op.factors, 1):
            name = inputs[index] if index < len(inputs) else None
            if factor != 1.0 and name is not None:
                if not edit.constant((name,)) or not is_real(edit, name):
                    break
                inputs[index] = _multiplied(edit, name, factor)
        else:
            if op.factors != (1.0, 1.0):
                edit.change(operator, replace(op, factors=(1.0, 1.0)), inputs)


def _multiplied(edit: Edit, name: str, factor: float) -> str:
    """A constant times a number."""
    tensor = edit.tensors[name]

    def load() -> Array:
        values = values_of(tensor)
        return (values * factor).astype(values.dtype)

    key = ("times", tensor.key, factor)
    return edit.store(f"{name}/scaled", tensor.dtype, tensor.shape or (), key, load)


def _into_layer_before(edit: Edit, operator: Operator, data: str | None, factor: str) -> bool:
    layer = foldable_layer(edit, operator, data)
    if layer is None or not all(is_real(edit, name) for name in layer.inputs[1:3]):
        return False
    if not _is_one(edit, factor) and not one_a_channel(edit, layer, factor):
        return False
    inputs = list(layer.inputs)
    for index, name in enumerate(layer.inputs[1:3], 1):
        if name is not None:
            inputs[index] = _scaled(edit, layer, name, factor, index == 1)
    edit.absorb(layer, operator, inputs=inputs)
    return True


def _into_layer_after(edit: Edit, operator: Operator, data: str, factor: str) -> bool:
    (result,) = operator.outputs
    layer = edit.only_reader(result)
    if layer is None or not _is_one(edit, factor) or not _takes_factors(edit, layer, result):
        return False
    weights = _scaled(edit, layer, layer.inputs[1] or "", factor, True)
    edit.change(layer, inputs=(result, weights, *layer.inputs[2:]))
    edit.bypass(operator, data)
    return True


def _takes_factors(edit: Edit, layer: Operator, data: str) -> bool:
    """Whether a layer reads a tensor as its data, with weights that may be scaled."""
    op = layer.op
    if not isinstance(op, Conv | Dense) or layer.inputs[0] != data or data in layer.inputs[1:]:
        return False
    if not edit.constant(layer.inputs[1:]) or not is_real(edit, layer.inputs[1]):
        return False
    shapes = [None if name is None else edit.tensors[name].shape for name in layer.inputs]
    # A PAD would stand between.
    return not isinstance(op, Conv) or (
        None not in shapes[:2] and op.tflite_padding(shapes) is not None
    )


def _scaled(edit: Edit, layer: Operator, name: str, factor: str, weights: bool) -> str:
    """A layer's weights or bias times a factor; its name, the old one where that is free."""
    old, by = edit.tensors[name], edit.tensors[factor]
    kind = "weights" if weights else "bias"
    constant = Constant(
        (f"scaled {kind}", old.key, by.key), _product(layer.op if weights else None, old, by)
    )
    if edit.readers(name) == {layer.name} and not edit.is_output(name):
        edit.tensors[name] = replace(old, constant=constant)
        return name
    return edit.add(replace(old, name=f"{layer.name}/{name}", constant=constant))


def _product(op: object, old: Tensor, by: Tensor) -> Callable[[], Array]:
    def load() -> Array:
        values, factors = values_of(old), values_of(by).astype(np.float64).ravel()
        if isinstance(op, Weighted) and factors.size > 1:
            factors = along(op, values, factors)
        return np.asarray(values * factors).reshape(values.shape).astype(values.dtype)

    return load


def _is_one(edit: Edit, name: str) -> bool:
    return edit.tensors[name].shape is not None and edit.tensors[name].elements == 1
