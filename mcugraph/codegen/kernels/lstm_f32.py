"""LSTM of floats over a sequence.

Sources: tensorflow/lite/micro/kernels/lstm_eval.h, lstm_eval.cc; ONNX's operator LSTM.
"""

import math
from collections.abc import Mapping

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel, attributes, constant
from mcugraph.codegen.kernels.floating import refused_floats
from mcugraph.codegen.kernels.lstm_gates import DATA, Gate, Gates, gates_of
from mcugraph.ir import Array, DType
from mcugraph.ops.recurrent import Recurrent
from mcugraph.tflm.kernels.access.raster import straight
from mcugraph.tflm.kernels.needs import KernelNode

_FLOAT = 4  # bytes


class LstmF32(Kernel):
    """``mg_lstm_f32``, and the two functions whose memory does not last."""

    files = ("mg_lstm_f32",)
    computes = DType.FLOAT32

    def refusal(self, node: KernelNode) -> str | None:
        wrong = refused_floats(node)
        if wrong is not None:
            return wrong
        found, op = gates_of(node), attributes(node, Recurrent)
        if op.gate_activation != "tanh":
            return f"its cells are activated by {op.gate_activation}"
        data, units = node.input(DATA).shape, found.gates["forget"].hidden.shape[1]
        rows = math.prod(data[:2])
        if len(data) != 3 or node.outputs[0].elements != rows * units:
            return f"it makes {node.outputs[0].shape} of {data}"
        shapes = {(gate.input.shape, gate.hidden.shape) for gate in found.gates.values()}
        if shapes != {((units, data[2]), (units, units))}:
            return f"a gate of {units} units has weights of other shapes"
        if len(node.outputs) not in (1, 3) or (len(node.outputs) == 3) != _is_given(node, found):
            return "it leaves its state, and does not begin with one that is given"
        return None

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        found, op, data = gates_of(node), attributes(node, Recurrent), node.input(DATA).shape
        anew = not found.kept and not _is_given(node, found)
        firsts = [None, None] if found.states is None or not anew else found.states
        fields: dict[str, Field] = {
            **{name: _gate(gate) for name, gate in found.gates.items()},
            "time_major": int(op.time_axis == 0),
            "batches": data[op.batch_axis],
            "steps": data[1 - op.batch_axis],
            "inputs": data[2],
            "units": _units(found),
            "clip": op.cell_clip,
        }
        for name, place in zip(("first_hidden", "first_cell"), firsts, strict=True):
            value = None if place is None else constant(node.input(place))
            fields[name] = _table(value if value is None or value.any() else None, "state")
        parameters = Parameters("mg_lstm_f32_params", fields)
        if anew or found.states is None:
            return KernelCall("mg_lstm_anew_f32", parameters, (DATA,), scratch=True)
        function = "mg_lstm_f32" if found.kept else "mg_lstm_given_f32"
        return KernelCall(function, parameters, (DATA, *found.states))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        inputs, units = node.input(DATA).shape[2], _units(gates_of(node))
        rows = math.prod(node.input(DATA).shape[:2])
        # A row is read for each of its units, the last time when all others are written.
        return {DATA: _FLOAT * (straight(rows, units, inputs) + units - 1)}

    def scratch(self, node: KernelNode) -> int:
        found = gates_of(node)
        if found.kept or _is_given(node, found):
            return 0
        op: Recurrent = attributes(node, Recurrent)
        batches = node.input(DATA).shape[op.batch_axis]
        return 2 * batches * _units(found) * _FLOAT


def _units(found: Gates) -> int:
    return int(found.gates["forget"].hidden.shape[1])


def _is_given(node: KernelNode, found: Gates) -> bool:
    """Whether the state that it begins with is no constant."""
    if found.kept or found.states is None:
        return False
    return not all(node.input(i).constant for i in found.states)


def _gate(gate: Gate) -> Parameters:
    return Parameters(
        "mg_lstm_gate_f32",
        {
            "input": _table(gate.input, "weights"),
            "hidden": _table(gate.hidden, "weights"),
            "bias": _table(gate.biases[0], "bias"),
            "hidden_bias": _table(gate.biases[1], "bias"),
        },
    )


def _table(values: Array | None, role: str) -> FlashTable | None:
    return None if values is None else FlashTable(values, role)
