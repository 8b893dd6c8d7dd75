"""Recurrent layers: LSTM, GRU, plain RNN, and the SVDF cell of TFLite."""

from collections.abc import Sequence

from mcugraph.ir import Array, Dim, Role, Signature, TensorType
from mcugraph.ops.base import Rules, count, given
from mcugraph.ops.labels import Channels, read_along, refuse, varies
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class Recurrent(Rules):
    """A cell run over every step of a sequence; each step meets every gate weight once.

    Attributes:
        cell: ``"lstm"``, ``"gru"`` or ``"rnn"``.
        weights: Inputs that are gate, recurrent or projection matrices.
        biases: Inputs that are biases.
        hidden: Units of the state of one direction that is handed on.
        directions: 2 for a bidirectional layer.
        batch_axis, time_axis: Of the sequence; time_axis None: one step alone.
        direction_axis: Where the sequence output keeps directions; None: joined with the
            units on the last axis.
        outputs: What each output is: ``"sequence"``, ``"state"`` or ``"cell"``; empty where only
            the model tells their shapes.
        cell_units: Units of the cell state where a projection makes them differ.
        gate_activation: Of an LSTM: what is added to its cells goes through it.
        cell_clip: Of an LSTM: the most that its cells hold, or the least below 0; 0: no bound.
        variant: What else differs from the usual cell, in words; empty: nothing does.
        readers: Inputs that are matrices over the data, whose last axis holds its elements.
    """

    cell: str
    weights: tuple[int, ...]
    biases: tuple[int, ...]
    hidden: int
    directions: int = 1
    batch_axis: int = 1
    time_axis: int | None = 0
    direction_axis: int | None = None
    outputs: tuple[str, ...] = ("sequence",)
    cell_units: int | None = None
    gate_activation: str | None = "tanh"
    cell_clip: float = 0.0
    variant: str = ""
    readers: tuple[int, ...] = ()

    @property
    def kind(self) -> str:
        return self.cell

    def role(self, index: int) -> Role:
        return Role.BIAS if index in self.biases else Role.WEIGHT

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...] | None:
        if not self.outputs:
            return None
        data = given(inputs, 0)
        batch = data.shape[self.batch_axis]
        units = self.hidden
        sequence = list(data.shape)
        sequence[-1] = units if self.direction_axis is not None else units * self.directions
        if self.direction_axis is not None:
            sequence.insert(self.direction_axis, self.directions)
        # ONNX with layout=1 puts the batch first in the states too.
        batch_first = self.direction_axis is not None and self.batch_axis == 0
        lead = (batch, self.directions) if batch_first else (self.directions, batch)
        shapes = {
            "sequence": tuple(sequence),
            "state": (*lead, units),
            "cell": (*lead, self.cell_units or units),
        }
        return tuple(TensorType(data.dtype, shapes[name]) for name in self.outputs)

    def macs(self, s: Signature) -> Dim | None:
        data = s.inputs[0]
        if data is None:
            return None
        steps = 1 if self.time_axis is None else data[self.time_axis]
        present = [s.inputs[i] for i in self.weights if i < len(s.inputs)]
        matrices = sum(count(shape) for shape in present if shape is not None)
        return data[self.batch_axis] * steps * matrices

    def couple(self, channels: Channels) -> tuple[Array, ...] | None:
        data = channels.labels(0)
        if data is None or not self.readers or channels.crossed(0):
            return None
        if any(varies(data, axis) for axis in range(data.ndim - 1)) and not varies(data, -1):
            return None
        row = read_along(channels, data, -1)
        for index in self.readers:
            channels.bind(index, -1, row)
        free = {(index, len(channels.shapes[index] or ()) - 1) for index in self.readers}
        return refuse(channels, f"units of {self.cell} stay", reads={0}, free=free)


@dataclass(frozen=True, slots=True)
class Svdf(Rules):
    """Singular value decomposition filter: (data, feature weights, time weights, bias, state).

    Each step multiplies the data by every feature filter and the memory of each filter by its
    time weights (Nakkiran et al., 2015).
    """

    rank: int
    activation: str | None = None

    @property
    def kind(self) -> str:
        return "svdf"

    def role(self, index: int) -> Role:
        return Role.BIAS if index == 3 else Role.WEIGHT

    def infer(self, inputs: Sequence[TensorType | None]) -> tuple[TensorType, ...]:
        data, feature = given(inputs, 0), given(inputs, 1)
        return (TensorType(data.dtype, (data.shape[0], feature.shape[0] // self.rank)),)

    def macs(self, s: Signature) -> Dim | None:
        data, feature, time = s.inputs[0], s.inputs[1], s.inputs[2]
        if data is None or feature is None or time is None:
            return None
        return data[0] * (count(feature) + count(time))
