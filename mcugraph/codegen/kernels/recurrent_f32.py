"""LSTM and GRU of floats over a sequence.

Sources: tensorflow/lite/micro/kernels/lstm_eval.h, lstm_eval.cc; ONNX's operators LSTM and GRU.
"""

from collections.abc import Mapping
from typing import ClassVar

from mcugraph.codegen.c_program import Field, KernelCall, Parameters
from mcugraph.codegen.kernels.contract import Kernel, attributes
from mcugraph.codegen.kernels.floating import refused_floats
from mcugraph.codegen.kernels.recurrent_gates import (
    DATA,
    first_states,
    gates_of,
    is_given,
    layer_fields,
    refused_layer,
    rows_lead,
    state_bytes,
)
from mcugraph.ir import DType
from mcugraph.ops.recurrent import Recurrent
from mcugraph.tflm.kernels.needs import KernelNode


class LstmF32(Kernel):
    """``mg_lstm_f32``, and the two functions whose memory does not last."""

    files: tuple[str, ...] = ("mg_lstm_f32",)
    headers = ("mg_gates_f32",)
    computes = DType.FLOAT32
    states: ClassVar[tuple[str, ...]] = ("first_hidden", "first_cell")

    def refusal(self, node: KernelNode) -> str | None:
        return refused_floats(node) or refused_layer(node, gates_of(node))

    def call(self, node: KernelNode, rounding: str) -> KernelCall:
        found, (function,) = gates_of(node), self.files
        fields: dict[str, Field] = {
            **layer_fields(node, found),
            **self.more(attributes(node, Recurrent)),
            **first_states(node, found, self.states),
        }
        parameters = Parameters(f"{function}_params", fields)
        if found.kept:
            return KernelCall(function, parameters, (DATA, *found.states))
        kind = function.removesuffix("_f32")
        if is_given(node, found):
            return KernelCall(f"{kind}_given_f32", parameters, (DATA, *found.states))
        return KernelCall(f"{kind}_anew_f32", parameters, (DATA,), scratch=True)

    def more(self, op: Recurrent) -> dict[str, Field]:
        """What the struct has besides."""
        return {"clip": op.cell_clip}

    def leads(self, node: KernelNode) -> Mapping[int, int]:
        return rows_lead(node, gates_of(node))

    def scratch(self, node: KernelNode) -> int:
        return state_bytes(node, gates_of(node))


class GruF32(LstmF32):
    """``mg_gru_anew_f32`` and ``mg_gru_given_f32``."""

    files = ("mg_gru_f32",)
    states = ("first_hidden",)

    def more(self, op: Recurrent) -> dict[str, Field]:
        return {}
