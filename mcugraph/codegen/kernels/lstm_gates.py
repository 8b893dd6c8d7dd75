"""Where an LSTM's gates have their weights: TFLite, ONNX and PyTorch lay them out each in a way.

Sources: tensorflow/lite/micro/kernels/lstm_shared.h; ONNX's operator LSTM, whose matrices hold the
gates in the order input, output, forget, cell; torch.nn.LSTM, whose order is input, forget, cell,
output.
"""

from collections.abc import Mapping

import numpy as np

from mcugraph.codegen.kernels.contract import attributes, constant
from mcugraph.errors import GraphError
from mcugraph.ir import Array
from mcugraph.ops.recurrent import Recurrent
from mcugraph.records import dataclass
from mcugraph.tflm.kernels.needs import KernelNode

DATA, HIDDEN, CELL = 0, 18, 19  # of TFLite
# Each gate's weights of the data, those of the last output, and its bias; of TFLite.
GATES = {"forget": (2, 6, 13), "enter": (1, 5, 12), "update": (3, 7, 14), "leave": (4, 8, 15)}
_ONNX = ("enter", "leave", "forget", "update")
_TORCH = ("enter", "forget", "update", "leave")
_ONNX_STATES = (5, 6)


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
        states: The inputs that hidden state and cells begin with, by position; None: with zeros.
        kept: These are variable tensors, that keep what the last inference left.
    """

    gates: Mapping[str, Gate]
    states: tuple[int, int] | None
    kept: bool


def gates_of(node: KernelNode) -> Gates:
    """The gates of an LSTM of one direction, in any of the three layouts.

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
    return _of_onnx(node) if op.direction_axis is not None else _of_torch(node, op)


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


def _of_onnx(node: KernelNode) -> Gates:
    if node.optional(4) is not None or node.optional(7) is not None:
        raise GraphError("it has lengths of its sequences, or peepholes")
    biases: list[Array | None] = [None, None]
    if node.optional(3) is not None:
        biases = list(np.split(constant(node.input(3))[0], 2))
    matrices = (constant(node.input(1))[0], constant(node.input(2))[0])
    given = [node.optional(i) is not None for i in _ONNX_STATES]
    return Gates(_cut(_ONNX, matrices, biases), _both(given, _ONNX_STATES), False)


def _of_torch(node: KernelNode, op: Recurrent) -> Gates:
    biases: list[Array | None] = [None, None]
    if op.biases:
        biases = [constant(node.input(i)) for i in op.biases]
    first, second = (constant(node.input(i)) for i in op.weights)
    behind = max((*op.weights, *op.biases)) + 1
    given = [node.optional(i) is not None for i in (behind, behind + 1)]
    return Gates(_cut(_TORCH, (first, second), biases), _both(given, (behind, behind + 1)), False)


def _both(given: list[bool], places: tuple[int, int]) -> tuple[int, int] | None:
    if given[0] != given[1]:
        raise GraphError("it begins with a hidden state or with cells alone")
    return places if given[0] else None


def _cut(
    order: tuple[str, ...], matrices: tuple[Array, Array], biases: list[Array | None]
) -> dict[str, Gate]:
    """One gate after another out of what holds all four."""
    inputs, hidden = (np.split(matrix, 4) for matrix in matrices)
    both = [[None] * 4 if bias is None else np.split(bias, 4) for bias in biases]
    return {
        name: Gate(inputs[i], hidden[i], (both[0][i], both[1][i])) for i, name in enumerate(order)
    }
