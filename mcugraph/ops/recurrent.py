"""Recurrent layers: LSTM, GRU, plain RNN, and the SVDF cell of TFLite."""

from collections.abc import Sequence

from mcugraph.errors import GraphError
from mcugraph.ir import Array, Dim, Role, Shape, Signature, TensorType
from mcugraph.late_numpy import np
from mcugraph.ops.base import Rules, count, given
from mcugraph.ops.labels import FIXED, NONE, Channels, read_along, refuse, spread, varies
from mcugraph.records import dataclass


@dataclass(frozen=True, slots=True)
class UnitAxis:
    """An axis of weights along which units of a recurrent layer lie.

    Attributes:
        index, axis: Of an input.
        direction: Whose units.
        gates: Into how many equal parts the axis falls; each has an entry of every unit.
    """

    index: int
    axis: int
    direction: int = 0
    gates: int = 1


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
        units: Where its units lie; empty where that is not known, or they have to stay.
        states: Inputs that are what it begins with: the state, and the cells of an LSTM.
        stays: Why its units have to stay, in words.
        stacked: It reads another one of the same module, which has as many units.
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
    units: tuple[UnitAxis, ...] = ()
    states: tuple[int, ...] = ()
    stays: str = ""
    stacked: bool = False

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
        lead = (batch, self.directions) if self._direction_of_states else (self.directions, batch)
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
        own = channels.fresh(self.directions * self.hidden)
        if self.units:
            return self._with_units(channels, row, own.reshape(self.directions, -1))
        reason = f"units of {self.cell} stay" + (self.stays and f": {self.stays}")
        channels.freeze(own, reason)
        free = {(index, len(channels.shapes[index] or ()) - 1) for index in self.readers}
        return refuse(channels, reason, reads={0}, free=free)

    def _with_units(self, channels: Channels, row: Array, own: Array) -> tuple[Array, ...]:
        """The labels of results whose units are these, shape (directions, units).

        A unit without weights stays 0 if it begins so: what is added to an LSTM's cells is the
        tangent of 0, and a GRU's state comes nearer to that at each step. Cells that a projection
        makes units of are others, and stay.
        """
        for place in self.units:
            shape = channels.shapes[place.index]
            if shape is None or shape[place.axis] != place.gates * self.hidden:
                raise GraphError(f"input {place.index} of shape {shape}: not {self.hidden} units")
        for place in self.units:
            channels.bind(place.index, place.axis, np.tile(own[place.direction], place.gates))
        cells = own
        if self.cell_units is not None:
            cells = np.full((self.directions, self.cell_units), FIXED)
        for index, units in zip(self.states, (own, cells), strict=False):
            self._begin(channels, index, units)
        before = list(row.reshape(self.directions, -1)) if self.stacked else []
        if len(before) + len(own) > 1:
            channels.equal([*before, *own], "equal units in every direction and layer")
        kinds = {"sequence": own, "state": own, "cell": cells}
        results = zip(self.outputs, channels.results, strict=True)
        return tuple(self._made(name, kinds[name], shape) for name, shape in results)

    def _made(self, name: str, units: Array, shape: Shape) -> Array:
        """The labels of one result."""
        if name == "sequence" and self.direction_axis is None:
            return spread(units.ravel(), -1, shape)
        axis = self.direction_axis if name == "sequence" else self._direction_of_states
        lead = [len(units) if place == axis else 1 for place in range(len(shape) - 1)]
        return np.broadcast_to(units.reshape(*lead, -1), shape)

    def _begin(self, channels: Channels, index: int, units: Array) -> None:
        """What a layer begins with is of its units, shape (directions, units)."""
        shape, labels = channels.shapes[index], channels.labels(index)
        if shape is None:
            return
        if labels is None:
            for other in units[1:]:
                channels.unite(units[0], other)
            channels.bind(index, -1, units[0])
            return
        channels.unite(labels, self._made("state", units, shape) if len(shape) > 2 else units)
        if (labels == NONE).any():
            channels.freeze(units, "they meet what no channel can be taken out of")

    @property
    def _direction_of_states(self) -> int:
        """The axis of directions in states; ONNX with layout=1 puts the batch first there too."""
        return 1 if self.direction_axis is not None and self.batch_axis == 0 else 0

    def keeps_zero(self, zero: Sequence[bool | None]) -> bool:
        return all(zero[index] is not False for index in self.states)


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
