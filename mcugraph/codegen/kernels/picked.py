"""Elements copied from places that add up along the axes: mirrors, repeats, constant places.

Sources: tensorflow/lite/micro/kernels/mirror_pad.cc, gather.cc, reverse.cc, broadcast_to.cc.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel, attributes, constant, refused_scales
from mcugraph.errors import GraphError
from mcugraph.ir import DType, Shape
from mcugraph.ops.movement import Reverse
from mcugraph.ops.selection import Gather, Pad, Tile
from mcugraph.tflm.kernels.access.raster import element, steps
from mcugraph.tflm.kernels.needs import KernelNode

_AXES = 4  # MG_PICK_AXES
# Elements of an axis that a mirror leaves out.
_LEFT_OUT = {"reflect": 1, "symmetric": 0, "edge": -(1 << 31)}
# By axis of the result: which elements of that axis of the data make it up.
_Choice = Sequence[Sequence[int]]


class PickBytes(Kernel):
    """``mg_pick``, for one kind of operator.

    Args:
        choice: Which elements of the data make up the result.
    """

    files = ("mg_pick",)

    def __init__(self, choice: Callable[[KernelNode], _Choice]) -> None:
        self._choice = choice

    def refusal(self, node: KernelNode) -> str | None:
        if tuple(map(len, self._choice(node))) != node.outputs[0].shape:
            return f"it makes {node.outputs[0].shape} of {node.input(0).shape}"
        self._loops(node)
        return refused_scales(node.input(0), node.outputs[0])

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        loops, run = self._loops(node)
        places = np.array([place for loop in loops for place in loop], np.int32)
        fields: dict[str, Field] = {
            "places": FlashTable(places, "places"),
            "sizes": tuple(map(len, loops)),
            "run": run,
        }
        return KernelCall("mg_pick", Parameters("mg_pick_params", fields), (0,))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        loops, run = self._loops(node)
        written = steps(tuple(map(len, loops)), run)
        ahead = (
            max(turn * step - place for turn, place in enumerate(loop))
            for loop, step in zip(loops, written, strict=True)
        )
        return {0: sum(ahead)}

    def _loops(self, node: KernelNode) -> tuple[list[list[int]], int]:
        """Bytes from the first element for each turn of each loop, and bytes of a run.

        Raises:
            GraphError: There are too many loops.
        """
        data = node.input(0)
        loops = [
            [place * step for place in places]
            for places, step in zip(
                self._choice(node), steps(data.shape, element(data)), strict=True
            )
        ]
        run = element(data)
        # What lies side by side is copied at once.
        while loops and loops[-1] == [turn * run for turn in range(len(loops[-1]))]:
            run *= len(loops.pop())
        loops = [loop for loop in loops if loop != [0]]
        while len(loops) > _AXES:
            inner = loops.pop()
            loops[-1] = [outer + place for outer in loops[-1] for place in inner]
        return [[0]] * (_AXES - len(loops)) + loops, run


def mirrored(node: KernelNode) -> _Choice:
    """A tensor goes on as in a mirror, or as its outermost elements."""
    op: Pad = attributes(node, Pad)
    if op.mode not in _LEFT_OUT:
        raise GraphError(f"padding by {op.mode} is not known")
    return [
        _mirror(length, pads, op.mode)
        for length, pads in zip(node.input(0).shape, op.pads, strict=True)
    ]


def _mirror(length: int, pads: tuple[int, int], mode: str) -> Sequence[int]:
    if min(pads) < 0 or max(pads) > length - _LEFT_OUT[mode]:
        raise GraphError(f"{length} elements do not make up {max(pads)} more")
    modes: dict[str, Any] = {"mode": mode}
    return [int(place) for place in np.pad(np.arange(length), pads, **modes)]


def chosen(node: KernelNode) -> _Choice:
    """Places that are constants, along one axis."""
    op: Gather = attributes(node, Gather)
    data, places = node.input(0).shape, node.input(1)
    if op.batch_axes or not places.constant:
        raise GraphError("its places are no constants, or of several batches")
    axis = op.axis % len(data)
    found = [int(place) % data[axis] for place in constant(places).ravel()]
    choice: list[Sequence[int]] = [range(length) for length in data]
    return [*choice[:axis], found, *choice[axis + 1 :]]


def reversed_(node: KernelNode) -> _Choice:
    """Axes from their ends to their beginnings."""
    op: Reverse = attributes(node, Reverse)
    shape: Shape = node.input(0).shape
    axes = {axis % len(shape) for axis in op.axes}
    return [range(n)[:: -1 if i in axes else 1] for i, n in enumerate(shape)]


def repeated(node: KernelNode) -> _Choice:
    """A tensor several times along its axes."""
    op: Tile = attributes(node, Tile)
    shape: Shape = node.input(0).shape
    return [[*range(n)] * times for n, times in zip(shape, op.repeats, strict=True)]


class GatherBytes(Kernel):
    """``mg_gather``: places that are not known before the model runs."""

    files = ("mg_gather",)

    def refusal(self, node: KernelNode) -> str | None:
        op: Gather = attributes(node, Gather)
        if op.batch_axes or node.input(1).dtype is not DType.INT32:
            return f"its places are of {node.input(1).dtype.label}, or of several batches"
        return refused_scales(node.input(0), node.outputs[0])

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        data, places = node.input(0), node.input(1)
        axis = attributes(node, Gather).axis % len(data.shape)
        outer = int(np.prod(data.shape[:axis], dtype=np.int64))
        fields: dict[str, Field] = {
            "outer": outer,
            "length": data.shape[axis],
            "count": places.elements,
            "run": node.outputs[0].nbytes // (outer * places.elements),
        }
        return KernelCall("mg_gather", Parameters("mg_gather_params", fields), (0, 1))


def broadcast(node: KernelNode) -> _Choice:
    """Axes of one element as long as the result's."""
    return [
        [0] * made if n == 1 else range(n)
        for n, made in zip(node.input(0).shape, node.outputs[0].shape, strict=False)
    ]
