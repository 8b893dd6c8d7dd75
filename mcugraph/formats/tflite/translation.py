"""The translation of one subgraph of a TFLite file."""

from functools import partial

from mcugraph.errors import FormatError, GraphError
from mcugraph.formats.agreement import check_agreement
from mcugraph.formats.computed import Computed
from mcugraph.formats.dims import Bindings
from mcugraph.formats.tflite.fields import decode
from mcugraph.formats.tflite.model import TfliteModel, TfliteOperator, TfliteTensor
from mcugraph.formats.tflite.node import LeftOut, TfliteNode
from mcugraph.formats.tflite.operators import TRANSLATIONS
from mcugraph.formats.tflite.table_views import Damage
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
)
from mcugraph.late_numpy import np
from mcugraph.ops.creation import ShapeOf
from mcugraph.ops.custom import registered
from mcugraph.ops.opaque import Declared, Opaque
from mcugraph.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be translated.

    Attributes:
        path: Of the file; named in errors.
        model: What the file holds.
        bindings: Values for dynamic dimensions.
        main: The subgraph that the caller runs, by index.
    """

    path: str
    model: TfliteModel
    bindings: Bindings
    main: int


class SubgraphTranslation:
    """The translation of one subgraph."""

    def __init__(self, task: Task, index: int) -> None:
        self.task, self.index = task, index
        self.part = task.model.subgraphs[index]
        self.assumptions: list[str] = []
        self.complete = True
        self.tensors = self._tensors()
        self.overwritten: list[Tensor] = []
        # True: a dimension was bound to another value than the file's, so shapes are inferred.
        self.rebound = False
        self.values: dict[str, Array] = {}

    def _tensors(self) -> list[Tensor]:
        written = {i for operator in self.part.operators for i in operator.outputs}
        return [self._tensor(i, raw, written) for i, raw in enumerate(self.part.tensors)]

    def _tensor(self, index: int, raw: TfliteTensor, written: set[int]) -> Tensor:
        tensor = Tensor(raw.name, raw.dtype, raw.shape, quantization=_quantization(raw))
        if raw.variable:
            return replace(tensor, kind=Kind.STATE)
        if raw.data is not None and index not in self.part.inputs:
            return replace(tensor, kind=Kind.CONSTANT, constant=_constant(raw, raw.data))
        if index not in written and not tensor.elements:
            return replace(tensor, kind=Kind.CONSTANT)
        if not raw.declared and index in written:
            return replace(tensor, shape=None)  # a scalar, or left to the operator's own rule
        return tensor

    def translate(self) -> Graph:
        """The graph, operators in the order of the file."""
        self._bind_inputs()
        part = self.part
        inputs = dict.fromkeys(self.tensors[i].name for i in part.inputs)
        operators = tuple(map(self._operator, part.operators))
        used = {n for op in operators for n in (*op.inputs, *op.outputs) if n is not None}
        used.update(inputs, (self.tensors[i].name for i in part.outputs))
        return Graph(
            name=part.name,
            operators=operators,
            tensors={t.name: t for t in (*self.overwritten, *self.tensors) if t.name in used},
            inputs=(*inputs, *self._unwritten(operators, inputs)),
            outputs=tuple(dict.fromkeys(self.tensors[i].name for i in part.outputs)),
            source=Source("tflite", self.task.path, self.task.model.nbytes, exact=True),
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
        if self.index != self.task.main:
            return
        for i in self.part.inputs:
            tensor, shape = self.tensors[i], self.tensors[i].shape
            signature = self.part.tensors[i].signature or shape
            dims = tuple(None if dim == -1 else dim for dim in signature or ())
            bound = self.task.bindings.bind(tensor.name, dims, (None,) * len(dims))
            self.rebound |= bound != shape
            self.tensors[i] = replace(tensor, shape=bound)
        self.assumptions += self.task.bindings.finish()

    def _operator(self, raw: TfliteOperator) -> Operator:
        inputs = [None if i < 0 else i for i in raw.inputs]
        node = TfliteNode(
            operator=raw,
            inputs=tuple(None if i is None else self.tensors[i] for i in inputs),
            outputs=tuple(self.tensors[i] for i in raw.outputs),
            values=tuple(None if i is None else self._value(i) for i in inputs),
            subgraphs=tuple(self.task.model.subgraphs[i].name for i in raw.bodies),
        )
        try:
            op, order = _translate(node)
            if self.rebound or any(self.tensors[i].shape is None for i in raw.outputs):
                self._infer(op, node, order, raw.outputs)
            else:
                self._agree(op, _types(node, order), raw.outputs)
        except GraphError as error:
            raise FormatError(
                f"{self.task.path}: operator {raw.name!r} ({raw.native}): {error}"
            ) from None
        if isinstance(op, Declared):
            self._data_dependent(op, raw.outputs)
        arguments = [node.inputs[i] if i < len(node.inputs) else None for i in order]
        self._renew(raw)
        return Operator(
            name=raw.name,
            op=op,
            inputs=tuple(None if t is None else t.name for t in arguments),
            outputs=raw.results,
            native=raw.native,
        )

    def _renew(self, raw: TfliteOperator) -> None:
        """Tensors that held another value before have another name from here on."""
        for i, name in zip(raw.outputs, raw.results, strict=True):
            if self.tensors[i].name != name:
                self.overwritten.append(self.tensors[i])
                self.tensors[i] = replace(self.tensors[i], name=name)

    def _infer(
        self, op: Op, node: TfliteNode, order: tuple[int, ...], outputs: tuple[int, ...]
    ) -> None:
        """Shapes from the operator's own rule, where the file's no longer hold."""
        types = _types(node, order)
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

    def _agree(self, op: Op, types: list[TensorType | None], outputs: tuple[int, ...]) -> None:
        """Hold what the operator's rule makes against what the file declares.

        The device takes the declared shapes as they are, so where the rule does not apply at all
        they stand.
        """
        try:
            results = op.infer(types) or ()
        except GraphError:
            return
        for i, kind in zip(outputs, results, strict=False):
            raw = self.part.tensors[i]
            declared = [None if dim == -1 else dim for dim in raw.signature or raw.shape]
            check_agreement(self.tensors[i].name, kind.shape, declared)

    def _keep_declared(self, outputs: tuple[int, ...]) -> None:
        """Outputs whose shape only the file can tell."""
        for i in outputs:
            tensor = self.tensors[i]
            if tensor.shape is None and self.part.tensors[i].ranked:
                self.tensors[i] = replace(tensor, shape=())  # a scalar
            if self.rebound:
                self.complete = False
                self.assumptions.append(
                    f"the shape of {tensor.name!r} is the one in the file, "
                    "although a dimension was bound to another value"
                )

    def _data_dependent(self, op: Op, outputs: tuple[int, ...]) -> None:
        """A dynamic shape that no rule tells is known only where the batch explains it."""
        for i in outputs:
            signature = self.part.tensors[i].signature
            batch_only = -1 not in signature[1:] and any(
                -1 in self.part.tensors[j].signature[:1] for j in self.part.inputs
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


def _translate(node: TfliteNode) -> tuple[Op, tuple[int, ...]]:
    """The operator, and which of the file's inputs each of its own is."""
    native, straight = node.operator.native, tuple(range(len(node.inputs)))
    own = registered(native, lambda: {"custom_options": node.operator.custom})
    if own is not None:
        return own, straight
    translation = TRANSLATIONS.get(native)
    try:
        result = Opaque(native) if translation is None else translation(node)
    except Computed:
        result = Declared(native.lower())
    except LeftOut:
        result = Opaque(native)
    return result if isinstance(result, tuple) else (result, straight)


