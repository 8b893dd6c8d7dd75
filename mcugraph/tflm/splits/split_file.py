"""A TFLite file with chains computed in slices of channels."""

from collections.abc import Sequence

from mcugraph.formats.tflite.model import TfliteModel
from mcugraph.formats.tflite.rebuilding import rebuilt
from mcugraph.tflm.splits.split_recipe import Split, split_recipe


def split_file(path: str, data: bytes, model: TfliteModel, splits: Sequence[Split]) -> bytes:
    """The file with some of its chains computed in slices, which computes the same bit for bit.

    A memory plan that it brings along is left out, since it counts other tensors.

    Args:
        path: Named in errors.
        data: The file.
        model: What was read of it.
        splits: Chains of it that share no operator, and in how many slices each is computed.

    Raises:
        FormatError: The file is damaged, or holds what is not known to survive this.
        GraphError: Two chains share an operator, or there are more slices than channels.
        McuGraphError: The new file is not what it was to become.
    """
    return rebuilt(path, data, model, split_recipe(model, splits))
