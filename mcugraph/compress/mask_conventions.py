"""Masks as ``torch.nn.utils.prune`` and torchao's sparsifiers keep them.

The first keeps ``weight_orig`` and a buffer ``weight_mask``; the second a parametrization with a
buffer ``mask``.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch.nn.utils import parametrize, prune

from mcugraph.compress.weight_rows import is_layer
from mcugraph.errors import UsageError
from mcugraph.formats.torch.given import plain_module

_MASK, _ORIGINAL = "_mask", "_orig"


def masks_from(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The masks on a model, whoever put them there.

    Args:
        model: Masked by ``torch.nn.utils.prune``, or by a sparsifier of torchao; of layers without
            such masks, weights of zero count as masked, where there are some and others, too: a
            layer of nothing else is one that is to be trained from there.

    Returns:
        Name of a parameter, such as ``"conv1.weight"`` -> which of its weights stay, in its shape.

    Raises:
        UsageError: It is no module.
    """
    plain = plain_module(model, "masks_from")
    found = {}
    for name, module, attribute in _masked(plain):
        mask = torch.ones_like(getattr(module, attribute), dtype=torch.bool)
        if hasattr(module, attribute + _MASK):
            mask &= getattr(module, attribute + _MASK) != 0
        for step in _steps(module, attribute):
            if _is_mask(step, mask.shape):
                mask &= step.mask != 0
        found[name] = mask
    for path, module in plain.named_modules():
        name = _joined(path, "weight")
        if name not in found and is_layer(module):
            zeros = module.weight.detach() == 0
            if zeros.any() and not zeros.all():
                found[name] = ~zeros
    return found


def without_masks(model: torch.nn.Module) -> torch.nn.Module:
    """Make masks plain zeros, in place, and drop what kept them; parameters stay the same objects.

    Args:
        model: As for ``masks_from``.

    Returns:
        The model.

    Raises:
        UsageError: It is no module, or masks stand among other parametrizations.
    """
    masked = list(_masked(plain_module(model, "without_masks")))
    for name, module, attribute in masked:
        shape = getattr(module, attribute).shape
        if not all(_is_mask(step, shape) for step in _steps(module, attribute)):
            raise UsageError(f"{name}: masks stand among other parametrizations: remove those")
    for _, module, attribute in masked:
        if hasattr(module, attribute + _MASK):
            prune.remove(module, attribute)  # type: ignore[no-untyped-call]
        else:
            _give_own_class(module)
            parametrize.remove_parametrizations(module, attribute, leave_parametrized=True)
    return model


def to_torch_prune(
    model: torch.nn.Module, masks: Mapping[str, torch.Tensor] | None = None
) -> torch.nn.Module:
    """Put masks on a model as ``torch.nn.utils.prune`` does, in place.

    Args:
        model: A plain module.
        masks: As ``masks_from`` and ``Sparsifier.masks`` have them; None: weights of zero.

    Returns:
        The model.

    Raises:
        UsageError: A mask is of no parameter, or of another shape.
    """
    for module, attribute, mask in _placed(model, masks):
        prune.custom_from_mask(module, attribute, mask)  # type: ignore[no-untyped-call]
    return model


def to_torchao(
    model: torch.nn.Module, masks: Mapping[str, torch.Tensor] | None = None
) -> torch.nn.Module:
    """Put masks on a model as torchao's sparsifiers do, in place: their ``squash_mask`` knows them.

    Args, returns and errors as of ``to_torch_prune``.
    """
    from torch.ao.pruning.sparsifier.utils import FakeSparsity

    for module, attribute, mask in _placed(model, masks):
        values = mask.to(getattr(module, attribute).dtype)
        mask_of = FakeSparsity(values)  # type: ignore[no-untyped-call]
        parametrize.register_parametrization(module, attribute, mask_of)
    return model


def has_masks(model: torch.nn.Module) -> bool:
    """Whether ``torch.nn.utils.prune`` or a sparsifier of torchao keeps masks on a module."""
    return next(_masked(model), None) is not None


def copied(model: torch.nn.Module) -> torch.nn.Module:
    """A copy of a module, with the masks of PyTorch's that are on it.

    ``torch.nn.utils.prune`` leaves products of weights and masks on it, which have a gradient and
    cannot be copied as they are.
    """
    products = {}
    for _, module, attribute in _masked(model):
        if hasattr(module, attribute + _MASK):
            value = getattr(module, attribute)
            products[id(value)] = value.detach().clone()
    return copy.deepcopy(model, products)


def masked_parameters(model: torch.nn.Module, masks: Any) -> dict[str, torch.Tensor]:
    """The parameters that masks are of, by their names.

    Raises:
        UsageError: There is no module, or a mask is none, or of no parameter, or of another shape.
    """
    parameters = dict(plain_module(model, "masks").named_parameters())
    if not isinstance(masks, Mapping):
        given = type(masks).__name__
        raise UsageError(f"masks: tensors by names of parameters are needed, not {given}")
    for name, mask in masks.items():
        if not isinstance(mask, torch.Tensor):
            raise UsageError(f"the mask of {name} is no tensor, but {type(mask).__name__}")
        if name not in parameters or parameters[name].shape != mask.shape:
            raise UsageError(f"the model has no parameter {name} of shape {tuple(mask.shape)}")
    return {name: parameters[name] for name in masks}


def _placed(
    model: torch.nn.Module, masks: Mapping[str, torch.Tensor] | None
) -> Iterator[tuple[torch.nn.Module, str, torch.Tensor]]:
    given = masks_from(model) if masks is None else masks
    for name, parameter in masked_parameters(model, given).items():
        path, _, attribute = name.rpartition(".")
        yield model.get_submodule(path), attribute, given[name].to(parameter.device)


def _masked(model: torch.nn.Module) -> Iterator[tuple[str, torch.nn.Module, str]]:
    """Name, module and attribute of each parameter with masks of PyTorch's."""
    for path, module in model.named_modules():
        for buffer in list(module._buffers):
            attribute = buffer.removesuffix(_MASK)
            if buffer.endswith(_MASK) and attribute + _ORIGINAL in module._parameters:
                yield _joined(path, attribute), module, attribute
        if parametrize.is_parametrized(module):
            held = module.parametrizations
            assert isinstance(held, torch.nn.ModuleDict)
            for attribute in list(held):
                shape = getattr(module, attribute).shape
                if any(_is_mask(step, shape) for step in _steps(module, attribute)):
                    yield _joined(path, attribute), module, attribute


def _steps(module: torch.nn.Module, attribute: str) -> list[torch.nn.Module]:
    """The parametrizations of a parameter."""
    if not parametrize.is_parametrized(module, attribute):
        return []
    held = module.parametrizations
    assert isinstance(held, torch.nn.ModuleDict)
    return list(held[attribute].children())


def _is_mask(step: torch.nn.Module, shape: torch.Size) -> bool:
    mask = getattr(step, "mask", None)
    return isinstance(mask, torch.Tensor) and mask.shape == shape


def _give_own_class(module: torch.nn.Module) -> None:
    """Let no other module share the class of one that is parametrized, as copies of it do.

    PyTorch keeps parametrized parameters as properties of a class, and takes them off it.
    """
    shared = type(module)
    members = {k: v for k, v in vars(shared).items() if k not in ("__dict__", "__weakref__")}
    module.__class__ = type(shared.__name__, shared.__bases__, members)


def _joined(path: str, attribute: str) -> str:
    return f"{path}.{attribute}" if path else attribute
