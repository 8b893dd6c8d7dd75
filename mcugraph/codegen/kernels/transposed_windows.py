"""Geometry of transposed convolutions: fields of their structs, and their leads."""

from mcugraph.codegen.c_program import Field
from mcugraph.codegen.kernels.contract import attributes
from mcugraph.codegen.kernels.windows import image_sizes, lead_by_places
from mcugraph.ops.convolution import ConvTranspose
from mcugraph.ops.window import Sweep
from mcugraph.records import replace
from mcugraph.tflm.kernels.access.raster import element
from mcugraph.tflm.kernels.needs import KernelNode


def refused_kind(node: KernelNode) -> str | None:
    """A refusal where there are groups or dilations; None: there are none."""
    op = attributes(node, ConvTranspose)
    if op.groups != 1 or set(op.dilations) != {1}:
        return f"transposed convolutions of the kind {op} are not known"
    return None


def in_order(node: KernelNode) -> KernelNode:
    """The operator with data, weights and bias in the order that other layers have them in."""
    data, weights, bias = node.input(2), node.input(1), node.optional(3)
    return replace(node, inputs=(data, weights) if bias is None else (data, weights, bias))


def transposed_fields(node: KernelNode) -> dict[str, Field]:
    """Sizes of images, window, strides and padding of an operator in order."""
    (down, top), (across, left) = _sweeps(node)
    return {
        **image_sizes(node.input(0).shape, node.outputs[0].shape),
        "window_height": down.kernel,
        "window_width": across.kernel,
        "stride_y": down.stride,
        "stride_x": across.stride,
        "pad_top": top,
        "pad_left": left,
    }


def lead_by_results(node: KernelNode) -> int:
    """The lead of a kernel that makes result by result of an operator in order."""
    data, result = node.input(0), node.outputs[0]
    (down, top), (across, left) = _sweeps(node)
    channels, size = result.shape[3], element(result)
    rows = _first_places(down, top, result.shape[1])
    columns = _first_places(across, left, result.shape[2])
    # All channels of a pixel but the last one may be written when that is read for.
    return lead_by_places(
        data, result, rows, columns, lambda pixel: ((pixel + 1) * channels - 1) * size
    )


def _sweeps(node: KernelNode) -> tuple[tuple[Sweep, int], tuple[Sweep, int]]:
    """For rows and columns: the window on its way along the result, and what is cut off there."""
    op, weights, result = attributes(node, ConvTranspose), node.input(1).shape, node.outputs[0]
    down, across = (Sweep(result.shape[i + 1], weights[i + 1], op.strides[i]) for i in range(2))
    return (down, op.padding.amounts(0, down)[0]), (across, op.padding.amounts(1, across)[0])


def _first_places(sweep: Sweep, before: int, made: int) -> list[int | None]:
    """The first element of the data whose window lies on each one of the result."""
    found: list[int | None] = []
    for place in range(before, before + made):
        first = max(0, -((sweep.kernel - 1 - place) // sweep.stride))
        found.append(first if first * sweep.stride <= place else None)
    return found
