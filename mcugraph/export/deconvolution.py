"""Transposed convolutions with padding that TFLite does not have.

All that the windows write is computed, and the result is cut out of that.
"""

from typing import Any

from mcugraph.errors import FormatError
from mcugraph.export.tools import called
from mcugraph.ops.convolution import ConvTranspose
from mcugraph.ops.window import symmetric

# What the converter puts into the convolution that it follows.
_FUSED = ("relu", "relu_", "relu6", "relu6_", "hardtanh", "hardtanh_")


def cut_transposed(module: Any) -> None:
    """Rewrite a ``torch.fx.GraphModule`` that ``torch.export`` gave.

    Raises:
        FormatError: A transposed convolution is one that TFLite cannot do.
    """
    for node in list(module.graph.nodes):
        name = called(node)
        if name.startswith("conv_transpose"):
            _cut(module.graph, node, int(name.removeprefix("conv_transpose")[0]))


def _cut(graph: Any, node: Any, rank: int) -> None:
    """Let one be computed whole, and cut its result."""
    given = {
        entry.name: entry.default_value if index >= len(node.args) else node.args[index]
        for index, entry in enumerate(node.target._schema.arguments)
    } | dict(node.kwargs)
    strides, padding, more, dilations = (
        _spread(given[key], rank) for key in ("stride", "padding", "output_padding", "dilation")
    )
    op = ConvTranspose(
        strides=strides,
        dilations=dilations,
        padding=symmetric(padding),
        weight_out=1,
        weight_in=0,
        output_padding=more,
    )
    if set(strides) == {1}:
        return  # a convolution, for the converter
    if set(dilations) != {1}:
        raise FormatError(
            f"transposed convolution {node.name!r}: TFLite has none that is both strided (by"
            f" {strides}) and dilated (by {dilations}); take a larger kernel instead"
        )
    data, weight = (given[key].meta["val"].shape for key in ("input", "weight"))
    shapes = ((*data,), (*weight,))
    kept = op.kept(shapes)
    if kept is None or op.tflite_padding(shapes) is not None:
        return
    written = op.written(shapes)
    axes = sorted(kept)
    beyond = [max(sum(kept[axis]) - written[axis], 0) for axis in axes]
    node.args = (
        *(given[key] for key in ("input", "weight", "bias")),
        *(list(strides), [0] * rank, beyond, given["groups"], list(dilations)),
    )
    node.kwargs = {}
    off = [
        amount
        for axis, more in zip(reversed(axes), reversed(beyond), strict=True)
        for amount in (-kept[axis][0], sum(kept[axis]) - written[axis] - more)
    ]
    if any(off):
        _take_off(graph, node, off)


def _take_off(graph: Any, node: Any, amounts: list[int]) -> None:
    """Take elements off a result by negative padding, which the converter makes one SLICE.

    That comes after what may be fused into the operator.
    """
    import torch

    readers = list(node.users)
    last = readers[0] if len(readers) == 1 and called(readers[0]) in _FUSED else node
    readers = list(last.users)
    with graph.inserting_before(last.next):
        part = graph.call_function(torch.ops.aten.constant_pad_nd.default, (last, amounts))
    part.meta = dict(last.meta)
    for reader in readers:
        reader.replace_input_with(last, part)


def _spread(value: Any, rank: int) -> tuple[int, ...]:
    values = tuple(value) if isinstance(value, list | tuple) else (value,)
    return values * rank if len(values) == 1 else values
