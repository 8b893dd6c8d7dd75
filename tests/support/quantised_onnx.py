"""Quantised ONNX files: as ONNX Runtime's quantiser makes them, and of the integers of a .tflite.

The second writes each operator of an int8 file between conversions, images with channels first, as
a tool does that never saw TensorFlow Lite.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pytest

import mcugraph as mg
from mcugraph.ir import DType, Graph, Operator, Tensor
from mcugraph.ops.convolution import Conv
from mcugraph.ops.elementwise import Convert, Elementwise
from mcugraph.ops.linear import Dense
from mcugraph.ops.movement import Reshape
from mcugraph.ops.normalization import Normalization
from mcugraph.ops.pooling import Pool
from mcugraph.ops.reduction import Reduce
from mcugraph.ops.selection import Concat, Pad
from mcugraph.ops.window import SAME_UPPER
from support.loading import ROOT

MODELS = ROOT / "fixtures" / "models"


@cache
def statically(network: str, form: str, activations: str, per_channel: bool = False) -> Path:
    """A fixture network, quantised by ONNX Runtime with weights of int8; each made once."""
    quantization = pytest.importorskip("onnxruntime.quantization")
    folder = Path(mkdtemp(prefix="mcugraph-quantised-"))
    source = MODELS / f"{network}.onnx"
    graph = mg.load(source)

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            chance = np.random.default_rng(0)
            self.batches: Iterator[Any] = iter(
                [
                    {
                        name: chance.random(graph.tensors[name].shape, np.float32)
                        for name in graph.inputs
                    }
                ]
            )

        def get_next(self) -> Any:
            return next(self.batches, None)

    folded, path = folder / "folded.onnx", folder / f"{network}.onnx"
    quantization.shape_inference.quant_pre_process(source, folded)
    quantization.quantize_static(
        folded,
        path,
        Reader(),
        quant_format=getattr(quantization.QuantFormat, form),
        activation_type=getattr(quantization.QuantType, activations),
        weight_type=quantization.QuantType.QInt8,
        per_channel=per_channel,
    )
    return path


def as_onnx(source: Path, path: Path) -> Path:
    """The network of an int8 .tflite file as an ONNX file with the same integers."""
    import onnx

    graph = mg.load(source)
    writer = _Writer(graph)
    for operator in graph.operators:
        writer.add(operator)
    ends = [[writer.end(name) for name in names] for names in (graph.inputs, graph.outputs)]
    made = onnx.helper.make_graph(writer.nodes, "g", *ends, writer.stored)
    opsets = [onnx.helper.make_opsetid("", 17)]
    onnx.save(onnx.helper.make_model(made, opset_imports=opsets, ir_version=8), path)
    return path


class _Writer:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.nodes: list[Any] = []
        self.stored: list[Any] = []

    def end(self, name: str) -> Any:
        """An input or an output: integers, in the shape that ONNX has."""
        import onnx

        tensor = self.graph.tensors[name]
        kind = {DType.INT8: onnx.TensorProto.INT8, DType.FLOAT32: onnx.TensorProto.FLOAT}
        shape = tensor.shape or ()
        first = (shape[0], shape[-1], *shape[1:-1]) if len(shape) == 4 else shape
        return onnx.helper.make_tensor_value_info(name, kind[tensor.dtype], first)

    def store(self, name: str, value: Any) -> str:
        from onnx import numpy_helper

        self.stored.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: list[str], made: str, **attributes: Any) -> str:
        import onnx

        self.nodes.append(
            onnx.helper.make_node(kind, inputs, [made], name=f"{kind}_{made}", **attributes)
        )
        return made

    def scales(self, tensor: Tensor, label: str, kind: Any = np.int8) -> list[str]:
        known = tensor.quantization
        assert known is not None
        scale, zero = known.values()
        zero = np.broadcast_to(zero if zero.size else 0, scale.shape).astype(kind)
        one = scale.size == 1
        return [
            self.store(f"{label}/scale", scale[0] if one else scale),
            self.store(f"{label}/zero", zero[0] if one else zero),
        ]

    def read(self, name: str, made: str, order: tuple[int, ...] | None = None) -> str:
        """The floats behind a tensor, for one reader; a constant in another order of its axes."""
        tensor, label = self.graph.tensors[name], f"{name}/for/{made}"
        stored, axis = name, 0
        if tensor.constant is not None:
            value = tensor.constant.array().reshape(tensor.shape or ())
            known = tensor.quantization
            if order is not None:
                axis = order.index((known.axis or 0) if known is not None else 0)
                value = value.transpose(order)
            stored = self.store(f"{label}/value", value)
        kind = tensor.dtype.numpy
        return self.node(
            "DequantizeLinear", [stored, *self.scales(tensor, label, kind)], label, axis=axis
        )

    def is_image(self, name: str) -> bool:
        """Whether it is stored as one."""
        tensor = self.graph.tensors[name]
        return tensor.is_constant and len(tensor.shape or ()) == 4

    def write(self, name: str) -> str:
        """What makes the integers of a tensor; the name of its floats."""
        floats = f"{name}/floats"
        self.node("QuantizeLinear", [floats, *self.scales(self.graph.tensors[name], name)], name)
        return floats

    def add(self, operator: Operator) -> None:
        op: Any = operator.op
        made = operator.outputs[0]
        data = [n for n in operator.inputs if n is not None]
        if isinstance(op, Convert):
            to_floats = op.function == "dequantize"
            stored = self.graph.tensors[data[0] if to_floats else made]
            kind = "DequantizeLinear" if to_floats else "QuantizeLinear"
            self.node(kind, [data[0], *self.scales(stored, made)], made)
            return
        floats = f"{made}/floats"
        last = f"{made}/plain" if getattr(op, "activation", None) else floats
        if isinstance(op, Conv):
            order = (3, 0, 1, 2) if op.depthwise else (0, 3, 1, 2)
            rest = [self.read(n, made) for n in data[2:3]]
            given = [self.read(data[0], made), self.read(data[1], made, order), *rest]
            groups = self.graph.tensors[data[0]].shape[3] if op.depthwise else op.groups
            window = _window(op)
            self.node("Conv", given, last, group=groups, dilations=op.dilations or (1, 1), **window)
        elif isinstance(op, Dense):
            given = [self.read(n, made) for n in data]
            self.node("Gemm", given, last, transB=1)
        elif isinstance(op, Pool):
            kind = {"average": "AveragePool", "max": "MaxPool"}[op.function]
            window = _window(op)
            self.node(kind, [self.read(data[0], made)], last, kernel_shape=op.window, **window)
        elif isinstance(op, Reduce):
            assert op.function == "mean"
            assert op.axes is not None
            axes = [(0, 2, 3, 1)[axis % 4] for axis in op.axes]
            keeps = int(op.keepdims)
            self.node("ReduceMean", [self.read(data[0], made)], last, axes=axes, keepdims=keeps)
        elif isinstance(op, Concat):
            rank = len(self.graph.tensors[made].shape or ())
            axis = (0, 2, 3, 1)[op.axis % 4] if rank == 4 else op.axis
            self.node("Concat", [self.read(n, made) for n in data], last, axis=axis)
        elif isinstance(op, Pad):
            pads = [op.pads[axis][end] for end in (0, 1) for axis in (0, 3, 1, 2)]
            amounts = self.store(f"{made}/pads", np.array(pads))
            self.node("Pad", [self.read(data[0], made), amounts], last)
        elif isinstance(op, Normalization):
            self.node("Softmax", [self.read(data[0], made)], last, axis=-1)
        elif isinstance(op, Reshape):
            given = self.read(data[0], made)
            if len(self.graph.tensors[data[0]].shape or ()) == 4:
                given = self.node("Transpose", [given], f"{made}/last", perm=(0, 2, 3, 1))
            shape = self.graph.tensors[made].shape
            assert shape is not None
            assert len(shape) != 4
            self.node("Reshape", [given, self.store(f"{made}/shape", np.array(shape))], last)
        else:
            assert isinstance(op, Elementwise)
            kind = {"add": "Add", "mul": "Mul", "sub": "Sub", "sigmoid": "Sigmoid"}[op.function]
            orders = [(0, 3, 1, 2) if self.is_image(n) else None for n in data]
            self.node(
                kind, [self.read(n, made, o) for n, o in zip(data, orders, strict=True)], last
            )
        if last != floats:
            if op.activation == "relu":
                self.node("Relu", [last], floats)
            else:
                bounds = [("low", 0.0), ("high", 6.0)]
                given = [self.store(f"{made}/{n}", np.float32(value)) for n, value in bounds]
                self.node("Clip", [last, *given], floats)
        self.write(made)


def _window(op: Any) -> dict[str, Any]:
    same = op.padding == SAME_UPPER
    return {"strides": op.strides or (1, 1), "auto_pad": "SAME_UPPER" if same else "VALID"}
