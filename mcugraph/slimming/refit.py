"""Attributes of PyTorch's own modules, made to fit parameters that were cut."""

from collections.abc import Mapping
from typing import Any

from mcugraph.ir import Shape


def refit(model: Any, inputs: Mapping[str, Shape]) -> None:
    """Set ``out_channels``, ``num_features`` and the like from the shapes of parameters.

    Args:
        model: The module, with parameters and buffers cut already.
        inputs: Path of a module -> the shape of its input, for norms without parameters.
    """
    from torch import nn

    for path, module in model.named_modules():
        weight: Any = getattr(module, "weight", None)
        if isinstance(module, nn.modules.conv._ConvNd) and weight is not None:
            _convolution(module, tuple(weight.shape))
        elif isinstance(module, nn.Linear):
            module.out_features, module.in_features = weight.shape
        elif isinstance(module, nn.Embedding | nn.EmbeddingBag):
            module.num_embeddings, module.embedding_dim = weight.shape
        elif isinstance(module, nn.PReLU):
            module.num_parameters = weight.numel()
        elif isinstance(module, nn.modules.batchnorm._NormBase):
            held = [t for t in (weight, module.running_mean) if t is not None]
            if held:
                module.num_features = len(held[0])
            elif path in inputs:
                module.num_features = inputs[path][1]
        elif isinstance(module, nn.RNNBase | nn.RNNCellBase):
            _recurrent(module)
        elif isinstance(module, nn.MultiheadAttention):
            _attention(module)
        elif isinstance(module, nn.Transformer):
            module.d_model = next(
                (len(part.weight) for part in module.modules() if isinstance(part, nn.LayerNorm)),
                module.d_model,
            )
        elif isinstance(module, nn.GroupNorm):
            module.num_channels = _channels(weight, inputs.get(path), module.num_channels)
        elif isinstance(module, nn.LayerNorm) or type(module).__name__ == "RMSNorm":
            count = len(module.normalized_shape)
            if weight is not None:
                module.normalized_shape = tuple(weight.shape)
            elif path in inputs:
                module.normalized_shape = tuple(inputs[path][-count:])


def _attention(module: Any) -> None:
    """What it takes and gives; whether its heads still share that evenly, running it shows."""
    module.embed_dim = module.out_proj.weight.shape[0]
    module.head_dim = module.embed_dim // module.num_heads
    packed = module.in_proj_weight is not None
    key, value = (
        (module.in_proj_weight,) * 2
        if packed
        else (
            module.k_proj_weight,
            module.v_proj_weight,
        )
    )
    module.kdim, module.vdim = key.shape[1], value.shape[1]


def _recurrent(module: Any) -> None:
    layer = "_l0" if hasattr(module, "weight_ih_l0") else ""
    reads, own = (getattr(module, f"weight_{which}{layer}") for which in ("ih", "hh"))
    module.input_size = reads.shape[1]
    size = "proj_size" if getattr(module, "proj_size", 0) else "hidden_size"
    setattr(module, size, own.shape[1])


def _channels(weight: Any, shape: Shape | None, before: int) -> int:
    if weight is not None:
        return len(weight)
    return before if shape is None else shape[1]


def _convolution(module: Any, shape: tuple[int, ...]) -> None:
    transposed = module.transposed
    outer, inner = shape[:2]
    before, other = module.out_channels, module.in_channels
    if transposed:
        before, other = other, before
    if module.groups > 1 and module.groups == other:
        # One channel a group on the second axis: groups go, none gets narrower.
        module.groups = module.groups * outer // before
    inner *= module.groups
    module.in_channels, module.out_channels = (outer, inner) if transposed else (inner, outer)
