"""LSTM of int8 or int16 over a sequence, whose cells are of int16.

Sources: tensorflow/lite/micro/kernels/lstm_eval.h, lstm_eval.cc, lstm_eval_common.cc,
tensorflow/lite/kernels/internal/reference/integer_ops/logistic.h, tanh.h.
"""

import math
from collections.abc import Mapping

import numpy as np

from mcugraph.codegen.c_program import Field, FlashTable, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import (
    SINGLE,
    SUFFIXES,
    Kernel,
    attributes,
    constant,
    scale,
    unlike,
    zero_point,
)
from mcugraph.codegen.kernels.fixed_point import multiplier
from mcugraph.codegen.kernels.layers import as_wide
from mcugraph.codegen.kernels.sigmoid_s16 import sigmoids
from mcugraph.errors import GraphError
from mcugraph.formats.tflite.model import TfliteTensor
from mcugraph.ir import Array, DType
from mcugraph.ops.recurrent import Recurrent
from mcugraph.tflm.kernels.access.raster import element, straight
from mcugraph.tflm.kernels.needs import KernelNode

_DATA, _HIDDEN, _CELL = 0, 18, 19
# Each gate's weights of the data, those of the last output, and its bias.
_GATES = {"forget": (2, 6, 13), "enter": (1, 5, 12), "update": (3, 7, 14), "leave": (4, 8, 15)}
_BIASES = {DType.INT8: DType.INT32, DType.INT16: DType.INT64}
_GATHERED, _GATE = 2.0**-12, 2.0**-15  # scales of what goes into a gate and what comes out
_MOST = 14  # bits that three times 16 bits can be shifted by


class LstmInteger(Kernel):
    """``mg_lstm_s8`` and ``mg_lstm_s16``.

    Args:
        computes: The type of data and results.
    """

    files = ("mg_lstm",)
    headers = ("mg_dsp", "mg_ending_s16", "mg_integers", "mg_lstm_any", "mg_sigmoid_table")
    computes: DType

    def __init__(self, computes: DType) -> None:
        self.computes = computes

    def refusal(self, node: KernelNode) -> str | None:
        kind, bias = self.computes, _BIASES[self.computes]
        weights: tuple[DType | None, ...] = (*(DType.INT8,) * 8, *(None,) * 3, *(bias,) * 4)
        wrong = unlike(node, kind, *weights, None, None, kind, DType.INT16, *(None,) * 4, kind)
        if wrong is not None:
            return wrong
        if kind is DType.INT16 and (
            zero_point(node.input(_DATA)) or zero_point(node.input(_HIDDEN))
        ):
            return "its data or its results have a zero point"
        op = attributes(node, Recurrent)
        if op.gate_activation != "tanh":
            return f"its cells are activated by {op.gate_activation}"
        if not (node.input(_HIDDEN).variable and node.input(_CELL).variable):
            return "its state is no variable tensor"
        matrices = (node.optional(i) for i in (_CELL, *op.weights))
        if any(tensor is not None and zero_point(tensor) for tensor in matrices):
            return "its weights or its cells have a zero point"
        return _refused_shapes(node) or _refused_cells(node)

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        if rounding == SINGLE:
            raise GraphError("it is computed as TensorFlow Lite Micro does it, not as LiteRT")
        batches, steps = _rows(node)
        hidden, cells = node.input(_HIDDEN), node.input(_CELL)
        kept = float(scale(cells))
        fields: dict[str, Field] = {
            **{name: _gate(node, places) for name, places in _GATES.items()},
            "sigmoid": FlashTable(sigmoids(), "sigmoid"),
            "time_major": int(attributes(node, Recurrent).time_axis == 0),
            "batches": batches,
            "steps": steps,
            "inputs": node.input(_DATA).shape[2],
            "units": hidden.elements // batches,
            **_scaled("keep", _GATE * kept / kept),
            **_scaled("enter", _GATE * _GATE / kept),
            **_scaled("leave", _GATE * _GATE / float(scale(hidden))),
            **_cell_range(attributes(node, Recurrent).cell_clip, kept),
            "cell_shift": _cell_shift(cells),
            "output_zero": zero_point(hidden),
        }
        function = f"mg_lstm_{SUFFIXES[self.computes]}"
        return KernelCall(function, Parameters("mg_lstm_params", fields), (_DATA, _HIDDEN, _CELL))

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        inputs, units = node.input(_DATA).shape[2], node.outputs[0].shape[2]
        # A row is read for each of its units, the last time when all others are written.
        lead = straight(math.prod(_rows(node)), units, inputs) + units - 1
        return {_DATA: lead * element(node.outputs[0])}