def _types(node: TfliteNode, order: tuple[int, ...]) -> list[TensorType | None]:
    """What an operator reads, in its own order; None: left out, or of unknown shape."""
    arguments = [node.inputs[i] if i < len(node.inputs) else None for i in order]
    return [None if tensor is None else tensor.type for tensor in arguments]


def _constant(raw: TfliteTensor, data: memoryview) -> Constant:
    """The value of a tensor, decoded when it is asked for."""
    if not raw.sparse and raw.dtype.has_size and data.nbytes < raw.nbytes:
        raise Damage(f"tensor {raw.name!r} needs {raw.nbytes} bytes and has {data.nbytes}")
    packed = data.nbytes if raw.sparse else None
    return Constant(raw.place, lambda: decode(data, raw.dtype), packed)


def _quantization(raw: TfliteTensor) -> Quantization | None:
    if not raw.scales:
        return None
    axis = raw.axis if raw.scales > 1 else None
    nbytes = 4 * raw.scales + 8 * raw.zero_points
    return Quantization(raw.scales, nbytes, axis, partial(_parameters, raw))


def _parameters(raw: TfliteTensor) -> tuple[Array, Array]:
    """Scales and zero points, as the file has them."""
    none = np.zeros(0, np.int64)
    scales, zero_points = raw.scale_values, raw.zero_point_values
    return none if scales is None else scales, none if zero_points is None else zero_points
