"""The translation of one ONNX graph: the main one or a body of control flow."""

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from math import prod
from typing import Any

from mcugraph.errors import FormatError, GraphError
from mcugraph.formats.computed import Computed
from mcugraph.formats.folded_values import FoldedValues
from mcugraph.formats.onnx.declared import Declarations
from mcugraph.formats.onnx.inference import Inference
from mcugraph.formats.onnx.node import OnnxNode, Translation, Translator, decoded
from mcugraph.formats.onnx.operators import CONTRIBUTED, TRANSLATIONS
from mcugraph.formats.onnx.quantised_constants import folded, moved, quantization_of
from mcugraph.formats.onnx.shared_state import Model
from mcugraph.formats.onnx.types import DTYPES
from mcugraph.formats.onnx.values import (
    NoValue,
    absent_value,
    declared_dims,
    evaluate,
    foldable,
)
from mcugraph.formats.onnx.weights import SMALL, StoredValue
from mcugraph.ir import (
    Array,
    Constant,
    DType,
    Graph,
    Kind,
    Op,
    Operator,
    Shape,
    Source,
    Tensor,
    TensorType,
)
from mcugraph.ir.names import Names
from mcugraph.late_numpy import np
from mcugraph.ops.base import Weighted
from mcugraph.ops.creation import ShapeOf
from mcugraph.ops.custom import registered
from mcugraph.ops.elementwise import Convert
from mcugraph.ops.movement import Reshape
from mcugraph.ops.opaque import Declared, Opaque
from mcugraph.records import replace

# What comes of inputs or attributes that are left out, or longer or shorter than they should be.
_CONTRADICTIONS = (
    *(IndexError, KeyError, ValueError, TypeError, AttributeError),
    *(OverflowError, ZeroDivisionError, MemoryError),
)

# Before Python 3.12, asking an Enum for one of its members takes longer than all else here.
_CONSTANT = Kind.CONSTANT


