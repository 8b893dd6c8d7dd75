"""TFLite files to graphs."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from mcugraph.errors import FormatError, GraphError
from mcugraph.formats.dims import Bindings
from mcugraph.formats.names import Names
from mcugraph.formats.tflite import reader
from mcugraph.formats.tflite.node import Computed, Node
from mcugraph.formats.tflite.operators import TRANSLATIONS
from mcugraph.formats.tflite.state import hold_order, variables
from mcugraph.formats.tflite.stored import stored_model
from mcugraph.ir import (
    Array,
    Constant,
    DType,
    Graph,
    Kind,
    Op,
    Operator,
    Quantization,
    Source,
    Tensor,
    TensorType,
    verify,
)
from mcugraph.ir.stored import Record
from mcugraph.ops.creation import ShapeOf
from mcugraph.ops.opaque import Declared, Opaque

_DTYPES = (
    DType.FLOAT32,
    DType.FLOAT16,
    DType.INT32,
    DType.UINT8,
    DType.INT64,
    DType.STRING,
    DType.BOOL,
    DType.INT16,
    DType.COMPLEX64,
    DType.INT8,
    DType.FLOAT64,
    DType.COMPLEX128,
    DType.UINT64,
    DType.RESOURCE,
    DType.UNKNOWN,  # variant
    DType.UINT32,
    DType.UINT16,
    DType.INT4,
    DType.BFLOAT16,
    DType.INT2,
)

_NUMPY = {
    DType.FLOAT32: "<f4",
    DType.FLOAT16: "<f2",
    DType.FLOAT64: "<f8",
    DType.INT64: "<i8",
    DType.INT32: "<i4",
    DType.INT16: "<i2",
    DType.INT8: "<i1",
    DType.UINT64: "<u8",
    DType.UINT32: "<u4",
    DType.UINT16: "<u2",
    DType.UINT8: "<u1",
    DType.BOOL: "?",
}


def load_tflite(path: str, data: bytes, bindings: Bindings) -> Graph:
    """The graph of a TFLite model.

    Args:
        path: Named in errors and kept as the source.
        data: The whole file.
        bindings: Values for dynamic dimensions.

    Raises:
        FormatError: The file is damaged.
        DimensionError: A dynamic dimension other than the batch is not bound.
    """
    with reader.guarded(path):
        return _File(path, data, bindings).graph()


class _File:
    """What all subgraphs of one file share while they are translated."""

    def __init__(self, path: str, data: bytes, bindings: Bindings) -> None:
        from tflite.Model import Model

        self.path, self.data, self.bindings = path, data, bindings
        self.model = Model.GetRootAs(data, 0)
        self.subgraphs = reader.tables(self.model, "Subgraphs", len(data))
        if not self.subgraphs:
            raise FormatError(f"{path}: this TFLite file has no graph inside")
        names = Names()
        self.names = [
            names.unique(reader.text(s.Name()) or ("main" if not i else f"subgraph_{i}"))
            for i, s in enumerate(self.subgraphs)
        ]
        self.codes = [_native(c) for c in reader.tables(self.model, "OperatorCodes", len(data))]
        self.buffers = reader.tables(self.model, "Buffers", len(data))

    def graph(self) -> Graph:
        parts = [_Subgraph(self, i) for i in range(len(self.subgraphs))]
        graphs = [part.translate() for part in parts]
        main = variables(graphs)
        main = hold_order(
            replace(main, subgraphs=dict(zip(self.names[1:], graphs[1:], strict=True)))
        )
        verify(main)
        if any(part.rebound for part in parts):
            return main
        calls = [
            [_called(raw, self.codes[raw.OpcodeIndex()]) for raw in p.operators] for p in parts
        ]
        model = stored_model(self.model, [main, *graphs[1:]], _DTYPES, calls, len(self.data))
        record = Record(model, main.operators, main.tensors)
        return replace(main, source=replace(main.source, stored=record))

    def constant(self, index: int, dtype: DType) -> Constant | None:
        """The bytes of a buffer, decoded when asked for; None where there are none."""
        if not index:  # by convention buffer 0 is empty, even where there is none
            return None
        buffer = self.buffers[index]
        if buffer.Offset() > 1:  # stored behind the flatbuffer, for files of over 2 GiB
            start, stop = buffer.Offset(), buffer.Offset() + buffer.Size()
            if stop > len(self.data):
                raise ValueError(f"buffer {index} ends behind the file")
            return Constant(index, lambda: _decode(self.data[start:stop], dtype))
        if buffer.DataIsNone() or not buffer.DataLength():
            return None
        length = len(buffer.DataAsNumpy())  # raises where the bytes reach behind the file
        return Constant(index, lambda: _decode(buffer.DataAsNumpy(), dtype)) if length else None

    def stored(self, index: int) -> int:
        """Bytes that a buffer holds."""
        buffer = self.buffers[index]
        return int(buffer.Size() if buffer.Offset() > 1 else buffer.DataLength())


class _Subgraph:
    """The translation of one subgraph."""

    def __init__(self, file: _File, index: int) -> None:
        self.file, self.index = file, index
        self.table = file.subgraphs[index]
        self.assumptions: list[str] = []
        self.complete = True
        self.inputs = reader.numbers(self.table, "Inputs")
        self.outputs = reader.numbers(self.table, "Outputs")
        self.raw = reader.tables(self.table, "Tensors", len(file.data))
        self.operators = reader.tables(self.table, "Operators", len(file.data))
        self.names = Names()
        self.tensors = self._tensors()
        self.overwritten: list[Tensor] = []
        self.filled = set(self.inputs)
        # True: a dimension was bound to another value than the file's, so shapes are inferred.
        self.rebound = False
        self.values: dict[str, Array] = {}

    def _tensors(self) -> list[Tensor]:
        names = self.names
        written = {i for op in self.operators for i in reader.numbers(op, "Outputs")}
        return [
            self._tensor(i, raw, names.unique(reader.text(raw.Name()) or f"tensor_{i}"), written)
            for i, raw in enumerate(self.raw)
        ]

    def _tensor(self, index: int, raw: Any, name: str, written: set[int]) -> Tensor:
        dtype = _DTYPES[raw.Type()] if raw.Type() < len(_DTYPES) else DType.UNKNOWN
        shape = tuple(reader.numbers(raw, "Shape"))
        if min(shape, default=0) < 0:
            raise ValueError(f"tensor {name!r} has the shape {shape}")
        tensor = Tensor(name, dtype, shape, quantization=_quantization(raw))
        if raw.IsVariable():
            return replace(tensor, kind=Kind.STATE)
        constant = self.file.constant(raw.Buffer(), dtype)
        if constant is not None and index not in self.inputs:
            if raw.Sparsity() is None and dtype.has_size:
                stored = self.file.stored(raw.Buffer())
                if stored < tensor.nbytes:
                    raise ValueError(
                        f"tensor {name!r} needs {tensor.nbytes} bytes and has {stored}"
                    )
            return replace(tensor, kind=Kind.CONSTANT, constant=constant)
        if index not in written and not tensor.elements:
            return replace(tensor, kind=Kind.CONSTANT)
        if raw.ShapeIsNone() and index in written:
            return replace(tensor, shape=None)  # a scalar, or left to the operator's own rule
        return tensor

    def translate(self) -> Graph:
        self._bind_inputs()
        inputs = dict.fromkeys(self.tensors[i].name for i in self.inputs)
        names = Names()
        operators = tuple(self._operator(raw, i, names) for i, raw in enumerate(self.operators))
        used = {n for op in operators for n in (*op.inputs, *op.outputs) if n is not None}
        used.update(inputs, (self.tensors[i].name for i in self.outputs))
        return Graph(
            name=self.file.names[self.index],
            operators=operators,
            tensors={t.name: t for t in (*self.overwritten, *self.tensors) if t.name in used},
            inputs=(*inputs, *self._unwritten(operators, inputs)),
            outputs=tuple(dict.fromkeys(self.tensors[i].name for i in self.outputs)),
            source=Source("tflite", self.file.path, len(self.file.data), exact=True),
            assumptions=tuple(self.assumptions),
            complete=self.complete,
        )

    def _unwritten(self, operators: tuple[Operator, ...], inputs: dict[str, None]) -> list[str]:
        """Activations that are read but never written: somebody else has to fill them."""
        written = {name for operator in operators for name in operator.outputs} | inputs.keys()
        read = dict.fromkeys(name for operator in operators for name in operator.inputs)
        kinds = {tensor.name: tensor.kind for tensor in (*self.overwritten, *self.tensors)}
        names = [
            name
            for name in read
            if name is not None and kinds[name] is Kind.ACTIVATION and name not in written
        ]
        if names:
            shown = ", ".join(map(repr, names))
            self.assumptions.append(f"read but never written, so taken as inputs: {shown}")
        return names

    def _bind_inputs(self) -> None:
        if self.index:
            return
        for i in self.inputs:
            tensor, shape = self.tensors[i], self.tensors[i].shape
            signature = reader.numbers(self.raw[i], "ShapeSignature") or shape
            dims = tuple(None if dim == -1 else dim for dim in signature or ())
            bound = self.file.bindings.bind(tensor.name, dims, (None,) * len(dims))
            self.rebound |= bound != shape
            self.tensors[i] = replace(tensor, shape=bound)
        self.assumptions += self.file.bindings.finish()

    def _operator(self, raw: Any, index: int, names: Names) -> Operator:
        native = self.file.codes[raw.OpcodeIndex()]
        inputs = [None if i < 0 else i for i in reader.numbers(raw, "Inputs")]
        outputs = reader.numbers(raw, "Outputs")
        name = names.unique(self.tensors[outputs[0]].name if outputs else f"{native}_{index}")
        node = Node(
            operator=raw,
            inputs=tuple(None if i is None else self.tensors[i] for i in inputs),
            outputs=tuple(self.tensors[i] for i in outputs),
            values=tuple(None if i is None else self._value(i) for i in inputs),
            subgraphs=tuple(self.file.names[i] for i in _called(raw, native)),
            variable=_variable_name(raw, native),
        )
        try:
            op, order = self._translate(native, node)
            if self.rebound or any(self.tensors[i].shape is None for i in outputs):
                self._infer(op, node, order, outputs)
        except GraphError as error:
            raise FormatError(f"{self.file.path}: operator {name!r} ({native}): {error}") from None
        if isinstance(op, Opaque | Declared):
            self._data_dependent(op, outputs)
        arguments = [node.inputs[i] if i < len(node.inputs) else None for i in order]
        self._renew(outputs)
        return Operator(
            name=name,
            op=op,
            inputs=tuple(None if t is None else t.name for t in arguments),
            outputs=tuple(self.tensors[i].name for i in outputs),
            native=native,
        )

    def _renew(self, outputs: list[int]) -> None:
        """Give a tensor that has a value already a new name for the one written now."""
        for i in outputs:
            if i in self.filled:
                name = self.names.unique(self.tensors[i].name)
                self.overwritten.append(self.tensors[i])
                self.tensors[i] = replace(self.tensors[i], name=name)
            self.filled.add(i)

    def _translate(self, native: str, node: Node) -> tuple[Op, tuple[int, ...]]:
        translation = TRANSLATIONS.get(native)
        try:
            result = Opaque(native) if translation is None else translation(node)
        except Computed:
            result = Declared(native.lower())
        straight = tuple(range(len(node.inputs)))
        return result if isinstance(result, tuple) else (result, straight)

    def _infer(self, op: Op, node: Node, order: tuple[int, ...], outputs: list[int]) -> None:
        """Shapes from the operator's own rule, where the file's no longer hold."""
        arguments = [node.inputs[i] if i < len(node.inputs) else None for i in order]
        types = [
            None if t is None or t.shape is None else TensorType(t.dtype, t.shape)
            for t in arguments
        ]
        result = op.infer(types)
        if result is None:
            self._keep_declared(outputs)
            return
        for i, kind in zip(outputs, result, strict=True):
            self.tensors[i] = replace(self.tensors[i], shape=kind.shape)
        values = op.evaluate([node.values[i] if i < len(node.values) else None for i in order])
        if isinstance(op, ShapeOf) and types[0] is not None:
            values = (op.value(types[0].shape),)
        if values is not None:
            self.values.update(zip((self.tensors[i].name for i in outputs), values, strict=True))

    def _keep_declared(self, outputs: list[int]) -> None:
        """Outputs whose shape only the file can tell."""
        for i in outputs:
            tensor = self.tensors[i]
            if tensor.shape is None and self.raw[i].ShapeIsNone():
                self.tensors[i] = replace(tensor, shape=())
            if self.rebound:
                self.complete = False
                self.assumptions.append(
                    f"the shape of {tensor.name!r} is the one in the file, "
                    "although a dimension was bound to another value"
                )

    def _data_dependent(self, op: Op, outputs: list[int]) -> None:
        """A dynamic shape that no rule tells is known only where the batch explains it."""
        for i in outputs:
            signature = reader.numbers(self.raw[i], "ShapeSignature")
            batch_only = -1 not in signature[1:] and any(
                -1 in reader.numbers(self.raw[j], "ShapeSignature")[:1] for j in self.inputs
            )
            if -1 not in signature or batch_only:
                continue
            if isinstance(op, Opaque):
                self.tensors[i] = replace(self.tensors[i], shape=None)
            else:
                self.complete = False
                self.assumptions.append(
                    f"the shape of {self.tensors[i].name!r} depends on data; "
                    "the one in the file is counted"
                )

    def _value(self, index: int) -> Array | None:
        """The value of a small tensor of integers, if it is known."""
        tensor = self.tensors[index]
        if tensor.name in self.values:
            return self.values[tensor.name]
        if tensor.constant is None or tensor.dtype not in (DType.INT32, DType.INT64):
            return None
        return tensor.constant.array() if tensor.elements <= 4096 else None


def _decode(data: Any, dtype: DType) -> Array:
    if dtype not in _NUMPY:
        raise FormatError(f"values of type {dtype.label} cannot be decoded")
    return np.frombuffer(data, _NUMPY[dtype])


@cache
def _builtin_names() -> dict[int, str]:
    from tflite.BuiltinOperator import BuiltinOperator

    return {code: name for name, code in vars(BuiltinOperator).items() if name.isupper()}


def _native(code: Any) -> str:
    """The name of an operator code; custom operators by their own name."""
    number = max(code.DeprecatedBuiltinCode(), reader.builtin_code(code))
    name = _builtin_names().get(number, f"BUILTIN_{number}")
    return f"CUSTOM:{reader.text(code.CustomCode())}" if name == "CUSTOM" else name


def _quantization(raw: Any) -> Quantization | None:
    table = raw.Quantization()
    if table is None or not table.ScaleLength():
        return None
    scales, zeros = table.ScaleLength(), table.ZeroPointLength()
    len(table.ScaleAsNumpy())  # raises where the numbers reach behind the file
    axis = table.QuantizedDimension() if scales > 1 else None
    return Quantization(scales, 4 * scales + 8 * zeros, axis)


# Which fields of an operator's options name the subgraphs that it calls.
_CALLS: dict[str, tuple[str, Callable[[Any], tuple[int, ...]]]] = {
    "IF": ("IfOptions", lambda o: (o.ThenSubgraphIndex(), o.ElseSubgraphIndex())),
    "WHILE": ("WhileOptions", lambda o: (o.CondSubgraphIndex(), o.BodySubgraphIndex())),
    "CALL_ONCE": ("CallOnceOptions", lambda o: (o.InitSubgraphIndex(),)),
    "STABLEHLO_COMPOSITE": (
        "StableHLOCompositeOptions",
        lambda o: (o.DecompositionSubgraphIndex(),),
    ),
}


def _called(raw: Any, native: str) -> tuple[int, ...]:
    if native not in _CALLS:
        return ()
    table, indices = _CALLS[native]
    return indices(reader.options(raw, table, second=native.startswith("STABLEHLO")))


def _variable_name(raw: Any, native: str) -> str | None:
    if native != "VAR_HANDLE":
        return None
    o = reader.options(raw, "VarHandleOptions")
    return "/".join(filter(None, (reader.text(o.Container()), reader.text(o.SharedName()))))
