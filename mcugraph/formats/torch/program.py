"""The translation of one exported program."""

from collections.abc import Callable, Hashable, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np

from mcugraph.errors import DimensionError, GraphError
from mcugraph.formats.folded_values import Folding
from mcugraph.formats.torch.call import AtenCall, BoundOp, Inputs
from mcugraph.formats.torch.naming import Paths
from mcugraph.formats.torch.operators import TRANSLATIONS
from mcugraph.formats.torch.sizes import Sizes
from mcugraph.formats.torch.types import dtype_of
from mcugraph.formats.torch.values import Value, from_numpy, identity, on_host, to_numpy
from mcugraph.ir import (
    Array,
    Constant,
    Derivation,
    DType,
    Graph,
    Kind,
    Op,
    Operator,
    Source,
    Tensor,
    TensorType,
)
from mcugraph.ir.names import Names
from mcugraph.ops.custom import registered
from mcugraph.ops.opaque import Opaque
from mcugraph.ops.variables import Variable
from mcugraph.records import replace

_NUMBERS = ("aten.item.default", "aten._local_scalar_dense.default")
_COPY = "aten.copy.default"  # of the tensor that it would write to, it reads nothing
_QUANTIZED = "quantized_decomposed::"
_AS_FLOAT = "the quantised program is counted in floats, with its conversions, as it is written"
_WRITTEN = "lifted_tensor_"  # what torch.export calls tensors whose values are written in code


