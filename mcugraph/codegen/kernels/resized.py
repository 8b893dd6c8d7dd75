"""Which places of the data the elements of a resized image are of: what its kernels know of it."""

from mcugraph.codegen.kernels.contract import attributes
from mcugraph.ops.selection import Resize
from mcugraph.tflm.kernels.needs import KernelNode


def refused_places(node: KernelNode) -> str | None:
    """A refusal where no kernel knows the places of an interpolation; None: they are known."""
    op: Resize = attributes(node, Resize)
    if op.method != "linear":
        return "it is not linear"
    if op.rounding == "unknown":
        return "places are counted in a way that is not known"
    if op.align_corners and op.half_pixel:
        return "places are counted in two ways"
    return None


def own_scale(node: KernelNode, axis: int) -> float | None:
    """The factor that places along an axis are counted by; None: sizes alone say it."""
    op: Resize = attributes(node, Resize)
    if op.scales is None or op.align_corners:
        return None
    length, made = node.input(0).shape[axis], node.outputs[0].shape[axis]
    return None if length * op.scales[axis] == made else op.scales[axis]
