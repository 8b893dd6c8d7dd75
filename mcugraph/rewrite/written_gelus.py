"""GELUs that are written out: by an error function or a hyperbolic tangent, and arithmetic.

ONNX has the operator since opset 20 only; before, exporters write it down, in many orders. What a
few operators make of one tensor is compared with the function itself, at some numbers.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from math import erf, pi, sqrt

from mcugraph.errors import FormatError
from mcugraph.ir import Array, Operator
from mcugraph.late_numpy import np
from mcugraph.ops.elementwise import Elementwise
from mcugraph.rewrite.edit import Edit
from mcugraph.rewrite.folding import values_of

_INNER, _OUTER = 7, 4  # operators before and after the function, at the most
_SAMPLES = 33  # numbers at which functions are compared
_FUNCTIONS = frozenset({"erf", "tanh"})
_ARITHMETIC = frozenset({"add", "mul", "div", "pow", "square"})


def join_gelus(edit: Edit) -> None:
    """GELUs out of the operators that exporters write for them."""
    for operator, op in edit.computing(_FUNCTIONS):
        if op == Elementwise(op.function):
            _join(edit, operator)


def _join(edit: Edit, function: Operator) -> None:
    above = _above(edit, function)
    last = function
    for _ in range(_OUTER):
        reader = edit.only_reader(last.outputs[0])
        if reader is None or not isinstance(reader.op, Elementwise):
            return
        last = reader
        for data in above:
            if edit.tensors[data].shape != edit.tensors[last.outputs[0]].shape:
                continue  # a constant adds axes of one
            parts: dict[str, Operator] = {}
            samples, gelus = _samples()
            made = _value(edit, last.outputs[0], {data: samples}, parts)
            if made is None or made.shape != samples.shape or function.name not in parts:
                continue
            if any(np.allclose(made, gelu, atol=1e-3) for gelu in gelus) and _closed(
                edit, last, parts
            ):
                for name in parts.keys() - {last.name}:
                    edit.remove(edit.named(name), last)
                edit.change(edit.named(last.name), Elementwise("gelu"), (data,))
                return


@cache
def _samples() -> tuple[Array, tuple[Array, Array]]:
    """Some numbers, and the GELUs of them by either function."""
    samples = np.linspace(-4.0, 4.0, _SAMPLES)
    by_erf = np.array([erf(x) for x in (samples / sqrt(2)).tolist()])
    by_tanh = np.tanh(sqrt(2 / pi) * (samples + 0.044715 * samples**3))
    return samples, (0.5 * samples * (1 + by_erf), 0.5 * samples * (1 + by_tanh))


def _above(edit: Edit, function: Operator) -> list[str]:
    """The tensors that a function is a function of, nearest first."""
    found: dict[str, None] = {}
    pending = [str(function.inputs[0])]
    while pending and len(found) < _INNER:
        name = pending.pop(0)
        if edit.constant([name]) or name in found:
            continue
        found[name] = None
        maker = edit.producer(name)
        if maker is not None and isinstance(maker.op, Elementwise):
            pending += map(str, maker.inputs)
    return list(found)


def _value(
    edit: Edit, name: str, known: dict[str, Array], parts: dict[str, Operator]
) -> Array | None:
    """What a tensor is for some values of another one; None: it is no function of that alone.

    Args:
        edit: The graph.
        name: Of the tensor.
        known: Name of the other one -> its values; gets those on the way.
        parts: Gets the operators that it takes.
    """
    if name in known:
        return known[name]
    tensor, maker = edit.tensors[name], edit.producer(name)
    if tensor.is_constant:
        try:
            return (
                values_of(tensor).reshape(()).astype(np.float64) if tensor.elements == 1 else None
            )
        except FormatError:  # the values are not at hand
            return None
    if maker is None or not isinstance(maker.op, Elementwise) or len(parts) > _INNER + _OUTER:
        return None
    parts[maker.name] = maker
    operands = []
    for operand in map(str, maker.inputs):
        value = _value(edit, operand, known, parts)
        if value is None:
            return None
        operands.append(value)
    made = _made(maker.op, operands)
    if made is not None:
        known[name] = made
    return made


def _made(op: Elementwise, operands: Sequence[Array]) -> Array | None:
    """What an operator makes of numbers; None: it is none that GELUs are written with."""
    if op == Elementwise("erf"):
        return np.array([erf(x) for x in np.broadcast_to(operands[0], _SAMPLES).tolist()])
    if op == Elementwise("tanh"):
        return np.asarray(np.tanh(operands[0]))
    if op.function not in _ARITHMETIC or op.activation is not None:
        return None
    made = op.evaluate(operands)
    return None if made is None else made[0]


def _closed(edit: Edit, last: Operator, parts: Mapping[str, Operator]) -> bool:
    """Whether nothing else needs what is made between the data and the last result."""
    return all(
        not edit.is_output(operator.outputs[0])
        and edit.readers(operator.outputs[0]) <= parts.keys()
        for name, operator in parts.items()
        if name != last.name
    )
