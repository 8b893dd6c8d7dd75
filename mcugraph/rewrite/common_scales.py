"""Scales that kernels of TensorFlow Lite share between what they read and what they write.

Many of its int8 kernels move or compare integers as they are stored, so their result is quantised
as what they read; some have a result with one scale for ever. A file of ONNX may say otherwise, or
say nothing of a tensor in between: then integers are converted, or the scale follows from those
around. Source: TensorFlow Lite's quantisation specification.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from mcugraph.errors import GraphError
from mcugraph.ir import DType, Graph, Kind, Operator, Quantization, Tensor
from mcugraph.ir.names import Names
from mcugraph.ops.base import Weighted
from mcugraph.ops.elementwise import IDENTITIES, Convert, Elementwise
from mcugraph.ops.movement import Movement
from mcugraph.ops.normalization import Normalization
from mcugraph.ops.pooling import Pool
from mcugraph.ops.reduction import Reduce
from mcugraph.ops.selection import Concat, Gather, Pad, Resize, Split, Stack, Tile, Unstack
from mcugraph.records import replace
from mcugraph.rewrite.edit import Edit

_MOVING = (Movement, Gather, Pad, Resize, Split, Tile, Unstack)
_SAME = IDENTITIES | {"relu6"}
_LOGISTIC, _TANH = (1 / 256, -128), (1 / 128, 0)
_FIXED = {"sigmoid": _LOGISTIC, "softmax": _LOGISTIC, "tanh": _TANH}


def _fixed(operator: Operator, dtype: DType) -> Quantization | None:
    """How a kernel always quantises its result, as integers of a type; None: as it is told."""
    op = operator.op
    known = _FIXED.get(op.function) if isinstance(op, Elementwise | Normalization) else None
    if known is None:
        return None
    scale, zero_point = np.array([known[0]], np.float32), np.array([known[1]])
    told = Quantization(1, 4 + 8, None, lambda: (scale, zero_point))
    return told.shifted(128) if dtype is DType.UINT8 else told


def _alike(operator: Operator) -> tuple[str, ...]:
    """What an operator reads that its kernel takes to be quantised as its results are."""
    op = operator.op
    several = isinstance(op, Concat | Stack) or (
        isinstance(op, Elementwise) and op.function in ("maximum", "minimum")
    )
    one = isinstance(op, (*_MOVING, Pool)) or (isinstance(op, Elementwise) and op.function in _SAME)
    given = operator.inputs if several else operator.inputs[:1] if one else ()
    return tuple(name for name in given if name is not None)


def _bounds(operator: Operator) -> bool:
    """Whether an operator puts bounds to numbers, which may as well be put to their integers."""
    op = operator.op
    return isinstance(op, Elementwise) and op.function in ("clip", "relu", "relu6", "relu_n1_to_1")


def _passed_on(operator: Operator) -> tuple[str, ...]:
    """What an operator reads that may be rounded before it instead of behind it."""
    if _rounds(operator):
        return ()
    return tuple(filter(None, operator.inputs[:1])) if _bounds(operator) else _alike(operator)


def _rounds(operator: Operator) -> bool:
    """Whether an operator makes numbers that none of its integers stands for."""
    op = operator.op
    return (isinstance(op, Pool) and op.function != "max") or (
        isinstance(op, Resize) and op.kind != "resize_nearest"
    )


def share_scales(edit: Edit) -> None:
    """Integers between operators, which the file says no scale of, with that which follows.

    It follows from what is read where integers are moved or compared, from what is written where
    nothing is rounded on the way, and from the kernel where that always has the same.
    """
    operators = {operator.name: operator for operator in edit.operators()}
    forth, back = tuple(operators.values()), tuple(operators.values())[::-1]
    found = True
    while found:
        made = [_from_operands(edit, operator) for operator in forth]
        made += [_from_results(edit, operator, operators) for operator in back]
        found = any(made)


def is_open(tensor: Tensor) -> bool:
    """Whether it holds integers of 8 bits while a model runs, and nobody has said what for."""
    small = tensor.dtype in (DType.INT8, DType.UINT8)
    return small and not tensor.has_scale and not tensor.is_constant


def _from_operands(edit: Edit, operator: Operator) -> bool:
    results = [name for name in operator.outputs if is_open(edit.tensors[name])]
    known = _fixed(operator, edit.tensors[results[0]].dtype) if results else None
    if results and known is None:
        given = [edit.tensors[name].quantization for name in _alike(operator)]
        if given and given[0] is not None:
            first = given[0]
            if all(other is not None and first.same_as(other) for other in given):
                known = first
    if known is None:
        return False
    for name in results:
        edit.quantize(name, known)
    return True


def _from_results(edit: Edit, operator: Operator, operators: Mapping[str, Operator]) -> bool:
    wanted = [name for name in _passed_on(operator) if is_open(edit.tensors[name])]
    known = edit.tensors[operator.outputs[0]].quantization if wanted else None
    if known is None or not known.is_known:
        return False
    found = False
    for name in wanted:
        readers = [operators[reader] for reader in edit.readers(name)]
        after = [edit.tensors[reader.outputs[0]].quantization for reader in readers]
        alike = all(name in _passed_on(reader) for reader in readers)
        if alike and all(q is not None and known.same_as(q) for q in after):
            edit.quantize(name, known)
            found = True
    return found


def convert_between(graph: Graph) -> Graph:
    """The graph with conversions wherever a kernel's scales are not those of the graph.

    Args:
        graph: Without its subgraphs, as it is deployed.

    Raises:
        GraphError: An operator makes integers of which nothing says what they stand for.
    """
    converting = _Converting(graph)
    operators = tuple(each for operator in graph.operators for each in converting.around(operator))
    return graph.replace(operators=operators, tensors={**graph.tensors, **converting.made})


class _Converting:
    """One graph on its way; ``made`` are the tensors that it gets besides its own."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.made: dict[str, Tensor] = {}
        self._tensor_names = Names(graph.tensors)
        self._operator_names = Names([operator.name for operator in graph.operators])

    def around(self, operator: Operator) -> Iterator[Operator]:
        """An operator, behind and before what converts for it."""
        known = [self.graph.tensors[name].quantization for name in operator.outputs]
        self._check(operator)
        alike, fixed = _alike(operator), _fixed(operator, DType.INT8)
        if not operator.outputs or known[0] is None or not known[0].is_known:
            yield operator
            return
        if len(alike) > 1:
            inputs = list(operator.inputs)
            for index, name in enumerate(inputs):
                if name is not None and name in alike and not self._is(name, known[0]):
                    inputs[index] = self._new(name, known[0])
                    yield self._conversion(operator, name, inputs[index] or "")
            yield replace(operator, inputs=tuple(inputs))
            return
        kept = self.graph.tensors[alike[0]].quantization if alike else fixed
        results, after = list(operator.outputs), []
        for index, name in enumerate(operator.outputs):
            if kept is not None and not self._is(name, kept):
                results[index] = self._new(name, kept)
                after.append(self._conversion(operator, results[index], name))
        yield replace(operator, outputs=tuple(results))
        yield from after

    def _is(self, name: str, known: Quantization) -> bool:
        own = self.graph.tensors[name].quantization
        return own is None or not own.is_known or own.same_as(known)

    def _new(self, like: str, known: Quantization) -> str:
        """A tensor like another one, quantised otherwise; its name."""
        name = self._tensor_names.unique(f"{like}/converted")
        self.made[name] = replace(
            self.graph.tensors[like], name=name, kind=Kind.ACTIVATION, constant=None,
            quantization=known,
        )  # fmt: skip
        return name

    def _conversion(self, of: Operator, source: str, result: str) -> Operator:
        name = self._operator_names.unique(f"{of.name}/quantize")
        return Operator(
            name, Convert("quantize", DType.INT8), (source,), (result,), of.native, of.stands_for
        )

    def _check(self, operator: Operator) -> None:
        tensors, op = self.graph.tensors, operator.op
        said = f"{operator.native} ({operator.name})"
        around = [tensors[name] for name in (*operator.inputs, *operator.outputs) if name]
        if isinstance(op, Convert):
            stored = [t for t in around if not t.dtype.is_float]
            if op.function != "cast" and not all(t.has_scale for t in stored):
                raise GraphError(f"{said}: its scale is not known before the model runs")
            return
        if not any(t.has_scale for t in around if not t.is_constant):
            return
        if isinstance(op, Pad) and op.mode == "constant" and op.value not in (0, None):
            raise GraphError(f"{said}: of integers it pads with zeros alone, not with {op.value}")
        computes = isinstance(op, Weighted | Elementwise | Pool | Reduce | Normalization | Concat)
        for name in operator.outputs if computes else ():
            if tensors[name].dtype is DType.INT8 and not tensors[name].has_scale:
                raise GraphError(
                    f"{said}: nothing says the scale of its result {name!r}; put QuantizeLinear "
                    "and DequantizeLinear behind it"
                )
