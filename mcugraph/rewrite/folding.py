"""Batch norms folded into the layer before them, values included."""

from collections.abc import Collection, Mapping

from mcugraph.errors import FormatError
from mcugraph.ir import Array, Constant, Kind, Operator, Tensor
from mcugraph.late_numpy import np
from mcugraph.ops.base import Fusable, Weighted
from mcugraph.ops.convolution import ConvTranspose
from mcugraph.ops.normalization import BatchNorm
from mcugraph.records import dataclass
from mcugraph.rewrite.edit import Edit


def fold_batch_norm(edit: Edit) -> None:
    """Batch norms folded into the weights and bias of the layer that alone feeds them.

    The folded weights keep the name of the layer's own; layers that share weights, but not the
    batch norm, get weights each. What is quantised already stays as it is, and so does a batch
    norm along another axis than that of the layer's channels.
    """
    pairs = []
    for operator, norm in edit.of(BatchNorm):
        if len(operator.inputs) != 5 or not edit.constant(operator.inputs[1:]):
            continue
        layer = foldable_layer(edit, operator, operator.inputs[0])
        if layer is None or not _same_channels(edit, layer, norm):
            continue
        if all(is_real(edit, name) for name in layer.inputs[1:3]):
            pairs.append((layer, operator))
    shared = _shared_weights(edit, pairs)
    names = {name for layer, _ in pairs for name in layer.inputs[1:3] if name is not None}
    before = {name: edit.tensors[name] for name in names}
    for layer, operator in pairs:
        inputs = _folded(edit, before, layer, Affine.of(edit, operator), shared)
        edit.absorb(layer, operator, inputs=inputs)


def _same_channels(edit: Edit, layer: Operator, norm: BatchNorm) -> bool:
    """Whether a batch norm has a number for each channel that the layer makes."""
    assert isinstance(layer.op, Weighted)
    made, scaled = layer.op.result_axis, norm.channel_axis
    shape = edit.tensors[layer.outputs[0]].shape
    return made == scaled if not shape else (made - scaled) % len(shape) == 0


def _shared_weights(edit: Edit, pairs: list[tuple[Operator, Operator]]) -> set[str]:
    """Constants of layers that others need in another form: operators, or users as outputs."""
    read = {name for layer, _ in pairs for name in layer.inputs[1:3] if name is not None}
    users = {name: edit.readers(name) for name in read}
    several = [name for name, readers in users.items() if len(readers) > 1]
    folds = {layer.name: operator.inputs[1:] for layer, operator in pairs} if several else {}
    differ = {name for name in several if len({folds.get(r) for r in users[name]}) > 1}
    return differ.union(filter(edit.is_output, read))


def is_real(edit: Edit, name: str | None) -> bool:
    """Whether a constant holds the numbers that it stands for."""
    tensor = None if name is None else edit.tensors[name]
    return tensor is None or (tensor.dtype.is_float and tensor.quantization is None)


@dataclass(frozen=True, slots=True)
class Affine:
    """A batch norm with constant parameters as ``scale * x + shift``.

    Attributes:
        parameters: Its scale, shift, mean and variance, as the graph has them; None: left out.
        epsilon: Added to the variance.
    """

    parameters: tuple[Tensor | None, ...]
    epsilon: float

    @classmethod
    def of(cls, edit: Edit, operator: Operator) -> "Affine":
        """The batch norm of an operator with five inputs."""
        assert isinstance(operator.op, BatchNorm)
        names = operator.inputs[1:5]
        parameters = [None if name is None else edit.tensors[name] for name in names]
        return cls(tuple(parameters), operator.op.epsilon)

    @property
    def like(self) -> Tensor:
        """A parameter that is there, for its shape and element type."""
        return next(tensor for tensor in reversed(self.parameters) if tensor is not None)

    @property
    def key(self) -> tuple[object, ...]:
        """What tells two of them apart."""
        keys = [None if tensor is None else tensor.key for tensor in self.parameters]
        return ("batch norm", self.epsilon, *keys)

    def scale(self) -> Array:
        """The factor of each channel, shape (channels,)."""
        scale, _, _, variance = self._values()
        return np.asarray(scale / np.sqrt(variance + self.epsilon))

    def shift(self) -> Array:
        """What is added to each channel, shape (channels,)."""
        _, shift, mean, _ = self._values()
        return np.asarray(shift - mean * self.scale())

    def _values(self) -> list[Array]:
        """Scale, shift, mean and variance in double precision."""
        neutral = (1.0, 0.0, 0.0, 1.0)
        return [
            np.asarray(value) if tensor is None else values_of(tensor).astype(np.float64)
            for tensor, value in zip(self.parameters, neutral, strict=True)
        ]


