"""Masks as ``torch.nn.utils.prune`` and torchao's sparsifiers keep them.

The first keeps ``weight_orig`` and a buffer ``weight_mask``; the second a parametrization with a
buffer ``mask``.
"""

import copy
from collections import Counter, defaultdict
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
        What several layers share has the name of the first.

    Raises:
        UsageError: It is no module, or layers that share weights have different masks.
    """
    plain = plain_module(model, "masks_from")
    found = _masks_of_torch(plain)
    seen = set[int]()
    for path, module in plain.named_modules():
        if is_layer(module) and id(module.weight) not in seen:
            seen.add(id(module.weight))
            zeros = module.weight.detach() == 0
            if zeros.any() and not zeros.all():
                found[_joined(path, "weight")] = ~zeros
    return found


def without_masks(model: torch.nn.Module) -> torch.nn.Module:
    """Make masks plain zeros, in place, and drop what kept them; parameters stay the same objects.

    Args:
        model: As for ``masks_from``.

    Returns:
        The model.

    Raises:
        UsageError: It is no module, or masks stand among other parametrizations, or layers that
            share weights have different ones.
    """
    plain = plain_module(model, "without_masks")
    _masks_of_torch(plain)
    masked = list(_masked(plain))
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
        UsageError: A mask is of no parameter, or of another shape, or the model has masks already.
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


def sendable(model: torch.nn.Module) -> torch.nn.Module:
    """A module that other processes can be sent, or itself, where it is one already.

    Parametrizations cannot be pickled, and so masks of torchao's become those of
    ``torch.nn.utils.prune`` on a copy.
    """
    if not any(parametrize.is_parametrized(module) for module in model.modules()):
        return model
    masks = _masks_of_torch(model)
    return to_torch_prune(without_masks(copied(model)), masks)


def masked_parameters(model: torch.nn.Module, masks: Any) -> dict[str, torch.Tensor]:
    """The parameters that masks are of, by their names.

    Raises:
        UsageError: There is no module, or a mask is none, or of no parameter, or of another shape.
    """
    # Layers that share weights each have a name for them.
    parameters = dict(plain_module(model, "masks").named_parameters(remove_duplicate=False))
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
    plain = plain_module(model, "masks")
    given: Any = masks_from(plain) if masks is None else masks
    for name, _, _ in _masked(plain):
        if isinstance(given, Mapping) and name in given:
            raise UsageError(f"{name} has a mask already: without_masks(model) makes it plain")
    places = {id(each): given[name] for name, each in masked_parameters(plain, given).items()}
    for module in list(plain.modules()):
        for attribute, parameter in list(module._parameters.items()):
            if id(parameter) in places and parameter is not None:
                yield module, attribute, places[id(parameter)].to(parameter.device)


def _masks_of_torch(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Masks of PyTorch's, by the first name of the parameter that each is of.

    Raises:
        UsageError: Layers that share a parameter have different ones, or one has none.
    """
    held = Counter(id(each) for module in model.modules() for each in module._parameters.values())
    found: dict[int, list[tuple[str, torch.Tensor]]] = defaultdict(list)
    for name, module, attribute in _masked(model):
        mask = torch.ones_like(getattr(module, attribute), dtype=torch.bool)
        original = module._parameters.get(attribute + _ORIGINAL)
        if original is not None:
            mask &= getattr(module, attribute + _MASK) != 0
        else:
            original = getattr(module.parametrizations, attribute).original
        for step in _steps(module, attribute):
            if _is_mask(step, mask.shape):
                mask &= step.mask != 0
        found[id(original)].append((name, mask))
    for number, masks in found.items():
        name, first = masks[0]
        if len(masks) < held[number] or not all(torch.equal(first, each) for _, each in masks):
            raise UsageError(f"{name}: layers share it, and do not mask it alike")
    return dict(masks[0] for masks in found.values())


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
