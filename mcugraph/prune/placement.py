"""Where the masks of channels act: on which parameters of a model.

A mask is multiplied with the parameters that a channel comes out of: with the scale and the shift
of a norm, or, where none follows, with the weights and the bias of the layer. That makes the
channel 0 after the norm, as masking the activation itself would, at the cost of a vector. Where
what lies behind does not keep 0, as a sigmoid does not, the weights that read the channel are
masked too.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from mcugraph.coupling.derived import part_of
from mcugraph.coupling.groups import group
from mcugraph.errors import GraphError
from mcugraph.ir import Array, Graph, Operator
from mcugraph.ops.base import Weighted
from mcugraph.ops.labels import compress, core, planes
from mcugraph.ops.linear import Einsum
from mcugraph.ops.movement import Movement
from mcugraph.ops.normalization import BatchNorm, Normalization
from mcugraph.ops.recurrent import Recurrent
from mcugraph.ops.selection import Gather
from mcugraph.prune.numbered_classes import Classes
from mcugraph.records import dataclass, replace
from mcugraph.space.space import Space


@dataclass(frozen=True)
class Factor:
    """One parameter, and the class that each of its entries is masked with.

    Attributes:
        parameter: Its name in the model.
        operators: The names of those that use it.
        classes: Numbers of classes, in a shape that broadcasts to the parameter's; the number
            after the last for entries that stay.
    """

    parameter: str
    operators: tuple[str, ...]
    classes: Array


def place(classes: Classes, shapes: Mapping[str, tuple[int, ...]]) -> tuple[Factor, ...]:
    """The parameters to mask, in the order in which the model uses them.

    Args:
        classes: Of the model's space.
        shapes: Of the tensors that the model holds, by name.

    Raises:
        GraphError: An operator mixes channels that cannot be masked before it (see ``maskable``).
    """
    walk = _Placement(classes, shapes)
    factors = walk.run()
    for operator, _ in walk.unmasked:
        raise GraphError(
            f"operator {operator.name!r} ({operator.op.kind}) mixes channels that cannot"
            " be masked before it"
        )
    return factors


def maskable(space: Space, shapes: Mapping[str, tuple[int, ...]]) -> Space:
    """A space without the channels that cannot be masked: they stay, and ``refused`` says why.

    Args:
        space: Of a PyTorch model. Its labelling becomes that of the result.
        shapes: Of the tensors that the model holds, by name.

    Raises:
        UsageError: No other channels can go.
    """
    while True:
        walk = _Placement(Classes(space), shapes)
        walk.run()
        if not walk.unmasked:
            return space
        for operator, number in walk.unmasked:
            reason = f"{operator.name}: mixes channels that cannot be masked before it"
            for name in operator.inputs:
                labels = space.labelling.activations.get(name or "")
                for entry in [] if labels is None else planes(labels)[number : number + 1]:
                    space.labelling.unions.freeze(entry, reason)
        left = replace(space, grouping=group(space.graph, space.labelling))
        if left.full.sum() == space.full.sum():
            return space  # nothing more can be done: ``place`` tells
        space = left


def parameter_of(
    space: Space, name: str | None, shapes: Mapping[str, tuple[int, ...]]
) -> str | None:
    """What the model calls a tensor that it holds; None: it holds no such one."""
    tensor = space.graph.tensors[name] if name is not None else None
    key = tensor.constant.key if tensor is not None and tensor.constant is not None else None
    return key if isinstance(key, str) and key in shapes else None


def einsum_axes(
    graph: Graph, operator: Operator, op: Einsum
) -> Iterator[tuple[str, int, int | None]]:
    """The axes of the constants of an Einstein sum: name, axis, and that of the result.

    None in place of the last: it is summed over.
    """
    tensors = [graph.tensors[name or ""] for name in operator.inputs]
    ranks = [len(tensor.shape or ()) for tensor in tensors]
    for index, tensor in enumerate(tensors):
        for axis, place in enumerate(op.places(index, ranks) if tensor.is_constant else ()):
            yield tensor.name, axis, place


_Plane = tuple[str, int]  # an activation, and a plane of its labels


class _Placement:
    """One walk through a graph.

    Attributes:
        unmasked: Once it has run: operators that mix channels which cannot be masked before them,
            and of which plane of labels.
    """

    def __init__(self, classes: Classes, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.classes, self.shapes = classes, shapes
        self.graph = classes.space.graph
        self.unmasked: list[tuple[Operator, int]] = []

    def run(self) -> tuple[Factor, ...]:
        needed, zero, found = self._needed(), dict[_Plane, bool](), list[Factor]()
        for operator in self.graph.operators:
            making = [
                number
                for number in (0, 1)
                if any((name, number) in needed for name in operator.outputs)
                and self._makes(operator, number)
            ]
            for number in (0, 1):
                own = self._classes_read(operator, number)
                known = [self._known(name, number, own, zero) for name in operator.inputs]
                if self._contracts(operator, number) and self._reads_other(operator, known):
                    found += self._reading(operator, number)
                masks = self._making(operator) if number in making else []
                found += masks
                silent = self._is_zero(operator, masks, known)
                zero.update({(name, number): silent for name in operator.outputs})
                if self._goes_unseen(operator, number, known):
                    self.unmasked.append((operator, number))
        return _merged(found)

    def _known(
        self, name: str | None, number: int, own: frozenset[int], zero: Mapping[_Plane, bool]
    ) -> bool | None:
        """Whether what is masked of an operand is 0; None: nothing of it can go.

        In a product, what lies on one plane of an operand may lie on the other one of another.
        """
        for place in (number, 1 - number):
            if not own.isdisjoint(self.classes.in_planes(name)[place]):
                return zero.get((name or "", place), False)
        return None if number or name is None or self._along(name) is None else False

    def _classes_read(self, operator: Operator, number: int) -> frozenset[int]:
        """The classes of a plane of what an operator reads."""
        read = (self.classes.in_planes(name)[number] for name in operator.inputs)
        return frozenset[int]().union(*read)

    def _goes_unseen(self, operator: Operator, number: int, known: list[bool | None]) -> bool:
        """Whether channels end here, and what is masked of them is not 0: nobody would see it."""
        if operator.name in self.classes.space.labelling.averaged:
            return False  # a norm's, to which no zero is as good as nothing
        # Layers are masked where they read, and what only moves elements leaves some out.
        told = isinstance(operator.op, Weighted | Movement) or self._contracts(operator, number)
        return self._ends(operator, number) and not told and self._may_be_other(operator, known)

    def _needed(self) -> set[_Plane]:
        """The activations whose masked channels have to be 0, for what reads them."""
        needed: set[_Plane] = set()
        for operator in reversed(self.graph.operators):
            masked = isinstance(operator.op, Weighted | BatchNorm | Normalization)
            for number in (0, 1):
                contracts = self._contracts(operator, number)
                if masked and not contracts:
                    continue  # channel by channel, and masked itself
                read = any((name, number) in needed for name in operator.outputs)
                if contracts or self._ends(operator, number) or read:
                    needed.update(
                        (name, number)
                        for name in operator.inputs
                        if name is not None and self.classes.in_planes(name)[number]
                    )
        return needed

    def _ends(self, operator: Operator, number: int) -> bool:
        """Whether none of the channels of a plane that an operator reads are in its results."""
        found = [self.classes.in_planes(name) for name in operator.outputs]
        made = frozenset[int]().union(*(entry for planes in found for entry in planes))
        return made.isdisjoint(self._classes_read(operator, number))

    def _may_be_other(self, operator: Operator, known: Sequence[bool | None]) -> bool:
        """Whether what an operator reads of masked channels may be something else than 0."""
        held = self.graph.tensors
        read = [
            zero
            for name, zero in zip(operator.inputs, known, strict=True)
            if name is not None and not held[name].is_constant
        ]
        return False in read and True not in read

    def _reads_other(self, operator: Operator, known: Sequence[bool | None]) -> bool:
        """Whether what an operator sums over of masked channels may be something else than 0."""
        if isinstance(operator.op, Recurrent):
            return known[0] is False
        return self._may_be_other(operator, known)

    def _is_zero(
        self, operator: Operator, masks: list[Factor], known: Sequence[bool | None]
    ) -> bool:
        """Whether masked channels of the results are 0."""
        keeps = operator.op.keeps_zero(known)
        if isinstance(operator.op, Recurrent):  # only if it begins so, too
            return bool(masks) and keeps
        return bool(masks) or keeps

    def _contracts(self, operator: Operator, number: int) -> bool:
        """Whether an operator sums over channels of a plane that can go, with weights."""
        return bool(self._read(operator, number))

    def _read(self, operator: Operator, number: int) -> list[tuple[str | None, Array]]:
        """Weights that channels of a plane are summed with, and the classes that these read."""
        op = operator.op
        pairs: list[tuple[str | None, Array | None]]
        if isinstance(op, Einsum):
            pairs = [
                (name, self.classes.along(name, axis))
                for name, axis, place in einsum_axes(self.graph, operator, op)
                if place is None
            ]
        elif isinstance(op, Weighted) and op.mixes:
            pairs = [(operator.inputs[op.weights], self.classes.read(operator))]
        elif isinstance(op, Recurrent):
            names = [operator.inputs[index] for index in op.readers]
            pairs = [(name, self.classes.along(name, 1)) for name in names]
            if any(self._factor(operator, *pair) is None for pair in pairs):
                return []
        else:
            return []
        own = self._classes_read(operator, number)
        return [
            (name, found)
            for name, found in pairs
            if found is not None and not own.isdisjoint(found.ravel().tolist())
        ]

    def _makes(self, operator: Operator, number: int) -> bool:
        """Whether the channels of a plane of a result come out of the operator's parameters."""
        own = self.classes.in_planes(operator.outputs[0])[number]
        if isinstance(operator.op, Einsum):
            return bool(own) and any(
                classes is not None and own <= frozenset(classes.ravel().tolist())
                for _, classes in self._made(operator, operator.op)
            )
        if not isinstance(operator.op, Weighted):
            return number == 0
        made = self.classes.made(operator)
        return made is not None and not own.isdisjoint(made.ravel().tolist())

    def _made(self, operator: Operator, op: Einsum) -> list[tuple[str, Array | None]]:
        """The constants of an Einstein sum, and the classes along axes that its result has."""
        return [
            (name, self.classes.along(name, axis))
            for name, axis, place in einsum_axes(self.graph, operator, op)
            if place is not None
        ]

    def _making(self, operator: Operator) -> list[Factor]:
        """The parameters that the channels of a result come out of; none where it has others."""
        op = operator.op
        pairs: list[tuple[str | None, Array | None]]
        if isinstance(op, Weighted):
            pairs = [(operator.inputs[op.weights], self.classes.made(operator))]
            pairs += [(name, self._along(name)) for name in operator.inputs[op.bias :][:1] if name]
        elif isinstance(op, Einsum):
            pairs = [
                (name, classes)
                for name, classes in self._made(operator, op)
                if classes is not None and (classes < self.classes.count).any()
            ]
        elif isinstance(op, Recurrent):
            places = [(operator.inputs[place.index], place.axis) for place in op.units]
            pairs = [(name, self.classes.along(name, axis)) for name, axis in places]
        elif isinstance(op, BatchNorm | Normalization):
            pairs = [(name, self._along(name)) for name in operator.inputs[1:3] if name is not None]
        elif isinstance(op, Gather):
            pairs = [(operator.inputs[0], self._along(operator.inputs[0]))]
        else:
            return []
        found = [self._factor(operator, name, classes) for name, classes in pairs]
        return [factor for factor in found if factor is not None] if None not in found else []

    def _reading(self, operator: Operator, number: int) -> list[Factor]:
        found = [self._factor(operator, *pair) for pair in self._read(operator, number)]
        factors = [factor for factor in found if factor is not None]
        if factors:  # of a product one will do
            return factors if isinstance(operator.op, Recurrent) else factors[:1]
        raise GraphError(
            f"operator {operator.name!r} ({operator.op.kind}) reads channels that cannot be"
            " masked before it, with weights that are no parameter"
        )

    def _along(self, name: str | None) -> Array | None:
        """The classes along the one axis of a constant on which channels lie."""
        for axis in range(len(self.graph.tensors[name or ""].shape or ())):
            classes = self.classes.along(name, axis)
            if classes is not None and (classes < self.classes.count).any():
                return classes
        return None

    def _factor(self, operator: Operator, name: str | None, classes: Array | None) -> Factor | None:
        if classes is None or name is None:
            return None
        key = parameter_of(self.classes.space, name, self.shapes)
        if key is None:
            return self._on_part(operator, name, classes)
        shape, held = self.graph.tensors[name].shape, self.shapes[key]
        if shape != held:  # a view of it
            if shape is None or np.prod(shape) != np.prod(held):
                return None
            classes = np.broadcast_to(classes, shape).reshape(held)
        return Factor(key, (operator.name,), classes)

    def _on_part(self, operator: Operator, name: str, classes: Array) -> Factor | None:
        """A factor of the tensor that a constant is a part of; the rest of that stays."""
        part = part_of(self.graph.tensors[name])
        if part is None or part.source not in self.shapes:
            return None
        whole = np.full(self.shapes[part.source], self.classes.count)
        whole.reshape(-1)[part.places] = classes
        return Factor(part.source, (operator.name,), core(compress(whole)).copy())


def _merged(factors: Sequence[Factor]) -> tuple[Factor, ...]:
    """Each factor of a parameter once, with all who use it."""
    found: dict[tuple[str, tuple[int, ...], bytes], Factor] = {}
    for factor in factors:
        key = (factor.parameter, factor.classes.shape, factor.classes.tobytes())
        before = found[key].operators if key in found else ()
        operators = tuple(dict.fromkeys((*before, *factor.operators)))
        found[key] = Factor(factor.parameter, operators, factor.classes)
    return tuple(found.values())
