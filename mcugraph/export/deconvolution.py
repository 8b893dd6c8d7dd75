"""Transposed convolutions with padding that TFLite does not have.

All that the windows write is computed, and the result is cut out of that.
"""

from typing import Any

from mcugraph.errors import FormatError
from mcugraph.export.tools import arguments_of, called, stored, value_of
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
            rank = int(name.removeprefix("conv_transpose")[0])
            _cut(module, node, rank)
            _part(module, node, rank)


def _part(module: Any, node: Any, rank: int) -> None:
    """A grouped one as one a group, with the activation that follows, joined again.

    The converter would add the bias after them.
    """
    import torch

    given, graph, aten = arguments_of(node), module.graph, torch.ops.aten
    groups, names = given["groups"], [given["weight"], given["bias"]]
    constant = all(entry is None or entry.op == "get_attr" for entry in names)
    if groups == 1 or set(_spread(given["stride"], rank)) == {1} or not constant:
        return
    readers = list(node.users)
    fused = readers[0] if len(readers) == 1 and called(readers[0]) in _FUSED else None
    each = given["input"].meta["val"].shape[1] // groups
    results = []
    like = dict(node.meta)
    for number in range(groups):
        own = [
            entry and stored(module, node, f"{node.name}_{number}_{part}", value, entry)
            for part, entry in zip(("weight", "bias"), names, strict=True)
            for value in [entry and value_of(module, entry).chunk(groups)[number].contiguous()]
        ]
        with graph.inserting_before(node):
            data = graph.call_function(
                aten.slice.Tensor, (given["input"], 1, number * each, (number + 1) * each)
            )
            value = given["input"].meta["val"].narrow(1, number * each, each)
            data.meta = {**like, "val": value}
            settings = [given[key] for key in ("stride", "padding", "output_padding")]
            part = graph.call_function(node.target, (data, *own, *settings, 1, given["dilation"]))
            part.meta = {**like, "val": node.meta["val"].chunk(groups, 1)[number]}
            if fused is not None:
                part = graph.call_function(fused.target, (part, *fused.args[1:]), fused.kwargs)
                part.meta = {**like, "val": node.meta["val"].chunk(groups, 1)[number]}
            results.append(part)
    last = node if fused is None else fused
    with graph.inserting_before(node):
        joined = graph.call_function(aten.cat.default, (results, 1))
    joined.meta = dict(last.meta)
    last.replace_all_uses_with(joined)
    for gone in dict.fromkeys((last, node)):
        graph.erase_node(gone)


def _cut(module: Any, node: Any, rank: int) -> None:
    """Let one be computed whole, and cut its result."""
    import torch

    graph, given = module.graph, arguments_of(node)
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
    if any(beyond):
        # Behind all windows lie zeros and biases: windows that reach so far, by weights of zero.
        around = [amount for entry in reversed(beyond) for amount in (0, entry)]
        wide = torch.nn.functional.pad(value_of(module, given["weight"]), around)
        given["weight"] = stored(module, node, f"{node.name}_wide", wide, given["weight"])
    node.args = (
        *(given[key] for key in ("input", "weight", "bias")),
        *(list(strides), [0] * rank, [0] * rank, given["groups"], list(dilations)),
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