class ProgramReader:
    """An exported program, or a body of its control flow, while it is translated."""

    def __init__(
        self,
        program: Any,
        sizes: Sizes,
        handlers: "Sequence[Handler]",
        folding: Folding,
        module: Any = None,
    ) -> None:
        """Read nothing yet.

        Args:
            program: The exported program.
            sizes: Numbers for its symbolic sizes.
            handlers: Asked in turn before the table of translations.
            folding: Works out values of constants.
            module: The body to translate; None: the whole program.
        """
        self.program, self.sizes, self.handlers = program, sizes, handlers
        self.folding = folding
        self.module = program.graph_module if module is None else module
        self.nodes = list(self.module.graph.nodes)
        self.paths = Paths(self.nodes, list(program.state_dict))
        self.tensors: dict[str, Tensor] = {}
        self.operators: list[Operator] = []
        self.inputs: list[str] = []
        self.after: list[tuple[str, str]] = []
        self.subgraphs: dict[str, Graph] = {}
        self._tensor_names, self._operator_names, self._body_names = Names(), Names(), Names()
        self.values: dict[str, Value] = {}  # of constants
        self.transposed: dict[str, Tensor] = {}  # constants -> what they are the transpose of
        self.makers: dict[str, tuple[Any, int]] = {}  # constants -> the calls that make them
        self._state: dict[str, str] = {}  # buffers that change -> their tensors
        self.assumptions: list[str] = []
        self._made: dict[Any, Any] = {}  # node -> tensor, list of tensors, or number
        # Bodies give names of their own, so that a constant is told by the body and its name.
        self._body: tuple[str, ...] = ()
        self._keys: dict[Any, Hashable] = {}  # memory -> the key of the constant in it

    def translate(self, name: str, source: Source) -> Graph:
        """The graph, without what no output depends on.

        Raises:
            GraphError: An operator contradicts itself.
        """
        self._placeholders()
        self._nodes()
        return self._graph(name, self._outputs(), source)

    def body(self, module: Any, operands: list[Any], name: str) -> tuple[str, Graph]:
        """A body of control flow as a subgraph, which sees the operands as values around it.

        Args:
            module: The body.
            operands: What the program passes to it.
            name: What to call it, if that is free.
        """
        name = self._body_names.unique(name)
        inner = ProgramReader(self.program, self.sizes, self.handlers, self.folding, module)
        inner.subgraphs, inner._body_names = self.subgraphs, self._body_names
        inner._body, inner._keys = (name,), self._keys
        placeholders = [node for node in inner.nodes if node.op == "placeholder"]
        for node, value in zip(placeholders, operands, strict=True):
            inner.see(node, value)
        inner._nodes()
        (output,) = (node for node in inner.nodes if node.op == "output")
        results = [value.name for value in inner.resolve(list(output.args[0]))]
        graph = inner._graph(name, tuple(results), Source("torch"))
        self.subgraphs[name] = graph.replace(subgraphs={})
        return name, graph

    def see(self, node: Any, value: Any) -> None:
        """Let a placeholder of a body stand for a value around it."""
        if isinstance(value, Tensor):
            name = self._tensor_names.unique(value.name)
            kind = Kind.OUTER if value.kind is Kind.ACTIVATION else value.kind
            value = replace(value, name=name, kind=kind)
            self.tensors[name] = value
            if value.constant is not None and value.is_constant:
                self.values[name] = partial(from_numpy, value.constant.array)
        self._made[node] = value

    def _nodes(self) -> None:
        needed = _needed(self.nodes)
        for node in self.nodes:
            if node.op == "get_attr":
                self._attribute(node)
            elif node.op == "call_function" and node in needed:
                self._node(node)

    def _graph(self, name: str, outputs: tuple[str, ...], source: Source) -> Graph:
        converted = any(op.native.startswith(_QUANTIZED) for op in self.operators)
        said = [_AS_FLOAT] if converted else []
        used = {n for op in self.operators for n in (*op.inputs, *op.outputs) if n is not None}
        used.update(self.inputs, outputs)
        return Graph(
            name=name,
            operators=tuple(self.operators),
            tensors={key: t for key, t in self.tensors.items() if key in used},
            inputs=tuple(self.inputs),
            outputs=outputs,
            source=source,
            subgraphs=self.subgraphs,
            after=tuple(self.after),
            assumptions=(*self.assumptions, *said),
            complete=not converted,
        )

    # ---- what the program starts from ----------------------------------------------------------

    @cached_property
    def held_by_model(self) -> frozenset[str]:
        """Names of parameters and buffers; other constants are those of its code."""
        signature = self.program.graph_signature
        return frozenset([*signature.parameters, *signature.buffers])

    def _placeholders(self) -> None:
        signature = self.program.graph_signature
        nodes = [node for node in self.nodes if node.op == "placeholder"]
        changed = set(signature.buffers_to_mutate.values())
        pairs = list(zip(nodes, signature.input_specs, strict=True))
        # Inputs first: they keep the names that the forward method gives them.
        for node, spec in pairs:
            if spec.target is None:
                self._input(node, str(getattr(spec.arg, "name", node.name)))
        self.assumptions = self.sizes.finish()
        for node, spec in pairs:
            if spec.target is None:
                continue
            held = self._held(spec.target)
            if held is None:
                continue
            self._made[node] = self._stored(spec.target, held)
            if spec.target in changed:
                self._made[node] = self._changing(spec.target, self._made[node])

    def _input(self, node: Any, name: str) -> None:
        value = node.meta.get("val")
        if not hasattr(value, "dtype"):
            self._made[node] = self.sizes.resolve(value)
            return
        name = self._tensor_names.unique(name)
        shape = self.sizes.bind(name, value.shape)
        self.tensors[name] = Tensor(name, dtype_of(value.dtype), shape)
        self.inputs.append(name)
        self._made[node] = self.tensors[name]

    def _held(self, target: str) -> Any:
        """A parameter, buffer or constant of the program."""
        state = self.program.state_dict
        return state[target] if target in state else self.program.constants.get(target)

    def _stored(self, name: str, held: Any) -> Tensor:
        """A tensor that the program holds, as a constant; one with all others in its memory."""
        own: Hashable = (*self._body, name) if self._body else name
        if name.rpartition(".")[2].startswith(_WRITTEN):
            own = ("written", *self._body, name)
        key = self._keys.setdefault(identity(held), own)
        kind = TensorType(dtype_of(held.dtype), tuple(int(dim) for dim in held.shape))
        return self.constant(name, kind, partial(on_host, held, name), key)

    def constant(
        self,
        label: str,
        kind: TensorType,
        value: Value,
        key: Hashable,
        made: str = "folded",
        derivation: Derivation | None = None,
    ) -> Tensor:
        """A new constant.

        Args:
            label: Its name, if that is free.
            kind: Its type.
            value: Makes its value, as a tensor of PyTorch.
            key: Names its bytes; None: nothing else shares them.
            made: Of one without a key, whether it is ``"folded"``, or ``"like"`` another tensor:
                of its shape, with one value everywhere.
            derivation: How it is worked out of stored ones; None: it is one.
        """
        name = self._tensor_names.unique(label)
        self.values[name] = value
        own = (made, *self._body, name)
        load = partial(to_numpy, value)
        constant = Constant(own if key is None else key, load, derivation=derivation)
        self.tensors[name] = Tensor(name, kind.dtype, kind.shape, Kind.CONSTANT, constant)
        return self.tensors[name]

    def _changing(self, target: str, tensor: Tensor) -> Tensor:
        """A buffer that the program writes to: no constant, but state."""
        self._state[target] = tensor.name
        del self.values[tensor.name]
        self.tensors[tensor.name] = replace(tensor, kind=Kind.STATE)
        return self.tensors[tensor.name]

    def _attribute(self, node: Any) -> None:
        """A tensor that the program's own module holds."""
        held: Any = self.module
        for part in str(node.target).split("."):
            held = getattr(held, part)
        if hasattr(held, "dtype"):
            self._made[node] = self._stored(str(node.target), held)

    def _outputs(self) -> tuple[str, ...]:
        names: dict[str, None] = {}
        signature = self.program.graph_signature
        (output,) = (node for node in self.nodes if node.op == "output")
        for value, spec in zip(output.args[0], signature.output_specs, strict=True):
            made = self.resolve(value)
            if not isinstance(made, Tensor):
                continue
            if spec.kind.name == "USER_OUTPUT":
                names[made.name] = None
            elif spec.kind.name == "BUFFER_MUTATION":
                self._assign(spec.target, made)
        return tuple(names)

    def _assign(self, target: str, value: Tensor) -> None:
        """A new value for a buffer, after everything that reads the old one."""
        name = self._operator_names.unique(f"{target}.assign")
        state = self._state[target]
        self.after += [(op.name, name) for op in self.operators if state in op.inputs]
        op = Variable("assign_variable", state)
        self.operators.append(Operator(name, op, (state, value.name), (), "aten::copy_"))

    # ---- calls ---------------------------------------------------------------------------------

    def _node(self, node: Any) -> None:
        value = node.meta.get("val")
        if getattr(node.target, "__name__", "") == "getitem":
            entries, index = (self.resolve(argument) for argument in node.args)
            self._made[node] = entries[index]
            return
        if str(node.target) in _NUMBERS:
            # A number that comes from data: the tensor itself serves wherever a number is read.
            self._made[node] = self.resolve(node.args[0])
            return
        several = isinstance(value, list | tuple)
        fakes = list(value) if isinstance(value, list | tuple) else [value]
        try:
            if value is None or not any(hasattr(fake, "dtype") for fake in fakes):
                self._made[node] = self.sizes.resolve(value)
                return
            results = tuple(self._type(fake) for fake in fakes if hasattr(fake, "dtype"))
        except DimensionError as error:
            raise DimensionError(f"operator {node.name!r} ({node.target}): {error}") from None
        call = self._call(node, results, _used(node, len(fakes)))
        try:
            answers = (handler(self, node, call) for handler in self.handlers)
            handled = next((answer for answer in answers if answer is not None), None)
            made = self._translate(call) if handled is None else handled
        except GraphError as error:
            raise GraphError(f"operator {call.label!r} ({call.native}): {error}") from error
        missing = len(fakes) - len(made)
        self._made[node] = [*made, *(None for _ in range(missing))] if several else made[0]

    def _type(self, fake: Any) -> TensorType:
        return TensorType(dtype_of(fake.dtype), self.sizes.shape(fake.shape))

    def _call(self, node: Any, results: tuple[TensorType, ...], used: tuple[bool, ...]) -> AtenCall:
        schema = getattr(node.target, "_schema", None)
        native = str(schema.name) if schema is not None else getattr(node.target, "__name__", "")
        namespace, _, name = native.rpartition("::")
        known = namespace in ("aten", "quantized_decomposed") and schema is not None
        arguments = self._arguments(node, schema)
        weight = arguments.get("weight")
        layer = weight.name if isinstance(weight, Tensor) else None
        layer = layer if layer in self.program.state_dict else None
        return AtenCall(
            type=name.removesuffix("_") if known else native,
            overload=str(schema.overload_name) if schema is not None else "",
            native=native,
            label=self.paths.label(node, layer),
            arguments=arguments,
            results=results,
            used=used,
            builder=self,
        )

    def _arguments(self, node: Any, schema: Any) -> dict[str, Any]:
        given = [self.resolve(argument) for argument in node.args]
        named = {key: self.resolve(value) for key, value in node.kwargs.items()}
        if schema is None:
            return {**{str(i): value for i, value in enumerate(given)}, **named}
        arguments: dict[str, Any] = {}
        for i, argument in enumerate(schema.arguments):
            if i < len(given):
                arguments[argument.name] = given[i]
            elif argument.name in named:
                arguments[argument.name] = named[argument.name]
            elif argument.has_default_value():
                arguments[argument.name] = argument.default_value
        return arguments

    def resolve(self, value: Any) -> Any:
        """What a node has made, in lists too; symbolic numbers as plain ones."""
        if hasattr(value, "all_input_nodes"):  # a node; of a submodule nothing was made
            return self._made.get(value)
        if isinstance(value, list | tuple):
            return [self.resolve(entry) for entry in value]
        return self.sizes.resolve(value)

    def _translate(self, call: AtenCall) -> tuple[Tensor | None, ...]:
        plain = {k: v for k, v in call.arguments.items() if not isinstance(v, Tensor)}
        own = registered(call.native, lambda: plain)
        if own is not None:
            result: Any = own
        elif call.type in TRANSLATIONS:
            result = TRANSLATIONS[call.type](call)
        else:
            result = Opaque(call.native)
        if isinstance(result, Op):
            result = BoundOp(result, call.tensors())
        if isinstance(result, BoundOp):
            return self.emit(call, result.op, result.inputs, call.results, None)
        return tuple(result)

    # ---- what translations add -----------------------------------------------------------------

    def emit(
        self, call: AtenCall, op: Op, inputs: Inputs, types: Sequence[TensorType], part: str | None
    ) -> tuple[Tensor, ...]:
        """Append an operator."""
        label = call.label if part is None else f"{call.label}/{part}"
        name = self._operator_names.unique(label)
        known = op.infer([None if t is None else t.type for t in inputs])
        # Results beyond those of the rule only matter in training (statistics, masks).
        types = types if known is None else types[: len(known)]
        results = []
        for i, kind in enumerate(types):
            own = self._tensor_names.unique(name if len(types) == 1 else f"{name}:{i}")
            self.tensors[own] = Tensor(own, kind.dtype, kind.shape)
            results.append(self.tensors[own])
        read = [None if t is None else t.name for t in inputs]
        while read and read[-1] is None:
            read.pop()
        written = tuple(t.name for t in results)
        self.operators.append(Operator(name, op, tuple(read), written, call.native))
        return tuple(results)

    def scalar(self, call: AtenCall, argument: str, value: Any, dtype: DType) -> Tensor:
        """A constant of one element."""
        if not isinstance(value, int | float | bool | complex):
            raise GraphError(f"argument {argument!r} is {value!r}, no number")
        if isinstance(value, float) and not dtype.is_float:
            dtype = DType.FLOAT32
        kind = {DType.FLOAT64: np.float64, DType.BOOL: np.bool_}.get(dtype, np.int64)
        if dtype.is_float and dtype is not DType.FLOAT64:
            kind = np.float32
        return self._literal(call, argument, np.asarray(value, kind), dtype)

    def before_transpose(self, tensor: Tensor) -> Tensor | None:
        """The constant matrix that a constant is the transpose of, if it is one."""
        return self.transposed.get(tensor.name)

    def integers(self, call: AtenCall, argument: str, values: Sequence[int]) -> Tensor:
        """A constant vector of indices."""
        return self._literal(call, argument, np.asarray(values, np.int64), DType.INT64)

    def _literal(self, call: AtenCall, argument: str, array: Array, dtype: DType) -> Tensor:
        name = self._tensor_names.unique(f"{call.label}.{argument}")
        constant = Constant(("literal", *self._body, name), lambda: array)
        self.tensors[name] = Tensor(name, dtype, array.shape, Kind.CONSTANT, constant)
        return self.tensors[name]


# Makes the results of a call its own way: (program, node, call); None: it does not.
Handler = Callable[[ProgramReader, Any, AtenCall], tuple[Tensor | None, ...] | None]


def _used(node: Any, count: int) -> tuple[bool, ...]:
    """Which results something reads; getitem nodes tell."""
    used = [False] * count
    for user in node.users:
        if getattr(user.target, "__name__", "") == "getitem" and user.op == "call_function":
            used[user.args[1]] = used[user.args[1]] or bool(user.users)
        else:
            used = [True] * count
    return tuple(used)


def _needed(nodes: list[Any]) -> set[Any]:
    """The nodes that an output depends on, directly or not."""
    needed: set[Any] = set()
    pending = [node for node in nodes if node.op == "output"]
    while pending:
        node = pending.pop()
        if node not in needed:
            needed.add(node)
            pending += node.all_input_nodes if str(node.target) != _COPY else node.args[1:2]
    return needed
