"""Operators that write into the data: it comes out with some of its elements replaced."""

from collections.abc import Iterator, Sequence

from mcugraph.ir import Array, Role, Shape, TensorType
from mcugraph.ops.base import Rules, given
from mcugraph.ops.labels import (
    ALONG,
    Channels,
    bind_aligned,
    in_steps,
    meet_two,
    none,
    spread,
    varies,
)
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class Scatter(Rules):
    """The data with some elements replaced: (data, indices, updates)."""

    function: str = "scatter"

    @property
    def kind(self) -> str:
        return self.function

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        return (given(inputs, 0),)


@dataclass(frozen=True, slots=True)
class SliceScatter(Rules):
    """The data with a slice of it replaced: (data, values).

    Attributes:
        index: Which, as numpy's basic indexing says it.
    """

    index: tuple[slice | int, ...]

    @property
    def kind(self) -> str:
        return "scatter"

    def role(self, index: int) -> Role:
        return Role.WEIGHT

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        return (given(inputs, 0),)

    def keeps_zero(self, zero: Sequence[bool | None]) -> bool:
        return False not in zero

    def evaluate(self, inputs: Sequence[Array | None]) -> tuple[Array, ...] | None:
        data, values = inputs[0], inputs[1]
        if data is None or values is None:
            return None
        made = data.copy()
        made[self.index] = values
        return (made,)

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        data, values = channels.labels(0), channels.labels(1)
        made = channels.results[0]
        if data is None and values is not None:
            for axis, place in self._axes(made):
                if channels.works(f"{ALONG} {axis}", varies(values, place)):
                    own = channels.spare(made[axis])
                    channels.bind(0, axis, own)
                    data = spread(own, axis, made)
        if data is None:
            return None if values is None else (none(made),)
        for axis, item in enumerate(self.index):
            if isinstance(item, slice) and varies(data, axis):
                in_steps(channels, data, axis, range(*item.indices(made[axis])))
        replaced = data[self.index]
        if values is None:
            bind_aligned(channels, 1, replaced)
        else:
            meet_two(channels, replaced, values, 1)
        return (data,)

    def _axes(self, shape: Shape) -> Iterator[tuple[int, int]]:
        """Axes of the data that the values have too, each with that of the values."""
        single = {axis for axis, item in enumerate(self.index) if isinstance(item, int)}
        kept = (axis for axis in range(len(shape)) if axis not in single)
        return ((axis, place) for place, axis in enumerate(kept))
