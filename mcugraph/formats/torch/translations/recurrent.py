"""PyTorch: LSTM, GRU and plain recurrent layers, one operator a layer."""

from collections.abc import Iterator, Sequence

from mcugraph.errors import FormatError
from mcugraph.formats.torch.call import AtenCall, BoundOp, Translator, shape_of
from mcugraph.ir import Tensor
from mcugraph.ops.recurrent import Recurrent, UnitAxis
from mcugraph.ops.selection import Concat, Slice
from mcugraph.records import replace

_GATES = {"lstm": 4, "gru": 3, "rnn": 1}


def _recurrent(cell: str) -> Translator:
    def translate(call: AtenCall) -> tuple[Tensor | None, ...]:
        directions = 2 if call.get("bidirectional") else 1
        layers = int(call.get("num_layers", 1))
        states = _states(call)
        parameters = call.listed("params")
        each = len(parameters) // layers
        data, ends = call.tensor("input"), []
        for layer in range(layers):
            own = parameters[layer * each : (layer + 1) * each]
            given = [_part(call, state, layer, layers, directions) for state in states]
            op, inputs = _layer(call, cell, directions, data, own, given)
            op = replace(op, stacked=layer > 0)
            results = call.emit(op, inputs, last=layers == 1)
            data = results[0]
            ends.append(results[1:])
        if not ends[0]:
            return (data, *(None for _ in call.results[1:]))
        if layers == 1:
            return (data, *ends[0])
        joined = [call.emit(Concat(0), parts, "states")[0] for parts in zip(*ends, strict=True)]
        return (data, *joined)

    return translate


def _written(call: AtenCall, parameters: list[Tensor]) -> str:
    """Why units have to stay where code around a module of PyTorch makes zeros to begin with."""
    owner = parameters[0].name.rpartition(".")[0]
    given = call.get("hx")
    states = given if isinstance(given, list | tuple) else [given]
    made = [s for s in states if s is not None and s.constant is not None and _is_zero(s)]
    if all(state.name.rpartition(".")[0] == owner for state in made):
        return ""
    return "the model's code says how many zeros it begins with"


def _states(call: AtenCall) -> list[Tensor | None]:
    """The initial states; None where they are zeros, as they are unless they are given."""
    given = call.get("hx")
    states = given if isinstance(given, list | tuple) else [given]
    return [None if state is None or _is_zero(state) else state for state in states]


def _is_zero(tensor: Tensor) -> bool:
    if tensor.constant is None:
        return False
    try:
        return not tensor.constant.array().any()
    except FormatError:  # the values are not at hand
        return False


def _part(
    call: AtenCall, state: Tensor | None, layer: int, layers: int, directions: int
) -> Tensor | None:
    """One layer's share of an initial state of all layers."""
    if state is None or layers == 1:
        return state
    rows = slice(layer * directions, (layer + 1) * directions)
    return call.emit(Slice((rows,)), (state,), "state")[0]


def _layer(
    call: AtenCall,
    cell: str,
    directions: int,
    data: Tensor,
    parameters: list[Tensor],
    states: list[Tensor | None],
) -> tuple[Recurrent, tuple[Tensor | None, ...]]:
    """One layer and its inputs: data, the parameters in PyTorch's order, initial states."""
    matrices = [i for i, t in enumerate(parameters, 1) if len(shape_of(t)) == 2]
    vectors = [i for i, t in enumerate(parameters, 1) if len(shape_of(t)) == 1]
    projected = len(matrices) == 3 * directions
    units = shape_of(parameters[matrices[0] - 1])[0] // _GATES[cell]
    names = ("sequence", "state", "cell") if cell == "lstm" else ("sequence", "state")
    batch_first, stays = bool(call.get("batch_first")), _written(call, parameters)
    op = Recurrent(
        cell,
        weights=tuple(matrices),
        biases=tuple(vectors),
        hidden=shape_of(parameters[matrices[2] - 1])[0] if projected else units,
        directions=directions,
        batch_axis=0 if batch_first else 1,
        time_axis=1 if batch_first else 0,
        outputs=names if any(call.used[1:]) else names[:1],
        cell_units=units if projected else None,
        readers=tuple(matrices[:: len(matrices) // directions]),
        units=() if stays else tuple(_units(cell, directions, parameters, projected)),
        states=_places(states, len(parameters) + 1),
        stays=stays,
    )
    return op, (data, *parameters, *states)


def _units(
    cell: str, directions: int, parameters: Sequence[Tensor | None], projected: bool
) -> Iterator[UnitAxis]:
    """Where units lie in parameters in PyTorch's order; inputs are counted from 1."""
    each = len(parameters) // directions
    for number, tensor in enumerate(parameters):
        direction, place = divmod(number, each)
        rank = 0 if tensor is None else len(shape_of(tensor))
        if place == (each - 1 if projected else -1):  # from cells to units
            yield UnitAxis(number + 1, 0, direction)
        elif rank and not projected:
            yield UnitAxis(number + 1, 0, direction, _GATES[cell])
        if rank == 2 and place == 1:
            yield UnitAxis(number + 1, 1, direction)


def _places(states: Sequence[Tensor | None], first: int) -> tuple[int, ...]:
    return tuple(first + number for number, state in enumerate(states) if state is not None)


def _cell(cell: str) -> Translator:
    """One step alone."""

    def translate(call: AtenCall) -> BoundOp:
        parameters = [call.maybe(name) for name in ("w_ih", "w_hh", "b_ih", "b_hh")]
        states, stays = _states(call), _written(call, [call.tensor("w_ih")])
        op = Recurrent(
            cell,
            weights=(1, 2),
            biases=(3, 4),
            hidden=shape_of(call.tensor("w_hh"))[1],
            batch_axis=0,
            time_axis=None,
            outputs=("sequence",) * len(call.results),
            readers=(1,),
            units=() if stays else tuple(_units(cell, 1, parameters, False)),
            states=_places(states, 5),
            stays=stays,
        )
        return BoundOp(op, (call.tensor("input"), *parameters, *states))

    return translate


TRANSLATIONS: dict[str, Translator] = {
    "lstm": _recurrent("lstm"),
    "gru": _recurrent("gru"),
    "rnn_tanh": _recurrent("rnn"),
    "rnn_relu": _recurrent("rnn"),
    "lstm_cell": _cell("lstm"),
    "gru_cell": _cell("gru"),
    "rnn_tanh_cell": _cell("rnn"),
    "rnn_relu_cell": _cell("rnn"),
}
