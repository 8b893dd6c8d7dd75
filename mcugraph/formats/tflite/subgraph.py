"""The translation of one subgraph of a TFLite file."""

from collections.abc import Iterable, Sized
from dataclasses import replace
from typing import Any

from mcugraph.errors import FormatError, GraphError
from mcugraph.formats.computed import Computed
from mcugraph.formats.tflite import reader
from mcugraph.formats.tflite.fields import DTYPES, called, quantization, variable_name
from mcugraph.formats.tflite.file import File
from mcugraph.formats.tflite.node import Node
from mcugraph.formats.tflite.operators import TRANSLATIONS
from mcugraph.ir import Array, DType, Graph, Kind, Op, Operator, Source, Tensor, TensorType
from mcugraph.ir.names import Names
from mcugraph.ops.creation import ShapeOf
from mcugraph.ops.custom import registered
from mcugraph.ops.opaque import Declared, Opaque


class Subgraph:
    """The translation of one subgraph."""

    def __init__(self, file: File, index: int) -> None:
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
        dtype = DTYPES[raw.Type()] if raw.Type() < len(DTYPES) else DType.UNKNOWN
        shape = tuple(reader.numbers(raw, "Shape"))
        if min(shape, default=0) < 0:
            raise reader.Damage(f"tensor {name!r} has the shape {shape}")
        tensor = Tensor(name, dtype, shape, quantization=quantization(raw))
        if raw.IsVariable():
            return replace(tensor, kind=Kind.STATE)
        constant = self.file.constant(raw.Buffer(), dtype)
        if constant is not None and index not in self.inputs:
            stored = self.file.stored(raw.Buffer())
            if raw.Sparsity() is not None:
                constant = replace(constant, packed=stored)
            elif dtype.has_size and stored < tensor.nbytes:
                raise reader.Damage(f"tensor {name!r} needs {tensor.nbytes} bytes and has {stored}")
            return replace(tensor, kind=Kind.CONSTANT, constant=constant)
        if index not in written and not tensor.elements:
            return replace(tensor, kind=Kind.CONSTANT)
        if raw.ShapeIsNone() and index in written:
            return replace(tensor, shape=None)  # a scalar, or left to the operator's own rule
        return tensor

    def translate(self) -> Graph:
        """The graph, operators in the order of the file."""
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
        if self.index != self.file.main:
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
        bodies = called(raw, native)
        self._within("tensor", [*(i for i in inputs if i is not None), *outputs], self.raw, native)
        self._within("subgraph", bodies, self.file.subgraphs, native)
        name = names.unique(self.tensors[outputs[0]].name if outputs else f"{native}_{index}")
        node = Node(
            native=native,
            operator=raw,
            inputs=tuple(None if i is None else self.tensors[i] for i in inputs),
            outputs=tuple(self.tensors[i] for i in outputs),
            values=tuple(None if i is None else self._value(i) for i in inputs),
            subgraphs=tuple(self.file.names[i] for i in bodies),
            variable=variable_name(raw, native),
        )
        try:
            op, order = self._translate(native, node)
            if self.rebound or any(self.tensors[i].shape is None for i in outputs):
                self._infer(op, node, order, outputs)
        except GraphError as error:
            raise FormatError(f"{self.file.path}: operator {name!r} ({native}): {error}") from None
        if isinstance(op, Declared):
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

    def _within(self, what: str, numbers: Iterable[int], of: Sized, native: str) -> None:
        """Check that what an operator names is there."""
        for number in numbers:
            if not 0 <= number < len(of):
                raise reader.Damage(f"{native} names {what} {number}, of {len(of)}")

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
        own = registered(native, lambda: {"custom_options": reader.custom_options(node.operator)})
        if own is not None:
            return own, tuple(range(len(node.inputs)))
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
            if tensor.shape is None and self.raw[i].HasRank():
                self.tensors[i] = replace(tensor, shape=())  # a scalar
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
