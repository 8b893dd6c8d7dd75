"""The tables of a TFLite file, as far as they are read.

Source: tensorflow/compiler/mlir/lite/schema/schema.fbs. Fields keep their names and numbers.
"""

from mcugraph.formats.tflite.flatbuffer import (
    Bytes,
    Child,
    Children,
    Flag,
    Number,
    Numbers,
    Span,
    Table,
    Text,
)

# ruff: noqa: D101 - the schema documents its tables.


class QuantizationParameters(Table):
    __slots__ = ()
    scale = Span(2, 4)
    zero_point = Span(3, 8)
    quantized_dimension = Number(6, "i")


class Tensor(Table):
    __slots__ = ()
    shape = Numbers(0)
    type = Number(1, "b")
    buffer = Number(2, "I")
    name = Text(3)
    quantization = Child(4, QuantizationParameters)
    is_variable = Flag(5)
    sparsity = Child(6, Table)
    shape_signature = Numbers(7)
    has_rank = Flag(8)


class Operator(Table):
    __slots__ = ()
    opcode_index = Number(0, "I")
    inputs = Numbers(1)
    outputs = Numbers(2)
    builtin_options = Child(4, Table)
    custom_options = Bytes(5)
    builtin_options_2 = Child(12, Table)


class SubGraph(Table):
    __slots__ = ()
    tensors = Children(0, Tensor)
    inputs = Numbers(1)
    outputs = Numbers(2)
    operators = Children(3, Operator)
    name = Text(4)


class OperatorCode(Table):
    __slots__ = ()
    deprecated_builtin_code = Number(0, "b")
    custom_code = Text(1)
    builtin_code = Number(3, "i")


class Buffer(Table):
    __slots__ = ()
    data = Span(0, 1)
    offset = Number(1, "Q")
    size = Number(2, "Q")


class Metadata(Table):
    __slots__ = ()
    name = Text(0)
    buffer = Number(1, "I")


class SignatureDef(Table):
    __slots__ = ()
    signature_key = Text(2)
    subgraph_index = Number(4, "I")


class Model(Table):
    __slots__ = ()
    operator_codes = Children(1, OperatorCode)
    subgraphs = Children(2, SubGraph)
    buffers = Children(4, Buffer)
    metadata = Children(6, Metadata)
    signature_defs = Children(7, SignatureDef)
