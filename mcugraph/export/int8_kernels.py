"""Operators that a quantiser left in floats, put onto the int8 kernels that TFLM has for them."""

from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from mcugraph.export.tflite_objects import kinds_of, packed, unpacked

# Elementwise operators for which TensorFlow Lite Micro has an int8 kernel and the quantiser none.
_KERNELS = ("ABS", "LEAKY_RELU", "ELU", "PRELU", "LOG_SOFTMAX", "REDUCE_MAX")

# Those whose results have the scale of what they read.
SAME_SCALE = ("REDUCE_MAX",)

# Results whose scale is the kernel's, whatever values they take: (least, largest).
FIXED_RANGES = {"LOG_SOFTMAX": (-255 / 16, 0.0)}

# The least and the largest value of a tensor by its name.
Ranges = Callable[[str], tuple[float, float]]


def with_int8_kernels(
    data: bytes, floats: Collection[str], ranges: Ranges, schema: Any, flatbuffers: Any
) -> bytes:
    """A file whose elementwise operators read and write int8 where TFLM has a kernel for it.

    The quantiser knows no such kernel for them and converts around them.

    Args:
        data: The quantised file.
        floats: Names of results that are to stay floats.
        ranges: Gives the least and the largest value of a tensor by its name.
        schema: The classes of TFLite's schema, with its object interface.
        flatbuffers: The package that writes them.
    """
    change = _Change(unpacked(data, schema), floats, ranges, schema)
    if not change.moved:
        return data
    return packed(change.file, flatbuffers)


class _Change:
    """One file while its operators are moved to integers.

    Attributes:
        file: As it is by now.
        moved: Float tensors that were written by such an operator -> what it writes now.
    """

    def __init__(self, file: Any, floats: Collection[str], ranges: Ranges, schema: Any) -> None:
        self.file, self.ranges, self.schema = file, ranges, schema
        (self.graph,) = file.subgraphs
        self.kind = kinds_of(file, schema)
        self.moved: dict[int, int] = {}
        stored = {
            int(operator.outputs[0]): int(operator.inputs[0])
            for operator in self.graph.operators
            if self.kind(operator) == "DEQUANTIZE"
        }
        for operator in self.graph.operators:
            source = stored.get(int(operator.inputs[0])) if len(operator.inputs) else None
            if self.kind(operator) not in _KERNELS or source is None:
                continue
            result = int(operator.outputs[0])
            if self.graph.tensors[result].name.decode() not in floats:
                stored[result] = self.moved[result] = self._integers(result)
                others = [self._constant(int(i)) for i in operator.inputs[1:]]
                operator.inputs, operator.outputs = [source, *others], [stored[result]]
        if self.moved:
            self._connect()
            self._drop_unused()

    def _integers(self, result: int) -> int:
        """The tensor that holds a result as integers: that of a QUANTIZE, or a new one."""
        for reader in self._readers(result):
            if self.kind(reader) == "QUANTIZE":
                return int(reader.outputs[0])
        like = self.graph.tensors[result]
        return self._quantized(like, 0, self.ranges(like.name.decode()))

    def _constant(self, number: int) -> int:
        """The tensor that holds a constant as integers: a new one, where it is of floats."""
        like = self.graph.tensors[number]
        if like.type != self.schema.TensorType.FLOAT32:
            return number
        values = np.asarray(self.file.buffers[like.buffer].data, np.uint8).view(np.float32)
        buffer = self.schema.BufferT()
        self.file.buffers.append(buffer)
        made = self._quantized(
            like, len(self.file.buffers) - 1, (float(values.min()), float(values.max()))
        )
        by = self.graph.tensors[made].quantization
        whole = np.round(values / by.scale[0]) + by.zeroPoint[0]
        buffer.data = np.clip(whole, -128, 127).astype(np.int8).view(np.uint8)
        return made

    def _quantized(self, like: Any, buffer: int, limits: tuple[float, float]) -> int:
        """A new tensor of integers of a range."""
        tensor, low, high = self.schema.TensorT(), min(limits[0], 0.0), max(limits[1], 0.0)
        scale = max(high - low, 1e-6) / 255
        tensor.shape, tensor.hasRank, tensor.buffer = like.shape, like.hasRank, buffer
        tensor.type, tensor.name = self.schema.TensorType.INT8, like.name + b"_quantized"
        tensor.quantization = self.schema.QuantizationParametersT()
        tensor.quantization.scale = np.array([scale], np.float32)
        tensor.quantization.zeroPoint = np.array([round(-128 - low / scale)], np.int64)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def _connect(self) -> None:
        """Let readers and the graph's outputs have the integers, or floats made of them."""
        for result, integers in self.moved.items():
            for reader in self._readers(result):
                if self.kind(reader) == "QUANTIZE":
                    reader.inputs = [integers]
            if result in map(int, self.graph.outputs):
                self._give_back(result, integers)
            if self._readers(result):
                self._insert_dequantize(integers, result)
        self.graph.operators = [
            operator
            for operator in self.graph.operators
            if list(map(int, operator.inputs)) != list(map(int, operator.outputs))
        ]

    def _readers(self, tensor: int) -> list[Any]:
        return [op for op in self.graph.operators if tensor in map(int, op.inputs)]

    def _give_back(self, result: int, integers: int) -> None:
        """The integers as a result of the whole."""
        self.graph.outputs = [integers if int(i) == result else int(i) for i in self.graph.outputs]
        for signature in self.file.signatureDefs or ():
            for entry in signature.outputs:
                if int(entry.tensorIndex) == result:
                    entry.tensorIndex = integers

    def _insert_dequantize(self, integers: int, result: int) -> None:
        operator = self.schema.OperatorT()
        operator.opcodeIndex = self._code("DEQUANTIZE")
        operator.inputs, operator.outputs = [integers], [result]
        writer = next(
            i for i, op in enumerate(self.graph.operators) if integers in map(int, op.outputs)
        )
        self.graph.operators.insert(writer + 1, operator)

    def _code(self, name: str) -> int:
        """The number of an operator that the file has."""
        return next(int(op.opcodeIndex) for op in self.graph.operators if self.kind(op) == name)

    def _drop_unused(self) -> None:
        """Take out what nothing reads any more: an interpreter would run it, and plan it.

        Integers get the place of the floats that they are there for: among tensors of one size
        TFLM's planner goes by places.
        """
        graph, ends = self.graph, set(map(int, self.graph.outputs))
        read = {int(i) for operator in graph.operators for i in operator.inputs} | ends
        graph.operators = [
            operator
            for operator in graph.operators
            if self.kind(operator) != "DEQUANTIZE" or int(operator.outputs[0]) in read
        ]
        used = {int(i) for op in graph.operators for i in (*op.inputs, *op.outputs)}
        used |= ends | set(map(int, graph.inputs))
        place = {integers: result for result, integers in self.moved.items()}
        kept = sorted(used - {-1}, key=lambda i: (place.get(i, i), i))
        number = {old: new for new, old in enumerate(kept)} | {-1: -1}
        graph.tensors = [graph.tensors[i] for i in kept]
        for holder in (graph, *graph.operators):
            holder.inputs = [number[int(i)] for i in holder.inputs]
            holder.outputs = [number[int(i)] for i in holder.outputs]
        for signature in self.file.signatureDefs or ():
            for entry in (*signature.inputs, *signature.outputs):
                entry.tensorIndex = number[int(entry.tensorIndex)]
