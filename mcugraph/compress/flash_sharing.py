"""A budget of flash, shared out over the layers of a model."""

from collections.abc import Mapping

import torch

from mcugraph.compress.element_patterns import SINGLE, sums_of_blocks
from mcugraph.compress.weight_rows import TRANSPOSED, WeightRows
from mcugraph.storage.block_rows import Blocks
from mcugraph.storage.dense_rows import DenseRows
from mcugraph.storage.flash_budget import PrunableLayer, allocate_flash, check_enough
from mcugraph.storage.form import Form
from mcugraph.storage.worth import ByScores

_BITS = 8
# The kernels of convolutions read whole words.
_WORDS = DenseRows(4)


def shares_within(
    model: torch.nn.Module,
    layers: Mapping[str, WeightRows],
    budget: int,
    blocks: Blocks | None = None,
) -> dict[str, float]:
    """Which share of the weights of each layer goes, as a device stores them as int8.

    Args:
        model: The layers are of it.
        layers: Name of a weight -> where it lies in the matrix of its layer.
        budget: Bytes for all of them.
        blocks: What goes as a whole; None: single weights.

    Returns:
        Name of a weight -> the share of them, or of the blocks, that is zero; of those whose zeros
        a device stores, none.

    Raises:
        UsageError: The budget cannot be met.
    """
    pruned, whole, taken = list[PrunableLayer](), dict[str, float](), 0
    for name, rows in layers.items():
        weight = model.get_parameter(name).detach()
        matrix = rows.matrix(weight).double().cpu()
        form, dense = _dense_form(model, name, weight)
        if dense:
            whole[name] = 0.0
            taken += form.bytes(len(matrix), matrix.shape[1], 0, _BITS)
            continue
        worth = ByScores(sums_of_blocks(matrix**2, blocks or SINGLE).numpy())
        down, across = matrix.shape
        pruned.append(PrunableLayer(name, down, across, _BITS, worth, form, blocks=blocks))
    check_enough(pruned, budget, taken)
    return whole | (allocate_flash(pruned, budget - taken).sparsities if pruned else {})


def _dense_form(model: torch.nn.Module, name: str, weight: torch.Tensor) -> tuple[Form, bool]:
    """How all weights of a layer are stored, and whether that is the only way."""
    if weight.dim() == 2:
        return DenseRows(), False
    layer = model.get_submodule(name.rpartition(".")[0])
    if isinstance(layer, TRANSPOSED):
        return DenseRows(), True
    if weight.shape[1] > 1:
        return _WORDS, False
    # One input channel each: depthwise on a device; of one channel in all, a plain convolution.
    return DenseRows() if getattr(layer, "groups", 1) > 1 else _WORDS, True
