"""ONNX control flow: If, Loop and Scan, whose bodies see the tensors around them."""

from math import prod

from mcugraph.errors import GraphError
from mcugraph.formats.onnx.node import OnnxNode
from mcugraph.formats.onnx.scope import Handler, Scope
from mcugraph.ir import DType, Graph, Kind, Operator, Source, Tensor, TensorType
from mcugraph.ops.base import normal_axis, without
from mcugraph.ops.control import If, Loop
from mcugraph.ops.elementwise import Elementwise
from mcugraph.records import replace

Types = tuple[TensorType | None, ...]


def _body(
    scope: Scope, node: OnnxNode, attribute: str, inputs: Types | None
) -> tuple[str, Graph, tuple[str, ...]]:
    """Translate a body: its unique name, its graph and what it captures from around it."""
    inner = Scope(scope.model, node.attributes[attribute], scope)
    graph = inner.translate(Source("onnx"), inputs)
    name = scope.model.names.unique(f"{node.label}.{attribute}")
    scope.model.subgraphs[name] = graph.replace(name=name)
    return name, graph, tuple(inner.captured)


def _known(tensor: Tensor | None) -> TensorType | None:
    return None if tensor is None else tensor.type


def _add(
    scope: Scope,
    node: OnnxNode,
    op: If | Loop,
    captured: list[str],
    dtypes: list[DType],
) -> None:
    """Define the results and append the operator; what bodies capture is read by it too."""
    for name, (dtype, shape), inner in zip(node.outputs, op.results, dtypes, strict=False):
        if name:
            scope.tensors[name] = Tensor(name, dtype if shape is not None else inner, shape)
    inputs = [None if t is None else t.name for t in node.inputs]
    if node.type == "Loop":
        # A trip count and a condition that are constant are attributes, not weights.
        inputs[:2] = [None if n is None or scope.tensors[n].is_constant else n for n in inputs[:2]]
    seen = dict.fromkeys(name for name in (*inputs, *captured) if name is not None)
    scope.add(op, node, tuple(seen))


def _if(scope: Scope, node: OnnxNode) -> None:
    condition = node.value_of(0)
    if condition is not None:
        _inline(scope, node, "then_branch" if condition.all() else "else_branch")
        return
    branches, returned, errors = [], [], []
    for name in ("then_branch", "else_branch"):
        try:
            branches.append(_body(scope, node, name, ()))
            returned.append([value.name for value in node.attributes[name].output])
        except GraphError as error:
            errors.append(error)
            scope.note(f"{name} of {node.name!r} cannot run, so it is left out: {error}")
    if not branches:
        raise errors[0]
    results = []
    for outputs in zip(*returned, strict=False):
        types = [g.tensors[n].type for (_, g, _), n in zip(branches, outputs, strict=True)]
        known = [kind for kind in types if kind is not None]
        # The larger result of the two branches is what has to fit.
        largest = max(known, key=lambda kind: kind.dtype.nbytes(prod(kind.shape)), default=None)
        dtype = branches[0][1].tensors[outputs[0]].dtype
        results.append((dtype, largest.shape if largest and len(known) == len(branches) else None))
    captured = [name for _, _, names in branches for name in names]
    names = tuple(name for name, _, _ in branches)
    _add(scope, node, If(names, tuple(results)), captured, [d for d, _ in results])


def _inline(scope: Scope, node: OnnxNode, attribute: str) -> None:
    """Put the operators of the one branch that always runs in the place of the If."""
    branch = node.attributes[attribute]
    inner = Scope(scope.model, branch, scope)
    graph = inner.translate(Source("onnx"), ())
    names: dict[str | None, str | None] = {None: None}
    made = {name for operator in graph.operators for name in operator.outputs}
    for value, output in zip(branch.output, node.outputs, strict=False):
        if output and value.name in made and value.name not in names:
            names[value.name] = output
    for name, tensor in inner.tensors.items():
        if tensor.kind is Kind.OUTER or name in scope.tensors:
            names.setdefault(name, name)
            continue
        new = names.setdefault(name, f"{node.label}/{name}") or name
        scope.adopt(replace(tensor, name=new), inner, name)
    for operator in graph.operators:
        inputs = tuple(names[name] for name in operator.inputs)
        scope.append(replace(operator, inputs=inputs), [str(names[n]) for n in operator.outputs])
    for value, output in zip(branch.output, node.outputs, strict=False):
        source = names[value.name] or value.name
        if output and source != output:
            tensor = scope.lookup(source)
            scope.adopt(replace(tensor, name=output), inner, value.name)
            if not tensor.is_constant:
                identity = Operator(output, Elementwise("identity"), (source,), (output,), "If")
                scope.append(identity, [output])


