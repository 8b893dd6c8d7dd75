"""Series, (batch, channels, length), as images of one row, from layer to layer.

TFLite slides windows over images. A converter makes one of each series and a series of each image
again, around every layer, and transposes both.
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from mcugraph.export.axis_moves import RESHAPES, SWAPS, swaps_last_two
from mcugraph.export.tools import arguments_of, called, computed, stored, value_of

_ROW = 2  # the new axis

_CONVOLUTIONS = {"conv1d": "conv2d", "conv_transpose1d": "conv_transpose2d"}
_POOLS = {name: name.replace("1d", "2d") for name in ("max_pool1d", "avg_pool1d")}
WINDOWS = frozenset({*_CONVOLUTIONS, *_POOLS, "adaptive_avg_pool1d"})
# What does the same whatever shape its data has, and whichever constants it has besides.
_ALIKE = frozenset(
    {"batch_norm", "instance_norm", "group_norm", "alpha_dropout", "clone", "contiguous"}
    | {"abs", "celu", "clamp", "clip", "dropout", "elu", "exp", "gelu", "hardshrink"}
    | {"hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "log", "log_sigmoid", "mish", "neg"}
    | {"prelu", "relu", "relu6", "rsqrt", "selu", "sigmoid", "silu", "softplus", "softshrink"}
    | {"sqrt", "square", "tanh", "tanhshrink", "threshold", "softsign"}
)
_BINARY = frozenset({"add", "div", "maximum", "minimum", "mul", "sub"})
# Arguments that hold axes, or the axis, and must have the new one among them counted.
_AXES = {"cat": "dim", "mean": "dim", "softmax": "dim", "log_softmax": "dim", "slice": "dim"}
_AXES |= {"sum": "dim", "amax": "dim", "amin": "dim", "var": "dim"}


def widen_series(module: Any) -> None:
    """Rewrite a ``torch.fx.GraphModule`` that ``torch.export`` gave."""
    if any(called(node) in WINDOWS for node in module.graph.nodes):
        _Widening(module).apply(series_inputs(module))


class _Widening:
    """One module while it is rewritten."""

    def __init__(self, module: Any) -> None:
        self._module, self._graph = module, module.graph
        self._images: dict[Any, Any] = {}  # series -> the images that they are

    def apply(self, inputs: Sequence[Any]) -> None:
        for node in inputs:
            self._image(node)
        for node in list(self._graph.nodes):
            written = self._written(node)
            if written is not None:
                self._take(node, written)
        self._graph.eliminate_dead_code()  # or else it would count among readers

    def _take(self, node: Any, image: Any) -> None:
        """Let an image be what a node makes; whoever wants the series gets it without the row."""
        image.meta = {**node.meta, "val": image.meta["val"]}
        if len(image.meta["val"].shape) != len(node.meta["val"].shape):
            with self._graph.inserting_before(node):
                series = computed(self._graph, _aten().squeeze.dim, image, _ROW, like=node)
            self._images[series] = image
            node.replace_all_uses_with(series)
        else:
            node.replace_all_uses_with(image)
        self._graph.erase_node(node)

    def _written(self, node: Any) -> Any | None:
        """What does the work of a node on images; None: it stays."""
        name = called(node).removesuffix("_")
        if name in WINDOWS:
            return self._slide(node, name)
        if not name or not node.all_input_nodes:
            return None
        if not any(one in self._images for one in node.all_input_nodes):
            return None
        if name in RESHAPES:
            return self._reshape(node)
        if name in SWAPS:
            return self._swap(node)
        if name in _ALIKE:
            return self._call(
                node, node.target, self._image(node.args[0]), *node.args[1:], **node.kwargs
            )
        if name in _BINARY:
            return self._combine(node)
        if name in ("pad", "constant_pad_nd"):
            return self._pad(node)
        if name in _AXES:
            return self._along(node, name)
        return None

    def _slide(self, node: Any, name: str) -> Any:
        given = arguments_of(node)
        data = self._image(next(iter(given.values())))
        rest = list(given.items())[1:]
        if name == "adaptive_avg_pool1d":
            return self._call(node, _aten().adaptive_avg_pool2d.default, data, [1, *rest[0][1]])
        args = [self._windowed(node, key, value) for key, value in rest]
        target = getattr(_aten(), _CONVOLUTIONS.get(name) or _POOLS[name])
        overload = node.target._overloadname
        if name == "conv_transpose1d" and overload == "default":
            overload = "input"  # of images it has this name
        return self._call(node, getattr(target, overload), data, *args)

    def _windowed(self, node: Any, key: str, value: Any) -> Any:
        """An argument of a window, for one of one row."""
        if key == "weight":
            weight = value_of(self._module, value) if value.op == "get_attr" else None
            if weight is None:
                return self._call(node, _aten().unsqueeze.default, value, _ROW)
            return stored(self._module, node, f"{node.name}_of_row", weight.unsqueeze(_ROW), value)
        if isinstance(value, list | tuple) and value:
            return [0 if key in ("padding", "output_padding") else 1, *value]
        return value

    def _reshape(self, node: Any) -> Any:
        """What is laid out anew does not know of the row."""
        shape = list(node.meta["val"].shape)
        return self._call(node, _aten().reshape.default, self._image(node.args[0]), shape)

    def _swap(self, node: Any) -> Any | None:
        """Channels last: as images have them when they are stored."""
        if not swaps_last_two(node):
            return None
        image, shape = self._image(node.args[0]), list(node.meta["val"].shape)
        last = self._call(node, _aten().permute.default, image, [0, 2, 3, 1])
        return self._call(node, _aten().reshape.default, last, shape)

    def _combine(self, node: Any) -> Any | None:
        operands = [self._operand(node, entry) for entry in node.args[:2]]
        if any(entry is None for entry in operands):
            return None
        return self._call(node, node.target, *operands, *node.args[2:], **node.kwargs)

    def _operand(self, node: Any, entry: Any) -> Any | None:
        """An operand that meets images; None: it is none."""
        if not hasattr(entry, "meta"):
            return entry
        shape = entry.meta["val"].shape
        if prod(shape) == 1 and len(shape) < 2:
            return entry
        if entry.op == "get_attr":
            value = value_of(self._module, entry)
            if value.dim() > 1:
                value = value.unsqueeze(-2)
            return stored(self._module, node, f"{node.name}_of_row_{entry.name}", value, entry)
        return self._image(entry) if len(shape) == 3 else None

    def _pad(self, node: Any) -> Any | None:
        given = arguments_of(node)
        data, amounts = node.args[0], list(given["pad"])
        amounts = [*amounts[:2], 0, 0, *amounts[2:]]
        return self._call(
            node, node.target, self._image(data), amounts, *node.args[2:], **node.kwargs
        )

    def _along(self, node: Any, name: str) -> Any | None:
        given = arguments_of(node)
        key = _AXES[name]
        names, axes = list(given), given[key]
        first = given[names[0]]
        parts = first if name == "cat" else [first]
        if any(len(part.meta["val"].shape) != 3 for part in parts):
            return None
        images = [self._image(part) for part in parts]
        listed = isinstance(axes, list | tuple)
        if axes is None or (listed and not axes):
            return None
        placed = [axis % 3 + (axis % 3 >= _ROW) for axis in (axes if listed else [axes])]
        if given.get("keepdim") is False and name in ("mean", "sum", "amax", "amin", "var"):
            placed = [*placed, _ROW]
        given[names[0]] = images if name == "cat" else images[0]
        given[key] = placed if listed else placed[0]
        schema = node.target._schema.arguments
        args = [given[entry.name] for entry in schema if not entry.kwarg_only]
        kwargs = {entry.name: given[entry.name] for entry in schema if entry.kwarg_only}
        return self._call(node, node.target, *args, **kwargs)

    def _image(self, node: Any) -> Any:
        """The images that series are."""
        if node not in self._images:
            batch, channels, length = node.meta["val"].shape
            after = node
            while after.next.op in ("placeholder", "get_attr"):
                after = after.next
            with self._graph.inserting_before(after.next):
                made = self._made(node, batch, channels, length)
            self._images[node] = made
        return self._images[node]

    def _made(self, node: Any, batch: int, channels: int, length: int) -> Any:
        """Nodes that make images of what a node makes, and the last of them."""
        if swaps_last_two(node):
            stored_so = [batch, 1, length, channels]
            last = computed(
                self._graph, _aten().reshape.default, node.args[0], stored_so, like=node
            )
            return computed(self._graph, _aten().permute.default, last, [0, 3, 1, 2], like=node)
        if called(node) in RESHAPES:
            shape = [batch, channels, 1, length]
            return computed(self._graph, _aten().reshape.default, node.args[0], shape, like=node)
        return computed(self._graph, _aten().unsqueeze.default, node, _ROW, like=node)

    def _call(self, node: Any, target: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        with self._graph.inserting_before(node):
            return computed(self._graph, target, *args, like=node, **kwargs)


def series_inputs(module: Any) -> Sequence[Any]:
    """The inputs of a module that are series that windows slide over.

    What is transposed first is none: its channels are last already.
    """
    if not any(called(node) in WINDOWS for node in module.graph.nodes):
        return ()
    return [
        node
        for node in module.graph.nodes
        if node.op == "placeholder"
        and len(node.meta["val"].shape) == 3
        and not any(called(user) in SWAPS for user in node.users)
    ]


def _aten() -> Any:
    import torch

    return torch.ops.aten
