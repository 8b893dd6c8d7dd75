"""The costs of a network as polynomials in its widths, from the rules that count numbers."""

from collections import Counter
from dataclasses import field

from mcugraph.cost.flash import distinct_constants
from mcugraph.cost.work import is_pool_or_sum, work_of
from mcugraph.coupling.groups import Grouping
from mcugraph.coupling.labelling import Labelling
from mcugraph.coupling.polynomial import Polynomial
from mcugraph.coupling.propagate import label
from mcugraph.ir import Array, Graph, Operator, Role, Shape, Signature, Tensor
from mcugraph.ops.control import Control
from mcugraph.ops.labels import FIXED, core, varies
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class Shapes:
    """Every shape of a graph, with lengths as polynomials in the widths of a space."""

    graph: Graph
    labelling: Labelling
    group_of: dict[int, int]  # representative label in this graph -> group of the space
    widths: tuple[int, ...]
    # Tensor name -> its shape, once asked for: an operator may read one tensor many times.
    _known: dict[str, tuple[Polynomial, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, graph: Graph, source: Labelling, grouping: Grouping) -> "Shapes":
        """The shapes of a rewritten form of the graph that a space was made from.

        The operators that one of the rewritten graph stands for make the same channels, and a
        channel of their layer tells the group.

        Args:
            graph: The rewritten form.
            source: Of the graph that the space was made from.
            grouping: The same.
        """
        labelling = label(graph)
        group_of_channel = {
            channel: number
            for number, group in enumerate(grouping.groups)
            for members in group.classes
            for channel in members
        }
        group_of = {}
        for operator in graph.operators:
            makes = [entry for name in operator.stands_for for entry in source.made.get(name, ())]
            for (_, labels), (layer, _) in zip(
                labelling.made.get(operator.name, ()), makes, strict=False
            ):
                for index, root in enumerate(labelling.unions.roots(labels).tolist()):
                    if root > FIXED and (layer, index) in group_of_channel:
                        group_of[root] = group_of_channel[layer, index]
        return cls(graph, labelling, group_of, tuple(g.width for g in grouping.groups))

    def shape(self, tensor: Tensor) -> tuple[Polynomial, ...]:
        """The shape of a tensor."""
        if tensor.name not in self._known:
            shape: Shape = tensor.shape or ()
            self._known[tensor.name] = tuple(
                self._length(tensor, axis, length) for axis, length in enumerate(shape)
            )
        return self._known[tensor.name]

    def before(self, tensor: Tensor, axis: int, place: int) -> Polynomial | None:
        """How many elements stay of those before a place on an axis of an activation.

        None: it goes by which channels are removed, not only by how many.
        """
        labels, lines = self._lines(tensor, axis)
        if labels is None:
            return Polynomial.of(place)
        ahead = labels[(slice(None),) * axis + (slice(0, place),)]
        counts = self._counts(ahead)
        if any(entries % (self.widths[number] * lines) for number, entries in counts.items()):
            return None
        return self._sum(counts, place * lines) // lines

    def _length(self, tensor: Tensor, axis: int, length: int) -> Polynomial:
        if tensor.is_constant:
            labels, lines = self.labelling.constants.get((tensor.name, axis)), 1
        else:
            labels, lines = self._lines(tensor, axis)
        if labels is None:
            return Polynomial.of(length)
        # Classes of a group occur equally often, so this divides.
        return self._sum(self._counts(labels), length * lines) // lines

    def _counts(self, labels: Array) -> Counter[int]:
        """How many labels are of each group."""
        roots = self.labelling.unions.roots(labels).ravel().tolist()
        return Counter(self.group_of[root] for root in roots if root in self.group_of)

    def _sum(self, counts: Counter[int], total: int) -> Polynomial:
        """So many elements, of which those of groups stay as the widths say."""
        result = Polynomial.of(total - sum(counts.values()))
        for number, entries in counts.items():
            result = result + Polynomial.variable(number) * entries // self.widths[number]
        return result

    def _lines(self, tensor: Tensor, axis: int) -> tuple[Array | None, int]:
        """The labels along an axis that channels change, and how many lines of them there are."""
        found = self.labelling.shortened(self.labelling.activations[tensor.name]).get(axis)
        if found is None:
            return None, 1
        lines = core(found)
        # What does not tell classes apart counts once.
        roots = self.labelling.unions.roots(lines)
        once = tuple(
            slice(None) if varies(roots, other) else slice(0, 1) for other in range(roots.ndim)
        )
        return lines[once], lines[once].size // lines.shape[axis]

    def elements(self, tensor: Tensor) -> Polynomial:
        """The number of elements of a tensor."""
        total = Polynomial.of(1)
        for length in self.shape(tensor):
            total = total * length
        return total

    def signature(self, operator: Operator) -> Signature:
        """The shapes around an operator."""
        inputs = [None if n is None else self.graph.tensors[n] for n in operator.inputs]
        return Signature(
            tuple(None if tensor is None else self.shape(tensor) for tensor in inputs),
            tuple(self.shape(self.graph.tensors[name]) for name in operator.outputs),
        )


def macs_of(shapes: Shapes, pools_and_sums: bool) -> Polynomial:
    """Multiply-accumulates of one inference; what control flow runs counts as it stands."""
    total = Polynomial.of(0)
    as_it_stands = work_of(shapes.graph, pools_and_sums)
    for operator, work in zip(shapes.graph.operators, as_it_stands, strict=True):
        if isinstance(operator.op, Control) or shapes.graph.signature(operator) is None:
            total = total + work.macs
            continue
        signature = shapes.signature(operator)
        total = total + (operator.op.macs(signature) or 0)
        if pools_and_sums and is_pool_or_sum(operator.op):
            total = total + (operator.op.elementwise(signature) or 0)
    return total


def size_of(shapes: Shapes, bytes_per_parameter: int | None = None) -> Polynomial:
    """Bytes of weights and biases, shared ones once; those of subgraphs as they stand."""
    total = Polynomial.of(0)
    for constant in distinct_constants(shapes.graph):
        tensor, own = constant.tensor, constant.part is shapes.graph
        if constant.role is Role.PARAMETER:
            continue
        if bytes_per_parameter is not None:
            elements = shapes.elements(tensor) if own else Polynomial.of(tensor.elements)
            total = total + elements * bytes_per_parameter
        else:
            total = total + (bytes_of(shapes, tensor) if own else tensor.stored_bytes)
    return total


def bytes_of(shapes: Shapes, tensor: Tensor) -> Polynomial:
    """Bytes of a tensor; as it stands where its size is not known, or no whole number of bytes.

    So does one that is stored packed, since how far depends on its values.
    """
    packed = tensor.stored_bytes != tensor.nbytes
    if packed or not tensor.has_size or tensor.elements * tensor.dtype.bits % 8:
        return Polynomial.of(tensor.stored_bytes)
    return shapes.elements(tensor) * tensor.dtype.bits // 8
