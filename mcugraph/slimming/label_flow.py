"""Whether channels flow through a slimmed model as they did through the whole one.

Labels are pushed through both graphs, operator by operator. The slimmed one has to hold, at each
place, the labels that the whole one holds there without those that went. Their order may differ,
as after a channel shuffle: the layers that read them are then cut in that order.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import field

import numpy as np

from mcugraph.coupling.labelling import Labelling
from mcugraph.coupling.propagate import label
from mcugraph.coupling.seeds import Seeds, Way
from mcugraph.errors import GraphError
from mcugraph.ir import Array, Graph, Operator, Tensor
from mcugraph.ops.convolution import Conv
from mcugraph.ops.labels import core, plane, planes, stacked
from mcugraph.ops.movement import Reshape
from mcugraph.records import dataclass
from mcugraph.slimming.cutting import Cuts, Shapes, collect
from mcugraph.slimming.remains import Remains

_NUMBERS = 4096  # constants of more elements are taken for data


@dataclass(frozen=True)
class Flow:
    """The labels of a slimmed model in the words of the whole one.

    Attributes:
        activations: Tensor of the whole model -> labels without those that went, in the order
            that the slimmed model has them in.
        constants: (constant of the whole model, axis) -> the same for its entries.
        stored: (key of a tensor that constants are worked out of, axis) -> the same.
    """

    activations: dict[str, Array] = field(default_factory=dict)
    constants: dict[tuple[str, int], Array] = field(default_factory=dict)
    stored: dict[tuple[str, int], Array] = field(default_factory=dict)

    def cuts(self, kept: Remains, shapes: Shapes) -> Cuts:
        """What stays of each tensor, in the order in which it is needed."""
        return collect(
            kept,
            shapes,
            lambda name, axis: self.constants.get((name, axis)),
            self.activations.__getitem__,
            self.stored.get,
        )


class Mismatch(GraphError):
    """Channels do not flow as they did."""


def follow(kept: Remains, slim: Graph) -> Flow:
    """Compare a slimmed model with what the whole one becomes.

    Raises:
        Mismatch: An operator does not do what it did; the message names it.
    """
    full, labelling = kept.graph, kept.labelling
    idle = _idle(kept) if len(slim.operators) < len(full.operators) else set()
    pairs = paired([o for o in full.operators if o.name not in idle], slim.operators)
    found = label(slim, _seeds(kept, pairs))
    translate = np.full(found.unions.count, -1, np.int64)
    translate[:2] = 0, 1
    flow = Flow()
    for name, new in zip(full.inputs, slim.inputs, strict=True):
        flow.activations[name] = found.activations[new]
    others = {operator.name: other for operator, other in pairs}
    for operator in full.operators:
        if operator.name in idle:
            flow.activations[operator.outputs[0]] = flow.activations[str(operator.inputs[0])]
            continue
        other = others[operator.name]
        for name, new in zip(operator.outputs, other.outputs, strict=True):
            wanted = wanted_labels(kept, operator, name)
            flow.activations[name] = _translated(
                operator, wanted, found.activations[new], translate
            )
        _constants(kept, (operator, other), (slim, found), translate, flow)
    for place in labelling.stored:
        if place in found.stored and (translate[found.stored[place]] >= 0).all():
            flow.stored[place] = translate[found.stored[place]]
    for name in full.outputs:
        if name in flow.activations:
            wanted = kept.cut(labelling.activations[name])
            if not (core(wanted) == core(flow.activations[name])).all():
                raise Mismatch(f"output {name!r} would come in another order")
    _check_unions(kept, found, translate)
    return flow


def _seeds(kept: Remains, pairs: list[tuple[Operator, Operator]]) -> Seeds:
    """What the labels of the slimmed model are made with, as those of the whole one were."""
    made, ways = {}, dict[Way, bool]()
    of_whole = defaultdict[str, list[tuple[int, str, bool]]](list)
    for (name, number, way), found in kept.labelling.ways.items():
        of_whole[name].append((number, way, found))
    for operator, other in pairs:
        for number, way, found in of_whole[operator.name]:
            ways[other.name, number, way] = found
        if operator.name in kept.seeds.made:
            labels = np.concatenate([row for _, row in kept.labelling.made[operator.name]])
            made[other.name] = kept.seeds.made[operator.name][kept.positions(labels)]
    return Seeds(kept.seeds.classes, made, ways=ways)


def _idle(kept: Remains) -> set[str]:
    """Reshapes that leave what they read as it is once channels are gone.

    A graph has none. Of one channel, say, ``(n, 1, c, 1)`` and ``(n, c, 1, 1)`` are the same shape.
    """
    found = set()
    for operator in kept.graph.operators:
        data = operator.inputs[0] if isinstance(operator.op, Reshape) else None
        if data is not None and data in kept.labelling.activations:
            names = (data, operator.outputs[0])
            before, after = (wanted_labels(kept, operator, name).shape for name in names)
            if before == after:
                found.add(operator.name)
    return found


def paired(full: Sequence[Operator], slim: Sequence[Operator]) -> list[tuple[Operator, Operator]]:
    """The operators of two forms of a model, in the order that both run them in.

    Raises:
        Mismatch: They do not run the same operators.
    """
    for operator, other in zip(full, slim, strict=False):
        same = type(operator.op) is type(other.op) and len(operator.outputs) == len(other.outputs)
        if not same or (operator.op.kind != other.op.kind and not isinstance(operator.op, Conv)):
            raise Mismatch(f"{described(operator)}: it becomes {described(other)}")
    if len(full) != len(slim):
        raise Mismatch(f"{len(full)} operators become {len(slim)}")
    return list(zip(full, slim, strict=True))


def described(operator: Operator) -> str:
    """An operator as errors name it."""
    return f"operator {operator.name!r} ({operator.native or operator.op.kind})"


def wanted_labels(kept: Remains, operator: Operator, name: str) -> Array:
    """The labels of a result without those that go.

    Raises:
        Mismatch: What stays has no shape.
    """
    try:
        return kept.cut(kept.labelling.activations[name])
    except GraphError as error:
        raise Mismatch(f"{described(operator)}: {error}") from None


def _translated(operator: Operator, wanted: Array, got: Array, translate: Array) -> Array:
    """Labels of the slimmed model in the words of the whole one; new ones are learnt.

    Raises:
        Mismatch: They are not those that are wanted.
    """
    if wanted.shape != got.shape:
        raise Mismatch(
            f"{described(operator)}: a result has shape {got.shape}, and {wanted.shape} is needed"
        )
    found = []
    for number in range(max(len(planes(wanted)), len(planes(got)))):
        inner = core(plane(got, number))
        there, here = np.broadcast_arrays(core(plane(wanted, number)), inner)
        new = translate[here] < 0
        translate[here[new]] = there[new]
        made = translate[here]
        if (np.sort(made, axis=None) != np.sort(there, axis=None)).any():
            raise Mismatch(
                f"{described(operator)}: its result would hold other channels than it did"
            )
        found.append(np.broadcast_to(translate[inner], got.shape))
    return found[0] if len(found) == 1 else stacked(*found)


def _constants(
    kept: Remains,
    operators: tuple[Operator, Operator],
    slim: tuple[Graph, Labelling],
    translate: Array,
    flow: Flow,
) -> None:
    """Learn in which order the entries of an operator's constants are needed."""
    operator, other = operators
    graph, found = slim
    for name, new in zip(operator.inputs, other.inputs, strict=False):
        if name is None or new is None:
            continue
        _same_number(operator, kept.graph.tensors[name], graph.tensors[new])
        for axis, length in enumerate(graph.tensors[new].shape or ()):
            full = kept.labelling.constants.get((name, axis))
            if full is None:
                continue
            stays = kept.positions(full)
            if len(stays) != length:
                raise Mismatch(
                    f"{described(operator)}: axis {axis} of {name!r} has {length} entries, and"
                    f" {len(stays)} are needed"
                )
            labels = found.constants.get((new, axis))
            # What is known only now comes with an operator further on.
            if labels is not None and (translate[labels] >= 0).all():
                flow.constants.setdefault((name, axis), translate[labels])


