"""Parameters and buffers of a PyTorch model without the channels that go."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Any

import numpy as np

from mcugraph.errors import GraphError
from mcugraph.ir import Array, Graph, Tensor
from mcugraph.ops.convolution import Conv, ConvTranspose
from mcugraph.ops.labels import first_row, plane
from mcugraph.records import dataclass
from mcugraph.slimming.remains import Remains

Shapes = Mapping[str, tuple[int, ...]]

# Of each axis of a tensor, which entries stay. The second axis of the weights of a grouped
# convolution has a row for each group.
Entries = dict[int, Array]


@dataclass(slots=True)
class Cuts:
    """What stays of the tensors that a model stores.

    Attributes:
        entries: Name in the model -> axis -> positions of what stays, in their new order.
    """

    entries: dict[str, Entries] = field(default_factory=lambda: defaultdict(dict))

    def add(self, name: str, axis: int, positions: Array) -> None:
        """Say what stays along an axis.

        Raises:
            GraphError: Something else was said before.
        """
        before = self.entries[name].setdefault(axis, positions)
        if not np.array_equal(before, positions):
            raise GraphError(f"{name}: layers that share it would keep different channels")

    def shapes(self, shapes: Shapes) -> dict[str, tuple[int, ...]]:
        """The shapes that tensors have once they are cut.

        Args:
            shapes: Of all tensors of the model, by name.
        """
        found = dict(shapes)
        for name, entries in self.entries.items():
            lengths = {axis: positions.shape[-1] for axis, positions in entries.items()}
            found[name] = tuple(lengths.get(axis, n) for axis, n in enumerate(shapes[name]))
        return found

    def spread(self, name: str, values: Array, shape: tuple[int, ...], rest: int) -> Array:
        """Something of each entry that stays, for all entries of a tensor.

        Args:
            name: Of the tensor.
            values: In a shape that broadcasts to that of the cut tensor.
            shape: Of the whole one.
            rest: What stands for entries that go.

        Returns:
            In a shape that broadcasts to the whole one's.
        """
        for axis, positions in sorted(self.entries.get(name, {}).items()):
            if values.shape[axis] == 1 or _whole(positions, shape[axis]):
                continue
            lines = np.moveaxis(values, axis, 0)
            if positions.ndim == 2:  # the second axis of a grouped convolution's weights
                raise GraphError(f"{name}: each of its groups loses other channels")
            made = np.full((shape[axis], *lines.shape[1:]), rest, values.dtype)
            made[positions] = lines
            values = np.moveaxis(made, 0, axis)
        return values

    def staying(self, shapes: Shapes) -> dict[str, Array]:
        """Name of a tensor that is cut -> which of its entries stay, in its shape."""
        found = {}
        for name, entries in self.entries.items():
            shape = shapes[name]
            stays = np.ones(shape, np.bool_)
            for axis, positions in entries.items():
                rows = positions if positions.ndim == 2 else positions[None]
                for part, row in zip(np.split(stays, len(rows)), rows, strict=True):
                    gone = np.setdiff1d(np.arange(shape[axis]), row)
                    np.moveaxis(part, axis, 0)[gone] = False
            if not stays.all():
                found[name] = stays
        return found

    def same(self, other: "Cuts") -> bool:
        """Whether both keep the same entries in the same order."""
        return all(
            np.array_equal(positions, other.entries[name][axis])
            for name, entries in self.entries.items()
            for axis, positions in entries.items()
        )

    def record(self, before: Mapping[str, Any]) -> dict[str, dict[int, tuple[Any, ...]]]:
        """What stays as plain data: name -> axis -> numbers in the model before any cut.

        Args:
            before: The record of an earlier cut of the same model.
        """
        found = {name: dict(axes) for name, axes in before.items()}
        for name, entries in self.entries.items():
            for axis, positions in entries.items():
                numbers = found.setdefault(name, {}).get(axis)
                found[name][axis] = _numbers(positions, numbers)
        return found

    def apply(self, model: Any) -> None:
        """Cut the tensors of a model; what several modules share stays shared.

        Raises:
            GraphError: The model has no such tensor.
        """
        import torch

        holders = holders_of(model)
        merged: dict[int, tuple[str, Entries]] = {}
        for name, entries in self.entries.items():
            found = holders.get(name)
            if found is None:
                raise GraphError(f"{name}: it is no parameter or buffer of the model")
            first, together = merged.setdefault(id(found[0]), (name, {}))
            for axis, positions in entries.items():
                if not np.array_equal(together.setdefault(axis, positions), positions):
                    raise GraphError(
                        f"{first} and {name} are one tensor: layers that share it would keep"
                        " different channels"
                    )
        for name, entries in merged.values():
            value, places = holders[name]
            changed = {a: p for a, p in entries.items() if not _whole(p, value.shape[a])}
            if not changed:
                continue
            new = taken(value.detach(), changed)
            if isinstance(value, torch.nn.Parameter):
                new = torch.nn.Parameter(new, requires_grad=value.requires_grad)
            for module, attribute in places:
                setattr(module, attribute, new)
            for other in self.entries:
                if holders[other][0] is value:
                    self.entries[other] = changed


def _numbers(positions: Array, before: Any) -> tuple[Any, ...]:
    """Positions in a tensor that was cut before, as positions in what it was cut from."""
    if before is None:
        return (
            tuple(map(tuple, positions.tolist()))
            if positions.ndim == 2
            else tuple(positions.tolist())
        )
    if positions.ndim == 2:
        return tuple(
            tuple(row[i] for i in chosen)
            for row, chosen in zip(before, positions.tolist(), strict=True)
        )
    return tuple(before[i] for i in positions.tolist())


def _whole(positions: Array, length: int) -> bool:
    return positions.ndim == 1 and np.array_equal(positions, np.arange(length))


def holders_of(model: Any) -> dict[str, tuple[Any, list[tuple[Any, str]]]]:
    """Name -> tensor, and all the places where the model holds it."""
    import torch

    places: dict[int, list[tuple[Any, str]]] = defaultdict(list)
    found = {}
    for path, module in model.named_modules(remove_duplicate=False):
        plain = {k: v for k, v in vars(module).items() if isinstance(v, torch.Tensor)}
        for attribute, value in (
            *module._parameters.items(),
            *module._buffers.items(),
            *plain.items(),
        ):
            if value is not None:
                name = f"{path}.{attribute}" if path else attribute
                if (module, attribute) not in places[id(value)]:
                    places[id(value)].append((module, attribute))
                found[name] = (value, places[id(value)])
    return found


def shapes_of(model: Any) -> Shapes:
    """Name -> shape of each tensor that a model holds."""
    return {name: tuple(held.shape) for name, (held, _) in holders_of(model).items()}


def duplicate(model: Any) -> Any:
    """A deep copy of a model, though it may hold tensors that others were computed of.

    The weights that ``torch.nn.utils.weight_norm`` computes before each run are such.
    """
    import copy

    import torch

    memo: dict[int, Any] = {}
    for module in model.modules():
        for value in vars(module).values():
            if isinstance(value, torch.Tensor) and not value.is_leaf:
                memo[id(value)] = value.detach().clone()
    return copy.deepcopy(model, memo)


def taken(value: Any, entries: Entries) -> Any:
    """What stays of a tensor."""
    import torch

    for axis, positions in sorted(entries.items()):
        chosen = torch.from_numpy(np.ascontiguousarray(positions)).to(value.device)
        if chosen.ndim == 1:
            value = value.index_select(axis, chosen)
        else:
            parts = zip(value.chunk(len(chosen), 0), chosen, strict=True)
            value = torch.cat([part.index_select(axis, row) for part, row in parts], 0)
    return value.clone()


def match(full: Array, slim: Array) -> Array | None:
    """Where the entries of a vector of labels stand in a longer one; None: not all do.

    Of entries with the same label, the first is the first.
    """
    places: dict[int, deque[int]] = defaultdict(deque)
    for position, label in enumerate(full.tolist()):
        places[label].append(position)
    found = []
    for label in slim.tolist():
        if not places[label]:
            return None
        found.append(places[label].popleft())
    return np.array(found, np.int64)


def default(kept: Remains, shapes: Shapes) -> Cuts:
    """What stays, in the order in which it was.

    Args:
        kept: What stays.
        shapes: Of the tensors that the model holds.
    """
    activations = kept.labelling.activations
    return collect(
        kept,
        shapes,
        lambda name, axis: None,
        lambda name: kept.cut(activations[name]),
        lambda place: None,
    )


def collect(
    kept: Remains,
    shapes: Shapes,
    labels_of: Callable[[str, int], Array | None],
    activation: Callable[[str], Array],
    stored_labels: Callable[[tuple[str, int]], Array | None],
) -> Cuts:
    """What stays of each tensor that the model holds.

    Args:
        kept: What stays.
        shapes: Of the tensors that the model holds.
        labels_of: The labels along an axis of a constant once it is cut; None: what stays of the
            old ones, in their order.
        activation: The labels of an activation once channels are gone.
        stored_labels: As ``labels_of``, of tensors that constants are worked out of.

    Raises:
        GraphError: A tensor cannot be cut.
    """
    cuts = Cuts()
    for (name, axis), full in kept.labelling.stored.items():
        slim = stored_labels((name, axis))
        cuts.add(name, axis, kept.positions(full) if slim is None else _matched(name, full, slim))
    for name, axis, positions in along_constants(kept, labels_of, activation):
        tensor = kept.graph.tensors[name]
        key = tensor.constant.key if tensor.constant is not None else name
        if not isinstance(key, str) or key not in shapes:
            continue  # made in the forward method; whether it fits shows when that has run
        if tensor.shape != shapes[key]:
            axis, positions = _on_source(tensor, axis, positions, shapes[key])
        cuts.add(key, axis, positions)
    return cuts


def along_constants(
    kept: Remains,
    labels_of: Callable[[str, int], Array | None],
    activation: Callable[[str], Array],
) -> Iterator[tuple[str, int, Array]]:
    """Of each axis of a constant on which channels lie: its name, the axis, and what stays there.

    Args:
        kept: The classes that stay.
        labels_of: As for ``collect``.
        activation: As for ``collect``.

    Raises:
        GraphError: A constant cannot be cut.
    """
    graph, labelling = kept.graph, kept.labelling
    grouped = _grouped(graph)
    for (name, axis), full in labelling.constants.items():
        if name not in graph.tensors:
            continue  # its operators are gone
        if axis == 1 and name in grouped:
            op, side = grouped[name]
            pieces, lefts = (
                np.split(first_row(plane(labels, 0), op.channel_axis), op.groups)
                for labels in (labelling.activations[side], activation(side))
            )
            rows = [_matched(name, a, b) for a, b in zip(pieces, lefts, strict=True)]
            yield name, 1, np.stack(rows)
            continue
        slim = labels_of(name, axis)
        yield name, axis, kept.positions(full) if slim is None else _matched(name, full, slim)


def _grouped(graph: Graph) -> dict[str, tuple[Conv | ConvTranspose, str]]:
    """The weights whose second axis each group of a convolution chooses from for itself.

    With them the convolution, and the activation whose channels lie on that axis, all groups'.
    """
    found: dict[str, tuple[Conv | ConvTranspose, str]] = {}
    for operator in graph.operators:
        op = operator.op
        if isinstance(op, Conv | ConvTranspose) and op.groups > 1:
            name = operator.inputs[op.weights]
            side = operator.inputs[0] if isinstance(op, Conv) else operator.outputs[0]
            shape = graph.tensors[name].shape if name is not None else None
            if name is not None and side is not None and shape is not None and shape[1] > 1:
                found[name] = op, side
    return found


def _matched(name: str, full: Array, slim: Array) -> Array:
    found = match(full, slim)
    if found is None:
        raise GraphError(f"{name}: what it would be multiplied with is not what it was made for")
    return found


def _on_source(
    tensor: Tensor, axis: int, positions: Array, shape: tuple[int, ...]
) -> tuple[int, Array]:
    """An axis of a view and what stays along it, on the tensor that it is a view of."""
    assert tensor.shape is not None
    stays = np.isin(np.arange(tensor.shape[axis]), positions)
    column = stays.reshape([-1 if i == axis else 1 for i in range(len(tensor.shape))])
    whole = np.broadcast_to(column, tensor.shape).reshape(shape)
    for place in range(whole.ndim):
        line = whole.any(tuple(i for i in range(whole.ndim) if i != place))
        if (whole == line.reshape([-1 if i == place else 1 for i in range(whole.ndim)])).all():
            if len(positions) != 1 and (np.diff(positions) < 0).any():
                if tensor.shape[axis] != shape[place]:
                    break
                return place, positions
            return place, np.flatnonzero(line)
    raise GraphError(f"{tensor.name}: it mixes axes of what it is a view of")
