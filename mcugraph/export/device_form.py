"""A module in the form that a device runs: channels last, with nothing left that only moves data.

TFLite keeps images channels last, PyTorch channels first. What is rewritten here would otherwise
stand in the file as operators of its own, each with a result in SRAM.
"""

import operator
from collections.abc import Sequence
from typing import Any

from mcugraph.export.deconvolution import cut_transposed
from mcugraph.export.image_moves import keep_channels_last, roll_rows
from mcugraph.export.needless_bounds import drop_bounds
from mcugraph.export.normalizations import split_norms
from mcugraph.export.series import series_inputs, widen_series
from mcugraph.export.softmax_axes import turn_softmax_axes
from mcugraph.export.terms import fold_terms
from mcugraph.export.tools import as_stored, called, computed, weight_axis
from mcugraph.export.variance_nodes import split_variances
from mcugraph.formats.torch.export import export, quiet

# Between a flatten and the dense layer that reads it: what does the same to every element.
_ELEMENTWISE = ("relu", "relu_", "relu6", "hardtanh", "dropout", "sigmoid", "tanh", "clone")
_FLATTENS = ("flatten", "view", "reshape")


def device_form(
    model: Any, args: Sequence[Any], channels_last: bool = True
) -> tuple[Any, tuple[Any, ...]]:
    """A module that does what the model does at inference, and the inputs for it.

    - Images (inputs and outputs of four axes) are channels last, if so asked.
    - A mean over height and width is taken where channels are last.
    - A dense layer that reads flattened images has its columns in the order of channels last.
    - An average that divides by another number than of its elements is multiplied after it.
    - A channel shuffle transposes the last two of three axes, where channels last are a matrix.
    - A batch norm that follows no layer to be folded into is one multiplication and one addition;
      so is an instance norm with statistics of its own.
    - A group, instance, layer or RMS norm is taken apart, with channels last.
    - A softmax along another than the last axis, channels being last, stands between transposes.
    - A constant that is added before a dense layer is in its bias.
    - A transposed convolution that TFLite has no padding for is cut out of a larger one.

    Args:
        model: A ``torch.nn.Module``; it stays as it is.
        args: One tensor an input, as the model takes it.
        channels_last: Whether images go in and come out with their channels last.

    Returns:
        A ``torch.fx.GraphModule`` that takes tensors by position and returns a tuple of all
        results, and ``args`` as that module takes them.

    Raises:
        FormatError: ``torch.export`` rejects the model, or TFLite has no such operator.
    """
    import torch

    program = export(model, args, {})
    with quiet():
        whole = program.module()
    for node in [n for n in whole.graph.nodes if n.op == "call_module"]:
        whole.graph.erase_node(node)  # it checks shapes of inputs and returns nothing
    # Inputs and outputs without the containers that the model has around them.
    whole.graph.set_codegen(torch.fx.graph.CodeGen())
    module = torch.fx.GraphModule(whole, whole.graph)
    series = series_inputs(module)
    widen_series(module)
    drop_bounds(module)
    keep_channels_last(module)
    split_variances(module)
    form = _DeviceForm(module)
    form.apply()
    roll_rows(module)
    cut_transposed(module)
    split_norms(module)
    turn_softmax_axes(module)
    fold_terms(module)
    if channels_last:
        args = form.channels_last(args, series)
    module.graph.eliminate_dead_code()
    module.graph.lint()
    module.recompile()
    return module, tuple(args)