def _loop(scope: Scope, node: OnnxNode) -> None:
    limit = node.value_of(0)
    goes_on = node.value_of(1) if node.has(1) else None
    fixed = not node.has(1) or (goes_on is not None and goes_on.all())
    trips = max(int(limit.ravel()[0]), 0) if limit is not None and fixed else None
    carried = node.inputs[2:]
    inputs: Types = (
        TensorType(DType.INT64, ()),
        TensorType(DType.BOOL, ()),
        *map(_known, carried),
    )
    name, graph, captured = _body(scope, node, "body", inputs)
    outputs = [value.name for value in node.attributes["body"].output][1:]
    if not _keeps_going(graph):
        trips = None
    _finish(scope, node, graph, (name,), outputs, len(carried), trips, list(captured))


def _keeps_going(graph: Graph) -> bool:
    """Whether the condition that a loop body hands on is always that it was given, or true."""
    name = graph.outputs[0]
    producers = graph.producers()
    while name in producers and producers[name].op.kind in ("identity", "cast"):
        name = producers[name].inputs[0] or ""
    if name in graph.inputs:
        return True
    constant = graph.tensors[name].constant
    return constant is not None and bool(constant.array().all())


def _scan(scope: Scope, node: OnnxNode) -> None:
    batched = node.opset < 9  # then lengths come first, and all else has a batch before its axes
    tensors = node.inputs[1:] if batched else node.inputs
    scanned = node.integer("num_scan_inputs", 1)
    if not 1 <= scanned <= len(tensors):
        raise GraphError(f"{scanned} of its {len(tensors)} inputs cannot be scanned")
    states = len(tensors) - scanned
    axes = node.integers("scan_input_axes", (0,) * scanned)
    types = [_known(tensor) for tensor in tensors]
    batch: int | None = None
    if batched:
        batch = next((kind.shape[0] for kind in types if kind is not None), None)
        types = [None if kind is None else _without(kind, 0) for kind in types]
    trips = None
    for i, axis in enumerate(axes):
        kind = types[states + i]
        if kind is not None:
            trips = kind.shape[axis]
            types[states + i] = _without(kind, axis)
    name, graph, captured = _body(scope, node, "body", tuple(types))
    outputs = [value.name for value in node.attributes["body"].output]
    along = node.integers("scan_output_axes", ())
    _finish(scope, node, graph, (name,), outputs, states, trips, list(captured), batch, along)


def _without(kind: TensorType, axis: int) -> TensorType:
    return TensorType(kind.dtype, without(kind.shape, axis))


def _finish(
    scope: Scope,
    node: OnnxNode,
    graph: Graph,
    names: tuple[str, ...],
    outputs: list[str],
    carried: int,
    trips: int | None,
    captured: list[str],
    batch: int | None = None,
    along: tuple[int, ...] = (),
) -> None:
    """Results of a loop: carried values as they are, others stacked over all iterations.

    With a batch the loop runs for each of its entries, and all results have it as first axis.
    ``along`` gives the axis of each stacked result on which the iterations lie; empty: the first.
    """
    scope.model.counts.runs(node, (trips or 0) * (1 if batch is None else batch))
    results = []
    for i, name in enumerate(outputs):
        tensor = graph.tensors[name]
        shape = tensor.shape
        if i >= carried and shape is not None:
            axis = normal_axis(along[i - carried], len(shape) + 1) if along else 0
            shape = (*shape[:axis], 1 if trips is None else trips, *shape[axis:])
        if batch is not None and shape is not None:
            shape = (batch, *shape)
        results.append((tensor.dtype, shape))
    if batch is not None and trips is not None:
        trips *= batch
    op = Loop(names, tuple(results), trips)
    _add(scope, node, op, captured, [dtype for dtype, _ in results])


HANDLERS: dict[str, Handler] = {
    "If": _if,
    "Loop": _loop,
    "Scan": _scan,
}
