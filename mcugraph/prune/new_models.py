"""Models that are not trained yet: how they are told, and the weights of what is left of them."""

import math
from typing import Any

import numpy as np
import torch
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd

from mcugraph.checks import check_kind
from mcugraph.errors import UsageError
from mcugraph.ir import Array
from mcugraph.ops.base import Weighted
from mcugraph.prune.allocated import AllocatedWidths
from mcugraph.prune.numbered_classes import Classes
from mcugraph.prune.placement import parameter_of
from mcugraph.slimming.cutting import Cuts, holders_of, shapes_of

# What is said where that it is new is a guess, and by what.
NEW = "the model is new, since {}: it is cut at once (trained=True would prune it step by step)"
_NORMS = (_NormBase, torch.nn.GroupNorm, torch.nn.LayerNorm, torch.nn.RMSNorm)
_LAYERS = (_ConvNd, torch.nn.Linear)


def is_trained(model: torch.nn.Module, method: str, options: dict[str, Any]) -> tuple[bool, bool]:
    """Whether a model counts as trained, and whether that is a guess.

    Args:
        model: To be pruned.
        method: By which.
        options: Of the method; what they say of it is taken out.

    Raises:
        UsageError: That is no bool, or nothing for this method.
    """
    said = options.pop("trained", None)
    allocated = method == AllocatedWidths.name
    if said is None:
        return not (allocated and looks_new(model)), True
    check_kind("trained", said, bool)
    if not (said or allocated):
        raise UsageError(
            f"trained=False: a new model is cut at once by method={AllocatedWidths.name!r} only"
        )
    return said, False


def looks_new(model: torch.nn.Module) -> bool | None:
    """Whether nothing of a model has learned anything; None: none of its norms could have.

    A norm is made with scales that are all alike, and so are its shifts; no training leaves them
    so. Norms that have learned before they were frozen tell it too, and so do layers whose weights
    are frozen: nobody freezes what is drawn at random.
    """
    norms = [v for module in model.modules() if isinstance(module, _NORMS) for v in _own(module)]
    weights = (module.weight for module in model.modules() if isinstance(module, _LAYERS))
    if any(isinstance(v, torch.nn.Parameter) and not v.requires_grad for v in weights):
        return False
    if any(bool((v != v.reshape(-1)[0]).any()) for v in norms):
        return False
    return True if any(v.requires_grad for v in norms) else None


def _own(norm: Any) -> list[torch.Tensor]:
    """Scales and shifts of a norm, one number a channel, where there is more than one."""
    values = (norm.weight, getattr(norm, "bias", None))
    return [v for v in values if v is not None and not _is_empty(v) and v.numel() > 1]


def _is_empty(value: torch.Tensor) -> bool:
    """Whether a parameter has no numbers yet; such models are refused elsewhere."""
    return value.is_meta or torch.nn.parameter.is_lazy(value)


def fit_weights(model: torch.nn.Module, classes: Classes, cuts: Cuts, kept: Array) -> None:
    """Make weights as large as if they had been drawn for the inputs that are left.

    Convolutions and dense layers are drawn with weights that fall as the root of the number of
    their inputs. What is left of a wide layer is too small for few inputs: behind a norm, a step
    of the training turns it too far. Weights that the model works out of others stay as they are.

    Args:
        model: A new one. Its weights change in place.
        classes: Of its space.
        cuts: What stays of its tensors whose space that is.
        kept: Which classes stay, shape (classes,).
    """
    holders, whole = holders_of(model), shapes_of(model)
    space, shapes, stays = classes.space, cuts.shapes(whole), np.append(kept, True)
    done = set[str]()
    for operator in space.graph.operators:
        numbers = classes.read(operator) if isinstance(operator.op, Weighted) else None
        if numbers is None or not isinstance(operator.op, Weighted):
            continue
        tensor = space.graph.tensors[operator.inputs[operator.op.weights] or ""]
        name = parameter_of(space, tensor.name, shapes)
        if name is None or name in done or shapes[name] != tensor.shape:
            continue
        done.add(name)
        axis = operator.op.weight_in % len(tensor.shape)
        left = float(stays[numbers].sum(axis).mean())
        with torch.no_grad():
            getattr(*holders[name][1][0]).mul_(math.sqrt(whole[name][axis] / max(left, 1)))
