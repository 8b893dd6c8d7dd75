"""How far an operator's output may lie over an input that nobody reads afterwards.

A kernel that writes its output in order may write over what it has read for the last time of its
input (Blacker et al., "Diagonal Memory Optimisation", arXiv:2010.01668). How far is said by the
loops of the kernel, so there is a table for each kernel library, derived from its sources.
"""

from collections.abc import Mapping

from mcugraph.errors import GraphError
from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.ir import DType, Shape
from mcugraph.tflm.kernels.access import (
    arm_kernels,
    by_element,
    by_row,
    by_window,
    copies,
    scattered,
)
from mcugraph.tflm.kernels.access.channels_last import as_stored
from mcugraph.tflm.kernels.access.overlap import AccessRule, Overlap
from mcugraph.tflm.kernels.needs import KernelNode

_REFERENCE: dict[str, AccessRule] = {
    **by_element.RULES,
    **copies.RULES,
    **by_row.RULES,
    **scattered.RULES,
    **by_window.RULES,
}
# By kernel library, and there by operator as a TFLite file names it.
RULES: dict[str, dict[str, AccessRule]] = {
    "reference": _REFERENCE,
    "cmsis-nn": {**_REFERENCE, **arm_kernels.RULES},
}

# Kernels that copy nothing where input and output are at one place.
_IN_PLACE = frozenset({"RESHAPE"})
# Turns of a kernel's loops that a rule goes through one by one, at the most, so that no shape that
# a file declares makes it run for ever: half a minute of sound at 8 kHz.
_TURNS = 1 << 18

# Elements that C++ lets anybody look at as characters.
_CHARACTERS = frozenset({DType.INT8, DType.UINT8})
_PACKED = 8  # bits; elements of fewer share a byte


def overlaps(node: KernelNode, kernels: str) -> tuple[Overlap, ...]:
    """The inputs that the output of an operator may lie over, once they are not needed any more.

    It goes by the shapes of the TFLite file that the operator is of, or becomes one of.

    Args:
        node: The operator with its tensors. What is constant, and what the kernel only looks at
            for its parameters, is not among the answers.
        kernels: The library that TFLM is built with, like ``"reference"``.

    Returns:
        One entry an input, in their order, all of the same output. What is not modelled does not
        overlap, so it has none; nor has an operator with several outputs, nor an input that the
        output would have to lie apart from anyway.
    """
    if kernels not in RULES:
        return ()
    return allowed(node, RULES[kernels].get(node.native), in_place=node.native in _IN_PLACE)


def allowed(
    node: KernelNode, rule: AccessRule | None, in_place: bool = False
) -> tuple[Overlap, ...]:
    """What the rule of one kernel allows, as ``overlaps`` says.

    Args:
        node: The operator with its tensors.
        rule: Says the leads by the loops of the kernel; None: nothing is known of those.
        in_place: The kernel copies nothing where input and output are at one place.
    """
    if len(node.outputs) != 1 or not _has_turns(node):
        return ()
    (result,) = node.outputs
    try:
        node = as_stored(node)
        leads = _as_it_is(node) if in_place else _leads(rule, node)
        strictest = _strictest(node, leads)
    except (GraphError, LookupError, ValueError):
        return ()  # shapes that its rule does not know, or that contradict each other
    return tuple(
        Overlap(i, 0, lead, in_place)
        for i, lead in sorted(strictest.items())
        if lead < result.nbytes
    )


class Access:
    """What the operators of a program allow; of those that differ in names alone, one is asked.

    Args:
        kernels: The library that TFLM is built with, like ``"reference"``.
    """

    def __init__(self, kernels: str) -> None:
        self._kernels = kernels
        self._known: dict[tuple[object, ...], tuple[Overlap, ...]] = {}

    def of(self, node: KernelNode) -> tuple[Overlap, ...]:
        """As ``overlaps``."""
        looks = tuple(map(_looks, node.inputs)), tuple(map(_looks, node.outputs))
        seen: tuple[object, ...] = (node.native, node.op, *looks)
        first: dict[int, int] = {}
        places = [first.setdefault(id(tensor), i) for i, tensor in enumerate(node.inputs)]
        if len(first) < len(places):  # which of them is read twice matters as well
            seen = (*seen, *places)
        try:
            known = self._known.get(seen)
        except TypeError:  # the operator holds something that has no hash, like a slice
            return overlaps(node, self._kernels)
        if known is None:
            known = self._known[seen] = overlaps(node, self._kernels)
        return known


def _looks(tensor: TfliteTensor | None) -> tuple[DType, Shape, bool] | None:
    """All that a rule goes by."""
    return None if tensor is None else (tensor.dtype, tensor.shape, tensor.constant)


def _has_turns(node: KernelNode) -> bool:
    """Whether something is read and written, in loops that end soon.

    Those of each tensor's longest axis count, in all batches.
    """
    for tensor in (*node.inputs, *node.outputs):
        if tensor is None or (tensor.constant and tensor is not node.outputs[0]):
            continue
        shape = tensor.shape
        if not tensor.nbytes or (shape and shape[0] * max(shape[1:], default=1) > _TURNS):
            return False
    return True


def _as_it_is(node: KernelNode) -> Mapping[int, int]:
    """What is copied byte for byte may stay where it is; a file may declare other sizes."""
    return {0: 0} if node.input(0).nbytes == node.outputs[0].nbytes else {}


def _leads(rule: AccessRule | None, node: KernelNode) -> Mapping[int, int]:
    return {} if rule is None else rule(node)


def _strictest(node: KernelNode, leads: Mapping[int, int]) -> dict[int, int]:
    """Leads by input; a tensor that is read as several takes the largest of theirs."""
    (result,) = node.outputs
    read_as: dict[int, list[int | None]] = {}
    for i, tensor in enumerate(node.inputs):
        read_as.setdefault(id(tensor), []).append(leads.get(i))
    largest = {
        tensor: max(0, *(lead for lead in read if lead is not None))
        for tensor, read in read_as.items()
        if None not in read
    }
    found: dict[int, int] = {}
    for i in leads:
        tensor = node.input(i)
        if id(tensor) in largest and not tensor.constant and _seen(tensor, result):
            found[i] = largest[id(tensor)]
    return found


def _seen(data: TfliteTensor, result: TfliteTensor) -> bool:
    """Whether the compiler has to keep reads of one and writes of the other in order.

    C++ lets it take for granted that objects of different types lie apart, but for characters.
    """
    dtypes = {data.dtype, result.dtype}
    whole = all(dtype.bits >= _PACKED for dtype in dtypes)
    return whole and (len(dtypes) == 1 or not _CHARACTERS.isdisjoint(dtypes))


__all__ = ["RULES", "Access", "Overlap", "allowed", "overlaps"]
