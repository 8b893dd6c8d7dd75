"""The translation of one subgraph of a TFLite file."""

from collections.abc import Iterable, Sequence, Sized
from dataclasses import replace

from mcugraph.errors import FormatError, GraphError
from mcugraph.formats.names import Names
from mcugraph.formats.tflite import schema
from mcugraph.formats.tflite.fields import called, element_type, quantization, variable_name
from mcugraph.formats.tflite.file import File
from mcugraph.formats.tflite.flatbuffer import Damage
from mcugraph.formats.tflite.node import Computed, Node
from mcugraph.formats.tflite.operators import TRANSLATIONS
from mcugraph.ir import Array, DType, Graph, Kind, Op, Operator, Source, Tensor, TensorType
from mcugraph.ir.stored import StoredGraph, StoredOperator, StoredTensor
from mcugraph.ops.creation import ShapeOf
from mcugraph.ops.custom import registered
from mcugraph.ops.opaque import Declared, Opaque


class Subgraph:
    """The translation of one subgraph."""

    def __init__(self, file: File, index: int) -> None:
        self.file, self.index = file, index
        table = file.subgraphs[index]
        self.assumptions: list[str] = []
        self.complete = True
        self.inputs, self.outputs = table.inputs or (), table.outputs or ()
        self.raw = table.tensors
        self.operators = table.operators
        self.names = Names()
        # What the file holds, besides what becomes of it.
        self.stored_tensors: list[StoredTensor] = []
        self.stored_operators: list[StoredOperator] = []
        self.tensors = self._tensors()
        self.overwritten: list[Tensor] = []
        self.filled = set(self.inputs)
        # True: a dimension was bound to another value than the file's, so shapes are inferred.
        self.rebound = False
        self.values: dict[str, Array] = {}

    def _tensors(self) -> list[Tensor]:
        names = self.names
        written = {i for op in self.operators for i in op.outputs or ()}
        return [
            self._tensor(i, raw, names.unique(raw.name or f"tensor_{i}"), written)
            for i, raw in enumerate(self.raw)
        ]

    def _tensor(self, index: int, raw: schema.Tensor, name: str, written: set[int]) -> Tensor:
        dtype, given, buffer = element_type(raw), raw.shape, raw.buffer
        shape = given or ()
        if min(shape, default=0) < 0:
            raise Damage(f"tensor {name!r} has the shape {shape}")
        parameters, scales, zero_points = quantization(raw)
        is_variable = raw.is_variable
        filled = buffer < len(self.file.buffers) and self.file.span(buffer)[1] > 0
        self.stored_tensors.append(
            StoredTensor(dtype, shape, filled, is_variable, scales, zero_points)
        )
        tensor = Tensor(name, dtype, shape, quantization=parameters)
        if is_variable:
            return replace(tensor, kind=Kind.STATE)
        constant = self.file.constant(buffer, dtype)
        if constant is not None and index not in self.inputs:
            _, stored = self.file.span(buffer)
            if raw.sparsity is not None:
                constant = replace(constant, packed=stored)
            elif dtype.has_size and stored < tensor.nbytes:
                raise Damage(f"tensor {name!r} needs {tensor.nbytes} bytes and has {stored}")
            return replace(tensor, kind=Kind.CONSTANT, constant=constant)
        if index not in written and not tensor.elements:
            return replace(tensor, kind=Kind.CONSTANT)
        if given is None and index in written:
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

    def stored(self, graph: Graph) -> StoredGraph:
        """What the file holds; its operators with the attributes of those of the graph."""
        operators = tuple(
            entry if entry.op is operator.op else replace(entry, op=operator.op)
            for entry, operator in zip(self.stored_operators, graph.operators, strict=True)
        )
        return StoredGraph(tuple(self.stored_tensors), operators, self.inputs, self.outputs)

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
            signature = self.raw[i].shape_signature or shape
            dims = tuple(None if dim == -1 else dim for dim in signature or ())
            bound = self.file.bindings.bind(tensor.name, dims, (None,) * len(dims))
            self.rebound |= bound != shape
            self.tensors[i] = replace(tensor, shape=bound)
        self.assumptions += self.file.bindings.finish()

    def _operator(self, raw: schema.Operator, index: int, names: Names) -> Operator:
        native = self.file.codes[raw.opcode_index]
        numbers, outputs = raw.inputs or (), raw.outputs or ()
        inputs = [None if i < 0 else i for i in numbers]
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
        self.stored_operators.append(
            StoredOperator(native, op, numbers, outputs, bodies, raw.custom_options)
        )
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
                raise Damage(f"{native} names {what} {number}, of {len(of)}")

    def _renew(self, outputs: Sequence[int]) -> None:
        """Give a tensor that has a value already a new name for the one written now."""
        for i in outputs:
            if i in self.filled:
                name = self.names.unique(self.tensors[i].name)
                self.overwritten.append(self.tensors[i])
                self.tensors[i] = replace(self.tensors[i], name=name)
            self.filled.add(i)

    def _translate(self, native: str, node: Node) -> tuple[Op, tuple[int, ...]]:
        translation = TRANSLATIONS.get(native)
        own = registered(native, lambda: {"custom_options": node.operator.custom_options})
        if own is not None:
            return own, tuple(range(len(node.inputs)))
        try:
            result = Opaque(native) if translation is None else translation(node)
        except Computed:
            result = Declared(native.lower())
        straight = tuple(range(len(node.inputs)))
        return result if isinstance(result, tuple) else (result, straight)

    def _infer(self, op: Op, node: Node, order: tuple[int, ...], outputs: Sequence[int]) -> None:
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

    def _keep_declared(self, outputs: Sequence[int]) -> None:
        """Outputs whose shape only the file can tell."""
        for i in outputs:
            tensor = self.tensors[i]
            if tensor.shape is None and self.raw[i].has_rank:
                self.tensors[i] = replace(tensor, shape=())  # a scalar
            if self.rebound:
                self.complete = False
                self.assumptions.append(
                    f"the shape of {tensor.name!r} is the one in the file, "
                    "although a dimension was bound to another value"
                )

    def _data_dependent(self, op: Op, outputs: Sequence[int]) -> None:
        """A dynamic shape that no rule tells is known only where the batch explains it."""
        for i in outputs:
            signature = self.raw[i].shape_signature or ()
            batch_only = -1 not in signature[1:] and any(
                -1 in (self.raw[j].shape_signature or ())[:1] for j in self.inputs
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