def values_of(tensor: Tensor) -> Array:
    """The value of a constant, in its shape.

    Raises:
        FormatError: The model does not have it.
    """
    if tensor.constant is None:
        raise FormatError(f"the value of {tensor.name!r} is not at hand")
    return tensor.constant.array().reshape(tensor.shape or ())


def _folded(
    edit: Edit,
    before: Mapping[str, Tensor],
    layer: Operator,
    norm: Affine,
    shared: Collection[str],
) -> tuple[str | None, ...]:
    """What a layer reads with a batch norm in its weights and its bias.

    Args:
        edit: Gets the new constants.
        before: Has the constants as they were.
        layer: The layer.
        norm: The batch norm.
        shared: Constants whose names other operators need.
    """
    data, name, *rest = layer.inputs
    weights, bias_name = before[name or ""], rest[0] if rest else None
    bias = None if bias_name is None else before[bias_name]
    like, key = norm.like, norm.key

    def folded_weights() -> Array:
        values = values_of(weights)
        return np.asarray(values * along(layer.op, values, norm.scale())).astype(values.dtype)

    def folded_bias() -> Array:
        before = np.zeros(()) if bias is None else values_of(bias).astype(np.float64)
        after = before * norm.scale() + norm.shift()
        return after.astype(values_of(like).dtype)

    weights_name = _name(edit, weights, f"{layer.name}/{weights.name}", shared)
    weights_constant = Constant(("folded weights", weights.key, *key), folded_weights)
    _put(edit, weights_name, weights, weights_constant)
    bias_name = _name(edit, bias, f"{layer.name}/folded_bias", shared)
    _put(edit, bias_name, like, Constant(("folded bias", bias and bias.key, *key), folded_bias))
    return (data, weights_name, bias_name, *rest[1:])


def _put(edit: Edit, name: str, like: Tensor, constant: Constant) -> None:
    """A constant of the type of another one, under a new name or in the place of an old one."""
    edit.tensors[name] = Tensor(name, like.dtype, like.shape, Kind.CONSTANT, constant)


def _name(edit: Edit, old: Tensor | None, new: str, shared: Collection[str]) -> str:
    """That of the constant which one is made of, where nobody else needs that; else a new one."""
    return edit.tensor_name(new) if old is None or old.name in shared else old.name


def along(op: object, weights: Array, scale: Array) -> Array:
    """The factors of output channels, shaped to multiply weights."""
    assert isinstance(op, Weighted)
    shape = [1] * weights.ndim
    out = op.weight_out % weights.ndim
    if isinstance(op, ConvTranspose) and op.groups > 1 and weights.shape[out] != scale.size:
        # Channels first: (in, out / groups, ...), the input channels of a group one after another.
        each = weights.shape[op.weight_in] // op.groups
        factors = np.repeat(scale.reshape(op.groups, -1), each, axis=0)
        shape[op.weight_in % weights.ndim], shape[out] = factors.shape
        return factors.reshape(shape)
    shape[out] = scale.size
    return scale.reshape(shape)


def foldable_layer(edit: Edit, operator: Operator, data: str | None) -> Operator | None:
    """The linear layer whose result only this operator reads, if its weights are constant.

    None, too, where that result is quantised: what is folded would not be rounded with it.
    """
    layer = edit.only_source(operator, data)
    if layer is None or data is None or not isinstance(layer.op, Weighted):
        return None
    if edit.tensors[data].has_scale:
        return None
    ends = layer.op.activation if isinstance(layer.op, Fusable) else None
    return layer if ends is None and edit.constant(layer.inputs[1:]) else None


def one_a_channel(edit: Edit, layer: Operator, constant: str) -> bool:
    """Whether a constant, broadcast against the layer's result, differs by channel only."""
    result, shape = edit.tensors[layer.outputs[0]].shape, edit.tensors[constant].shape
    if result is None or shape is None or len(shape) > len(result):
        return False
    assert isinstance(layer.op, Weighted)
    aligned = (1,) * (len(result) - len(shape)) + shape
    channel = layer.op.result_axis % len(result)
    return all(dim == (result[i] if i == channel else 1) for i, dim in enumerate(aligned))
