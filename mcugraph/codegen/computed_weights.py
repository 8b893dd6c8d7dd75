"""Layers whose weights are computed while the model runs."""

from mcugraph.formats.tflite.model import TfliteSubgraph
from mcugraph.ops.base import Weighted
from mcugraph.tflm.kernels.needs import KernelNode


def weights_computed(inside: TfliteSubgraph, node: KernelNode) -> str | None:
    """What a layer is refused with whose weights are no constant; None: it is not such a one.

    Args:
        inside: The subgraph that it is in.
        node: The layer, or any other operator.
    """
    if not isinstance(node.op, Weighted):
        return None
    weights = node.input(node.op.weights)
    if weights.constant:
        return None
    for made in inside.operators:
        if made.native == "DEQUANTIZE" and inside.tensors[made.outputs[0]] is weights:
            stored = inside.tensors[made.inputs[0]]
            return (
                f"its weights are stored as {stored.dtype.label}, and something else reads them as"
                " floats, too: quantise activations as well, or neither"
            )
    return "its weights are computed while the model runs"
