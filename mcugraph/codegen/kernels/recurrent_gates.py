"""Where recurrent layers have the weights of their gates, which each format lays out in a way.

Sources: tensorflow/lite/micro/kernels/lstm_shared.h; ONNX's operators LSTM and GRU; torch.nn.LSTM
and GRU.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, Parameters
from mcugraph.codegen.kernels.contract import attributes, constant
from mcugraph.errors import GraphError
from mcugraph.ir import Array
from mcugraph.ops.recurrent import Recurrent
from mcugraph.records import dataclass
from mcugraph.tflm.kernels.access.raster import element, straight
from mcugraph.tflm.kernels.needs import KernelNode

DATA, HIDDEN, CELL = 0, 18, 19  # of TFLite
# Each gate's weights of the data, those of the last output, and its bias; of TFLite.
GATES = {"forget": (2, 6, 13), "enter": (1, 5, 12), "update": (3, 7, 14), "leave": (4, 8, 15)}
# By cell, the order of gates in the matrices of ONNX and of PyTorch.
_ONNX = {"lstm": ("enter", "leave", "forget", "update"), "gru": ("keep", "reset", "update")}
_TORCH = {"lstm": ("enter", "forget", "update", "leave"), "gru": ("reset", "keep", "update")}
_STATES = {"lstm": 2, "gru": 1}
_ONNX_STATES = 5  # the first of them


@dataclass(frozen=True, slots=True)
class Gate:
    """What goes into one gate.

    Attributes:
        input, hidden: Matrices of the data and of the last output, by unit.
        biases: Of either; None: there is none.
    """

    input: Array
    hidden: Array
    biases: tuple[Array | None, Array | None]


@dataclass(frozen=True, slots=True)
class Gates:
    """All gates of one layer.

    Attributes:
        gates: By name, as in ``GATES``.
        states: The inputs that hidden state and cells begin with, by position; empty: with zeros.
        kept: These are variable tensors, that keep what the last inference left.
    """

    gates: Mapping[str, Gate]
    states: tuple[int, ...]
    kept: bool


def gates_of(node: KernelNode) -> Gates:
    """The gates of an LSTM or a GRU of one direction, in any of the three layouts.

    Raises:
        GraphError: It is of another kind, which is said as the end of a sentence.
        LookupError: A weight is left out.
    """
    op: Recurrent = attributes(node, Recurrent)
    if op.variant:
        raise GraphError(f"it differs from the usual cell: {op.variant}")
    if op.directions != 1 or op.time_axis is None or op.cell_units not in (None, op.hidden):
        raise GraphError("it goes in two directions, goes one step, or has a projection")
    if len(node.inputs) > CELL:
        return _of_tflite(node)
    return _of_onnx(node, op) if op.direction_axis is not None else _of_torch(node, op)


def _of_tflite(node: KernelNode) -> Gates:
    unknown = [i for i in (9, 10, 11, 16, 17, 20, 21, 22, 23) if node.optional(i) is not None]
    if unknown:
        raise GraphError("it has peepholes, a projection or norms of its layers")
    if not (node.input(HIDDEN).variable and node.input(CELL).variable):
        raise GraphError("its state is no variable tensor")
    gates = {}
    for name, (of_data, of_hidden, bias) in GATES.items():
        given = node.optional(bias)
        biases = (None if given is None else constant(given), None)
        gates[name] = Gate(constant(node.input(of_data)), constant(node.input(of_hidden)), biases)
    return Gates(gates, (HIDDEN, CELL), True)


def _of_onnx(node: KernelNode, op: Recurrent) -> Gates:
    if node.optional(4) is not None or node.optional(7) is not None:
        raise GraphError("it has lengths of its sequences, or peepholes")
    biases: list[Array | None] = [None, None]
    if node.optional(3) is not None:
        biases = list(np.split(constant(node.input(3))[0], 2))
    matrices = (constant(node.input(1))[0], constant(node.input(2))[0])
    gates = _cut(_ONNX[op.cell], matrices, biases)
    return Gates(gates, _states(node, op, _ONNX_STATES), False)


def _of_torch(node: KernelNode, op: Recurrent) -> Gates:
    biases: list[Array | None] = [None, None]
    if op.biases:
        biases = [constant(node.input(i)) for i in op.biases]
    first, second = (constant(node.input(i)) for i in op.weights)
    gates = _cut(_TORCH[op.cell], (first, second), biases)
    return Gates(gates, _states(node, op, max((*op.weights, *op.biases)) + 1), False)


def _states(node: KernelNode, op: Recurrent, first: int) -> tuple[int, ...]:
    """The inputs that a layer begins with, by position."""
    places = tuple(range(first, first + _STATES[op.cell]))
    given = {node.optional(i) is not None for i in places}
    if len(given) > 1:
        raise GraphError("it begins with a hidden state or with cells alone")
    return places if given == {True} else ()


def _cut(
    order: tuple[str, ...], matrices: tuple[Array, Array], biases: list[Array | None]
) -> dict[str, Gate]:
    """One gate after another out of what holds all."""
    count = len(order)
    inputs, hidden = (np.split(matrix, count) for matrix in matrices)
    both = [[None] * count if bias is None else np.split(bias, count) for bias in biases]
    return {
        name: Gate(inputs[i], hidden[i], (both[0][i], both[1][i])) for i, name in enumerate(order)
    }


def refused_layer(node: KernelNode, found: Gates) -> str | None:
    """A refusal where shapes or activations are not those that the kernels know; None: they are."""
    op: Recurrent = attributes(node, Recurrent)
    if op.gate_activation != "tanh":
        return f"its cells are activated by {op.gate_activation}"
    data, units = node.input(DATA).shape, units_of(found)
    if len(data) != 3 or node.outputs[0].elements != data[0] * data[1] * units:
        return f"it makes {node.outputs[0].shape} of {data}"
    shapes = {(gate.input.shape, gate.hidden.shape) for gate in found.gates.values()}
    if shapes != {((units, data[2]), (units, units))}:
        return f"a gate of {units} units has weights of other shapes"
    left = len(node.outputs) - 1
    if left not in (0, _STATES[op.cell]) or bool(left) != is_given(node, found):
        return "it leaves its state, and does not begin with one that is given"
    return None


def units_of(found: Gates) -> int:
    """How many units a layer has."""
    return int(next(iter(found.gates.values())).hidden.shape[1])


def is_given(node: KernelNode, found: Gates) -> bool:
    """Whether the state that a layer begins with is no constant."""
    return not found.kept and not all(node.input(i).constant for i in found.states)


def layer_fields(node: KernelNode, found: Gates) -> dict[str, Field]:
    """Gates and sizes, by the names of the structs."""
    op: Recurrent = attributes(node, Recurrent)
    data = node.input(DATA).shape
    return {
        **{name: _struct(gate) for name, gate in found.gates.items()},
        "time_major": int(op.time_axis == 0),
        "batches": data[op.batch_axis],
        "steps": data[1 - op.batch_axis],
        "inputs": data[2],
        "units": units_of(found),
    }


def first_states(node: KernelNode, found: Gates, names: Sequence[str]) -> dict[str, Field]:
    """Constants that a layer begins with, by the names of the structs; None: zeros."""
    fields: dict[str, Field] = dict.fromkeys(names)
    if not found.kept and not is_given(node, found):
        for name, place in zip(names, found.states, strict=False):
            value = constant(node.input(place))
            fields[name] = _table(value, "state") if value.any() else None
    return fields


def rows_lead(node: KernelNode, found: Gates) -> Mapping[int, int]:
    """Leads of a layer that reads a row for each of its units, and writes them one by one."""
    inputs, units = node.input(DATA).shape[2], units_of(found)
    rows = math.prod(node.input(DATA).shape[:2])
    return {DATA: element(node.input(DATA)) * (straight(rows, units, inputs) + units - 1)}


def state_bytes(node: KernelNode, found: Gates) -> int:
    """Bytes of scratch memory for the state, where it is nowhere else."""
    if found.kept or is_given(node, found):
        return 0
    op: Recurrent = attributes(node, Recurrent)
    rows = node.input(DATA).shape[op.batch_axis] * units_of(found)
    return _STATES[op.cell] * rows * element(node.input(DATA))


def _struct(gate: Gate) -> Parameters:
    return Parameters(
        "mg_gate_f32",
        {
            "input": _table(gate.input, "weights"),
            "hidden": _table(gate.hidden, "weights"),
            "bias": _table(gate.biases[0], "bias"),
            "hidden_bias": _table(gate.biases[1], "bias"),
        },
    )


def _table(values: Array | None, role: str) -> FlashTable | None:
    return None if values is None else FlashTable(values, role)