class _DeviceForm:
    """One module while it is rewritten."""

    def __init__(self, module: Any) -> None:
        import torch

        self.module, self.graph, self.aten = module, module.graph, torch.ops.aten

    def apply(self) -> None:
        for node in list(self.graph.nodes):
            name = called(node)
            if name == "mean" and _overload(node) == "dim":
                self._pool(node)
            elif name in ("batch_norm", "instance_norm"):
                self._scale(node)
            elif name == "avg_pool2d":
                self._divide(node)
            elif name in _FLATTENS and not self._shuffle(node):
                self._unroll(node)

    def channels_last(self, args: Sequence[Any], series: Sequence[Any]) -> tuple[Any, ...]:
        """Images in and out with their channels last; series in, as images of one row."""
        given = [node for node in self.graph.nodes if node.op == "placeholder"]
        taken = []
        for node, value in zip(given, args, strict=True):
            image = node in series
            if not image and value.dim() != 4:
                taken.append(value)
                continue
            value = as_stored(value, 4)
            taken.append(value)
            node.meta = {**node.meta, "val": value}
            with self.graph.inserting_before(_first_user(self.graph, given)):
                first = self._call(self.aten.permute.default, node, [0, 3, 1, 2], like=node)
                made = self._call(self.aten.squeeze.dim, first, 2, like=node) if image else first
            users = [user for user in node.users if user is not first]
            for user in users:
                if image and called(user) == "unsqueeze":
                    user.replace_all_uses_with(first)
                    self.graph.erase_node(user)
                else:
                    user.replace_input_with(node, made)
        (output,) = (node for node in self.graph.nodes if node.op == "output")
        results = []
        for result in output.args[0]:
            if hasattr(result, "meta") and _rank(result) == 4:
                with self.graph.inserting_before(output):
                    result = self._call(self.aten.permute.default, result, [0, 2, 3, 1])
            results.append(result)
        output.args = (tuple(results),)
        return tuple(taken)

    def _pool(self, node: Any) -> None:
        """A mean over height and width, which the converter would transpose images for."""
        source, axes, keep = node.args[0], node.args[1] or (), _argument(node, 2, "keepdim", False)
        if _rank(source) != 4 or {axis % 4 for axis in axes} != {2, 3}:
            return
        if _argument(node, 3, "dtype", None) is not None:
            return
        with self.graph.inserting_before(node):
            if keep:
                pooled = self._call(
                    self.aten.adaptive_avg_pool2d.default, source, [1, 1], like=node
                )
            else:
                pooled = self._mean(source, node)
        self._replace(node, pooled)

    def _mean(self, source: Any, like: Any) -> Any:
        """The mean of each channel of images, taken where channels are last."""
        last = self._call(self.aten.permute.default, source, [0, 2, 3, 1], like=like)
        return self._call(self.aten.mean.dim, last, [1, 2], like=like)

    def _divide(self, node: Any) -> None:
        """An average with a divisor of its own as one over all of the window, and a factor."""
        given = list(node.args) + [None] * (7 - len(node.args))
        divisor = _argument(node, 6, "divisor_override", None)
        if divisor is None or _argument(node, 4, "ceil_mode", False):
            return
        area = given[1][0] * given[1][-1]
        with self.graph.inserting_before(node):
            kept = (given[2] or [], _argument(node, 3, "padding", [0, 0]))
            made = self._call(
                self.aten.avg_pool2d.default, given[0], given[1], *kept, False, True, like=node
            )
            if divisor != area:
                made = self._call(self.aten.mul.Tensor, made, area / divisor, like=node)
        self._replace(node, made)

    def _scale(self, node: Any) -> None:
        """A batch norm that cannot be folded as ``x * scale + shift``."""
        import torch

        source = node.args[0]
        values = [None if entry is None else self._constant(entry) for entry in node.args[1:5]]
        weight, bias, mean, variance = values
        if mean is None or variance is None or _argument(node, 5, "training", False):
            return
        scale = torch.rsqrt(variance.double() + float(node.args[7]))
        scale = scale if weight is None else scale * weight.double()
        shift = -mean.double() * scale
        shift = shift if bias is None else shift + bias.double()
        if self._fold(node, scale, shift):
            return
        shape = (1, -1, *(1 for _ in range(_rank(source) - 2)))
        with self.graph.inserting_before(node):
            by = self._store(f"{node.name}_scale", scale.to(mean.dtype).view(shape), node)
            plus = self._store(f"{node.name}_shift", shift.to(mean.dtype).view(shape), node)
            scaled = self._call(self.aten.mul.Tensor, source, by, like=node)
            shifted = self._call(self.aten.add.Tensor, scaled, plus, like=node)
        self._replace(node, shifted)

    def _fold(self, node: Any, scale: Any, shift: Any) -> bool:
        """Put a batch norm into the layer before it, as ``x * scale + shift``; whether it went."""
        layer = node.args[0]
        axis, name = weight_axis(layer), called(layer)
        if axis is None or len(layer.users) > 1 or (name == "linear" and _rank(node) != 2):
            return False
        bias = layer.args[2] if len(layer.args) > 2 else None
        held = [entry for entry in (layer.args[1], bias) if entry is not None]
        if any(entry.op != "get_attr" for entry in held):
            return False  # it is computed
        weight = self._constant(layer.args[1]).double()
        if axis:
            # Rows are inputs; each group has its own outputs along the second axis.
            parts = weight.reshape(len(scale) // weight.shape[1], -1, *weight.shape[1:])
            by = scale.view(len(parts), 1, -1, *(1 for _ in weight.shape[2:]))
            weight = (parts * by).reshape(weight.shape)
        else:
            weight = weight * scale.view(-1, *(1 for _ in weight.shape[1:]))
        if bias is not None:
            shift = shift + scale * self._constant(bias).double()
        like = self._constant(layer.args[1]).dtype
        with self.graph.inserting_before(layer):
            first = self._store(f"{node.name}_weight", weight.to(like), layer.args[1])
            second = self._store(f"{node.name}_bias", shift.to(like), bias or layer.args[1])
        layer.args = (layer.args[0], first, second, *layer.args[3:])
        node.replace_all_uses_with(layer)
        self.graph.erase_node(node)
        return True

    def _unroll(self, node: Any) -> None:
        """Flattened images channels last, and the columns of the dense layers that read them."""
        source = node.args[0]
        shape, flat = _shape(source), _shape(node)
        if len(flat) == 2 and called(source) == "permute" and source.args[1][0] == 0:
            self._untwist(node, source)
            return
        if len(shape) != 4 or len(flat) != 2 or flat != (shape[0], shape[1] * shape[2] * shape[3]):
            return
        if shape[2] * shape[3] == 1:
            if called(source) == "adaptive_avg_pool2d" and len(source.users) == 1:
                with self.graph.inserting_before(node):
                    pooled = self._mean(source.args[0], source)
                self._replace(node, pooled)
            return
        if self._mix(node, shape, (0, 2, 3, 1)):
            with self.graph.inserting_before(node):
                last = self._call(self.aten.permute.default, source, [0, 2, 3, 1], like=node)
            node.replace_input_with(source, last)
            if called(node) == "view":  # a transposed tensor has no such view
                node.target = self.aten.reshape.default

    def _untwist(self, node: Any, source: Any) -> None:
        """What is flattened after its axes changed places, without that."""
        order, shape = list(source.args[1]), _shape(source)
        if self._mix(node, shape, [order.index(axis) for axis in range(len(order))]):
            with self.graph.inserting_before(node):
                made = self._call(
                    self.aten.reshape.default, source.args[0], list(_shape(node)), like=node
                )
            self._replace(node, made)

    def _mix(self, node: Any, shape: Sequence[int], order: Sequence[int]) -> bool:
        """Put the columns of the dense layers that read rows in another order; whether they are.

        Args:
            node: Makes the rows.
            shape: What they are made of.
            order: Of its axes, batch first.
        """
        readers = _dense_readers(node)
        if not readers or any(_shape(one.args[1])[1] != _shape(node)[1] for one in readers):
            return False
        for index, reader in enumerate(readers):
            weight = self._constant(reader.args[1])
            columns = weight.reshape(-1, *shape[1:]).permute(*order).reshape(weight.shape)
            with self.graph.inserting_before(reader):
                name = f"{node.name}_columns_{index}"
                stored = self._store(name, columns.contiguous(), reader.args[1])
            reader.replace_input_with(reader.args[1], stored)
        return True

    def _shuffle(self, node: Any) -> bool:
        """The end of a channel shuffle (arXiv:1707.01083) as one that keeps channels last."""
        swap = node.args[0]
        while called(swap) in ("contiguous", "clone"):
            swap = swap.args[0]
        if called(swap) != "transpose" or {axis % 5 for axis in swap.args[1:]} != {1, 2}:
            return False
        parts = swap.args[0]
        if called(parts) not in _FLATTENS or len(_shape(parts)) != 5:
            return False
        source = parts.args[0]
        shape, (batch, groups, each, height, width) = _shape(source), _shape(parts)
        if not shape == _shape(node) == (batch, groups * each, height, width):
            return False
        steps = [
            (self.aten.permute.default, [0, 2, 3, 1]),
            (self.aten.reshape.default, [batch * height * width, groups, each]),
            (self.aten.permute.default, [0, 2, 1]),
            (self.aten.reshape.default, [batch, height, width, groups * each]),
            (self.aten.permute.default, [0, 3, 1, 2]),
        ]
        made = source
        with self.graph.inserting_before(node):
            for target, argument in steps:
                made = self._call(target, made, argument, like=node)
        self._replace(node, made)
        return True

    def _call(self, target: Any, *args: Any, like: Any = None) -> Any:
        return computed(self.graph, target, *args, like=args[0] if like is None else like)

    def _store(self, name: str, value: Any, like: Any) -> Any:
        self.module.register_buffer(name, value.detach())
        node = self.graph.get_attr(name)
        node.meta = {"val": value} | {
            k: v for k, v in like.meta.items() if k in ("nn_module_stack", "stack_trace")
        }
        return node

    def _constant(self, node: Any) -> Any:
        value = operator.attrgetter(node.target)(self.module)
        return value.detach()

    def _replace(self, node: Any, by: Any) -> None:
        by.meta = {**by.meta, "val": node.meta.get("val")}
        node.replace_all_uses_with(by)
        self.graph.erase_node(node)


def _dense_readers(node: Any) -> list[Any]:
    """The dense layers that read a tensor, through elementwise operators; none if others do too."""
    found = []
    for user in node.users:
        name = called(user)
        if name == "linear" and user.args[0] is node and user.args[1].op == "get_attr":
            found.append(user)
        elif name in _ELEMENTWISE:
            further = _dense_readers(user)
            if not further:
                return []
            found += further
        else:
            return []
    return found


def _first_user(graph: Any, given: list[Any]) -> Any:
    """The first node that is neither an input nor a constant."""
    for node in graph.nodes:
        if node.op not in ("placeholder", "get_attr"):
            return node
    return given[-1].next


def _overload(node: Any) -> str:
    return str(getattr(node.target, "_overloadname", ""))


def _argument(node: Any, index: int, name: str, default: Any) -> Any:
    return node.args[index] if len(node.args) > index else node.kwargs.get(name, default)


def _shape(node: Any) -> tuple[int, ...]:
    return tuple(getattr(node.meta.get("val"), "shape", ()))


def _rank(node: Any) -> int:
    return len(_shape(node))
