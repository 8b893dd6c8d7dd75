"""What kernels of floats share: types, and what an activation lets through."""

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable
from mcugraph.codegen.kernels.contract import OTHER_TYPES, constant, dtypes
from mcugraph.errors import GraphError
from mcugraph.ir import DType
from mcugraph.tflm.kernels.needs import KernelNode

# No bound at all is the largest number, as in TensorFlow Lite.
_LARGEST = float(np.finfo(np.float32).max)
_BOUNDS: dict[str | None, tuple[float, float]] = {
    None: (-_LARGEST, _LARGEST),
    "relu": (0.0, _LARGEST),
    "relu6": (0.0, 6.0),
    "relu_n1_to_1": (-1.0, 1.0),
}


def refused_floats(node: KernelNode, *looked_at: int) -> str | None:
    """A refusal where something is not of float32; None: all is.

    Args:
        node: The operator.
        looked_at: Inputs that are parameters, by position, and may be of any type.
    """
    found = [dtype for i, dtype in enumerate(dtypes(node)) if dtype and i not in looked_at]
    if all(dtype is DType.FLOAT32 for dtype in found):
        return None
    return f"{OTHER_TYPES}{', '.join(dtype.label for dtype in found)}"


def bounds(activation: str | None) -> dict[str, Field]:
    """The least and the largest value that an activation lets through.

    Raises:
        GraphError: The activation has no such bounds.
    """
    if activation not in _BOUNDS:
        raise GraphError(f"a fused {activation} is not known")
    least, largest = _BOUNDS[activation]
    return {"least": least, "largest": largest}


def layer_tables(node: KernelNode) -> dict[str, Field]:
    """Weights and bias of a layer whose inputs are data, weights and perhaps a bias."""
    bias = node.optional(2)
    return {
        "weights": FlashTable(constant(node.input(1)), "weights"),
        "bias": None if bias is None else FlashTable(constant(bias), "bias"),
    }