def _rows(node: KernelNode) -> tuple[int, int]:
    """Batches and steps."""
    op, shape = attributes(node, Recurrent), node.input(_DATA).shape
    return shape[op.batch_axis], shape[1 - op.batch_axis]


def _refused_shapes(node: KernelNode) -> str | None:
    data, result = node.input(_DATA).shape, node.outputs[0].shape
    if len(data) != 3 or len(result) != 3 or result[:2] != data[:2]:
        return f"it makes {result} of {data}"
    (batches, _), units = _rows(node), result[2]
    for of_data, of_hidden, bias in _GATES.values():
        found = [node.input(i).shape for i in (of_data, of_hidden, bias)]
        if found != [(units, data[2]), (units, units), (units,)]:
            return f"a gate of {units} units has weights {found[0]} and {found[1]}"
    if any(node.input(i).elements != batches * units for i in (_HIDDEN, _CELL)):
        return f"its state is not that of {batches} batches of {units} units"
    return None


def _refused_cells(node: KernelNode) -> str | None:
    cells = node.input(_CELL)
    fraction, _ = math.frexp(float(scale(cells)))
    if fraction != 0.5 or abs(_cell_shift(cells)) > _MOST:
        return f"its cells have the scale {scale(cells):g}, no power of two that it knows"
    return None


def _cell_shift(cells: TfliteTensor) -> int:
    """The scale of cells, beside that of what goes into a gate, as a power of two."""
    return math.frexp(float(scale(cells)) / _GATHERED)[1] - 1


def _gate(node: KernelNode, places: tuple[int, int, int]) -> Parameters:
    of_data, of_hidden, bias = (node.input(i) for i in places)
    return Parameters(
        "mg_lstm_gate",
        {
            "input": _part(node.input(_DATA), of_data, constant(bias)),
            "hidden": _part(node.input(_HIDDEN), of_hidden, np.zeros(bias.shape, np.int32)),
        },
    )


def _part(read: TfliteTensor, weights: TfliteTensor, bias: Array) -> Parameters:
    """What one of the two things read adds to a gate; the product of scales is a single float."""
    stored = constant(weights)
    totals = stored.sum(1, dtype=np.int64)
    found, shift = multiplier(float(scale(read) * scale(weights)) / _GATHERED)
    if read.dtype is DType.INT16:
        found, shift = as_wide(found, shift)
        if np.abs(bias.astype(object)).max(initial=0) >= 1 << 31:
            raise GraphError("a bias needs more than 32 bits")
    fields: dict[str, Field] = {
        "weights": FlashTable(stored, "weights"),
        "bias": FlashTable((bias - zero_point(read) * totals).astype(np.int32), "bias"),
        "depth": stored.shape[1],
        "multiplier": found,
        "shift": shift,
    }
    return Parameters("mg_lstm_part", fields)


def _scaled(name: str, factor: float) -> dict[str, Field]:
    found, shift = multiplier(factor)
    return {f"{name}_multiplier": found, f"{name}_shift": shift}


def _cell_range(clip: float, cell_scale: float) -> dict[str, Field]:
    """What cells are clipped to; a clip of 0 or less is none."""
    if clip <= 0:
        return {"least": -(1 << 15), "largest": (1 << 15) - 1}
    largest = int(min(clip / cell_scale, (1 << 15) - 1))
    return {"least": -largest, "largest": largest}