class Scope:
    """One graph while it is translated; ``outer`` is the scope of the node that calls it."""

    def __init__(self, model: Model, proto: Any, outer: "Scope | None" = None) -> None:
        self.model, self.proto, self.outer = model, proto, outer
        self.tensors: dict[str, Tensor] = {}
        self.values: dict[str, Array] = {}
        self.sequences: dict[str, tuple[TensorType, ...]] = {}  # name -> types of its entries
        self.real: dict[str, DType] = {}  # constants stored quantised -> the type they stand for
        self.parameters: set[str] = set()  # initialisers, and constants made of some
        self.captured: dict[str, None] = {}
        self.operators: list[Operator] = []
        self.assumptions: list[str] = []
        self.operator_names = Names()
        self.complete = True
        self._number = next(model.numbers)
        self.declarations = Declarations(proto)
        self._inference = Inference(model.opsets)

    def translate(
        self, source: Source, inputs: tuple[TensorType | None, ...] | None = None
    ) -> Graph:
        """The graph; ``inputs`` gives the types of a body's inputs, as its caller knows them."""
        self._initializers()
        names = self._inputs(inputs)
        for proto in self.proto.node[:]:
            self._node(proto)
        outputs = tuple(dict.fromkeys(value.name for value in self.proto.output[:]))
        for name in outputs:
            self.lookup(name)
        used = {n for op in self.operators for n in (*op.inputs, *op.outputs) if n is not None}
        used.update(names, outputs)
        return Graph(
            name=self.proto.name or "main",
            operators=tuple(self.operators),
            tensors={name: t for name, t in self.tensors.items() if name in used},
            inputs=names,
            outputs=outputs,
            source=source,
            subgraphs=self.model.subgraphs if self.outer is None else {},
            assumptions=tuple(self.assumptions),
            complete=self.complete,
        )

    def lookup(self, name: str) -> Tensor:
        """A tensor of this scope, or of one around it, which is then noted as captured.

        Raises:
            GraphError: There is none of this name.
        """
        found = self.tensors.get(name)
        if found is not None:
            return found
        if self.outer is None:
            raise GraphError(f"nothing defines the tensor {name!r}")
        tensor = self.outer.lookup(name)
        if tensor.kind is Kind.ACTIVATION:
            tensor = replace(tensor, kind=Kind.OUTER)
        if tensor.kind is Kind.OUTER:
            self.captured[name] = None
        self.adopt(tensor, self.outer, name)
        return tensor

    def add(self, op: Op, node: OnnxNode, inputs: tuple[str | None, ...]) -> None:
        """Append an operator that writes the outputs of a node."""
        outputs, native = tuple(filter(None, node.outputs)), node.native
        name = self.operator_names.unique(node.name or (outputs[0] if outputs else native))
        self.operators.append(Operator(name, op, inputs, outputs, native))

    def note(self, assumption: str) -> None:
        """Say in the main graph that something could not be read exactly."""
        self._root.assumptions.append(assumption)
        self._root.complete = False

    @property
    def _root(self) -> "Scope":
        return self if self.outer is None else self.outer._root

    def append(self, operator: Operator, outputs: list[str]) -> None:
        """Append an operator of a branch that is put in its place, under a name that is free."""
        name = self.operator_names.unique(operator.name)
        self.operators.append(replace(operator, name=name, outputs=tuple(outputs)))

    def adopt(self, tensor: Tensor, inner: "Scope", name: str) -> None:
        """Take over a tensor of an inner scope, where it is called ``name``."""
        self.tensors[tensor.name] = tensor
        if name in inner.values:
            self.values[tensor.name] = inner.values[name]
        if name in inner.parameters:
            self.parameters.add(tensor.name)
        if name in inner.real:
            self.real[tensor.name] = inner.real[name]
        if name in inner.sequences:
            self.sequences[tensor.name] = inner.sequences[name]

    def value(self, name: str) -> Array | None:
        """The value of a tensor, where it is known."""
        found = self.values.get(name)
        if found is None:
            tensor = self.tensors[name]
            if tensor.constant is None or not 0 <= tensor.elements <= SMALL:
                return None
            try:
                found = tensor.constant.load()
            except NoValue:
                return None
            if name in self.real:
                known = tensor.quantization
                if known is None or not known.is_known:
                    return None
                found = known.real(found).astype(np.float32)
            self.values[name] = found
        return found

    def _initializers(self) -> None:
        for proto in self.proto.initializer[:]:
            self.store(proto.name, proto)
            self.parameters.add(proto.name)
        for sparse in self.proto.sparse_initializer:
            name, shape = sparse.values.name, tuple(sparse.dims)
            dtype = DTYPES.get(sparse.values.data_type, DType.UNKNOWN)
            load = partial(absent_value, name)
            self.tensors[name] = Tensor(
                name, dtype, shape, _CONSTANT, Constant(self._key(name), load)
            )

    def store(self, name: str, proto: Any) -> None:
        """Define a tensor that the file stores."""
        weights = self.model.weights
        dtype, shape = weights.claimed(name, proto)
        constant = Constant(self._key(name), StoredValue(weights, proto))
        self.tensors[name] = Tensor(name, dtype, shape, _CONSTANT, constant)

    def _key(self, name: str) -> Hashable:
        """What names the bytes of a constant: bodies of one file may use the same names."""
        return name if self.outer is None else (self._number, name)

    def _inputs(self, given: tuple[TensorType | None, ...] | None) -> tuple[str, ...]:
        names = []
        for i, value in enumerate(self.proto.input[:]):
            if value.name in self.tensors:  # an initialiser that old files list as input too
                continue
            known = None if given is None or i >= len(given) else given[i]
            if known is not None:
                tensor = Tensor(value.name, known.dtype, known.shape)
            elif self.outer is None:
                tensor = self._main_input(value)
            else:
                tensor = self._body_input(value)
            self.tensors[value.name] = tensor
            names.append(value.name)
        if self.outer is None:
            self.assumptions += self.model.bindings.finish()
        return tuple(names)

    def _main_input(self, value: Any) -> Tensor:
        dtype, dims, symbols = declared_dims(value.type)
        shape = None if dims is None else self.model.bindings.bind(value.name, dims, symbols)
        return Tensor(value.name, dtype, shape)

    def _body_input(self, value: Any) -> Tensor:
        dtype, dims, _ = declared_dims(value.type)
        known = None if dims is None or None in dims else tuple(d for d in dims if d is not None)
        return Tensor(value.name, dtype, known)

    def _node(self, proto: Any) -> None:
        domain, reads, known = proto.domain, proto.input[:], self.tensors.get
        node = OnnxNode(
            proto.op_type,
            domain,
            proto.name,
            self.model.opsets.get(domain or "ai.onnx", 1),
            decoded(proto.attribute[:]),
            reads,
            [known(name) or self.lookup(name) if name else None for name in reads],
            proto.output[:],
            self.value,
            self.parameters,
            proto,
        )
        try:
            self._dispatch(node)
        except GraphError as error:
            raise GraphError(f"operator {node.label!r} ({node.native}): {error}") from error
        except _CONTRADICTIONS as error:
            raise GraphError(
                f"operator {node.label!r} ({node.native}): its inputs and attributes do not fit "
                f"together ({type(error).__name__}: {error})"
            ) from error

    def _dispatch(self, node: OnnxNode) -> None:
        standard = node.domain in ("", "ai.onnx")
        handler = self.model.handlers.get(node.type) if standard else None
        if handler is not None:
            handler(self, node)
        else:
            known = TRANSLATIONS if standard else CONTRIBUTED.get(node.domain, {})
            found = self._translated(node, known.get(node.type))
            if not isinstance(found, Translation):
                self._operator(node, found, node.reads, None)
            elif found.as_it_comes:
                self._operator(node, found.op, node.reads, found.dtype)
            else:
                self._arranged(node, found)

    def _translated(self, node: OnnxNode, translate: Translator | None) -> Op | Translation:
        """A node in the words of ``mcugraph.ops``; a user's own rule goes first."""
        own = registered(node.native, lambda: node.attributes)
        if own is not None:
            return own
        if translate is None:
            return Opaque(node.native)
        try:
            return translate(node)
        except Computed:
            return Declared(node.type)

    def _arranged(self, node: OnnxNode, found: Translation) -> None:
        """An operator that takes its inputs otherwise than the node has them, or quantised."""
        names, order = node.reads, found.order or tuple(range(len(node.reads)))
        if found.order is not None:
            names = [names[i] if i < len(names) else "" for i in order]
            self.model.unread.update(set(node.reads).difference(names))
        for index, shape in found.reshaped:
            names = [*names[:index], self._reshaped(names[index], shape, node), *names[index + 1 :]]
        self._operator(node, found.op, names, found.dtype)
        for data, scale in found.scaled:
            weights = order.index(data) == getattr(found.op, "weights", None)
            axis = found.op.weight_out if weights and isinstance(found.op, Weighted) else None
            self._quantized(node.reads[data], node.reads[scale : scale + 2], axis)
        if found.result_scale is not None:
            scale = found.result_scale
            self._quantized(node.outputs[0], node.reads[scale : scale + 2], None)

    def _operator(self, node: OnnxNode, op: Op, names: list[str], dtype: DType | None) -> None:
        """An operator that reads tensors of these names; its first result is of a given type."""
        while names and not names[-1]:
            names = names[:-1]
        arguments = tuple([name or None for name in names])
        types, constant = self._types(arguments)
        results = op.infer(types) if types is not None else None
        if results is None:
            return self.finish(op, node, arguments, None)
        if dtype is not None:
            results = (TensorType(dtype, results[0].shape), *results[1:])
        if results and not any(node.outputs):
            raise GraphError("it has no outputs; a node of this type makes some")
        # Those declared hold for the file's own dimensions, before a caller bound other ones.
        if not self.model.bindings.given:
            self.declarations.agree(node.outputs, results)
        end = self._fold_all if foldable(op, constant) else self.finish
        end(op, node, arguments, results)

    def _reshaped(self, name: str, shape: Shape, node: OnnxNode) -> str:
        """The elements of a tensor in another shape, as a node of an old opset reads them."""
        tensor, op = self.tensors[name], Reshape(shape)
        result = f"{name}:{'x'.join(map(str, shape))}"
        if tensor.constant is None:
            result = f"{next(filter(None, node.outputs), node.type)}/{result}"
            self.tensors[result] = replace(tensor, name=result, shape=shape, kind=Kind.ACTIVATION)
            operator = self.operator_names.unique(result)
            self.operators.append(Operator(operator, op, (name,), (result,), node.type))
        else:
            # The same bytes serve.
            made, source = partial(evaluate, op, [tensor]), tensor.constant.load
            (load,) = FoldedValues(self.model.folding, 0, made, [source]).each(1)
            constant = replace(tensor.constant, load=load)
            self.tensors[result] = replace(tensor, name=result, shape=shape, constant=constant)
            if name in self.real:
                self.real[result] = self.real[name]
        return result

    def _quantized(self, name: str, parameters: Sequence[str], axis: int | None) -> None:
        """Note the scale and zero point of a tensor, which operators give as inputs."""
        given = [self.tensors[parameter] for parameter in parameters if parameter]
        if given and name in self.tensors:
            quantization = quantization_of(given, axis)
            self.tensors[name] = replace(self.tensors[name], quantization=quantization)

    def finish(
        self,
        op: Op,
        node: OnnxNode,
        arguments: tuple[str | None, ...],
        results: Sequence[TensorType | None] | None,
    ) -> None:
        """Define the outputs of a node and append the operator."""
        if results is None:
            results = self.declared(node)
        # Results beyond those of the rule only matter in training (masks, running statistics).
        del node.outputs[len(results) :]
        for name, known in zip(node.outputs, results, strict=False):
            if known is not None:
                self.tensors[name] = Tensor(name, known.dtype, known.shape)
            elif name:
                self.tensors[name] = Tensor(name, self.declarations.dtype(name), None)
        self.add(op, node, arguments)

    def declared(self, node: OnnxNode) -> list[TensorType | None]:
        """What the file says of a node's results, or else ONNX's own shape inference."""
        stated = [self.declarations.type(name) for name in node.outputs]
        if None not in stated:
            return stated
        types, values = {}, {}
        for name, tensor in zip(node.reads, node.inputs, strict=True):
            if tensor is not None and tensor.type is not None:
                types[name] = tensor.type
                value = self._value_at_hand(name) if tensor.is_constant else None
                if value is not None:
                    values[name] = value
        known = self._inference.results(node, types, values)
        return [a if a is not None else b for a, b in zip(stated, known, strict=True)]

    def _value_at_hand(self, name: str) -> Array | None:
        """The value of a constant, unless it cannot be read."""
        try:
            return self.value(name)
        except FormatError:
            return None

    def _types(self, names: tuple[str | None, ...]) -> tuple[list[TensorType | None] | None, bool]:
        """The types that an operator computes with, and whether all of these are constants.

        None instead of the types where a shape is not known.
        """
        types: list[TensorType | None] = []
        constant, tensors, real = True, self.tensors, self.real
        for name in names:
            if name is None:
                types.append(None)
                continue
            tensor = tensors[name]
            dtype, shape = tensor.dtype, tensor.shape
            if shape is None:
                return None, False
            if tensor.kind is not _CONSTANT:
                constant = False
            types.append(TensorType(real.get(name, dtype) if real else dtype, shape))
        return types, constant

    def _fold_all(
        self,
        op: Op,
        node: OnnxNode,
        arguments: tuple[str | None, ...],
        results: tuple[TensorType, ...],
    ) -> None:
        read = [self.tensors[n] if n else None for n in arguments]
        compute: Callable[[], tuple[Array, ...]] = partial(evaluate, op, read)
        sources = [t.constant.load for t in read if t is not None and t.constant is not None]
        if isinstance(op, ShapeOf):
            shape = self.tensors[arguments[0] or ""].shape or ()
            compute, sources = lambda: (op.value(shape),), []
        nbytes = sum(kind.dtype.nbytes(prod(kind.shape)) for kind in results)
        stored = self._stored(op, arguments)
        learned = not self.parameters.isdisjoint(arguments)
        if stored is not None:
            compute = folded(op, read)
        values = FoldedValues(self.model.folding, nbytes, compute, sources).each(len(results))
        for name, kind, value in zip(node.outputs, results, values, strict=False):
            if not name:
                continue
            dtype = kind.dtype
            if stored is not None and dtype.is_float:
                self.real[name] = dtype
                dtype = stored.dtype
            self.fold(name, dtype, kind.shape, value)
            if learned:
                self.parameters.add(name)
            if stored is not None:
                known = moved(op, stored, kind.shape)
                self.tensors[name] = replace(self.tensors[name], quantization=known)

    def _stored(self, op: Op, arguments: tuple[str | None, ...]) -> Tensor | None:
        """The quantised constant that a folded one is kept as, if it comes from one."""
        if isinstance(op, Convert) and op.function == "dequantize":
            data, *parameters = (self.tensors[name] for name in arguments if name is not None)
            return replace(data, quantization=quantization_of(parameters, op.axis))
        names = [name for name in arguments if name is not None and name in self.real]
        return self.tensors[names[0]] if names else None

    def fold(
        self, name: str, dtype: DType, shape: Shape, value: Array | Callable[[], Array]
    ) -> None:
        """Define a tensor whose value no input changes."""
        load = value if callable(value) else lambda: value
        self.tensors[name] = Tensor(name, dtype, shape, _CONSTANT, Constant(self._key(name), load))


# Translates a node in its scope.
Handler = Callable[[Scope, OnnxNode], None]