def _same_number(operator: Operator, full: Tensor, slim: Tensor) -> None:
    """A number that the model's code computes may not depend on how many channels are left.

    Raises:
        Mismatch: It does.
    """
    if full.constant is None or slim.constant is None or isinstance(full.constant.key, str):
        return
    if full.shape == slim.shape and full.elements <= _NUMBERS:
        before, after = full.constant.array(), slim.constant.array()
        if not np.array_equal(before, after, equal_nan=before.dtype.kind == "f"):
            raise Mismatch(
                f"{described(operator)}: {full.name!r} depends on the number of channels"
            )


def _check_unions(kept: Remains, found: Labelling, translate: Array) -> None:
    """What meets in the slimmed model has to be of one class in the whole one."""
    unions = kept.labelling.unions
    for new, old in enumerate(translate.tolist()):
        root = found.unions.find(new)
        if root > 1 and old > 1 and translate[root] > 1:
            first, second = unions.find(old), unions.find(int(translate[root]))
            if first != second:
                raise Mismatch(_meeting(kept, first, second))


def _meeting(kept: Remains, first: int, second: int) -> str:
    names = [
        repr(kept.names[root]) if root in kept.names else "what has to stay"
        for root in (first, second)
    ]
    return f"channels of {' and '.join(names)} would meet that did not"
