"""What is done across the axes of images, written where their channels are last.

A converter transposes images for it, and transposes them again after it.
"""

from typing import Any

from mcugraph.export.axis_moves import RESHAPES, SWAPS, swaps_last_two
from mcugraph.export.softmax_axes import is_image
from mcugraph.export.tools import arguments_of, called, computed, stored, value_of

_LAST, _FIRST = [0, 2, 3, 1], [0, 3, 1, 2]  # the axes of images, and back
_REDUCTIONS = frozenset({"amax", "amin", "mean", "std", "sum", "var"})
# What does the same to every element, and needs no more than that.
_ALIKE = frozenset(
    {"clone", "contiguous", "dropout", "elu", "gelu", "hardswish", "hardtanh", "leaky_relu"}
    | {"relu", "relu6", "sigmoid", "silu", "tanh"}
)
_READ_AS_IMAGES = ("conv", "max_pool", "avg_pool", "adaptive_", "upsample")


def keep_channels_last(module: Any) -> None:
    """Reduce images, and make tokens of their columns and images of these, with channels last.

    Args:
        module: A ``torch.fx.GraphModule`` that ``torch.export`` gave.
    """
    moves = _Moves(module)
    for node in list(module.graph.nodes):
        name = called(node)
        if name in _REDUCTIONS:
            moves.reduce(node)
        elif name in SWAPS:
            moves.tokens(node)


def roll_rows(module: Any) -> None:
    """Put the rows of dense layers that become images in the order of channels last.

    Args:
        module: A ``torch.fx.GraphModule`` whose batch norms are folded.
    """
    moves = _Moves(module)
    for node in list(module.graph.nodes):
        if called(node) in RESHAPES:
            moves.roll(node)


class _Moves:
    """One module while it is rewritten."""

    def __init__(self, module: Any) -> None:
        import torch

        self._module, self._graph, self._aten = module, module.graph, torch.ops.aten

    def reduce(self, node: Any) -> None:
        """A reduction of some axes of images."""
        given = arguments_of(node)
        data, axes = next(iter(given.values())), given.get("dim")
        axes = [axes] if isinstance(axes, int) else axes
        if _rank(data) != 4 or not axes or not is_image(data):
            return
        if called(node) == "mean" and {axis % 4 for axis in axes} == {2, 3}:
            return  # as pooling is
        placed = sorted(_LAST.index(axis % 4) for axis in axes)
        keep = bool(given.get("keepdim"))
        rest = {k: v for k, v in given.items() if k not in ("self", "input", "dim", "keepdim")}
        named = {k: v for k, v in rest.items() if v is not None or k == "correction"}
        with self._graph.inserting_before(node):
            last = self._call(node, self._aten.permute.default, data, _LAST)
            made = self._call(node, node.target, last, placed, **named, keepdim=keep)
            # As PyTorch has the axes that are left.
            left = _LAST if keep else [axis for axis in _LAST if _LAST.index(axis) not in placed]
            home = [left.index(axis) for axis in sorted(left)]
            if home != sorted(home):
                made = self._call(node, self._aten.permute.default, made, home)
        self._replace(node, made)

    def tokens(self, node: Any) -> None:
        """Images as rows of channels: what is flattened and transposed."""
        flat = node.args[0]
        while called(flat) in ("clone", "contiguous"):
            flat = flat.args[0]
        if called(flat) not in RESHAPES or not swaps_last_two(node):
            return
        image, shape = flat.args[0], _shape(flat)
        if _rank(image) != 4 or len(shape) != 3 or shape[:2] != _shape(image)[:2]:
            return
        if not is_image(image):
            return
        with self._graph.inserting_before(node):
            last = self._call(node, self._aten.permute.default, image, _LAST)
            made = self._call(node, self._aten.reshape.default, last, list(_shape(node)))
        self._replace(node, made)

    def roll(self, node: Any) -> None:
        """Images out of rows of channels, or of what a dense layer makes."""
        shape, source = _shape(node), node.args[0]
        if len(shape) != 4:
            return
        batch, channels, height, width = shape
        if swaps_last_two(source):
            tokens = source.args[0]
            if _shape(tokens) == (batch, height * width, channels):
                self._lay(node, tokens)
            return
        if _shape(source) != (batch, channels * height * width) or not _is_read_as_image(node):
            return
        if height * width == 1 or channels == 1:
            return
        layer = source
        while called(layer).removesuffix("_") in _ALIKE and len(layer.users) == 1:
            layer = layer.args[0]
        if called(layer) != "linear" or len(layer.users) > 1 or _shape(layer) != _shape(source):
            return
        held = [entry for entry in layer.args[1:3] if entry is not None]
        if any(entry.op != "get_attr" for entry in held):
            return
        rows = [
            stored(
                self._module,
                layer,
                f"{node.name}_rows_{index}",
                _in_order(value_of(self._module, entry), (channels, height, width)),
                entry,
            )
            for index, entry in enumerate(held)
        ]
        layer.args = (layer.args[0], *rows, *layer.args[1 + len(rows) :])
        self._lay(node, source)

    def _lay(self, node: Any, source: Any) -> None:
        batch, channels, height, width = _shape(node)
        with self._graph.inserting_before(node):
            last = self._call(
                node, self._aten.reshape.default, source, [batch, height, width, channels]
            )
            made = self._call(node, self._aten.permute.default, last, _FIRST)
        self._replace(node, made)

    def _call(self, node: Any, target: Any, *args: Any, **kwargs: Any) -> Any:
        return computed(self._graph, target, *args, like=node, **kwargs)

    def _replace(self, node: Any, by: Any) -> None:
        node.replace_all_uses_with(by)
        self._graph.erase_node(node)


def _in_order(value: Any, shape: tuple[int, int, int]) -> Any:
    """The rows of a constant in the order of an image whose channels are last."""
    rows = value.reshape(*shape, *value.shape[1:])
    return rows.movedim(0, 2).reshape(value.shape).contiguous()


def _is_read_as_image(node: Any) -> bool:
    """Whether all that reads images slides windows over them."""
    for user in node.users:
        name = called(user).removesuffix("_")
        if name in _ALIKE:
            if not _is_read_as_image(user):
                return False
        elif not name.startswith(_READ_AS_IMAGES):
            return False
    return bool(node.users)


def _shape(node: Any) -> tuple[int, ...]:
    return tuple(getattr(node.meta.get("val"), "shape", ()))


def _rank(node: Any) -> int:
    return len(_shape(node))
