"""What many steps save at once: the rule of ``overlay`` over arrays."""

from collections.abc import Callable, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from mcugraph.scheduling.solving.overlay import Overlay
from mcugraph.scheduling.solving.ragged import Ints, Ragged


class OverlayArrays:
    """Outputs of a network, and the inputs over which they may lie.

    Args:
        overlays: For each operator, its overlays, the most room first.
    """

    __slots__ = ("_begin", "_count", "_input", "_outputs", "_room", "_saved")

    def __init__(self, overlays: Sequence[Sequence[Overlay]]) -> None:
        flat: list[Overlay] = []
        begin: list[int] = []
        outputs: list[list[int]] = []
        for given in overlays:
            outputs.append([])
            for _, group in groupby(sorted(given, key=_output), _output):
                outputs[-1].append(len(begin))
                begin.append(len(flat))
                flat += group
        self._outputs = Ragged(outputs)
        self._begin: Ints = np.array(begin, np.int64)
        self._count: Ints = np.diff(self._begin, append=len(flat))
        self._input: Ints = np.array([overlay.input for overlay in flat], np.int64)
        self._saved: Ints = np.array([overlay.saved for overlay in flat], np.int64)
        self._room: Ints = np.array([overlay.room for overlay in flat], np.int64)

    def __bool__(self) -> bool:
        return len(self._begin) > 0

    def saved(
        self, operators: Ints, dies: Callable[[Ints, Ints], NDArray[np.bool_]]
    ) -> tuple[Ints, Ints]:
        """Bytes that each output saves if no other output of its operator saves any.

        Args:
            operators: One operator a step.
            dies: Whether tensors die, given for each the position of a step and its number.

        Returns:
            For each output the position in ``operators`` of the step that it belongs to, and bytes.
        """
        step, output = self._outputs.of(operators)
        saved: Ints = np.zeros(len(step), np.int64)
        if not len(step):
            return step, saved
        left = self._room[self._begin[output]]
        for number in range(int(self._count[output].max())):
            at = np.flatnonzero(self._count[output] > number)
            overlay = self._begin[output[at]] + number
            dying = dies(step[at], self._input[overlay])
            at, overlay = at[dying], overlay[dying]
            left[at] = np.minimum(left[at], self._room[overlay])
            covered = np.minimum(left[at], self._saved[overlay])
            saved[at] += covered
            left[at] -= covered
        return step, saved


def _output(overlay: Overlay) -> int:
    return overlay.output
